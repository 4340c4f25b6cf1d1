"""Safe sign-in: password, second step, app passwords, browsers that are signed in, and what signed in lately."""

from typing import Any

import flask
import segno
from flask_babel import gettext as _

from mailcore.auth import app_passwords, second_step
from mailcore.base.clock import DAY
from mailcore.directory import security
from mailcore.store import access
from web import sign_ins, words
from web.signed_in import account, visitor
from web.site import actor, site
from web.words import said
from webmail.settings import password
from webmail.settings.values import AppPasswordRow, BrowserRow, Errors, SafetyPage, wrong


def shown(_errors: Errors) -> dict[str, Any]:
    """The page as it stands."""
    return {"form": page()}


def page(**more: Any) -> SafetyPage:
    """All that the page shows; *more* is shown this once: a new password, recovery codes, a picture to scan."""
    tx, mine, now = site().read(), account(), site().now()
    changed = _("Last changed %(when)s.", when=words.long(mine.password_changed_at)) if mine.password_changed_at else ""
    apps = tuple(
        AppPasswordRow(id=one.id, name=one.name, scopes=one.scopes, used_text=_("used %(when)s from %(ip)s", when=words.short(one.used_at), ip=one.used_from) if one.used_at else _("never used"))
        for one in app_passwords.of_account(tx, mine.id)
    )
    browsers = tuple(
        BrowserRow(id=s.id, name=words.program_name(s.agent), ip=s.ip, seen_text=words.short(s.seen_at), is_this=s.id == visitor().session.id)
        for s in access.sessions(tx, mine.id, now) if not s.is_pending_totp
    )  # fmt: skip
    stubborn = tuple(
        _("%(program)s at %(ip)s keeps sending an old password: %(times)d times in a day. Type the new one in there.", program=words.program_name(agent) if agent else protocol.upper(), ip=ip, times=times)
        for _address, ip, protocol, agent, times in access.stubborn(tx, now - DAY, account_id=mine.id)
    )
    return SafetyPage(
        stubborn=stubborn, changed_text=changed, has_second_step=bool(mine.totp_secret), recovery_left=second_step.recovery_left(tx, mine.id), apps=apps, browsers=browsers, tries=sign_ins.latest(mine), **more
    )  # fmt: skip


def save(form: Any) -> Any:
    """What the pressed button does. Raises MailError."""
    op = form.get("op", "password")
    return OPS[op](form) if op in OPS else password.save(form)


def start_totp(form: Any) -> dict[str, Any]:
    """A fresh secret as a picture to scan; nothing is on yet."""
    password.check_old(form.get("old_password", ""))
    return _scan(second_step.new_secret(site().runtime.random), "")


def _scan(secret: str, error: str) -> dict[str, Any]:
    picture = segno.make(second_step.uri(secret, account().address), error="m").svg_inline(scale=5, border=2, svgclass="qr", lineclass=None, omitsize=True)
    return {"form": page(totp_secret=secret, qr=picture), "errors": {"code": error} if error else {}}


def finish_totp(form: Any) -> dict[str, Any]:
    """The first code of the device switches it on; the recovery codes are shown once."""
    from mailcore.base.errors import MailError

    secret, mine, codes = form.get("secret", ""), account(), second_step.new_recovery(site().runtime.random)
    try:
        site().write(lambda tx: security.turn_on(tx, actor(), mine, secret, form.get("code", ""), site().now(), codes))
    except MailError as error:
        return _scan(secret, said(error))
    flask.g.pop("_login_user", None)
    return {"form": page(codes=tuple(codes)), "errors": {}}


def stop_totp(form: Any) -> str:
    """Off again, with the password."""
    password.check_old(form.get("old_password", ""))
    site().write(lambda tx: security.turn_off(tx, actor(), account(), site().now()))
    return _("The second step is off.")


def add_app(form: Any) -> dict[str, Any]:
    """A new app password, shown this once."""
    password.check_old(form.get("old_password", ""))
    made = app_passwords.make(site().runtime.random)
    scopes = tuple(s for s in app_passwords.SCOPES if f"may_{s}" in form)
    if not form.get("name", "").strip():
        raise wrong("app_name", _("Name the program or device, such as Thunderbird on the laptop."))
    site().write(lambda tx: security.add_app_password(tx, actor(), account(), form["name"], scopes, made, site().now()))
    return {"form": page(new_password=made, new_name=form["name"]), "errors": {}}


def end_app(form: Any) -> str:
    """End one app password."""
    site().write(lambda tx: security.remove_app_password(tx, actor(), account(), _id(form), site().now()))
    return _("Ended. That program can no longer sign in.")


def end_browser(form: Any) -> str:
    """Sign one browser out."""
    site().write(lambda tx: security.end_browser(tx, actor(), account(), _id(form), site().now()))
    return _("Signed out there.")


def end_others(_form: Any) -> str:
    """Sign every other browser out."""
    keep = visitor().session.id
    site().write(lambda tx: access.end_sessions(tx, account().id, but=keep))
    return _("Every other browser is signed out.")


def _id(form: Any) -> int:
    value = form.get("id", "")
    return int(value) if value.isdigit() else 0


OPS = {
    "totp-start": start_totp, "totp-finish": finish_totp, "totp-stop": stop_totp, "app-add": add_app, "app-end": end_app, "browser-end": end_browser,
    "others-end": end_others,
}  # fmt: skip
