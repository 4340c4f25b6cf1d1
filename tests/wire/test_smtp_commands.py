"""SMTP command lines: what each means, what is refused with which reply, and that printing gives them back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.mail.address import Address, ForwardPath, ReversePath
from mailcore.wire.smtp import commands as c
from mailcore.wire.smtp.parser import PARSERS, SmtpSyntaxError, parse_command
from mailcore.wire.smtp.xtext import decode_unitext, decode_xtext, encode_unitext, encode_xtext


def frm(text):
    return ReversePath.parse(text)


def to(text):
    return ForwardPath.parse(text)


LINES = [
    (b"EHLO mx.example.test", c.Ehlo(host="mx.example.test")),
    (b"ehlo [192.0.2.1]", c.Ehlo(host="[192.0.2.1]")),
    (b"HELO host_with_underscore ", c.Helo(host="host_with_underscore")),
    (b"LHLO x", c.Lhlo(host="x")),
    (b"MAIL FROM:<>", c.Mail(path=ReversePath(None))),
    (b"MAIL FROM:<joe@example.test>", c.Mail(path=frm("<joe@example.test>"))),
    (
        b"mail from:<joe@example.test> size=100 body=8bitmime",
        c.Mail(path=frm("<joe@example.test>"), size_bytes=100, body=c.Body.EIGHT_BIT_MIME),
    ),
    (b'MAIL FROM:<"a b>c"@example.test> SIZE=5', c.Mail(path=frm('<"a b>c"@example.test>'), size_bytes=5)),
    (b"MAIL FROM:<@hop.test:joe@example.test>", c.Mail(path=frm("<joe@example.test>"))),
    ("MAIL FROM:<jö@exämple.test> SMTPUTF8".encode(), c.Mail(path=frm("<jö@exämple.test>"), has_smtputf8=True)),
    (b"MAIL FROM:<a@b.test> RET=HDRS ENVID=QQ314159+2BaB", c.Mail(path=frm("<a@b.test>"), ret=c.Ret.HEADERS, envid="QQ314159+aB")),
    (b"MAIL FROM:<a@b.test> AUTH=<>", c.Mail(path=frm("<a@b.test>"), auth="")),
    (b"MAIL FROM:<a@b.test> AUTH=e+3Dmc2@example.test", c.Mail(path=frm("<a@b.test>"), auth="e=mc2@example.test")),
    (b"MAIL FROM: <a@b.test>", c.Mail(path=frm("<a@b.test>"))),
    (b"MAIL FROM:a@b.test", c.Mail(path=frm("<a@b.test>"))),
    (b"RCPT TO:<joe@example.test>", c.Rcpt(path=to("<joe@example.test>"))),
    (b"RCPT TO:<Postmaster>", c.Rcpt(path=to("<Postmaster>"))),
    (
        b"RCPT TO:<joe@example.test> NOTIFY=SUCCESS,delay ORCPT=rfc822;Joe+2Bx@Example.test",
        c.Rcpt(
            path=to("<joe@example.test>"),
            notify=frozenset({c.Notify.SUCCESS, c.Notify.DELAY}),
            orcpt=c.OriginalRecipient("rfc822", "Joe+x@Example.test"),
        ),
    ),
    (b"RCPT TO:<joe@example.test> NOTIFY=NEVER", c.Rcpt(path=to("<joe@example.test>"), notify=c.NEVER)),
    (b"DATA", c.Data()),
    (b"BDAT 86 last", c.Bdat(size_bytes=86, is_last=True)),
    (b"BDAT 0", c.Bdat(size_bytes=0)),
    (b"RSET", c.Rset()),
    (b"NOOP hello there", c.Noop()),
    (b"quit ", c.Quit()),
    (b"VRFY joe", c.Vrfy(argument="joe")),
    (b"EXPN list", c.Expn(argument="list")),
    (b"HELP", c.Help()),
    (b"STARTTLS", c.StartTls()),
    (b"auth plain", c.Auth(mechanism="PLAIN")),
    (b"AUTH PLAIN =", c.Auth(mechanism="PLAIN", initial=b"=")),
    (b"AUTH PLAIN AGEAYg==", c.Auth(mechanism="PLAIN", initial=b"AGEAYg==")),
]


@pytest.mark.parametrize(("line", "expected"), LINES, ids=[line.decode() for line, _ in LINES])
def test_a_line_means_this_command(line, expected):
    assert parse_command(line) == expected


@pytest.mark.parametrize("command", [command for _, command in LINES], ids=[line.decode() for line, _ in LINES])
def test_a_command_printed_reads_as_itself(command):
    printed = bytes(command)
    assert printed.endswith(b"\r\n")
    assert parse_command(printed[:-2]) == command


def test_every_verb_is_shown_above():
    shown = {line.split()[0].upper() for line, _ in LINES}
    assert shown == set(PARSERS)


WRONG = [
    (b"", 500, "5.5.2"),
    (b"XYZZY", 500, "5.5.2"),
    (b"NOOP\0", 500, "5.5.2"),
    (b"NOOP \r", 500, "5.5.2"),
    (b"EHLO", 501, "5.5.4"),
    (b"EHLO a b", 501, "5.5.4"),
    (b"HELO " + b"x" * 300, 501, "5.5.4"),
    (b"MAIL", 501, "5.5.2"),
    (b"MAIL TO:<a@b.test>", 501, "5.5.2"),
    (b"MAIL FROM:<a@b.test>SIZE=1", 501, "5.5.2"),
    (b"MAIL FROM:<a@b@c>", 501, "5.1.7"),
    (b"MAIL FROM:<a b@c.test>", 501, "5.5.2"),
    (b"MAIL FROM:<joe>", 501, "5.1.7"),
    (b"MAIL FROM:<a@b.test> SIZE=x", 501, "5.5.4"),
    (b"MAIL FROM:<a@b.test> SIZE=1 SIZE=2", 501, "5.5.4"),
    (b"MAIL FROM:<a@b.test> BODY=9BIT", 501, "5.5.4"),
    (b"MAIL FROM:<a@b.test> SMTPUTF8=x", 501, "5.5.4"),
    (b"MAIL FROM:<a@b.test> ENVID=a+ZZ", 501, "5.5.4"),
    (b"MAIL FROM:<a@b.test> FOO=1", 555, "5.5.4"),
    (b"MAIL FROM:<a@b.test> NOTIFY=NEVER", 555, "5.5.4"),
    ("MAIL FROM:<jö@b.test>".encode(), 553, "5.6.7"),
    (b"MAIL FROM:<j\xff@b.test> SMTPUTF8", 501, "5.5.2"),
    (b"RCPT TO:<>", 501, "5.1.3"),
    (b"RCPT TO:<joe>", 501, "5.1.3"),
    (b"RCPT TO:<" + b"x" * 65 + b"@b.test>", 501, "5.1.3"),
    (b"RCPT TO:<a@b.test> NOTIFY=NEVER,SUCCESS", 501, "5.5.4"),
    (b"RCPT TO:<a@b.test> ORCPT=joe", 501, "5.5.4"),
    (b"RCPT TO:<a@b.test> SIZE=1", 555, "5.5.4"),
    (b"BDAT", 501, "5.5.4"),
    (b"BDAT -1", 501, "5.5.4"),
    (b"BDAT " + b"9" * 3000, 501, "5.5.4"),
    (b"VRFY", 501, "5.5.4"),
    (b"AUTH", 501, "5.5.2"),
    (b"AUTH PLAIN !", 501, "5.5.2"),
    (b"NOOP " + b"x" * 5000, 500, "5.5.2"),
]


@pytest.mark.parametrize(("line", "code", "enhanced"), WRONG, ids=[line[:50].decode("latin-1") for line, _, _ in WRONG])
def test_a_wrong_line_has_this_reply(line, code, enhanced):
    with pytest.raises(SmtpSyntaxError) as caught:
        parse_command(line)
    assert (caught.value.reply.code, caught.value.reply.enhanced) == (code, enhanced)


@pytest.mark.parametrize("line", [b"MAIL FROM: <a@b.test>", b"MAIL FROM:a@b.test", b"RSET now"])
def test_a_quirk_can_be_turned_off(line):
    parse_command(line)
    with pytest.raises(SmtpSyntaxError):
        parse_command(line, frozenset())


printable = st.text(st.characters(codec="utf-8", exclude_categories=("C", "Z"), include_characters=" "), min_size=1, max_size=40)


@given(printable)
def test_xtext_gives_back_any_printable_text(text):
    assert decode_xtext(encode_xtext(text)) == text
    assert decode_unitext(encode_unitext(text)) == text
    assert encode_xtext(text).isascii() and " " not in encode_xtext(text)


def test_xtext_cannot_hide_a_line_end():
    assert decode_xtext("a+0D+0Ab") is None
    assert decode_unitext("a\\x{0A}b") is None


@given(
    st.builds(
        c.Mail,
        path=st.sampled_from([ReversePath(None), frm("<a@b.test>"), frm('<"x y"@[192.0.2.1]>')]),
        size_bytes=st.none() | st.integers(0, 10**19),
        body=st.none() | st.sampled_from(c.Body),
        has_smtputf8=st.booleans(),
        ret=st.none() | st.sampled_from(c.Ret),
        envid=st.none() | printable,
        auth=st.none() | st.just("") | printable,
    )
)
def test_any_mail_command_printed_reads_as_itself(command):
    assert parse_command(bytes(command)[:-2]) == command


@given(
    st.builds(
        c.Rcpt,
        path=st.just(ForwardPath(Address("a", "b.test"))),
        notify=st.none() | st.frozensets(st.sampled_from(c.Notify)),
        orcpt=st.none() | st.builds(c.OriginalRecipient, st.sampled_from(["rfc822", "utf-8", "x400"]), printable),
    )
)
def test_any_rcpt_command_printed_reads_as_itself(command):
    assert parse_command(bytes(command)[:-2]) == command
