"""Whatever is done to real mail, addresses and commands, a parser gives a value or MailError, soon; nothing else comes out of it."""

import random
import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from hypothesis import settings

from mailcore.base.errors import MailError
from mailcore.mail import invitation, tnef, vcard
from mailcore.mail.address import Address, parse_address_list
from mailcore.mail.authres import parse_authres
from mailcore.mail.body import decode_text
from mailcore.mail.dsn import parse_dsn
from mailcore.mail.headers import message_ids, parse_date, scan_headers
from mailcore.mail.html import sanitise
from mailcore.mail.params import decode_params, raw_params
from mailcore.mail.part import load_parts
from mailcore.mail.structure import summarise
from mailcore.mail.words import decode_value
from mailcore.store import query
from mailcore.wire.imap.framing import AFTER_LOGIN, Frame, FrameError, Framer, LiteralWanted, NeedMore
from mailcore.wire.imap.parser import parse_command
from mailcore.wire.managesieve import commands as managesieve
from mailcore.wire.pop3 import commands as pop3
from mailcore.wire.smtp import parser as smtp
from mailcore.wire.smtp.replies import ReplyParser
from tests.conftest import CORPORA
from tests.fuzz.mutate import BYTES_MAX, broken
from tests.unit.mail.test_tnef import attribute, one_file, package, properties, variable
from tests.wire import test_wire_hostile as wire
from tests.within import within

INPUT_SECONDS = 1.5
"""What one input of at most 64 KB may take, on a machine that does other work too; the slowest honest one takes a tenth."""
QUICK_SECONDS, LONG_SECONDS = 1.5, 60.0


def whole_message(data: bytes) -> None:
    made = summarise(data)
    root = load_parts(made.parts)
    for part in list(root.walk())[:50]:
        assert 0 <= part.header_start <= part.body_start <= part.body_end <= len(data)
        if not part.children:
            decode_text(data, part)
    parse_dsn(data)


def header_fields(data: bytes) -> None:
    for name, value in list(scan_headers(data).items())[:200]:
        assert b":" not in name
        for read in (decode_value, parse_date, message_ids, parse_authres):
            read(value)
        decode_params(raw_params(value)[1])


def addresses(data: bytes) -> None:
    parse_address_list(data)
    Address.parse(data.decode("utf-8", "replace")[:2000])


def html(data: bytes) -> None:
    made = sanitise(data.decode("utf-8", "replace"), cid_url=lambda name: f"/part/{len(name)}", remote_url=None)
    assert "<script" not in made.html.lower()


def imap(data: bytes) -> None:
    framer = Framer(AFTER_LOGIN)
    framer.receive(data)
    while not isinstance(event := framer.next(), NeedMore | FrameError):
        if isinstance(event, LiteralWanted):
            framer.accept() if event.fits else framer.refuse()
        elif isinstance(event, Frame):
            try:
                parse_command(event)
            except MailError:
                continue


def lines(parse: Callable[[bytes], object]) -> Callable[[bytes], None]:
    """A target that is given each line by itself."""

    def target(data: bytes) -> None:
        for line in data.split(b"\n")[:2000]:
            try:
                parse(line.rstrip(b"\r"))
            except MailError:
                continue

    return target


def replies(data: bytes) -> None:
    parser = ReplyParser()
    for at in range(0, len(data), 1000):
        parser.receive(data[at : at + 1000])
        while parser.next() is not None:
            pass


def invitations(data: bytes) -> None:
    made = invitation.read(data)
    if made is not None:
        invitation.answer(made, address=Address.parse("a@b.test"), name="A", status="ACCEPTED", now=datetime(2026, 11, 26, tzinfo=UTC))


def cards(data: bytes) -> None:
    for card in vcard.read(data)[:50]:
        vcard.vcard(card)


def messages() -> list[bytes]:
    found = [path.read_bytes() for path in sorted((CORPORA / "messages").rglob("*")) if path.is_file() and path.stat().st_size < BYTES_MAX] if CORPORA.is_dir() else []
    return found or [b"From: Ann <a@b.test>\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/html\r\n\r\n<p>hi</p>\r\n--x--\r\n"]


