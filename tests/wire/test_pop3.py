"""POP3: commands, states, responses, codes."""

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.wire.pop3 import commands as c
from mailcore.wire.pop3 import responses as r
from mailcore.wire.pop3.codes import CODES, code_for
from mailcore.wire.pop3.states import ALLOWED, Offer, State, capabilities

LINES = [
    (b"USER joe@x.test", c.User(name="joe@x.test")),
    (b"PASS my  pass word ", c.Pass(password=Secret("my  pass word "))),
    (b"PASS  x", c.Pass(password=Secret(" x"))),
    (b"AUTH", c.Auth()),
    (b"AUTH plain", c.Auth(mechanism="PLAIN")),
    (b"AUTH PLAIN =", c.Auth(mechanism="PLAIN", initial=b"=")),
    (b"AUTH PLAIN AGEAYg==", c.Auth(mechanism="PLAIN", initial=b"AGEAYg==")),
    (b"STLS", c.Stls()),
    (b"capa", c.Capa()),
    (b"UTF8", c.Utf8()),
    (b"STAT ", c.Stat()),
    (b"LIST", c.List()),
    (b"LIST 2", c.List(number=2)),
    (b"UIDL ", c.Uidl()),
    (b"UIDL 7", c.Uidl(number=7)),
    (b"RETR 1", c.Retr(number=1)),
    (b"DELE 1", c.Dele(number=1)),
    (b"TOP 1 0", c.Top(number=1, lines=0)),
    (b"NOOP", c.Noop()),
    (b"RSET", c.Rset()),
    (b"QUIT", c.Quit()),
]


@pytest.mark.parametrize(("line", "command"), LINES, ids=[line.decode() for line, _ in LINES])
def test_a_line_means_this_command_and_prints_back(line, command):
    assert c.parse_command(line) == command
    assert c.parse_command(bytes(command).removesuffix(b"\r\n")) == command


@pytest.mark.parametrize(
    "line", [b"", b"APOP joe c4c9", b"USER", b"USER ", b"PASS", b"PASS ", b"RETR", b"RETR 0", b"RETR -1", b"RETR x", b"TOP 1", b"STAT 1", b"NOOP\0", b"AUTH PLAIN !", b"USER " + b"x" * 600]
)  # fmt: skip
def test_a_wrong_line_is_refused(line):
    with pytest.raises(c.Pop3SyntaxError):
        c.parse_command(line)


def test_every_command_is_in_a_state_and_has_a_parser():
    assert {type(command) for _, command in LINES} == frozenset().union(*ALLOWED.values())
    assert len(c.PARSERS) == len(frozenset().union(*ALLOWED.values()))
    assert set(ALLOWED) == set(State)


def test_stls_and_user_are_offered_only_where_they_work():
    clear = capabilities(State.AUTHORIZATION, Offer(is_tls=False, can_starttls=True, can_login=False))
    assert "STLS" in clear and "USER" not in clear and not any(line.startswith("SASL") for line in clear)
    secure = capabilities(State.AUTHORIZATION, Offer(is_tls=True, can_starttls=True))
    assert "STLS" not in secure and "USER" in secure and "SASL PLAIN" in secure


WRITTEN = [
    (r.ok(), b"+OK\r\n"),
    (r.ok("ready"), b"+OK ready\r\n"),
    (r.err("Locked.", "IN-USE"), b"-ERR [IN-USE] Locked.\r\n"),
    (r.err("a\r\n+OK"), b"-ERR a +OK\r\n"),
    (r.challenge(b""), b"+ \r\n"),
    (r.stat(2, 320), b"+OK 2 320\r\n"),
    (r.list_all([(1, 120), (2, 200)]), b"+OK\r\n1 120\r\n2 200\r\n.\r\n"),
    (r.list_one(2, 200), b"+OK 2 200\r\n"),
    (r.uidl_all([(1, "a"), (2, "b")]), b"+OK\r\n1 a\r\n2 b\r\n.\r\n"),
    (r.uidl_one(1, "a"), b"+OK 1 a\r\n"),
    (r.many("caps", ["TOP", ".x"]), b"+OK caps\r\nTOP\r\n..x\r\n.\r\n"),
]


@pytest.mark.parametrize(("written", "expected"), WRITTEN)
def test_a_response_is_written_so(written, expected):
    assert written == expected


def test_a_message_is_stuffed_in_chunks():
    stuffer = r.ByteStuffer()
    assert stuffer.feed(b"a\r\n") + stuffer.feed(b".b\r\n") + stuffer.end() == b"a\r\n..b\r\n.\r\n"


@pytest.mark.parametrize(("lines", "expected"), [(0, b"H: x\r\n\r\n"), (1, b"H: x\r\n\r\na\r\n"), (9, b"H: x\r\n\r\na\r\nb\r\n")])
def test_top_gives_the_header_and_so_many_lines(lines, expected):
    assert r.top(b"H: x\r\n\r\na\r\nb\r\n", lines) == expected


def test_every_reason_has_a_code_and_only_a_wrong_password_says_auth():
    assert set(CODES) == set(Reason)
    assert code_for(MailError(Reason.AUTH_FAILED)) == "AUTH"
    assert code_for(MailError(Reason.AUTH_FAILED, temporary=True)) == "SYS/TEMP"
    assert code_for(MailError(Reason.IN_USE, temporary=True)) == "IN-USE"
