from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.base.errors import MailError, Reason
from mailcore.mail.address import Address, NamedAddress, ReversePath
from mailcore.mail.authres import AuthResults, MethodResult, parse_authres, strip_own
from mailcore.mail.body import decode_body, decode_text
from mailcore.mail.convert import has_long_line, needs_8bit, needs_smtputf8, to_7bit
from mailcore.mail.dsn import Dsn, DsnRecipient, build_dsn, parse_dsn
from mailcore.mail.headers import scan_headers
from mailcore.mail.mime import parse
from mailcore.mail.received import Hop, count_received, received_line, return_path_line

from .corpora import corpus

NOW = datetime(2026, 11, 23, 22, 47, 45, tzinfo=timezone(timedelta(hours=1)))


def hop(**changes):
    fields = {"helo": "client.example", "peer_address": "192.0.2.1", "by": "mx.x.test", "protocol": "ESMTPS", "trace": "abc", "date": NOW}
    return Hop(**{**fields, **changes})


def test_a_received_line_says_who_how_and_when():
    line = received_line(hop(peer_name="host.example", tls="TLSv1.3 with cipher X", recipient=Address.parse("u@x.test")))
    assert line == (
        b"Received: from client.example (host.example [192.0.2.1])\r\n (using TLSv1.3 with cipher X)\r\n by mx.x.test with ESMTPS id abc\r\n"
        b" for <u@x.test>;\r\n Mon, 23 Nov 2026 22:47:45 +0100\r\n"
    )
    assert b"[IPv6:2001:db8::1]" in received_line(hop(peer_address="2001:db8::1"))


@pytest.mark.parametrize("bad", ["x\r\nSubject: forged", "a) (b", "ü\x00", "", "x" * 5000])
def test_a_hostile_name_stays_in_its_place(bad):
    line = received_line(hop(helo=bad, peer_name=bad, tls=bad))
    headers = scan_headers(line + b"\r\n")
    assert len(headers) == 1 and count_received(headers) == 1
    assert line.isascii() and not has_long_line(line)


def test_return_path_and_hops():
    assert return_path_line(ReversePath(None)) == b"Return-Path: <>\r\n"
    assert count_received(scan_headers(b"Received: a\r\nX: y\r\nreceived: b\r\n\r\n")) == 2


AR = AuthResults(
    authserv_id="mx.x.test",
    results=(
        MethodResult(method="spf", result="pass", properties=(("smtp.mailfrom", "a@b.test"),)),
        MethodResult(method="dkim", result="fail", reason='bad "sig"; x=y', properties=(("header.d", "b.test"), ("header.b", "ab/+=="))),
    ),
)


def test_results_come_back_as_they_were_written():
    value = scan_headers(bytes(AR) + b"\r\n").get(b"authentication-results")
    assert parse_authres(value) == AR
    assert parse_authres(scan_headers(bytes(AuthResults(authserv_id="x")) + b"\r\n").get(b"authentication-results")) == AuthResults(authserv_id="x")


def test_foreign_fields_are_read_leniently():
    parsed = parse_authres(b'mx.google.test 1; dkim=pass (good (really)) header.i=@x.test;\r\n spf/1 = Pass reason="a b" smtp.mailfrom=<a@b>; none; =; x')
    assert [(r.method, r.result, r.reason) for r in parsed.results] == [("dkim", "pass", ""), ("spf", "pass", "a b")]


@given(st.binary(max_size=200))
def test_any_bytes_are_read_without_an_error(data):
    parse_authres(data)
    parse_dsn(data)
    parse_dsn(b"Content-Type: message/delivery-status\r\n\r\n" + data)


def test_a_name_with_a_line_break_is_refused():
    with pytest.raises(MailError):
        bytes(AuthResults(authserv_id="x\r\ny"))


