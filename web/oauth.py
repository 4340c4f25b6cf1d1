"""The way to a provider's sign-in page and back again. What was typed waits in the browser's signed cookie, for ten minutes."""

import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.auth.sessions import SLOTS
from mailcore.base.clock import SECOND
from mailcore.base.errors import MailError, Reason
from mailcore.net import oauth
from mailcore.net.oauth import Provider
from mailcore.runtime import grants
from web import slots
from web.site import site

WAIT_SECONDS = 600
KEY = "oauth"
PAGES = ("settings.elsewhere_granted", "admin.route_granted")
"""Who may send people to a provider."""


@dataclass(frozen=True, slots=True)
class Leaving:
    """A link to *label*'s sign-in page."""

    label: str
    address: str


def redirect_uri() -> str:
    """The address that an admin registers at a provider, and that people come back to: the same in every place of a browser."""
    return flask.request.host_url.rstrip("/") + slots.shared_url(flask.url_for("settings.oauth_back"))


def begin(provider: Provider, *, to: str, typed: dict[str, str], user: str) -> Leaving:
    """Remember what was *typed* and that *to* (one of PAGES) goes on with it. A redirect would break the form-action rule, so a link leads out."""
    state, verifier = f"{slots.slot()}.{PAGES.index(to)}.{secrets.token_urlsafe(24)}", secrets.token_urlsafe(48)
    flask.session[KEY] = {"state": state, "verifier": verifier, "provider": provider.name, "to": to, "typed": typed, "at": site().now()}
    return Leaving(provider.label, oauth.address(provider, redirect=redirect_uri(), state=state, verifier=verifier, user=user))


def onward() -> Any:
    """From the one address that providers know to the place and page that began; there the state is judged. Raises MailError(NOT_PERMITTED)."""
    found = re.fullmatch(r"(\d)\.(\d)\.[\w-]+", flask.request.args.get("state", ""), re.ASCII)
    if found is None or int(found[1]) >= SLOTS or int(found[2]) >= len(PAGES):
        raise MailError(Reason.NOT_PERMITTED, "This sign-in was not begun in this browser, or too long ago. Begin again. If it was begun at the command line, give it the address of this page.")
    given = {name: flask.request.args[name] for name in ("code", "state", "error", "error_description") if name in flask.request.args}
    path = slots.shared_url(flask.url_for(PAGES[int(found[2])], **given))
    return flask.redirect(slots.root_of(int(found[1])) + path.removeprefix(slots.root_of(0)))


def finish(to: str) -> tuple[dict[str, str], str]:
    """What was typed, and the grant that came of it. Raises MailError in words; then the person begins again."""
    waiting: dict[str, Any] = flask.session.pop(KEY, None) or {}
    args = flask.request.args
    is_ours = waiting.get("to") == to and hmac.compare_digest(args.get("state", "").encode(), str(waiting.get("state")).encode())
    if not is_ours or site().now() - waiting["at"] > WAIT_SECONDS * SECOND:
        raise MailError(Reason.NOT_PERMITTED, _("This sign-in was not begun in this browser, or too long ago. Begin again."))
    provider = grants.providers(site().runtime).get(waiting["provider"])
    if provider is None:
        raise MailError(Reason.NOT_FOUND, _("That provider is no longer set up here."))
    if "code" not in args:
        why = args.get("error_description") or args.get("error") or ""
        raise MailError(Reason.AUTH_FAILED, _("%(provider)s gave no permission. It says: %(why)s", provider=provider.label, why=why[:200]))
    found = oauth.redeem(site().runtime.resolver, provider, code=args["code"][:4000], verifier=waiting["verifier"], redirect=redirect_uri())
    return waiting["typed"], grants.secret_of(provider.name, found.refresh)
