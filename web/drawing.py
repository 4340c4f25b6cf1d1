"""Draws a page, or the one block of it that HTMX asks for; answers a POST with JSON for a script and 303 for a form.

A template is one page with named blocks; `BLOCKS` maps HX-Target to the block. Views hand over presenter values only.
"""

import hashlib
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

import flask
from markupsafe import Markup

from web import slots

BLOCKS = {"panes": "panes", "reader": "reader", "more": "rows", "results": "results", "records": "tab", "fresh": "rows"}
STATIC = Path(__file__).resolve().parent.parent / "static"


def page(template: str, **values: object) -> Any:
    """The whole page or one block. `shell` and what else surrounds a page comes from the blueprint's own context processor."""
    request = flask.request
    target = request.headers.get("HX-Target", "")
    if target[:1] == "m" and target[1:].isdigit():
        target = "reader"  # one message of a conversation, which is taken out of the whole
    if "HX-Request" not in request.headers or "HX-History-Restore-Request" in request.headers or target not in BLOCKS:
        return _vary(flask.make_response(flask.render_template(template, **values)))
    app = flask.current_app
    context: dict[str, Any] = dict(values)
    app.update_template_context(context)
    found = app.jinja_env.get_template(template)
    if BLOCKS[target] not in found.blocks:
        return _vary(flask.make_response(flask.render_template(template, **values)))
    return _vary(flask.make_response("".join(found.blocks[BLOCKS[target]](found.new_context(context)))))


def _vary(response: flask.Response) -> flask.Response:
    response.vary.add("HX-Request")
    response.vary.add("HX-Target")
    return response


def wants_json() -> bool:
    """Whether a script asked."""
    return "json" in flask.request.headers.get("Accept", "")


def done(location: str, **told: object) -> Any:
    """The answer to a POST that worked: JSON *told* for a script, 303 to *location* for a form."""
    if wants_json():
        return flask.jsonify(next=location, **told)
    return flask.redirect(location, 303)


@lru_cache(maxsize=256)
def _fingerprint(path: str, _modified: int) -> str:
    return hashlib.sha256((STATIC / path).read_bytes()).hexdigest()[:12]


FRESH_SECONDS = 1.0
"""How long the URL of a static file is believed before the file is looked at again."""
_urls: dict[tuple[str, str], tuple[float, str]] = {}


def asset(path: str) -> str:
    """The URL of a static file, with its content's fingerprint, so that browsers may keep it for a year."""
    key, now = (flask.request.script_root, path), time.monotonic()
    until, url = _urls.get(key, (0.0, ""))
    if until < now:
        url = slots.shared_url(_asset(path))
        _urls[key] = (now + FRESH_SECONDS, url)
    return url


def icon(name: str, size: str = "", flip: bool = False) -> Markup:
    """One of the drawings of icons.svg; *flip* turns it round where one reads from the right."""
    return _icon(asset("icons.svg"), name, size, flip)


@lru_cache(maxsize=1024)
def _icon(url: str, name: str, size: str, flip: bool) -> Markup:
    classes = "icon" + (f" icon-{size}" if size else "") + (" icon-flip" if flip else "")
    return Markup('<svg class="{}" viewBox="0 0 24 24" aria-hidden="true"><use href="{}#{}"></use></svg>').format(classes, url, name)


def _asset(path: str) -> str:
    try:
        modified = (STATIC / path).stat().st_mtime_ns
    except OSError:
        return flask.url_for("static", filename=path)
    return flask.url_for("static", filename=path, v=_fingerprint(path, modified))