def test_only_what_bears_our_name_is_stripped():
    ours = b"Authentication-Results: MX.x.test; spf=pass\r\n"
    theirs = b"Authentication-Results: other.test; spf=pass\r\n"
    spf = b"Received-SPF: pass receiver=mx.x.test\r\n"
    rest = b"Subject: x\r\n\r\n" + ours
    assert strip_own(ours + theirs + b"Authentication-Results: (c) mx.x.test 1;\r\n none\r\n" + spf + rest, "mx.x.test") == theirs + rest
    assert strip_own(theirs + rest, "mx.x.test") == theirs + rest


def report(**changes):
    recipients = (
        DsnRecipient(final="bob@y.test", action="failed", status="5.1.1", original="rfc822;Bob@y.test", remote_mta="mx.y.test", diagnostic="550 5.1.1 no\r\nsuch user", last_attempt=NOW),
    )
    fields = {
        "reporting_mta": "mx.x.test", "from_": NamedAddress("Mail Delivery", Address.parse("mailer-daemon@x.test")), "to": Address.parse("jane@x.test"),
        "subject": "Nicht zugestellt: Grüße", "text": "Deine Nachricht kam nicht an.\nGrüße\n", "recipients": recipients, "date": NOW, "msgid": "d1@x.test",
        "original": b"Subject: hi\r\nMessage-ID: <m1@x.test>\r\n\r\nsecret body\r\n", "envelope_id": "E1", "arrival": NOW,
    }  # fmt: skip
    return Dsn(**{**fields, **changes})


def test_a_report_is_for_people_first_and_comes_back():
    data = build_dsn(report())
    root = parse(data)
    assert [part.mime_type for part in root.children] == ["text/plain", "message/delivery-status", "text/rfc822-headers"]
    assert root.params["report-type"] == "delivery-status" and data.isascii()
    assert "Grüße" in decode_text(data, root.children[0]) and b"secret body" not in data
    read = parse_dsn(data)
    assert (read.reporting_mta, read.envelope_id, read.original_msgid) == ("mx.x.test", "E1", "m1@x.test")
    (bob,) = read.recipients
    assert (bob.final, bob.action, bob.status, bob.remote_mta, bob.diagnostic) == ("bob@y.test", "failed", "5.1.1", "mx.y.test", "550 5.1.1 no such user")
    assert bob.last_attempt == NOW
    assert scan_headers(data).get(b"in-reply-to") == b"<m1@x.test>"


def test_the_whole_message_comes_back_when_asked_for():
    data = build_dsn(report(return_full=True))
    assert parse(data).children[2].mime_type == "message/rfc822" and b"secret body" in data
    assert needs_8bit(build_dsn(report(return_full=True, original="A: b\r\n\r\nä".encode())))


def test_an_international_recipient_gets_the_utf8_form():
    original = "Subject: ä\r\nMessage-ID: <m@x>\r\n\r\nx\r\n".encode()
    for full, kind in ((False, "message/global-headers"), (True, "application/octet-stream")):
        data = build_dsn(report(recipients=(DsnRecipient(final="jörg@y.test", action="delayed", status="4.4.1", retry_until=NOW),), original=original, return_full=full))
        root = parse(data)
        assert data.isascii()
        assert [part.mime_type for part in root.children[1:]] == ["message/global-delivery-status", kind]
        assert parse_dsn(data).recipients[0].final == "jörg@y.test"
        assert decode_body(data, root.children[2]) == (original if full else original[:-3])


def test_a_report_with_forged_fields_is_refused():
    for changes in ({"envelope_id": "x\r\ny"}, {"reporting_mta": "x\ny"}, {"recipients": (DsnRecipient(final="a@b", action="eaten", status="5.0.0"),)}):
        with pytest.raises(MailError):
            build_dsn(report(**changes))


def test_reports_of_other_servers_are_read():
    seen = 0
    for path in sorted(corpus("messages/flanker").glob("messages__bounce__*")):
        read = parse_dsn(path.read_bytes())
        if read is not None:
            seen += 1
            assert read.recipients and all(r.action for r in read.recipients), path.name
    assert seen >= 5


TEXT8 = b"Subject: x\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\nGr\xc3\xbc\xc3\x9fe\r\n.\r\nFrom here\r\n"


