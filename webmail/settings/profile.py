"""Name, language and time zone."""

from dataclasses import replace
from typing import Any
from zoneinfo import available_timezones

import flask
from flask_babel import gettext as _

from mailcore.directory import personal
from web import words
from web.signed_in import account
from web.site import actor, site
from webmail import presenters as p
from webmail.settings.values import Errors, wrong


def shown(_errors: Errors) -> dict[str, Any]:
    """The form, with what was typed when something was wrong."""
    mine, typed = account(), flask.request.form
    return {
        "form": p.ProfileForm(
            display_name=typed.get("display_name", mine.display_name), address=mine.address, language=mine.locale or words.language(),
            languages=words.LANGUAGE_NAMES, zone=typed.get("zone", mine.time_zone),
            zones=words.zones(personal.zone_name(site().runtime, replace(mine, time_zone=""))),
        )
    }  # fmt: skip


def save(form: Any) -> None:
    """Raises MailError."""
    if form.get("zone") not in {"", *available_timezones()}:
        raise wrong("zone", _("Choose a time zone from the list."))
    language = form.get("language") if form.get("language") in words.LANGUAGES else "en"
    fields = {"display_name": form.get("display_name", ""), "locale": language, "time_zone": form["zone"]}
    site().write(lambda tx: personal.set_profile(tx, actor(), account(), fields, site().now()))
