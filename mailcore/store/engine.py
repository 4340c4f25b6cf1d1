"""Opens the database, SQLite or PostgreSQL, and gives out transactions that speak prepared text.

One dialect of SQL with `:name` parameters serves both. A connection belongs to one thread and is found again by it; nothing
here is shared between threads. Reads run in autocommit (each statement sees one moment); `snapshot` spans several statements.
Who may write, and when it is on disk, is `write`'s.
"""

import contextlib
import re
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Protocol

from mailcore.base.errors import MailError, Reason

Row = tuple[Any, ...]
BUSY_TIMEOUT_SECONDS = 30.0
"""How long SQLite waits for a lock held by a program that is not Roost (a backup tool, a shell)."""
CACHE_KIB = 16_384
MMAP_BYTES = 256 * 1024 * 1024
WAL_CHECKPOINT_PAGES = 1000000

_PARAMETER = re.compile(r"(?<![:\w]):([a-z_][a-z0-9_]*)")


class Cursor(Protocol):
    """What both drivers' cursors have in common."""

    rowcount: int
    lastrowid: int | None

    def fetchall(self) -> list[Row]: ...
    def fetchone(self) -> Row | None: ...


class Tx:
    """Statements on one connection. Rows are plain tuples; every result is fetched whole, so no cursor stays open."""

    __slots__ = ("_execute", "_executemany", "after", "hints", "is_postgres")

    def __init__(self, connection: Any, *, is_postgres: bool) -> None:
        self.is_postgres = is_postgres
        cursor = connection.cursor()
        self._execute = cursor.execute
        self._executemany = cursor.executemany
        self.hints: list[tuple[int, int]] = []
        self.after: list[Any] = []

    def all(self, sql: str, params: Mapping[str, Any] | None = None) -> list[Row]:
        """Every row of *sql*."""
        rows: list[Row] = self._execute(self._text(sql), params or {}).fetchall()
        return rows

    def one(self, sql: str, params: Mapping[str, Any] | None = None) -> Row | None:
        """The first row of *sql*, or None."""
        row: Row | None = self._execute(self._text(sql), params or {}).fetchone()
        return row

    def value(self, sql: str, params: Mapping[str, Any] | None = None) -> Any:
        """The first column of the first row, or None."""
        row = self._execute(self._text(sql), params or {}).fetchone()
        return None if row is None else row[0]

    def run(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        """Run *sql* for its effect; how many rows it touched."""
        count: int = self._execute(self._text(sql), params or {}).rowcount
        return count

    def many(self, sql: str, params: Sequence[Mapping[str, Any]]) -> None:
        """Run *sql* once for each of *params*."""
        if params:
            self._executemany(self._text(sql), params)

    def insert(self, sql: str, params: Mapping[str, Any] | None = None) -> int:
        """Run an INSERT of one row into a table with an `id`; the new id."""
        if self.is_postgres:
            row = self._execute(self._text(sql) + " RETURNING id", params or {}).fetchone()
            return int(row[0])
        return int(self._execute(sql, params or {}).lastrowid)

    def version(self) -> int | None:
        """A number that changes when another connection commits, for reads on this thread; None where the database has none (PostgreSQL)."""
        return None if self.is_postgres else int(self._execute("PRAGMA data_version").fetchone()[0])

    def _text(self, sql: str) -> str:
        return postgres_text(sql) if self.is_postgres else sql


_translated: dict[str, str] = {}


def postgres_text(sql: str) -> str:
    """*sql* with `:name` parameters as psycopg wants them."""
    text = _translated.get(sql)
    if text is None:
        text = _translated[sql] = _PARAMETER.sub(r"%(\1)s", sql.replace("%", "%%"))
    return text


class Database:
    """A place to connect to. Subclasses know one product."""

    is_postgres = False

    def __init__(self) -> None:
        self._local = threading.local()
        self._open: list[Any] = []
        self._lock = threading.Lock()

    def connect(self) -> Any:
        """A new DBAPI connection, ready for use. The caller owns it."""
        raise NotImplementedError

    def connection(self) -> Any:
        """This thread's connection."""
        found = getattr(self._local, "connection", None)
        if found is None or getattr(found, "closed", False):
            found = self._local.connection = self.connect()
            with self._lock:
                self._open.append(found)
        return found

    def read(self) -> Tx:
        """Statements that only read, each seeing what is committed when it runs. Raises MailError when the database is away."""
        return Tx(self.connection(), is_postgres=self.is_postgres)

    @contextlib.contextmanager
    def snapshot(self) -> Iterator[Tx]:
        """Several reads that all see the same moment. Keep it short: it holds back the WAL's checkpoint."""
        connection = self.connection()
        tx = Tx(connection, is_postgres=self.is_postgres)
        tx.run("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY" if self.is_postgres else "BEGIN")
        try:
            yield tx
        finally:
            tx.run("COMMIT")

    def close(self) -> None:
        """Close every connection that was given out."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(Exception):
                    connection.close()
            self._open.clear()
        self._local = threading.local()


class SqliteDatabase(Database):
    """A file in the data directory, WAL, every commit on disk before it returns."""

    def __init__(self, path: str, *, is_durable: bool = True) -> None:
        super().__init__()
        self.path = path
        self._synchronous = "FULL" if is_durable else "NORMAL"

    def connect(self) -> sqlite3.Connection:
        try:
            connection = sqlite3.connect(
                self.path, timeout=BUSY_TIMEOUT_SECONDS, isolation_level=None, check_same_thread=False, cached_statements=512
            )
            for pragma in (
                "journal_mode=WAL",
                f"synchronous={self._synchronous}",
                f"cache_size=-{CACHE_KIB}",
                f"mmap_size={MMAP_BYTES}",
                "temp_store=MEMORY",
                f"wal_autocheckpoint={WAL_CHECKPOINT_PAGES}",
                "foreign_keys=OFF",
            ):
                connection.execute("PRAGMA " + pragma).fetchall()
        except sqlite3.Error as error:
            raise MailError(Reason.STORAGE, f"The database {self.path} cannot be opened: {error}.") from error
        return connection


class PostgresDatabase(Database):
    """A PostgreSQL server. `url` is libpq's: postgresql://user:password@host/name."""

    is_postgres = True

    def __init__(self, url: str) -> None:
        super().__init__()
        self.url = url

    def connect(self) -> Any:
        import psycopg

        try:
            return psycopg.connect(self.url, autocommit=True, connect_timeout=10)
        except psycopg.Error as error:
            text = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
            raise MailError(Reason.STORAGE, f"PostgreSQL does not answer: {text}") from error


def open_database(url: str) -> Database:
    """The database that *url* names: sqlite:////path/to/file or postgresql://…. Raises MailError(SYNTAX) for another scheme."""
    if url.startswith("sqlite:///"):
        return SqliteDatabase(url.removeprefix("sqlite:///"))
    if url.startswith(("postgresql://", "postgres://")):
        return PostgresDatabase(url)
    raise MailError(Reason.SYNTAX, "ROOST_DATABASE_URL must begin with sqlite:/// or postgresql://.")
