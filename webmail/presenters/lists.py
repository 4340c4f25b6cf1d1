"""The middle pane: rows, days, what was asked, and mailbox management."""

from dataclasses import dataclass, field

from web.values import Failure
from webmail.presenters.shell import ACTS, Label, MailboxLink, Person


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One message or conversation in a list."""

    id: str
    mailbox_id: str
    person: Person
    """Whose avatar stands there: the sender, or in Sent and Drafts the first recipient."""
    who: str
    """Names of the conversation, worded, "me" for oneself."""
    subject: str
    preview: str
    time_text: str
    """Clock time today, else day and month, else the date; in the person's zone."""
    time_iso: str
    time_long: str = ""
    """Date and time in full, for the tooltip."""
    count: int = 1
    """Messages in the conversation, 1 and up; shown from 2."""
    is_unread: bool = False
    is_starred: bool = False
    is_answered: bool = False
    is_forwarded: bool = False
    is_draft: bool = False
    is_deleted: bool = False
    """Marked \\Deleted by another program: struck through, with "remove now"."""
    has_attachment: bool = False
    is_open: bool = False
    mailbox_name: str = ""
    """Set in search results and all inboxes, where rows come from several mailboxes."""
    labels: tuple[Label, ...] = ()
    thread: str = ""
    """The conversation, so that its newer row takes the place of this one."""
    is_pinned: bool = False
    is_muted: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DayGroup:
    """Rows of one day. *key* is stable for the day (2026-11-23), so that loading more can continue a group."""

    key: str
    label: str
    rows: tuple[ListRow, ...]
    is_continued: bool = False
    """The page before ended within this day: no heading is drawn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchChip:
    """One understood part of a query. *without* is the query text that is left when the chip is removed."""

    label: str
    without: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchQuery:
    """What was asked. *left* is how many messages the index has still to read, 0 when it is complete."""

    text: str
    chips: tuple[SearchChip, ...] = ()
    left: int = 0
    saved_as: str = ""
    phrases: tuple[tuple[tuple[str, ...], bool], ...] = ()
    """The words that were looked for, to be marked; whether the last of each must be whole."""
    troubles: tuple[str, ...] = ()
    """Sentences about parts that mean nothing."""
    count_url: str = ""
    """Where the number of all that match is told, when this page does not hold them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeOffer:
    """A mailbox of another program's naming, which may go into the person's own *home*."""

    id: str
    name: str
    home: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ListPage:
    """The middle pane. *state*: ready, empty, loading, failed, forbidden; each is its own picture."""

    mailbox_id: str
    title: str
    groups: tuple[DayGroup, ...] = ()
    unread: int = 0
    total: int = 0
    state: str = "ready"
    role: str = ""
    failure: Failure | None = None
    query: SearchQuery | None = None
    size: int = 50
    """Rows of a page."""
    older: str | None = None
    """Cursor of the next page, opaque; None at the end."""
    newer: str | None = None
    move_targets: tuple[MailboxLink, ...] = ()
    list_query: dict[str, str] = field(default_factory=dict)
    """Arguments of this list's URL beside the cursor (q, sort), kept by every link in it."""
    modseq: int = 0
    """What the list was drawn from, so that the live stream can tell what it missed."""
    is_long: bool = False
    """Whether the list is as long as all of the mailbox, and rows are drawn where one looks."""
    is_whole: bool = False
    """Whether a row is a conversation: an act on it is an act on all of its messages in this mailbox."""
    marked: int = 0
    """Messages here that another program marked \\Deleted."""
    merge: tuple[MergeOffer, ...] = ()
    """Whether this mailbox may be what another program calls one of ours: at most one."""
    share_url: str = ""
    """Where one says who else may use the mailbox; "" where that is not one's to say."""
    offers: frozenset[str] = ACTS
    """What may be done to the messages; in a shared mailbox that is what its owner allows."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxRow:
    """One line of mailbox management. A mailbox with a role can be neither renamed nor deleted."""

    id: str
    name: str
    path: str
    total: int
    unread: int
    size_text: str
    depth: int = 0
    icon: str = "folder"
    is_locked: bool = False
    is_subscribed: bool = True
    has_children: bool = False
    shared: str = ""
    """With how many it is shared, in words; "" for nobody."""
