"""Rows of a person's own Sieve scripts. Every change gives the account a new filters version, so that delivery compiles anew."""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.store import filters
from mailcore.store.engine import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """A stored script."""

    name: str
    content: str
    is_active: bool
    changed_at: Micros


def list_all(tx: Tx, account_id: int) -> list[Script]:
    """Every script of an account, by name."""
    rows = tx.all("SELECT name, content, is_active, changed_at FROM sieve_scripts WHERE account_id = :a ORDER BY name", {"a": account_id})
    return [Script(name=r[0], content=r[1], is_active=bool(r[2]), changed_at=r[3]) for r in rows]


def get(tx: Tx, account_id: int, name: str) -> Script | None:
    """One script, or None."""
    row = tx.one(
        "SELECT name, content, is_active, changed_at FROM sieve_scripts WHERE account_id = :a AND name = :n", {"a": account_id, "n": name}
    )
    return None if row is None else Script(name=row[0], content=row[1], is_active=bool(row[2]), changed_at=row[3])


def active(tx: Tx, account_id: int) -> str | None:
    """The text of the active script, or None."""
    found: str | None = tx.value("SELECT content FROM sieve_scripts WHERE account_id = :a AND is_active = 1", {"a": account_id})
    return found


def put(tx: Tx, account_id: int, name: str, content: str, now: Micros) -> None:
    """Add or replace a script; whether it is active stays as it was."""
    tx.run(
        "INSERT INTO sieve_scripts (account_id, name, content, changed_at) VALUES (:a, :n, :c, :t)"
        " ON CONFLICT (account_id, name) DO UPDATE SET content = :c, changed_at = :t",
        {"a": account_id, "n": name, "c": content, "t": now},
    )
    touch(tx, account_id, now)


def activate(tx: Tx, account_id: int, name: str, now: Micros) -> None:
    """Make *name* the active script, or none for "". Raises MailError(NOT_FOUND)."""
    if name and get(tx, account_id, name) is None:
        raise MailError(Reason.NOT_FOUND, f"There is no script {name}.")
    tx.run(
        "UPDATE sieve_scripts SET is_active = CASE WHEN name = :n AND :n <> '' THEN 1 ELSE 0 END WHERE account_id = :a", {"a": account_id, "n": name}
    )
    touch(tx, account_id, now)


def rename(tx: Tx, account_id: int, old: str, new: str, now: Micros) -> None:
    """Raises MailError(NOT_FOUND, ALREADY_EXISTS)."""
    if get(tx, account_id, old) is None:
        raise MailError(Reason.NOT_FOUND, f"There is no script {old}.")
    if get(tx, account_id, new) is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"There is a script {new} already.")
    tx.run("UPDATE sieve_scripts SET name = :b WHERE account_id = :a AND name = :o", {"a": account_id, "b": new, "o": old})
    touch(tx, account_id, now)


def remove(tx: Tx, account_id: int, name: str, now: Micros) -> None:
    """Raises MailError(NOT_FOUND, IN_USE for the active one: RFC 5804 §2.10)."""
    found = get(tx, account_id, name)
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"There is no script {name}.")
    if found.is_active:
        raise MailError(Reason.IN_USE, f"{name} is the active script. Switch it off first.")
    tx.run("DELETE FROM sieve_scripts WHERE account_id = :a AND name = :n", {"a": account_id, "n": name})
    touch(tx, account_id, now)


def touch(tx: Tx, account_id: int, now: Micros) -> None:
    """Tell delivery that the account's filters changed; version 0 when nothing filters its mail any more. What they stumbled over before, and addresses elsewhere that they name no more, are forgotten."""
    scope = f"account:{account_id}"
    filters.put_form(tx, scope, "error", "", now)
    is_filtered = any(filters.form(tx, scope, kind) for kind in filters.PROGRAMS) or active(tx, account_id) is not None
    texts = [filters.form(tx, scope, kind) for kind in ("forward", "rules")] + [one.content for one in list_all(tx, account_id)]
    filters.remove_targets(tx, account_id, "\n".join(texts).lower())
    filters.touch(tx, account_id, now, is_filtered=is_filtered)
