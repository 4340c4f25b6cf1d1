"""Text to tokens. RFC 5228 §8.1.

    identifier = (ALPHA / "_") *(ALPHA / DIGIT / "_")      tag = ":" identifier      number = 1*DIGIT [ "K" / "M" / "G" ]
    string = quoted-string / multi-line (text: ... CRLF "." CRLF, dots stuffed)      comments are # to the line's end and /* */
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from mailcore.sieve.errors import SieveError

MAX_SCRIPT_BYTES = 1024 * 1024
"""Longest script that is looked at, whatever the setting says."""
MAX_NUMBER = 2**53

_SKIP = re.compile(r"(?:[ \t\r\n]+|#[^\n]*(?:\n|\Z)|/\*.*?\*/)+", re.DOTALL)
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NUMBER = re.compile(r"([0-9]+)([KMGkmg]?)(?![A-Za-z0-9_])")
_QUOTED = re.compile(r'"((?:[^"\\\0]|\\[^\0])*)"')
_TEXT = re.compile(r"text:[ \t]*(?:#[^\n]*)?\r?\n", re.IGNORECASE)
_TEXT_END = re.compile(r"^\.\r?(?:\n|\Z)", re.MULTILINE)
_ESCAPE = re.compile(r"\\(.)", re.DOTALL)
_UNITS = {"": 0, "k": 1, "m": 2, "g": 3}


class Token(NamedTuple):
    """kind: identifier, tag, number, string, or the sign itself; *value* is its content."""

    kind: str
    value: str | int
    line: int
    column: int


def decode(source: bytes | str) -> str:
    """The script as text. Raises SieveError for what is too long, no UTF-8, or holds NUL."""
    if len(source) > MAX_SCRIPT_BYTES:
        raise SieveError(1, 1, f"the script is longer than {MAX_SCRIPT_BYTES} bytes.")
    if isinstance(source, bytes):
        raw = source
        try:
            source = raw.decode()
        except UnicodeDecodeError as error:
            raise SieveError(raw[: error.start].count(b"\n") + 1, 1, "this is not UTF-8.") from error
    if "\0" in source:
        raise SieveError(source[: source.index("\0")].count("\n") + 1, 1, "a NUL stands in the text.")
    return source


def tokens(text: str) -> Iterator[Token]:
    """The tokens of *text*. Raises SieveError."""
    position, line, line_start = 0, 1, 0
    size = len(text)
    while True:
        skipped = _SKIP.match(text, position)
        if skipped:
            line, line_start = _advance(text, position, skipped.end(), line, line_start)
            position = skipped.end()
        if position >= size:
            return
        token, end = _one(text, position, line, position - line_start + 1)
        yield token
        line, line_start = _advance(text, position, end, line, line_start)
        position = end


def _advance(text: str, start: int, end: int, line: int, line_start: int) -> tuple[int, int]:
    count = text.count("\n", start, end)
    return (line + count, text.rindex("\n", start, end) + 1) if count else (line, line_start)


def _one(text: str, at: int, line: int, column: int) -> tuple[Token, int]:
    sign = text[at]
    if sign in "()[]{};,":
        return Token(sign, sign, line, column), at + 1
    if sign == '"':
        return _quoted(text, at, line, column)
    if sign == ":" and (match := _IDENTIFIER.match(text, at + 1)):
        return Token("tag", match[0].lower(), line, column), match.end()
    if match := _TEXT.match(text, at):
        return _multiline(text, match.end(), line, column)
    if match := _IDENTIFIER.match(text, at):
        return Token("identifier", match[0].lower(), line, column), match.end()
    if match := _NUMBER.match(text, at):
        number = int(match[1][:20]) * 1024 ** _UNITS[match[2].lower()]
        if number > MAX_NUMBER:
            raise SieveError(line, column, f"{match[0]} is too large a number.")
        return Token("number", number, line, column), match.end()
    if text.startswith("/*", at):
        raise SieveError(line, column, "a comment has no end.")
    raise SieveError(line, column, f"{sign!r} cannot stand here.")


def _quoted(text: str, at: int, line: int, column: int) -> tuple[Token, int]:
    match = _QUOTED.match(text, at)
    if match is None:
        raise SieveError(line, column, "a string has no closing quote.")
    return Token("string", _ESCAPE.sub(r"\1", match[1]).replace("\r\n", "\n"), line, column), match.end()


def _multiline(text: str, start: int, line: int, column: int) -> tuple[Token, int]:
    end = _TEXT_END.search(text, start)
    if end is None:
        raise SieveError(line, column, "a text: has no line with a single dot at its end.")
    lines = text[start : end.start()].replace("\r\n", "\n").split("\n")
    content = "\n".join(one[1:] if one.startswith(".") else one for one in lines)
    return Token("string", content, line, column), end.end()
