"""Keeps the house clean: old Trash and Junk, undelete's end, emails and blobs nobody refers to, old changes, traces, sign-ins.

Marks in one write and removes in another a day later; every write is bounded, so that mail never waits for the broom.
"""

from collections.abc import Callable

from mailcore.base.clock import DAY, HOUR, Micros
from mailcore.delivery import forward
from mailcore.directory import logs
from mailcore.jobs import import_backup
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import safe_bodies
from mailcore.store import Tx, accounts, changes, file_links, filters, jobs, messages, outbox, tallies
from mailcore.store.blobs import rows
from mailcore.store.jobs import Job

EVERY: Micros = 6 * HOUR
BATCH = 500
TRACE_DAYS = 90
SIGN_IN_DAYS = 90
REPLY_DAYS = 366
"""How long it is remembered who had an auto-reply: longer than any rule asks for."""

Step = Callable[[int, int, str], bool]


def ask_when_due(runtime: Runtime, tx: Tx, now: Micros) -> None:
    """Put a sweep into the jobs when the last is EVERY ago."""
    last = tx.value("SELECT max(created_at) FROM jobs WHERE kind = 'sweep'") or 0
    if now - last < EVERY:
        return

    def put(write: Tx) -> None:
        if now - (write.value("SELECT max(created_at) FROM jobs WHERE kind = 'sweep'") or 0) >= EVERY:
            write.run("DELETE FROM jobs WHERE kind = 'sweep' AND state = 'done'")
            jobs.put(write, "sweep", {}, now)

    runtime.store.write(put, bulk=True)


def run(runtime: Runtime, job: Job, step: Step) -> str:
    """One sweep. The note says what went."""
    now = runtime.clock.micros()
    parts: list[tuple[str, Callable[[], int]]] = [
        ("messages emptied", lambda: empty_old(runtime, now)),
        ("junk for elsewhere forgotten", lambda: forget_withheld(runtime, now)),
        ("deleted messages forgotten", lambda: bounded(runtime, lambda tx: forget_expunged(runtime, tx, now))),
        ("files behind links removed", lambda: bounded(runtime, lambda tx: file_links.forget(tx, now, BATCH))),
        ("emails removed", lambda: bounded(runtime, remove_orphans)),
        ("bodies made ahead removed", lambda: safe_bodies.forget(runtime, runtime.store.read())),
        ("blobs marked", lambda: bounded(runtime, lambda tx: rows.mark_doomed(tx, now, BATCH))),
        ("segments removed", lambda: remove_segments(runtime, now)),
        ("changes forgotten", lambda: bounded(runtime, lambda tx: changes.prune(tx, now - changes.KEPT_DAYS * DAY, BATCH))),
        ("log files removed", lambda: logs.forget(runtime, int(runtime.settings.get("log.days")))),
        ("uploads forgotten", lambda: import_backup.forget_old(runtime, now)),
        ("tallies forgotten", lambda: bounded(runtime, lambda tx: tallies.forget(tx, now, BATCH))),
        ("runs of programs forgotten", lambda: bounded(runtime, lambda tx: jobs.forget(tx, jobs.APART, now - DAY, BATCH))),
        ("old records removed", lambda: bounded(runtime, lambda tx: old_records(tx, now))),
    ]
    told = []
    for number, (name, part) in enumerate(parts):
        count = part()
        if count:
            told.append(f"{count} {name}")
        if not step(number + 1, len(parts), name):
            return "cancelled"
    return ", ".join(told) or "nothing to do"


def bounded(runtime: Runtime, one: Callable[[Tx], int]) -> int:
    """Run *one* in bulk writes until it finds nothing more; how much it found."""
    total = 0
    while True:
        count = runtime.store.write(one, bulk=True)
        total += count
        if count < BATCH:
            return total


