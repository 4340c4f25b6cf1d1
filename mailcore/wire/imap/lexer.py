"""A cursor over one framed command and the primitives of the IMAP grammar (RFC 3501 §9, RFC 9051 §9).

Every primitive is one compiled pattern, so a token costs one C call. Literals lie between the segments of the frame, so an
octet of a literal can never be taken for syntax. Which primitives make a command is the parser's.
"""

import re
from collections.abc import Callable
from datetime import date, datetime
from typing import TypeVar

from mailcore.base.errors import MailError
from mailcore.wire.imap.datetimes import parse_internaldate, parse_search_date
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.framing import Frame, Literal, Segment, StreamedLiteral
from mailcore.wire.imap.mutf7 import PLAIN, MailboxName, Spelling
from mailcore.wire.imap.sequence import SEQUENCE, SequenceSet

MAX_DEPTH = 100
"""Deepest nesting of parentheses and search keys; stops a stack overflow by `((((`."""

ATOM = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
ASTRING = re.compile(rb"[^\x00-\x20\x7f-\xff(){%*\"\\]+")
LIST_MAILBOX = re.compile(rb"[^\x00-\x20\x7f-\xff(){\"\\]+")
FLAG = re.compile(rb"\\?[^\x00-\x20\x7f-\xff(){%*\"\\\]]+")
QUOTED = re.compile(rb'"([^"\\\r\n\x00]*+(?:\\["\\][^"\\\r\n\x00]*+)*+)"')
NUMBER = re.compile(rb"[0-9]{1,20}")
_Day = TypeVar("_Day", date, datetime)
_ESCAPE = re.compile(rb'\\(["\\])')
_DOLLAR_OR_SET = re.compile(rb"\$|" + SEQUENCE.pattern)
_MAX_NUMBER_64 = (1 << 63) - 1


