"""PARTIAL (RFC 9394) on a whole server: a page of what was found, from either end, by SEARCH, SORT and FETCH."""

import re
from collections.abc import Iterator

import pytest

from tests.scenario.server import RoostServer
from tests.scenario.test_imap import Raw, raw

SIZES = [5, 9, 2, 7, 1, 8, 3, 6, 4, 10, 12, 11]
"""Of the messages that come; the second and the third go again, so that numbers and UIDs differ."""


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    made = RoostServer(listeners=("imap",), people=1)
    wire = raw(made)
    for size in SIZES:
        message = b"Subject: %d\r\n\r\n%b" % (size, b"x" * size * 100)
        wire.socket.sendall(b"a APPEND INBOX {%d+}\r\n%b\r\n" % (len(message), message))
        wire.until(b"a ")
    wire.say("s SELECT INBOX")
    wire.say("x STORE 2:3 +FLAGS (\\Deleted)")
    wire.say("y EXPUNGE")
    wire.say("z STORE 1:4 +FLAGS (\\Seen)")
    yield made
    made.remove()


@pytest.fixture(scope="module")
def inbox(server: RoostServer) -> Raw:
    wire = raw(server)
    wire.say("s SELECT INBOX")
    return wire


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("SEARCH RETURN (PARTIAL 1:3) ALL", "PARTIAL (1:3 1:3)"),
        ("SEARCH RETURN (PARTIAL 3:1) ALL", "PARTIAL (3:1 1:3)"),
        ("SEARCH RETURN (PARTIAL 9:20) ALL", "PARTIAL (9:20 9:10)"),
        ("SEARCH RETURN (PARTIAL 11:20) ALL", "PARTIAL (11:20 NIL)"),
        ("UID SEARCH RETURN (PARTIAL -1:-3) ALL", "UID PARTIAL (-1:-3 10:12)"),
        ("UID SEARCH RETURN (PARTIAL -8:-12) ALL", "UID PARTIAL (-8:-12 1,4:5)"),
        ("UID SEARCH RETURN (PARTIAL -11:-12) ALL", "UID PARTIAL (-11:-12 NIL)"),
        ("UID SEARCH RETURN (PARTIAL 2:3 COUNT MIN MAX) UNSEEN", "UID MIN 7 MAX 12 PARTIAL (2:3 8:9) COUNT 6"),
        ("UID SEARCH RETURN (PARTIAL 1:5) SUBJECT nobody", "UID PARTIAL (1:5 NIL)"),
        ("UID SORT RETURN (PARTIAL 1:3) (SIZE) UTF-8 ALL", "UID PARTIAL (1:3 5,7,9)"),
        ("UID SORT RETURN (PARTIAL -1:-2) (SIZE) UTF-8 ALL", "UID PARTIAL (-1:-2 12,11)"),
    ],
)
def test_a_page_of_what_was_found(inbox: Raw, asked: str, found: str) -> None:
    assert inbox.say(f"p {asked}")[0].decode() == f'* ESEARCH (TAG "p") {found}'


def test_only_the_page_is_kept_for_later(inbox: Raw) -> None:
    inbox.say("p UID SEARCH RETURN (SAVE PARTIAL -1:-2) ALL")
    assert inbox.say("q UID SEARCH $")[0] == b"* SEARCH 11 12"


def fetched(wire: Raw, command: str) -> list[int]:
    return [int(uid) for uid in re.findall(rb"FETCH \(.*?UID (\d+)", b"\n".join(wire.say(f"f {command}")))]


@pytest.mark.parametrize(
    ("command", "uids"),
    [
        ("UID FETCH 1:* (FLAGS) (PARTIAL -1:-3)", [10, 11, 12]),
        ("UID FETCH 4:8 (FLAGS) (PARTIAL 2:3)", [5, 6]),
        ("UID FETCH 1:* (FLAGS) (PARTIAL 100:200)", []),
        ("FETCH 2:* (UID) (PARTIAL 1:1)", [4]),
        ("UID FETCH 1:* (FLAGS) (PARTIAL -1:-3 CHANGEDSINCE 1)", [10, 11, 12]),
    ],
)
def test_a_page_of_the_messages_that_are_named(inbox: Raw, command: str, uids: list[int]) -> None:
    assert fetched(inbox, command) == uids


@pytest.mark.parametrize("wrong", ["1:-3", "0:4", "1:*", "-1", "1:99999999999", ""])
def test_what_is_no_page_is_refused(inbox: Raw, wrong: str) -> None:
    assert inbox.say(f"w UID SEARCH RETURN (PARTIAL {wrong}) ALL")[-1].startswith(b"w BAD")
    assert inbox.say(f"w UID FETCH 1:* (FLAGS) (PARTIAL {wrong})")[-1].startswith(b"w BAD")


def test_a_page_and_everything_exclude_each_other(inbox: Raw) -> None:
    assert inbox.say("w SEARCH RETURN (ALL PARTIAL 1:3) ALL")[-1].startswith(b"w BAD")
    assert inbox.say("w SEARCH RETURN (PARTIAL 1:3 PARTIAL 4:6) ALL")[-1].startswith(b"w BAD")
    assert b" PARTIAL" in inbox.say("c CAPABILITY")[0]
