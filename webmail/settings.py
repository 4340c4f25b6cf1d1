"""A person's settings, first floor: name and language, signature, display, password."""

from typing import Any
from zoneinfo import available_timezones

import flask
from flask_babel import gettext as _

from mailcore.auth.login import Attempt
from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.directory import personal, verbs
from web import words
from web.drawing import done, page
from web.signed_in import account, require, visitor
from web.site import actor, site
from webmail import presenters as p
from webmail.blueprints import setting
from webmail.blueprints import settings_blueprint as settings

SECTIONS = ("profile", "signature", "display", "sign-in")
LANGUAGES = (("en", "English"), ("de", "Deutsch"), ("ar", "العربية"))


@settings.route("/settings/<section>", methods=["GET", "POST"], endpoint="page")
@require("user")
def section_page(section: str) -> Any:
    if section not in SECTIONS:
        flask.abort(404)
    errors: dict[str, str] = {}
    if flask.request.method == "POST":
        try:
            {"profile": profile, "signature": signature, "display": display, "sign-in": password}[section](flask.request.form)
            flask.session["toast"] = {"text": _("Saved"), "undo": None}
            response = flask.make_response(done(flask.url_for("settings.page", section=section), message=_("Saved")))
            if section == "display" and flask.request.form.get("theme") in ("light", "dark", "auto"):
                response.set_cookie("theme", flask.request.form["theme"], max_age=365 * 86_400, samesite="Lax", secure=flask.request.is_secure)
            return response
        except MailError as error:
            field = {"profile": "display_name", "signature": "signature", "display": "theme", "sign-in": "new_password"}[section]
            errors[str(getattr(error, "field", field))] = error.detail
    return page("webmail/settings.html", form=form_of(section, errors)), 422 if errors else 200


def form_of(section: str, errors: dict[str, str]) -> p.SettingsForm:
    """The form, with what was typed when something was wrong."""
    mine, typed = account(), flask.request.form
    return p.SettingsForm(
        section=section, display_name=typed.get("display_name", mine.display_name), address=mine.address,
        signature=typed.get("signature", personal.signature(site().read(), mine)), signature_above_quote=True, language=mine.locale or "en",
        languages=tuple(p.Choice(value=v, label=label) for v, label in LANGUAGES), zone=mine.time_zone or "UTC",
        zones=tuple(p.Choice(value=z, label=z.replace("_", " ")) for z in sorted(available_timezones()) if "/" in z or z == "UTC"),
        theme=setting("web.theme"), density=setting("web.density"), has_shortcuts=bool(setting("web.shortcuts")),
        password_changed_text=_("Last changed %(when)s.", when=words.long(mine.password_changed_at)) if mine.password_changed_at else "", errors=errors,
    )  # fmt: skip


def profile(form: Any) -> None:
    """Name, language, zone. Raises MailError."""
    if form.get("zone") not in available_timezones():
        raise MailError(Reason.SYNTAX, _("Choose a time zone from the list."))
    language = form.get("language") if form.get("language") in dict(LANGUAGES) else "en"
    fields = {"display_name": form.get("display_name", ""), "locale": language, "time_zone": form["zone"]}
    site().write(lambda tx: personal.set_profile(tx, actor(), account(), fields, site().now()))


def signature(form: Any) -> None:
    """The signature. Raises MailError."""
    site().write(lambda tx: personal.set_signature(tx, account(), form.get("signature", "")))


def display(form: Any) -> None:
    """Theme, density, keys. Raises MailError."""
    wanted = {"web.theme": form.get("theme", "auto"), "web.density": form.get("density", "comfortable"), "web.shortcuts": "shortcuts" in form}
    site().write(lambda tx: personal.set_display(tx, actor(), account(), wanted, site().now()))
    site().runtime.settings.refresh()


def password(form: Any) -> None:
    """A new password, with the old one. Raises MailError."""
    mine, request = account(), flask.request
    attempt = Attempt(login=mine.address, password=Secret(form.get("old_password", "")), protocol="web", ip=request.remote_addr or "", is_tls=request.is_secure)
    try:
        site().doorkeeper.sign_in(attempt)
    except MailError as error:
        wrong = MailError(error.reason, _("The password is wrong."))
        wrong.field = "old_password"  # type: ignore[attr-defined]
        raise wrong from error
    if form.get("new_password") != form.get("new_password_again"):
        raise MailError(Reason.SYNTAX, _("The two are not the same."))
    hashed, keep = verbs.checked_hash(form.get("new_password", "")), visitor().session.id
    site().write(lambda tx: verbs.set_password(tx, actor(), mine.id, hashed, site().now(), keep_session=keep))
