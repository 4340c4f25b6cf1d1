"""Mail programs: what to type where, and profiles that do it by themselves."""

from typing import Any

import flask
import segno

from mailcore.directory import programs
from web import mail_programs
from web.signed_in import account, require
from web.site import site
from webmail.blueprints import settings_blueprint as settings
from webmail.settings.values import Errors, ProgramsPage


def shown(_errors: Errors) -> dict[str, Any]:
    """The page."""
    link = flask.url_for("settings.apple", _external=True)
    picture = segno.make(link, error="m").svg_inline(scale=4, border=2, lineclass=None, svgclass="qr", omitsize=True) if mail_programs.has_profile() else ""
    has_ca = programs.needed_authority(site().runtime) is not None
    return {"form": ProgramsPage(address=account().address, rows=mail_programs.rows(), qr=picture, has_second_step=bool(account().totp_secret), has_ca=has_ca)}


def save(_form: Any) -> None:
    """Nothing is saved here."""


@settings.get("/settings/programs/apple.mobileconfig", endpoint="apple")
@require("user")
def apple() -> Any:
    return mail_programs.apple(account())