MESSAGES = messages()
HEADS = [re.split(rb"\r?\n\r?\n", data)[0] for data in MESSAGES]
ADDRESSES = [line.partition(b":")[2] for head in HEADS for line in head.splitlines() if line.lower().startswith((b"from:", b"to:", b"cc:", b"sender:"))] or [b'"A, b" <a@b.test>, g: c@d.test;']
MARKUP = [data for data in MESSAGES if b"<html" in data.lower()] or [b"<p style='color:red' onclick=x>hi <img src=http://x.test/a.png></p>"]
COMMANDS = [
    (b'a LOGIN {4}\r\nuser "p"\r\nb SELECT INBOX (QRESYNC (1 2 1:5))\r\nc UID FETCH 1:*,5 (FLAGS BODY.PEEK[1.2.HEADER.FIELDS (To "X")]<0.5> ENVELOPE) (CHANGEDSINCE 5)\r\n'
    b'd SEARCH RETURN (ALL COUNT) OR (FROM "x" NOT SEEN) UID 1:* SINCE 1-Feb-2026 HEADER a {3+}\r\nabc\r\ne STORE 1 (UNCHANGEDSINCE 3) +FLAGS.SILENT (\\Seen $a)\r\nf APPEND x (\\Seen) "01-Jan-2026 00:00:00 +0000" {3+}\r\nabc\r\n'
    b'g LIST (SUBSCRIBED) "" ("a%" "*") RETURN (STATUS (MESSAGES))\r\nh SORT (REVERSE DATE) UTF-8 ALL\r\ni ID ("a" "b")\r\nj IDLE\r\nDONE\r\n'),
    b"EHLO [IPv6:::1]\r\nMAIL FROM:<a@b.test> SIZE=5 BODY=8BITMIME RET=HDRS ENVID=x+20y\r\nRCPT TO:<\"q q\"@b.test> NOTIFY=SUCCESS,FAILURE ORCPT=rfc822;a+2Bb@c.test\r\nBDAT 5 LAST\r\nAUTH PLAIN AGEAYg==\r\nVRFY x\r\n",
    b"USER a b\r\nPASS c d\r\nTOP 1 2\r\nLIST 3\r\nAUTH PLAIN =\r\nUIDL\r\nDELE 1\r\n",
    b'PUTSCRIPT "x" {5+}\r\nkeep;\r\nHAVESPACE "x" 5\r\nAUTHENTICATE "PLAIN" {4+}\r\nAAAA\r\nRENAMESCRIPT "a" "b"\r\n',
    b"250-x.test\r\n250-SIZE 5\r\n250 ok\r\n550 5.1.1 no\r\n354 go\r\n",
]

MEETINGS = [
    (b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nBEGIN:VTIMEZONE\r\nTZID:Here\r\nBEGIN:DAYLIGHT\r\nDTSTART:19810329T020000\r\nRRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU\r\nTZOFFSETFROM:+0100\r\nTZOFFSETTO:+0200\r\n"
    b"END:DAYLIGHT\r\nEND:VTIMEZONE\r\nBEGIN:VEVENT\r\nUID:1@x.test\r\nSEQUENCE:2\r\nDTSTAMP:20261125T100000Z\r\nDTSTART;TZID=Here:20261201T100000\r\nDURATION:PT1H30M\r\nRRULE:FREQ=WEEKLY;COUNT=5\r\n"
    b'SUMMARY:A\\, b\r\nORGANIZER;CN="Ann, M":mailto:ann@x.test\r\nATTENDEE;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:a@b.test\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n'),
]
CARDS = [
    b"BEGIN:VCARD\r\nVERSION:3.0\r\nN:Miller;Ann;;Dr.;\r\nFN:Ann Miller\r\nEMAIL;TYPE=work:ann@x.test\r\nTEL:+49 1\r\nPHOTO;ENCODING=b;TYPE=PNG:iVBORw0KGgo=\r\nNOTE:a\\nb\r\nitem1.ADR:;;S;C;;1;L\r\nEND:VCARD\r\n",
    b'Name,E-mail Address,Notes\r\n"Miller, Ann",ann@x.test,"a ""b"""\r\n',
]
PACKAGES = [
    package(attribute(0x69003, properties(variable(0x102, 0x1013, b"<h1>Hi</h1>")), 1), one_file("NOTE.TXT", b"text"), one_file("../x.svg", b"<svg/>")),
]  # fmt: skip
QUESTIONS = [b'from:ann -is:read "two words" OR (subject:x) larger:5M older_than:3d before:2026-03-01 label:a,b has:attachment \xe4\xb8\xad filename:*.pdf in:"A/B"']


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """What is fed, and with what to begin."""

    feed: Callable[[bytes], object]
    seeds: Sequence[bytes]


