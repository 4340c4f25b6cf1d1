"""The full-text index: words of emails by field, on SQLite in a file of its own that can be made again, on PostgreSQL in a table.

Emails are indexed in the order of their ids; `done` is the highest id up to which all are in. What is newer is scanned by the
caller, so that an answer is exact at any moment. Rows of emails that are gone stay until the index is made anew; a search joins
with messages and never shows them.
"""

import contextlib
import sqlite3
import threading
from collections.abc import Iterable, Sequence
from pathlib import Path

from mailcore.mail.searchwords import words
from mailcore.store.engine import Database, PostgresDatabase, SqliteDatabase, Tx
from mailcore.store.fresh import Fresh
from mailcore.store.phrases import FIELDS, Clause, Document, Phrase

WEIGHTS = {"subject": "A", "sender": "B", "rcpt": "C", "body": "D"}
VERSION = 1
"""Changes when the words are made differently: then the index is made anew."""
CACHE_KIB = 8192


class FullText:
    """What both databases offer."""

    def __init__(self) -> None:
        self.fresh = Fresh()

    def done(self) -> int:
        """The highest email id up to which everything is indexed."""
        raise NotImplementedError

    def add(self, documents: Sequence[Document], upto: int) -> None:
        """Index *documents* and note that everything up to the id *upto* is in."""
        raise NotImplementedError

    def find(self, account_id: int, clauses: Iterable[Clause], limit: int = -1) -> list[int]:
        """Ids of the account's emails that fit every clause."""
        raise NotImplementedError

    def between(self, account_id: int, clauses: Iterable[Clause], first: int, last: int) -> list[int]:
        """The same, of emails with an id from *first* to *last*."""
        raise NotImplementedError

    def clear(self) -> None:
        """Forget everything; it is indexed again."""
        raise NotImplementedError


class SqliteFullText(FullText):
    """FTS5 without content, one connection a thread. Losing the file costs only the time to make it again."""

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path
        self._local = threading.local()
        self._all: list[sqlite3.Connection] = []

    def _connection(self) -> sqlite3.Connection:
        found: sqlite3.Connection | None = getattr(self._local, "connection", None)
        if found is None:
            found = self._local.connection = self._open()
            self._all.append(found)
        return found

    def _open(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self._path, timeout=10, isolation_level=None, check_same_thread=False)
        for pragma in ("journal_mode=WAL", "synchronous=NORMAL", f"cache_size=-{CACHE_KIB}", "temp_store=MEMORY"):
            connection.execute("PRAGMA " + pragma).fetchall()
        if connection.execute("PRAGMA user_version").fetchone()[0] != VERSION:
            connection.execute("BEGIN IMMEDIATE")
            connection.execute("DROP TABLE IF EXISTS mail_words")
            connection.execute("DROP TABLE IF EXISTS done")
            connection.execute(
                "CREATE VIRTUAL TABLE mail_words USING fts5(owner, subject, sender, rcpt, body, content='', tokenize='unicode61 remove_diacritics 0', prefix='2 3')"
            )
            connection.execute("CREATE TABLE done (email_id INTEGER NOT NULL)")
            connection.execute("INSERT INTO done VALUES (0)")
            connection.execute(f"PRAGMA user_version = {VERSION}")
            connection.execute("COMMIT")
        return connection

    def done(self) -> int:
        return int(self._connection().execute("SELECT email_id FROM done").fetchone()[0])

    def add(self, documents: Sequence[Document], upto: int) -> None:
        connection = self._connection()
        rows = [
            (d.email_id, f"a{d.account_id}", *(" ".join(words(text)) for text in (d.subject, d.sender, d.rcpt, d.body))) for d in documents
        ]
        connection.execute("BEGIN IMMEDIATE")
        try:
            connection.executemany("INSERT INTO mail_words (rowid, owner, subject, sender, rcpt, body) VALUES (?, ?, ?, ?, ?, ?)", rows)
            connection.execute("UPDATE done SET email_id = ?", (upto,))
            connection.execute("COMMIT")
        except BaseException:
            connection.execute("ROLLBACK")
            raise

    def find(self, account_id: int, clauses: Iterable[Clause], limit: int = -1) -> list[int]:
        found = self._connection().execute("SELECT rowid FROM mail_words WHERE mail_words MATCH ? LIMIT ?", (_match(account_id, clauses), limit))
        return [row[0] for row in found]

    def between(self, account_id: int, clauses: Iterable[Clause], first: int, last: int) -> list[int]:
        found = self._connection().execute("SELECT rowid FROM mail_words WHERE mail_words MATCH ? AND rowid BETWEEN ? AND ?", (_match(account_id, clauses), first, last))
        return [row[0] for row in found]

    def clear(self) -> None:
        self._connection().execute("PRAGMA user_version = 0")
        self.close()

    def close(self) -> None:
        """Close every connection."""
        for connection in self._all:
            with contextlib.suppress(sqlite3.Error):
                connection.close()
        self._all.clear()
        self._local = threading.local()


