"""`route`: domains whose mail goes to a server of their own."""

from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb, verbs
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import route_verbs
from mailcore.directory.actor import COMMAND_LINE
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


def removed(context: Context) -> int:
    with runtime_of(context) as runtime:
        pattern = route_verbs.clean_pattern(context.arguments.pattern)
        found = next((r for r in routes.routes(runtime.store.read()) if r.pattern == pattern), None)
        if found is None:
            raise MailError(Reason.NOT_FOUND, f"There is no route for {pattern}.")
        runtime.store.write(lambda tx: route_verbs.remove(tx, COMMAND_LINE, found.id, runtime.clock.micros()))
        return context.answer({"removed": pattern}, f"Mail for {pattern} goes by DNS again.")
