"""SORT, ESORT and THREAD as a client types them."""

from collections.abc import Iterator

import pytest

from mailcore.mail.structure import summarise
from mailcore.sessions.imap.sort import CC_PLACE, FROM_PLACE, TO_PLACE, first_address
from tests.scenario.server import RoostServer
from tests.scenario.test_imap import Raw, raw

LETTERS = (
    ("Zoe <bob@out.test>", "u2@x.test", "", "Plans", "Mon, 2 Mar 2026 10:00:00 +0000", 10),
    ("Ann <carl@out.test>", '"Q, \\"x\\"" <ann@out.test>', "eve@out.test", "Re: Plans", "Mon, 2 Mar 2026 12:00:00 +0000", 500),
    ("=?utf-8?q?=C3=84nne?= <abel@out.test>", "zed@out.test", "dan@out.test", "Apples", "Sun, 1 Mar 2026 10:00:00 +0000", 40),
    ("<dora@out.test>", "", "", "Re: [list] plans", "Mon, 2 Mar 2026 11:00:00 +0000", 300),
)  # fmt: skip


@pytest.fixture(scope="module")
def wire() -> Iterator[Raw]:
    server = RoostServer(listeners=("imap",), people=1)
    client = raw(server)
    for number, (sender, to, cc, subject, date, size) in enumerate(LETTERS):
        text = f"From: {sender}\r\nTo: {to}\r\nCc: {cc}\r\nSubject: {subject}\r\nDate: {date}\r\nMessage-ID: <{number}@out.test>\r\n\r\n{'x' * size}\r\n".encode()
        client.socket.sendall(b'a APPEND INBOX "0%d-Apr-2026 08:00:00 +0000" {%d+}\r\n%b\r\n' % (9 - number, len(text), text))
        assert b" OK" in client.until(b"a ")[-1]
    client.say("b SELECT INBOX")
    yield client
    server.remove()


@pytest.mark.parametrize(
    ("keys", "order"),
    [
        ("ARRIVAL", "4 3 2 1"), ("REVERSE ARRIVAL", "1 2 3 4"), ("DATE", "3 1 4 2"), ("SIZE", "1 3 4 2"), ("SUBJECT", "3 1 2 4"), ("SUBJECT REVERSE DATE", "3 2 4 1"),
        ("REVERSE SUBJECT", "1 2 4 3"), ("FROM", "3 1 2 4"), ("TO", "4 2 1 3"), ("CC", "1 4 3 2"), ("DISPLAYFROM", "2 4 1 3"), ("DISPLAYTO", "4 2 1 3"),
    ],
)  # fmt: skip
def test_messages_are_sorted_by(wire: Raw, keys: str, order: str) -> None:
    assert wire.say(f"s SORT ({keys}) UTF-8 ALL") == [b"* SORT " + order.encode(), b"s OK Done."]


def test_sort_takes_what_search_finds_and_may_answer_with_uids_and_results(wire: Raw) -> None:
    assert wire.say("s UID SORT (DATE) US-ASCII LARGER 550 SUBJECT plans")[0] == b"* SORT 2"
    assert wire.say("t SORT RETURN (MIN MAX COUNT ALL) (DATE) UTF-8 ALL")[0] == b'* ESEARCH (TAG "t") MIN 3 MAX 2 ALL 3,1,4,2 COUNT 4'
    assert wire.say("u UID SORT RETURN () (DATE) UTF-8 2:3")[0] == b'* ESEARCH (TAG "u") UID ALL 3,2'
    assert wire.say("v SORT (DATE) UTF-8 SEEN")[0] == b"* SORT"


def test_a_thread_is_one_subject_in_the_order_it_was_sent(wire: Raw) -> None:
    assert wire.say("t THREAD ORDEREDSUBJECT UTF-8 ALL")[0] == b"* THREAD (3)(1 (4)(2))"
    assert wire.say("u UID THREAD ORDEREDSUBJECT UTF-8 1:2")[0] == b"* THREAD (1 2)"
    assert b" BAD " in wire.say("v THREAD REFS UTF-8 ALL")[-1]


def test_answers_stand_below_what_they_answer_and_missing_messages_hold_theirs_together(wire: Raw) -> None:
    letters = (
        ("root", "", "", "Boats"), ("two", "root", "root", "Re: Boats"), ("three", "two", "root two", "Re: Boats"), ("four", "root", "root", "Re: Boats"),
        ("five", "gone", "gone", "Re: Sails"), ("six", "gone", "gone", "Re: Sails"), ("seven", "absent", "root absent", "Re: Boats"), ("eight", "eight", "", "Alone"),
        ("nine", "ten", "ten", "Round"), ("ten", "nine", "nine", "Re: Round"),
    )  # fmt: skip
    wire.say("a CREATE Threads")
    for number, (own, parent, references, subject) in enumerate(letters):
        head = f"From: a@out.test\r\nSubject: {subject}\r\nDate: Mon, 2 Mar 2026 10:{number:02d}:00 +0000\r\nMessage-ID: <{own}@t.test>\r\n"
        head += f"In-Reply-To: <{parent}@t.test>\r\n" if parent else ""
        head += f"References: {' '.join(f'<{r}@t.test>' for r in references.split())}\r\n" if references else ""
        text = f"{head}\r\nx\r\n".encode()
        wire.socket.sendall(b"a APPEND Threads {%d+}\r\n%b\r\n" % (len(text), text))
        assert b" OK" in wire.until(b"a ")[-1]
    wire.say("b SELECT Threads")
    answer = wire.say("c THREAD REFERENCES UTF-8 ALL")[0]
    assert answer == b"* THREAD (1 (2 3)(4)(7))((5)(6))(8)(10 9)"
    assert wire.say("d UID THREAD REFERENCES UTF-8 2:4")[0] == b"* THREAD ((2 3)(4))"
    assert wire.say("e THREAD REFERENCES UTF-8 SUBJECT nothing")[0] == b"* THREAD"
    wire.say("f SELECT INBOX")


def test_what_is_offered_is_what_is_done(wire: Raw) -> None:
    words = wire.say("c CAPABILITY")[0].split()
    assert {b"SORT", b"SORT=DISPLAY", b"ESORT", b"THREAD=ORDEREDSUBJECT", b"THREAD=REFERENCES"} <= set(words)


def test_the_first_address_of_a_field_is_read_from_any_stored_envelope() -> None:
    head = b'From: =?utf-8?q?=C3=A4?= <a@b.test>\r\nTo: "x (\\"y\\"" <to@c.test>, z@d.test\r\nCc: \xff\r\n <8bit@e.test>\r\nSubject: ("\r\n (x\xff\r\n\r\n'
    envelope = summarise(head).envelope
    assert first_address(envelope, FROM_PLACE) == ("ä", "a", "b.test")
    assert first_address(envelope, TO_PLACE)[1:] == ("to", "c.test")
    assert first_address(envelope, CC_PLACE)[1:] == ("8bit", "e.test")
    assert first_address(summarise(b"\r\n").envelope, TO_PLACE) == ("", "", "")
