"""Signing in, the second step, signing out, the theme."""

from typing import Any

import flask

from mailcore.auth import sessions
from mailcore.auth.login import Attempt
from mailcore.base.errors import MailError
from mailcore.base.secret import Secret
from mailcore.directory import personal, security
from mailcore.store import accounts
from web import signed_in, slots
from web.drawing import done, page
from web.signed_in import public, safe_next
from web.site import actor, site
from web.words import said
from webmail import presenters as p
from webmail.blueprints import session_blueprint as session
from webmail.blueprints import theme as current_theme

THEME_SECONDS = 365 * 86_400


@session.route("/sign-in", methods=["GET", "POST"])
@public
def sign_in() -> Any:
    request = flask.request
    target = safe_next(request.values.get("next"), flask.url_for("mail.home"))
    address, error = request.form.get("address", ""), ""
    if request.method == "POST":
        attempt = Attempt(
            login=address, password=Secret(request.form.get("password", "")), protocol="web", ip=request.remote_addr or "", is_tls=request.is_secure,
            agent=request.headers.get("User-Agent", ""),
        )  # fmt: skip
        try:
            found = site().doorkeeper.sign_in(attempt)
            known = slots.place_of(found.id)
            if known is not None:
                return flask.redirect(known.url, 303)
            personal.note_zone(site().runtime, found, request.form.get("zone", ""))
            next_page = flask.url_for("session.totp", next=target) if found.totp_secret else target
            if found.totp_secret:
                site().doorkeeper.note_half(found, attempt)
            else:
                site().runtime.counts.add("sign_ins")
            return signed_in.begin(found.id, flask.make_response(flask.redirect(next_page, 303)), is_pending_totp=bool(found.totp_secret), stays="remember" in request.form)
        except MailError as refused:
            error = said(refused)
    elif signed_in.is_signed_in():
        return flask.redirect(target)
    form = p.SignInForm(address=address, error=error, next_url=target, host=site().runtime.hostname)
    return page("session/sign_in.html", form=form, shell=None, theme=current_theme()), 401 if error else 200


@session.route("/sign-in/code", methods=["GET", "POST"])
@public
def totp() -> Any:
    waiting = signed_in.pending()
    target = safe_next(flask.request.values.get("next"), flask.url_for("mail.home"))
    mine = accounts.account(site().read(), waiting.account_id) if waiting is not None else None
    if mine is None:
        return flask.redirect(flask.url_for("session.sign_in"))
    error = ""
    if flask.request.method == "POST":
        code = flask.request.form.get("code", "")
        attempt = Attempt(
            login=mine.address, password=Secret(code), protocol="code", ip=flask.request.remote_addr or "", is_tls=flask.request.is_secure,
            agent=flask.request.headers.get("User-Agent", ""),
        )  # fmt: skip
        try:
            site().doorkeeper.check_code(mine, code, attempt)
            site().runtime.counts.add("sign_ins")
            return signed_in.begin(mine.id, flask.make_response(flask.redirect(target, 303)))
        except MailError as refused:
            error = said(refused)
    form = p.SignInForm(address=mine.address, error=error, next_url=target, host=site().runtime.hostname)
    return page("session/totp.html", form=form, shell=None, theme=current_theme()), 401 if error else 200


@session.post("/sign-out")
@public
def sign_out() -> Any:
    """This account here; with op=all every account of this browser; with op=everywhere this account in every browser."""
    op, runtime = flask.request.form.get("op", ""), site().runtime
    leaving = [one for one in slots.open_accounts() if one.is_this or op == "all"]
    left = next((one.url for one in slots.open_accounts() if one not in leaving), f"{slots.root_of(0)}/sign-in")
    if op == "everywhere" and signed_in.is_signed_in():
        site().write(lambda tx: security.sign_out_everywhere(tx, actor(), signed_in.account(), site().now()))
    signed_in.end_current()
    response = flask.make_response(flask.redirect(left, 303))
    for one in leaving:
        sessions.end(runtime, one.session.id)
    for number in {slots.slot(), *(one.slot for one in leaving)}:
        response.delete_cookie(slots.cookie_name(number), secure=flask.request.is_secure, path="/")
    # Not "storage": what was typed and could not be saved stays in the browser, for the same person only.
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


@session.post("/theme")
@public
def theme() -> Any:
    chosen = flask.request.form.get("theme", "auto")
    response = flask.make_response(done(safe_next(flask.request.form.get("next"), flask.url_for("mail.home"))))
    if chosen in ("light", "dark", "auto"):
        response.set_cookie("theme", chosen, max_age=THEME_SECONDS, samesite="Lax", secure=flask.request.is_secure)
    return response
