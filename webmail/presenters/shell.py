"""What surrounds every page: who is signed in, the navigation and its mailboxes."""

from dataclasses import dataclass

from web.values import Choice, Toast

ACTS = frozenset({"all", "archive", "junk", "label", "move", "mute", "pin", "read", "snooze", "star", "trash"})
"""What a page may offer for messages; "all": to a whole mailbox at once."""
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
    photo_url: str = ""
    """The photo that the address book has of them, where a page shows it."""

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
class AccountLink:
    """An account that is open in this browser. *unread*: in its inbox."""

    name: str
    address: str
    url: str
    is_this: bool = False
    unread: int = 0

    @property
    def initials(self) -> str:
        """One or two capitals."""
        return initials_of(self.name)

    @property
    def tint(self) -> int:
        """Avatar colour, 1..5."""
        return tint_of(self.address)


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
class SharedGroup:
    """Mailboxes of one other owner. *address* is "" for public ones."""

    name: str
    address: str
    links: tuple[MailboxLink, ...]


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
    shared: tuple[SharedGroup, ...] = ()
    inboxes: MailboxLink | None = None
    """One's own inbox and the shared ones as one list; None when nobody shares one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A keyword shown as a chip. *tone*: blue, green, amber, red, or empty for grey."""

    name: str
    tone: str = ""
