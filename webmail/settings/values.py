"""What the settings' templates are given, and the small words their modules share."""

from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from webmail.presenters import Choice

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