class Cursor:
    """Reads one frame from left to right; every failure is an ImapSyntaxError with the command's tag."""

    __slots__ = ("_segments", "_index", "text", "pos", "tag", "depth", "spelling")

    def __init__(self, frame: Frame, spelling: Spelling = PLAIN) -> None:
        self.spelling = spelling
        self._segments: tuple[Segment, ...] = frame.segments
        self._index = 0
        first = frame.segments[0] if frame.segments else b""
        self.text: bytes = first if isinstance(first, bytes) else b""
        self.pos = 0
        self.tag: str | None = None
        self.depth = 0

    def fail(self, text: str) -> ImapSyntaxError:
        """The error to raise here."""
        return ImapSyntaxError(self.tag, text)

    def match(self, pattern: re.Pattern[bytes]) -> re.Match[bytes] | None:
        """*pattern* at the cursor, moving over it, or None without moving."""
        found = pattern.match(self.text, self.pos)
        if found is not None:
            self.pos = found.end()
        return found

    def need(self, pattern: re.Pattern[bytes], what: str) -> bytes:
        """The octets of *pattern* at the cursor; *what* names it in the error."""
        found = pattern.match(self.text, self.pos)
        if found is None:
            raise self.fail(f"Expected {what}.")
        self.pos = found.end()
        return found.group()

    def skip(self, token: bytes) -> bool:
        """Whether *token* stands at the cursor, moving over it."""
        if self.text.startswith(token, self.pos):
            self.pos += len(token)
            return True
        return False

    def expect(self, token: bytes) -> None:
        """Move over *token*, which must stand here."""
        if not self.text.startswith(token, self.pos):
            raise self.fail(f"Expected {_name(token)}.")
        self.pos += len(token)

    def space(self) -> None:
        """Move over one SP."""
        if not self.text.startswith(b" ", self.pos):
            raise self.fail("Expected a space.")
        self.pos += 1

    def peek(self) -> int:
        """The octet at the cursor, -1 at the end of the text or before a literal."""
        return self.text[self.pos] if self.pos < len(self.text) else -1

    @property
    def is_at_end(self) -> bool:
        """Whether the whole command has been read."""
        return self.pos == len(self.text) and self._index == len(self._segments) - 1

    def end(self) -> None:
        """Insist on the end of the command. One trailing space is let through: several small clients send it."""
        if self.is_at_end or (self.skip(b" ") and self.is_at_end):
            return
        raise self.fail("There is more on the line than the command takes.")

    def enter(self) -> None:
        """Go one level deeper; refuse above MAX_DEPTH."""
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail("The command is nested too deeply.")

    def leave(self) -> None:
        """Come back up one level."""
        self.depth -= 1

    def literal(self) -> Literal | StreamedLiteral | None:
        """The literal that follows the cursor, moving over it, or None."""
        if self.pos != len(self.text) or self._index + 1 >= len(self._segments):
            return None
        found = self._segments[self._index + 1]
        if isinstance(found, bytes):
            return None
        # A frame ends with text, be it empty, so there is always a segment behind a literal.
        after = self._segments[self._index + 2]
        self._index += 2
        self.text = after if isinstance(after, bytes) else b""
        self.pos = 0
        return found

    # string = quoted / literal
    def string_or_none(self) -> bytes | None:
        """A quoted string or literal, or None when neither stands here."""
        if self.peek() == 0x22:
            found = QUOTED.match(self.text, self.pos)
            if found is None:
                raise self.fail("The quoted string does not end or holds a wrong octet.")
            self.pos = found.end()
            inner = found.group(1)
            return _ESCAPE.sub(rb"\1", inner) if b"\\" in inner else inner
        found_literal = self.literal()
        if found_literal is None:
            return None
        if isinstance(found_literal, StreamedLiteral) or b"\0" in found_literal.data:
            raise self.fail("This literal does not fit here.")
        return found_literal.data

    def string(self) -> bytes:
        """A quoted string or literal."""
        value = self.string_or_none()
        if value is None:
            raise self.fail("Expected a string.")
        return value

    # astring = 1*ASTRING-CHAR / string
    def astring(self) -> bytes:
        """An atom (with `]` allowed), quoted string or literal."""
        found = ASTRING.match(self.text, self.pos)
        if found is not None:
            self.pos = found.end()
            return found.group()
        value = self.string_or_none()
        if value is None:
            raise self.fail("Expected an atom or string.")
        return value

    def nstring(self) -> bytes | None:
        """A string or NIL, which is None."""
        value = self.string_or_none()
        if value is None and self.need(ATOM, "a string or NIL").upper() != b"NIL":
            raise self.fail("Expected a string or NIL.")
        return value

    def text_string(self) -> str:
        """An astring as text: UTF-8, else Latin-1 (old clients send passwords in the Windows charset)."""
        return as_text(self.astring())

    def atom(self) -> str:
        """An atom, as it is written."""
        return self.need(ATOM, "an atom").decode("ascii")

    def keyword(self) -> bytes:
        """An atom in upper case."""
        return self.need(ATOM, "a keyword").upper()

    def number(self, largest: int = 0xFFFFFFFF) -> int:
        """A number 0..*largest*."""
        value = int(self.need(NUMBER, "a number"))
        if value > largest:
            raise self.fail("The number is too large.")
        return value

    def number64(self) -> int:
        """A number 0..2**63-1 (RFC 7162 §3.1.1: mod-sequences are 63 bits)."""
        return self.number(_MAX_NUMBER_64)

    def sequence_set(self) -> SequenceSet:
        """A sequence-set or `$`."""
        found = self.need(_DOLLAR_OR_SET, "a sequence set")
        try:
            return SequenceSet.parse(found)
        except MailError as error:
            raise self.fail(error.detail) from None

    # mailbox = "INBOX" / astring
    def mailbox(self) -> MailboxName:
        """A mailbox name. A wrong one is NO, not BAD: the command itself is well formed."""
        try:
            return MailboxName.parse(self.astring(), self.spelling)
        except ImapSyntaxError:
            raise
        except MailError as error:
            raise ImapSyntaxError(self.tag, error.detail, status="NO", code="CANNOT") from None

    # date-time = DQUOTE date-day-fixed "-" date-month "-" date-year SP time SP zone DQUOTE
    def date_time(self) -> datetime:
        """A quoted INTERNALDATE."""
        return self._moment(parse_internaldate, self.string())

    # date = date-text / DQUOTE date-text DQUOTE
    def day(self) -> date:
        """A day, quoted or not."""
        return self._moment(parse_search_date, self.astring())

    def _moment(self, parse: Callable[[bytes], _Day], data: bytes) -> _Day:
        try:
            return parse(data)
        except MailError as error:
            raise self.fail(error.detail) from None


def as_text(data: bytes) -> str:
    """*data* as UTF-8, or as Latin-1 when it is not UTF-8."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("latin-1")


def _name(token: bytes) -> str:
    return token.decode("ascii", "replace")
