"""`dkim`, `range`, `sender` and `quarantine`: keys, ranges of addresses, senders let past or refused, held mail.

Each verb is the directory's; this only reads arguments and prints.
"""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from mailcore.base import ip
from mailcore.base.clock import from_micros, to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb, verbs
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import dkim_keys, flow_verbs, guard_verbs
from mailcore.directory import verbs as directory
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import Tx, outbox, protection
from mailcore.store.protection import IpRange


def add(commands: Any, name: str) -> None:
    """The parser of one of the nouns."""
    PARSERS[name](commands)


def _dkim(commands: Any) -> None:
    group = verbs(commands, "dkim", "The keys domains sign with. Example: ./roost dkim list")
    verb(group, "list", dkim_list, example="dkim list example.org").add_argument("domain", nargs="?", default="")
    verb(group, "rotate", dkim_rotate, "domain", example="dkim rotate example.org")
    own = verb(group, "add", dkim_add, "domain", example="dkim add example.org --selector mail --key-file old-key.pem")
    own.add_argument("--selector", required=True, help="the name before ._domainkey")
    own.add_argument("--key-file", default="", help="a private key in PEM, - for standard input; left out, one is made")
    own.add_argument("--algorithm", choices=dkim_keys.ALGORITHMS, default="rsa", help="of a key that is made")


def _ranges(commands: Any) -> None:
    group = verbs(commands, "range", "What ranges of addresses may do. Example: ./roost range list")
    verb(group, "list", range_list, example="range list")
    made = verb(group, "add", range_add, "name", "lower", example="range add Office 192.0.2.0 192.0.2.255 --priority 40 --no-spam")
    made.add_argument("upper", nargs="?", default="", help="the last address; without it the range is one address")
    made.add_argument("--priority", type=int, default=20, help="the highest that holds an address decides; above 100 its addresses are never banned")
    made.add_argument("--protocols", default=" ".join(guard_verbs.PROTOCOLS))
    made.add_argument("--allow", default=" ".join(guard_verbs.DIRECTIONS), help="directions mail may take")
    made.add_argument("--auth", default="local-external external-external", help="directions that need a sign-in")
    made.add_argument("--no-spam", action="store_true", help="no spam checks")
    made.add_argument("--no-virus", action="store_true", help="no virus checks")
    made.add_argument("--without-tls-until", metavar="DAY", type=date.fromisoformat, help="passwords without TLS for old devices of a private network, up to this day (UTC), such as 2027-01-31")
    verb(group, "remove", range_remove, "name", example="range remove Office")
    verb(group, "preset", range_preset, example="range preset")


def _senders(commands: Any) -> None:
    group = verbs(commands, "sender", "Senders let past every spam check, or refused. Example: ./roost sender list")
    verb(group, "list", sender_list, example="sender list")
    for name, run in (("allow", sender_allow), ("block", sender_block)):
        made = verb(group, name, run, example=f"sender {name} '*@example.org'")
        made.add_argument("sender", nargs="?", default="", help="an address, with * and ?")
        made.add_argument("--network", default="", help="such as 192.0.2.0/24")
        made.add_argument("--note", default="")
    verb(group, "remove", sender_remove, example="sender remove 3").add_argument("id", type=int)


def _quarantine(commands: Any) -> None:
    group = verbs(commands, "quarantine", "Mail held for an admin to look at. Example: ./roost quarantine list")
    verb(group, "list", quarantine_list, example="quarantine list")
    for name, run in (("release", quarantine_release), ("remove", quarantine_remove)):
        verb(group, name, run, example=f"quarantine {name} 12").add_argument("id", type=int)


PARSERS: dict[str, Callable[[Any], None]] = {"dkim": _dkim, "range": _ranges, "sender": _senders, "quarantine": _quarantine}


def dkim_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        found = dkim_keys.keys(runtime.store.read(), name=context.arguments.domain.lower())
        rows = [{"name": k.name, "algorithm": k.algorithm, "state": k.state, "record": k.value} for k in found]
        return context.table(rows, ["name", "algorithm", "state", "record"])


def dkim_rotate(context: Context) -> int:
    with runtime_of(context) as runtime:
        domain = directory.find_domain(runtime.store.read(), context.arguments.domain)
        dkim_keys.rotate(runtime, COMMAND_LINE, domain.id)
        waiting = [k for k in dkim_keys.keys(runtime.store.read(), domain.id) if k.state == "waiting"]
        text = "New keys are made. They sign once DNS shows:\n" + "\n".join(f"  {k.name}  TXT  {k.value}" for k in waiting)
        return context.answer([{"name": k.name, "state": k.state, "record": k.value} for k in waiting], text)


