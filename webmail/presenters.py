"""What the webmail's templates receive: plain frozen values, already worded, with nothing left to look up.

Decision: a template never sees a store row. Times come as text in the person's zone and language beside an ISO 8601 UTC
instant for `<time datetime>`; sizes come as text; colours are names. Filling these values is left to the views; wording of
fixed labels to the templates.
"""

from dataclasses import dataclass, field

from web.values import Choice as Choice
from web.values import Failure as Failure
from web.values import Toast as Toast

TINTS = 5
"""How many avatar colours the style sheet knows (1..5)."""


def tint_of(address: str) -> int:
    """The avatar colour of an address, 1..5; the same for ever and in every process, so no `hash()`."""
    return sum(address.lower().encode()) % TINTS + 1


def initials_of(name: str) -> str:
    """One or two capitals for an avatar, from a name or, when it is empty, an address."""
    words = [word for word in name.replace("@", " ").replace(".", " ").split() if word[0].isalnum()]
    if not words:
        return "?"
    if len(words) == 1:
        return words[0][:2].upper()
    return (words[0][0] + words[-1][0]).upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """Somebody with an address. *name* is empty when none is known; *is_me* for any own address."""

    name: str
    address: str
    is_me: bool = False

    @property
    def initials(self) -> str:
        """One or two capitals."""
        return initials_of(self.name or self.address)

    @property
    def tint(self) -> int:
        """Avatar colour, 1..5."""
        return tint_of(self.address)

    @property
    def label(self) -> str:
        """What stands where there is room for one word: the name, else the address."""
        return self.name or self.address


@dataclass(frozen=True, slots=True, kw_only=True)
class Shell:
    """What surrounds every page. *theme*: light, dark, auto; *density*: comfortable, compact; *direction*: ltr, rtl."""

    me: Person
    theme: str = "auto"
    density: str = "comfortable"
    language: str = "en"
    direction: str = "ltr"
    has_shortcuts: bool = True
    is_admin: bool = False
    away_until: str | None = None
    """The day the auto-reply ends, worded; None when it is off."""
    toast: Toast | None = None
    live_seconds: int = 30
    """Seconds between polls when the live stream is out of reach, 10..300."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """Space used by the account. *percent* 0..100; *level*: ok, warn (from 80), full (from 95)."""

    used_text: str
    limit_text: str
    percent: int
    level: str = "ok"


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxLink:
    """One line of the navigation. *icon* is a name of the sprite; *depth* 0..8; *count* is unread, for Drafts the total."""

    id: str
    name: str
    icon: str = "folder"
    role: str = ""
    """inbox, drafts, sent, archive, junk, trash, or empty; fixes the `g` shortcuts."""
    depth: int = 0
    count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MailboxNav:
    """The navigation: mailboxes with a role, the person's own, and the quota. *current* is a MailboxLink id or empty."""

    special: tuple[MailboxLink, ...]
    own: tuple[MailboxLink, ...] = ()
    current: str = ""
    quota: Quota | None = None
    labels: tuple["Label", ...] = ()
    searches: tuple[Choice, ...] = ()
    """Saved searches: what is asked, and the name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A keyword shown as a chip. *tone*: blue, green, amber, red, or empty for grey."""

    name: str
    tone: str = ""


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
    """Set in search results, where rows come from several mailboxes."""
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
    older: str | None = None
    """Cursor of the next page, opaque; None at the end."""
    newer: str | None = None
    move_targets: tuple[MailboxLink, ...] = ()
    list_query: dict[str, str] = field(default_factory=dict)
    """Arguments of this list's URL beside the cursor (q, sort), kept by every link in it."""
    modseq: int = 0
    """What the list was drawn from, so that the live stream can tell what it missed."""
    is_whole: bool = False
    """Whether a row is a conversation: an act on it is an act on all of its messages in this mailbox."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a message. *kind* picks the colour: pdf, image, sheet, text, archive, media, mail, other; *badge*: 1..4 letters."""

    name: str
    size_text: str
    url: str
    kind: str = "other"
    badge: str = "FILE"
    thumb_url: str | None = None
    view_url: str = ""
    """Where it can be looked at without saving it."""
    id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trust:
    """What the checks say of the sender. *kind*: verified, unverified, suspicious; *domain* is the one that was proved."""

    kind: str
    domain: str
    text: str = ""
    """One sentence: how it was proved, or what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """What became of a sent message for one recipient. *tone*: green, amber, red."""

    address: str
    text: str
    tone: str
    again_url: str = ""
    """Where the message is sent to this one again, for an address that failed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderMessage:
    """One message of a conversation; folded ones (*is_expanded* False) show only the preview."""

    id: str
    mailbox_id: str
    sender: Person
    to: tuple[Person, ...]
    cc: tuple[Person, ...] = ()
    bcc: tuple[Person, ...] = ()
    reply_to: Person | None = None
    to_text: str = ""
    """The recipients in one line: "to me, cc Jonas Okafor"."""
    time_text: str = ""
    time_iso: str = ""
    time_long: str = ""
    preview: str = ""
    body_url: str = ""
    """Signed, short-lived address of the body's own response (mail.body)."""
    body_lines: int = 12
    """Rough height in lines, for the space kept before the body has loaded; 3..200."""
    size_text: str = ""
    trust: Trust | None = None
    arrivals: tuple[Arrival, ...] = ()
    """For a message one sent oneself: each recipient's state."""
    unsubscribe: str = ""
    """How one leaves the list: "post" by one click here, a URL or mailto: to open, "" when it says nothing."""
    list_id: str = ""
    remote_images: int = 0
    """Images kept back; 0 when there are none or they were allowed."""
    attachments: tuple[Attachment, ...] = ()
    all_parts_url: str | None = None
    files_left: int = 0
    """Files without a card of their own."""
    is_expanded: bool = True
    is_unread: bool = False
    is_starred: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReaderPage:
    """The right pane. *position* and *total* count rows of the list, from 1; *newer* and *older* are message ids."""

    mailbox_id: str
    mailbox_name: str
    subject: str
    messages: tuple[ReaderMessage, ...]
    position: int = 0
    total: int = 0
    newer: str | None = None
    older: str | None = None
    labels: tuple[Label, ...] = ()
    in_junk: bool = False
    in_trash: bool = False
    move_targets: tuple[MailboxLink, ...] = ()
    thread: str = ""
    chosen: str = ""
    """The id of the message that was opened; "" for the last."""
    is_pinned: bool = False
    is_muted: bool = False
    earlier: int = 0
    """Older messages of the conversation that are not on the page."""

    @property
    def last(self) -> ReaderMessage:
        """The message that Reply answers."""
        return next((m for m in self.messages if m.id == self.chosen), self.messages[-1])

    @property
    def own_ids(self) -> tuple[str, ...]:
        """The messages of the conversation that stand in this mailbox: an act on it moves no reply out of Sent."""
        return tuple(m.id for m in self.messages if m.mailbox_id == self.mailbox_id)

    def opened(self, message_id: str) -> str:
        """The `open` argument of the URL with one more message open, or one fewer."""
        return ".".join(m.id for m in self.messages if m.is_expanded != (m.id == message_id)) or "0"


