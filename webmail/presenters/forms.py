"""What a person types: a letter, the profile, the display, the way in."""

from dataclasses import dataclass, field

from flask_babel import ngettext

from web.values import Choice
from webmail.presenters.reader import Attachment

LINK_DAYS = (1, 3, 7, 14, 30, 90, 365)


def day_choices(most: int) -> tuple[Choice, ...]:
    """How long a link may live, as offered; *most* days at most."""
    offered = [days for days in LINK_DAYS if days < most] + [most]
    return tuple(Choice(value=str(days), label=ngettext("for one day", "for %(num)d days", days)) for days in offered[-6:])


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
    templates: tuple[Choice, ...] = ()
    """Templates of answers: id and name."""
    signatures: dict[str, dict[str, str]] = field(default_factory=dict)
    link_days: tuple[Choice, ...] = ()
    """How long a file too large may live behind a link; empty where links are switched off."""
    link_bytes: int = 0
    link_text: str = ""
    """Largest file behind a link, in bytes and worded."""
    is_heavy: bool = False
    """Many servers elsewhere would refuse it."""
    moments: tuple[Choice, ...] = ()
    """When it may be sent later, as offered."""
    errors: dict[str, str] = field(default_factory=dict)
    """By field name: to, cc, bcc, subject, attachments, or form."""


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
    has_warnings: bool = True
    asks_receipts: bool = True
    images_from: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignInForm:
    """The way in. *error* is one sentence for the whole form: it never says which of name and password was wrong."""

    address: str = ""
    error: str = ""
    next_url: str = ""
    host: str = ""
    can_remember: bool = True
