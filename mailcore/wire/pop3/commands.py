"""POP3 commands as values and their parser (RFC 1939 §3, 2449, 2595, 5034, 6856).

A password is the rest of its line, spaces and all. APOP is not here: it needs the password itself on the server.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.wire.line import Command as Command

LINE_MAX_BYTES = 512
"""Longest command line (RFC 2449 §4 asks for 255). Stops lines that fill memory before login."""
AUTH_LINE_MAX_BYTES = 12288
"""AUTH with its initial response, and SASL answers: tokens are long."""


class Pop3SyntaxError(MailError):
    """A command that does not parse; answer -ERR with the detail."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.SYNTAX, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class User(Command):
    """USER (RFC 1939 §7)."""

    name: str

    def __bytes__(self) -> bytes:
        return f"USER {self.name}\r\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Pass(Command):
    """PASS (RFC 1939 §7)."""

    password: Secret

    def __bytes__(self) -> bytes:
        return f"PASS {self.password.reveal()}\r\n".encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth(Command):
    """AUTH (RFC 5034 §4); no mechanism asks for their list; *initial* is base64, undecoded, `=` for empty."""

    mechanism: str | None = None
    initial: bytes | None = None

    def __bytes__(self) -> bytes:
        words = [b"AUTH", (self.mechanism or "").encode("ascii"), self.initial or b""]
        return b" ".join([word for word in words if word]) + b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Stls(Command):
    """STLS (RFC 2595 §4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capa(Command):
    """CAPA (RFC 2449 §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Utf8(Command):
    """UTF8 (RFC 6856 §2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stat(Command):
    """STAT (RFC 1939 §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Numbered(Command):
    number: int

    def __bytes__(self) -> bytes:
        return b"%b %d\r\n" % (type(self).__name__.upper().encode("ascii"), self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class _MaybeNumbered(Command):
    number: int | None = None

    def __bytes__(self) -> bytes:
        name = type(self).__name__.upper().encode("ascii")
        return b"%b\r\n" % name if self.number is None else b"%b %d\r\n" % (name, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class List(_MaybeNumbered):
    """LIST of all or one (RFC 1939 §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Uidl(_MaybeNumbered):
    """UIDL of all or one (RFC 1939 §7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retr(_Numbered):
    """RETR (RFC 1939 §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Dele(_Numbered):
    """DELE (RFC 1939 §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Top(Command):
    """TOP: the header and *lines* lines of the body (RFC 1939 §7)."""

    number: int
    lines: int

    def __bytes__(self) -> bytes:
        return b"TOP %d %d\r\n" % (self.number, self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noop(Command):
    """NOOP (RFC 1939 §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rset(Command):
    """RSET (RFC 1939 §5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit(Command):
    """QUIT (RFC 1939 §6)."""


_VERB = re.compile(rb"([A-Za-z0-9]{3,4})(?: ([^\r\n\x00]*))?\Z")
_NUMBER = re.compile(r" *([0-9]{1,9}) *\Z")
_TWO_NUMBERS = re.compile(r" *([0-9]{1,9}) +([0-9]{1,9}) *\Z")
_AUTH = re.compile(r" *([A-Za-z0-9_-]{1,20})(?: +(=|[A-Za-z0-9+/]+={0,2}))? *\Z")


def parse_command(line: bytes) -> Command:
    """The command on *line* (without CRLF). Raises Pop3SyntaxError. RFC 1939 §3."""
    found = _VERB.match(line)
    # Some clients send a space behind a bare command, so the verb is looked up before its argument is judged.
    parse = PARSERS.get(found.group(1).upper()) if found is not None else None
    if found is None or parse is None:
        raise Pop3SyntaxError("Unknown command.")
    if len(line) > LINE_MAX_BYTES and parse is not _auth:
        raise Pop3SyntaxError("The line is too long.")
    argument = found.group(2)
    return parse(None if argument is None else _text(argument))


def _text(data: bytes) -> str:
    """UTF-8, else Latin-1: old clients send passwords in the Windows charset."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


_Parse = Callable[[str | None], Command]


def _bare(kind: type[Command]) -> _Parse:
    def parse(argument: str | None) -> Command:
        if argument and not argument.isspace():
            raise Pop3SyntaxError("The command takes no argument.")
        return kind()

    return parse


def _numbered(kind: type[Retr] | type[Dele]) -> _Parse:
    def parse(argument: str | None) -> Command:
        return kind(number=_message(argument))

    return parse


def _maybe_numbered(kind: type[List] | type[Uidl]) -> _Parse:
    def parse(argument: str | None) -> Command:
        return kind(number=_message(argument)) if argument and not argument.isspace() else kind()

    return parse


def _message(argument: str | None) -> int:
    found = _NUMBER.match(argument or "")
    if found is None or not int(found.group(1)):
        raise Pop3SyntaxError("The command needs a message number.")
    return int(found.group(1))


def _user(argument: str | None) -> Command:
    name = (argument or "").strip()
    if not name:
        raise Pop3SyntaxError("USER needs a name.")
    return User(name=name)


def _pass(argument: str | None) -> Command:
    if not argument:
        raise Pop3SyntaxError("PASS needs a password.")
    return Pass(password=Secret(argument))


def _top(argument: str | None) -> Command:
    found = _TWO_NUMBERS.match(argument or "")
    if found is None or not int(found.group(1)):
        raise Pop3SyntaxError("TOP needs a message number and a number of lines.")
    return Top(number=int(found.group(1)), lines=int(found.group(2)))


def _auth(argument: str | None) -> Command:
    if not argument or argument.isspace():
        return Auth()
    found = _AUTH.match(argument)
    if found is None or len(argument) > AUTH_LINE_MAX_BYTES:
        raise Pop3SyntaxError("AUTH needs a mechanism.")
    initial = found.group(2)
    return Auth(mechanism=found.group(1).upper(), initial=None if initial is None else initial.encode("ascii"))


PARSERS: dict[bytes, _Parse] = {
    b"USER": _user,
    b"PASS": _pass,
    b"AUTH": _auth,
    b"STLS": _bare(Stls),
    b"CAPA": _bare(Capa),
    b"UTF8": _bare(Utf8),
    b"STAT": _bare(Stat),
    b"LIST": _maybe_numbered(List),
    b"UIDL": _maybe_numbered(Uidl),
    b"RETR": _numbered(Retr),
    b"DELE": _numbered(Dele),
    b"TOP": _top,
    b"NOOP": _bare(Noop),
    b"RSET": _bare(Rset),
    b"QUIT": _bare(Quit),
}
"""One row for every verb."""
