"""The only way to what Roost keeps: `Store` for the connection, and a module of verbs for each kind of row.

Every verb takes a `Tx` first. Reads: `store.read()` gives one whose statements each see the present, `store.snapshot()` one
that spans several. Writes: `store.write(fn)` runs `fn(tx)` and returns what it returned when that is on disk; `submit` gives
a Future instead. No other package imports `sqlalchemy`, and no caller publishes events: the commit does.
"""

from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from pathlib import Path
from typing import TypeVar

from mailcore.base.ids import Random
from mailcore.store.blobs import BlobStore
from mailcore.store.blobs.objects import ObjectStore
from mailcore.store.blobs.segments import SegmentStore
from mailcore.store.engine import Database, Tx, open_database
from mailcore.store.fulltext import FullText, open_fulltext
from mailcore.store.write import PostgresWriter, SqliteWriter, Writer

T = TypeVar("T")

__all__ = ["Store", "Tx", "open_store"]


class Store:
    """One process's hold on the database and the blobs. Made after fork, never shared across it."""

    def __init__(self, database: Database, blobs: BlobStore, lock_path: str) -> None:
        self.database = database
        self.blobs = blobs
        self.fulltext: FullText = open_fulltext(database, Path(lock_path).parent)
        self._listeners: list[Callable[[list[tuple[int, int]]], None]] = []
        self._writer: Writer
        if database.is_postgres:
            self._writer = PostgresWriter(database, blobs.sync, self._publish)
        else:
            self._writer = SqliteWriter(database, lock_path, blobs.sync, self._publish)

    def read(self) -> Tx:
        """A Tx for reading on this thread's connection."""
        return self.database.read()

    def snapshot(self) -> AbstractContextManager[Tx]:
        """A Tx whose reads all see one moment."""
        return self.database.snapshot()

    def write(self, fn: Callable[[Tx], T], *, bulk: bool = False) -> T:
        """Run *fn* in the writer and return its value once that is on disk. Raises what fn raised, or MailError(STORAGE)."""
        return self._writer.submit(fn, bulk=bulk).result()

    def submit(self, fn: Callable[[Tx], T], *, bulk: bool = False) -> "Future[T]":
        """The same without waiting; for an event loop."""
        return self._writer.submit(fn, bulk=bulk)

    def on_commit(self, listener: Callable[[list[tuple[int, int]]], None]) -> None:
        """Call *listener* with the (account, mailbox) hints of every commit of this process, on the writer's thread."""
        self._listeners.append(listener)

    def _publish(self, hints: list[tuple[int, int]]) -> None:
        for listener in self._listeners:
            listener(hints)

    def close(self) -> None:
        """Finish all writes, then close blobs and connections."""
        self._writer.close()
        self.blobs.close()
        self.database.close()


def open_store(*, data_dir: Path, database_url: str, blob_url: str, random: Random, blob_options: dict[str, str] | None = None) -> Store:
    """The store of a data directory; "" for the default of either URL. Raises MailError(STORAGE or SYNTAX) with what to do."""
    database = open_database(database_url or f"sqlite:///{data_dir / 'roost.db'}")
    blobs: BlobStore
    if blob_url.startswith("s3://"):
        blobs = ObjectStore(blob_url, blob_options or {}, random)
    else:
        blobs = SegmentStore(blob_url.removeprefix("file://") or str(data_dir / "blobs"), random)
    return Store(database, blobs, str(data_dir / "write.lock"))
