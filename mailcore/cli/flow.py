"""`queue` and `trace`: what waits to leave, and what became of a message."""

from datetime import UTC, date, datetime
from functools import partial
from typing import Any

from mailcore.base.clock import DAY, from_micros, to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb
from mailcore.cli.grammar import verbs as verbs_of
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory import flow_verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import Tx, outbox, records

MOST = 10_000
"""Messages that one command shows or changes."""
AT_ONCE = 200
"""Messages changed in one write, so that mail that comes in meanwhile waits for no more."""
OPS = {
    "retry": ("retry", "It is tried at once."), "hold": ("hold", "It stays until it is released."), "release": ("release", "It is tried at once."),
    "bounce": ("bounce", "It is tried once more; what does not leave then goes back to the sender."), "remove": ("delete", "It is removed; nobody is told."),
}  # fmt: skip
"""Verb → what is done, and the words for it."""


def add(commands: Any, name: str) -> None:
    """The parser of `queue` or `trace`."""
    if name == "trace":
        parser = commands.add_parser("trace", description="What became of a message. Example: ./roost trace ann@example.org")
        parser.add_argument("what", nargs="?", default="", help="a trace id, or words of sender, recipient, subject or Message-ID")
        parser.add_argument("--day", type=date.fromisoformat, help="such as 2026-11-25 (UTC)")
        parser.add_argument("--limit", type=int, default=50)
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=trace)
        return
    group = verbs_of(commands, "queue", "Mail that waits to leave. Example: ./roost queue list")
    listing = verb(group, "list", queue_list, example="queue list --state held --contains example.org")
    listing.add_argument("--state", choices=("waiting", "held"), default="")
    listing.add_argument("--contains", default="", help="words of sender, recipients or subject")
    verb(group, "show", queue_show, example="queue show 12").add_argument("id", type=int)
    for name, (op, said) in OPS.items():
        parser = verb(group, name, partial(queue_change, op=op, said=said), example=f"queue {name} 12 13, or --matching example.org")
        parser.add_argument("id", type=int, nargs="*")
        parser.add_argument("--matching", metavar="WORDS", help="all whose sender, recipients or subject hold these words")
        parser.add_argument("--all", action="store_true", help="all of them")


def _row(tx: Tx, item: outbox.Item) -> dict[str, Any]:
    people = outbox.recipients(tx, item.id)
    return {
        "id": item.id, "trace_id": item.trace_id, "state": item.state, "sender": item.sender or "<>", "subject": item.subject, "size": item.size,
        "attempts": item.attempts, "created": from_micros(item.created_at).isoformat(), "next": from_micros(item.next_at).isoformat(),
        "recipients": [{"address": r.address, "state": r.state, "code": r.code, "detail": r.detail, "remote": r.remote} for r in people],
    }  # fmt: skip


def _item(tx: Tx, item_id: int) -> outbox.Item:
    found = outbox.get(tx, item_id)
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"Nothing in the queue has the number {item_id}.")
    return found


def queue_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        rows = [_row(tx, item) for item in outbox.listing(tx, state=context.arguments.state, contains=context.arguments.contains, limit=MOST)]
        if not context.is_json:
            rows = [{**r, "recipients": ", ".join(p["address"] for p in r["recipients"])[:60], "next": r["next"][:19]} for r in rows]
        return context.table(rows, ["id", "state", "sender", "recipients", "attempts", "next"])


def queue_show(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        row = _row(tx, _item(tx, context.arguments.id))
        lines = [f"{k}: {v}" for k, v in row.items() if k != "recipients"]
        lines += [f"  {r['address']}: {r['state']} {r['code'] or ''} {r['detail']}" for r in row["recipients"]]
        return context.answer(row, "\n".join(lines))


def queue_change(context: Context, op: str, said: str) -> int:
    """One verb on the numbers given, on all that --matching finds, or on --all."""
    a = context.arguments
    if bool(a.id) + (a.matching is not None) + a.all != 1:
        raise MailError(Reason.SYNTAX, "Give numbers, or --matching WORDS, or --all.")
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        chosen = [_item(tx, one).id for one in a.id] or [item.id for item in outbox.listing(tx, contains=a.matching or "", limit=MOST)]
        for start in range(0, len(chosen), AT_ONCE):
            some = chosen[start : start + AT_ONCE]
            runtime.store.write(lambda tx, some=some: flow_verbs.change_each(tx, COMMAND_LINE, some, op, runtime.clock.micros()))  # type: ignore[misc]
        return context.answer({"ids": chosen}, said if len(chosen) == 1 else f"{len(chosen)} messages. {said}" if chosen else "Nothing fits.")


def trace(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        a = context.arguments
        head = records.trace_head(tx, a.what)
        if head is None:
            since = to_micros(datetime.combine(a.day, datetime.min.time(), UTC)) if a.day else 0
            found = records.find_traces(tx, contains=a.what, since=since, until=since + DAY if a.day else None, limit=max(1, min(a.limit, 100_000)))
            rows = [{"trace_id": h.trace_id, "at": from_micros(h.at).isoformat()[:19], "sender": h.sender or "<>", "recipients": h.recipients, "outcome": h.outcome} for h in found]
            return context.table(rows, ["trace_id", "at", "sender", "recipients", "outcome"])
        events = records.trace_of(tx, head.trace_id)
        data = {
            "trace_id": head.trace_id, "sender": head.sender, "recipients": head.recipients, "subject": head.subject, "outcome": head.outcome,
            "events": [{"at": from_micros(e.at).isoformat(), "kind": e.kind, "address": e.address, **e.data} for e in events],
        }  # fmt: skip
        lines = [f"{head.trace_id}  {head.sender or '<>'} → {head.recipients}  {head.subject}  ({head.outcome})"]
        lines += [f"  {from_micros(e.at).isoformat()[:19]}  {e.kind:<12} {e.address}  {' '.join(f'{k}={v}' for k, v in e.data.items())}" for e in events]
        return context.answer(data, "\n".join(lines))
