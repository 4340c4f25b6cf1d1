"""Signatures, and which of them stands under mail from which address."""

from typing import Any

import flask

from web import signatures
from web.signed_in import account
from webmail.settings.values import Errors


def shown(errors: Errors) -> dict[str, Any]:
    """The page."""
    return {"form": signatures.page_of(account(), flask.request.form, is_wrong=bool(errors))}


def save(form: Any) -> str:
    """Save what was typed. Raises MailError."""
    return signatures.change(account(), form)
