"""ManageSieve responses: data lines, then OK, NO or BYE with an optional code (RFC 5804 §1.2, §1.3)."""

import re
from collections.abc import Iterable

from mailcore.base.errors import MailError, Reason

_QUOTABLE = re.compile(rb"[^\x00\r\n\"\\]{0,1000}\Z")

CODES: dict[Reason, str] = {
    **dict.fromkeys(Reason, ""),
    Reason.AUTH_REQUIRED: "AUTH-TOO-WEAK",
    Reason.TLS_REQUIRED: "ENCRYPT-NEEDED",
    Reason.OVER_QUOTA: "QUOTA",
    Reason.TOO_BIG: "QUOTA/MAXSIZE",
    Reason.TOO_MANY: "QUOTA/MAXSCRIPTS",
    Reason.LIMIT: "QUOTA",
    Reason.NOT_FOUND: "NONEXISTENT",
    Reason.ALREADY_EXISTS: "ALREADYEXISTS",
    Reason.IN_USE: "ACTIVE",
    Reason.STORAGE: "TRYLATER",
    Reason.NO_SPACE: "TRYLATER",
    Reason.DNS: "TRYLATER",
    Reason.NETWORK: "TRYLATER",
    Reason.REMOTE: "TRYLATER",
    Reason.INTERNAL: "TRYLATER",
}
"""One row for every Reason; "" has no code. RFC 5804 §1.3."""


def code_for(error: MailError) -> str:
    """The response code of *error*."""
    code = CODES[error.reason]
    return "TRYLATER" if error.temporary and not code else code


def string(value: str | bytes) -> bytes:
    """*value* quoted, or as a literal when quotes cannot hold it. RFC 5804 §4."""
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    return b'"' + data + b'"' if _QUOTABLE.match(data) else b"{%d}\r\n%b" % (len(data), data)


def status(word: str, text: str = "", code: str = "", code_argument: str | bytes | None = None) -> bytes:
    """OK, NO or BYE. RFC 5804 §1.2."""
    pieces = [word.encode("ascii")]
    if code:
        argument = b"" if code_argument is None else b" " + string(code_argument)
        pieces.append(b"(" + code.encode("ascii") + argument + b")")
    if text:
        pieces.append(string(text))
    return b" ".join(pieces) + b"\r\n"


def challenge(base64: bytes) -> bytes:
    """A SASL challenge: one string. RFC 5804 §2.1."""
    return string(base64) + b"\r\n"


def capability(lines: Iterable[tuple[str, str | None]]) -> bytes:
    """The capability lines, before their OK. RFC 5804 §1.7."""
    return b"".join([string(name) + (b"" if value is None else b" " + string(value)) + b"\r\n" for name, value in lines])


def scripts(names: Iterable[tuple[str, bool]]) -> bytes:
    """LISTSCRIPTS' lines: name and whether it is active. RFC 5804 §2.7."""
    return b"".join([string(name) + (b" ACTIVE" if is_active else b"") + b"\r\n" for name, is_active in names])


def script(content: bytes) -> bytes:
    """GETSCRIPT's content as a literal. RFC 5804 §2.9."""
    return b"{%d}\r\n%b\r\n" % (len(content), content)
