"""Every table as lines of JSON, and back: what a backup holds, the same for both databases, read in one snapshot.

Rows are arrays in the order of the columns named in the first line; bytes are base64 in an object. What can be made again
(the full-text index, leases, POP3 locks, browser sessions) is left out.
"""

import base64
import gzip
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import UniqueConstraint

from mailcore.base.errors import MailError, Reason
from mailcore.store import Store, Tx
from mailcore.store.models import Base

LEFT_OUT = frozenset({"pop3_locks", "sessions", "uploads"})
BATCH = 500
Count = Callable[[str, int], bool]
"""Told the table and rows so far; False cancels."""


def tables() -> list[str]:
    """The tables of a backup, in a fixed order."""
    return [t.name for t in Base.metadata.sorted_tables if t.name not in LEFT_OUT]


def columns(table: str) -> list[str]:
    """A table's columns."""
    return [c.name for c in Base.metadata.tables[table].columns]


def _order(table: str) -> list[str]:
    return [c.name for c in Base.metadata.tables[table].primary_key.columns]


def write(store: Store, folder: Path, step: Count) -> dict[str, int]:
    """Write every table into *folder* as NAME.jsonl.gz, all as of one moment; rows by table. Raises MailError(EXPIRED) when cancelled."""
    counts: dict[str, int] = {}
    with store.snapshot() as tx:
        for table in tables():
            counts[table] = _write_table(tx, table, folder / f"{table}.jsonl.gz", step)
    return counts


def _write_table(tx: Tx, table: str, path: Path, step: Count) -> int:
    names, order, count = columns(table), _order(table), 0
    listed = ", ".join(f'"{n}"' for n in names)
    place: tuple[Any, ...] | None = None
    with gzip.open(path, "wt", encoding="utf-8", compresslevel=3) as out:
        out.write(json.dumps(names) + "\n")
        while True:
            where, params = "", {"n": BATCH}
            if place is not None:
                where = f" WHERE ({', '.join(order)}) > ({', '.join(f':p{chr(97 + i)}' for i in range(len(order)))})"
                params |= {f"p{chr(97 + i)}": value for i, value in enumerate(place)}
            rows = tx.all(f"SELECT {listed} FROM {table}{where} ORDER BY {', '.join(order)} LIMIT :n", params)
            for row in rows:
                out.write(json.dumps([_packed(v) for v in row], ensure_ascii=False) + "\n")
            count += len(rows)
            if not step(table, count):
                raise MailError(Reason.EXPIRED, "The backup was cancelled.")
            if len(rows) < BATCH:
                return count
            place = tuple(rows[-1][names.index(n)] for n in order)


def _packed(value: Any) -> Any:
    return {"b": base64.b64encode(bytes(value)).decode()} if isinstance(value, (bytes, memoryview)) else value


def read(path: Path) -> Iterator[dict[str, Any]]:
    """The rows of one table's file. Raises MailError(SYNTAX) for a file that is broken."""
    try:
        with gzip.open(path, "rt", encoding="utf-8") as file:
            names = json.loads(next(file))
            for line in file:
                yield dict(zip(names, (_unpacked(v) for v in json.loads(line)), strict=True))
    except (OSError, EOFError, ValueError, StopIteration) as error:
        raise MailError(Reason.SYNTAX, f"{path.name} of the backup is broken: {error}.") from error


def _unpacked(value: Any) -> Any:
    return base64.b64decode(value["b"]) if isinstance(value, dict) else value


def load(store: Store, folder: Path, step: Count, change: Callable[[str, dict[str, Any]], dict[str, Any] | None]) -> None:
    """Fill an empty database from *folder*; *change* may alter a row or leave it out with None. Unknown columns are dropped."""
    for table in tables():
        path = folder / f"{table}.jsonl.gz"
        if not path.exists():
            continue
        known, batch, count = set(columns(table)), [], 0
        for row in read(path):
            made = change(table, {k: v for k, v in row.items() if k in known})
            if made is not None:
                batch.append(made)
            if len(batch) >= BATCH:
                _insert(store, table, batch)
                count, batch = count + len(batch), []
                step(table, count)
        _insert(store, table, batch)
        step(table, count + len(batch))
    if store.database.is_postgres:
        store.write(_set_sequences)


def _insert(store: Store, table: str, rows: list[dict[str, Any]]) -> None:
    if not rows:
        return
    names = list(rows[0])
    listed = ", ".join(f'"{n}"' for n in names)
    places = ", ".join(f":c{i}x" for i in range(len(names)))
    values = [{f"c{i}x": row[n] for i, n in enumerate(names)} for row in rows]
    sql = f"INSERT INTO {table} ({listed}) VALUES ({places})"
    store.write(lambda tx: tx.many(sql, values), bulk=True)


def put(tx: Tx, table: str, row: dict[str, Any]) -> int | None:
    """Insert one row of a backup under a new number, which is given back; None when one of its name stands there already. Unknown columns are dropped."""
    known = set(columns(table)) - {"id"}
    values = {name: value for name, value in row.items() if name in known}
    unique = [[c.name for c in one.columns] for one in Base.metadata.tables[table].constraints if isinstance(one, UniqueConstraint)]
    for names in unique:
        if tx.one(f"SELECT 1 FROM {table} WHERE {' AND '.join(f'{n} = :{n}' for n in names)}", {n: values[n] for n in names}) is not None:
            return None
    return tx.insert(f"INSERT INTO {table} ({', '.join(values)}) VALUES ({', '.join(f':{n}' for n in values)})", values)


def last_number(tx: Tx, table: str) -> int:
    """The highest row number that *table* has given, of rows that are gone, too."""
    if tx.is_postgres:
        return int(tx.value(f"SELECT coalesce(pg_sequence_last_value(pg_get_serial_sequence('{table}', 'id')::regclass), 0)") or 0)
    return int(tx.value("SELECT seq FROM sqlite_sequence WHERE name = :t", {"t": table}) or 0)


def raise_number(tx: Tx, table: str, number: int) -> None:
    """Let the next row of *table* have a number above *number*."""
    if tx.is_postgres:
        tx.value(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), :n)", {"n": number})
    elif not tx.run("UPDATE sqlite_sequence SET seq = :n WHERE name = :t", {"n": number, "t": table}):
        tx.run("INSERT INTO sqlite_sequence (name, seq) VALUES (:t, :n)", {"n": number, "t": table})


def _set_sequences(tx: Tx) -> None:
    for table in tables():
        if "id" in columns(table):
            tx.value(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))")
