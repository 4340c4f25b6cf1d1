"""ManageSieve commands as values and their parser (RFC 5804 §2, §4).

Framing is IMAP's: feed an `imap.framing.Framer`, then hand its Frame to `parse_command`. All literals here are
non-synchronising; one without `+` is refused by the session (`LiteralWanted.is_sync`). Scripts are bytes for `sieve` to judge.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.framing import Frame, FrameLimits
from mailcore.wire.imap.lexer import Cursor
from mailcore.wire.line import Command as Command

BEFORE_LOGIN = FrameLimits(line_bytes=16 * 1024, literal_bytes=16 * 1024, literal_count=2, swallow_bytes=64 * 1024)
"""Room for a token in AUTHENTICATE and no more; stops memory floods from strangers."""
AFTER_LOGIN = FrameLimits(line_bytes=64 * 1024, literal_bytes=1024 * 1024, literal_count=4, swallow_bytes=16 * 1024 * 1024)
"""Scripts of up to 1 MiB; the smaller limit that people meet is a setting of the session."""
NAME_MAX_BYTES = 512
"""Longest script name (RFC 5804 §1.6 asks for 128 characters of up to four octets)."""


class SieveProtocolError(MailError):
    """A command that does not parse; answer NO with the detail."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.SYNTAX, detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate(Command):
    """AUTHENTICATE (RFC 5804 §2.1); *initial* is base64, undecoded."""

    mechanism: str
    initial: bytes | None = None

    def __bytes__(self) -> bytes:
        tail = b' "' + self.initial + b'"' if self.initial is not None else b""
        return b'AUTHENTICATE "' + self.mechanism.encode("ascii") + b'"' + tail + b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTls(Command):
    """STARTTLS (RFC 5804 §2.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout(Command):
    """LOGOUT (RFC 5804 §2.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability(Command):
    """CAPABILITY (RFC 5804 §2.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HaveSpace(Command):
    """HAVESPACE (RFC 5804 §2.5)."""

    name: str
    size_bytes: int

    def __bytes__(self) -> bytes:
        return b"HAVESPACE %b %d\r\n" % (_print(self.name.encode("utf-8")), self.size_bytes)


@dataclass(frozen=True, slots=True, kw_only=True)
class PutScript(Command):
    """PUTSCRIPT (RFC 5804 §2.6)."""

    name: str
    script: bytes

    def __bytes__(self) -> bytes:
        return b"PUTSCRIPT %b {%d+}\r\n%b\r\n" % (_print(self.name.encode("utf-8")), len(self.script), self.script)


@dataclass(frozen=True, slots=True, kw_only=True)
class ListScripts(Command):
    """LISTSCRIPTS (RFC 5804 §2.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Named(Command):
    name: str

    def __bytes__(self) -> bytes:
        return type(self).__name__.upper().encode("ascii") + b" " + _print(self.name.encode("utf-8")) + b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class SetActive(_Named):
    """SETACTIVE (RFC 5804 §2.8); an empty name turns every script off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetScript(_Named):
    """GETSCRIPT (RFC 5804 §2.9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteScript(_Named):
    """DELETESCRIPT (RFC 5804 §2.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RenameScript(Command):
    """RENAMESCRIPT (RFC 5804 §2.11.1)."""

    name: str
    target: str

    def __bytes__(self) -> bytes:
        return b"RENAMESCRIPT %b %b\r\n" % (_print(self.name.encode("utf-8")), _print(self.target.encode("utf-8")))


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckScript(Command):
    """CHECKSCRIPT (RFC 5804 §2.12)."""

    script: bytes

    def __bytes__(self) -> bytes:
        return b"CHECKSCRIPT {%d+}\r\n%b\r\n" % (len(self.script), self.script)


@dataclass(frozen=True, slots=True, kw_only=True)
class Noop(Command):
    """NOOP (RFC 5804 §2.13); *tag* is given back in the TAG response code."""

    tag: bytes | None = None

    def __bytes__(self) -> bytes:
        return b"NOOP\r\n" if self.tag is None else b"NOOP " + _print(self.tag) + b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthenticate(Command):
    """UNAUTHENTICATE (RFC 5804 §2.14)."""


_WORD = re.compile(rb"[A-Za-z]{1,20}")
_BASE64 = re.compile(rb"(?:=|[A-Za-z0-9+/]*={0,2})\Z")
_BAD_NAME = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_QUOTABLE = re.compile(rb"[^\x00\r\n\"\\]{0,1000}\Z")


def _print(data: bytes) -> bytes:
    """*data* as the client writes it: quoted, or as a literal."""
    return b'"' + data + b'"' if _QUOTABLE.match(data) else b"{%d+}\r\n%b" % (len(data), data)


def parse_command(frame: Frame) -> Command:
    """The command in *frame*. Raises SieveProtocolError. RFC 5804 §4."""
    cursor = Cursor(frame)
    try:
        parse = PARSERS.get(cursor.need(_WORD, "a command").upper())
        if parse is None:
            raise cursor.fail("Unknown command.")
        command = parse(cursor)
        cursor.end()
        return command
    except ImapSyntaxError as error:
        raise SieveProtocolError(error.detail) from None


def _bare(kind: type[Command]) -> Callable[[Cursor], Command]:
    return lambda cursor: kind()


def _name(cursor: Cursor, *, may_be_empty: bool = False) -> str:
    """A script's name. RFC 5804 §1.6."""
    cursor.space()
    data = cursor.string()
    try:
        name = data.decode("utf-8")
    except UnicodeDecodeError:
        raise cursor.fail("A script name is UTF-8.") from None
    if len(data) > NAME_MAX_BYTES or _BAD_NAME.search(name) or not (name or may_be_empty):
        raise cursor.fail("This cannot be a script name.")
    return name


def _named(kind: type[SetActive] | type[GetScript] | type[DeleteScript]) -> Callable[[Cursor], Command]:
    return lambda cursor: kind(name=_name(cursor, may_be_empty=kind is SetActive))


def _authenticate(cursor: Cursor) -> Command:
    cursor.space()
    mechanism = cursor.string()
    initial = None
    if cursor.skip(b" "):
        initial = cursor.string()
        if not _BASE64.match(initial):
            raise cursor.fail("The initial response is not base64.")
    if not re.fullmatch(rb"[A-Za-z0-9_-]{1,20}", mechanism):
        raise cursor.fail("This is no mechanism.")
    return Authenticate(mechanism=mechanism.decode("ascii").upper(), initial=initial)


def _havespace(cursor: Cursor) -> Command:
    name = _name(cursor)
    cursor.space()
    return HaveSpace(name=name, size_bytes=cursor.number64())


def _putscript(cursor: Cursor) -> Command:
    name = _name(cursor)
    cursor.space()
    return PutScript(name=name, script=cursor.string())


def _checkscript(cursor: Cursor) -> Command:
    cursor.space()
    return CheckScript(script=cursor.string())


def _renamescript(cursor: Cursor) -> Command:
    name = _name(cursor)
    return RenameScript(name=name, target=_name(cursor))


def _noop(cursor: Cursor) -> Command:
    return Noop(tag=cursor.string()) if cursor.skip(b" ") and not cursor.is_at_end else Noop()


PARSERS: dict[bytes, Callable[[Cursor], Command]] = {
    b"AUTHENTICATE": _authenticate,
    b"STARTTLS": _bare(StartTls),
    b"LOGOUT": _bare(Logout),
    b"CAPABILITY": _bare(Capability),
    b"HAVESPACE": _havespace,
    b"PUTSCRIPT": _putscript,
    b"LISTSCRIPTS": _bare(ListScripts),
    b"SETACTIVE": _named(SetActive),
    b"GETSCRIPT": _named(GetScript),
    b"DELETESCRIPT": _named(DeleteScript),
    b"RENAMESCRIPT": _renamescript,
    b"CHECKSCRIPT": _checkscript,
    b"NOOP": _noop,
    b"UNAUTHENTICATE": _bare(Unauthenticate),
}
"""One row for every command."""
