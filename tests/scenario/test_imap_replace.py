"""REPLACE (RFC 8508) on a whole server: a draft's next version takes the place of the last in one step, or nothing happens."""

import re
from collections.abc import Iterator

import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.scenario.test_imap import Raw, raw

USER = "u1@x.test"


server = lasting(lambda: RoostServer(listeners=("imap",), people=1))


@pytest.fixture
def drafts(server: RoostServer) -> Iterator[Raw]:
    """Drafts, open, with one draft and nothing else."""
    wire = raw(server)
    wire.say("s SELECT Drafts")
    wire.say("x STORE 1:* +FLAGS (\\Deleted)")
    wire.say("y EXPUNGE")
    assert b"OK" in given(wire, "APPEND Drafts (\\Draft)", version(1))[-1]
    wire.say("n NOOP")
    yield wire


def version(number: int, size: int = 0) -> bytes:
    return b"Subject: Draft %d\r\n\r\n%b" % (number, b"x" * size)


def given(wire: Raw, command: str, message: bytes, after: bytes = b"") -> list[bytes]:
    """The command with *message* as a literal that is sent when the server says so; all it answers."""
    wire.socket.sendall(b"g " + command.encode() + b" {%d}\r\n" % len(message))
    first = wire.file.readline()
    if not first.startswith(b"+"):
        return [first]
    wire.socket.sendall(message + after + b"\r\n")
    return wire.until(b"g ")


def subjects(wire: Raw, mailbox: str = "Drafts") -> list[bytes]:
    wire.say(f"e EXAMINE {mailbox}")
    return re.findall(rb"Subject: (Draft \d+)", b"".join(wire.say("f FETCH 1:* BODY.PEEK[HEADER.FIELDS (SUBJECT)]")))


def uid(wire: Raw) -> int:
    found = re.search(rb"UID (\d+)", b"".join(wire.say("u FETCH * UID")))
    assert found is not None
    return int(found[1])


@pytest.mark.parametrize("by", ["UID", "number"])
def test_the_next_version_takes_the_place_of_the_last(server: RoostServer, drafts: Raw, by: str) -> None:
    assert b" REPLACE" in drafts.say("c CAPABILITY")[0]
    old = uid(drafts)
    said = given(drafts, f"UID REPLACE {old} Drafts (\\Draft \\Seen)" if by == "UID" else "REPLACE 1 Drafts (\\Draft \\Seen)", version(2))
    new = re.match(rb"\* OK \[APPENDUID \d+ (\d+)\]", said[0])
    assert new is not None and int(new[1]) > old and any(b"EXPUNGE" in line for line in said[1:-1]) and said[-1].startswith(b"g OK"), said
    assert b"\\Seen" in b"".join(drafts.say("f FETCH 1 FLAGS"))
    assert subjects(raw(server)) == [b"Draft 2"]


def test_a_finished_draft_goes_to_another_mailbox(server: RoostServer, drafts: Raw) -> None:
    assert given(drafts, "REPLACE 1 Sent (\\Seen)", version(3))[-1].startswith(b"g OK")
    assert (subjects(raw(server)), subjects(raw(server), "Sent")) == ([], [b"Draft 3"])


def test_when_the_old_one_is_gone_nothing_is_kept(server: RoostServer, drafts: Raw) -> None:
    old = uid(drafts)
    other = raw(server)
    other.say("s SELECT Drafts")
    other.say("x STORE 1 +FLAGS (\\Deleted)")
    other.say("y EXPUNGE")
    assert given(drafts, f"UID REPLACE {old} Drafts", version(4))[-1].startswith(b"g NO"), "it went meanwhile, and this session has not been told"
    assert given(drafts, f"UID REPLACE {old + 999} Drafts", version(4))[-1].startswith(b"g NO")
    assert subjects(raw(server)) == []


@pytest.mark.parametrize("command", ["REPLACE 1:2 Drafts", "REPLACE 1,2 Drafts", "REPLACE 9 Drafts", "REPLACE $ Drafts", "REPLACE Drafts"])
def test_it_is_one_message_that_is_replaced(server: RoostServer, drafts: Raw, command: str) -> None:
    said = given(drafts, command, version(5))
    assert said[-1].startswith(b"g BAD"), said
    assert subjects(raw(server)) == [b"Draft 1"]


def test_one_message_replaces_it_and_not_two(server: RoostServer, drafts: Raw) -> None:
    said = given(drafts, "REPLACE 1 Drafts", version(6), b" {3+}\r\nabc")
    assert not said[-1].startswith(b"g OK"), said
    assert subjects(raw(server)) == [b"Draft 1"]


def test_a_mailbox_that_is_only_looked_at_keeps_its_message(server: RoostServer, drafts: Raw) -> None:
    drafts.say("e EXAMINE Drafts")
    assert given(drafts, "REPLACE 1 Drafts", version(7))[-1].startswith(b"g NO")
    assert subjects(raw(server)) == [b"Draft 1"]
    assert given(drafts, "REPLACE 1 Nowhere", version(7))[-1].startswith(b"g NO")


def test_in_a_full_mailbox_a_draft_makes_room_for_its_next_version(server: RoostServer, drafts: Raw) -> None:
    assert b"OK" in given(drafts, "REPLACE 1 Drafts", version(8, 300_000))[-1]
    server.run("account", "set", USER, "--quota", "400K")
    try:
        assert given(drafts, "APPEND Drafts", version(9, 300_000))[-1].startswith(b"g NO [OVERQUOTA]")
        assert given(drafts, "REPLACE 1 Drafts", version(9, 310_000))[-1].startswith(b"g OK")
        assert given(drafts, "REPLACE 1 Drafts", version(9, 510_000))[-1].startswith(b"g NO [OVERQUOTA]")
        assert subjects(raw(server)) == [b"Draft 9"]
    finally:
        server.run("account", "set", USER, "--quota", "0")
