"""Acts on all that match, however many: a job that gathers the messages, then does the webmail's own verb to them in steps.

What a step did is kept on the job as the way back, so that Undo works on a million messages as on one; it is another such job. A
cancelled job keeps what it has done, and can be undone as well. A worker that dies leaves the rest to the next one.
"""

from array import array
from collections.abc import Callable
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.directory import personal
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import webmail, webmail_rules
from mailcore.sieve.rules import from_json
from mailcore.store import Tx, accounts, changes, jobs, search, sharing
from mailcore.store.accounts import Account

KIND = "bulk"
STEP = 500
"""Messages of one write: a person's own act never waits behind more."""
WAITING = 10
"""Such jobs of one account that may wait or run at once."""

Step = Callable[[int, int, str], bool]


def ask(runtime: Runtime, account: Account, payload: dict[str, Any]) -> int:
    """A job that does payload["op"] (or "move", "label") to a whole mailbox or search; its id. Raises MailError(LIMIT, SYNTAX)."""
    if payload["op"] not in {*webmail.FLAG_OPS, *webmail.ROLE_OPS, *webmail.MARKS, "move", "label", "rule", "undo"}:
        raise MailError(Reason.SYNTAX, "This cannot be done to all at once.")
    now = runtime.clock.micros()

    def write(tx: Tx) -> int:
        waits = tx.value("SELECT count(*) FROM jobs WHERE account_id = :a AND kind = :k AND state IN ('waiting', 'running')", {"a": account.id, "k": KIND})
        if int(waits or 0) >= WAITING:
            raise MailError(Reason.LIMIT, f"{WAITING} such jobs are at work already. Wait for one to end.")
        return jobs.put(tx, KIND, payload, now, account_id=account.id)

    return runtime.store.write(write)


def own(tx: Tx, account_id: int, job_id: int) -> jobs.Job:
    """One bulk job of an account. Raises MailError(NOT_FOUND)."""
    job = jobs.get(tx, job_id)
    if job is None or job.account_id != account_id or job.kind != KIND:
        raise MailError(Reason.NOT_FOUND, "This job is no longer here.")
    return job


def count(job: jobs.Job) -> int:
    """To how many messages a job has done what it does; of one that was cancelled in the middle of a step, that step's too."""
    if job.state == "done" and job.note.isdigit():
        return int(job.note)
    return sum(map(_size, (one[-1] for one in job.payload.get("steps", ())))) or (job.done if job.payload["op"] == "undo" else 0)


def run(runtime: Runtime, job: jobs.Job, step: Step) -> str:
    """Do the job; the closing note."""
    account = accounts.account(runtime.store.read(), job.account_id or 0)
    if account is None:
        return "the account is gone"
    if job.payload["op"] == "undo":
        return _undo(runtime, account, job, step)
    ids, steps, count = _gather(runtime, account, job.payload), list(job.payload.get("steps", ())), 0
    for at in range(0, len(ids), STEP):
        try:
            done = _do(runtime, account, job.payload, list(ids[at : at + STEP]))
        except MailError as error:
            if error.reason != Reason.NOT_FOUND:
                raise
            continue
        count += done.count
        steps = _joined([*steps, *done.undo.steps])
        payload = {**job.payload, "steps": steps}
        runtime.store.write(lambda tx, payload=payload: jobs.remember(tx, job.id, payload), bulk=True)  # type: ignore[misc]
        if not step(min(at + STEP, len(ids)), len(ids), ""):
            break
    return str(count)


def _gather(runtime: Runtime, account: Account, payload: dict[str, Any]) -> "array[int]":
    """The ids of all that match now; what comes later is not meant."""
    tx = runtime.store.read()
    if "query" not in payload:
        place = sharing.place(tx, account, int(payload["mailbox"]))
        if place is None or not place.may("r"):
            raise MailError(Reason.NOT_FOUND, "This mailbox is no longer here.")
        return array("q", [r[0] for r in tx.all("SELECT id FROM messages WHERE mailbox_id = :b ORDER BY id", {"b": place.box.id})])
    scope = search.Scope(
        account_id=account.id, boxes=payload["boxes"], hidden=tuple(payload["hidden"]), zone=personal.zone_of(runtime, account), now=payload["now"]
    )
    found: array[int] = array("q")
    before: tuple[int, int] | None = None
    while True:
        rows = search.search(tx, runtime.store.blobs, runtime.store.fulltext, scope, payload["query"], limit=2000, before=before).rows
        found.extend(r.message_id for r in rows)
        if len(rows) < 2000:
            return found
        before = (rows[-1].internal_date, rows[-1].message_id)


def _do(runtime: Runtime, account: Account, payload: dict[str, Any], ids: list[int]) -> webmail.Done:
    op = payload["op"]
    if op == "move":
        return webmail.move(runtime, account, ids, int(payload["target"]))
    if op == "rule":
        return webmail_rules.carry_out(runtime, account, from_json(payload["rule"])[0], ids)
    if op == "label":
        return webmail.label(runtime, account, ids, payload["label"], is_on=True)
    if op in webmail.MARKS:
        return webmail.mark(runtime, account, op, ids)
    return (webmail.flag if op in webmail.FLAG_OPS else webmail.move_by_role)(runtime, account, op, ids)


def _joined(steps: list[webmail.Step]) -> list[webmail.Step]:
    """Steps that differ only in their messages as one, so that the way back stays short."""
    known: dict[str, webmail.Step] = {}
    for one in steps:
        key = repr(one[:-1])
        if key in known:
            pairs = [*changes.parse_ranges(known[key][-1]), *changes.parse_ranges(one[-1])]
            known[key] = [*one[:-1], _spans(sorted(pairs))]
        else:
            known[key] = one
    return list(known.values())


def _spans(pairs: list[tuple[int, int]]) -> str:
    merged: list[list[int]] = []
    for first, last in pairs:
        if merged and first <= merged[-1][1] + 1:
            merged[-1][1] = max(merged[-1][1], last)
        else:
            merged.append([first, last])
    return ",".join(str(a) if a == b else f"{a}:{b}" for a, b in merged)


def _undo(runtime: Runtime, account: Account, job: jobs.Job, step: Step) -> str:
    other = own(runtime.store.read(), account.id, int(job.payload["job"]))
    parts = [[*one[:-1], part] for one in other.payload.get("steps", ()) for part in _parts(one[-1])]
    seen, total, count = 0, sum(_size(one[-1]) for one in parts), 0
    for one in parts:
        count += webmail.take_back(runtime, account, webmail.Undo(steps=(one,))).count
        seen += _size(one[-1])
        if not step(seen, total, ""):
            break
    return str(count)


def _size(text: str) -> int:
    """How many numbers ranges such as 1:4,7 hold."""
    return sum(last - first + 1 for first, last in changes.parse_ranges(text))


def _parts(text: str) -> list[str]:
    """Ranges in pieces of at most STEP messages."""
    pieces = [(a, min(a + STEP - 1, last)) for first, last in changes.parse_ranges(text) for a in range(first, last + 1, STEP)]
    out: list[str] = []
    room = 0
    for first, last in pieces:
        size = last - first + 1
        if size > room:
            out.append("")
            room = STEP
        room -= size
        out[-1] += ("," if out[-1] else "") + f"{first}:{last}"
    return out
