"""What the admin's and the wizard's templates receive: plain frozen values, worded, with nothing left to look up.

Decision: apart from the webmail's, because neither package imports the other; what both need stands in `web.values`. Counts are whole numbers,
written by the templates with the language's grouping; times are text in the admin's zone beside ISO 8601 UTC; sizes are
text. Filling them is left to the views.
"""

from dataclasses import dataclass, field
from typing import Any

from web.values import Choice as Choice
from web.values import Failure as Failure
from web.values import Toast as Toast


@dataclass(frozen=True, slots=True, kw_only=True)
class AdminShell:
    """What surrounds every admin page. *tint* 1..5; *health*: ok, warn, bad; *theme*: light, dark, auto."""

    name: str
    initials: str
    tint: int = 4
    theme: str = "auto"
    density: str = "comfortable"
    language: str = "en"
    direction: str = "ltr"
    health: str = "ok"
    health_text: str = ""
    domains: int = 0
    accounts: int = 0
    queued: int = 0
    is_server_admin: bool = True
    """False for a domain admin, who sees only the pages of own domains."""
    has_webmail: bool = True
    toast: Toast | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Paging:
    """Where a list stands. *older* and *newer* are whole URLs; *shown* of *total*; *state*: ready, empty, failed, forbidden."""

    shown: int = 0
    total: int = 0
    older: str | None = None
    newer: str | None = None
    state: str = "ready"
    is_filtered: bool = False
    failure: Failure | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsDoing:
    """One thing that wants attention. *level*: bad, warn, info. *action_url* is a GET unless *is_post*."""

    level: str
    title: str
    text: str
    action_label: str
    action_url: str
    is_post: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Number:
    """One figure of the day, with what it counts."""

    value: int
    label: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MailGraph:
    """Messages an hour, oldest first, 2 to 168 points. *hours* labels every point ("14:00")."""

    accepted: tuple[int, ...]
    refused: tuple[int, ...]
    hours: tuple[str, ...]

    WIDTH = 520
    HEIGHT = 120

    @property
    def peak(self) -> int:
        """The largest hour, at least 1; the top of the drawing."""
        return max(1, *self.accepted, *self.refused)

    def points(self, series: tuple[int, ...]) -> str:
        """*series* as `x,y` pairs of an SVG polyline in a WIDTH x HEIGHT box, 8 units free at the top."""
        step = self.WIDTH / max(1, len(series) - 1)
        scale = (self.HEIGHT - 8) / self.peak
        return " ".join(f"{index * step:.1f},{self.HEIGHT - value * scale:.1f}" for index, value in enumerate(series))


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """One domain in a table. *dns* and *certificate*: tone (green, red, amber, or empty) and words."""

    name: str
    dns_tone: str
    dns_text: str
    certificate_text: str
    accounts: int
    storage_text: str
    received: int
    """Messages in the last 30 days, likewise *sent*."""
    sent: int
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """One record a domain wants. *status*: right, missing, wrong, unchecked. *value* is to be published, *found* is there."""

    kind: str
    name: str
    type: str
    value: str
    status: str
    text: str
    found: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainLimits:
    """Limits of one domain as typed in the form; empty means no limit. Sizes with a unit ("10 GB")."""

    accounts: str = ""
    aliases: str = ""
    lists: str = ""
    storage: str = ""
    account_size: str = ""
    account_quota: str = ""
    message_size: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPage:
    """A domain with its tabs. *tab*: accounts, aliases, names, limits, dns; *names* are its other names."""

    name: str
    summary: str
    tab: str
    is_disabled: bool = False
    limits: DomainLimits = field(default_factory=DomainLimits)
    names: tuple[str, ...] = ()
    records: tuple[DnsRecord, ...] = ()
    checked_text: str = ""
    signature: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)

    @property
    def to_fix(self) -> int:
        """Records that are missing or wrong."""
        return sum(record.status in ("missing", "wrong") for record in self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account in a table. *percent* of the quota 0..100, None without one; *role*: user, domain-admin, server-admin."""

    address: str
    name: str
    initials: str
    tint: int
    role: str
    used_text: str
    quota_text: str
    percent: int | None
    seen_text: str
    """When anybody last signed in, worded; "never" included."""
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """One account's form and facts; *is_new* for creating, when *address* is what was typed so far."""

    address: str = ""
    name: str = ""
    initials: str = ""
    tint: int = 1
    role: str = "user"
    quota: str = ""
    used_text: str = ""
    percent: int | None = None
    aliases: tuple[str, ...] = ()
    created_text: str = ""
    seen_text: str = ""
    messages: int = 0
    is_new: bool = False
    is_disabled: bool = False
    directory_state: str = ""
    """"on": the LDAP server knows the password; "off": it could; "": there is none."""
    is_me: bool = False
    """An admin can neither disable nor delete the own account."""
    domains: tuple[Choice, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRow:
    """One alias. *kind*: alias, list, domain, catch-all. *targets* are addresses, shown up to three."""

    address: str
    kind: str
    targets: tuple[str, ...]
    changed_text: str = ""
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasPage:
    """The form of one alias; *targets* as typed, one address a line."""

    address: str = ""
    targets: str = ""
    is_new: bool = False
    is_disabled: bool = False
    domains: tuple[Choice, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueRow:
    """One recipient's delivery that has not ended. *state*: waiting, trying, held, failed."""

    id: str
    sender: str
    """Empty for the null sender."""
    recipient: str
    subject: str
    state: str
    next_text: str
    age_text: str
    size_text: str
    attempts: int
    reply: str
    """What the other server last said, or empty."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """One try of one recipient. *outcome*: delivered, later, failed; *reply* is the other server's, verbatim."""

    time_text: str
    time_iso: str
    host: str
    outcome: str
    text: str
    reply: str = ""
    tls: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueItemPage:
    """One queued message with every try, newest first. *trace_id* names its timeline."""

    row: QueueRow
    attempts: tuple[Attempt, ...]
    trace_id: str
    route_text: str
    expires_text: str
    message_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceRow:
    """One message found in the timeline. *state*: delivered, filed, waiting, refused, failed."""

    id: str
    time_text: str
    time_iso: str
    sender: str
    recipient: str
    subject: str
    state: str
    state_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TimelineEvent:
    """One decision about a message. *tone*: accent, green, amber, red; *code* is a reply or value, verbatim."""

    time_text: str
    time_iso: str
    title: str
    text: str = ""
    code: str = ""
    tone: str = "accent"


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage:
    """The whole story of one message."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    subject: str
    state: str
    state_text: str
    size_text: str
    message_id: str
    events: tuple[TimelineEvent, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingRow:
    """One setting of the catalogue. *control*: switch, text, number, size, seconds, select, lines, secret."""

    name: str
    label: str
    help: str
    control: str
    value: str
    """As typed in the control; "1" or "" for a switch; empty for a secret."""
    default_text: str
    is_default: bool = True
    choices: tuple[Choice, ...] = ()
    unit: str = ""
    applies: str = "live"
    """live, listener (the socket is opened again), restart."""
    minimum: int | None = None
    maximum: int | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingGroup:
    """Settings that belong together. *key* is the group's part of the URL."""

    key: str
    label: str
    help: str = ""
    rows: tuple[SettingRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """One change somebody made. *action* is worded; *name* the enum's value; values never hold a secret."""

    time_text: str
    time_iso: str
    actor: str
    action: str
    name: str
    target: str
    address: str
    before: str = ""
    after: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionRow:
    """One open connection or browser. *kind*: web, imap, pop3, smtp."""

    id: str
    account: str
    kind: str
    program: str
    address: str
    since_text: str
    seen_text: str
    tls: str = ""
    is_this: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupForm:
    """The wizard as typed so far. *step*: welcome, domain, admin, relay; *reach*: network, internet, relay."""

    step: str = "welcome"
    number: int = 1
    steps: int = 3
    reach: str = "internet"
    host_name: str = ""
    domain: str = ""
    address: str = ""
    relay_host: str = ""
    relay_port: str = "587"
    relay_user: str = ""
    port_25_text: str = ""
    """What the try of port 25 found, worded; empty before it ran."""
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramSetting:
    """One line of how to set up a mail program: protocol, host, port, encryption."""

    label: str
    host: str
    port: int
    security: str
    user: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SetupDone:
    """The wizard's last page. *qr_svg* is segno's inline SVG without style attributes, or empty."""

    domain: str
    reach: str
    records: tuple[DnsRecord, ...]
    programs: tuple[ProgramSetting, ...]
    webmail_url: str
    qr_svg: str = ""
