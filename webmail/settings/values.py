"""What the settings' templates are given, and the small words their modules share."""

from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.store.templates import Template
from web.rule_forms import RuleForm, RuleLine
from webmail.presenters import Choice, ListRow

Errors = dict[str, str]
"""A sentence by field name."""


def wrong(field: str, text: str) -> MailError:
    """A mistake of one field."""
    error = MailError(Reason.SYNTAX, text)
    error.field = field  # type: ignore[attr-defined]
    return error


@dataclass(frozen=True, slots=True, kw_only=True)
class IdentityRow:
    """One of the person's addresses and what was chosen for it. Signature values are ids as text; "" is the default, "0" none."""

    address: str
    name: str
    reply_to: str
    new_signature: str
    reply_signature: str
    is_own: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureRow:
    """A signature as it is edited; id 0 is one that is not there yet. `html` is sanitised."""

    id: int
    name: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SignaturesPage:
    """Signatures, addresses, and what may be chosen for them."""

    signatures: tuple[SignatureRow, ...]
    identities: tuple[IdentityRow, ...]
    choices: tuple[Choice, ...]
    draft: SignatureRow


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
class SignInRow:
    """A sign-in that was tried."""

    time_text: str
    time_iso: str
    protocol: str
    ip: str
    agent: str
    is_good: bool
    is_tls: bool


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
class ProgramRow:
    """One line of what to type into a mail program."""

    label: str
    host: str
    port: int
    security: str


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
    """A person's rules in words, and the Sieve that runs."""

    lines: tuple[RuleLine, ...]
    sieve: str
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
class ActivityRow:
    """What a program did, in words; *token* puts it back, "" where nothing can be."""

    text: str
    when: str
    iso: str
    token: str = ""
    is_big: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage:
    """Deletions that can be put back within *days*, and what else happened."""

    deleted: tuple[ActivityRow, ...]
    other: tuple[ActivityRow, ...]
    days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewhereRow:
    """One account elsewhere; *trouble* says why the last look did not work."""

    id: int
    name: str
    text: str
    trouble: str
    mailbox: str


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ElsewherePage:
    """Accounts elsewhere, and the form for one more as it was typed."""

    rows: tuple[ElsewhereRow, ...]
    kinds: tuple[Choice, ...]
    boxes: tuple[Choice, ...]
    keeps: tuple[Choice, ...]
    every: tuple[Choice, ...]
    kind: str
    host: str
    port: str
    username: str
    mailbox: str
    keep: str
    seconds: str
    ways: tuple[Choice, ...] = ()
    """How one signs in there; empty where a password is the only way."""
    way: str = "password"
