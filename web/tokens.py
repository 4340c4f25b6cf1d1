"""Signed, short-lived tokens for links that carry something: a body, a part, a picture elsewhere, an undo.

Each kind of token has its own salt, and each is bound to the session it was made in: one that leaks is worth nothing to others.
"""

from typing import Any

from itsdangerous import BadSignature, URLSafeTimedSerializer

from mailcore.base.errors import MailError, Reason
from web.signed_in import visitor
from web.site import site

LINK_SECONDS = 12 * 3600
UNDO_SECONDS = 3600


def make(kind: str, data: Any) -> str:
    """A token of *kind* holding *data* (JSON), for this session only."""
    return str(URLSafeTimedSerializer(site().secret, salt=kind).dumps([visitor().session.id, data]))


def read(kind: str, token: str, *, seconds: int = LINK_SECONDS) -> Any:
    """What the token holds. Raises MailError(NOT_PERMITTED) when it is forged, old, or another session's."""
    try:
        session_id, data = URLSafeTimedSerializer(site().secret, salt=kind).loads(token, max_age=seconds)
    except (BadSignature, ValueError, TypeError) as error:
        raise MailError(Reason.NOT_PERMITTED, "This link is too old or not whole. Load the page again.") from error
    if session_id != visitor().session.id:
        raise MailError(Reason.NOT_PERMITTED, "This link belongs to another session. Load the page again.")
    return data
