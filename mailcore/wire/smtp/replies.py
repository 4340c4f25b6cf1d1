"""Replies: code, enhanced status and text, as value, as bytes, and as an incremental parser for the client's side.

Text for people is made safe here, once: what a reply quotes from a client can never become a line of its own. Which Reason
is which reply is in `reasons`.
"""

import re
import textwrap
from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason

LINE_MAX_BYTES = 2048
"""Longest reply line taken from a remote server (RFC 5321 §4.5.3.1.5 says 512; real ones are longer). Stops a flood of text."""
LINES_MAX = 200
"""Most lines in one reply; stops a banner without end."""
TEXT_WIDTH = 450
"""Our own lines stay under RFC 5321 §4.5.3.1.5's 512 octets."""

_LINE = re.compile(rb"([2-5][0-9]{2})(?:([ -])([^\n]*))?\Z")
_ENHANCED = re.compile(r"([245])\.([0-9]{1,3})\.([0-9]{1,3})(?: |\Z)")
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]+")


@dataclass(frozen=True, slots=True)
class Reply:
    """One reply; *enhanced* is RFC 3463's `5.1.1` or "", *lines* the text without it, one item a line."""

    code: int
    enhanced: str
    lines: tuple[str, ...]

    @classmethod
    def of(cls, code: int, enhanced: str, text: str) -> "Reply":
        """A reply of ours with *text* cut into lines and freed of what cannot be sent."""
        clean = _UNPRINTABLE.sub(" ", text).strip() or "."
        if len(clean) <= TEXT_WIDTH:
            return cls(code, enhanced, (clean,))
        return cls(code, enhanced, tuple(textwrap.wrap(clean, TEXT_WIDTH)))

    @classmethod
    def parse(cls, data: bytes) -> "Reply":
        """The one reply in *data*. Raises MailError(REMOTE)."""
        parser = ReplyParser()
        parser.receive(data)
        reply = parser.next()
        if reply is None or parser.pending_bytes:
            raise MailError(Reason.REMOTE, "This is not one whole reply.")
        return reply

    @property
    def is_positive(self) -> bool:
        """2xx or 3xx."""
        return self.code < 400

    @property
    def is_temporary(self) -> bool:
        """4xx: the same may work later. RFC 5321 §4.2.1."""
        return 400 <= self.code < 500

    @property
    def text(self) -> str:
        """The lines as one sentence."""
        return " ".join(self.lines)

    def __bytes__(self) -> bytes:
        lead = f"{self.enhanced} " if self.enhanced else ""
        last = len(self.lines) - 1
        return "".join([f"{self.code}{' ' if at == last else '-'}{lead}{line}\r\n" for at, line in enumerate(self.lines)]).encode(
            "utf-8", "replace"
        )

    def __str__(self) -> str:
        return f"{self.code} {self.enhanced} {self.text}" if self.enhanced else f"{self.code} {self.text}"


class ReplyParser:
    """Bytes in by `receive`, replies out by `next`; trouble is MailError(REMOTE), after which the connection is of no use."""

    __slots__ = ("_buffer", "_scanned", "_code", "_lines")

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._scanned = 0
        self._code = 0
        self._lines: list[str] = []

    def receive(self, data: bytes) -> None:
        """Add *data* from the socket."""
        self._buffer += data

    @property
    def pending_bytes(self) -> int:
        """Octets not used yet; at STARTTLS there may be none (RFC 3207 §4.2)."""
        return len(self._buffer)

    def next(self) -> Reply | None:
        """The next whole reply, or None. RFC 5321 §4.2."""
        while True:
            end = self._buffer.find(b"\n", self._scanned)
            if (end if end >= 0 else len(self._buffer)) > LINE_MAX_BYTES:
                raise MailError(Reason.REMOTE, "The remote server sent an endless line.", temporary=True)
            if end < 0:
                self._scanned = len(self._buffer)
                return None
            line = bytes(self._buffer[:end]).rstrip(b"\r")
            del self._buffer[: end + 1]
            self._scanned = 0
            reply = self._add(line)
            if reply is not None:
                return reply

    def _add(self, line: bytes) -> Reply | None:
        found = _LINE.match(line)
        if found is None:
            raise MailError(Reason.REMOTE, "The remote server did not speak SMTP.", temporary=True)
        code = int(found.group(1))
        if self._lines and code != self._code:
            raise MailError(Reason.REMOTE, "The remote server mixed codes in one reply.", temporary=True)
        self._code = code
        self._lines.append(_decode(found.group(3) or b""))
        if found.group(2) == b"-":
            if len(self._lines) >= LINES_MAX:
                raise MailError(Reason.REMOTE, "The remote server sent a reply without end.", temporary=True)
            return None
        lines, self._lines = self._lines, []
        return _assemble(code, lines)


def _assemble(code: int, lines: list[str]) -> Reply:
    """Take RFC 2034's status off the lines that bear the first line's."""
    found = _ENHANCED.match(lines[0])
    if found is None or found.group(1) != str(code)[0]:
        return Reply(code, "", tuple(lines))
    status = ".".join(found.groups())
    return Reply(code, status, tuple([_without(line, status) for line in lines]))


def _without(line: str, status: str) -> str:
    return line[len(status) + 1 :] if line == status or line.startswith(status + " ") else line


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8")
    except UnicodeDecodeError:
        return text.decode("latin-1")
