"""Rows of the server's own messages whose words an admin has changed."""

from mailcore.base.clock import Micros
from mailcore.store.engine import Tx


def get(tx: Tx, name: str, language: str) -> tuple[str, str] | None:
    """(subject, text) of an admin's own words, or None."""
    row = tx.one("SELECT subject, text FROM server_messages WHERE name = :n AND language = :l", {"n": name, "l": language})
    return None if row is None else (row[0], row[1])


def changed(tx: Tx) -> dict[tuple[str, str], Micros]:
    """When each (name, language) with an admin's own words was last changed."""
    return {(r[0], r[1]): r[2] for r in tx.all("SELECT name, language, changed_at FROM server_messages")}


def put(tx: Tx, name: str, language: str, subject: str, text: str, now: Micros) -> None:
    """Keep an admin's own words."""
    tx.run(
        "INSERT INTO server_messages (name, language, subject, text, changed_at) VALUES (:n, :l, :s, :x, :t)"
        " ON CONFLICT (name, language) DO UPDATE SET subject = :s, text = :x, changed_at = :t",
        {"n": name, "l": language, "s": subject, "x": text, "t": now},
    )


def remove(tx: Tx, name: str, language: str) -> bool:
    """Forget an admin's own words; whether there were any."""
    return tx.run("DELETE FROM server_messages WHERE name = :n AND language = :l", {"n": name, "l": language}) > 0
