"""Back with one press what one press took away: aliases, ranges, routes. What is lost for good wants its name typed instead."""

from collections.abc import Callable
from dataclasses import asdict, replace
from typing import Any

import flask
from flask_babel import gettext as _

from admin.blueprints import admin, toast
from mailcore.base.errors import MailError
from mailcore.directory import guard_verbs, route_verbs, verbs
from mailcore.store import Tx
from mailcore.store.accounts import Alias
from mailcore.store.protection import IpRange
from mailcore.store.routes import Route
from web import tokens, words
from web.signed_in import require, safe_next
from web.site import actor, site

KIND = "admin-undo"


def token_of(one: Alias | IpRange | Route) -> str:
    """What the toast of a removal carries; no password leaves the server with it."""
    return tokens.make(KIND, [type(one).__name__, asdict(replace(one, password="") if isinstance(one, Route) else one)])


def alias(tx: Tx, facts: dict[str, Any]) -> str:
    """The alias again, switched off where it was."""
    number = verbs.add_alias(tx, actor(), facts["address"], facts["targets"], site().now())
    if not facts["is_enabled"]:
        verbs.set_alias(tx, actor(), number, site().now(), is_enabled=False)
    return _("%(address)s is back", address=facts["address"])


def ip_range(tx: Tx, facts: dict[str, Any]) -> str:
    """The range again."""
    guard_verbs.put_range(tx, actor(), IpRange(**{**facts, "id": 0}), site().now())
    return _("%(address)s is back", address=facts["name"])


def route(tx: Tx, facts: dict[str, Any]) -> str:
    """The route again; its password has to be typed."""
    route_verbs.put(tx, actor(), Route(**{**facts, "id": 0, "addresses": tuple(facts["addresses"])}), site().now())
    if facts["username"]:
        return _("%(name)s is back. Type its password again.", name=facts["pattern"])
    return _("%(address)s is back", address=facts["pattern"])


KINDS: dict[str, Callable[[Tx, dict[str, Any]], str]] = {"Alias": alias, "IpRange": ip_range, "Route": route}


@admin.post("/undo")
@require("domain-admin")
def undo() -> Any:
    kind, facts = tokens.read(KIND, flask.request.form.get("undo", ""), seconds=tokens.UNDO_SECONDS)
    try:
        toast(site().write(lambda tx: KINDS[kind](tx, facts)))
    except MailError as error:
        toast(words.said(error))
    return flask.redirect(safe_next(flask.request.form.get("next"), flask.url_for("admin.home")), 303)
