"""What the settings' templates are given, and the small words their modules share."""

from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.store.templates import Template
from web.mail_programs import ProgramRow
from web.rule_forms import RuleForm, RuleLine
from web.sign_ins import SignInRow
from webmail.presenters import Choice, ListRow

Errors = dict[str, str]
"""A sentence by field name."""


def wrong(field: str, text: str) -> MailError:
    """A mistake of one field."""
    error = MailError(Reason.SYNTAX, text)
    error.field = field  # type: ignore[attr-defined]
    return error


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    """Bringing in mail: the two forms as typed, and the import that is at work or was the last (*told* says what came of it)."""

    boxes: tuple[Choice, ...]
    securities: tuple[Choice, ...]
    limit_text: str
    host: str = ""
    port: str = ""
    username: str = ""
    security: str = "tls"
    is_running: bool = False
    state: str = ""
    count_text: str = ""
    where: str = ""
    told: str = ""
    left_out: tuple[str, ...] = ()
    by_mailbox: tuple[tuple[str, int], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class TemplatesPage:
    """Templates of answers, and the one that is being added."""

    templates: tuple[Template, ...]
    draft: Template


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPasswordRow:
    """An app password as it is listed."""

    id: int
    name: str
    scopes: tuple[str, ...]
    used_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class BrowserRow:
    """A browser that is signed in."""

    id: int
    name: str
    ip: str
    seen_text: str
    is_this: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyPage:
    """Safe sign-in. *totp_secret* and *qr* (SVG), *codes* and *new_password* are shown once, when they have just been made."""

    changed_text: str = ""
    has_second_step: bool = False
    recovery_left: int = 0
    apps: tuple[AppPasswordRow, ...] = ()
    browsers: tuple[BrowserRow, ...] = ()
    tries: tuple[SignInRow, ...] = ()
    stubborn: tuple[str, ...] = ()
    """Programs that keep sending a wrong password, each a sentence."""
    totp_secret: str = ""
    qr: str = ""
    codes: tuple[str, ...] = ()
    new_password: str = ""
    new_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramsPage:
    """What mail programs need. *qr* is an SVG of the profile's address."""

    address: str
    rows: tuple[ProgramRow, ...]
    qr: str
    has_second_step: bool
    has_ca: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RulesPage:
    """A person's rules in words, the Sieve that runs, and the *script* that a program of theirs put here to run after it."""

    lines: tuple[RuleLine, ...]
    sieve: str
    script: str = ""
    error: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RulePage:
    """One rule in its editor; *mailboxes* are suggested as targets, *fitting* the rows that a trial found."""

    rule: RuleForm
    mailboxes: tuple[str, ...]
    labels: tuple[str, ...]
    trial_text: str = ""
    fitting: tuple[ListRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFileRow:
    """A file behind a link, in words."""

    id: int
    name: str
    size_text: str
    until: str
    fetched: str
    url: str
    is_open: bool
    is_locked: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedFilesPage:
    """All of a person, and how much room they take."""

    rows: tuple[SharedFileRow, ...]
    days: tuple[Choice, ...]
    is_on: bool
    used_percent: int
    used_text: str
    largest: str
