"""`route`: domains whose mail goes to a server of their own."""

import secrets
import sys
from typing import Any
from urllib.parse import parse_qs, urlsplit

from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb, verbs
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import route_verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.net import oauth
from mailcore.runtime import grants
from mailcore.runtime.runtime import Runtime
from mailcore.store import routes
from mailcore.store.routes import Route


def add(commands: Any, name: str) -> None:
    """The parser."""
    group = verbs(commands, "route", "Domains whose mail goes to a server of their own. Example: ./roost route list")
    verb(group, "list", listed, example="route list")
    made = verb(group, "add", added, "pattern", "host", example="route add branch.example.org mx.branch.example.org --inbound")
    made.add_argument("--port", type=int, default=25)
    made.add_argument("--security", choices=route_verbs.SECURITY, default="starttls-optional")
    made.add_argument("--user", default="")
    made.add_argument("--password", default="")
    made.add_argument("--inbound", action="store_true", help="take strangers' mail for it and pass it on")
    made.add_argument("--addresses", nargs="*", default=[], help="all that exist there; left out: every address")
    made.add_argument("--retry", type=int, default=0, help="seconds between tries; 0: as the queue does it")
    made.add_argument("--lifetime", type=int, default=0, help="seconds until the sender gets it back")
    made.add_argument("--note", default="")
    signs = verb(group, "sign-in", signed_in, "pattern", "user", example="route sign-in relay office@example.org --provider google --back https://mail.example.org/oauth/back")
    signs.add_argument("--provider", choices=("google", "microsoft", "other"), required=True, help="where this server is registered: settings oauth.*")
    signs.add_argument("--back", required=True, metavar="ADDRESS", help="the address to come back to, as it is registered there")
    verb(group, "remove", removed, "pattern", example="route remove branch.example.org")


def listed(context: Context) -> int:
    with runtime_of(context) as runtime:
        rows = [
            {"id": r.id, "pattern": r.pattern, "host": r.host, "port": r.port, "security": r.security, "user": r.username, "inbound": r.is_inbound, "addresses": len(r.addresses) or "all", "enabled": r.is_enabled}
            for r in routes.routes(runtime.store.read())
        ]  # fmt: skip
        return context.table(rows, ["pattern", "host", "port", "security", "inbound", "addresses", "enabled"])


def added(context: Context) -> int:
    a = context.arguments
    made = Route(
        pattern=a.pattern, host=a.host, port=a.port, security=a.security, username=a.user, password=a.password, addresses=tuple(a.addresses), is_inbound=a.inbound,
        retry_seconds=a.retry, lifetime_seconds=a.lifetime, note=a.note,
    )  # fmt: skip
    with runtime_of(context) as runtime:
        number = runtime.store.write(lambda tx: route_verbs.put(tx, COMMAND_LINE, made, runtime.clock.micros()))
        return context.answer({"id": number, "pattern": a.pattern}, f"Mail for {a.pattern} goes to {a.host}:{a.port}.")


def signed_in(context: Context) -> int:
    """Print where to sign in, read the address that the browser ended at, keep the grant."""
    a = context.arguments
    with runtime_of(context) as runtime:
        number, hosts = 0, str(runtime.settings.get("relay.host"))
        if a.pattern != "relay":
            found = _found(runtime, a.pattern)
            number, hosts = found.id, found.host
        chosen = None
        for host in hosts.replace("|", " ").split():
            chosen = grants.provider(runtime, a.provider, host)
        if chosen is None:
            raise MailError(Reason.NOT_FOUND, "No relay is set: ./roost settings set relay.host smtp.example.org")
        state, verifier = secrets.token_urlsafe(24), secrets.token_urlsafe(48)
        print("Open this address in a browser and sign in:", oauth.address(chosen, redirect=a.back, state=state, verifier=verifier, user=a.user), "Then paste the address it ended at:", sep="\n", file=sys.stderr, flush=True)
        given = parse_qs(urlsplit(sys.stdin.readline().strip()).query)
        if given.get("state") != [state] or "code" not in given:
            raise MailError(Reason.AUTH_FAILED, f"That address carries no permission of this sign-in. {' '.join(given.get('error_description', given.get('error', [])))}".strip())
        made = oauth.redeem(runtime.resolver, chosen, code=given["code"][0], verifier=verifier, redirect=a.back)
        secret = grants.secret_of(chosen.name, made.refresh)
        runtime.store.write(lambda tx: route_verbs.sign_in(tx, COMMAND_LINE, number, a.user, secret, runtime.clock.micros()))
        return context.answer({"pattern": a.pattern, "user": a.user, "provider": chosen.name}, f"Signed in as {a.user}. It holds for the next try.")


def _found(runtime: Runtime, text: str) -> Route:
    pattern = route_verbs.clean_pattern(text)
    found = next((r for r in routes.routes(runtime.store.read()) if r.pattern == pattern), None)
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"There is no route for {pattern}.")
    return found


def removed(context: Context) -> int:
    with runtime_of(context) as runtime:
        found = _found(runtime, context.arguments.pattern)
        runtime.store.write(lambda tx: route_verbs.remove(tx, COMMAND_LINE, found.id, runtime.clock.micros()))
        return context.answer({"removed": found.pattern}, f"Mail for {found.pattern} goes by DNS again.")
