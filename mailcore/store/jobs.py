"""The rows of long work: put in by anyone, taken by lease, with progress that a page can show and a cancel it can press."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mailcore.base.clock import Micros
from mailcore.store.engine import Row, Tx

LEASE_SECONDS = 60
"""A running job renews its lease with each step; one whose worker died is taken over after this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """One piece of long work. `state`: waiting, running, done, failed, cancelled."""

    id: int
    kind: str
    account_id: int | None
    payload: dict[str, Any]
    state: str
    done: int
    total: int
    note: str
    created_at: Micros
    finished_at: Micros | None
    blob_id: int | None = None


_COLUMNS = "id, kind, account_id, payload, state, done, total, note, created_at, finished_at, blob_id"
APART = "program"
"""The kind that runs beside the others, so that no program keeps scheduled mail waiting."""


def _job(r: Row) -> Job:
    return Job(
        id=r[0], kind=r[1], account_id=r[2], payload=json.loads(r[3] or "{}"), state=r[4], done=r[5], total=r[6], note=r[7], created_at=r[8],
        finished_at=r[9], blob_id=r[10],
    )  # fmt: skip


def put(tx: Tx, kind: str, payload: Mapping[str, Any], now: Micros, *, account_id: int | None = None, next_at: Micros | None = None, blob_id: int | None = None) -> int:
    """Ask for work; the job's id. *blob_id* stays in the store until it has ended."""
    tx.hints.append((0, 0))
    return tx.insert(
        "INSERT INTO jobs (kind, account_id, payload, state, created_at, next_at, blob_id) VALUES (:k, :a, :p, 'waiting', :n, :x, :b)",
        {"b": blob_id, "k": kind, "a": account_id, "p": json.dumps(dict(payload)), "n": now, "x": next_at if next_at is not None else now},
    )


def is_due(tx: Tx, now: Micros, *, apart: bool) -> bool:
    """Whether there is work to take: of the kind APART, or of all others."""
    return tx.one(f"SELECT 1 FROM jobs WHERE {_due(apart)} LIMIT 1", {"n": now}) is not None


def _due(apart: bool) -> str:
    return f"state IN ('waiting', 'running') AND next_at <= :n AND lease_until <= :n AND kind {'=' if apart else '<>'} '{APART}'"


def lease(tx: Tx, owner: str, now: Micros, *, apart: bool = False) -> Job | None:
    """Take the next job that is due and that no live worker holds."""
    lock = " FOR UPDATE SKIP LOCKED" if tx.is_postgres else ""
    row = tx.one(
        f"SELECT {_COLUMNS} FROM jobs WHERE {_due(apart)} ORDER BY next_at, id LIMIT 1" + lock,
        {"n": now},
    )
    if row is None:
        return None
    tx.run(
        "UPDATE jobs SET state = 'running', lease_owner = :o, lease_until = :u WHERE id = :i",
        {"o": owner, "u": now + LEASE_SECONDS * 1_000_000, "i": row[0]},
    )
    return _job(row)


def progress(tx: Tx, job_id: int, owner: str, done: int, total: int, note: str, now: Micros) -> bool:
    """Tell how far the work is and keep the lease; False when it was cancelled or taken over."""
    return (
        tx.run(
            "UPDATE jobs SET done = :d, total = :t, note = :x, lease_until = :u WHERE id = :i AND lease_owner = :o AND state = 'running'",
            {"d": done, "t": total, "x": note[:500], "u": now + LEASE_SECONDS * 1_000_000, "i": job_id, "o": owner},
        )
        > 0
    )


def remember(tx: Tx, job_id: int, payload: Mapping[str, Any]) -> None:
    """Keep with a job what it has done so far."""
    tx.run("UPDATE jobs SET payload = :p WHERE id = :i", {"p": json.dumps(dict(payload)), "i": job_id})


def finish(tx: Tx, job_id: int, state: str, note: str, now: Micros) -> None:
    """The work has ended: done, failed or cancelled."""
    tx.run(
        "UPDATE jobs SET state = :s, note = :x, finished_at = :n, lease_owner = '', lease_until = 0 WHERE id = :i AND state = 'running'",
        {"s": state, "x": note[:500], "n": now, "i": job_id},
    )


def cancel(tx: Tx, job_id: int, now: Micros) -> bool:
    """Stop work that waits or runs; whether there was any to stop."""
    return tx.run("UPDATE jobs SET state = 'cancelled', finished_at = :n WHERE id = :i AND state IN ('waiting', 'running')", {"n": now, "i": job_id}) > 0


def forget(tx: Tx, kind: str, before: Micros, limit: int) -> int:
    """Drop jobs of *kind* that ended before *before*; how many."""
    return tx.run("DELETE FROM jobs WHERE id IN (SELECT id FROM jobs WHERE kind = :k AND finished_at < :b LIMIT :n)", {"k": kind, "b": before, "n": limit})


def get(tx: Tx, job_id: int) -> Job | None:
    """One job."""
    row = tx.one(f"SELECT {_COLUMNS} FROM jobs WHERE id = :i", {"i": job_id})
    return None if row is None else _job(row)


def recent(tx: Tx, *, account_id: int | None = None, limit: int = 50) -> list[Job]:
    """Jobs, newest first."""
    extra = "" if account_id is None else " WHERE account_id = :a"
    return [_job(r) for r in tx.all(f"SELECT {_COLUMNS} FROM jobs{extra} ORDER BY id DESC LIMIT :n", {"a": account_id, "n": limit})]
