"""Accounts elsewhere whose mail comes here: tried when they are added, looked into now, removed."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.directory import fetching
from mailcore.runtime import grants
from web import elsewhere, oauth
from web.drawing import page
from web.signed_in import account, public, require
from web.site import actor, site
from web.values import Choice
from web.words import said
from webmail.blueprints import settings_blueprint as settings
from webmail.settings.values import Errors, wrong

HOSTS = {
    ("google", "imap"): "imap.gmail.com", ("google", "pop3"): "pop.gmail.com",
    ("microsoft", "imap"): "outlook.office365.com", ("microsoft", "pop3"): "outlook.office365.com",
}  # fmt: skip
"""The server, where the provider says it all."""


def shown(errors: Errors, typed: Any = None) -> dict[str, Any]:
    """What is fetched, and the form for one more as it was typed."""
    return {"form": elsewhere.page_of(account(), (typed if typed is not None else flask.request.form) if errors else {}, ways())}


def ways() -> tuple[Choice, ...]:
    """How one signs in there: by password, or at a provider that this server is registered at; alone, there is no choice."""
    found = grants.providers(site().runtime).values()
    return (Choice(value="password", label=_("With a password")), *(Choice(value=one.name, label=_("At %(provider)s", provider=one.label)) for one in found)) if found else ()


def save(form: Any) -> str | dict[str, Any] | None:
    """Add, look now, remove. Raises MailError."""
    op, number = form.get("op"), int(form["id"]) if form.get("id", "").isdigit() else 0
    if op == "now":
        site().write(lambda tx: fetching.look_now(tx, account(), number, site().now()))
        return _("We look now. New mail appears by itself.")
    if op == "remove":
        site().write(lambda tx: fetching.remove(tx, actor(), account(), number, site().now()))
        return _("Not fetched any more. The mail that came stays.")
    if form.get("way", "password") != "password":
        return _leave(form)
    return elsewhere.add(account(), form, form.get("password", ""))


def _leave(form: Any) -> dict[str, Any]:
    """The page that leads to the provider; what was typed waits for the way back. Raises MailError."""
    protocol, name = form.get("kind", "").partition(" ")[0], form["way"]
    kept = {key: form.get(key, "")[:400] for key in ("kind", "host", "port", "username", "mailbox", "keep", "every", "way")}
    kept["host"] = kept["host"].strip().lower() or HOSTS.get((name, protocol), "")
    if not kept["username"].strip():
        raise wrong("username", _("Fill in the user name there."))
    try:
        chosen = grants.provider(site().runtime, name, kept["host"])
    except MailError as error:
        error.field = "host"  # type: ignore[attr-defined]
        raise
    return {**shown({}), "leaving": oauth.begin(chosen, to="settings.elsewhere_granted", typed=kept, user=kept["username"].strip())}


@settings.get("/oauth/back", endpoint="oauth_back")
@public
def back() -> Any:
    """Where every provider sends people back to; the face that sent them goes on."""
    return oauth.onward()


@settings.get("/settings/elsewhere/granted", endpoint="elsewhere_granted")
@require("user")
def granted() -> Any:
    errors: Errors = {}
    typed: dict[str, str] = {}
    try:
        typed, secret = oauth.finish("settings.elsewhere_granted")
        flask.session["toast"] = {"text": elsewhere.add(account(), typed, secret), "undo": None}
        return flask.redirect(flask.url_for("settings.page", section="elsewhere"))
    except MailError as error:
        errors["host" if error.reason is Reason.NETWORK else "form"] = said(error)
        return page("webmail/settings/elsewhere.html", errors=errors, **shown(errors, typed)), 422
