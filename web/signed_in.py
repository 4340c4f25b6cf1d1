"""Who is signed in: an opaque token in a cookie, looked up in the sessions table once a request, shown to Flask-Login.

`require` guards a route by role; a test walks the URL map and finds a route without a guard. The cookie is `__Host-` and
Secure over https; over plain http only real loopback gets here, with a cookie of its own name.
"""

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

import flask
from flask_login import LoginManager, current_user

from mailcore.auth import sessions
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import ROLES
from mailcore.store import access, accounts
from web import slots
from web.site import site

REMEMBER_SECONDS = 14 * 86_400
ROLE_LEVEL = {role: level for level, role in enumerate(ROLES)}

View = TypeVar("View", bound=Callable[..., Any])

login_manager = LoginManager()


class Visitor:
    """What Flask-Login holds: the account and its session."""

    is_authenticated = True
    is_active = True
    is_anonymous = False

    def __init__(self, account_row: accounts.Account, session: access.Session) -> None:
        self.account = account_row
        self.session = session

    def get_id(self) -> str:
        """The account's id as text."""
        return str(self.account.id)


@login_manager.request_loader
def load(request: flask.Request) -> Visitor | None:
    """The visitor of this request's cookie, or None; a disabled account's sessions end here."""
    token = request.cookies.get(cookie_name(), "")
    session = sessions.find(site().runtime, token) if token else None
    if session is None or session.is_pending_totp:
        return None
    found = accounts.account(site().read(), session.account_id)
    if found is None or not found.is_enabled:
        return None
    return Visitor(found, session)


def pending() -> access.Session | None:
    """The session that waits for its second step."""
    token = flask.request.cookies.get(cookie_name(), "")
    session = sessions.find(site().runtime, token) if token else None
    return session if session is not None and session.is_pending_totp else None


def cookie_name() -> str:
    """The session cookie's name for this request's account and scheme."""
    return slots.cookie_name(slots.slot())


def is_signed_in() -> bool:
    """Whether this request has a live session."""
    return bool(current_user.is_authenticated)


def visitor() -> Visitor:
    """The signed-in visitor. Raises MailError(AUTH_REQUIRED)."""
    found = current_user._get_current_object()  # the visitor and no proxy: a page asks dozens of times
    if not found.is_authenticated:
        raise MailError(Reason.AUTH_REQUIRED, "Sign in first.")
    return cast(Visitor, found)


def account() -> accounts.Account:
    """The signed-in account. Raises MailError(AUTH_REQUIRED)."""
    return visitor().account


def begin(account_id: int, response: flask.Response, *, is_pending_totp: bool = False, stays: bool = True) -> flask.Response:
    """A fresh session (its id never survives a sign-in) and its cookie on *response*."""
    request = flask.request
    end_current()
    token = sessions.begin(
        site().runtime, account_id, ip=request.remote_addr or "", agent=request.headers.get("User-Agent", ""), is_pending_totp=is_pending_totp
    )
    response.set_cookie(
        cookie_name(), token, max_age=REMEMBER_SECONDS if stays else None, secure=request.is_secure, httponly=True, samesite="Lax", path="/"
    )
    return response


def end_current() -> None:
    """End the session of this request's cookie, if any."""
    token = flask.request.cookies.get(cookie_name(), "")
    found = sessions.find(site().runtime, token) if token else None
    if found is not None:
        sessions.end(site().runtime, found.id)


def require(role: str) -> Callable[[View], View]:
    """Guard a view: "user", "domain-admin" or "server-admin" at least. Marks the view for the route test."""

    def guard(view: View) -> View:
        @wraps(view)
        def guarded(*args: Any, **kwargs: Any) -> Any:
            if not is_signed_in():
                return to_sign_in()
            if ROLE_LEVEL[account().role] < ROLE_LEVEL[role]:
                flask.abort(403)
            return view(*args, **kwargs)

        guarded.guard = role  # type: ignore[attr-defined]
        return cast(View, guarded)

    return guard


def public(view: View) -> View:
    """Mark a view that anybody may see."""
    view.guard = "public"  # type: ignore[attr-defined]
    return view


def to_sign_in() -> Any:
    """Where someone without a session goes; a script's request is told by 401 and a header."""
    target = flask.url_for("session.sign_in", next=flask.request.full_path.rstrip("?") if flask.request.method == "GET" else None)
    if "HX-Request" in flask.request.headers:
        return flask.Response(status=401, headers={"HX-Redirect": target})
    if "application/json" in flask.request.headers.get("Accept", ""):
        return flask.jsonify(error="signed-out", location=target), 401
    return flask.redirect(target, 303)


def safe_next(text: str | None, default: str) -> str:
    """*text* if it is a path of this site, else *default*: no open redirect. It stays in this account's place."""
    if text and text.startswith("/") and not text.startswith(("//", "/\\")) and all(ord(c) >= 32 for c in text):
        root = flask.request.script_root
        return text if not root or text.startswith(root + "/") else root + text
    return default
