"""The IMAP parser: what each command line means, and what is refused."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from mailcore.base.secret import Secret
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import options as o
from mailcore.wire.imap import search as s
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.fetch import (
    BinarySection,
    BinarySize,
    BodySection,
    FetchAttribute,
    LazyPreview,
    Partial,
    Section,
    SectionText,
    marks_seen,
)
from mailcore.wire.imap.framing import AFTER_LOGIN, Framer, Literal, LiteralWanted, StreamedLiteral
from mailcore.wire.imap.mutf7 import MailboxName
from mailcore.wire.imap.parser import BY_NUMBER, PARSERS, parse_command
from mailcore.wire.imap.sequence import SAVED, STAR, SequenceSet
from tests.within import within

F = FetchAttribute


def parse(line, size=None):
    """The command of *line* (CRLF added), fed in pieces of *size*."""
    framer = Framer(AFTER_LOGIN)
    data = line + b"\r\n"
    event = None
    for at in range(0, len(data), size or len(data)):
        framer.receive(data[at : at + (size or len(data))])
        event = framer.next()
        while isinstance(event, LiteralWanted):
            framer.accept()
            event = framer.next()
    return parse_command(event)


def box(text):
    return MailboxName(text)


def numbers(*ranges):
    return SequenceSet(tuple(ranges))


LINES = [
    (b"a CAPABILITY", c.Capability(tag="a")),
    (b"A1.x]y NOOP", c.Noop(tag="A1.x]y")),
    (b"a noop ", c.Noop(tag="a")),
    (b"a LOGOUT", c.Logout(tag="a")),
    (b"a STARTTLS", c.StartTls(tag="a")),
    (b"a ID NIL", c.Id(tag="a")),
    (b'a ID ("name" "x" "Version" NIL)', c.Id(tag="a", fields=(("name", "x"), ("version", None)))),
    (b"a AUTHENTICATE plain", c.Authenticate(tag="a", mechanism="PLAIN")),
    (b"a AUTHENTICATE PLAIN AGEAYg==", c.Authenticate(tag="a", mechanism="PLAIN", initial=b"AGEAYg==")),
    (b"a AUTHENTICATE EXTERNAL =", c.Authenticate(tag="a", mechanism="EXTERNAL", initial=b"=")),
    (b"a LOGIN joe pass", c.Login(tag="a", user="joe", password=Secret("pass"))),
    (b'a LOGIN "j\\"o\\\\e" "p q"', c.Login(tag="a", user='j"o\\e', password=Secret("p q"))),
    (b"a LOGIN {3}\r\njoe {6+}\r\np\r\nq x", c.Login(tag="a", user="joe", password=Secret("p\r\nq x"))),
    (b'a LOGIN joe "p\xe4"', c.Login(tag="a", user="joe", password=Secret("p\xe4"))),
    (b'a LOGIN joe "p\xc3\xa4"', c.Login(tag="a", user="joe", password=Secret("p\xe4"))),
    (b"a ENABLE condstore QRESYNC", c.Enable(tag="a", capabilities=("CONDSTORE", "QRESYNC"))),
    (b"a SELECT inbox", c.Select(tag="a", mailbox=box("INBOX"))),
    (b'a SELECT "Entw&APw-rfe"', c.Select(tag="a", mailbox=box("Entwürfe"))),
    (b"a SELECT x (CONDSTORE)", c.Select(tag="a", mailbox=box("x"), has_condstore=True)),
    (
        b"a SELECT x (QRESYNC (67890007 20050715194045000 41,43:211))",
        c.Select(
            tag="a",
            mailbox=box("x"),
            qresync=o.QresyncParam(uidvalidity=67890007, modseq=20050715194045000, known_uids=numbers((41, 41), (43, 211))),
        ),
    ),
    (
        b"a EXAMINE x (QRESYNC (1 2 1:9 (1,3 5,7)))",
        c.Examine(
            tag="a",
            mailbox=box("x"),
            qresync=o.QresyncParam(
                uidvalidity=1, modseq=2, known_uids=numbers((1, 9)), match=(numbers((1, 1), (3, 3)), numbers((5, 5), (7, 7)))
            ),
        ),
    ),
    (b"a CREATE foo/bar", c.Create(tag="a", mailbox=box("foo/bar"))),
    (b"a CREATE x (USE (\\sent \\DRAFTS))", c.Create(tag="a", mailbox=box("x"), special_use=("\\Sent", "\\Drafts"))),
    (b"a DELETE x", c.Delete(tag="a", mailbox=box("x"))),
    (b'a RENAME x "y z"', c.Rename(tag="a", mailbox=box("x"), target=box("y z"))),
    (b"a SUBSCRIBE x", c.Subscribe(tag="a", mailbox=box("x"))),
    (b"a UNSUBSCRIBE x", c.Unsubscribe(tag="a", mailbox=box("x"))),
    (b'a LIST "" *', c.List(tag="a", reference="", patterns=("*",))),
    (b'a LIST "" ""', c.List(tag="a", reference="", patterns=("",))),
    (b'a LIST "" Entw&APw-%', c.List(tag="a", reference="", patterns=("Entwü%",))),
    (
        b'a LIST (SUBSCRIBED RECURSIVEMATCH) "" ("INBOX" "x/%") RETURN (CHILDREN STATUS (MESSAGES UNSEEN) SPECIAL-USE)',
        c.List(
            tag="a",
            reference="",
            patterns=("INBOX", "x/%"),
            select=frozenset({o.ListSelect.SUBSCRIBED, o.ListSelect.RECURSIVEMATCH}),
            returns=frozenset({o.ListReturn.CHILDREN, o.ListReturn.SPECIAL_USE}),
            status=(o.StatusItem.MESSAGES, o.StatusItem.UNSEEN),
            is_extended=True,
        ),
    ),
    (b'a LIST () "" % RETURN ()', c.List(tag="a", reference="", patterns=("%",), is_extended=True)),
    (b'a LSUB "" %', c.Lsub(tag="a", reference="", pattern="%")),
    (b"a NAMESPACE", c.Namespace(tag="a")),
    (
        b"a STATUS x (messages SIZE HIGHESTMODSEQ)",
        c.Status(tag="a", mailbox=box("x"), items=(o.StatusItem.MESSAGES, o.StatusItem.SIZE, o.StatusItem.HIGHESTMODSEQ)),
    ),
    (b"a IDLE", c.Idle(tag="a")),
    (b'a GETQUOTA ""', c.GetQuota(tag="a", root="")),
    (b"a GETQUOTAROOT INBOX", c.GetQuotaRoot(tag="a", mailbox=box("INBOX"))),
    (b'a SETQUOTA "" (storage 512)', c.SetQuota(tag="a", root="", limits=(("STORAGE", 512),))),
    (b"a SETACL x joe +lrs", c.SetAcl(tag="a", mailbox=box("x"), identifier="joe", change=o.RightsChange.ADD, rights="lrs")),
    (b'a SETACL x joe ""', c.SetAcl(tag="a", mailbox=box("x"), identifier="joe", change=o.RightsChange.REPLACE, rights="")),
    (b"a DELETEACL x joe", c.DeleteAcl(tag="a", mailbox=box("x"), identifier="joe")),
    (b"a GETACL x", c.GetAcl(tag="a", mailbox=box("x"))),
    (b"a LISTRIGHTS x joe", c.ListRights(tag="a", mailbox=box("x"), identifier="joe")),
    (b"a MYRIGHTS x", c.MyRights(tag="a", mailbox=box("x"))),
    (b"a COMPRESS deflate", c.Compress(tag="a")),
    (
        b"a NOTIFY SET STATUS (selected (MessageNew (UID FLAGS) MessageExpunge)) (subtree (x y) (MailboxName)) (personal NONE)",
        c.Notify(
            tag="a", wants_status=True,
            groups=(
                c.EventGroup(mailboxes=o.MailboxFilter.SELECTED, events=frozenset({o.NotifyEvent.MESSAGE_NEW, o.NotifyEvent.MESSAGE_EXPUNGE}), fetch=(FetchAttribute.UID, FetchAttribute.FLAGS)),
                c.EventGroup(mailboxes=o.MailboxFilter.SUBTREE, names=("x", "y"), events=frozenset({o.NotifyEvent.MAILBOX_NAME})),
                c.EventGroup(mailboxes=o.MailboxFilter.PERSONAL),
            ),
        ),
    ),
    (b"a NOTIFY none", c.Notify(tag="a")),
    (b"a UNAUTHENTICATE", c.Unauthenticate(tag="a")),
    (b"a CHECK", c.Check(tag="a")),
    (b"a CLOSE", c.Close(tag="a")),
    (b"a UNSELECT", c.Unselect(tag="a")),
    (b"a EXPUNGE", c.Expunge(tag="a")),
    (b"a UID EXPUNGE 3:5", c.Expunge(tag="a", uids=numbers((3, 5)))),
    (b"a COPY 2,4 x", c.Copy(tag="a", is_uid=False, messages=numbers((2, 2), (4, 4)), mailbox=box("x"))),
    (b"a uid MOVE $ x", c.Move(tag="a", is_uid=True, messages=SAVED, mailbox=box("x"))),
    (b"a FETCH 1:* FAST", c.Fetch(tag="a", is_uid=False, messages=numbers((1, STAR)), items=(F.FLAGS, F.INTERNALDATE, F.RFC822_SIZE))),
    (
        b"a UID FETCH 1:20 (FLAGS UID ENVELOPE)",
        c.Fetch(tag="a", is_uid=True, messages=numbers((1, 20)), items=(F.FLAGS, F.UID, F.ENVELOPE)),
    ),
    (
        b"a UID FETCH 1:* FLAGS (CHANGEDSINCE 12345 VANISHED)",
        c.Fetch(tag="a", is_uid=True, messages=numbers((1, STAR)), items=(F.FLAGS,), changed_since=12345, has_vanished=True),
    ),
    (
        b"a STORE 1 +FLAGS.SILENT (\\deleted $Junk)",
        c.Store(tag="a", is_uid=False, messages=numbers((1, 1)), change=o.FlagChange.ADD, flags=("\\Deleted", "$Junk"), is_silent=True),
    ),
    (
        b"a UID STORE 7 (UNCHANGEDSINCE 5) FLAGS \\Seen \\Flagged",
        c.Store(
            tag="a",
            is_uid=True,
            messages=numbers((7, 7)),
            change=o.FlagChange.REPLACE,
            flags=("\\Seen", "\\Flagged"),
            unchanged_since=5,
        ),
    ),
    (b"a STORE 1 -FLAGS ()", c.Store(tag="a", is_uid=False, messages=numbers((1, 1)), change=o.FlagChange.REMOVE, flags=())),
    (
        b"a SORT (REVERSE DATE SUBJECT) UTF-8 ALL",
        c.Sort(
            tag="a",
            is_uid=False,
            keys=(o.SortKey(field=o.SortField.DATE, is_reverse=True), o.SortKey(field=o.SortField.SUBJECT)),
            key=s.Everything(),
        ),
    ),
    (b"a UID THREAD references UTF-8 ALL", c.Thread(tag="a", is_uid=True, algorithm="REFERENCES", key=s.Everything())),
]


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize(("line", "expected"), LINES, ids=[line.decode("latin-1") for line, _ in LINES])
def test_a_line_means_this_command(line, expected, size):
    assert parse(line, size) == expected


def test_every_command_of_the_parser_is_shown_above():
    shown = {type(command) for _, command in LINES} | {c.Append, c.Replace, c.Search}
    assert {kind for kind in vars(c).values() if isinstance(kind, type) and issubclass(kind, c.Command)} - {c.Command} == shown
    assert len(PARSERS) + len(BY_NUMBER) == len(shown)


H = SectionText
ITEMS = [
    (b"BODY[]", BodySection()),
    (b"BODY.PEEK[HEADER]", BodySection(section=Section(text=H.HEADER), is_peek=True)),
    (b"BODY[1.2.MIME]", BodySection(section=Section(part=(1, 2), text=H.MIME))),
    (b"BODY[3.TEXT]<0.1024>", BodySection(section=Section(part=(3,), text=H.TEXT), partial=Partial(start=0, length=1024))),
    (b"BODY[4]", BodySection(section=Section(part=(4,)))),
    (b"BODY[HEADER.FIELDS (FROM TO)]", BodySection(section=Section(text=H.HEADER_FIELDS, fields=(b"FROM", b"TO")))),
    (b"BODY[2.HEADER.FIELDS.NOT (X)]", BodySection(section=Section(part=(2,), text=H.HEADER_FIELDS_NOT, fields=(b"X",)))),
    (b"BINARY[1]<5.6>", BinarySection(part=(1,), partial=Partial(start=5, length=6))),
    (b"BINARY.PEEK[]", BinarySection(is_peek=True)),
    (b"BINARY.SIZE[1.2]", BinarySize(part=(1, 2))),
    (b"PREVIEW (LAZY)", LazyPreview()),
    *[(item.value, item) for item in FetchAttribute],
]


@pytest.mark.parametrize(("text", "item"), ITEMS, ids=[text.decode() for text, _ in ITEMS])
def test_a_fetch_item_reads_and_prints_the_same(text, item):
    assert parse(b"a FETCH 1 " + text).items == (item,)
    assert parse(b"a FETCH 1 (UID " + text + b")").items[-1] == item
    assert bytes(item) == text


def test_the_answer_is_labelled_without_peek_and_with_the_origin_only():
    assert parse(b"a FETCH 1 BODY.PEEK[1]<7.9>").items[0].label == b"BODY[1]<7>"


def test_header_fields_may_come_as_literals():
    assert parse(b"a FETCH 1 BODY[HEADER.FIELDS ({4+}\r\ndate)]").items[0].section.fields == (b"DATE",)


@pytest.mark.parametrize(("items", "marks"), [(b"BODY[]", True), (b"BODY.PEEK[]", False), (b"RFC822", True), (b"RFC822.HEADER", False)])
def test_reading_a_body_marks_it_seen_unless_one_peeks(items, marks):
    assert marks_seen(parse(b"a FETCH 1 " + items).items) is marks


SEARCHES = [
    (b"ALL", s.Everything()),
    (b"1:5", s.InSequence(numbers((1, 5)))),
    (b"UID 7", s.InUids(numbers((7, 7)))),
    (b"$", s.InSequence(SAVED)),
    (b"NEW", s.And((s.HasFlag("\\Recent"), s.Not(s.HasFlag("\\Seen"))))),
    (b"OLD UNSEEN", s.And((s.Not(s.HasFlag("\\Recent")), s.Not(s.HasFlag("\\Seen"))))),
    (b"KEYWORD $Junk", s.HasFlag("$Junk")),
    (b"UNKEYWORD x", s.Not(s.HasFlag("x"))),
    (b"FROM joe", s.InHeader("from", "joe")),
    (b'HEADER List-Id ""', s.InHeader("list-id", "")),
    (b"BODY {3+}\r\na b", s.InBody("a b")),
    (b'TEXT "x"', s.InText("x")),
    (b"SINCE 1-Feb-1994", s.OnDay(s.DateOf.INTERNAL, s.When.SINCE, date(1994, 2, 1))),
    (b'SENTBEFORE "01-feb-1994"', s.OnDay(s.DateOf.SENT, s.When.BEFORE, date(1994, 2, 1))),
    (b"SAVEDON 1-Feb-1994", s.OnDay(s.DateOf.SAVED, s.When.ON, date(1994, 2, 1))),
    (b"LARGER 5", s.Larger(5)),
    (b"SMALLER 5", s.Smaller(5)),
    (b"YOUNGER 5", s.Younger(5)),
    (b"OLDER 5", s.Older(5)),
    (b"MODSEQ 620162338", s.ChangedSince(620162338)),
    (b'MODSEQ "/flags/\\\\draft" all 620162338', s.ChangedSince(620162338)),
    (b"EMAILID M1", s.EmailIdIs("M1")),
    (b"THREADID T1", s.ThreadIdIs("T1")),
    (b"SAVEDATESUPPORTED", s.SaveDateSupported()),
    (b"NOT SEEN", s.Not(s.HasFlag("\\Seen"))),
    (b"OR SEEN (DRAFT 1)", s.Or(s.HasFlag("\\Seen"), s.And((s.HasFlag("\\Draft"), s.InSequence(numbers((1, 1))))))),
    (b"CHARSET UTF-8 SUBJECT {2+}\r\n\xc3\xa4", s.InHeader("subject", "ä")),
    (b"CHARSET ISO-8859-1 SUBJECT {1+}\r\n\xe4", s.InHeader("subject", "ä")),
]


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize(("text", "key"), SEARCHES, ids=[text.decode("latin-1") for text, _ in SEARCHES])
def test_a_search_reads_as_this_tree(text, key, size):
    assert parse(b"a UID SEARCH " + text, size) == c.Search(tag="a", is_uid=True, key=key)


def test_search_return_options_ask_for_esearch():
    command = parse(b"a SEARCH RETURN (MIN count SAVE) SEEN")
    assert command.returns == {o.SearchReturn.MIN, o.SearchReturn.COUNT, o.SearchReturn.SAVE}
    assert parse(b"a SEARCH RETURN () SEEN").returns == {o.SearchReturn.ALL}


def test_an_unknown_charset_is_answered_no_with_the_known_ones():
    with pytest.raises(ImapSyntaxError) as caught:
        parse(b"a SEARCH CHARSET x-klingon SUBJECT x")
    assert caught.value.status == "NO" and caught.value.code.startswith("BADCHARSET (US-ASCII UTF-8")


def test_a_tree_that_asks_for_modseq_says_so():
    assert s.uses_modseq(parse(b"a SEARCH OR SEEN NOT (MODSEQ 3 ALL)").key)
    assert not s.uses_modseq(parse(b"a SEARCH OR SEEN ALL").key)


def test_append_takes_flags_date_and_message():
    command = parse(b'a APPEND x (\\seen $F \\Recent) "17-Jul-1996 02:44:25 -0700" {3}\r\nabc')
    zone = timezone(timedelta(hours=-7))
    assert command.messages == (
        c.AppendMessage(flags=("\\Seen", "$F"), date=datetime(1996, 7, 17, 2, 44, 25, tzinfo=zone), content=Literal(b"abc")),
    )


def test_append_takes_several_messages_and_literal8():
    command = parse(b'a APPEND x {1+}\r\na " 1-Jan-2020 00:00:00 +0000" ~{1+}\r\nb')
    assert [message.content for message in command.messages] == [Literal(b"a"), Literal(b"b", True)]
    assert command.messages[1].date == datetime(2020, 1, 1, tzinfo=UTC)


def test_the_head_of_an_append_is_known_before_its_message():
    framer = Framer(AFTER_LOGIN)
    framer.receive(b"a APPEND Sent (\\Seen) {310}\r\n")
    command = parse_command(framer.next().frame)
    assert command == c.Append(tag="a", mailbox=box("Sent"), messages=(c.AppendMessage(flags=("\\Seen",), content=StreamedLiteral(310)),))


def test_the_head_of_a_replace_is_known_before_its_message():
    framer = Framer(AFTER_LOGIN)
    framer.receive(b"a UID REPLACE 7 Drafts (\\Draft) {310}\r\n")
    messages = (c.AppendMessage(flags=("\\Draft",), content=StreamedLiteral(310)),)
    assert parse_command(framer.next().frame) == c.Replace(tag="a", is_uid=True, old=SequenceSet.of([7]), mailbox=box("Drafts"), messages=messages)


WRONG = [
    b"a",
    b"a ",
    b"",
    b"* NOOP",
    b"+ NOOP",
    b"a XYZZY",
    b"a UID NOOP",
    b"a UID",
    b"a NOOP x",
    b"a NOOP\0",
    b"a LOGIN joe",
    b'a LOGIN "joe pass',
    b'a LOGIN "j\0e" x',
    b"a LOGIN joe {3+}\r\n\0ab",
    b"a LOGIN joe pass extra",
    b"a FETCH 0 FLAGS",
    b"a FETCH 1:0 FLAGS",
    b"a FETCH 4294967296 FLAGS",
    b"a FETCH 1,, FLAGS",
    b"a FETCH x FLAGS",
    b"a FETCH 1 ()",
    b"a FETCH 1 (FLAGS",
    b"a FETCH 1 (FLAGS  UID)",
    b"a FETCH 1 XYZ",
    b"a FETCH 1 (FAST)",
    b"a FETCH 1 BODY[MIME]",
    b"a FETCH 1 BODY[0]",
    b"a FETCH 1 BODY[1.]",
    b"a FETCH 1 BODY[]<0.0>",
    b"a FETCH 1 BODY[HEADER.FIELDS ()]",
    b"a FETCH 1 FLAGS (VANISHED)",
    b"a UID FETCH 1 FLAGS (VANISHED)",
    b"a STORE 1 FLAGS",
    b"a STORE 1 *FLAGS (x)",
    b"a SEARCH",
    b"a SEARCH ()",
    b"a SEARCH OR SEEN",
    b"a SEARCH SINCE 31-Feb-2020",
    b"a SEARCH RETURN (FOO) ALL",
    b"a SORT () UTF-8 ALL",
    b"a THREAD XYZ UTF-8 ALL",
    b'a LIST (RECURSIVEMATCH) "" *',
    b'a LIST "" * RETURN (FOO)',
    b"a STATUS x ()",
    b"a STATUS x (FOO)",
    b"a APPEND x",
    b"a APPEND x (\\Seen)",
    b'a APPEND x "32-Jan-2020 00:00:00 +0000" {1+}\r\na',
    b"a COMPRESS GZIP",
    b"a SETACL x joe +z",
    b"a ENABLE",
    b"a ID x",
    b"a SEARCH LARGER 99999999999999999999",
]


@pytest.mark.parametrize("line", WRONG, ids=[line.decode("latin-1") for line in WRONG])
def test_a_wrong_line_is_bad_with_its_tag(line):
    with pytest.raises(ImapSyntaxError) as caught:
        parse(line)
    assert caught.value.status == "BAD"
    assert caught.value.tag == ("a" if line.startswith(b"a ") or line == b"a" else None)


def test_a_mailbox_name_in_wrong_utf7_is_no_and_not_bad():
    with pytest.raises(ImapSyntaxError) as caught:
        parse(b"a SELECT &AOQ")
    assert (caught.value.status, caught.value.code) == ("NO", "CANNOT")


BOMBS = [
    b"a SEARCH " + b"(" * 60000,
    b"a SEARCH " + b"NOT " * 10000 + b"ALL",
    b"a SEARCH " + b"OR ALL " * 8000 + b"ALL",
    b"a SEARCH " + b"ALL " * 15000 + b"ALL",
    b"a FETCH 1 (" + b"BODY[] " * 8000 + b"X",
    b"a FETCH 1 BODY[" + b"1." * 30000 + b"1]",
    b"a FETCH 1 (" + b" ".join(b"BODY[%d]" % n for n in range(1, 5000)) + b")",
    b"a STORE 1 FLAGS (" + b"x " * 30000 + b"y)",
    b'a LIST "" (' + b"* " * 30000 + b"*)",
    b"a LOGIN " + b'"' + b'\\"' * 30000,
    b"a FETCH " + b"1:" * 30000 + b" FLAGS",
]


@pytest.mark.parametrize("line", BOMBS, ids=[line[:20].decode() for line in BOMBS])
def test_a_line_made_to_cost_is_refused_quickly(line):
    with within(2):
        with pytest.raises(ImapSyntaxError):
            parse(line)


def test_a_search_nested_as_deep_as_clients_do_is_taken():
    assert parse(b"a SEARCH " + b"OR FROM x " * 50 + b"ALL")


def test_many_ranges_stay_ranges():
    command = parse(b"a FETCH " + b",".join(b"%d" % n for n in range(1, 20000, 2))[:60000].rstrip(b",") + b" FLAGS")
    assert len(command.messages.ranges) > 5000
    assert parse(b"a FETCH 1:4000000000,4000000001 FLAGS").messages.ranges == ((1, 4000000001),)
