"""Name, language and time zone."""

from typing import Any
from zoneinfo import available_timezones

import flask
from flask_babel import gettext as _

from mailcore.directory import personal
from web.signed_in import account
from web.site import actor, site
from webmail import presenters as p
from webmail.settings.values import Errors, wrong

LANGUAGES = (("en", "English"), ("de", "Deutsch"), ("ar", "العربية"))


def shown(_errors: Errors) -> dict[str, Any]:
    """The form, with what was typed when something was wrong."""
    mine, typed = account(), flask.request.form
    return {
        "form": p.ProfileForm(
            display_name=typed.get("display_name", mine.display_name), address=mine.address, language=mine.locale or "en",
            languages=tuple(p.Choice(value=v, label=label) for v, label in LANGUAGES), zone=mine.time_zone or "UTC",
            zones=tuple(p.Choice(value=z, label=z.replace("_", " ")) for z in sorted(available_timezones()) if "/" in z or z == "UTC"),
        )
    }  # fmt: skip


def save(form: Any) -> None:
    """Raises MailError."""
    if form.get("zone") not in available_timezones():
        raise wrong("zone", _("Choose a time zone from the list."))
    language = form.get("language") if form.get("language") in dict(LANGUAGES) else "en"
    fields = {"display_name": form.get("display_name", ""), "locale": language, "time_zone": form["zone"]}
    site().write(lambda tx: personal.set_profile(tx, actor(), account(), fields, site().now()))
