"""Shared and public mailboxes as two people's programs meet them, and as somebody without rights does not."""

import imaplib
import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.test_imap import Raw

LETTER = b"From: Ann <ann@out.test>\r\nTo: u1@x.test\r\nSubject: Plan %d\r\nMessage-ID: <plan%d@out.test>\r\n\r\nThe plan.\r\n"
NOT_THERE = b"[NONEXISTENT] There is no mailbox "


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    made = RoostServer(listeners=("smtp", "imap"), people=5)
    made.run("public", "add", "News", "--anyone", "read")
    made.run("group", "add", "sales@x.test", "--member", "u4@x.test")
    made.run("public", "add", "Sales", "--domain", "x.test")
    made.run("public", "share", "Sales", "$sales@x.test", "all", "--domain", "x.test")
    yield made
    made.remove()


class Person:
    """Somebody's IMAP program; `ok` and `no` give what the server said."""

    def __init__(self, server: RoostServer, number: int) -> None:
        self.imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20)
        self.imap.login(f"u{number}@x.test", PASSWORD)

    def ok(self, verb: str, *words: Any) -> list[Any]:
        kind, data = getattr(self.imap, verb)(*words)
        assert kind == "OK", (verb, words, data)
        return data

    def no(self, verb: str, *words: Any) -> bytes:
        kind, data = getattr(self.imap, verb)(*words)
        assert kind == "NO", (verb, words, data)
        return bytes(data[0])

    def names(self, pattern: str = "*") -> set[str]:
        return {re.split(rb' "/" ', line)[1].decode().strip('"') for line in self.ok("list", '""', pattern) if line}

    def fill(self, mailbox: str, count: int = 1) -> None:
        for number in range(count):
            self.ok("append", mailbox, "", "", LETTER % (number, number))

    def share(self, mailbox: str, who: str, rights: str) -> None:
        self.ok("setacl", mailbox, who, rights)

    def flags(self, uid: int) -> set[bytes]:
        found = self.ok("uid", "FETCH", str(uid), "(FLAGS)")[0]
        return set(imaplib.ParseFlags(found))


@pytest.fixture
def people(server: RoostServer) -> Iterator[tuple[Person, Person, Person]]:
    three = Person(server, 1), Person(server, 2), Person(server, 3)
    yield three
    for one in three:
        one.imap.shutdown()


def test_what_is_shared_is_seen_and_read_by_whom_it_is_shared_with_and_by_nobody_else(people: tuple[Person, Person, Person]) -> None:
    ann, bob, eve = people
    ann.ok("create", "Plans")
    ann.fill("Plans", 2)
    ann.share("Plans", "u2@x.test", "lrt")
    theirs = "Other Users/u1@x.test/Plans"
    assert {theirs, "Other Users/u1@x.test", "Other Users"} <= bob.names()
    assert not any("u1@x.test" in name for name in eve.names())
    assert bob.ok("select", f'"{theirs}"') == [b"2"]
    assert bob.ok("fetch", "1", "(BODY[HEADER.FIELDS (SUBJECT)])")[0][1].strip() == b"Subject: Plan 0"
    assert bob.flags(1) == {b"\\Recent"} or bob.flags(1) == set(), "reading leaves no trace without the right s"
    assert b"MESSAGES 2" in bob.ok("status", f'"{theirs}"', "(MESSAGES)")[0]


def test_without_rights_a_mailbox_answers_as_one_that_never_was(people: tuple[Person, Person, Person]) -> None:
    ann, _, eve = people
    ann.ok("create", "Secret")
    ann.fill("Secret")
    for name in ("Other Users/u1@x.test/Secret", "Other Users/u1@x.test/Nothing", "Other Users/u1@x.test/INBOX", "Other Users/nobody@x.test/INBOX", "Public/Sales", "Public/x.test/Sales", "Other Users/u1@x.test/../u1@x.test/Secret"):
        quoted = f'"{name}"'
        for verb, words in (("select", ()), ("status", ("(MESSAGES)",)), ("getacl", ()), ("myrights", ()), ("setacl", ("u3@x.test", "lr")), ("deleteacl", ("u1@x.test",)), ("delete", ())):
            said = eve.no(verb, quoted, *words)
            assert said == NOT_THERE + name.encode() + b".", (verb, name, said)
        assert b"TRYCREATE" in eve.no("append", quoted, "", "", LETTER % (1, 1))
        assert b"no right to create" in eve.no("create", f'"{name}/Below"')
    eve.ok("select", "INBOX")


