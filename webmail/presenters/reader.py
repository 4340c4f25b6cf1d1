"""The right pane: a conversation, its messages, their files and what became of them."""

from dataclasses import dataclass

from web.values import Failure
from webmail.presenters.shell import ACTS, Label, MailboxLink, Person


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
    is_too_big: bool = False
    """It failed by its size alone: the files may go as links."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """A person of an event; *answer* is their answer in words, *tone* its colour."""

    label: str
    answer: str = ""
    tone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """An event that came by mail. *kind* says what it is in a word or two; *lead* one sentence about it, with *tone* amber or red where it matters."""

    kind: str
    title: str
    lead: str = ""
    tone: str = ""
    when: str = ""
    zone: str = ""
    month: str = ""
    day: str = ""
    weekday: str = ""
    repeats: str = ""
    where: str = ""
    where_url: str = ""
    about: str = ""
    organizer: str = ""
    guests: tuple[Guest, ...] = ()
    more_guests: int = 0
    answer: str = ""
    """What one has answered: accepted, tentative, declined."""
    can_answer: bool = False
    as_address: str = ""
    """The address the answer comes from, where that is not among the people invited."""
    file_url: str = ""
    newer_url: str = ""
    """The message that replaced this one."""
    can_decide: bool = False
    """Another time was proposed, and it is this person's to take it or not."""


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
    has_own_colours: bool = False
    """Written for a page of its own colours: turned in the dark, unless it is shown as it was sent."""
    is_long: bool = False
    """Too long to be laid out before it is asked for."""
    body_lines: int = 12
    """Rough height in lines, for the space kept before the body has loaded; 3..200."""
    size_text: str = ""
    trust: Trust | None = None
    arrivals: tuple[Arrival, ...] = ()
    """For a message one sent oneself: each recipient's state."""
    invite: Invite | None = None
    warnings: tuple[str, ...] = ()
    """What to look at twice, a sentence each."""
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
    receipt_to: str = ""
    """Who asks whether this was read, where that may be answered."""
    is_deleted: bool = False
    """Marked \\Deleted by another program."""
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
    offers: frozenset[str] = ACTS
    """What may be done to the messages; in a shared mailbox that is what its owner allows."""
    unread: tuple[str, ...] = ()
    """Open messages that are still to be marked as read, when the page was fetched ahead."""
    list_id: str = ""
    """The list that this was opened from, where it is not the mailbox itself: all inboxes."""

    @property
    def is_read_only(self) -> bool:
        """Whether somebody shares it for reading alone."""
        return self.offers <= {"all", "read"}

    @property
    def back_id(self) -> str:
        """Where one goes back to."""
        return self.list_id or self.mailbox_id

    @property
    def list_query(self) -> dict[str, str]:
        """What the links of the conversation keep of that list."""
        return {"list": self.list_id} if self.list_id else {}

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
class PdfPage:
    """A PDF that is drawn in place. *limits*: bytes, pages, pixels of a page, seconds until its first page stands."""

    name: str
    size_text: str
    url: str
    frame_url: str
    back_url: str
    is_too_big: bool
    limit_text: str
    limits: dict[str, int]


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
