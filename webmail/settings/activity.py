"""Activity: what each program did to one's mail, and putting back or erasing what it deleted."""

from typing import Any

from web import activity
from web.signed_in import account
from webmail.settings.values import Errors


def shown(_errors: Errors) -> dict[str, Any]:
    """The page."""
    return {"form": activity.page_of(account())}


def save(form: Any) -> str:
    """Put one batch back or erase it. Raises MailError(NOT_FOUND)."""
    return activity.change(account(), form)
