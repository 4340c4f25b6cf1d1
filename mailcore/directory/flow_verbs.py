"""What an admin does to mail on its way (retry, hold, release, bounce, delete) and to long work, each with its audit row."""

from collections.abc import Sequence
from pathlib import Path

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.settings import values
from mailcore.store import Tx, access, jobs, outbox, records

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


def change_each(tx: Tx, actor: Actor, item_ids: Sequence[int], op: str, now: Micros) -> int:
    """One of OPS on each item that is still in the queue; how many those were, as some leave while somebody looks at them. Raises MailError."""
    there = [item_id for item_id in item_ids if outbox.get(tx, item_id) is not None]
    for item_id in there:
        change(tx, actor, item_id, op, now)
    return len(there)


def end_session(tx: Tx, actor: Actor, session_id: int, now: Micros) -> None:
    """End a browser's session."""
    actor.require_server()
    access.end_session(tx, session_id)
    records.audit(tx, "session:ended", str(session_id), actor=actor.name, ip=actor.ip, now=now)


def set_backup(tx: Tx, actor: Actor, folder: str, hours: int, now: Micros) -> None:
    """Where backups go and how often; 0 hours for only when asked. Raises MailError(SYNTAX) for a folder that is no absolute path."""
    actor.require_server()
    if folder and not Path(folder).is_absolute():
        raise MailError(Reason.SYNTAX, "Write the whole path of the folder, such as /mnt/backups.")
    values.write(tx, "backup.folder", folder or None, actor=actor.name, ip=actor.ip, now=now)
    values.write(tx, "backup.every", hours * 3600, actor=actor.name, ip=actor.ip, now=now)


def ask_backup(tx: Tx, actor: Actor, now: Micros) -> int:
    """Begin a backup now; the job's id. Raises MailError(IN_USE) while one runs."""
    actor.require_server()
    if tx.one("SELECT 1 FROM jobs WHERE kind = 'backup' AND state IN ('waiting', 'running')") is not None:
        raise MailError(Reason.IN_USE, "A backup is running already.")
    records.audit(tx, "backup:asked", "", actor=actor.name, ip=actor.ip, now=now)
    return jobs.put(tx, "backup", {}, now)


def ask_restore(tx: Tx, actor: Actor, backup: str, what: str, mailbox: str, now: Micros) -> int:
    """Begin to bring a domain or an account (or one *mailbox* of it) back from a backup of the set folder; the job's id. Raises MailError(SYNTAX, IN_USE)."""
    actor.require_server()
    what, mailbox = what.strip().lower(), mailbox.strip()
    if not what or any(c.isspace() for c in what):
        raise MailError(Reason.SYNTAX, "Write an address for one account, or a domain for everybody in it.")
    if mailbox and "@" not in what:
        raise MailError(Reason.SYNTAX, "A mailbox belongs to an account: write its address.")
    if "/" in backup or backup.startswith("."):
        raise MailError(Reason.NOT_FOUND, "There is no such backup.")
    if tx.one("SELECT 1 FROM jobs WHERE kind = 'restore' AND state IN ('waiting', 'running')") is not None:
        raise MailError(Reason.IN_USE, "Something is being brought back already.")
    records.audit(tx, "restore:asked", what, actor=actor.name, ip=actor.ip, now=now, new={"backup": backup, "mailbox": mailbox})
    return jobs.put(tx, "restore", {"backup": backup, "what": what, "mailbox": mailbox, "actor": actor.name}, now)


def cancel_job(tx: Tx, actor: Actor, job_id: int, now: Micros) -> None:
    """Stop a piece of long work; a domain admin an announcement of the domain. Raises MailError(NOT_PERMITTED)."""
    job = jobs.get(tx, job_id)
    domain_id = job.payload.get("domain_id") if job is not None and job.kind == "announce" else None
    if domain_id:
        actor.require_domain(domain_id)
    else:
        actor.require_server()
    if jobs.cancel(tx, job_id, now):
        records.audit(tx, "job:cancelled", str(job_id), actor=actor.name, ip=actor.ip, now=now, domain_id=domain_id)
