"""`audit` and `session`: who changed what, and who is signed in."""

import json
from typing import Any

from mailcore.base.clock import DAY, from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb
from mailcore.cli.grammar import verbs as verbs_of
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import flow_verbs, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import access, accounts, records

TLS_DAYS = 30
"""How far back programs without TLS are looked for, as on the page of bans."""


def add(commands: Any, name: str) -> None:
    """The parser of one of the two."""
    {"audit": _audit, "session": _session}[name](commands)


def _audit(commands: Any) -> None:
    group = verbs_of(commands, "audit", "Who changed what. Example: ./roost audit list --contains settings")
    listing = verb(group, "list", audit_list, example="audit list --contains ann@example.org --limit 20")
    listing.add_argument("--contains", default="", help="words of what was done, to what, or by whom")
    listing.add_argument("--limit", type=int, default=50)
    verb(group, "check", audit_check, example="audit check")


def _session(commands: Any) -> None:
    group = verbs_of(commands, "session", "Browsers that are signed in, and programs that sign in without TLS. Example: ./roost session list ann@example.org")
    verb(group, "list", session_list, example="session list ann@example.org").add_argument("address", nargs="?", default="", help="left out: everybody's")
    verb(group, "end", session_end, example="session end 12").add_argument("id", type=int, nargs="+")
    verb(group, "without-tls", without_tls, example="session without-tls")


def audit_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        limit = max(1, min(context.arguments.limit, 100_000))
        rows = [
            {
                "id": r.id, "at": from_micros(r.at).isoformat()[:19], "actor": r.actor, "ip": r.ip, "name": r.name, "target": r.target,
                "old": json.loads(r.old or "{}"), "new": json.loads(r.new or "{}"),
            }
            for r in records.audit_rows(runtime.store.read(), contains=context.arguments.contains, limit=limit)
        ]  # fmt: skip
        return context.table(rows, ["at", "actor", "name", "target"])


def audit_check(context: Context) -> int:
    """Whether every row still fits the one before it."""
    with runtime_of(context) as runtime:
        broken = records.audit_break(runtime.store.read())
        context.answer({"whole": broken is None, "first_broken": broken}, "Nobody has changed it." if broken is None else f"Row {broken} is not as it was written, or one before it is gone.")
        return 0 if broken is None else 1


def session_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        wanted = verbs.find_account(tx, context.arguments.address).id if context.arguments.address else None
        rows = []
        for one in access.sessions(tx, wanted, runtime.clock.micros()):
            found = accounts.account(tx, one.account_id)
            if found is not None:
                since, seen = (from_micros(at).isoformat()[:19] for at in (one.created_at, one.seen_at))
                rows.append({"id": one.id, "account": found.address, "ip": one.ip, "program": one.agent, "since": since, "seen": seen})
        return context.table(rows, ["id", "account", "ip", "seen", "program"])


def session_end(context: Context) -> int:
    with runtime_of(context) as runtime:
        here = {one.id for one in access.sessions(runtime.store.read(), None, runtime.clock.micros())}
        missing = [one for one in context.arguments.id if one not in here]
        if missing:
            raise MailError(Reason.NOT_FOUND, f"No session has the number {missing[0]}.")
        for one in context.arguments.id:
            runtime.store.write(lambda tx, i=one: flow_verbs.end_session(tx, COMMAND_LINE, i, runtime.clock.micros()))  # type: ignore[misc]
        return context.answer({"ended": context.arguments.id}, "Ended.")


def without_tls(context: Context) -> int:
    with runtime_of(context) as runtime:
        found = access.without_tls(runtime.store.read(), runtime.clock.micros() - TLS_DAYS * DAY)
        rows = [{"account": a, "protocol": protocol, "ip": ip, "program": agent, "last": from_micros(at).isoformat()[:19]} for a, protocol, ip, agent, at in found]
        return context.table(rows, ["account", "protocol", "ip", "program", "last"])
