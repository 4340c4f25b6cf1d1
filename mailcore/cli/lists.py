"""`list`: distribution lists and their members, by the same verbs as the panel's."""

import sys
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb
from mailcore.cli.grammar import verbs as verbs_of
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import list_verbs, verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, lists


def add(commands: Any, name: str) -> None:
    """The parser of `list`."""
    group = verbs_of(commands, "list", "Distribution lists. Example: ./roost list add team@example.org --member ann@example.org")
    for verb_name, run in (("add", list_add), ("set", list_set)):
        parser = verb(group, verb_name, run, "address", example=f"list {verb_name} team@example.org --name Team --mode members")
        parser.add_argument("--name", help="shown in front of the address")
        parser.add_argument("--mode", choices=list_verbs.MODES, help="who may write: everybody, members, only the owner, everybody of the domain (who then are its members)")
        parser.add_argument("--owner", help="who writes to an announcement list")
        parser.add_argument("--replies", choices=list_verbs.REPLY_TO, help="where an answer goes")
        parser.add_argument("--sign-in", choices=("on", "off"), help="only from people who are signed in here")
        parser.add_argument("--enabled", choices=("on", "off"))
        if verb_name == "add":
            parser.add_argument("--member", action="append", default=[], help="may stand several times")
    listing = verb(group, "list", list_list, example="list list --domain example.org")
    listing.add_argument("--domain")
    verb(group, "show", list_show, "address", example="list show team@example.org")
    verb(group, "remove", list_remove, "address", example="list remove team@example.org")
    join = verb(group, "join", list_join, "address", example="list join team@example.org bob@example.org")
    join.add_argument("members", nargs="*", help="addresses; none: one a line on standard input")
    leave = verb(group, "leave", list_leave, "address", example="list leave team@example.org bob@example.org")
    leave.add_argument("members", nargs="+")
    resume = verb(group, "resume", list_resume, "address", "member", example="list resume team@example.org bob@example.org")
    resume.description = f"Send to a paused member again. {resume.description}"


def list_data(tx: Tx, found: lists.MailingList) -> dict[str, Any]:
    """A list for the command line."""
    return {
        "address": found.address, "name": found.name, "mode": found.mode, "owner": found.owner, "replies": found.reply_to,
        "sign_in": found.needs_sign_in, "enabled": found.is_enabled, "members": lists.count_members(tx, found.id), "paused": lists.count_paused(tx, found.id),
    }  # fmt: skip


def _fields(context: Context) -> dict[str, Any]:
    arguments = context.arguments
    texts = {"name": arguments.name, "mode": arguments.mode, "owner": arguments.owner, "reply_to": arguments.replies}
    switches = {"needs_sign_in": arguments.sign_in, "is_enabled": arguments.enabled}
    found = {name: value for name, value in texts.items() if value is not None}
    return found | {name: value == "on" for name, value in switches.items() if value is not None}


def limit_of(runtime: Runtime, address: str) -> int:
    """Most members a list at *address* may have."""
    tx = runtime.store.read()
    name = address.rpartition("@")[2]
    return int(runtime.settings.get("lists.members", domain_id=verbs.find_domain(tx, name).id))


def list_add(context: Context) -> int:
    arguments, fields = context.arguments, _fields(context)
    with runtime_of(context) as runtime:
        limit, now = limit_of(runtime, arguments.address), runtime.clock.micros()
        runtime.store.write(lambda tx: list_verbs.add(tx, COMMAND_LINE, arguments.address, now, members=arguments.member, limit=limit, **fields))
        return _answer(context, runtime, "is made.")


def list_set(context: Context) -> int:
    arguments, fields = context.arguments, _fields(context)
    with runtime_of(context) as runtime:
        found, now = list_verbs.find(runtime.store.read(), arguments.address), runtime.clock.micros()
        runtime.store.write(lambda tx: list_verbs.change(tx, COMMAND_LINE, found.id, fields, now))
        return _answer(context, runtime, "is changed.")


def _answer(context: Context, runtime: Runtime, said: str) -> int:
    tx = runtime.store.read()
    found = list_verbs.find(tx, context.arguments.address)
    return context.answer(list_data(tx, found), f"{found.address} {said}")


def list_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        domain_id = verbs.find_domain(tx, context.arguments.domain).id if context.arguments.domain else None
        rows = [list_data(tx, one) for one in lists.lists(tx, domain_id, limit=1_000_000)]
        return context.table(rows, ["address", "mode", "members", "paused", "enabled"])


def list_show(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        found = list_verbs.find(tx, context.arguments.address)
        people = lists.members(tx, found.id, limit=1_000_000)
        data = list_data(tx, found) | {"addresses": [{"address": m.address, "bounces": m.bounces, "paused_at": m.paused_at} for m in people]}
        lines = [f"{k:<9} {v}" for k, v in data.items() if k != "addresses"]
        return context.answer(data, "\n".join([*lines, *(f"  {m.address}{'  (paused)' if m.paused_at else ''}" for m in people)]))


def list_remove(context: Context) -> int:
    with runtime_of(context) as runtime:
        found, now = list_verbs.find(runtime.store.read(), context.arguments.address), runtime.clock.micros()
        runtime.store.write(lambda tx: list_verbs.remove(tx, COMMAND_LINE, found.id, now))
        return context.answer({"removed": found.address}, f"{found.address} is removed.")


def list_join(context: Context) -> int:
    arguments = context.arguments
    lines = arguments.members or sys.stdin.read().splitlines()
    if not lines:
        raise MailError(Reason.SYNTAX, "Name the addresses that are to join.")
    with runtime_of(context) as runtime:
        limit, now = limit_of(runtime, arguments.address), runtime.clock.micros()
        found = list_verbs.find(runtime.store.read(), arguments.address)
        count = runtime.store.write(lambda tx: list_verbs.add_members(tx, COMMAND_LINE, found.id, lines, now, limit=limit))
        return _answer(context, runtime, f"has {count} more members.")


def list_leave(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        found, now = list_verbs.find(runtime.store.read(), arguments.address), runtime.clock.micros()

        def leave(tx: Tx) -> None:
            for one in arguments.members:
                list_verbs.remove_member(tx, COMMAND_LINE, found.id, one, now)

        runtime.store.write(leave)
        return _answer(context, runtime, f"has {len(arguments.members)} fewer members.")


def list_resume(context: Context) -> int:
    arguments = context.arguments
    with runtime_of(context) as runtime:
        found, now = list_verbs.find(runtime.store.read(), arguments.address), runtime.clock.micros()
        runtime.store.write(lambda tx: list_verbs.resume(tx, COMMAND_LINE, found.id, arguments.member, now))
        return _answer(context, runtime, f"sends to {arguments.member} again.")
