"""Files behind links: what was too large for a message, one row a file, its bytes a Blob of its own.

A row outlives its link by KEPT, so that one that was ended by mistake can be opened again; then the sweep takes it, and a day later its bytes.
"""

from dataclasses import dataclass

from mailcore.base.clock import DAY, SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.store.engine import Tx

KEPT: Micros = DAY
WRONG_PASSWORDS = 10
"""Wrong passwords of one link within WRONG_WINDOW; then nobody may try for that long. Stops guessing."""
WRONG_WINDOW: Micros = 900 * SECOND
_COLUMNS = "id, account_id, token, name, size, blob_id, password_hash, created_at, expires_at, downloads, last_at, wrong, wrong_at"


@dataclass(frozen=True, slots=True, kw_only=True)
class FileLink:
    """One file. *password_hash* is "" for none; *size* in bytes; *wrong* counts wrong passwords since *wrong_at*."""

    id: int
    account_id: int
    token: str
    name: str
    size: int
    blob_id: int
    password_hash: str
    created_at: Micros
    expires_at: Micros
    downloads: int
    last_at: Micros | None
    wrong: int
    wrong_at: Micros


def add(tx: Tx, account_id: int, *, token: str, name: str, size: int, blob_id: int, password_hash: str, expires_at: Micros, now: Micros) -> int:
    """A new link; its id."""
    values = {"a": account_id, "t": token, "n": name, "s": size, "b": blob_id, "p": password_hash, "c": now, "e": expires_at}
    return tx.insert("INSERT INTO file_links (account_id, token, name, size, blob_id, password_hash, created_at, expires_at) VALUES (:a, :t, :n, :s, :b, :p, :c, :e)", values)


def of_account(tx: Tx, account_id: int) -> list[FileLink]:
    """All of a person, the newest first."""
    return [FileLink(**dict(zip(_COLUMNS.split(", "), row, strict=True))) for row in tx.all(f"SELECT {_COLUMNS} FROM file_links WHERE account_id = :a ORDER BY id DESC", {"a": account_id})]


def by_token(tx: Tx, token: str) -> FileLink | None:
    """The link with this token, ended or not."""
    row = tx.one(f"SELECT {_COLUMNS} FROM file_links WHERE token = :t", {"t": token})
    return None if row is None else FileLink(**dict(zip(_COLUMNS.split(", "), row, strict=True)))


def get(tx: Tx, account_id: int, link_id: int) -> FileLink:
    """One of a person's. Raises MailError(NOT_FOUND)."""
    found = next((one for one in of_account(tx, account_id) if one.id == link_id), None)
    if found is None:
        raise MailError(Reason.NOT_FOUND, "This file is no longer here.")
    return found


def used_bytes(tx: Tx, account_id: int) -> int:
    """What all of a person's files weigh."""
    return int(tx.value("SELECT coalesce(sum(size), 0) FROM file_links WHERE account_id = :a", {"a": account_id}))


def change(tx: Tx, link_id: int, *, expires_at: Micros, password_hash: str) -> None:
    """Until when, and behind which password."""
    tx.run("UPDATE file_links SET expires_at = :e, password_hash = :p, wrong = 0 WHERE id = :i", {"e": expires_at, "p": password_hash, "i": link_id})


def remove(tx: Tx, link_id: int) -> None:
    """Forget a file; its bytes are the sweep's."""
    tx.run("DELETE FROM file_links WHERE id = :i", {"i": link_id})


def count_download(tx: Tx, link_id: int, now: Micros) -> None:
    """It was fetched once more."""
    tx.run("UPDATE file_links SET downloads = downloads + 1, last_at = :n, wrong = 0 WHERE id = :i", {"n": now, "i": link_id})


def count_wrong(tx: Tx, link_id: int, now: Micros) -> None:
    """A wrong password was given; the window begins with the first."""
    window = {"n": now, "i": link_id, "w": now - WRONG_WINDOW}
    tx.run("UPDATE file_links SET wrong = CASE WHEN wrong_at < :w THEN 1 ELSE wrong + 1 END, wrong_at = CASE WHEN wrong_at < :w OR wrong = 0 THEN :n ELSE wrong_at END WHERE id = :i", window)


def forget(tx: Tx, now: Micros, limit: int) -> int:
    """Remove files whose link ended KEPT ago; how many."""
    return tx.run("DELETE FROM file_links WHERE id IN (SELECT id FROM file_links WHERE expires_at < :b LIMIT :n)", {"b": now - KEPT, "n": limit})
