"""The language: what each command and test does, shown by the actions a script leaves."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from mailcore import sieve
from mailcore.sieve.actions import Discard, FileInto, Keep, Redirect, Reject, Result, Vacation
from mailcore.sieve.message import Mail, Surroundings
from mailcore.sieve.parser import parse
from mailcore.sieve.printer import printed

MESSAGE = (
    b"Return-Path: <ann@orchard.test>\r\nReceived: from a by b; Mon, 23 Nov 2026 10:42:07 +0100\r\nFrom: Ann Miller <ann@orchard.test>\r\n"
    b"To: Bob+shop@x.test, carl@x.test\r\nSubject: =?utf-8?q?Gr=C3=BC=C3=9Fe_[list]_hello?=\r\nDate: Mon, 23 Nov 2026 10:40:00 +0100\r\n"
    b"X-Tag: one\r\nX-Tag: two\r\nX-Num: 00042 items\r\nMessage-ID: <1@orchard.test>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nHello crates\r\n--b\r\nContent-Type: text/html\r\n\r\n<p>Fat <b>letters</b></p>\r\n"
    b"--b\r\nContent-Type: application/pdf; name=bill.pdf\r\nContent-Disposition: attachment; filename=bill.pdf\r\n\r\nPDF\r\n--b--\r\n"
)
AROUND = Surroundings(
    sender="ann@orchard.test", recipient="bob+shop@x.test", spam_percent=60, virus=2, now=datetime(2026, 11, 23, 23, 30, tzinfo=UTC), zone=timezone(timedelta(hours=2)),
    environment={"name": "Roost"}, has_mailbox=lambda name: name in ("INBOX", "Lists"), has_special_use=lambda name, use: use == "\\Junk", is_seen=lambda mark: False,
)  # fmt: skip
EVERYTHING = 'require ["fileinto","envelope","encoded-character","body","variables","relational","comparator-i;ascii-numeric","subaddress","spamtestplus","virustest","date","index","copy","ihave","mailbox","environment","duplicate","regex","special-use","foreverypart","mime","imap4flags"];\n'


def run(script: str, around: Surroundings = AROUND) -> Result:
    return sieve.compile(script).run(Mail(MESSAGE), around)


TRUE = [
    'header :is "subject" "GRüßE [list] hello"', 'header :contains ["x-none", "subject"] ["zzz", "LIST"]', 'header :matches "subject" "*[*] hello"', 'not header :is "subject" "hello"',
    'header :matches "subject" "gr??e*"', 'not header :matches "subject" "gr?e*"', 'header :regex "subject" "^gr.+ \\\\[([a-z]+)\\\\]"', 'header :comparator "i;octet" :contains "subject" "Gr"',
    'not header :comparator "i;octet" :contains "subject" "GR"', 'header :value "gt" :comparator "i;ascii-numeric" "x-num" "41"', 'header :count "eq" "x-tag" "2"',
    'header :index 2 "x-tag" "two"', 'header :index 1 :last "x-tag" "two"', 'not header :index 3 "x-tag" "two"', 'address :is "from" "ann@ORCHARD.test"', 'address :domain "from" "orchard.test"',
    'address :localpart "from" "ann"', 'address :user "to" "bob"', 'address :detail "to" "shop"', 'not address :detail :contains "from" ""', 'envelope "from" "ann@orchard.test"',
    'envelope :detail "to" "shop"', 'exists ["from", "x-tag"]', 'not exists ["from", "x-none"]', 'size :over 100', 'not size :over 1K', 'size :under 1M', 'body :contains "CRATES"',
    'body :text :contains "Fat letters"', 'body :raw :contains "<b>letters</b>"', 'body :content "text/html" :contains "letters"', 'not body :content "text/plain" :contains "letters"',
    'date :originalzone :is "date" "hour" "10"', 'date :zone "+0000" :is "date" "hour" "09"', 'date :is "date" "hour" "11"', 'date :is "received" "minute" "42"', 'date :is "date" "weekday" "1"',
    'currentdate :is "date" "2026-11-24"', 'currentdate :zone "+0000" :is "date" "2026-11-23"', 'currentdate :value "ge" "date" "2026-11-01"', 'currentdate :is "julian" "61368"',
    'spamtest :value "ge" :comparator "i;ascii-numeric" "6"', 'spamtest :percent :is "60"', 'virustest :is "2"', 'mailboxexists ["INBOX", "Lists"]', 'not mailboxexists "Nowhere"',
    'specialuse_exists "\\\\Junk"', 'environment "name" "roost"', 'ihave "vacation"', 'not ihave "vnd.none"', 'anyof (false, true)', 'not allof (true, false)',
    'header :mime :anychild :contenttype "content-type" "application/pdf"', 'header :mime :anychild :param "filename" "content-disposition" "bill.pdf"', 'header :contains "subject" "${unicode:fc}"',
    'header :contains "subject" "${hex: c3 bc}"', 'string "${none}x" "x"',
]  # fmt: skip


@pytest.mark.parametrize("test", TRUE)
def test_a_test_holds(test: str) -> None:
    result = run(EVERYTHING + f"if {test} {{ discard; }}")
    assert result.error == "" and result.actions == (Discard(),)


RUNS = [
    ("", (Keep(),)), ("keep;", (Keep(),)), ("discard;", (Discard(),)), ("discard; keep;", (Discard(), Keep())),
    ('fileinto "A"; fileinto "A";', (FileInto(mailbox="A"),)), ('fileinto :copy "A";', (FileInto(mailbox="A", is_copy=True), Keep())),
    ('fileinto :create "A";', (FileInto(mailbox="A", create=True),)), ('redirect "b@x.test";', (Redirect(address="b@x.test"),)),
    ('redirect :copy "b@x.test";', (Redirect(address="b@x.test", is_copy=True), Keep())), ("stop; discard;", (Keep(),)),
    ("if false { discard; } elsif true { keep; } else { discard; }", (Keep(),)),
    ("if true { keep; } elsif true { discard; } if false { discard; } else { stop; }", (Keep(),)),
    ('setflag "\\\\Seen"; addflag ["\\\\Flagged", "\\\\seen"]; keep;', (Keep(flags=("\\Seen", "\\Flagged")),)),
    ('addflag "A"; removeflag "a";', (Keep(),)), ('addflag "A";', (Keep(flags=("A",)),)), ('keep :flags "B";', (Keep(flags=("B",)),)),
    ('set "a" "x"; set :upper "b" "${a}y"; fileinto "${b}";', (FileInto(mailbox="XY"),)), ('set :length "n" "four"; fileinto "${n}";', (FileInto(mailbox="4"),)),
    ('set :upperfirst :lower "n" "JUST"; fileinto "${n}";', (FileInto(mailbox="Just"),)), ('set :quotewildcard "n" "a*b"; fileinto "${n}";', (FileInto(mailbox="a\\*b"),)),
    ('if header :matches "subject" "*[*]*" { fileinto "Lists/${2}"; }', (FileInto(mailbox="Lists/list"),)),
    ('if header :regex "subject" "\\\\[([a-z]+)\\\\]" { fileinto "${1}"; }', (FileInto(mailbox="list"),)),
    ('foreverypart :name "out" { foreverypart { break :name "out"; } fileinto "A"; }', (Keep(),)),
    ('foreverypart { if header :mime :subtype "content-type" "pdf" { fileinto "Bills"; break; } }', (FileInto(mailbox="Bills"),)),
    ("fileinto text:\nA\n..b\n.\n;", (FileInto(mailbox="A\n.b\n"),)),
]  # fmt: skip


@pytest.mark.parametrize(("script", "wanted"), RUNS)
def test_a_script_leaves_these_actions(script: str, wanted: tuple[object, ...]) -> None:
    result = run(EVERYTHING + script)
    assert result.error == "" and result.actions == wanted


WRONG = [
    ("keep", 1), ("keep;\nfileinto \"A\";", 2), ('require "nothing";', 1), ("if true keep;", 1), ("else { keep; }", 1), ('keep; require "fileinto";', 1), ('redirect "a" "b";', 1),
    ("if header \"a\" { keep; }", 1), ("unknown;", 1), ("if unknown { keep; }", 1), ('if header :is :contains "a" "b" { keep; }', 1), ('if header :comparator "i;none" "a" "b" { keep; }', 1),
    ("keep; }", 1), ('fileinto "A', 1), ("/* no end", 1), ("stop {}", 1), ("if size :over \"x\" { keep; }", 1), ("99999999999G;", 1), ("\n\nkeep\nkeep;", 3), ("\0", 1), ("if true " + "{ if true " * 200, 1),
    ('require "regex"; if header :regex "a" "(" { keep; }', 1), ('keep;\nredirect "no address";', 2), ('require "variables"; set "1a" "x";', 1), ("if size 100 { keep; }", 1),
    ('require "regex"; if header :value "xx" "a" "b" { keep; }', 1), ("break;", 1), ('require "foreverypart";\nforeverypart { break :name "x"; }', 2),
]  # fmt: skip


@pytest.mark.parametrize(("script", "line"), WRONG)
def test_a_wrong_script_is_refused_with_its_line(script: str, line: int) -> None:
    with pytest.raises(sieve.SieveError) as found:
        sieve.compile(script)
    assert found.value.line == line


def test_a_vacation_carries_everything_the_reply_needs() -> None:
    result = run('require ["vacation", "vacation-seconds"]; vacation :seconds 60 :subject "Away" :from "B <b@x.test>" :addresses ["c@x.test"] :handle "h" "Back soon";')
    assert result.actions == (Vacation(reason="Back soon", subject="Away", from_address="b@x.test", addresses=("c@x.test",), seconds=60, handle="h"), Keep())


def test_reject_goes_with_nothing_else() -> None:
    assert run('require "reject"; reject "No";').actions == (Reject(reason="No"),)
    failed = run('require ["reject", "fileinto"]; fileinto "A"; reject "No";')
    assert failed.actions == (Keep(),) and failed.error.startswith("Line 1")


def test_an_error_keeps_the_mail_and_names_the_line() -> None:
    failed = run(EVERYTHING + '\nset "p" "("; if header :regex "subject" "${p}" { discard; }')
    assert failed.actions == (Keep(),) and failed.is_implicit_keep and failed.error.startswith("Line 3:")


def test_edits_are_seen_by_later_tests_and_counted_on_actions() -> None:
    result = run('require ["editheader", "fileinto", "index"]; deleteheader :index 1 "x-tag"; addheader "X-New" "a\r\nBcc: x"; if header "x-new" "a bcc: x" { fileinto "A"; } if header "x-tag" "two" { keep; }')
    assert result.error == "" and result.actions == (FileInto(mailbox="A", edits=2), Keep(edits=2))
    assert len(result.header_edits) == 2


def test_received_lines_cannot_be_deleted() -> None:
    assert run('require "editheader"; deleteheader "received";').header_edits == ()


def test_an_include_has_variables_of_its_own_and_shares_global_ones() -> None:
    inner = sieve.compile('require ["variables", "include"]; global "g"; set "g" "shared"; set "own" "inner"; return; discard;')
    around = Surroundings(find_script=lambda name, is_global: inner if name == "inner" else None)
    outer = sieve.compile('require ["variables", "include", "fileinto"]; global "g"; set "own" "outer"; include "inner"; include :optional "gone"; fileinto "${g}-${own}";')
    assert outer.run(Mail(MESSAGE), around).actions == (FileInto(mailbox="shared-outer"),)


def test_a_script_that_includes_itself_ends() -> None:
    script = sieve.compile('require "include"; include "me";')
    around = Surroundings(find_script=lambda name, is_global: script)
    assert "included too often" in script.run(Mail(MESSAGE), around).error


def test_a_duplicate_is_remembered_only_when_it_was_new() -> None:
    script = 'require "duplicate"; if duplicate :seconds 60 { discard; }'
    first = run(script)
    assert [type(x).__name__ for x in first.actions] == ["Keep", "Remember"] and first.actions[1].seconds == 60  # type: ignore[union-attr]
    assert run(script, Surroundings(is_seen=lambda mark: True)).actions == (Discard(),)


LIMITS = [
    'redirect "a1@x.test"; redirect "a2@x.test"; redirect "a3@x.test"; redirect "a4@x.test"; redirect "a5@x.test"; redirect "a6@x.test";',
    "".join(f'set "v{n}" "x";' for n in range(300)), 'set "p" "a{255}{255}"; if header :regex "subject" "${p}" { keep; }', 'foreverypart { foreverypart { ' + "keep;" * 20_000 + " } }",
]  # fmt: skip


@pytest.mark.parametrize("script", LIMITS)
def test_what_is_too_much_ends_as_a_keep(script: str) -> None:
    result = run(EVERYTHING + script)
    assert result.actions == (Keep(),) and result.error


def test_a_regular_expression_that_would_run_for_ever_is_quick() -> None:
    mail = Mail(b"Subject: " + b"a" * 5000 + b"!\r\n\r\n")
    for pattern in ("(a+)+$", "(a|aa)+$", "(.*a){20}$"):
        script = sieve.compile(f'require "regex"; if header :regex "subject" "{pattern}" {{ discard; }}')
        began = datetime.now(UTC)
        script.run(mail, AROUND)
        assert (datetime.now(UTC) - began).total_seconds() < 20


@pytest.mark.parametrize("script", [s for s, _ in RUNS] + [f"if {t} {{ keep; }}" for t in TRUE])
def test_what_is_printed_parses_to_the_same(script: str) -> None:
    once = printed(parse(script))
    assert printed(parse(once)) == once