def dkim_add(context: Context) -> int:
    a = context.arguments
    if a.key_file:
        try:
            made = dkim_keys.key_of(sys.stdin.read().encode() if a.key_file == "-" else Path(a.key_file).read_bytes())
        except OSError as error:
            raise MailError(Reason.NOT_FOUND, f"{a.key_file} cannot be read: {error.strerror}.") from error
    else:
        made = dkim_keys.new_key(a.algorithm)
    with runtime_of(context) as runtime:
        domain = directory.find_domain(runtime.store.read(), a.domain)
        runtime.store.write(lambda tx: dkim_keys.add_named(tx, COMMAND_LINE, domain.id, a.selector, made, runtime.clock.micros()))
        key = next(k for k in dkim_keys.keys(runtime.store.read(), domain.id) if k.selector == a.selector.strip().lower())
        return context.answer({"name": key.name, "state": key.state, "record": key.value}, f"It signs once DNS shows:\n  {key.name}  TXT  {key.value}")


def range_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        found = protection.ranges(runtime.store.read(), runtime.clock.micros())
        return context.table([_range_row(one) for one in found], ["priority", "name", "from", "to", "protocols", "allowed", "needs_auth", "expires"])


def _range_row(one: IpRange) -> dict[str, Any]:
    return {
        "priority": one.priority, "name": one.name, "from": ip.text(one.lower), "to": ip.text(one.upper), "protocols": one.protocols,
        "allowed": one.allowed, "needs_auth": one.needs_auth, "checks_spam": one.checks_spam, "checks_virus": one.checks_virus, "needs_tls": one.needs_tls,
        "expires": from_micros(one.expires_at).isoformat() if one.expires_at else "",
    }  # fmt: skip


def range_add(context: Context) -> int:
    a = context.arguments
    ends = datetime.combine(a.without_tls_until + timedelta(days=1), time(), UTC) if a.without_tls_until else None
    made = IpRange(
        name=a.name, priority=a.priority, lower=a.lower, upper=a.upper or a.lower, protocols=a.protocols, allowed=a.allow, needs_auth=a.auth,
        checks_spam=not a.no_spam, checks_virus=not a.no_virus, needs_tls=ends is None, expires_at=to_micros(ends) if ends else None,
    )  # fmt: skip
    return _write(context, lambda tx, now: guard_verbs.put_range(tx, COMMAND_LINE, made, now), f"{a.name} is set.")


def range_remove(context: Context) -> int:
    name = context.arguments.name
    return _write(context, lambda tx, now: guard_verbs.remove_range(tx, COMMAND_LINE, name, now), f"{name} is removed.")


def range_preset(context: Context) -> int:
    return _write(context, lambda tx, now: guard_verbs.add_hmailserver_ranges(tx, COMMAND_LINE, now), "hMailServer's ranges are set.")


def _write(context: Context, change: Callable[[Tx, int], Any], said: str) -> int:
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()
        made = runtime.store.write(lambda tx: change(tx, now))
        return context.answer({"done": said, **({"id": made} if made else {})}, said)


def sender_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        found = protection.sender_rules(runtime.store.read())
        rows = [{"id": r.id, "kind": r.kind, "sender": r.sender or "*", "network": r.network, "note": r.note} for r in found]
        return context.table(rows, ["id", "kind", "sender", "network", "note"])


def sender_allow(context: Context) -> int:
    return _sender(context, "allow", "Its mail goes past the spam checks.")


def sender_block(context: Context) -> int:
    return _sender(context, "deny", "Its mail is refused.")


def _sender(context: Context, kind: str, said: str) -> int:
    a = context.arguments
    return _write(context, lambda tx, now: guard_verbs.add_sender_rule(tx, COMMAND_LINE, kind, network=a.network, sender=a.sender, note=a.note, now=now), said)


def sender_remove(context: Context) -> int:
    return _write(context, lambda tx, now: guard_verbs.remove_sender_rule(tx, COMMAND_LINE, context.arguments.id, now), "The rule is removed.")


def quarantine_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        rows = [
            {"id": i.id, "trace_id": i.trace_id, "sender": i.sender or "<>", "recipients": ", ".join(r.address for r in outbox.recipients(tx, i.id)), "subject": i.subject, "at": from_micros(i.created_at).isoformat()[:19]}
            for i in outbox.listing(tx, limit=10_000, is_quarantined=True)
        ]  # fmt: skip
        return context.table(rows, ["id", "at", "sender", "recipients", "subject"])


def quarantine_release(context: Context) -> int:
    return _held(context, "release", "It is delivered now.")


def quarantine_remove(context: Context) -> int:
    return _held(context, "delete", "It is removed; nobody is told.")


def _held(context: Context, op: str, said: str) -> int:
    def change(tx: Tx, now: int) -> None:
        item = outbox.get(tx, context.arguments.id)
        if item is None or item.state != "held":
            raise MailError(Reason.NOT_FOUND, f"Nothing in quarantine has the number {context.arguments.id}.")
        flow_verbs.change(tx, COMMAND_LINE, item.id, op, now)

    return _write(context, change, said)
