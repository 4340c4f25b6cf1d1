"""The Flask app: `create_app(runtime)`, and `app` for any WSGI server. Blueprints, errors and headers are put together here.

The built-in server hands its Runtime over; alone, the app opens one from the environment.
"""

import os
from typing import Any

import flask
from flask_babel import Babel
from jinja2 import StrictUndefined
from werkzeug.exceptions import HTTPException

from mailcore.base.errors import MailError, Reason
from mailcore.config.environment import load
from mailcore.runtime.runtime import Runtime, open_runtime
from web import drawing, forms, policy, signed_in, slots, squeezing, words
from web.site import Site, attach_database, site

YEAR_SECONDS = 365 * 86_400
FORM_BYTES = 2 * 1024 * 1024
"""A form's fields that are held in memory; files go to disk."""

STATUS: dict[Reason, int] = {
    Reason.NOT_FOUND: 404, Reason.UNKNOWN_USER: 404, Reason.UNKNOWN_DOMAIN: 404, Reason.NOT_PERMITTED: 403, Reason.AUTH_REQUIRED: 401,
    Reason.AUTH_FAILED: 401, Reason.BANNED: 429, Reason.SYNTAX: 422, Reason.ALREADY_EXISTS: 409, Reason.CONFLICT: 409, Reason.IN_USE: 409,
    Reason.LIMIT: 422, Reason.TOO_BIG: 413, Reason.OVER_QUOTA: 507, Reason.NO_SPACE: 507, Reason.STORAGE: 503, Reason.DNS: 503,
}  # fmt: skip
"""HTTP status of a Reason; others are 400, or 503 when temporary."""
KIND = {400: "expired", 401: "forbidden", 403: "forbidden", 404: "missing", 405: "missing", 429: "busy", 503: "busy", 507: "busy"}


def create_app(runtime: Runtime | None = None) -> flask.Flask:
    """The app over *runtime*, or over one opened from the environment."""
    made = runtime or open_runtime(load(os.environ), name="web")
    app = flask.Flask("wsgi", root_path=os.path.dirname(os.path.abspath(__file__)), static_folder=None)
    app.add_url_rule("/static/<path:filename>", "static", signed_in.public(squeezing.static_file))
    app.url_map.strict_slashes = False  # /admin/ is /admin: people type both
    app.extensions["roost"] = Site(made)
    app.wsgi_app = slots.Places(app.wsgi_app)  # type: ignore[method-assign]
    app.session_interface = slots.FlashCookies()
    app.secret_key = site_secret(app)
    app.config.update(MAX_FORM_MEMORY_SIZE=FORM_BYTES, SEND_FILE_MAX_AGE_DEFAULT=YEAR_SECONDS, BABEL_TRANSLATION_DIRECTORIES="translations")
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.globals.update(asset=drawing.asset, draw_icon=drawing.icon, csrf_token=forms.token, nonce=policy.nonce, page_language=words.language, page_direction=words.direction, number=words.number, open_accounts=menu_accounts, add_account_url=slots.free_url)
    Babel(app, locale_selector=chosen_locale, timezone_selector=chosen_zone)
    app.jinja_env.install_gettext_callables(  # type: ignore[attr-defined]
        lambda text: words.translations().ugettext(text), lambda one, many, count: words.translations().ungettext(one, many, count), newstyle=True
    )  # once a request, where Flask-Babel looks its languages up for every word
    app.jinja_env.globals["_"] = words.marked
    attach_database(app, made)
    signed_in.login_manager.init_app(app)
    app.before_request(forms.check)
    app.after_request(forms.keep_token)
    app.after_request(headers)
    app.after_request(squeezing.squeeze)
    app.add_url_rule("/healthz", "healthz", healthz)
    app.register_error_handler(HTTPException, http_error)
    app.register_error_handler(MailError, mail_error)
    app.register_error_handler(Exception, fault)
    register(app)
    return app


