"""What somebody has set, changed by an admin in their place: auto-reply, forwarding, signatures, ways in; and what their programs did."""

from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin.blueprints import admin, beside, toast
from mailcore.auth import app_passwords
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import confirm
from mailcore.directory import away, fetching, security, verbs
from mailcore.store import Tx, access, accounts, fetched
from web import activity, mail_programs, sign_ins, signatures, words
from web import elsewhere as other_accounts
from web.away import page_of, typed_away, typed_forwarding
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site
from web.words import said


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A browser, a password of a program, or an account elsewhere: one line with a button that ends it."""

    id: int
    name: str
    text: str
    trouble: str = ""


def person(address: str) -> accounts.Account:
    """The account, which the asker may change. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    found = verbs.find_account(site().read(), address)
    return verbs.manageable(site().read(), actor(), found.id)


@admin.route("/accounts/<address>/away", methods=["GET", "POST"])
@require("domain-admin")
def account_away(address: str) -> Any:
    found, errors, form = person(address), {}, flask.request.form
    if flask.request.method == "POST":
        try:
            return change_away(found, form)
        except MailError as error:
            errors["targets" if form.get("op") == "forward" else "text"] = beside(error)
    return page("admin/account_away.html", area="accounts", address=found.address, form=page_of(found, form, is_wrong=bool(errors)), errors=errors), 422 if errors else 200


def change_away(found: accounts.Account, form: Any) -> Any:
    """The auto-reply or the forwarding, as it was typed. Raises MailError."""
    if form.get("op") == "forward":
        wanted = typed_forwarding(form)
        missing = site().write(lambda tx: away.set_forwarding(tx, actor(), found, wanted, site().now()))
        confirm.answer_for(site().runtime, actor(), found, missing)
    else:
        site().write(lambda tx: away.set_away(tx, actor(), found, typed_away(form), site().now()))
    toast(_("Saved"))
    return done(flask.url_for("admin.account_away", address=found.address))


@admin.route("/accounts/<address>/signatures", methods=["GET", "POST"])
@require("domain-admin")
def account_signatures(address: str) -> Any:
    found, errors, form = person(address), {}, flask.request.form
    if flask.request.method == "POST":
        try:
            toast(signatures.change(found, form))
            return done(flask.url_for("admin.account_signatures", address=found.address))
        except MailError as error:
            errors["name"] = beside(error)
    return page("admin/account_signatures.html", area="accounts", address=found.address, form=signatures.page_of(found, form, is_wrong=bool(errors)), errors=errors), 422 if errors else 200


@admin.route("/accounts/<address>/activity", methods=["GET", "POST"])
@require("domain-admin")
def account_activity(address: str) -> Any:
    found, error = person(address), ""
    if flask.request.method == "POST":
        try:
            toast(activity.change(found, flask.request.form))
            return done(flask.url_for("admin.account_activity", address=found.address))
        except MailError as refused:
            error = beside(refused)
    return page("admin/account_activity.html", area="accounts", address=found.address, form=activity.page_of(found), error=error), 422 if error else 200


@admin.get("/accounts/<address>/apple.mobileconfig")
@require("domain-admin")
def account_apple(address: str) -> Any:
    return mail_programs.apple(person(address))


@admin.route("/accounts/<address>/ways", methods=["GET", "POST"])
@require("domain-admin")
def account_ways(address: str) -> Any:
    found, typed, errors = person(address), flask.request.form, {}
    if flask.request.method == "POST":
        try:
            toast(changed_way(found, typed))
            return done(flask.url_for("admin.account_ways", address=found.address))
        except MailError as error:
            if typed.get("op") != "add":
                raise
            errors[str(getattr(error, "field", "form"))] = said(error)
    tx = site().read()
    programs = tuple(
        Way(id=one.id, name=one.name, text=", ".join(one.scopes) + " · " + (_("used %(when)s from %(ip)s", when=words.short(one.used_at), ip=one.used_from) if one.used_at else _("never used")))
        for one in app_passwords.of_account(tx, found.id)
    )
    browsers = tuple(
        Way(id=one.id, name=words.program_name(one.agent), text=f"{one.ip} · " + _("seen %(when)s", when=words.short(one.seen_at)))
        for one in access.sessions(tx, found.id, site().now()) if not one.is_pending_totp
    )  # fmt: skip
    elsewhere = tuple(
        Way(id=one.id, name=f"{one.username} · {one.host}", text=ngettext("one message brought", "%(num)d messages brought", one.brought), trouble=one.trouble)
        for one in fetched.of_account(tx, found.id)
    )
    return page(
        "admin/account_ways.html", area="accounts", address=found.address, has_second_step=bool(found.totp_secret), browsers=browsers, programs=programs, elsewhere=elsewhere,
        tries=sign_ins.latest(found), services=mail_programs.rows(), has_profile=mail_programs.has_profile(), form=other_accounts.page_of(found, typed if errors else {}), errors=errors,
    ), 422 if errors else 200  # fmt: skip


def changed_way(found: accounts.Account, form: Any) -> str:
    """Add an account elsewhere, or take one way away; what to say then. Raises MailError."""
    if form.get("op") == "add":
        return other_accounts.add(found, form, form.get("password", ""))
    site().write(lambda tx: end(tx, found, form))
    return _("Done")


def end(tx: Tx, found: accounts.Account, form: Any) -> None:
    """Take one way away. Raises MailError."""
    op, number = form.get("op", ""), form.get("id", "")
    if op == "second-step":
        security.turn_off(tx, actor(), found, site().now())
        return
    if op == "browsers":
        security.sign_out_everywhere(tx, actor(), found, site().now())
        return
    if not (number.isascii() and number.isdigit() and len(number) < 15):
        raise MailError(Reason.NOT_FOUND, _("This is no longer here."))
    if op == "browser":
        security.end_browser(tx, actor(), found, int(number), site().now())
    elif op == "program":
        security.remove_app_password(tx, actor(), found, int(number), site().now())
    elif op == "elsewhere":
        fetching.remove(tx, actor(), found, int(number), site().now())
    else:
        flask.abort(400)
