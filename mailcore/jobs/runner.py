"""Takes jobs by lease and runs them one at a time in a thread; keeps the house clean in between (`sweep`).

A job's function gets a Step to report progress with; False from it means cancelled, and the function returns.
"""

import asyncio
import contextlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from mailcore.base.errors import MailError
from mailcore.jobs import announce, backup, certificates, import_backup, mail_import, quotas, sweep, watch
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import webmail_bulk, webmail_held, webmail_later
from mailcore.store import jobs

IDLE_SECONDS = 1.0
"""How often a runner looks without being woken."""

Step = Callable[[int, int, str], bool]
Kind = Callable[[Runtime, jobs.Job, Step], str]

KINDS: dict[str, Kind] = {
    "sweep": sweep.run, "announce": announce.run, "watch": watch.run, "backup": backup.run, "import": import_backup.run, "mail-import": mail_import.run, "certificates": certificates.run, "bulk": webmail_bulk.run,
    "send": lambda runtime, job, _step: webmail_held.send_due(runtime, job), "wake": lambda runtime, job, _step: webmail_later.wake_due(runtime, job),
}  # fmt: skip
"""Job kind → the function that does it and returns its closing note."""


async def run(runtime: Runtime, owner: str) -> None:
    """Until cancelled: take a job, do it, look again."""
    loop = asyncio.get_running_loop()
    wake = asyncio.Event()
    stop = runtime.bus.subscribe(0, lambda _account, _mailbox: wake.set())
    pool = ThreadPoolExecutor(1, thread_name_prefix="jobs")
    try:
        while True:
            wake.clear()
            if not await loop.run_in_executor(pool, take_one, runtime, owner):
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(wake.wait(), IDLE_SECONDS)
    finally:
        stop()
        pool.shutdown(wait=False, cancel_futures=True)


def take_one(runtime: Runtime, owner: str) -> bool:
    """Do one job if there is one; whether there was."""
    try:
        tx = runtime.store.read()
        now = runtime.clock.micros()
        sweep.ask_when_due(runtime, tx, now)
        backup.ask_when_due(runtime, tx, now)
        watch.ask_when_due(runtime, tx, now)
        certificates.ask_when_due(runtime, tx, now)
        quotas.warn_when_due(runtime, tx, now)
        if tx.one("SELECT 1 FROM jobs WHERE state IN ('waiting', 'running') AND next_at <= :n AND lease_until <= :n LIMIT 1", {"n": now}) is None:
            return False
        job = runtime.store.write(lambda tx: jobs.lease(tx, owner, runtime.clock.micros()), bulk=True)
        if job is None:
            return False
        do(runtime, job, owner)
    except MailError as error:
        runtime.log.warning("jobs wait", detail=error.detail)
        return False
    return True


def do(runtime: Runtime, job: jobs.Job, owner: str) -> None:
    """Run one job to its end and write how it ended."""

    def step(done: int, total: int, note: str = "") -> bool:
        return runtime.store.write(lambda tx: jobs.progress(tx, job.id, owner, done, total, note, runtime.clock.micros()), bulk=True)

    kind = KINDS.get(job.kind)
    try:
        note = kind(runtime, job, step) if kind is not None else ""
        state = "done" if kind is not None else "failed"
    except MailError as error:
        note, state = error.detail, "failed"
    except Exception as error:  # noqa: BLE001 - a job's fault is written on the job, and the runner lives
        note, state = f"{type(error).__name__}: {error}", "failed"
        runtime.log.error("job failed", kind=job.kind, id=job.id, error=note)
    runtime.store.write(lambda tx: jobs.finish(tx, job.id, state, note or "unknown kind" if state == "failed" else note, runtime.clock.micros()))
