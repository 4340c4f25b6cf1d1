"""What FETCH can ask for, as values (RFC 3501 §6.4.5, RFC 3516, RFC 8474, RFC 8970, RFC 8514).

An item knows the label it is answered under; a session asks once a command, not once a message. Macros are gone after
parsing.
"""

from dataclasses import dataclass
from enum import Enum


class FetchAttribute(Enum):
    """The items without arguments; the value is the label."""

    UID = b"UID"
    FLAGS = b"FLAGS"
    INTERNALDATE = b"INTERNALDATE"
    ENVELOPE = b"ENVELOPE"
    BODY = b"BODY"
    BODYSTRUCTURE = b"BODYSTRUCTURE"
    RFC822 = b"RFC822"
    RFC822_HEADER = b"RFC822.HEADER"
    RFC822_SIZE = b"RFC822.SIZE"
    RFC822_TEXT = b"RFC822.TEXT"
    MODSEQ = b"MODSEQ"
    EMAILID = b"EMAILID"
    THREADID = b"THREADID"
    PREVIEW = b"PREVIEW"
    SAVEDATE = b"SAVEDATE"

    @property
    def label(self) -> bytes:
        """What the answer calls it."""
        return self.value

    def __bytes__(self) -> bytes:
        return self.value


@dataclass(frozen=True, slots=True, kw_only=True)
class LazyPreview:
    """PREVIEW (LAZY): only if it is at hand (RFC 8970 §3.2)."""

    @property
    def label(self) -> bytes:
        """What the answer calls it."""
        return b"PREVIEW"

    def __bytes__(self) -> bytes:
        return b"PREVIEW (LAZY)"


class SectionText(Enum):
    """Which text of a part is meant; ALL is the part (or message) itself."""

    ALL = b""
    HEADER = b"HEADER"
    HEADER_FIELDS = b"HEADER.FIELDS"
    HEADER_FIELDS_NOT = b"HEADER.FIELDS.NOT"
    TEXT = b"TEXT"
    MIME = b"MIME"


@dataclass(frozen=True, slots=True, kw_only=True)
class Partial:
    """`<start.length>`: octets from *start*, at most *length* (1 or more)."""

    start: int
    length: int

    def __bytes__(self) -> bytes:
        return b"<%d.%d>" % (self.start, self.length)


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What stands in the brackets of BODY[...]: part numbers, then which text. Field names are upper case."""

    part: tuple[int, ...] = ()
    text: SectionText = SectionText.ALL
    fields: tuple[bytes, ...] = ()

    def __bytes__(self) -> bytes:
        pieces = [b"%d" % number for number in self.part]
        if self.text is not SectionText.ALL:
            pieces.append(self.text.value)
        spelled = b".".join(pieces)
        if self.fields:
            spelled += b" (" + b" ".join(_print_field(name) for name in self.fields) + b")"
        return spelled


def _print_field(name: bytes) -> bytes:
    return name if name.replace(b"-", b"").replace(b"_", b"").isalnum() else b'"' + name.replace(b"\\", rb"\\").replace(b'"', rb"\"") + b'"'


@dataclass(frozen=True, slots=True, kw_only=True)
class BodySection:
    """BODY[section]<partial>; without *is_peek* reading it sets \\Seen."""

    section: Section = Section()
    is_peek: bool = False
    partial: Partial | None = None

    @property
    def label(self) -> bytes:
        """What the answer calls it: without PEEK, and with the origin octet only."""
        origin = b"<%d>" % self.partial.start if self.partial else b""
        return b"BODY[" + bytes(self.section) + b"]" + origin

    def __bytes__(self) -> bytes:
        name = b"BODY.PEEK[" if self.is_peek else b"BODY["
        return name + bytes(self.section) + b"]" + (bytes(self.partial) if self.partial else b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class BinarySection:
    """BINARY[part]<partial>: the part with its transfer encoding removed (RFC 3516 §4.2)."""

    part: tuple[int, ...] = ()
    is_peek: bool = False
    partial: Partial | None = None

    @property
    def label(self) -> bytes:
        """What the answer calls it."""
        origin = b"<%d>" % self.partial.start if self.partial else b""
        return b"BINARY[" + _print_part(self.part) + b"]" + origin

    def __bytes__(self) -> bytes:
        name = b"BINARY.PEEK[" if self.is_peek else b"BINARY["
        return name + _print_part(self.part) + b"]" + (bytes(self.partial) if self.partial else b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class BinarySize:
    """BINARY.SIZE[part]: the octets BINARY[part] would give."""

    part: tuple[int, ...] = ()

    @property
    def label(self) -> bytes:
        """What the answer calls it."""
        return bytes(self)

    def __bytes__(self) -> bytes:
        return b"BINARY.SIZE[" + _print_part(self.part) + b"]"


def _print_part(part: tuple[int, ...]) -> bytes:
    return b".".join([b"%d" % number for number in part])


FetchItem = FetchAttribute | LazyPreview | BodySection | BinarySection | BinarySize

FAST = (FetchAttribute.FLAGS, FetchAttribute.INTERNALDATE, FetchAttribute.RFC822_SIZE)
MACROS: dict[bytes, tuple[FetchItem, ...]] = {
    b"FAST": FAST,
    b"ALL": (*FAST, FetchAttribute.ENVELOPE),
    b"FULL": (*FAST, FetchAttribute.ENVELOPE, FetchAttribute.BODY),
}
"""RFC 3501 §6.4.5."""

MARKS_SEEN = frozenset({FetchAttribute.RFC822, FetchAttribute.RFC822_TEXT})
"""The plain items that set \\Seen."""


def marks_seen(items: tuple[FetchItem, ...]) -> bool:
    """Whether reading *items* sets \\Seen (RFC 3501 §6.4.5, RFC 3516 §4.2)."""
    return any(not item.is_peek if isinstance(item, BodySection | BinarySection) else item in MARKS_SEEN for item in items)
