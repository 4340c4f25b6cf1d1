"""POP3 responses: one line, or many with a lone dot behind them (RFC 1939 §3).

A message streams through ByteStuffer in chunks; dots are doubled by one replace a chunk.
"""

import re
from collections.abc import Iterable

from mailcore.wire.smtp.data import DotStuffer

LINE_TEXT_MAX = 500
"""RFC 2449 §4: a response line has at most 512 octets."""
END = b".\r\n"

_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")

ByteStuffer = DotStuffer
"""POP3's byte-stuffing is SMTP's (RFC 1939 §3, RFC 5321 §4.5.2): `feed` chunks, then `end`."""


def ok(text: str = "") -> bytes:
    """`+OK text`."""
    return f"+OK {_clean(text)}".rstrip().encode("ascii") + b"\r\n"


def err(text: str, code: str = "") -> bytes:
    """`-ERR [CODE] text`. RFC 2449 §8."""
    lead = f"[{code}] " if code else ""
    return f"-ERR {lead}{_clean(text)}".encode("ascii") + b"\r\n"


def challenge(base64: bytes) -> bytes:
    """`+ base64`: a SASL challenge. RFC 5034 §4."""
    return b"+ " + base64 + b"\r\n"


def many(text: str, lines: Iterable[str]) -> bytes:
    """A multi-line answer of our own lines (CAPA, AUTH's list)."""
    body = "".join([f".{line}\r\n" if line.startswith(".") else f"{line}\r\n" for line in lines])
    return ok(text) + body.encode("utf-8") + END


def stat(count: int, size_bytes: int) -> bytes:
    """STAT's drop listing. RFC 1939 §5."""
    return b"+OK %d %d\r\n" % (count, size_bytes)


def list_one(number: int, size_bytes: int) -> bytes:
    """LIST of one message."""
    return b"+OK %d %d\r\n" % (number, size_bytes)


def list_all(sizes: Iterable[tuple[int, int]]) -> bytes:
    """LIST of all: (number, octets)."""
    return b"+OK\r\n" + b"".join([b"%d %d\r\n" % pair for pair in sizes]) + END


def uidl_one(number: int, uid: str) -> bytes:
    """UIDL of one message."""
    return b"+OK %d %b\r\n" % (number, uid.encode("ascii"))


def uidl_all(uids: Iterable[tuple[int, str]]) -> bytes:
    """UIDL of all: (number, unique id)."""
    return b"+OK\r\n" + "".join([f"{number} {uid}\r\n" for number, uid in uids]).encode("ascii") + END


def top(message: bytes, lines: int) -> bytes:
    """The header of *message*, the empty line and *lines* lines of its body, not stuffed yet. RFC 1939 §7."""
    at = message.find(b"\r\n\r\n")
    if at < 0:
        return message
    at += 4
    for _ in range(lines):
        end = message.find(b"\n", at)
        if end < 0:
            return message
        at = end + 1
    return message[:at]


def _clean(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text)[:LINE_TEXT_MAX]
