"""What the panel's newer pages are given; the first ones' values stand in `presenters`."""

from dataclasses import dataclass

from web.oauth import Leaving
from web.values import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class JobLine:
    """Long work as it is shown: 0..100 percent and what it does, or why it failed."""

    id: int
    is_running: bool
    percent: int
    text: str
    is_failed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupRow:
    """A whole backup in words."""

    name: str
    when: str
    messages: str
    copied: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BackupPage:
    """Where backups go, how often (hours), what there is, the one that runs, and what is brought back from one."""

    folder: str
    every: str
    rows: tuple[BackupRow, ...]
    job: JobLine | None = None
    bringing: JobLine | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateRow:
    """One certificate; id 0 is Roost's own, which cannot be removed. *tone* goes with *state_text*."""

    id: int
    names: tuple[str, ...]
    source_text: str
    ends_text: str
    state_text: str
    tone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificatesPage:
    """What is served, the authority's switch, and the order that runs."""

    rows: tuple[CertificateRow, ...]
    own: CertificateRow | None
    is_acme: bool
    email: str
    directory: str
    hostname: str
    job: JobLine | None = None
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutePage:
    """The form of one route; numbers as typed: minutes between tries, hours until the mail comes back. id 0 is a new one."""

    id: int
    pattern: str
    note: str
    host: str
    port: str
    security: str
    securities: tuple[Choice, ...]
    username: str
    has_password: bool
    addresses: str
    is_inbound: bool
    is_enabled: bool
    retry: str
    lifetime: str
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """One line of the log; *time_text* is UTC."""

    time_text: str
    level: str
    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BanRow:
    """An address or network that may not sign in."""

    network: str
    reason: str
    since_text: str
    until_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlainRow:
    """A program that signed in without TLS."""

    address: str
    protocol: str
    ip: str
    program: str
    seen_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncementPage:
    """A message to everybody as typed, the one that is under way, and what became of the last."""

    to: str
    sender: str
    name: str
    subject: str
    text: str
    error: str = ""
    job: JobLine | None = None
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class GrantPage:
    """What may sign in at a provider, and where; as it was typed. *redirect* is the address to register there."""

    targets: tuple[Choice, ...]
    providers: tuple[Choice, ...]
    target: str
    provider: str
    user: str
    redirect: str
    error: str
    leaving: Leaving | None
