"""What the templates of protection receive: plain frozen values, worded, like those of `presenters`."""

from dataclasses import dataclass, field

from web.values import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class RangeRow:
    """One range of addresses in a table."""

    name: str
    addresses: str
    priority: int
    protocols: str
    relay_text: str
    checks_text: str
    expires_text: str = ""
    is_ban: bool = False
    is_trusted: bool = False
    """Whether its addresses are never banned."""
    is_open: bool = False
    """Whether strangers of it may send outward without a sign-in."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """One box of a group of boxes."""

    value: str
    label: str
    is_on: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RangePage:
    """The form of one range; addresses as typed."""

    name: str = ""
    lower: str = ""
    upper: str = ""
    priority: str = "20"
    protocols: tuple[Tick, ...] = ()
    allowed: tuple[Tick, ...] = ()
    needs_auth: tuple[Tick, ...] = ()
    checks_spam: bool = True
    checks_virus: bool = True
    needs_tls: bool = True
    expires: str = ""
    """A day as the browser's field writes it, or empty."""
    is_new: bool = False
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderRow:
    """One sender who is let past or refused."""

    id: int
    kind: str
    who: str
    network: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SendersPage:
    """The two lists and the form that adds to them, as typed."""

    rows: tuple[SenderRow, ...]
    kind: str = "deny"
    sender: str = ""
    network: str = ""
    note: str = ""
    kinds: tuple[Choice, ...] = ()
    error: str = ""
