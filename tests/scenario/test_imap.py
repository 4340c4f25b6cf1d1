"""IMAP as real clients speak it, against a whole server."""

import asyncio
import base64
import contextlib
import imaplib
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
import time
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from mailcore.listen import pop3
from mailcore.sessions.imap.folders import Pattern
from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.within import within

LETTER = b"From: Ann <ann@out.test>\r\nTo: u1@x.test\r\nSubject: Gr\xc3\xbc\xc3\x9fe %d\r\nMessage-ID: <%d@out.test>\r\nDate: Mon, 2 Mar 2026 10:00:00 +0100\r\n\r\nLine %d of the letter.\r\n"


server = lasting(lambda: RoostServer(listeners=("smtp", "submission", "imap", "imaps", "pop3", "pop3s"), people=8))


def sign_in(server: RoostServer, user: str = "u1@x.test") -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20)
    client.login(user, PASSWORD)
    return client


def deliver(server: RoostServer, to: str, number: int = 1) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        client.sendmail("ann@out.test", [to], LETTER % (number, number, number))


def unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    return context


class Raw:
    """A connection that shows every byte."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=20)
        self.file = self.socket.makefile("rb")
        self.greeting = self.file.readline()

    def say(self, text: str | bytes) -> list[bytes]:
        """Send a command; every line up to its tagged answer."""
        data = text.encode() if isinstance(text, str) else text
        self.socket.sendall(data + b"\r\n")
        return self.until(data.split(b" ")[0] + b" ")

    def until(self, start: bytes) -> list[bytes]:
        lines = []
        while line := self.file.readline():
            lines.append(line.rstrip(b"\r\n"))
            if line.startswith(start):
                break
        return lines


def raw(server: RoostServer, user: str = "u1@x.test") -> Raw:
    made = Raw(server.ports["imap"])
    assert b" OK " in made.say(f'l LOGIN {user} "{PASSWORD}"')[-1]
    return made


def test_mail_that_came_by_smtp_is_read_by_imap_byte_for_byte(server: RoostServer) -> None:
    deliver(server, "u1@x.test", 1)
    with sign_in(server) as client:
        assert client.select("INBOX") == ("OK", [b"1"])
        _, data = client.fetch("1", "(FLAGS UID RFC822.SIZE BODYSTRUCTURE BODY.PEEK[])")
        head, body = data[0]
        envelope = client.fetch("1", "ENVELOPE")[1][0]  # the subject is raw 8 bit, so it comes as a literal
        assert envelope[1] == "Grüße 1".encode() and b"Mon, 2 Mar 2026 10:00:00 +0100" in envelope[0]
        assert body.startswith(b"Return-Path: <ann@out.test>\r\nReceived: from ")
        assert body.endswith(LETTER % (1, 1, 1))
        assert int(re.search(rb"RFC822.SIZE (\d+)", head).group(1)) == len(body)  # type: ignore[union-attr]
        assert b'"TEXT" "PLAIN"' in head.upper()
        assert client.fetch("1", "BODY[TEXT]")[1][0][1] == b"Line 1 of the letter.\r\n"
        assert client.fetch("1", "BODY.PEEK[TEXT]<5.3>")[1][0][1] == b"1 o"
        assert b"\\Seen" in client.fetch("1", "FLAGS")[1][0]
        assert client.fetch("1", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1][0][1] == "Subject: Grüße 1\r\n\r\n".encode()


def test_a_new_account_has_its_mailboxes_with_their_roles(server: RoostServer) -> None:
    with sign_in(server, "u2@x.test") as client:
        _, lines = client.list()
        shown = b"\n".join(lines)  # type: ignore[arg-type]
        for name, use in (("Drafts", "Drafts"), ("Sent", "Sent"), ("Junk", "Junk"), ("Trash", "Trash"), ("Archive", "Archive")):
            assert re.search(rb"\\%b\)? .*\"%b\"" % (use.encode(), name.encode()), shown)
        assert len(client.lsub()[1]) == 6


def test_append_store_copy_move_expunge_and_their_codes(server: RoostServer) -> None:
    wire = raw(server, "u2@x.test")
    wire.say("a CREATE Work/Deep")
    message = LETTER % (5, 5, 5)
    wire.socket.sendall(b"b APPEND INBOX (\\Seen $Todo) \"02-Mar-2026 08:00:00 +0000\" {%d+}\r\n%b\r\n" % (len(message), message))
    answer = wire.until(b"b ")[-1]
    found = re.search(rb"\[APPENDUID (\d+) (\d+)\]", answer)
    assert found, answer
    lines = wire.say("c SELECT INBOX")
    assert b"* 1 EXISTS" in lines and any(b"PERMANENTFLAGS" in x and b"\\*" in x for x in lines)
    assert b"$Todo" in b"".join(wire.say("d FETCH 1 (FLAGS INTERNALDATE)"))
    assert wire.say("e STORE 1 +FLAGS (\\Flagged)")[0].startswith(b"* 1 FETCH (FLAGS (\\Seen \\Flagged $Todo")
    assert wire.say("f STORE 1 -FLAGS.SILENT ($Todo)") == [b"f OK Done."]
    assert re.search(rb"\[COPYUID \d+ %b 1\]" % found.group(2), wire.say("g UID COPY 1:* Work/Deep")[-1])
    moved = wire.say("h MOVE 1 Archive")
    assert re.match(rb"\* OK \[COPYUID \d+ %b 1\]" % found.group(2), moved[0]) and b"* 1 EXPUNGE" in moved
    assert b"TRYCREATE" in wire.say("i COPY 1:* Nowhere")[-1] or b"BAD" in wire.say("i COPY 1 Nowhere")[-1]
    wire.say("j SELECT Archive")
    wire.say("k STORE 1 +FLAGS (\\Deleted)")
    assert wire.say("m EXPUNGE")[0] == b"* 1 EXPUNGE"


def test_several_messages_come_in_one_append_all_or_none(server: RoostServer) -> None:
    wire = raw(server, "u2@x.test")
    wire.say("a CREATE Several")
    one, two = b"Subject: one\r\n\r\nx\r\n", b"Subject: two\r\n\r\n" + b"y" * 300_000 + b"\r\n"
    wire.socket.sendall(b"b APPEND Several (\\Seen) {%d}\r\n" % len(one))
    assert wire.file.readline().startswith(b"+ ")
    wire.socket.sendall(one + b' (\\Flagged) "02-Mar-2026 08:00:00 +0000" {%d+}\r\n%b {%d+}\r\n%b\r\n' % (len(two), two, len(one), one))
    assert re.search(rb"\[APPENDUID \d+ 1:3\] Done", wire.until(b"b ")[-1])
    wire.say("c SELECT Several")
    assert [line.split(b"FLAGS ")[1] for line in wire.say("d FETCH 1:3 FLAGS")[:3]] == [b"(\\Seen \\Recent))", b"(\\Flagged \\Recent))", b"(\\Recent))"]
    wire.socket.sendall(b"e APPEND Several {%d+}\r\n%b {0+}\r\n\r\n" % (len(one), one))
    assert b" BAD An empty message" in wire.until(b"e ")[-1]
    wire.socket.sendall(b"f APPEND Several {%d+}\r\n%b {99999999999+}\r\n" % (len(one), one))
    assert b"f NO [TOOBIG]" in wire.until(b"f ")[-1]
    wire = raw(server, "u2@x.test")
    assert b"MESSAGES 3" in wire.say("g STATUS Several (MESSAGES)")[0], "nothing of a command that failed is kept"
    wire.socket.sendall(b"h APPEND Several {%d+}\r\n%b {%d}\r\n" % (len(one), one, 90_000_000))
    assert b"h NO [TOOBIG]" in wire.until(b"h ")[-1]
    wire.socket.sendall(b"i APPEND Several {%d+}\r\n%b nonsense\r\n" % (len(one), one))
    assert b"i BAD" in wire.until(b"i ")[-1]
    assert b"MESSAGES 3" in wire.say("j STATUS Several (MESSAGES)")[0]


def test_a_part_is_sent_without_its_transfer_encoding(server: RoostServer) -> None:
    wire = raw(server, "u2@x.test")
    wire.say("a CREATE Binary")
    picture = bytes(range(256)) * 2000
    parts = (
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nCaf=C3=A9\r\n",
        b"Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n" + base64.encodebytes(picture).replace(b"\n", b"\r\n"),
        b"Content-Type: text/plain\r\nContent-Transfer-Encoding: x-rot13\r\n\r\nUryyb\r\n",
    )  # fmt: skip
    message = b"Subject: parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n" + b"".join(b"--b\r\n" + one for one in parts) + b"--b--\r\n"
    wire.socket.sendall(b"b APPEND Binary {%d+}\r\n%b\r\n" % (len(message), message))
    wire.until(b"b ")
    wire.say("c SELECT Binary")
    assert wire.say("d FETCH 1 (BINARY.SIZE[1] BINARY.SIZE[2] BINARY.PEEK[1])")[:2] == [b"* 1 FETCH (BINARY.SIZE[1] 5 BINARY.SIZE[2] 512000 BINARY[1] {5}", b"Caf\xc3\xa9)"]
    assert wire.say("e FETCH 1 BINARY.PEEK[2]<65.3>")[:2] == [b"* 1 FETCH (BINARY[2]<65> {3}", b"ABC)"]
    assert b"\\Seen" not in wire.say("f FETCH 1 FLAGS")[0]
    wire.socket.sendall(b"g FETCH 1 BINARY[2]\r\n")
    assert wire.file.readline() == b"* 1 FETCH (BINARY[2] ~{512000}\r\n"
    assert wire.file.read(len(picture)) == picture
    assert b"\\Seen" in wire.until(b"g ")[0]
    assert wire.say("h FETCH 1 BINARY.PEEK[9]")[0] == b"* 1 FETCH (BINARY[9] NIL)"
    assert b"h NO [UNKNOWN-CTE]" in wire.say("h FETCH 1 BINARY.PEEK[3]")[-1]
    wire.socket.sendall(b"i FETCH 1 BINARY.PEEK[]\r\n")
    assert wire.file.readline() == b"* 1 FETCH (BINARY[] {%d}\r\n" % len(message)
    assert wire.file.read(len(message)) == message


def test_two_programs_see_each_others_changes_at_once(server: RoostServer) -> None:
    idle, other = raw(server, "u3@x.test"), raw(server, "u3@x.test")
    deliver(server, "u3@x.test", 1)
    idle.say("a SELECT INBOX")
    other.say("a SELECT INBOX")
    idle.socket.sendall(b"b IDLE\r\n")
    assert idle.file.readline().startswith(b"+ ")
    deliver(server, "u3@x.test", 2)
    assert idle.file.readline() == b"* 2 EXISTS\r\n"
    idle.file.readline()
    other.say("c STORE 1 +FLAGS (\\Answered)")
    assert idle.file.readline().startswith(b"* 1 FETCH (FLAGS (\\Answered")
    other.say("d UID MOVE 1:* Archive")
    assert {idle.file.readline(), idle.file.readline()} == {b"* 2 EXPUNGE\r\n", b"* 1 EXPUNGE\r\n"}
    idle.socket.sendall(b"DONE\r\n")
    assert idle.until(b"b ")[-1].startswith(b"b OK")


def test_no_expunge_is_told_while_numbers_are_in_use(server: RoostServer) -> None:
    first, second = raw(server, "u4@x.test"), raw(server, "u4@x.test")
    for number in range(3):
        deliver(server, "u4@x.test", number)
    first.say("a SELECT INBOX")
    second.say("a SELECT INBOX")
    second.say("b UID STORE 1:* +FLAGS.SILENT (\\Deleted)")
    second.say("c EXPUNGE")
    told = first.say("d FETCH 1:3 (FLAGS)")
    assert not any(b"EXPUNGE" in line for line in told)
    assert [line for line in first.say("e NOOP") if b"EXPUNGE" in line] == [b"* 3 EXPUNGE", b"* 2 EXPUNGE", b"* 1 EXPUNGE"]


def test_search_finds_by_flags_dates_headers_and_text(server: RoostServer) -> None:
    wire = raw(server, "u5@x.test")
    for number in range(1, 6):
        deliver(server, "u5@x.test", number)
    wire.say("a SELECT INBOX")
    wire.say("b STORE 2 +FLAGS (\\Seen $Work)")

    def hits(keys: str) -> bytes:
        return next(line for line in wire.say(f"s {keys}") if line.startswith((b"* SEARCH", b"* ESEARCH")))

    assert hits("SEARCH ALL") == b"* SEARCH 1 2 3 4 5"
    assert hits("SEARCH SEEN") == b"* SEARCH 2"
    assert hits("SEARCH KEYWORD $work") == b"* SEARCH 2"
    assert hits("SEARCH NOT SEEN 1:3") == b"* SEARCH 1 3"
    assert hits('SEARCH TEXT "line 4 of"') == b"* SEARCH 4"
    assert hits('SEARCH BODY "LETTER"') == b"* SEARCH 1 2 3 4 5"
    assert hits("SEARCH HEADER Message-ID <3@out.test>") == b"* SEARCH 3"
    assert hits("SEARCH OR (FROM ann SEEN) UID 5") == b"* SEARCH 2 5"
    assert hits("SEARCH SENTON 2-Mar-2026") == b"* SEARCH 1 2 3 4 5"
    assert hits("SEARCH BEFORE 1-Jan-2020") == b"* SEARCH"
    assert hits("SEARCH NOT (OR SUBJECT nothing BODY nothing)") == b"* SEARCH 1 2 3 4 5"
    text = "Grüße 3".encode()
    wire.socket.sendall(b"u SEARCH CHARSET UTF-8 SUBJECT {%d+}\r\n%b\r\n" % (len(text), text))
    assert b"* SEARCH 3" in wire.until(b"u ")
    assert hits("UID SEARCH RETURN (MIN MAX COUNT ALL) UNSEEN") == b'* ESEARCH (TAG "s") UID MIN 1 MAX 5 ALL 1,3:5 COUNT 4'


def test_a_search_may_have_a_thousand_values(server: RoostServer) -> None:
    wire = raw(server, "u5@x.test")
    wire.say("a SELECT INBOX")
    for key, count in (("LARGER 5", 990), ("NOT SMALLER 5", 490), ("OR LARGER 5 SMALLER 3", 320)):
        assert wire.say("b SEARCH 1 " + " ".join([key] * count))[0] == b"* SEARCH 1"
    assert wire.say("c SEARCH UID " + ",".join(str(n) for n in range(1, 1000, 2)))[0] == b"* SEARCH 1 3 5"


def test_a_range_that_ends_in_a_star_holds_the_last_message(server: RoostServer) -> None:
    wire = raw(server, "u5@x.test")
    wire.say("a SELECT INBOX")
    assert wire.say("b UID FETCH 559000:* (UID)")[0] == b"* 5 FETCH (UID 5)"
    assert wire.say("c UID FETCH 4,559000:* (UID)")[:2] == [b"* 4 FETCH (UID 4)", b"* 5 FETCH (UID 5)"]
    assert wire.say("d UID SEARCH UID *:559000")[0] == b"* SEARCH 5"
    assert wire.say("e UID FETCH 6:559000 (UID)") == [b"e OK Done."]


def test_the_day_a_letter_was_sent_is_the_one_its_sender_wrote(server: RoostServer) -> None:
    wire = raw(server, "u6@x.test")
    wire.say("a CREATE Zones")
    dates = ("Mon, 2 Mar 2026 23:30:00 -0800", "Tue, 3 Mar 2026 00:30:00 +1300", "Tue, 3 Mar 2026 12:00:00 +0000", "1 Mar 2026 12:00:00 +0000", "nonsense")
    for written in dates:
        message = f"From: a@b.test\r\nDate: {written}\r\n\r\nx\r\n".encode()
        wire.socket.sendall(b'b APPEND Zones "02-Mar-2026 08:00:00 +0000" {%d+}\r\n%b\r\n' % (len(message), message))
        assert b" OK" in wire.until(b"b ")[-1]
    wire.say("c SELECT Zones")
    for keys, expected in (
        ("SENTON 2-Mar-2026", b"1 5"), ("SENTON 3-Mar-2026", b"2 3"), ("SENTBEFORE 3-Mar-2026", b"1 4 5"), ("SENTSINCE 3-Mar-2026", b"2 3"),
        ("NOT SENTON 2-Mar-2026", b"2 3 4"), ("OR SENTON 1-Mar-2026 SENTON 3-Mar-2026", b"2 3 4"), ("SENTSINCE 1-Feb-2026", b"1 2 3 4 5"),
    ):  # fmt: skip
        assert wire.say(f"d SEARCH {keys}")[0] == b"* SEARCH " + expected, keys


def test_condstore_and_qresync_tell_what_was_missed(server: RoostServer) -> None:
    wire = raw(server, "u6@x.test")
    for number in range(1, 5):
        deliver(server, "u6@x.test", number)
    lines = wire.say("a SELECT INBOX (CONDSTORE)")
    modseq = int(re.search(rb"HIGHESTMODSEQ (\d+)", b"".join(lines)).group(1))  # type: ignore[union-attr]
    validity = int(re.search(rb"UIDVALIDITY (\d+)", b"".join(lines)).group(1))  # type: ignore[union-attr]
    assert b"MODSEQ" in wire.say("b STORE 1 (UNCHANGEDSINCE 999999) +FLAGS (\\Seen)")[0]
    assert b"[MODIFIED 1]" in wire.say(f"c STORE 1,2 (UNCHANGEDSINCE {modseq}) +FLAGS (\\Flagged)")[-1]
    wire.say("d STORE 3 +FLAGS.SILENT (\\Deleted)")
    wire.say("e EXPUNGE")
    back = raw(server, "u6@x.test")
    back.say("a ENABLE QRESYNC")
    told = back.say(f"b SELECT INBOX (QRESYNC ({validity} {modseq}))")
    assert b"* VANISHED (EARLIER) 3" in told
    assert sorted(int(m.group(1)) for line in told if (m := re.match(rb"\* \d+ FETCH \(UID (\d+)", line))) == [1, 2]
    assert back.say("c UID FETCH 1:* (FLAGS) (CHANGEDSINCE 999999)") == [b"c OK Done."]


def test_mailboxes_are_made_renamed_listed_and_removed(server: RoostServer) -> None:
    wire = raw(server, "u7@x.test")
    wire.say('a CREATE "B&APw-ro/2026"')
    assert any(b"B&APw-ro/2026" in line for line in wire.say('b LIST "" "B*"'))
    assert b" OK" in wire.say('c RENAME "B&APw-ro" Office')[-1]
    assert [line for line in wire.say('d LIST "" "Office/%"') if line.startswith(b"*")] == [b'* LIST (\\HasNoChildren) "/" "Office/2026"']
    assert b"[ALREADYEXISTS]" in wire.say("e CREATE Office")[-1]
    assert b"NO" in wire.say("f DELETE INBOX")[-1]
    assert b" OK" in wire.say("g DELETE Office/2026")[-1]
    status = wire.say("h STATUS INBOX (MESSAGES UIDNEXT UNSEEN SIZE HIGHESTMODSEQ)")[0]
    assert status.startswith(b"* STATUS INBOX (MESSAGES 0 UIDNEXT 1 UNSEEN 0 SIZE 0 HIGHESTMODSEQ")
    assert any(b"* STATUS" in line for line in wire.say('i LIST "" "*" RETURN (STATUS (MESSAGES))'))
    for bad in ("../../x", "a//b", "/x"):
        assert b" OK" not in wire.say(f'j CREATE "{bad}"')[-1]


def test_list_patterns_with_many_stars_are_quick(server: RoostServer) -> None:
    wire = raw(server, "u7@x.test")
    assert wire.say('a LIST "" "' + "%*" * 400 + 'x"') == [b"a OK Done."]
    assert wire.say('b LIST "" "' + "*a" * 600 + '"')[-1].startswith((b"b BAD", b"b NO"))


def test_comparing_a_pattern_costs_no_more_than_the_name_is_long() -> None:
    names = ["a" * 99 + "/" + "a" * (100 + number % 100) + "b" for number in range(300)]
    with within(0.5):
        for text in ("*a" * 400, "*a" * 100, "%a" * 80 + "*b*c"):
            pattern = Pattern(text)
            assert not any(pattern.matches(name) for name in names)
    cases = {"*": "x", "%": "x", "a*c": "abc", "a%/c": "a/c", "a/%": "a/b", "*/c": "a/b/c", "%b%": "abc", "": "", "a*": "a"}
    assert all(Pattern(text).matches(name) for text, name in cases.items())
    wrong = {"%": "a/b", "a%": "a/b", "a*c": "abd", "a": "ab", "ab": "a", "%/%": "a/b/c"}
    assert not any(Pattern(text).matches(name) for text, name in wrong.items())


def test_a_parent_of_a_subscribed_mailbox_is_shown_when_asked_for(server: RoostServer) -> None:
    wire = raw(server, "u6@x.test")
    wire.say("a CREATE Top/Low")
    wire.say("b UNSUBSCRIBE Top")
    wire.say("c SUBSCRIBE Top/Low")
    assert wire.say('d LIST (SUBSCRIBED) "" "Top%"') == [b"d OK Done."]
    assert wire.say('e LIST (SUBSCRIBED RECURSIVEMATCH) "" "Top%"')[0] == b'* LIST (\\HasChildren) "/" "Top" ("CHILDINFO" ("SUBSCRIBED"))'


def test_starttls_forgets_what_was_pipelined_behind_it(server: RoostServer) -> None:
    wire = Raw(server.ports["imap"])
    wire.socket.sendall(b"a STARTTLS\r\nb NOOP\r\n")
    assert wire.file.readline().startswith(b"a OK")
    with contextlib.suppress(ssl.SSLError):
        tls = unverified().wrap_socket(wire.socket)
        tls.settimeout(0.7)
        with pytest.raises(TimeoutError):
            tls.recv(100)


def test_tls_by_starttls_and_from_the_first_byte(server: RoostServer) -> None:
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20)
    client.starttls(unverified())
    client.login("u1@x.test", PASSWORD)
    assert client.select()[0] == "OK"
    over = imaplib.IMAP4_SSL("127.0.0.1", server.ports["imaps"], ssl_context=unverified(), timeout=20)
    over.authenticate("PLAIN", lambda _: b"\0u1@x.test\0" + PASSWORD.encode())
    assert over.select()[0] == "OK"


def test_outside_loopback_no_password_is_taken_in_the_clear() -> None:
    server = RoostServer(listeners=("imap", "pop3"), people=1, host="127.0.0.9")
    try:
        # The peer's own address decides: 127.0.0.2 is not real loopback.
        with socket.create_connection(("127.0.0.9", server.ports["imap"]), 10, source_address=("127.0.0.2", 0)) as one:
            file = one.makefile("rb")
            assert b"LOGINDISABLED" in file.readline()
            one.sendall(f'a LOGIN u1@x.test "{PASSWORD}"\r\n'.encode())
            assert b"[PRIVACYREQUIRED]" in file.readline()
        with socket.create_connection(("127.0.0.9", server.ports["pop3"]), 10, source_address=("127.0.0.2", 0)) as one:
            file = one.makefile("rb")
            file.readline()
            one.sendall(b"USER u1@x.test\r\n")
            assert file.readline().startswith(b"-ERR")
    finally:
        server.remove()


def test_strangers_cannot_fill_memory(server: RoostServer) -> None:
    wire = Raw(server.ports["imap"])
    wire.socket.sendall(b"a LOGIN {2147483647+}\r\n" + b"x" * 200_000)
    answer = wire.file.readline()
    assert b"BAD" in answer or b"NO" in answer
    deep = Raw(server.ports["imap"])
    with contextlib.suppress(OSError):
        deep.socket.sendall(b"a " + b"(" * 1_000_000)
    with contextlib.suppress(ConnectionResetError):
        assert b"BAD" in deep.file.readline() + deep.file.readline()


def test_an_append_that_is_too_big_is_refused_before_it_comes(server: RoostServer) -> None:
    wire = raw(server, "u7@x.test")
    assert b"[TOOBIG]" in wire.say("a APPEND INBOX {99999999999}")[-1]
    wire.socket.sendall(b"b APPEND INBOX {5+}\r\nabcdeXX\r\n")
    assert b"BAD" in wire.until(b"b ")[-1]
    assert b" OK" in wire.say("c NOOP")[-1]


def test_wrong_passwords_are_answered_alike_and_end_the_connection(server: RoostServer) -> None:
    wire = Raw(server.ports["imap"])
    answers = {wire.say(f"a LOGIN {name} wrong-one")[-1] for name in ("u1@x.test", "nobody@x.test", "'OR'1'='1")}
    assert len(answers) == 1 and b"[AUTHENTICATIONFAILED]" in answers.pop()


def test_mbsync_brings_5000_messages_down_and_changes_up(server: RoostServer, tmp_path: Path) -> None:
    if shutil.which("mbsync") is None:
        pytest.skip("mbsync (isync) is not installed")
    with sign_in(server, "u8@x.test") as client:
        client.create("Many")
        for number in range(5000):
            client.append("Many", None, None, LETTER % (number, number, number))  # type: ignore[arg-type]
    config = tmp_path / "mbsyncrc"
    config.write_text(
        f"IMAPAccount r\nHost 127.0.0.1\nPort {server.ports['imap']}\nUser u8@x.test\nPass \"{PASSWORD}\"\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount r\n\n"
        f"MaildirStore near\nPath {tmp_path}/mail/\nInbox {tmp_path}/mail/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns *\nCreate Both\nExpunge Both\nSync All\n"
    )
    (tmp_path / "mail").mkdir()

    def sync() -> None:
        done = subprocess.run(["mbsync", "-c", str(config), "-a"], capture_output=True, text=True, check=False, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr

    sync()
    here = list((tmp_path / "mail" / "Many").rglob("*U=*"))
    assert len(here) == 5000
    here[0].rename(here[0].with_name(here[0].name.rpartition(",")[0] + ",FS"))
    here[1].unlink()
    new = tmp_path / "mail" / "Many" / "new" / "1.2.here"
    new.write_bytes((LETTER % (9999, 9999, 9999)).replace(b"\r\n", b"\n"))
    sync()
    with sign_in(server, "u8@x.test") as client:
        assert client.select("Many")[1] == [b"5000"]
        assert client.search(None, "FLAGGED", "SEEN")[1] != [b""]
        assert client.search(None, "HEADER", "Message-ID", "<9999@out.test>")[1] != [b""]


def test_curl_reads_a_message(server: RoostServer) -> None:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    deliver(server, "u2@x.test", 77)
    done = subprocess.run(
        ["curl", "-s", "-u", f"u2@x.test:{PASSWORD}", f"imap://127.0.0.1:{server.ports['imap']}/INBOX/;MAILINDEX=1"], capture_output=True, check=False
    )
    assert done.returncode == 0 and b"Line 77 of the letter." in done.stdout


def test_pop3_reads_and_deletes_only_at_quit(server: RoostServer) -> None:
    import poplib

    for number in (1, 2, 3):
        deliver(server, "u7@x.test", number)

    def client() -> poplib.POP3:
        made = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
        made.user("u7@x.test")
        made.pass_(PASSWORD)
        return made

    cut = client()
    assert cut.stat()[0] == 3
    assert b"\r\n".join(cut.retr(1)[1]).endswith(b"Line 1 of the letter.")
    assert len(cut.top(2, 0)[1]) < len(cut.retr(2)[1])
    with pytest.raises(poplib.error_proto, match="IN-USE"):
        client()
    cut.dele(1)
    cut.sock.shutdown(socket.SHUT_RDWR)  # type: ignore[attr-defined]
    cut.close()
    deadline = time.monotonic() + 20
    while True:
        try:
            again = client()
            break
        except poplib.error_proto:
            assert time.monotonic() < deadline
            time.sleep(0.1)
    ids = again.uidl()[1]
    assert len(ids) == 3
    again.dele(1)
    again.quit()
    last = client()
    assert last.uidl()[1] == [b"1 " + ids[1].split()[1], b"2 " + ids[2].split()[1]]
    assert "STLS" not in last.capa() and "UIDL" in last.capa()
    assert "STLS" in poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20).capa()
    last.quit()
    with sign_in(server, "u7@x.test") as imap:
        assert imap.select("Archive")[1] == [b"1"]


def test_pop3_carries_out_what_came_before_the_client_stopped_sending(server: RoostServer) -> None:
    for number in (1, 2):
        deliver(server, "u3@x.test", number)
    with sign_in(server, "u3@x.test") as imap:
        before = int(imap.select("INBOX")[1][0])  # type: ignore[arg-type]
    with socket.create_connection(("127.0.0.1", server.ports["pop3"]), 10) as half:
        half.sendall(f"USER u3@x.test\r\nPASS {PASSWORD}\r\nDELE 1\r\nQUIT\r\n".encode())
        half.shutdown(socket.SHUT_WR)
        lines = half.makefile("rb").readlines()
    assert len(lines) == 5 and all(line.startswith(b"+OK") for line in lines), lines
    with sign_in(server, "u3@x.test") as imap:
        assert int(imap.select("INBOX")[1][0]) == before - 1  # type: ignore[arg-type]


def test_the_pop3_lock_is_renewed_while_the_session_lives_and_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    taken: list[bool] = []
    freed: list[object] = []

    async def write(_fn: object) -> bool:
        taken.append(len(taken) < 3)
        return taken[-1]

    monkeypatch.setattr(pop3.pop3, "LEASE_SECONDS", 0.03)
    runtime = SimpleNamespace(clock=SimpleNamespace(micros=lambda: 0), store=SimpleNamespace(submit=freed.append))
    bridge: Any = SimpleNamespace(runtime=runtime, write=write)

    async def live() -> None:
        one, two = (pop3.Connection(bridge, None, is_tls=False) for _ in range(2))  # type: ignore[arg-type]
        two.transport = SimpleNamespace(abort=lambda: None)
        await one.lock(1)
        one.unlock()
        assert len(freed) == 1
        await two.lock(1)
        await asyncio.wait_for(two.keep_lock(1), 2)
        assert taken == [True, True, True, False] and two.is_gone
        two.unlock()
        assert len(freed) == 1  # it is another session's by now

    asyncio.run(live())


def test_imap_carries_out_what_came_before_the_client_stopped_sending(server: RoostServer) -> None:
    wire = raw(server, "u3@x.test")
    wire.socket.sendall(b"a SELECT INBOX\r\nb NOOP\r\n")
    wire.socket.shutdown(socket.SHUT_WR)
    assert wire.until(b"b ")[-1] == b"b OK Done." and wire.file.read() == b""


def test_a_session_ends_at_the_next_command_after_its_account_was_switched_off(server: RoostServer) -> None:
    import poplib

    wire = raw(server, "u4@x.test")
    pop = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
    pop.user("u4@x.test")
    pop.pass_(PASSWORD)
    server.run("account", "set", "u4@x.test", "--enabled", "off")
    try:
        assert wire.say("a NOOP")[-1].startswith(b"* BYE") and wire.file.readline() == b""
        with pytest.raises(poplib.error_proto, match="switched off"):
            pop.stat()
    finally:
        server.run("account", "set", "u4@x.test", "--enabled", "on")


def test_after_unauthenticate_the_limits_of_strangers_hold(server: RoostServer) -> None:
    wire = raw(server, "u4@x.test")
    assert b" OK" in wire.say("a UNAUTHENTICATE")[-1]
    wire.socket.sendall(b"b LOGIN {100000}\r\n")
    assert not wire.file.readline().startswith(b"+")


def test_two_appends_at_once_do_not_go_over_the_quota(server: RoostServer) -> None:
    server.run("account", "set", "u5@x.test", "--quota", "1M")
    try:
        both = [raw(server, "u5@x.test") for _ in range(2)]
        message = b"Subject: large\r\n\r\n" + b"x" * 600_000 + b"\r\n"
        for wire in both:
            wire.socket.sendall(b"a APPEND Archive {%d}\r\n" % len(message))
            assert wire.file.readline().startswith(b"+ ")
        for wire in both:
            wire.socket.sendall(message + b"\r\n")
        answers = [wire.until(b"a ")[-1] for wire in both]
        assert sorted(b"[OVERQUOTA]" in answer for answer in answers) == [False, True], answers
        both[0].say("b SELECT Archive")
        assert b"[OVERQUOTA]" in both[0].say("c COPY 1 INBOX")[-1]
    finally:
        server.run("account", "set", "u5@x.test", "--quota", "0")


def test_fetchmail_fetches_by_pop3(server: RoostServer, tmp_path: Path) -> None:
    if shutil.which("fetchmail") is None:
        pytest.skip("fetchmail is not installed")
    deliver(server, "u2@x.test", 78)
    rc = tmp_path / "rc"
    rc.write_text(f'poll 127.0.0.1 protocol POP3 port {server.ports["pop3"]} user "u2@x.test" password "{PASSWORD}" keep fetchall mda "cat >> {tmp_path}/out"\n')
    rc.chmod(0o600)
    done = subprocess.run(["fetchmail", "-f", str(rc), "--sslproto", "", "-N", "--nosyslog", "--pidfile", str(tmp_path / "pid")], capture_output=True, text=True, check=False, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin", "USER": "root", "FETCHMAILHOME": str(tmp_path)})
    assert done.returncode == 0, done.stdout + done.stderr
    assert b"Line 78 of the letter." in (tmp_path / "out").read_bytes()