def menu_accounts() -> list[Any]:
    """The browser's open accounts as the account menu shows them."""
    from webmail.presenters import AccountLink

    if slots.is_alone() and signed_in.is_signed_in():
        return []
    return [AccountLink(name=o.account.display_name or o.account.address, address=o.account.address, url=o.url, is_this=o.is_this, unread=o.unread) for o in slots.open_accounts()]


def site_secret(app: flask.Flask) -> bytes:
    """The key of Flask's own signatures (flash messages only; sessions are rows)."""
    with app.app_context():
        return site().secret


def register(app: flask.Flask) -> None:
    """Every blueprint of both faces."""
    import admin
    import webmail

    for blueprint in (*webmail.BLUEPRINTS, *admin.BLUEPRINTS):
        app.register_blueprint(blueprint)


def chosen_locale() -> str:
    """The account's language, else what the browser asks for among those that are complete."""
    if signed_in.is_signed_in() and signed_in.account().locale:
        return signed_in.account().locale
    return flask.request.accept_languages.best_match(words.LANGUAGES) or "en"


def chosen_zone() -> str:
    """The account's time zone."""
    return (signed_in.account().time_zone if signed_in.is_signed_in() else "") or "UTC"


@signed_in.public
def healthz() -> Any:
    """For `roost status`: the store answers."""
    site().read().value("SELECT 1")
    return flask.Response("ok\n", mimetype="text/plain")


def headers(response: flask.Response) -> flask.Response:
    """What every answer carries; a view's own policy stands."""
    put = response.headers.setdefault
    if flask.request.endpoint == "static" and "/vendor/pdf" in flask.request.path:
        # The frame that draws a PDF has no origin of its own to load them from; they are the same for everybody.
        put("Access-Control-Allow-Origin", "*")
        put("Cross-Origin-Resource-Policy", "cross-origin")
    put("Content-Security-Policy", policy.page_policy())
    put("X-Content-Type-Options", "nosniff")
    put("Referrer-Policy", "same-origin")
    put("Cross-Origin-Opener-Policy", "same-origin")
    put("Cross-Origin-Resource-Policy", "same-origin")
    put("X-Frame-Options", "SAMEORIGIN")
    if flask.request.endpoint != "static":
        put("Cache-Control", "no-store")
    return response


def http_error(error: HTTPException) -> Any:
    """Flask's own refusals as our pages."""
    code = error.code or 500
    if code < 400:
        return error
    return shown(code, "expired" if error.description == "expired" else KIND.get(code, "missing"), str(error.description or ""))


def mail_error(error: MailError) -> Any:
    """A refusal from below as our page or JSON."""
    if error.reason is Reason.AUTH_REQUIRED:
        return signed_in.to_sign_in()
    code = STATUS.get(error.reason, 503 if error.temporary else 400)
    return shown(code, KIND.get(code, "failed"), words.said(error), is_ours=True)


def fault(error: Exception) -> Any:
    """A fault of ours: written down under a reference that the page shows."""
    runtime = site().runtime
    reference = runtime.new_trace_id()[-8:]
    import traceback

    where = traceback.extract_tb(error.__traceback__)[-1]
    runtime.log.error(
        "request failed", reference=reference, path=flask.request.path, error=f"{type(error).__name__}: {error}", at=f"{where.filename.rpartition('/')[2]}:{where.lineno}"
    )
    runtime.log.debug("request failed", reference=reference, trace="".join(traceback.format_exception(error)))
    return shown(500, "failed", "", reference)


def shown(code: int, kind: str, detail: str, reference: str = "", *, is_ours: bool = False) -> Any:
    """One error in the form that was asked for; a page shows *detail* when the sentence is ours."""
    if drawing.wants_json() or "HX-Request" in flask.request.headers:
        return flask.jsonify(error=detail or kind, reference=reference), code
    return flask.render_template("errors/error.html", kind=kind, detail=detail if is_ours else "", reference=reference, shell=None, theme=flask.request.cookies.get("theme", "auto")), code


def __getattr__(name: str) -> Any:
    """`wsgi:app`, made when a WSGI server asks for it."""
    if name == "app":
        globals()["app"] = create_app()
        return globals()["app"]
    raise AttributeError(name)
