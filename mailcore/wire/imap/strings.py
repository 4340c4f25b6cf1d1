"""Strings as the server writes them: atom, quoted or literal, whichever is the shortest that is right (RFC 3501 §4).

The usual case costs one regular expression; no octet is looked at in Python.
"""

import re
from collections.abc import Iterable

from mailcore.wire.imap.mutf7 import PLAIN, Spelling, encode

QUOTED_MAX_BYTES = 1000
"""Longer strings go as literals: some clients read quoted strings into small buffers."""

_PLAIN = re.compile(rb"[\x20\x21\x23-\x5b\x5d-\x7e]*\Z")
_QUOTABLE = re.compile(rb"[\x20-\x7e]*\Z")
_SPECIAL = re.compile(rb'(["\\])')
_ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+\Z")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


def quoted_or_literal(value: str | bytes) -> bytes:
    """*value* as a quoted string, or as a literal when it is long or has octets that quotes cannot hold. NULs are dropped."""
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    if len(data) <= QUOTED_MAX_BYTES:
        if _PLAIN.match(data):
            return b'"%b"' % data
        if _QUOTABLE.match(data):
            return b'"%b"' % _SPECIAL.sub(rb"\\\1", data)
    if b"\0" in data:
        data = data.replace(b"\0", b"")
    return b"{%d}\r\n%b" % (len(data), data)


def nstring(value: str | bytes | None) -> bytes:
    """NIL for None, else a string."""
    return b"NIL" if value is None else quoted_or_literal(value)


def astring(value: str | bytes) -> bytes:
    """An atom where *value* can be one (and could not be read as NIL), else a string."""
    data = value.encode("utf-8", "replace") if isinstance(value, str) else value
    if _ATOM.match(data) and len(data) <= QUOTED_MAX_BYTES and data.upper() != b"NIL":
        return data
    return quoted_or_literal(data)


def mailbox(name: str, spelling: Spelling = PLAIN) -> bytes:
    """A mailbox's name in modified UTF-7, or in UTF-8. Always quoted, INBOX apart: old clients trip over `[` and `&` in atoms."""
    if name == "INBOX":
        return b"INBOX"
    name = spelling.swapped(name)
    if spelling.is_utf8 and name.isprintable() and len(data := name.encode("utf-8", "replace")) <= QUOTED_MAX_BYTES:
        return b'"%b"' % _SPECIAL.sub(rb"\\\1", data)
    return quoted_or_literal(name if spelling.is_utf8 else encode(name))


def text_line(text: str) -> bytes:
    """*text* for people, made safe for one line of ASCII."""
    if text.isascii() and text.isprintable() and text:
        return text.encode("ascii")
    return _UNPRINTABLE.sub("?", text).encode("ascii") or b"."


def flag_list(flags: Iterable[str]) -> bytes:
    """Flags in parentheses."""
    return b"(" + " ".join(flags).encode("ascii") + b")"


def literal_mark(size: int, *, is_binary: bool = False) -> bytes:
    """What goes before *size* octets that are written separately."""
    return b"~{%d}\r\n" % size if is_binary else b"{%d}\r\n" % size
