"""Accounts elsewhere whose mail comes here: tried when they are added, looked into now, removed."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.errors import MailError, Reason
from mailcore.directory import fetching
from mailcore.runtime import grants
from mailcore.store import fetched, mailboxes
from mailcore.store.fetched import Fetched
from web import oauth, words
from web.drawing import page
from web.signed_in import account, public, require
from web.site import actor, site
from web.values import Choice
from web.words import said
from webmail.blueprints import role_name
from webmail.blueprints import settings_blueprint as settings
from webmail.settings.values import ElsewherePage, ElsewhereRow, Errors, wrong

HOSTS = {
    ("google", "imap"): "imap.gmail.com", ("google", "pop3"): "pop.gmail.com",
    ("microsoft", "imap"): "outlook.office365.com", ("microsoft", "pop3"): "outlook.office365.com",
}  # fmt: skip
"""The server, where the provider says it all."""


def shown(errors: Errors, typed: Any = None) -> dict[str, Any]:
    """What is fetched, and the form for one more as it was typed."""
    typed = (typed if typed is not None else flask.request.form) if errors else {}
    tx = site().read()
    boxes = tuple(Choice(value=b.name, label=role_name(b) if b.role else b.name) for b in mailboxes.list_all(tx, account().id) if not b.is_noselect)
    kinds = (
        Choice(value="imap tls", label=_("IMAP with TLS")), Choice(value="pop3 tls", label=_("POP3 with TLS")), Choice(value="imap starttls", label=_("IMAP with STARTTLS")),
        Choice(value="pop3 starttls", label=_("POP3 with STARTTLS")), Choice(value="imap none", label=_("IMAP without encryption")), Choice(value="pop3 none", label=_("POP3 without encryption")),
    )  # fmt: skip
    keeps = (Choice(value="-1", label=_("Leave it there")), Choice(value="0", label=_("Delete it there at once")), *(Choice(value=str(d), label=ngettext("Delete it there after one day", "Delete it there after %(num)d days", d)) for d in (7, 14, 30, 90)))
    every = (Choice(value="300", label=_("5 minutes")), Choice(value="900", label=_("15 minutes")), Choice(value="1800", label=_("30 minutes")), Choice(value="3600", label=_("an hour")), Choice(value="86400", label=_("a day")))
    return {
        "form": ElsewherePage(
            rows=tuple(row(one) for one in fetched.of_account(tx, account().id)), kinds=kinds, boxes=boxes, keeps=keeps, every=every, kind=typed.get("kind", "imap tls"),
            host=typed.get("host", ""), port=typed.get("port", ""), username=typed.get("username", ""), mailbox=typed.get("mailbox", "INBOX"), keep=typed.get("keep", "-1"),
            seconds=typed.get("every", "900"), ways=ways(), way=typed.get("way", "password"),
        )
    }  # fmt: skip


def ways() -> tuple[Choice, ...]:
    """How one signs in there: by password, or at a provider that this server is registered at; alone, there is no choice."""
    found = grants.providers(site().runtime).values()
    return (Choice(value="password", label=_("With a password")), *(Choice(value=one.name, label=_("At %(provider)s", provider=one.label)) for one in found)) if found else ()


def row(one: Fetched) -> ElsewhereRow:
    """One of them in words."""
    brought = ngettext("one message brought", "%(num)d messages brought", one.brought)
    when = _("looked %(when)s", when=words.short(one.last_at)) if one.last_at else _("not looked yet")
    return ElsewhereRow(id=one.id, name=f"{one.username} · {one.host}", text=f"{when} · {brought}", trouble=one.trouble, mailbox="" if one.mailbox == "INBOX" else one.mailbox)


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
    return add(form, form.get("password", ""))


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
        flask.session["toast"] = {"text": add(typed, secret), "undo": None}
        return flask.redirect(flask.url_for("settings.page", section="elsewhere"))
    except MailError as error:
        errors["host" if error.reason is Reason.NETWORK else "form"] = said(error)
        return page("webmail/settings/elsewhere.html", errors=errors, **shown(errors, typed)), 422


def add(form: Any, secret: str) -> str:
    """Try the account of *form* with a password or a grant, and keep it. Raises MailError."""
    protocol, _space, security = form.get("kind", "").partition(" ")
    numbers = [form.get(name, "").strip() or default for name, default in (("port", "0"), ("every", "900"), ("keep", "-1"))]
    if not all(n.removeprefix("-").isascii() and n.removeprefix("-").isdigit() and len(n) < 10 for n in numbers):
        raise wrong("port", _("The port is a number."))
    port, every, keep = (int(n) for n in numbers)
    one = Fetched(
        account_id=account().id, protocol=protocol, security=security, host=form.get("host", ""), port=port, username=form.get("username", ""), password=secret,
        mailbox=form.get("mailbox", "INBOX"), every_seconds=every, keep_days=keep,
    )  # fmt: skip
    try:
        _number, waiting = fetching.add(site().runtime, actor(), account(), one)
    except MailError as error:
        error.field = "password" if error.reason is Reason.AUTH_FAILED else "host" if error.reason in (Reason.NETWORK, Reason.NOT_PERMITTED, Reason.SYNTAX) else "form"  # type: ignore[attr-defined]
        raise
    return ngettext("It works. One message is there and comes now.", "It works. %(num)d messages are there; new ones come now.", waiting)
