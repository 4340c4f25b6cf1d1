"""Takes jobs by lease and runs them one at a time in a thread; keeps the house clean in between (`sweep`). Programs of rules run in a
thread beside, one at a time too.

A job's function gets a Step to report progress with; False from it means cancelled, and the function returns.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from mailcore.base.errors import MailError
from mailcore.events.bus import woken
from mailcore.jobs import (
    announce,
    backup,
    bursts,
    certificates,
    import_backup,
    ledger,
    lessons,
    mail_import,
    program,
    quotas,
    restore_part,
    sweep,
    watch,
)
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import webmail_bulk, webmail_held, webmail_later
from mailcore.store import jobs

IDLE_SECONDS = 1.0
"""How often a runner looks without being woken."""

Step = Callable[[int, int, str], bool]
Kind = Callable[[Runtime, jobs.Job, Step], str]

KINDS: dict[str, Kind] = {
    "sweep": sweep.run, "announce": announce.run, "watch": watch.run, "backup": backup.run, "restore": restore_part.run, "import": import_backup.run, "mail-import": mail_import.run, "certificates": certificates.run, "bulk": webmail_bulk.run, jobs.APART: program.run,
    "send": lambda runtime, job, _step: webmail_held.send_due(runtime, job), "wake": lambda runtime, job, _step: webmail_later.wake_due(runtime, job),
}  # fmt: skip
"""Job kind → the function that does it and returns its closing note."""


async def run(runtime: Runtime, owner: str) -> None:
    """Until cancelled: take a job, do it, look again."""
    async with asyncio.TaskGroup() as both:
        for take in (take_one, take_program):
            both.create_task(repeat(runtime, owner, take))


async def repeat(runtime: Runtime, owner: str, take: Callable[[Runtime, str], bool]) -> None:
    """One lane of work."""
    loop = asyncio.get_running_loop()
    wake = asyncio.Event()
    stop = runtime.bus.subscribe(0, lambda _account, _mailbox: wake.set())
    pool = ThreadPoolExecutor(1, thread_name_prefix="jobs")
    try:
        while True:
            wake.clear()
            if not await loop.run_in_executor(pool, take, runtime, owner):
                await woken(wake, IDLE_SECONDS)
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
        bursts.warn_when_due(runtime, tx, now)
        lessons.learn_when_due(runtime, tx, now)
        ledger.keep_when_due(runtime, tx, now)
        return lease_and_do(runtime, owner, apart=False)
    except MailError as error:
        runtime.log.warning("jobs wait", detail=error.detail)
        return False


def take_program(runtime: Runtime, owner: str) -> bool:
    """Run one program of a rule if there is one to run; whether there was."""
    try:
        return lease_and_do(runtime, owner, apart=True)
    except MailError as error:
        runtime.log.warning("programs wait", detail=error.detail)
        return False


def lease_and_do(runtime: Runtime, owner: str, *, apart: bool) -> bool:
    """Take and do the next job; False when none is due. Raises MailError."""
    if not jobs.is_due(runtime.store.read(), runtime.clock.micros(), apart=apart):
        return False
    job = runtime.store.write(lambda tx: jobs.lease(tx, owner, runtime.clock.micros(), apart=apart), bulk=True)
    if job is not None:
        do(runtime, job, owner)
    return job is not None


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
