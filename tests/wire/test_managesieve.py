"""ManageSieve: commands over IMAP's framing, states, responses."""

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.wire.imap.framing import Framer, LiteralWanted
from mailcore.wire.managesieve import commands as c
from mailcore.wire.managesieve import responses as r
from mailcore.wire.managesieve.states import ALLOWED, State


def parse(data, size=None):
    framer = Framer(c.AFTER_LOGIN)
    event = None
    for at in range(0, len(data), size or len(data)):
        framer.receive(data[at : at + (size or len(data))])
        event = framer.next()
        while isinstance(event, LiteralWanted):
            framer.accept()
            event = framer.next()
    return c.parse_command(event)


COMMANDS = [
    c.Authenticate(mechanism="PLAIN"),
    c.Authenticate(mechanism="PLAIN", initial=b"AGEAYg=="),
    c.StartTls(),
    c.Logout(),
    c.Capability(),
    c.HaveSpace(name="my script", size_bytes=999),
    c.PutScript(name='b"ö\\', script=b'keep;\r\n# {3+}\r\n"'),
    c.PutScript(name="empty", script=b""),
    c.ListScripts(),
    c.SetActive(name=""),
    c.SetActive(name="x"),
    c.GetScript(name="x"),
    c.DeleteScript(name="x"),
    c.RenameScript(name="x", target="y z"),
    c.CheckScript(script=b"keep;"),
    c.Noop(),
    c.Noop(tag=b"STARTTLS-SYNC-42"),
    c.Unauthenticate(),
]


@pytest.mark.parametrize("size", [None, 1])
@pytest.mark.parametrize("command", COMMANDS, ids=[repr(bytes(command)) for command in COMMANDS])
def test_a_command_printed_reads_as_itself(command, size):
    assert parse(bytes(command), size) == command


def test_every_command_is_in_a_state_and_has_a_parser():
    kinds = {type(command) for command in COMMANDS}
    assert kinds == frozenset().union(*ALLOWED.values())
    assert len(kinds) == len(c.PARSERS)
    assert set(ALLOWED) == set(State)


@pytest.mark.parametrize(
    "line",
    [b"", b"XYZ", b"LOGOUT x", b'GETSCRIPT ""', b'GETSCRIPT x', b'GETSCRIPT "a\tb"', b'GETSCRIPT "\xff"', b'HAVESPACE "x" -1', b'PUTSCRIPT "x"', b'AUTHENTICATE "PLAIN" "!"'],
)  # fmt: skip
def test_a_wrong_line_is_refused(line):
    with pytest.raises(c.SieveProtocolError):
        parse(line + b"\r\n")


def test_a_script_over_the_limit_is_seen_before_it_is_read():
    framer = Framer(c.AFTER_LOGIN)
    framer.receive(b'PUTSCRIPT "x" {2000000+}\r\n')
    assert not framer.next().fits


WRITTEN = [
    (r.status("OK"), b"OK\r\n"),
    (r.status("NO", "Too big.", "QUOTA/MAXSIZE"), b'NO (QUOTA/MAXSIZE) "Too big."\r\n'),
    (r.status("OK", "Done", "TAG", b"x"), b'OK (TAG "x") "Done"\r\n'),
    (r.status("NO", 'line 2: "x"'), b'NO {11}\r\nline 2: "x"\r\n'),
    (r.challenge(b"AA=="), b'"AA=="\r\n'),
    (r.capability([("IMPLEMENTATION", "Roost"), ("STARTTLS", None)]), b'"IMPLEMENTATION" "Roost"\r\n"STARTTLS"\r\n'),
    (r.scripts([("a", True), ("b", False)]), b'"a" ACTIVE\r\n"b"\r\n'),
    (r.script(b"keep;"), b"{5}\r\nkeep;\r\n"),
]


@pytest.mark.parametrize(("written", "expected"), WRITTEN)
def test_a_response_is_written_so(written, expected):
    assert written == expected


def test_every_reason_has_a_row():
    assert set(r.CODES) == set(Reason)
    assert r.code_for(MailError(Reason.STORAGE)) == "TRYLATER"
    assert r.code_for(MailError(Reason.OVER_QUOTA, temporary=True)) == "QUOTA"
