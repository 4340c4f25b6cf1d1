"""The one place that decides where a synchronous call runs: inline on the loop, or in one of three pools.

inline: cheap reads of SQLite (tens of microseconds; a thread hop costs more). store: reads that may wait, all of PostgreSQL's.
network: checks, scanners, anything that asks the outside. cpu: hashing, sanitising, text of attachments. Writes go to the
store's own writer and come back as a future. Each pool has a limit and gauges.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

from mailcore.auth.login import Attempt, Doorkeeper
from mailcore.directory import newcomers
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx
from mailcore.store.accounts import Account

T = TypeVar("T")

STORE_THREADS = 8
NETWORK_THREADS = 64
CPU_THREADS = 2


class Bridge:
    """One a process: pools, the doorkeeper, and the signal to drain."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.doorkeeper = Doorkeeper(runtime, newcomers.add)
        self.draining = asyncio.Event()
        self._sleepers: set[asyncio.Event] = set()
        self.waiting = {"store": 0, "network": 0, "cpu": 0}
        self._pools: dict[str, Executor] = {
            "store": ThreadPoolExecutor(STORE_THREADS, thread_name_prefix="store"),
            "network": ThreadPoolExecutor(NETWORK_THREADS, thread_name_prefix="network"),
            "cpu": ThreadPoolExecutor(CPU_THREADS, thread_name_prefix="cpu"),
        }
        self.is_inline = not runtime.store.database.is_postgres

    @contextlib.contextmanager
    def woken_by_drain(self, event: asyncio.Event) -> Iterator[None]:
        """While this lasts, the start of the drain sets *event*: cheaper than a task that waits for two things."""
        self._sleepers.add(event)
        try:
            yield
        finally:
            self._sleepers.discard(event)

    def drain(self) -> None:
        """Tell every session to say goodbye."""
        self.draining.set()
        for event in tuple(self._sleepers):
            event.set()

    async def read(self, fn: Callable[[Tx], T]) -> T:
        """A cheap read: inline on SQLite, in the store pool on PostgreSQL."""
        if self.is_inline:
            return fn(self.runtime.store.read())
        return await self._in("store", lambda: fn(self.runtime.store.read()))

    async def long_read(self, fn: Callable[[Tx], T]) -> T:
        """A read that may take more than a millisecond, in the store pool."""
        return await self._in("store", lambda: fn(self.runtime.store.read()))

    def write(self, fn: Callable[[Tx], T], *, bulk: bool = False) -> Awaitable[T]:
        """A write; awaiting it means it is on disk. Cancelling the waiter does not cancel the write."""
        return self.done(self.runtime.store.submit(fn, bulk=bulk))

    @staticmethod
    def done(future: "Future[T]") -> Awaitable[T]:
        """A store's future as something to await. Cancelling the waiter does not cancel the write."""
        return asyncio.shield(asyncio.wrap_future(future))

    async def store(self, call: Callable[[], T]) -> T:
        """A store call that is neither a plain read nor a write (bodies of large blobs), in the store pool."""
        return await self._in("store", call)

    async def network(self, call: Callable[[], T]) -> T:
        """Something that asks the outside."""
        return await self._in("network", call)

    async def sign_in(self, attempt: Attempt) -> Account:
        """The account that *attempt* proves: hashed in the CPU pool, or asked of a directory in the network's. Raises MailError."""
        pool = "network" if self.doorkeeper.asks_outside(attempt.login) else "cpu"
        return await self._in(pool, lambda: self.doorkeeper.sign_in(attempt))

    async def cpu(self, call: Callable[[], T]) -> T:
        """Something that computes for more than a few milliseconds."""
        return await self._in("cpu", call)

    async def _in(self, pool: str, call: Callable[[], T]) -> T:
        self.waiting[pool] += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._pools[pool], call)
        finally:
            self.waiting[pool] -= 1

    def close(self) -> None:
        """Let the pools go; what runs ends by itself."""
        for pool in self._pools.values():
            pool.shutdown(wait=False, cancel_futures=True)
