"""A copy of what an admin sets up, in memory, to try a long change on: it writes as the store does, nobody waits for it, and it is gone after.

Mail and what is counted about it are left out: the copy is of people and settings, and takes a moment for ten thousand of them.
"""

import contextlib
from collections.abc import Iterator

import sqlalchemy as sa

from mailcore.store import Store, Tx
from mailcore.store.engine import SqliteDatabase
from mailcore.store.models import Base

LEFT_OUT = frozenset({
    "audit", "blobs", "changes", "contacts", "emails", "expunged", "fetched_messages", "greylisted", "jobs", "learned", "messages", "pop3_locks", "queue_items", "queue_recipients",
    "replied", "seen_marks", "sessions", "sign_ins", "tallies", "thread_refs", "trace_events", "traces", "uploads", "word_counts",
})  # fmt: skip


@contextlib.contextmanager
def copy(store: Store) -> Iterator[Tx]:
    """A Tx of the copy, as of this moment."""
    connection = SqliteDatabase(":memory:").connect()
    try:
        Base.metadata.create_all(sa.create_engine("sqlite://", creator=lambda: connection, poolclass=sa.pool.StaticPool))
        tx = Tx(connection, is_postgres=False)
        with store.snapshot() as real:
            for table in Base.metadata.sorted_tables:
                if table.name not in LEFT_OUT:
                    _fill(tx, real, table)
        yield tx
    finally:
        connection.close()


def _fill(tx: Tx, real: Tx, table: sa.Table) -> None:
    names = [column.name for column in table.columns]
    keys = [f"c{chr(97 + n // 26)}{chr(97 + n % 26)}" for n in range(len(names))]
    listed = ", ".join(f'"{name}"' for name in names)
    rows = real.all(f"SELECT {listed} FROM {table.name}")
    tx.many(f"INSERT INTO {table.name} ({listed}) VALUES ({', '.join(':' + key for key in keys)})", [dict(zip(keys, row, strict=True)) for row in rows])