def test_eight_bit_text_becomes_quoted_printable():
    out = to_7bit(TEXT8)
    assert b"Content-Transfer-Encoding: quoted-printable\r\n" in out and out.isascii() and b"\r\n.\r\n" not in out
    assert decode_body(out, parse(out)) == b"Gr\xc3\xbc\xc3\x9fe\r\n.\r\nFrom here\r\n"
    assert to_7bit(out) is None


def test_binary_and_long_lines_are_encoded_and_containers_relabelled():
    data = (
        b"Content-Type: multipart/mixed; boundary=b\r\nContent-Transfer-Encoding: 8bit\r\n\r\npre\xe4\r\n--b\r\n\r\n" + b"x" * 2000 + b"\r\n--b\r\nContent-Type: image/png\r\n\r\n\x89PNG\n\r\x00"
        b"\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nSubject: in\r\n\r\n\xe4\r\n--b\r\nContent-Type: text/plain\r\n\r\nsame\r\n--b--\r\n"
    )
    out = to_7bit(data)
    assert not needs_8bit(out) and not has_long_line(out) and b"8bit" not in out
    before, after = parse(data), parse(out)
    assert [decode_body(data, p) for p in before.walk() if not p.children and not p.message] == [decode_body(out, p) for p in after.walk() if not p.children and not p.message]
    assert b"Content-Type: text/plain\r\n\r\nsame" in out


@pytest.mark.parametrize(
    "data",
    [
        b"DKIM-Signature: x\r\n" + TEXT8,
        b"Content-Type: multipart/signed; boundary=b\r\n\r\n--b\r\n\r\n\xe4\r\n--b--",
        b"Content-Type: multipart/mixed; boundary=a\r\n\r\n--a\r\nContent-Type: multipart/encrypted; boundary=b\r\n\r\n--b\r\n\r\n\xe4\r\n--b--\r\n--a--",
    ],
)
def test_what_is_signed_is_never_converted(data):
    with pytest.raises(MailError) as caught:
        to_7bit(data)
    assert caught.value.reason is Reason.NOT_SUPPORTED


def test_what_needs_nothing_is_left_alone():
    assert to_7bit(b"Subject: x\r\n\r\nplain\r\n") is None
    assert to_7bit("Subject: ä\r\n\r\nplain\r\n".encode()) is None
    assert not needs_8bit("Subject: ä\r\n\r\nplain\r\n".encode()) and needs_8bit(TEXT8)


def test_lines_are_measured_without_their_endings():
    assert not has_long_line(b"a" * 998 + b"\r\nb") and not has_long_line(b"")
    assert has_long_line(b"a" * 999) and has_long_line(b"b\r\n" + b"a" * 999 + b"\r\n")


def test_only_addresses_ask_for_smtputf8():
    assert needs_smtputf8(scan_headers("From: jörg@x.test\r\n\r\n".encode()))
    assert not needs_smtputf8(scan_headers("From: Jörg <j@x.test>\r\nSubject: ä\r\n\r\n".encode()))


def test_the_corpus_is_converted_without_losing_a_byte_of_content():
    done = 0
    for path in sorted(corpus("messages").rglob("*")):
        if not path.is_file() or "LICENSE" in str(path):
            continue
        data = path.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        try:
            out = to_7bit(data)
        except MailError:
            continue
        if out is not None:
            done += 1
            before, after = parse(data), parse(out)
            assert [p.mime_type for p in before.walk()] == [p.mime_type for p in after.walk()], path.name
            assert not has_long_line(out) or has_long_line(data[: before.body_start]), path.name
            for old, new in zip(before.walk(), after.walk(), strict=True):
                if not old.children and not old.message:
                    assert decode_body(data, old).rstrip() == decode_body(out, new).rstrip(), path.name
    assert done > 20


def test_utc_is_written_as_a_number():
    assert received_line(hop(date=datetime(2026, 1, 1, tzinfo=UTC))).endswith(b" +0000\r\n")
