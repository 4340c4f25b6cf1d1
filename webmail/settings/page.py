"""The settings pages: one URL a section, drawn by its template, saved by its function; what was typed survives a mistake."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from web.drawing import done, page
from web.signed_in import require
from web.words import said
from webmail.blueprints import settings_blueprint as settings
from webmail.settings import (
    activity,
    away,
    display,
    elsewhere,
    mail_import,
    profile,
    programs,
    rules,
    safety,
    shared_files,
    signatures,
    templates,
)
from webmail.settings.values import Errors


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """What a page shows, given mistakes by field, and what its forms do: words for the toast, or values to draw the page with this once.

    *field* is where an error without a field of its own stands.
    """

    shown: Callable[[Errors], dict[str, Any]]
    save: Callable[[Any], str | dict[str, Any] | None]
    field: str


SECTIONS: dict[str, Section] = {
    "profile": Section(shown=profile.shown, save=profile.save, field="display_name"),
    "away": Section(shown=away.shown, save=away.save, field="text"),
    "rules": Section(shown=rules.shown, save=rules.save, field="form"),
    "signatures": Section(shown=signatures.shown, save=signatures.save, field="name"),
    "templates": Section(shown=templates.shown, save=templates.save, field="name"),
    "files": Section(shown=shared_files.shown, save=shared_files.save, field="form"),
    "display": Section(shown=display.shown, save=display.save, field="theme"),
    "sign-in": Section(shown=safety.shown, save=safety.save, field="new_password"),
    "programs": Section(shown=programs.shown, save=programs.save, field="form"),
    "elsewhere": Section(shown=elsewhere.shown, save=elsewhere.save, field="host"),
    "import": Section(shown=mail_import.shown, save=mail_import.save, field="host"),
    "activity": Section(shown=activity.shown, save=activity.save, field="form"),
}


@settings.route("/settings/<section>", methods=["GET", "POST"], endpoint="page")
@require("user")
def section_page(section: str) -> Any:
    chosen = SECTIONS.get(section) or flask.abort(404)
    errors: Errors = {}
    if flask.request.method == "POST":
        try:
            told = chosen.save(flask.request.form) or _("Saved")
            if isinstance(told, dict):
                return page(f"webmail/settings/{section}.html", **{"errors": {}, **told})
            flask.session["toast"] = {"text": told, "undo": None}
            return _kept_theme(flask.make_response(done(flask.url_for("settings.page", section=section), message=told)))
        except MailError as error:
            errors[str(getattr(error, "field", chosen.field if error.reason is Reason.SYNTAX else "form"))] = said(error)
    return page(f"webmail/settings/{section}.html", errors=errors, **chosen.shown(errors)), 422 if errors else 200


def _kept_theme(response: flask.Response) -> flask.Response:
    """The theme is a cookie too, so that the sign-in page has it."""
    if flask.request.form.get("theme") in ("light", "dark", "auto"):
        response.set_cookie("theme", flask.request.form["theme"], max_age=365 * 86_400, samesite="Lax", secure=flask.request.is_secure)
    return response
