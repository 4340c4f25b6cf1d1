"""What an admin does to mail on its way: retry, hold, release, bounce, delete, each with its audit row."""

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.store import Tx, access, outbox, records

OPS = ("retry", "hold", "release", "bounce", "delete")


def change(tx: Tx, actor: Actor, item_id: int, op: str, now: Micros) -> None:
    """One of OPS on one item. A bounce ends its time, so that the next try tells the sender. Raises MailError."""
    actor.require_server()
    item = outbox.get(tx, item_id)
    if item is None or op not in OPS:
        raise MailError(Reason.NOT_FOUND, "This message is no longer in the queue.")
    if op in ("retry", "release"):
        outbox.set_state(tx, item_id, "waiting", next_at=now)
    elif op == "hold":
        outbox.set_state(tx, item_id, "held")
    elif op == "bounce":
        tx.run("UPDATE queue_items SET expires_at = :n WHERE id = :i", {"n": now, "i": item_id})
        outbox.set_state(tx, item_id, "waiting", next_at=now)
    else:
        outbox.remove(tx, item_id)
        records.set_outcome(tx, item.trace_id, "failed")
    records.audit(tx, f"queue:{op}", str(item_id), actor=actor.name, ip=actor.ip, now=now, new={"sender": item.sender, "trace": item.trace_id})


def end_session(tx: Tx, actor: Actor, session_id: int, now: Micros) -> None:
    """End a browser's session."""
    actor.require_server()
    access.end_session(tx, session_id)
    records.audit(tx, "session:ended", str(session_id), actor=actor.name, ip=actor.ip, now=now)
