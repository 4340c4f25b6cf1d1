"""Leaving a mailing list: by one click where the list offers it and DKIM proved the sender (RFC 8058), else by its page or address.

The POST goes from the server, without cookies, to public addresses only (`net.fetch` pins the address it has checked).
"""

import re

from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.mail.headers import Headers
from mailcore.mail.words import unfold

_TARGET = re.compile(r"<\s*((?:https|mailto):[^<>\s]{1,2000})\s*>", re.IGNORECASE)
ONE_CLICK = b"list-unsubscribe=one-click"


def targets(headers: Headers) -> list[str]:
    """The https: and mailto: targets of List-Unsubscribe, in their order. RFC 2369 §3.2."""
    raw = headers.raw(b"list-unsubscribe")
    return _TARGET.findall(unfold(raw).decode("latin-1")) if raw is not None else []


def is_one_click(headers: Headers) -> bool:
    """Whether the list takes RFC 8058's POST."""
    raw = headers.raw(b"list-unsubscribe-post")
    return raw is not None and unfold(raw).lower() == ONE_CLICK and any(t.lower().startswith("https:") for t in targets(headers))


def way_out(headers: Headers, *, is_proved: bool) -> str:
    """"post", a URL to open, or "" when the message says nothing."""
    found = targets(headers)
    if is_one_click(headers) and is_proved:
        return "post"
    return next((t for t in found if t.lower().startswith("https:")), found[0] if found else "")


def list_of(headers: Headers) -> str:
    """The list's name in List-Id: what stands in its brackets. RFC 2919 §3."""
    raw = headers.text(b"list-id")
    inside = re.search(r"<([^<>]{1,250})>", raw)
    return inside[1] if inside else raw[:250]


def target_of(headers: Headers) -> str:
    """Where the one-click POST goes. Raises MailError(NOT_SUPPORTED)."""
    for target in targets(headers):
        if target.lower().startswith("https:"):
            return target
    raise MailError(Reason.NOT_SUPPORTED, _("This list offers no way out by one click."))
