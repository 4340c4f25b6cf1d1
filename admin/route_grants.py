"""Relay and routes that sign in at Google, Microsoft or another provider by OAuth instead of a password."""

from typing import Any

import flask
from flask_babel import gettext as _

from admin import values as p
from admin.blueprints import admin, toast
from mailcore.base.errors import MailError, Reason
from mailcore.directory import route_verbs
from mailcore.runtime import grants
from mailcore.store import routes as store
from web import oauth
from web.drawing import page
from web.signed_in import require
from web.site import actor, site
from web.values import Choice
from web.words import said

BACK = "admin.route_granted"


def targets() -> dict[str, tuple[str, str]]:
    """What may sign in, by number (0 is the relay): its name, and its first server."""
    relay = str(site().runtime.settings.get("relay.host"))
    found = {"0": (_("The relay, %(host)s", host=relay), relay)} if relay else {}
    return found | {str(r.id): (f"{r.pattern} → {r.host}", r.host) for r in store.routes(site().read())}


@admin.route("/routes/sign-in", methods=["GET", "POST"])
@require("server-admin")
def route_grant() -> Any:
    if flask.request.method == "GET":
        return drawn()
    typed = {name: flask.request.form.get(name, "").strip()[:400] for name in ("target", "provider", "user")}
    try:
        return drawn(typed, leaving=begin(typed))
    except MailError as error:
        return drawn(typed, error=said(error)), 422


def begin(typed: dict[str, str]) -> oauth.Leaving:
    """The link that leads to the provider. Raises MailError."""
    found = targets().get(typed["target"])
    if found is None or not typed["user"]:
        raise MailError(Reason.SYNTAX, _("Choose what signs in, and fill in the user name there."))
    chosen = None
    for host in found[1].replace("|", " ").split():
        chosen = grants.provider(site().runtime, typed["provider"], host)
    if chosen is None:
        raise MailError(Reason.SYNTAX, _("Choose what signs in, and fill in the user name there."))
    return oauth.begin(chosen, to=BACK, typed=typed, user=typed["user"])


def drawn(typed: dict[str, str] | None = None, *, leaving: oauth.Leaving | None = None, error: str = "") -> Any:
    """The page, with what was typed."""
    said = typed or {}
    found = grants.providers(site().runtime).values()
    form = p.GrantPage(
        targets=tuple(Choice(value=number, label=name) for number, (name, _host) in targets().items()), providers=tuple(Choice(value=one.name, label=one.label) for one in found),
        target=said.get("target", ""), provider=said.get("provider", ""), user=said.get("user", ""), redirect=oauth.redirect_uri(), error=error, leaving=leaving,
    )  # fmt: skip
    return page("admin/route_grant.html", area="routes", page=form)


@admin.get("/routes/granted")
@require("server-admin")
def route_granted() -> Any:
    try:
        typed, secret = oauth.finish(BACK)
    except MailError as error:
        return drawn(error=said(error)), 422
    site().write(lambda tx: route_verbs.sign_in(tx, actor(), int(typed["target"]), typed["user"], secret, site().now()))
    toast(_("Signed in as %(user)s. It holds for the next try.", user=typed["user"]))
    return flask.redirect(flask.url_for("admin.routes"))
