"""The words that qualify IMAP commands: selection, return, status and sort options, as enumerations.

An option the server does not know is refused by the parser, so no session meets one.
"""

from dataclasses import dataclass
from enum import Enum

from mailcore.base.ids import ModSeq, UidValidity
from mailcore.wire.imap.sequence import SequenceSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Window:
    """A page of results: *first* to *last* in either order, counted from 1 at the front, or from -1 at the end. RFC 9394 §4."""

    first: int
    last: int

    def __bytes__(self) -> bytes:
        return b"%d:%d" % (self.first, self.last)

    def cut(self, numbers: list[int]) -> list[int]:
        """What of *numbers* is on the page, in their order."""
        near, far = sorted((self.first, self.last), key=abs)
        if near > 0:
            return numbers[near - 1 : far]
        return numbers[max(0, len(numbers) + far) : max(0, len(numbers) + near + 1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class QresyncParam:
    """What the client knows of the mailbox (RFC 7162 §3.2.5)."""

    uidvalidity: UidValidity
    modseq: ModSeq
    known_uids: SequenceSet | None = None
    match: tuple[SequenceSet, SequenceSet] | None = None


class ListSelect(Enum):
    """Selection options of RFC 5258 §3.1 and RFC 6154 §4."""

    SUBSCRIBED = b"SUBSCRIBED"
    REMOTE = b"REMOTE"
    RECURSIVEMATCH = b"RECURSIVEMATCH"
    SPECIAL_USE = b"SPECIAL-USE"


class ListReturn(Enum):
    """Return options of RFC 5258 §3.2, RFC 6154 §4 and RFC 8440; STATUS is `List.status`."""

    SUBSCRIBED = b"SUBSCRIBED"
    CHILDREN = b"CHILDREN"
    SPECIAL_USE = b"SPECIAL-USE"
    MYRIGHTS = b"MYRIGHTS"


class StatusItem(Enum):
    """What STATUS can tell (RFC 3501 §6.3.10, 7162 §3.1.7, 8438, 7889, 8474 §4.3, 9051)."""

    MESSAGES = b"MESSAGES"
    RECENT = b"RECENT"
    UIDNEXT = b"UIDNEXT"
    UIDVALIDITY = b"UIDVALIDITY"
    UNSEEN = b"UNSEEN"
    HIGHESTMODSEQ = b"HIGHESTMODSEQ"
    SIZE = b"SIZE"
    DELETED = b"DELETED"
    APPENDLIMIT = b"APPENDLIMIT"
    MAILBOXID = b"MAILBOXID"


class MailboxFilter(Enum):
    """Which mailboxes an event group of NOTIFY is about (RFC 5465 §6)."""

    SELECTED = b"SELECTED"
    SELECTED_DELAYED = b"SELECTED-DELAYED"
    INBOXES = b"INBOXES"
    PERSONAL = b"PERSONAL"
    SUBSCRIBED = b"SUBSCRIBED"
    SUBTREE = b"SUBTREE"
    MAILBOXES = b"MAILBOXES"


class NotifyEvent(Enum):
    """What NOTIFY can ask for (RFC 5465 §5)."""

    MESSAGE_NEW = b"MESSAGENEW"
    MESSAGE_EXPUNGE = b"MESSAGEEXPUNGE"
    FLAG_CHANGE = b"FLAGCHANGE"
    ANNOTATION_CHANGE = b"ANNOTATIONCHANGE"
    MAILBOX_NAME = b"MAILBOXNAME"
    SUBSCRIPTION_CHANGE = b"SUBSCRIPTIONCHANGE"
    MAILBOX_METADATA_CHANGE = b"MAILBOXMETADATACHANGE"
    SERVER_METADATA_CHANGE = b"SERVERMETADATACHANGE"


class RightsChange(Enum):
    """What SETACL does with the rights it names."""

    REPLACE = ""
    ADD = "+"
    REMOVE = "-"


class SearchReturn(Enum):
    """Result options of RFC 4731 §3.1, RFC 5182 §2 and RFC 9394 §3.1; the page of PARTIAL is `Search.window`."""

    MIN = b"MIN"
    MAX = b"MAX"
    ALL = b"ALL"
    COUNT = b"COUNT"
    SAVE = b"SAVE"
    PARTIAL = b"PARTIAL"


class SortField(Enum):
    """What SORT orders by (RFC 5256 §3, RFC 5957)."""

    ARRIVAL = b"ARRIVAL"
    CC = b"CC"
    DATE = b"DATE"
    FROM = b"FROM"
    SIZE = b"SIZE"
    SUBJECT = b"SUBJECT"
    TO = b"TO"
    DISPLAYFROM = b"DISPLAYFROM"
    DISPLAYTO = b"DISPLAYTO"


@dataclass(frozen=True, slots=True, kw_only=True)
class SortKey:
    """One criterion."""

    field: SortField
    is_reverse: bool = False


class FlagChange(Enum):
    """What STORE does with the flags it names."""

    REPLACE = b""
    ADD = b"+"
    REMOVE = b"-"
