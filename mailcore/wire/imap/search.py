"""Search keys as a tree of values (RFC 3501 §6.4.4, 5032, 5182, 7162, 8474, 8514).

Abbreviations are gone after parsing (NEW is "recent and not seen"), so whoever evaluates a search sees a dozen node kinds.
Text is decoded by the command's CHARSET; comparing it is the store's.
"""

from dataclasses import dataclass
from datetime import date
from enum import Enum

from mailcore.base.ids import ModSeq
from mailcore.wire.imap.flags import Flag
from mailcore.wire.imap.sequence import SequenceSet

MAX_KEYS = 1000
"""Most keys in one search; stops a search that costs more to plan than to run."""


class When(Enum):
    """How a day is compared."""

    BEFORE = "before"
    ON = "on"
    SINCE = "since"


class DateOf(Enum):
    """Which date of a message is meant."""

    INTERNAL = "internal"
    SENT = "sent"
    SAVED = "saved"


@dataclass(frozen=True, slots=True)
class Everything:
    """ALL."""


@dataclass(frozen=True, slots=True)
class And:
    """All of *keys* hold."""

    keys: tuple["SearchKey", ...]


@dataclass(frozen=True, slots=True)
class Or:
    """One of the two holds."""

    left: "SearchKey"
    right: "SearchKey"


@dataclass(frozen=True, slots=True)
class Not:
    """*key* does not hold."""

    key: "SearchKey"


@dataclass(frozen=True, slots=True)
class HasFlag:
    """The message bears *flag*."""

    flag: Flag


@dataclass(frozen=True, slots=True)
class InSequence:
    """The message's sequence number is in the set; `$` is the saved result."""

    numbers: SequenceSet


@dataclass(frozen=True, slots=True)
class InUids:
    """The message's UID is in the set."""

    uids: SequenceSet


@dataclass(frozen=True, slots=True)
class InHeader:
    """The field *name* (lower case) holds *text*; an empty text asks only that the field is there."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class InBody:
    """The body holds *text*."""

    text: str


@dataclass(frozen=True, slots=True)
class InText:
    """The header or the body holds *text*."""

    text: str


@dataclass(frozen=True, slots=True)
class OnDay:
    """A date of the message compared with a day, zones disregarded."""

    of: DateOf
    when: When
    day: date


@dataclass(frozen=True, slots=True)
class SaveDateSupported:
    """SAVEDATESUPPORTED: always true here (RFC 8514 §4.3)."""


@dataclass(frozen=True, slots=True)
class Larger:
    """More octets than *size_bytes*."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Smaller:
    """Fewer octets than *size_bytes*."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Younger:
    """INTERNALDATE within the last *seconds* (RFC 5032)."""

    seconds: int


@dataclass(frozen=True, slots=True)
class Older:
    """INTERNALDATE at least *seconds* ago (RFC 5032)."""

    seconds: int


@dataclass(frozen=True, slots=True)
class ChangedSince:
    """MODSEQ: mod-sequence at least *modseq* (RFC 7162 §3.1.5); per-flag entry names are accepted and not told apart."""

    modseq: ModSeq


@dataclass(frozen=True, slots=True)
class EmailIdIs:
    """EMAILID (RFC 8474 §5.3)."""

    objectid: str


@dataclass(frozen=True, slots=True)
class ThreadIdIs:
    """THREADID (RFC 8474 §5.3)."""

    objectid: str


SearchKey = (
    Everything
    | And
    | Or
    | Not
    | HasFlag
    | InSequence
    | InUids
    | InHeader
    | InBody
    | InText
    | OnDay
    | SaveDateSupported
    | Larger
    | Smaller
    | Younger
    | Older
    | ChangedSince
    | EmailIdIs
    | ThreadIdIs
)


def uses_modseq(key: SearchKey) -> bool:
    """Whether the answer must carry the highest mod-sequence (RFC 7162 §3.1.5)."""
    match key:
        case ChangedSince():
            return True
        case And(keys):
            return any(uses_modseq(inner) for inner in keys)
        case Or(left, right):
            return uses_modseq(left) or uses_modseq(right)
        case Not(inner):
            return uses_modseq(inner)
        case _:
            return False