def test_each_right_allows_what_it_says_and_no_more(people: tuple[Person, Person, Person]) -> None:
    ann, bob, _ = people
    ann.ok("create", "Rights")
    ann.fill("Rights", 3)
    theirs = '"Other Users/u1@x.test/Rights"'
    ann.share("Rights", "u2@x.test", "lr")
    with pytest.raises(imaplib.IMAP4.readonly):
        bob.ok("select", theirs)
    bob.ok("select", theirs, True)
    assert b"READ-ONLY" in bob.no("uid", "STORE", "1", "+FLAGS", "(\\Seen)")
    ann.share("Rights", "u2@x.test", "lrs")
    bob.ok("select", theirs)
    bob.ok("uid", "STORE", "1", "+FLAGS", "(\\Seen \\Flagged)")
    assert bob.flags(1) - {b"\\Recent"} == {b"\\Seen"}, "the part that is allowed is done"
    assert b"NOPERM" in bob.no("uid", "STORE", "1", "+FLAGS", "(\\Deleted)")
    assert b"NOPERM" in bob.no("expunge")
    assert b"NOPERM" in bob.no("append", theirs, "", "", LETTER % (9, 9))
    ann.ok("select", "Rights")
    ann.ok("uid", "STORE", "1", "+FLAGS", "(\\Flagged $Work)")
    bob.ok("uid", "STORE", "1", "FLAGS", "()")
    assert ann.flags(1) - {b"\\Recent"} == {b"\\Flagged", b"$Work"}, "replacing flags spares those that may not be changed"
    ann.share("Rights", "u2@x.test", "+ite")
    bob.ok("append", theirs, "(\\Flagged \\Seen)", "", LETTER % (9, 9))
    bob.ok("select", theirs)
    assert bob.flags(4) - {b"\\Recent"} == {b"\\Seen"}, "flags that may not be set are left out"
    bob.ok("uid", "STORE", "4", "+FLAGS", "(\\Deleted)")
    bob.ok("expunge")
    assert b"NOPERM" in bob.no("delete", theirs)
    ann.share("Rights", "u2@x.test", "-e")
    assert b"NOPERM" in bob.no("expunge"), "a right that is taken away is gone at once"


def test_messages_go_from_one_account_to_another_and_count_for_their_owner(server: RoostServer, people: tuple[Person, Person, Person]) -> None:
    ann, bob, _ = people
    ann.ok("create", "Give")
    ann.fill("Give", 2)
    ann.share("Give", "u2@x.test", "lrswite")
    used = {n: json.loads(server.run("account", "show", f"u{n}@x.test", "--json"))["used_bytes"] for n in (1, 2)}
    bob.ok("create", "Mine")
    bob.ok("select", '"Other Users/u1@x.test/Give"')
    bob.ok("uid", "COPY", "1", "Mine")
    bob.ok("uid", "MOVE", "2", "Mine")
    assert bob.ok("select", "Mine") == [b"2"]
    assert b"The plan." in bob.ok("fetch", "2", "(BODY[TEXT])")[0][1]
    ann.ok("select", "Give")
    assert ann.ok("uid", "SEARCH", "ALL") == [b"1"]
    now = {n: json.loads(server.run("account", "show", f"u{n}@x.test", "--json"))["used_bytes"] for n in (1, 2)}
    size = len(LETTER % (0, 0))
    assert (now[1] - used[1], now[2] - used[2]) == (-size, 2 * size)


