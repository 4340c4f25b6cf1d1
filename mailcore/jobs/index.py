"""Keeps the full-text index up: one worker of all takes the lock and indexes what is new, a few messages at a time, with pauses.

Searching never waits for it (what is not in yet is scanned), so it always gives way: a batch is small, and it rests between two.
"""

import asyncio
import contextlib
from concurrent.futures import ThreadPoolExecutor

from mailcore.base.errors import MailError
from mailcore.config.system import FileLock
from mailcore.jobs.ahead import Ahead
from mailcore.runtime.runtime import Runtime
from mailcore.store.fresh import next_documents

BATCH = 50
"""Messages of one step."""
REST_SECONDS, IDLE_SECONDS = 0.02, 1.0
BUSY = 20
"""While more than so many messages came during a rest, the next is IDLE_SECONDS: a burst of mail does not share its time with the index."""
SETTLED_SECONDS = 10.0
"""On PostgreSQL ids commit out of order: only those that are older than this are indexed."""


class Indexer:
    """One process's part in it."""

    def __init__(self, runtime: Runtime) -> None:
        self.runtime = runtime
        self.lock = FileLock(str(runtime.config.data_dir / "search.lock"))
        self.is_leader = False
        self._seen: list[tuple[float, int]] = []
        self._newest = 0
        self.is_busy = False
        self.ahead = Ahead(runtime)

    def step(self) -> bool:
        """Index one batch, if this process may and there is one, else make large HTML safe; whether there may be more. Raises MailError."""
        if not self.is_leader:
            self.is_leader = self.lock.acquire(is_blocking=False)
            if not self.is_leader:
                return False
        store = self.runtime.store
        tx, done = store.read(), store.fulltext.done()
        newest = int(tx.value("SELECT max(id) FROM emails") or 0)
        self.look(newest)
        limit = self.settled(newest)
        if limit <= done:
            return self.ahead.step()
        documents, upto = next_documents(tx, store.blobs, done, BATCH)
        if store.database.is_postgres:
            documents, upto = [d for d in documents if d.email_id <= limit], min(upto, limit)
        store.fulltext.add(documents, max(upto, done))
        return upto > done

    def look(self, newest: int) -> None:
        """Take note of the newest message's id: how many came since the last look says whether to give way."""
        self.is_busy, self._newest = newest - self._newest > BUSY, newest

    def settled(self, newest: int) -> int:
        """The id up to which no other can appear any more."""
        if not self.runtime.store.database.is_postgres:
            return newest
        now = self.runtime.clock.monotonic()
        self._seen.append((now, newest))
        old = [known for at, known in self._seen if now - at >= SETTLED_SECONDS]
        self._seen = [(at, known) for at, known in self._seen if now - at < SETTLED_SECONDS or known == (old[-1] if old else -1)]
        return old[-1] if old else 0


async def run(runtime: Runtime) -> None:
    """Until cancelled."""
    loop, indexer = asyncio.get_running_loop(), Indexer(runtime)
    pool = ThreadPoolExecutor(1, thread_name_prefix="index")
    try:
        while True:
            has_more = False
            with contextlib.suppress(RuntimeError):
                try:
                    has_more = await loop.run_in_executor(pool, indexer.step)
                except MailError as error:
                    runtime.log.warning("the index waits", detail=error.detail)
                except Exception as error:  # noqa: BLE001 - the index can be made again; mail goes on
                    runtime.log.error("the index failed", error=f"{type(error).__name__}: {error}")
            await asyncio.sleep(REST_SECONDS if has_more and not indexer.is_busy else IDLE_SECONDS)
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        indexer.lock.close()
