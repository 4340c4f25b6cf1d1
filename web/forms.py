"""Forms' safety: a token on every change, and the browser's own word on where a request comes from.

Signed in, the token is the session's secret; before that it is a cookie of its own, so that nobody can be signed in by a
page elsewhere. Sec-Fetch-Site, where sent, must not be cross-site. GET, HEAD and OPTIONS change nothing and need no token; what
only somebody's own session may see is still no picture, script or frame of another site's page.
"""

import base64
import hmac
import secrets

import flask

from web.signed_in import is_signed_in, visitor

COOKIE_TLS, COOKIE_PLAIN = "__Host-roost-form", "roost-form"
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
OWN = frozenset({"same-origin", "none"})
"""Sec-Fetch-Site of our own pages and of what a person typed."""
FIELD, HEADER = "csrf_token", "X-CSRFToken"


def _cookie() -> str:
    return COOKIE_TLS if flask.request.is_secure else COOKIE_PLAIN


def token() -> str:
    """The token this request's forms carry: masked anew for each answer, so that the length of a squeezed page tells nothing of it."""
    if not hasattr(flask.g, "masked_token"):
        flask.g.masked_token = masked(_secret())
    return str(flask.g.masked_token)


def masked(secret: str) -> str:
    """*secret* in a form that is never the same twice."""
    plain = secret.encode()
    pad = secrets.token_bytes(len(plain))
    return base64.urlsafe_b64encode(pad + bytes(a ^ b for a, b in zip(pad, plain, strict=True))).decode()


def unmasked(text: str) -> str:
    """What was masked; "" for what never was."""
    try:
        data = base64.b64decode(text.encode(), altchars=b"-_", validate=True)
        half = len(data) // 2
        return bytes(a ^ b for a, b in zip(data[:half], data[half:], strict=True)).decode()
    except ValueError:
        return ""


def _secret() -> str:
    if is_signed_in():
        return visitor().session.csrf_secret
    if not hasattr(flask.g, "form_token"):
        flask.g.form_token = flask.request.cookies.get(_cookie()) or secrets.token_urlsafe(24)
    return str(flask.g.form_token)


def keep_token(response: flask.Response) -> flask.Response:
    """Set the anonymous token's cookie when a form was drawn with it."""
    made = getattr(flask.g, "form_token", None)
    if made and flask.request.cookies.get(_cookie()) != made:
        response.set_cookie(_cookie(), made, secure=flask.request.is_secure, httponly=True, samesite="Lax", path="/")
    return response


def check() -> flask.Response | None:
    """Refuse a change that does not come from our own page (400, or 403 for cross-site), and a page elsewhere that would hold one of ours."""
    request = flask.request
    if b"%00" in request.query_string or "\0" in request.path:
        flask.abort(404)  # nobody types it, and PostgreSQL has no such word
    is_own = request.headers.get("Sec-Fetch-Site", "same-origin") in OWN
    if request.method in SAFE or request.endpoint is None:
        if not is_own and request.headers.get("Sec-Fetch-Mode") != "navigate" and is_signed_in():
            flask.abort(403)
        return None
    view = flask.current_app.view_functions.get(request.endpoint)
    if getattr(view, "takes_no_form", False):
        return None
    if not is_own:
        flask.abort(403)
    sent = unmasked(request.headers.get(HEADER) or request.form.get(FIELD, ""))
    wanted = _secret() if is_signed_in() else request.cookies.get(_cookie(), "")
    if not wanted or not hmac.compare_digest(sent.encode(), wanted.encode()):
        flask.abort(400, "expired")
    return None
