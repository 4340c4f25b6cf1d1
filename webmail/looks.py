"""How the panes stand on this device: side by side or the list alone, and how wide the list is. Kept in a cookie, for it is the screen's and not the person's.

The width goes by steps, because a strict policy leaves no style in the page: each step is a rule of the style sheet.
"""

from dataclasses import dataclass
from typing import Any

import flask

from mailcore.directory import personal
from web import words
from web.drawing import done
from web.signed_in import account, require, safe_next
from web.site import actor, site
from webmail.blueprints import mail

COOKIE = "look"
COOKIE_SECONDS = 365 * 86_400
NARROWEST, WIDEST, STEP = 280, 640, 20
"""Pixels of the list. static/css/webmail.css has a rule for each step, static/js/panes.js the same numbers."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """*layout*: panes (side by side) or list (one at a time); *width* of the list in pixels, 0 for what suits the window."""

    layout: str = "panes"
    width: int = 0


def look_of(text: str) -> Look:
    """The look a cookie tells; what is not right in it is left at its default."""
    layout, _dash, width = text.partition("-")
    pixels = int(width) if width.isascii() and width.isdigit() and len(width) < 5 else 0
    return Look(layout="list" if layout == "list" else "panes", width=pixels if NARROWEST <= pixels <= WIDEST and pixels % STEP == 0 else 0)


@mail.app_template_global("device_look")
def device_look() -> Look:
    """The look of this request's device."""
    return words.kept("look", lambda: look_of(flask.request.cookies.get(COOKIE, "")))


@mail.post("/mail/look")
@require("user")
def look() -> Any:
    """Change the layout of this device, or how tall the person's rows are."""
    form, now = flask.request.form, device_look()
    if form.get("density"):
        site().write(lambda tx: personal.set_display(tx, actor(), account(), {"web.density": form["density"]}, site().now()))
        site().runtime.settings.refresh()
    response: flask.Response = done(safe_next(form.get("next"), flask.url_for("mail.home")))
    chosen = form.get("layout", now.layout)
    response.set_cookie(COOKIE, f"{'list' if chosen == 'list' else 'panes'}-{now.width}", max_age=COOKIE_SECONDS, secure=flask.request.is_secure, samesite="Lax", path="/")
    return response