def empty_old(runtime: Runtime, now: Micros) -> int:
    """Expunge what has lain in Trash and Junk longer than the account's setting."""
    total = 0
    for account_id, domain_id, box in runtime.store.read().all(
        "SELECT a.id, a.domain_id, m.id FROM mailboxes m JOIN accounts a ON a.id = m.account_id WHERE m.role IN ('trash', 'junk') AND m.message_count > 0"
    ):
        days = runtime.settings.get("trash.days", account_id=account_id, domain_id=domain_id)
        if not days:
            continue
        old = runtime.store.read().all(
            "SELECT uid FROM messages WHERE mailbox_id = :b AND save_date < :d ORDER BY uid LIMIT 5000", {"b": box, "d": now - days * DAY}
        )
        if old:
            uids = changes.parse_ranges(changes.ranges([r[0] for r in old]))
            gone = runtime.store.write(
                lambda tx, a=account_id, b=box, u=uids: messages.expunge(tx, a, b, u, actor="sweep", now=now), bulk=True  # type: ignore[misc]
            )
            total += len(gone)
    return total


def forget_withheld(runtime: Runtime, now: Micros) -> int:
    """Let go of junk that waited for an admin to pass it on, as long as Junk is kept."""
    days = runtime.settings.get("trash.days")
    return bounded(runtime, lambda tx: outbox.forget_held(tx, forward.WITHHELD, now - days * DAY, BATCH)) if days else 0


def forget_expunged(runtime: Runtime, tx: Tx, now: Micros) -> int:
    """Let go of emails whose time for undelete is over; the UID stays for QRESYNC, then goes with the change log."""
    count = 0
    for domain in accounts.domains(tx):
        before = now - runtime.settings.get("undelete.days", domain_id=domain.id) * DAY
        count += tx.run(
            "UPDATE expunged SET email_id = NULL WHERE id IN (SELECT x.id FROM expunged x JOIN accounts a ON a.id = x.account_id"
            " WHERE a.domain_id = :d AND x.email_id IS NOT NULL AND x.at < :b LIMIT :n)",
            {"d": domain.id, "b": before, "n": BATCH},
        )
    count += tx.run("DELETE FROM expunged WHERE id IN (SELECT id FROM expunged WHERE at < :b LIMIT :n)", {"b": now - 2 * changes.KEPT_DAYS * DAY, "n": BATCH})
    return min(count, BATCH)


def remove_orphans(tx: Tx) -> int:
    """Remove emails that no message and no undelete refers to."""
    return tx.run(
        "DELETE FROM emails WHERE id IN (SELECT e.id FROM emails e WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.email_id = e.id)"
        " AND NOT EXISTS (SELECT 1 FROM expunged x WHERE x.email_id = e.id) LIMIT :n)",
        {"n": BATCH},
    )


def remove_segments(runtime: Runtime, now: Micros) -> int:
    """Remove blobs that were marked a day ago, and the segments nothing is left in; also segments no row ever named."""
    empty = runtime.store.write(lambda tx: rows.remove_doomed(tx, now - DAY, 10 * BATCH), bulk=True)
    live = set(runtime.store.blobs.segments())
    tx = runtime.store.read()
    removed = 0
    for segment in sorted(live):
        is_empty = segment in empty or tx.one("SELECT 1 FROM blobs WHERE segment = :s LIMIT 1", {"s": segment}) is None
        if is_empty and segment in runtime.store.blobs.segments():
            runtime.store.blobs.remove_segment(segment)
            removed += 1
    return removed


def old_records(tx: Tx, now: Micros) -> int:
    """Traces, sign-ins, sessions and bans past their time."""
    count = tx.run(
        "DELETE FROM trace_events WHERE id IN (SELECT e.id FROM trace_events e WHERE e.at < :b ORDER BY e.id LIMIT :n)", {"b": now - TRACE_DAYS * DAY, "n": BATCH}
    )
    tx.run("DELETE FROM traces WHERE trace_id IN (SELECT trace_id FROM traces WHERE at < :b LIMIT :n)", {"b": now - TRACE_DAYS * DAY, "n": BATCH})
    tx.run("DELETE FROM sign_ins WHERE id IN (SELECT id FROM sign_ins WHERE at < :b LIMIT :n)", {"b": now - SIGN_IN_DAYS * DAY, "n": BATCH})
    tx.run("DELETE FROM sessions WHERE expires_at < :n", {"n": now})
    tx.run("DELETE FROM bans WHERE until < :n", {"n": now})
    filters.forget_old(tx, now - REPLY_DAYS * DAY, now)
    tx.run("DELETE FROM uploads WHERE created_at < :b", {"b": now - 7 * DAY})
    return min(count, BATCH)
