"""Takes items by lease and gives each to whoever serves its kind. Woken by a hint, by the next due time, or every IDLE_SECONDS."""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

from mailcore.base.errors import MailError
from mailcore.delivery import accept
from mailcore.runtime.runtime import Runtime
from mailcore.store import outbox

IDLE_SECONDS = 30.0


async def run(runtime: Runtime, owner: str) -> None:
    """Until cancelled."""
    loop = asyncio.get_running_loop()
    wake = asyncio.Event()
    stop = runtime.bus.subscribe(0, lambda _account, _mailbox: wake.set())
    pool = ThreadPoolExecutor(4, thread_name_prefix="queue")
    try:
        while True:
            wake.clear()
            try:
                due = outbox.next_due(runtime.store.read())
                now = runtime.clock.micros()
                if due is not None and due <= now:
                    await loop.run_in_executor(pool, serve, runtime, owner)
                    continue
                wait = IDLE_SECONDS if due is None else min(IDLE_SECONDS, (due - now) / 1e6)
            except MailError as error:
                runtime.log.warning("the queue waits", detail=error.detail)
                wait = IDLE_SECONDS
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(wake.wait(), max(0.05, wait))
    finally:
        stop()
        pool.shutdown(wait=False, cancel_futures=True)


def serve(runtime: Runtime, owner: str) -> None:
    """Lease one item and serve it."""
    for item in runtime.store.write(lambda tx: outbox.lease(tx, owner, runtime.clock.micros())):
        if item.kind == accept.LOCAL_KIND:
            while accept.serve_fan_out(runtime, item):
                pass
