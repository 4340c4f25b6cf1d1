"""Mail programs: what to type where, and profiles that do it by themselves."""

from typing import Any

import flask
import segno
from flask_babel import gettext as _

from mailcore.directory import programs
from web.signed_in import account, require
from web.site import site
from webmail.blueprints import settings_blueprint as settings
from webmail.discovery import ca_der
from webmail.settings.values import Errors, ProgramRow, ProgramsPage


def shown(_errors: Errors) -> dict[str, Any]:
    """The page."""
    labels = {"imap": _("Reading (IMAP)"), "pop3": _("Fetching (POP3)"), "smtp": _("Sending (SMTP)")}
    rows = tuple(
        ProgramRow(label=labels[one.kind], host=one.host, port=one.port, security=_("SSL/TLS") if one.is_implicit else _("STARTTLS"))
        for one in programs.services(site().runtime)
    )
    link = flask.url_for("settings.apple", _external=True)
    picture = segno.make(link, error="m").svg_inline(scale=4, border=2, lineclass=None, svgclass="qr", omitsize=True)
    return {"form": ProgramsPage(address=account().address, rows=rows, qr=picture, has_second_step=bool(account().totp_secret), has_ca=ca_der() is not None)}


def save(_form: Any) -> None:
    """Nothing is saved here."""


@settings.get("/settings/programs/apple.mobileconfig", endpoint="apple")
@require("user")
def apple() -> Any:
    mine = account()
    profile = programs.apple_profile(site().runtime, mine.address, mine.display_name, ca_der())
    return flask.Response(profile, mimetype="application/x-apple-aspen-config", headers={"Content-Disposition": 'attachment; filename="roost.mobileconfig"'})
