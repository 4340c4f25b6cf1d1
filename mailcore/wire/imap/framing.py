"""The layer under the IMAP parser: where a command ends, and which octets are literals (RFC 3501 §4.3, 7888, 3516).

A literal is never read as a command: its length rules until the last octet, also when the owner refused it. The owner
decides on each literal (`accept`, `stream`, `refuse`), because only he knows the quota and has the socket to send `+` on.
What cannot be kept in step (a line without end, a literal too long to swallow) is a fatal FrameError: say BYE and close.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class FrameLimits:
    """How much one command may hold in memory; each stops a client from filling it."""

    line_bytes: int
    literal_bytes: int
    literal_count: int
    swallow_bytes: int


BEFORE_LOGIN = FrameLimits(line_bytes=8 * 1024, literal_bytes=16 * 1024, literal_count=4, swallow_bytes=64 * 1024)
"""Strangers get little: stops memory floods from connections without a password."""
AFTER_LOGIN = FrameLimits(line_bytes=64 * 1024, literal_bytes=1024 * 1024, literal_count=1000, swallow_bytes=256 * 1024 * 1024)
"""Long UID lists and search texts fit; a refused message is swallowed up to the largest anyone sends by mistake."""


@dataclass(frozen=True, slots=True)
class Literal:
    """The octets of a literal; `is_binary` for literal8 (`~{n}`)."""

    data: bytes
    is_binary: bool = False


@dataclass(frozen=True, slots=True)
class StreamedLiteral:
    """Stands in a frame for a literal whose octets went by as LiteralChunk events."""

    size: int
    is_binary: bool = False


Segment = bytes | Literal | StreamedLiteral


@dataclass(frozen=True, slots=True)
class Frame:
    """One whole command: text, literal, text, ... without line ends and without the `{n}` marks."""

    segments: tuple[Segment, ...]


@dataclass(frozen=True, slots=True)
class Line:
    """One line that is not a command: DONE, or an answer to a SASL challenge."""

    data: bytes


@dataclass(frozen=True, slots=True)
class NeedMore:
    """All received bytes are used up or waiting for the rest."""


@dataclass(frozen=True, slots=True)
class LiteralWanted:
    """The client announces a literal; nothing moves until `accept`, `stream` or `refuse` is called.

    `segments` is the command so far; `fits` is whether `accept` may be called; with `is_sync` the client waits for `+`.
    """

    segments: tuple[Segment, ...]
    size: int
    is_sync: bool
    is_binary: bool
    fits: bool

    @property
    def frame(self) -> Frame:
        """The command as if it ended after this literal, for a look at what it is (APPEND's mailbox, flags and date)."""
        return Frame((*self.segments, StreamedLiteral(self.size, self.is_binary), b""))


@dataclass(frozen=True, slots=True)
class LiteralChunk:
    """The next octets of a streamed literal; `is_last` comes exactly once a literal, with or without octets."""

    data: bytes
    is_last: bool


@dataclass(frozen=True, slots=True)
class FrameError:
    """A command that cannot be framed. Always fatal: the octets that follow have no known meaning."""

    tag: str | None
    text: str


Event = Frame | NeedMore | LiteralWanted | LiteralChunk | FrameError

NEED_MORE = NeedMore()
_MARK = re.compile(rb"(~?)\{([0-9]+)(\+?)\}\Z")
_TAG = re.compile(rb"([!#$&',-\[\]-z|}~]{1,128}) ")
_HUGE = 1 << 62
_DIGITS_MAX = 18
"""More digits than a size can have are not converted: stops quadratic int()."""


class Framer:
    """Bytes in by `receive`, events out by `next` (commands) or `next_line` (DONE, SASL answers)."""

    __slots__ = ("_buffer", "_scanned", "_segments", "_text_bytes", "_literal_bytes", "_wanted", "_need", "_mode", "_broken", "limits")

    def __init__(self, limits: FrameLimits = BEFORE_LOGIN) -> None:
        self.limits = limits
        self._buffer = bytearray()
        self._scanned = 0
        self._segments: list[Segment] = []
        self._text_bytes = 0
        self._literal_bytes = 0
        self._wanted: LiteralWanted | None = None
        self._need = 0
        self._mode: Callable[[], Event] = self._read_text
        self._broken: FrameError | None = None

    def receive(self, data: bytes) -> None:
        """Add *data* from the socket."""
        self._buffer += data

    @property
    def pending_bytes(self) -> int:
        """How many received octets have not been turned into an event."""
        return len(self._buffer)

    @property
    def waits_for_decision(self) -> bool:
        """Whether a literal is announced and neither `accept`, `stream` nor `refuse` was called."""
        return self._wanted is not None

    def take_rest(self) -> bytes:
        """All octets not used yet, and forget them: to be dropped at STARTTLS (RFC 3501 §6.2.1), inflated after COMPRESS."""
        rest = bytes(self._buffer)
        self._buffer.clear()
        self._scanned = 0
        return rest

    def next(self) -> Event:
        """The next event of the command stream."""
        if self._broken is not None:
            return self._broken
        if self._wanted is not None:
            return self._wanted
        return self._mode()

    def next_line(self) -> Line | NeedMore | FrameError:
        """The next line as it is, literal marks included; for use between commands only."""
        if self._broken is not None:
            return self._broken
        line = self._take_line(self.limits.line_bytes)
        if isinstance(line, bytes):
            return Line(line)
        return line

    def accept(self) -> None:
        """Keep the announced literal in memory; send `+` first if it is synchronising."""
        wanted = self._decide()
        if not wanted.fits:
            raise ValueError("a literal over the limit can only be streamed or refused")
        self._literal_bytes += wanted.size
        self._need = wanted.size
        self._mode = self._read_literal
        self._segments.append(Literal(b"", wanted.is_binary))

    def stream(self) -> None:
        """Pass the announced literal on as LiteralChunk events; send `+` first if it is synchronising."""
        wanted = self._decide()
        self._need = wanted.size
        self._mode = self._read_stream
        self._segments.append(StreamedLiteral(wanted.size, wanted.is_binary))

    def refuse(self) -> None:
        """Drop the whole command, swallowing what the client sends without waiting; the caller answers its tag."""
        wanted = self._decide()
        if wanted.is_sync:
            self._restart()
        else:
            self._start_swallow(wanted.size)

    def _decide(self) -> LiteralWanted:
        wanted = self._wanted
        if wanted is None:
            raise ValueError("no literal waits for a decision")
        self._wanted = None
        return wanted

    def _start_swallow(self, size: int) -> bool:
        """Begin to swallow *size* octets; False when that is more than the limit, which ends the connection."""
        if size > self.limits.swallow_bytes:
            self._broken = FrameError(self._tag(), "The literal is too long to be passed over.")
            return False
        self._need = size
        self._mode = self._read_refused
        return True

    def _restart(self) -> None:
        self._segments.clear()
        self._text_bytes = self._literal_bytes = 0
        self._mode = self._read_text

    def _tag(self) -> str | None:
        first = self._segments[0] if self._segments else bytes(self._buffer[:129])
        match = _TAG.match(first) if isinstance(first, bytes) else None
        return match.group(1).decode("ascii") if match else None

    def _take_line(self, room: int) -> bytes | NeedMore | FrameError:
        """The next line without its end. A bare LF ends a line too: people type commands into netcat and scripts print `\\n`."""
        buffer = self._buffer
        end = buffer.find(b"\n", self._scanned)
        if (end if end >= 0 else len(buffer)) > room + 1:
            self._broken = FrameError(self._tag(), "The command line is too long.")
            return self._broken
        if end < 0:
            self._scanned = len(buffer)
            return NEED_MORE
        self._scanned = 0
        line = bytes(buffer[: end - 1 if end and buffer[end - 1] == 13 else end])
        del buffer[: end + 1]
        return line

    def _read_text(self) -> Event:
        line = self._take_line(self.limits.line_bytes - self._text_bytes)
        if not isinstance(line, bytes):
            return line
        mark = _MARK.search(line) if line.endswith(b"}") else None
        return self._finish(line) if mark is None else self._announce(line, mark)

    def _finish(self, line: bytes) -> Frame:
        if not self._segments:
            return Frame((line,))
        self._segments.append(line)
        frame = Frame(tuple(self._segments))
        self._restart()
        return frame

    def _announce(self, line: bytes, mark: re.Match[bytes]) -> Event:
        text = line[: mark.start()]
        self._text_bytes += len(line)
        self._segments.append(text)
        size = _literal_size(mark)
        fits = self._literal_bytes + size <= self.limits.literal_bytes and len(self._segments) // 2 < self.limits.literal_count
        self._wanted = LiteralWanted(tuple(self._segments), size, not mark.group(3), bool(mark.group(1)), fits)
        return self._wanted

    def _read_literal(self) -> Event:
        if len(self._buffer) < self._need:
            return NEED_MORE
        last = self._segments[-1]
        assert isinstance(last, Literal)
        self._segments[-1] = Literal(bytes(self._buffer[: self._need]), last.is_binary)
        del self._buffer[: self._need]
        self._mode = self._read_text
        return self._read_text()

    def _read_stream(self) -> Event:
        if self._need and not self._buffer:
            return NEED_MORE
        chunk = bytes(self._buffer[: self._need])
        del self._buffer[: self._need]
        self._need -= len(chunk)
        if not self._need:
            self._mode = self._read_text
        return LiteralChunk(chunk, not self._need)

    def _read_refused(self) -> Event:
        """Drop the refused literal and the rest of its command, further literals in it too; then read on."""
        while True:
            gone = min(self._need, len(self._buffer))
            del self._buffer[:gone]
            self._need -= gone
            if self._need:
                return NEED_MORE
            line = self._take_line(self.limits.line_bytes)
            if not isinstance(line, bytes):
                return line
            mark = _MARK.search(line) if line.endswith(b"}") else None
            if mark is None or not mark.group(3):
                self._restart()
                return self._read_text()
            if not self._start_swallow(_literal_size(mark)):
                return self.next()


def _literal_size(mark: re.Match[bytes]) -> int:
    digits = mark.group(2).lstrip(b"0")
    return _HUGE if len(digits) > _DIGITS_MAX else int(digits or b"0")
