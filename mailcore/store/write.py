"""Where all writes go through: bytes first, then one commit, then the answer.

SQLite: one writer thread a process takes a machine-wide file lock, runs every waiting function each in its own savepoint,
and commits them together; a failing one never fails another. Locks, in the order they are taken: `turnstile` (a file: lets a
process that waits go before one that has just written), `main` (a file: one writer on the machine), then SQLite's own.
PostgreSQL: each function is its own transaction, retried on serialisation failures and deadlocks.
A function does no I/O, may run twice, and must not keep what it read. The blobs it names are synced before its commit.
"""

import contextlib
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, TypeVar

from mailcore.base.errors import MailError, Reason
from mailcore.config.system import FileLock
from mailcore.store.engine import Database, Tx

T = TypeVar("T")
WriteFn = Callable[[Tx], T]
Sync = Callable[[], None]
Publish = Callable[[list[tuple[int, int]]], None]

BATCH_ENTRIES = 200
"""Most functions one commit carries, so that one slow batch cannot starve the rest."""
BATCH_SECONDS = 0.020
"""How long a batch may run before it commits what it has."""
BULK_BATCH_SECONDS = 0.004
"""The same when only bulk work waits: another process's interactive write stands behind at most this."""
GATHER_SECONDS = 0.001
"""How long a batch waits for as many writers as the last one carried: those that were just answered come back within this."""
GATHER_FROM = 8
"""Fewer than so many are not waited for: a commit saved would not pay for the wait."""
POSTGRES_WRITERS = 8
RETRIES = 6


class _Entry:
    __slots__ = ("fn", "future", "tx_after")

    def __init__(self, fn: WriteFn[Any]) -> None:
        self.fn = fn
        self.future: Future[Any] = Future()
        self.tx_after: list[Callable[[], None]] = []


class Writer:
    """Runs write functions. `submit` returns a Future that is done when the effect is on disk."""

    def submit(self, fn: WriteFn[T], *, bulk: bool = False) -> "Future[T]":
        """Queue *fn*. The Future fails with what fn raised, or MailError(STORAGE) when it could not be made durable."""
        raise NotImplementedError

    def close(self) -> None:
        """Finish what is queued and stop."""
        raise NotImplementedError


