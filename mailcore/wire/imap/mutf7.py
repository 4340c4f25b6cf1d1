"""Modified UTF-7 (RFC 3501 §5.1.3) and the mailbox name that travels in it.

One name has one spelling: whatever does not encode back to the same octets is refused, so that two spellings can never
be two mailboxes or slip past a rule about names. What a name may mean (delimiter, parents, length) is the store's.
"""

import binascii
import re
from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason

MAX_NAME_BYTES = 1024
"""Longest name on the wire; stops names grown to fill the index and every LIST reply."""

_SHIFTED = re.compile(rb"&([A-Za-z0-9+,]*)-")
_WIDE_RUN = re.compile(r"[^\x20-\x7e]+")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_PLAIN = re.compile(rb"[\x20-\x7e]*\Z")


def encode(name: str) -> bytes:
    """The modified UTF-7 form of *name*. Raises MailError(SYNTAX) on a lone surrogate. RFC 3501 §5.1.3."""
    if name.isascii() and name.isprintable():
        return name.replace("&", "&-").encode("ascii") if "&" in name else name.encode("ascii")
    try:
        return _WIDE_RUN.sub(_shift, name.replace("&", "&-")).encode("ascii")
    except UnicodeError:
        raise MailError(Reason.SYNTAX, "The mailbox name holds half of a character.") from None


def _shift(run: re.Match[str]) -> str:
    wide = binascii.b2a_base64(run.group().encode("utf-16-be"), newline=False)
    return "&" + wide.decode("ascii").rstrip("=").replace("/", ",") + "-"


def decode(data: bytes) -> str:
    """The name that *data* spells in modified UTF-7. Raises MailError(SYNTAX) unless it is the one canonical spelling."""
    if not _PLAIN.match(data):
        raise MailError(Reason.SYNTAX, "A mailbox name is sent in printable ASCII (modified UTF-7).")
    if b"&" not in data:
        return data.decode("ascii")
    pieces: list[str] = []
    at = 0
    try:
        for run in _SHIFTED.finditer(data):
            pieces.append(data[at : run.start()].decode("ascii"))
            pieces.append(_unshift(run.group(1)))
            at = run.end()
        pieces.append(data[at:].decode("ascii"))
        name = "".join(pieces)
        if encode(name) == data and not _CONTROL.search(name):
            return name
    except (ValueError, MailError):
        pass
    raise MailError(Reason.SYNTAX, "The mailbox name is not correct modified UTF-7.")


def decode_utf8(data: bytes) -> str:
    """The name that *data* spells in UTF-8, once a session has agreed on it. Raises MailError(SYNTAX). RFC 9051 §5.1, RFC 9755 §3."""
    try:
        name = data.decode("utf-8")
    except UnicodeDecodeError:
        raise MailError(Reason.SYNTAX, "The mailbox name is not correct UTF-8.") from None
    if _CONTROL.search(name):
        raise MailError(Reason.SYNTAX, "A mailbox name holds no control characters.")
    return name


def _unshift(run: bytes) -> str:
    if not run:
        return "&"
    padded = run.replace(b",", b"/") + b"=" * (-len(run) % 4)
    return binascii.a2b_base64(padded).decode("utf-16-be")


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a session writes names of mailboxes: in modified UTF-7 or UTF-8, and with which delimiter.

    Inside, the delimiter is `/`. Where a session's is another, the two characters change places, so that each name still has one spelling.
    """

    is_utf8: bool = False
    delimiter: str = "/"

    def read(self, data: bytes) -> str:
        """The name that a client wrote. Raises MailError(SYNTAX)."""
        return self.swapped(decode_utf8(data) if self.is_utf8 else decode(data))

    def swapped(self, name: str) -> str:
        """*name* with the session's delimiter and ours in each other's place."""
        return name if self.delimiter == "/" else name.translate({ord("/"): self.delimiter, ord(self.delimiter): "/"})


PLAIN = Spelling()


@dataclass(frozen=True, slots=True)
class MailboxName:
    """A mailbox's full name in Unicode; INBOX has one case (RFC 3501 §5.1)."""

    text: str

    @classmethod
    def parse(cls, data: bytes, spelling: Spelling = PLAIN) -> "MailboxName":
        """The name in *data* as it came in an astring. Raises MailError(SYNTAX)."""
        if len(data) > MAX_NAME_BYTES:
            raise MailError(Reason.SYNTAX, f"A mailbox name has at most {MAX_NAME_BYTES} octets.")
        return cls.of(spelling.read(data))

    @classmethod
    def of(cls, text: str) -> "MailboxName":
        """The name *text*, with any spelling of INBOX made INBOX."""
        return cls("INBOX" if len(text) == 5 and text.upper() == "INBOX" else text)

    @property
    def is_inbox(self) -> bool:
        """Whether this is the mailbox that always exists."""
        return self.text == "INBOX"

    def __bytes__(self) -> bytes:
        return encode(self.text)

    def __str__(self) -> str:
        return self.text