def test_rights_are_told_and_changed_by_who_has_a(people: tuple[Person, Person, Person]) -> None:
    ann, bob, _ = people
    ann.ok("create", "Told")
    ann.share("Told", "u2@x.test", "lrc")
    theirs = '"Other Users/u1@x.test/Told"'
    assert ann.ok("getacl", "Told") == [b'"Told" u1@x.test lrswipkxteacd u2@x.test lrkc']
    assert bob.ok("myrights", theirs)[0].endswith(b" lrkc")
    assert b"NOPERM" in bob.no("getacl", theirs)
    assert b"NOPERM" in bob.no("setacl", theirs, "u2@x.test", "lrswipkxtea")
    bob.ok("create", '"Other Users/u1@x.test/Told/Below"')
    bob.imap._simple_command("LIST", '"" (INBOX "Other Users/*") RETURN (MYRIGHTS)')  # type: ignore[attr-defined]
    told = bob.imap.untagged_responses.pop("MYRIGHTS")
    assert {b"INBOX lrswipkxteacd", theirs.encode() + b" lrkc"} <= set(told), "every mailbox that is listed comes with one's rights"
    assert bob.ok("myrights", '"Other Users/u1@x.test/Told/Below"')[0].endswith(b" lrkc"), "what lies below is shared alike"
    assert b"every right" in ann.no("setacl", "Told", "u1@x.test", "l")
    assert b"CANNOT" in ann.no("setacl", "Told", "-u2@x.test", "l")
    assert b"no account" in ann.no("setacl", "Told", "nobody@x.test", "l")
    ann.ok("deleteacl", "Told", "u2@x.test")
    assert bob.no("select", theirs).startswith(NOT_THERE)
    assert ann.ok("namespace") == [b'(("" "/")) (("Other Users/" "/")) (("Public/" "/"))']


def test_public_mailboxes_are_for_everyone_or_for_a_group(server: RoostServer, people: tuple[Person, Person, Person]) -> None:
    _, bob, eve = people
    assert "Public/News" in bob.names() and "Public/x.test/Sales" not in bob.names()
    assert b"NOPERM" in bob.no("append", "Public/News", "", "", LETTER % (1, 1))
    seller = Person(server, 4)
    seller.fill("Public/x.test/Sales")
    assert seller.ok("select", "Public/x.test/Sales") == [b"1"]
    server.run("group", "join", "sales@x.test", "u3@x.test")
    assert eve.ok("select", "Public/x.test/Sales") == [b"1"]
    server.run("group", "leave", "sales@x.test", "u3@x.test")
    with pytest.raises(imaplib.IMAP4.abort, match="no longer shared"):
        eve.imap.noop()
    assert "Public/x.test/Sales" not in Person(server, 3).names()
    shown = json.loads(server.run("public", "show", "Sales", "--domain", "x.test", "--json"))
    assert shown["rights"] == {"$sales@x.test": "lrswipkxtea"} and shown["messages"] == 1
    assert ":public" not in server.run("account", "list"), "the account that owns them is nobody's"
    seller.imap.shutdown()


def test_idle_tells_what_another_does_in_a_shared_mailbox_and_ends_when_it_is_no_longer_shared(server: RoostServer, people: tuple[Person, Person, Person]) -> None:
    ann, _, _ = people
    ann.ok("create", "Live")
    ann.share("Live", "u5@x.test", "lr")
    raw = Raw(server.ports["imap"])
    raw.say(f'a LOGIN u5@x.test "{PASSWORD}"')
    assert raw.say('b SELECT "Other Users/u1@x.test/Live" (CONDSTORE)')[-1].startswith(b"b OK [READ-ONLY]")
    raw.socket.sendall(b"c IDLE\r\n")
    assert raw.file.readline().startswith(b"+")
    ann.fill("Live")
    assert raw.file.readline() == b"* 1 EXISTS\r\n"
    raw.file.readline()
    ann.ok("deleteacl", "Live", "u5@x.test")
    assert raw.file.readline().startswith(b"* BYE")
