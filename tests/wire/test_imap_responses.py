"""The lines the IMAP server writes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.wire.imap import responses as r
from mailcore.wire.imap import strings as q
from mailcore.wire.imap.framing import AFTER_LOGIN, Framer, LiteralWanted
from mailcore.wire.imap.lexer import Cursor
from mailcore.wire.imap.options import StatusItem
from mailcore.wire.imap.sequence import SequenceSet


def numbers(text):
    return SequenceSet.parse(text)


LINES = [
    (r.tagged("a1", "OK", "Done."), b"a1 OK Done.\r\n"),
    (r.tagged("a1", "NO", "Full.", "OVERQUOTA"), b"a1 NO [OVERQUOTA] Full.\r\n"),
    (r.untagged("OK", "Hi", r.capability_code(["IMAP4rev1", "IDLE"])), b"* OK [CAPABILITY IMAP4rev1 IDLE] Hi\r\n"),
    (r.bye("Too long."), b"* BYE Too long.\r\n"),
    (r.continuation("idling"), b"+ idling\r\n"),
    (r.challenge(), b"+ \r\n"),
    (r.capability(["IMAP4rev1"]), b"* CAPABILITY IMAP4rev1\r\n"),
    (r.enabled(["QRESYNC"]), b"* ENABLED QRESYNC\r\n"),
    (r.enabled([]), b"* ENABLED\r\n"),
    (r.list_reply(["\\HasNoChildren"], "/", "Entwürfe"), b'* LIST (\\HasNoChildren) "/" "Entw&APw-rfe"\r\n'),
    (r.list_reply([], None, "INBOX", kind="LSUB"), b"* LSUB () NIL INBOX\r\n"),
    (
        r.list_reply(["\\NonExistent"], "/", "x", child_info=["SUBSCRIBED"]),
        b'* LIST (\\NonExistent) "/" "x" ("CHILDINFO" ("SUBSCRIBED"))\r\n',
    ),
    (r.list_reply([], "/", "new", old_name="old"), b'* LIST () "/" "new" ("OLDNAME" ("old"))\r\n'),
    (
        r.status("x", {StatusItem.MESSAGES: 3, StatusItem.MAILBOXID: "F1", StatusItem.APPENDLIMIT: None}),
        b'* STATUS "x" (MESSAGES 3 MAILBOXID (F1) APPENDLIMIT NIL)\r\n',
    ),
    (r.namespace([("", "/")], (), [("Public/", "/")]), b'* NAMESPACE (("" "/")) NIL (("Public/" "/"))\r\n'),
    (r.identity({"name": "Roost", "version": None}), b'* ID ("name" "Roost" "version" NIL)\r\n'),
    (r.identity(None), b"* ID NIL\r\n"),
    (r.flags(["\\Seen", "$Junk"]), b"* FLAGS (\\Seen $Junk)\r\n"),
    (r.exists(3), b"* 3 EXISTS\r\n"),
    (r.recent(0), b"* 0 RECENT\r\n"),
    (r.expunge(4), b"* 4 EXPUNGE\r\n"),
    (r.vanished(numbers(b"1:3,7")), b"* VANISHED 1:3,7\r\n"),
    (r.vanished(numbers(b"5"), is_earlier=True), b"* VANISHED (EARLIER) 5\r\n"),
    (r.fetch(2, [b"UID 5", b"FLAGS ()"]), b"* 2 FETCH (UID 5 FLAGS ())\r\n"),
    (r.fetch_flags(2, ["\\Seen"], uid=5, modseq=9), b"* 2 FETCH (UID 5 MODSEQ (9) FLAGS (\\Seen))\r\n"),
    (r.body_piece(b"BODY[1]", b"a\r\n"), b"BODY[1] {3}\r\na\r\n"),
    (r.body_piece(b"BODY[9]", None), b"BODY[9] NIL"),
    (r.body_piece(b"BINARY[1]", b"a\0", is_binary=True), b"BINARY[1] ~{2}\r\na\0"),
    (r.search([1, 5]), b"* SEARCH 1 5\r\n"),
    (r.search([]), b"* SEARCH\r\n"),
    (r.search([2], modseq=7, kind="SORT"), b"* SORT 2 (MODSEQ 7)\r\n"),
    (
        r.esearch("a1", is_uid=True, results={"MIN": 1, "ALL": numbers(b"1:3"), "COUNT": 3}),
        b'* ESEARCH (TAG "a1") UID MIN 1 ALL 1:3 COUNT 3\r\n',
    ),
    (r.thread([(2, ()), (3, ((6, ((4, ((23, ()),)), (44, ()))),))]), b"* THREAD (2)(3 6 (4 23)(44))\r\n"),
    (r.thread([(0, ((3, ()), (5, ())))]), b"* THREAD ((3)(5))\r\n"),
    (r.quota("", [("STORAGE", 10, 512)]), b'* QUOTA "" (STORAGE 10 512)\r\n'),
    (r.quotaroot("INBOX", [""]), b'* QUOTAROOT INBOX ""\r\n'),
    (r.acl("x", [("joe", "lrs")]), b'* ACL "x" joe lrs\r\n'),
    (r.listrights("x", "joe", "", ["l", "r"]), b'* LISTRIGHTS "x" joe "" l r\r\n'),
    (r.myrights("x", "lrs"), b'* MYRIGHTS "x" lrs\r\n'),
    (r.appenduid(7, numbers(b"3:4")), b"APPENDUID 7 3:4"),
    (r.copyuid(7, numbers(b"3:4"), numbers(b"9:10")), b"COPYUID 7 3:4 9:10"),
    (r.modified(numbers(b"7,9")), b"MODIFIED 7,9"),
]


@pytest.mark.parametrize(("written", "expected"), LINES, ids=[expected[:40].decode() for _, expected in LINES])
def test_the_line_is_written_so(written, expected):
    assert written == expected


def test_text_from_outside_never_makes_a_second_line():
    assert r.tagged("a", "NO", "x\r\n* BYE", "C\r\n").count(b"\r\n") == 1


def test_a_thread_ten_thousand_deep_is_written():
    node = (1, ())
    for number in range(2, 10_001):
        node = (number, (node,))
    assert r.thread([node]).startswith(b"* THREAD (10000 9999 ")


def test_nil_as_a_name_is_not_the_atom():
    assert q.astring("NIL") == b'"NIL"'


@given(st.binary(max_size=2000).map(lambda data: data.replace(b"\0", b"")))
def test_any_string_reads_back_from_what_is_written(data):
    framer = Framer(AFTER_LOGIN)
    framer.receive(b"x " + q.quoted_or_literal(data) + b" " + q.astring(data) + b"\r\n")
    while isinstance(event := framer.next(), LiteralWanted):
        framer.accept()
    cursor = Cursor(event)
    cursor.pos = 2
    assert cursor.string() == data
    cursor.space()
    assert cursor.astring() == data


@given(st.lists(st.text(max_size=10)))
def test_answers_with_text_are_whole_lines(words):
    assert r.tagged("a", "OK", " ".join(words)).endswith(b"\r\n")
