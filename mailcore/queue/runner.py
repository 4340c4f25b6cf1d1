"""Takes due items by lease and serves each in a network thread; as many at once as the settings say, a few a domain.

Woken by a hint, by the next due time, or every IDLE_SECONDS. On shutdown what runs is left to its lease: the worker that takes
this one's place takes it up, another one when the lease ends, and what was recorded is not repeated.
"""

import asyncio
import contextlib
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

from mailcore.base.errors import MailError
from mailcore.delivery import accept, lists
from mailcore.events.bus import woken
from mailcore.queue import route, serve
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, outbox

IDLE_SECONDS = 30.0
MAX_THREADS = 64
AGAIN_SECONDS = 60
"""A fault of ours puts an item off by so much."""


class Runner:
    """One worker's deliveries."""

    def __init__(self, runtime: Runtime, owner: str) -> None:
        self.runtime = runtime
        self.owner = owner
        self.busy: Counter[str] = Counter()
        self.running: set[asyncio.Future[None]] = set()
        self.pool = ThreadPoolExecutor(MAX_THREADS, thread_name_prefix="queue")
        self.wake = asyncio.Event()

    async def run(self) -> None:
        """Until cancelled."""
        stop = self.runtime.bus.subscribe(0, lambda _account, _mailbox: self.wake.set())
        try:
            await self.take_back()
            while True:
                self.wake.clear()
                wait = await self.take()
                await woken(self.wake, wait)
        finally:
            stop()
            self.pool.shutdown(wait=False, cancel_futures=True)

    async def take_back(self) -> None:
        """What the worker before this one had when it ended. *owner* is machine/place/process."""
        place, now = self.owner.rpartition("/")[0] + "/", self.runtime.clock.micros()
        with contextlib.suppress(MailError):
            await asyncio.wrap_future(self.runtime.store.submit(lambda tx: outbox.take_back(tx, place, now, but=self.owner)))

    async def take(self) -> float:
        """Start what is due and has room; seconds until there may be more."""
        runtime = self.runtime
        try:
            room = min(MAX_THREADS, runtime.settings.get("queue.concurrency")) - len(self.running)
            due = outbox.next_due(runtime.store.read())
            now = runtime.clock.micros()
            if due is None or room <= 0:
                return IDLE_SECONDS
            if due > now:
                return min(IDLE_SECONDS, max(0.02, (due - now) / 1e6))
            items = await asyncio.wrap_future(runtime.store.submit(lambda tx: outbox.lease(tx, self.owner, now, limit=room)))
            for item in items:
                self.start(item)
        except MailError as error:
            runtime.log.warning("the queue waits", detail=error.detail)
            return IDLE_SECONDS
        except Exception as error:  # noqa: BLE001 - a fault of ours costs a pause, not the queue
            runtime.log.error("the queue failed", error=f"{type(error).__name__}: {error}")
            return IDLE_SECONDS
        return 0.02 if items else 1.0

    def start(self, item: outbox.Item) -> None:
        """Serve *item* in a thread, or give it back when its domains have enough going on."""
        loop = asyncio.get_running_loop()
        people = outbox.recipients(self.runtime.store.read(), item.id)
        domains = {r.domain for r in people if r.state == "waiting" and r.domain}
        limit = self.runtime.settings.get("queue.per_domain")
        if len(domains) == 1 and any(self.busy[d] >= limit for d in domains) and all(route.key(self.runtime, d, item.route) == d for d in domains):
            soon = self.runtime.clock.micros() + 500_000
            self.runtime.store.submit(lambda tx: outbox.release(tx, item.id, soon, item.attempts))
            return
        self.busy.update(domains)
        future = loop.run_in_executor(self.pool, self.serve_one, item)
        self.running.add(future)
        future.add_done_callback(lambda done: self.ended(done, domains))

    def ended(self, done: "asyncio.Future[None]", domains: set[str]) -> None:
        """A thread is free again."""
        self.running.discard(done)
        self.busy.subtract(domains)
        if not done.cancelled() and done.exception() is not None:
            self.runtime.log.error("queue item failed", error=str(done.exception()))
        self.wake.set()

    def serve_one(self, item: outbox.Item) -> None:
        """The queue's one catch: whatever goes wrong, the item stays and is tried again."""
        runtime = self.runtime
        try:
            if item.kind == accept.LOCAL_KIND:
                while accept.serve_fan_out(runtime, item):
                    pass
            elif item.kind in lists.KINDS:
                lists.serve(runtime, item)
            else:
                serve.serve(runtime, item)
        except Exception as error:  # noqa: BLE001 - see above
            runtime.log.error("queue item failed", item=item.id, trace=item.trace_id, error=f"{type(error).__name__}: {error}")
            again = runtime.clock.micros() + AGAIN_SECONDS * 1_000_000

            def put_off(tx: Tx) -> None:
                outbox.release(tx, item.id, again, item.attempts + 1)

            runtime.store.write(put_off)


async def run(runtime: Runtime, owner: str) -> None:
    """The queue of one worker, until cancelled."""
    await Runner(runtime, owner).run()