@dataclass(frozen=True, slots=True, kw_only=True)
class EnclosedPage:
    """A message that stands inside another one, opened."""

    back_url: str
    subject: str
    headers: tuple[tuple[str, str], ...]
    body_url: str
    attachments: tuple[Attachment, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ComposeForm:
    """A draft on screen. `body_html` is sanitised; it is shown in an inert text field until the editor takes it over."""

    draft_id: str
    title: str
    identities: tuple[Choice, ...]
    from_value: str = ""
    to: str = ""
    """Comma-separated, as typed; likewise cc and bcc."""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    body_text: str = ""
    body_html: str = ""
    format: str = "html"
    """html or text; without JavaScript always text."""
    attachments: tuple[Attachment, ...] = ()
    saved_text: str = ""
    revision: int = 0
    """Counts saves; a save with an old revision answers 409."""
    limit_text: str = ""
    """Largest message in file bytes after base64, worded."""
    limit_bytes: int = 0
    total_bytes: int = 0
    total_text: str = ""
    priority: str = ""
    wants_receipt: bool = False
    wants_report: bool = False
    account: str = ""
    """Whose draft it is: what a browser kept is offered to nobody else."""
    signatures: dict[str, dict[str, str]] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    """By field name: to, cc, bcc, subject, attachments, or form."""


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ProfileForm:
    """Name, language and time zone, as typed."""

    display_name: str = ""
    address: str = ""
    language: str = "en"
    languages: tuple[Choice, ...] = ()
    zone: str = "UTC"
    zones: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DisplayForm:
    """How the webmail looks. theme: auto, light, dark; density: comfortable, compact."""

    theme: str = "auto"
    density: str = "comfortable"
    has_shortcuts: bool = True
    undo_seconds: int = 10
    has_conversations: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SourcePage:
    """A message as it came. *headers* keep their order; *text* is the raw message, cut at *shown_text* when long."""

    mailbox_id: str
    message_id: str
    subject: str
    view: str
    """source or headers."""
    headers: tuple[tuple[str, str], ...] = ()
    text: str = ""
    size_text: str = ""
    is_cut: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInForm:
    """The way in. *error* is one sentence for the whole form: it never says which of name and password was wrong."""

    address: str = ""
    error: str = ""
    next_url: str = ""
    host: str = ""
    can_remember: bool = True
