"""The webmail as an app of the device: manifest, service worker, the page it shows offline, and `mailto:` links.

The worker keeps the shell's own files and that one page; mail never goes into its cache.
"""

from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import flask
from flask_babel import gettext as _

from web.drawing import STATIC, asset, page
from web.signed_in import public, require
from webmail.blueprints import mail

FIELDS = frozenset({"to", "cc", "bcc", "subject", "body"})


@mail.get("/manifest.webmanifest")
@public
def manifest() -> Any:
    icon = {"src": asset("favicon.svg"), "type": "image/svg+xml", "sizes": "any", "purpose": "any"}
    made = flask.jsonify(
        name="Roost", short_name="Roost", start_url=flask.url_for("mail.home"), scope="/", display="standalone", background_color="#f4f2ed", theme_color="#1c6b60",
        icons=[icon], protocol_handlers=[{"protocol": "mailto", "url": flask.url_for("mail.mailto") + "?url=%s"}],
    )  # fmt: skip
    made.mimetype = "application/manifest+json"
    return made


@mail.get("/worker.js")
@public
def worker() -> Any:
    kept = [flask.url_for("mail.offline"), *(asset(f) for f in ("vendor/admin.css", "vendor/inter.woff2", "favicon.svg"))]
    text = (STATIC / "js" / "worker.js").read_text("utf-8").replace("[/* kept */]", flask.json.dumps(kept))
    return flask.Response(text, mimetype="text/javascript", headers={"Cache-Control": "no-cache"})


@mail.get("/offline")
@public
def offline() -> Any:
    return page("webmail/offline.html", shell=None)


@mail.get("/mailto")
@require("user")
def mailto() -> Any:
    """A `mailto:` link of another page, as a new message. RFC 6068 §2."""
    parts = urlsplit(flask.request.args.get("url", ""))
    if parts.scheme.lower() != "mailto":
        flask.abort(400, _("This is no mail link."))
    found = {name.lower(): value for name, value in parse_qsl(parts.query.replace("+", "%2B")) if name.lower() in FIELDS}
    found["to"] = ", ".join(t for t in (unquote(parts.path), found.get("to", "")) if t)
    return flask.redirect(flask.url_for("compose.new", **found), 303)  # type: ignore[arg-type]
