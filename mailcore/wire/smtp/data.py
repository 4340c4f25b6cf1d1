"""Message data on its way in and out: the end of DATA, dot-stuffing, and what the octets are like (RFC 5321 §4.5.2).

Only CRLF "." CRLF ends a message: every other spelling that some server takes for it is how mail is smuggled. Chunks are
searched and counted by C; nothing here walks over octets.
"""

import re

from mailcore.base.errors import MailError, Reason

LINE_LIMIT = 998
"""Octets in a line without CRLF (RFC 5321 §4.5.3.1.6); longer ones are taken, and broken by encoding on the way out."""

_DOT_LINE = re.compile(rb"\n\.")
_LONE_CR = re.compile(rb"\r(?!\n)")
_END = b"\r\n.\r\n"
_TAILS = (b"\r\n.\r", b"\r\n.", b"\r\n", b"\r")


class BareScanner:
    """Watches the octets of a message go by, in any chunks (also BDAT's), and remembers what was odd about them."""

    __slots__ = ("_crs", "_lfs", "_crlfs", "_ends_in_cr", "_line", "size_bytes", "longest_line", "has_8bit", "has_nul")

    def __init__(self) -> None:
        self._crs = self._lfs = self._crlfs = 0
        self._ends_in_cr = False
        self._line = 0
        self.size_bytes = 0
        self.longest_line = 0
        self.has_8bit = False
        self.has_nul = False

    def feed(self, data: bytes) -> None:
        """Look at the next octets."""
        if not data:
            return
        self.size_bytes += len(data)
        lfs = data.count(b"\n")
        crs = data.count(b"\r")
        self._lfs += lfs
        self._crs += crs
        if lfs and (crs or self._ends_in_cr):
            # Counting a pair costs three times a search for a lone CR; without one, pairs and CRs are as many.
            pairs = crs if _LONE_CR.search(data) is None else data.count(b"\r\n")
            self._crlfs += pairs + (self._ends_in_cr and data[0] == 10)
        self._ends_in_cr = data[-1] == 13
        if not self.has_8bit and not data.isascii():
            self.has_8bit = True
        if not self.has_nul and b"\0" in data:
            self.has_nul = True
        self._measure(data)

    def _measure(self, data: bytes) -> None:
        """Move from LF to LF in steps of the longest line known: a step is one search near its far end."""
        known = max(self.longest_line, LINE_LIMIT) + 2
        at = -self._line
        end = len(data)
        while end - at > known:
            last = data.rfind(b"\n", max(at, 0), at + known)
            if last < 0:
                last = data.find(b"\n", max(at + known, 0))
                if last < 0:
                    break
                known = last - at + 1
            at = last + 1
        last = data.rfind(b"\n", max(at, 0))
        self._line = end - (last + 1 if last >= 0 else at)
        unfinished = self._line - self._ends_in_cr
        longest = max(known - 2, unfinished)
        if longest > LINE_LIMIT:
            self.longest_line = longest

    @property
    def has_bare_cr(self) -> bool:
        """Whether a CR came without LF behind it (one at the very end is not judged before `finish`)."""
        return self._crs - self._ends_in_cr > self._crlfs

    @property
    def has_bare_lf(self) -> bool:
        """Whether an LF came without CR before it."""
        return self._lfs > self._crlfs

    @property
    def has_long_line(self) -> bool:
        """Whether a line has more than LINE_LIMIT octets."""
        return self.longest_line > LINE_LIMIT

    def finish(self) -> None:
        """The message is over: a CR at its end is bare. Raises MailError(BARE_LINE_ENDING) if there was a bare CR or LF."""
        self._ends_in_cr = False
        if self.has_bare_cr or self.has_bare_lf:
            raise MailError(Reason.BARE_LINE_ENDING, "The message has a CR or LF that is not part of CRLF.")


class DotDecoder:
    """Takes DATA's stream apart: `feed` gives message octets, `is_done` says the end came, `rest` is what came behind it."""

    __slots__ = ("_held", "_skip", "is_done", "rest", "scanner")

    def __init__(self) -> None:
        # The stream begins as if after a CRLF, so that a dot in the first line is a dot at a line's start.
        self._held = b"\r\n"
        self._skip = 2
        self.is_done = False
        self.rest = b""
        self.scanner = BareScanner()

    def feed(self, chunk: bytes) -> bytes:
        """The octets of the message that are certain after *chunk*, without stuffed dots."""
        if self.is_done:
            self.rest += chunk
            return b""
        held = self._held
        data = held + chunk if held else chunk
        # One search by a pattern that starts with LF is several times faster than two for the whole marks.
        has_dot = _DOT_LINE.search(data) is not None
        end = data.find(_END) if has_dot else -1
        if end >= 0:
            self.is_done = True
            self.rest = data[end + 5 :]
            self._held = b""
            data = data[: end + 2]
        else:
            self._held = held = _held_tail(data)
            if held:
                data = data[: -len(held)]
        if not data:
            return b""
        if has_dot:
            data = data.replace(b"\r\n.", b"\r\n")
        if self._skip:
            data = data[self._skip :]
            self._skip = 0
        self.scanner.feed(data)
        return data

    @property
    def has_bare_cr(self) -> bool:
        """Whether a CR came without LF behind it."""
        return self.scanner.has_bare_cr

    @property
    def has_bare_lf(self) -> bool:
        """Whether an LF came without CR before it."""
        return self.scanner.has_bare_lf

    @property
    def longest_line(self) -> int:
        """Octets of the longest line without CRLF; exact above LINE_LIMIT, 0 where no line is longer than that."""
        return self.scanner.longest_line

    @property
    def size_bytes(self) -> int:
        """Octets of the message so far."""
        return self.scanner.size_bytes


def _held_tail(data: bytes) -> bytes:
    for tail in _TAILS:
        if data.endswith(tail):
            return tail
    return b""


class DotStuffer:
    """Makes DATA's stream of a message given in chunks: `feed` each, then `end` once. The message has CRLF lines."""

    __slots__ = ("_last",)

    def __init__(self) -> None:
        self._last = b"\r\n"

    def feed(self, chunk: bytes) -> bytes:
        """*chunk* with the dots at line starts doubled. RFC 5321 §4.5.2."""
        if not chunk:
            return b""
        joined = self._last + chunk
        kept = len(self._last)
        self._last = joined[-2:]
        if _DOT_LINE.search(joined) is None:
            return chunk
        return joined.replace(b"\r\n.", b"\r\n..")[kept:]

    def end(self) -> bytes:
        """The end of the message: completes an unfinished last line, then the lone dot."""
        return b".\r\n" if self._last == b"\r\n" else b"\r\n.\r\n"