def _match(account_id: int, clauses: Iterable[Clause]) -> str:
    parts = [f"(owner : a{account_id})", *("(" + " OR ".join(_fts5(p) for p in clause) + ")" for clause in clauses)]
    return " AND ".join(parts)


def _fts5(phrase: Phrase) -> str:
    # Words hold letters and digits only, so nothing in them can end the string.
    field = f"{phrase.field} : " if phrase.field else "{subject sender rcpt body} : "
    text = '"' + " ".join(phrase.words) + '"'
    return f"({field}{text}{'' if phrase.is_whole else ' *'})"


class PostgresFullText(FullText):
    """A tsvector an email with a GIN index. Fields are weights; the words are made here, so the parser has nothing to decide."""

    def __init__(self, database: PostgresDatabase) -> None:
        super().__init__()
        self._database = database
        self._is_ready = False

    def _tx(self) -> Tx:
        tx = self._database.read()
        if not self._is_ready:
            tx.run("CREATE TABLE IF NOT EXISTS mail_words (email_id BIGINT PRIMARY KEY, account_id BIGINT NOT NULL, words TSVECTOR NOT NULL)")
            tx.run("CREATE INDEX IF NOT EXISTS ix_mail_words_words ON mail_words USING GIN (words)")
            tx.run("CREATE TABLE IF NOT EXISTS mail_words_done (version INTEGER PRIMARY KEY, email_id BIGINT NOT NULL)")
            tx.run("INSERT INTO mail_words_done VALUES (:v, 0) ON CONFLICT DO NOTHING", {"v": VERSION})
            self._is_ready = True
        return tx

    def done(self) -> int:
        return int(self._tx().value("SELECT email_id FROM mail_words_done WHERE version = :v", {"v": VERSION}))

    def add(self, documents: Sequence[Document], upto: int) -> None:
        tx = self._tx()
        tx.run("BEGIN")
        try:
            for d in documents:
                values = {f: " ".join(words(getattr(d, f), 50_000)) for f in FIELDS}
                vector = " || ".join(f"setweight(to_tsvector('simple', :{f}), '{WEIGHTS[f]}')" for f in FIELDS)
                tx.run(
                    f"INSERT INTO mail_words (email_id, account_id, words) VALUES (:i, :a, {vector}) ON CONFLICT (email_id) DO NOTHING",
                    {"i": d.email_id, "a": d.account_id, **values},
                )
            tx.run("UPDATE mail_words_done SET email_id = :u WHERE version = :v", {"u": upto, "v": VERSION})
            tx.run("COMMIT")
        except BaseException:
            tx.run("ROLLBACK")
            raise

    def find(self, account_id: int, clauses: Iterable[Clause], limit: int = -1) -> list[int]:
        most = f" LIMIT {int(limit)}" if limit >= 0 else ""
        rows = self._tx().all(f"SELECT email_id FROM mail_words WHERE account_id = :a AND words @@ to_tsquery('simple', :q){most}", {"a": account_id, "q": _query(clauses)})
        return [row[0] for row in rows]

    def between(self, account_id: int, clauses: Iterable[Clause], first: int, last: int) -> list[int]:
        rows = self._tx().all(
            "SELECT email_id FROM mail_words WHERE account_id = :a AND email_id BETWEEN :f AND :l AND words @@ to_tsquery('simple', :q)",
            {"a": account_id, "f": first, "l": last, "q": _query(clauses)},
        )
        return [row[0] for row in rows]

    def clear(self) -> None:
        tx = self._tx()
        tx.run("TRUNCATE mail_words")
        tx.run("UPDATE mail_words_done SET email_id = 0")


def _query(clauses: Iterable[Clause]) -> str:
    return " & ".join("(" + " | ".join(_tsquery(p) for p in clause) + ")" for clause in clauses)


def _tsquery(phrase: Phrase) -> str:
    weight = WEIGHTS[phrase.field] if phrase.field else ""
    last = len(phrase.words) - 1
    marks = [("*" if n == last and not phrase.is_whole else "") + weight for n in range(len(phrase.words))]
    return "(" + " <-> ".join(f"'{w}'" + (f":{m}" if m else "") for w, m in zip(phrase.words, marks, strict=True)) + ")"


def open_fulltext(database: Database, data_dir: Path) -> FullText:
    """The index beside *database*."""
    if isinstance(database, PostgresDatabase):
        return PostgresFullText(database)
    assert isinstance(database, SqliteDatabase)
    return SqliteFullText(data_dir / "search.db")
