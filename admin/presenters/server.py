"""Settings, the audit log, sessions, and the wizard."""

from dataclasses import dataclass, field

from admin.presenters.people import DnsRecord
from web.values import Choice


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
    was: str = ""
    """Its name in hMailServer."""
    undo_text: str | None = None
    """What it was before the last change, when that can be undone; "" was empty."""
    changed_text: str = ""
    """Who changed it last, and when."""
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
    is_blocked: bool = False
    """A relay is asked for because port 25 is closed; one may go on without."""
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