TARGETS = {
    "message": Target(feed=whole_message, seeds=MESSAGES), "headers": Target(feed=header_fields, seeds=HEADS), "address": Target(feed=addresses, seeds=ADDRESSES),
    "html": Target(feed=html, seeds=MARKUP), "imap": Target(feed=imap, seeds=COMMANDS), "smtp": Target(feed=lines(smtp.parse_command), seeds=COMMANDS),
    "pop3": Target(feed=lines(pop3.parse_command), seeds=COMMANDS), "managesieve": Target(feed=lines(lambda line: managesieve.parse_command(Frame((line,)))), seeds=COMMANDS),
    "replies": Target(feed=replies, seeds=COMMANDS), "invitation": Target(feed=invitations, seeds=MEETINGS), "contacts": Target(feed=cards, seeds=CARDS),
    "winmail": Target(feed=tnef.read, seeds=PACKAGES), "search": Target(feed=lambda data: query.parse(data.decode("utf-8", "replace")[:2000]), seeds=QUESTIONS),
}  # fmt: skip


def hunt(target: Target, seconds: float, seed: int) -> int:
    """Feed broken input until time is up; how many. Fails with the input that took too long or brought another error."""
    rng, end, count = random.Random(seed), time.monotonic() + seconds, 0
    while time.monotonic() < end:
        data = broken(target.seeds, rng)
        begin = time.process_time()
        try:
            target.feed(data)
        except MailError:
            pass
        except Exception as error:
            raise AssertionError(f"{type(error).__name__}: {error} for {len(data)} bytes: {data[:2000]!r}") from error
        spent = time.process_time() - begin
        assert spent < INPUT_SECONDS, f"{spent:.1f} s for {len(data)} bytes: {data[:300]!r}"
        count += 1
    return count


@pytest.mark.parametrize("name", TARGETS)
def test_broken_input_is_parsed_or_refused_soon(name: str) -> None:
    assert hunt(TARGETS[name], QUICK_SECONDS, seed=1) > 0


@pytest.mark.long
@pytest.mark.parametrize("name", TARGETS)
def test_much_broken_input_is_parsed_or_refused_soon(name: str) -> None:
    assert hunt(TARGETS[name], LONG_SECONDS, seed=time.time_ns()) > 0


@pytest.mark.long
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", [name for name, one in vars(wire).items() if hasattr(one, "hypothesis") and name != "test_any_sasl_response_is_a_step_or_a_sasl_error"])
def test_the_wire_s_properties_hold_for_many_more_examples(name: str) -> None:
    settings(max_examples=10_000)(getattr(wire, name))()


@pytest.mark.parametrize("value", [b"x" + b";" * 65_000, b"a/b" + b"; " * 32_000, b"a/b" + b";\r\n\t" * 16_000 + b"c=d"])
def test_semicolons_before_nothing_cost_no_more_than_their_number(value: bytes) -> None:
    """The hunt found a Content-Type of 64 KB of them that took nine seconds: each was tried as the start of all that follow."""
    with within(0.2):
        raw_params(value)
