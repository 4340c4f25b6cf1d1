"""`queue` and `trace`: what waits to leave, and what became of a message."""

from typing import Any

from mailcore.base.clock import from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.directory.actor import COMMAND_LINE
from mailcore.store import Tx, outbox, records


def add(commands: Any, name: str) -> None:
    """The parser of `queue` or `trace`."""
    if name == "trace":
        parser = commands.add_parser("trace", description="What became of a message. Example: ./roost trace ann@example.org")
        parser.add_argument("what", help="a trace id, or words of sender, recipient, subject or Message-ID")
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=trace)
        return
    group = commands.add_parser("queue", description="Mail that waits to leave. Example: ./roost queue list").add_subparsers(
        dest="verb", metavar="VERB", required=True
    )
    for verb, run in (("list", queue_list), ("show", queue_show), ("retry", queue_retry), ("hold", queue_hold), ("release", queue_retry), ("remove", queue_remove)):
        parser = group.add_parser(verb, description=f"Example: ./roost queue {verb}{'' if verb == 'list' else ' 12'}")
        if verb != "list":
            parser.add_argument("id", type=int)
        parser.add_argument("--json", action="store_true")
        parser.set_defaults(run=run)


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
        rows = [_row(tx, item) for item in outbox.listing(tx, limit=10_000)]
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


def _change(context: Context, name: str, change: Any, said: str) -> int:
    with runtime_of(context) as runtime:
        item = _item(runtime.store.read(), context.arguments.id)
        now = runtime.clock.micros()

        def write(tx: Tx) -> None:
            change(tx, item, now)
            records.audit(tx, name, str(item.id), actor=COMMAND_LINE.name, now=now, new={"sender": item.sender, "trace": item.trace_id})

        runtime.store.write(write)
        return context.answer({"id": item.id}, said)


def queue_retry(context: Context) -> int:
    return _change(context, "queue:retried", lambda tx, item, now: outbox.set_state(tx, item.id, "waiting", next_at=now), "It is tried at once.")


def queue_hold(context: Context) -> int:
    return _change(context, "queue:held", lambda tx, item, now: outbox.set_state(tx, item.id, "held"), "It stays until it is released.")


def queue_remove(context: Context) -> int:
    return _change(context, "queue:removed", lambda tx, item, now: outbox.remove(tx, item.id), "It is removed; nobody is told.")


def trace(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        head = records.trace_head(tx, context.arguments.what)
        if head is None:
            found = records.find_traces(tx, contains=context.arguments.what)
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