class SqliteWriter(Writer):
    """The one writer thread of this process."""

    def __init__(self, database: Database, lock_path: str, sync: Sync, publish: Publish) -> None:
        self._database = database
        self._sync = sync
        self._publish = publish
        self._lock_path = lock_path
        self._urgent: deque[_Entry] = deque()
        self._bulk: deque[_Entry] = deque()
        self._wake = threading.Condition()
        self._is_closing = False
        self._crowd = 1
        self._wanted = 1
        self._thread: threading.Thread | None = None

    def submit(self, fn: WriteFn[T], *, bulk: bool = False) -> "Future[T]":
        entry = _Entry(fn)
        with self._wake:
            if self._is_closing:
                raise MailError(Reason.STORAGE, "The store is closing.")
            (self._bulk if bulk else self._urgent).append(entry)
            if self._thread is None:
                self._thread = threading.Thread(target=self._loop, name="store-writer", daemon=True)
                self._thread.start()
            if bulk or len(self._urgent) >= self._wanted:  # waking it for each of a crowd would cost more than the writes
                self._wake.notify()
        return entry.future

    def close(self) -> None:
        with self._wake:
            self._is_closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def _loop(self) -> None:
        with contextlib.ExitStack() as stack:
            main = FileLock(self._lock_path)
            turnstile = FileLock(self._lock_path + ".turn")
            stack.callback(main.close)
            stack.callback(turnstile.close)
            while True:
                with self._wake:
                    while not self._urgent and not self._bulk:
                        if self._is_closing:
                            return
                        self._wake.wait()
                    if self._urgent and self._crowd >= GATHER_FROM:
                        self._wanted = self._crowd
                        self._wake.wait_for(lambda: len(self._urgent) >= self._crowd, GATHER_SECONDS)
                        self._wanted = 1
                    batch, is_bulk = self._take()
                    if not is_bulk:  # the crowd thins out slowly, so that a lone writer soon waits for nobody
                        self._crowd = max(len(batch) + len(self._urgent), self._crowd * 7 // 8)
                self._run_batch(batch, is_bulk, main, turnstile)

    def _take(self) -> tuple[deque[_Entry], bool]:
        """The next batch, interactive work first; bulk work fills no batch that someone waits for."""
        source = self._urgent or self._bulk
        batch: deque[_Entry] = deque()
        while source and len(batch) < BATCH_ENTRIES:
            batch.append(source.popleft())
        return batch, source is self._bulk

    def _run_batch(self, batch: deque[_Entry], is_bulk: bool, main: FileLock, turnstile: FileLock) -> None:
        try:
            self._sync()
        except Exception as error:  # noqa: BLE001 - whatever the disk says, nobody may be told "stored"
            fail_all(batch, error)
            return
        turnstile.acquire()
        main.acquire()
        turnstile.release()
        done: list[tuple[_Entry, Any, BaseException | None]] = []
        hints: list[tuple[int, int]] = []
        try:
            self._transaction(batch, is_bulk, done, hints)
        except Exception as error:  # noqa: BLE001 - a failed commit fails every function in it
            fail_all([entry for entry, _, _ in done] + list(batch), error)
            return
        finally:
            main.release()
        if hints:
            self._publish(hints)
        for entry, value, failure in done:
            settle(entry, value, failure)
        if batch:  # time ran out before these were reached
            with self._wake:
                (self._bulk if is_bulk else self._urgent).extendleft(reversed(batch))

    def _transaction(
        self, batch: deque[_Entry], is_bulk: bool, done: list[tuple[_Entry, Any, BaseException | None]], hints: list[tuple[int, int]]
    ) -> None:
        """Run *batch* in one transaction; what time did not reach stays in it. *done* and *hints* say what happened.

        First without savepoints, which cost a tenth of an append; only when a function fails is everything begun again with them.
        """
        connection = self._database.connection()
        deadline = time.monotonic() + (BULK_BATCH_SECONDS if is_bulk else BATCH_SECONDS)
        connection.execute("BEGIN IMMEDIATE")
        try:
            if not self._run_all(connection, batch, done, hints, deadline):
                batch.extendleft(entry for entry, _, _ in reversed(done))
                done.clear()
                hints.clear()
                connection.execute("ROLLBACK")
                connection.execute("BEGIN IMMEDIATE")
                self._run_each(connection, batch, done, hints, deadline)
            connection.execute("COMMIT")
        except BaseException:
            with contextlib.suppress(sqlite3.Error):
                connection.execute("ROLLBACK")
            raise

    @staticmethod
    def _run_all(
        connection: Any, batch: deque[_Entry], done: list[tuple[_Entry, Any, BaseException | None]], hints: list[tuple[int, int]], deadline: float
    ) -> bool:
        """False at the first function that fails; it is still in *batch*."""
        while batch:
            entry = batch[0]
            tx = Tx(connection, is_postgres=False)
            try:
                value = entry.fn(tx)
            except Exception as error:  # noqa: BLE001 - run again by itself, and then carried to the caller
                if not connection.in_transaction:  # a full disk rolls the whole transaction back
                    raise
                del error
                return False
            batch.popleft()
            entry.tx_after = tx.after
            hints.extend(tx.hints)
            done.append((entry, value, None))
            if time.monotonic() > deadline:
                break
        return True

    @staticmethod
    def _run_each(
        connection: Any, batch: deque[_Entry], done: list[tuple[_Entry, Any, BaseException | None]], hints: list[tuple[int, int]], deadline: float
    ) -> None:
        """Each function in a savepoint, so that one that fails takes back only what it did."""
        while batch:
            entry = batch.popleft()
            tx = Tx(connection, is_postgres=False)
            connection.execute("SAVEPOINT f")
            try:
                value = entry.fn(tx)
            except Exception as error:  # noqa: BLE001 - carried to the caller by its future
                if not connection.in_transaction:  # a full disk rolls the whole transaction back
                    batch.appendleft(entry)
                    raise
                connection.execute("ROLLBACK TO f")
                connection.execute("RELEASE f")
                done.append((entry, None, error))
            else:
                connection.execute("RELEASE f")
                entry.tx_after = tx.after
                hints.extend(tx.hints)
                done.append((entry, value, None))
            if time.monotonic() > deadline:
                break


class PostgresWriter(Writer):
    """Transactions on a few threads, each retried when the server asks for it."""

    def __init__(self, database: Database, sync: Sync, publish: Publish) -> None:
        self._database = database
        self._sync = sync
        self._publish = publish
        self._pool = ThreadPoolExecutor(POSTGRES_WRITERS, thread_name_prefix="store-writer")

    def submit(self, fn: WriteFn[T], *, bulk: bool = False) -> "Future[T]":
        return self._pool.submit(self._run, fn)

    def close(self) -> None:
        self._pool.shutdown(wait=True)

    def _run(self, fn: WriteFn[T]) -> T:
        import psycopg

        self._sync()
        for attempt in range(RETRIES):
            connection = self._database.connection()
            tx = Tx(connection, is_postgres=True)
            try:
                with connection.transaction():
                    value = fn(tx)
            except (psycopg.errors.SerializationFailure, psycopg.errors.DeadlockDetected, psycopg.errors.UniqueViolation):
                if attempt + 1 == RETRIES:
                    raise
                time.sleep(0.002 * (attempt + 1))
                continue
            except psycopg.Error as error:
                raise as_storage_error(error) from error
            if tx.hints:
                self._publish(tx.hints)
            for call in tx.after:
                call()
            return value
        raise AssertionError("unreachable")


def settle(entry: _Entry, value: Any, failure: BaseException | None) -> None:
    """Give *entry*'s caller its answer, then run what it wanted done after the commit."""
    if failure is not None:
        entry.future.set_exception(as_storage_error(failure))
        return
    for call in entry.tx_after:
        with contextlib.suppress(OSError):
            call()
    entry.future.set_result(value)


def fail_all(entries: "deque[_Entry] | list[_Entry]", error: BaseException) -> None:
    """Tell every caller that nothing of theirs is stored."""
    for entry in entries:
        if not entry.future.done():
            entry.future.set_exception(as_storage_error(error))


def as_storage_error(error: BaseException) -> BaseException:
    """A database or disk error, SQLAlchemy's cover taken off, as MailError(STORAGE or NO_SPACE); a programming error stays what it is."""
    error = getattr(error, "orig", None) or error
    if isinstance(error, MailError):
        return error
    if isinstance(error, OSError) and error.errno in (28, 122):
        return MailError(Reason.NO_SPACE, "The disk is full.")
    if isinstance(error, sqlite3.OperationalError) and "full" in str(error):
        return MailError(Reason.NO_SPACE, "The disk is full.")
    if isinstance(error, (OSError, sqlite3.OperationalError, sqlite3.DatabaseError)) or type(error).__module__.startswith("psycopg"):
        made = MailError(Reason.STORAGE, f"The store could not write: {error}.")
        made.__cause__ = error
        return made
    return error
