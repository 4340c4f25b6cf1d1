"""Passwords for single programs: made here, shown once, good for some protocols, ended one by one.

They carry 100 random bits, so a plain SHA-256 keeps them; a slow hash would only make every IMAP connection slow.
"""

import hashlib
from dataclasses import dataclass

from mailcore.base.clock import DAY, MINUTE, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.ids import Random
from mailcore.store.engine import Tx

SCOPES = ("imap", "pop3", "smtp", "sieve")
LETTERS = "abcdefghijkmnpqrstuvwxyz23456789"
"""Thirty-two signs that nobody takes for another one."""
GROUPS, GROUP = 5, 4
MOST = 50
"""App passwords of one account."""
USED_EVERY = 5 * MINUTE
"""A use from the same place is written down at most this often."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppPassword:
    """One as it is listed."""

    id: int
    name: str
    scopes: tuple[str, ...]
    created_at: Micros
    used_at: Micros | None
    used_from: str
    expires_at: Micros | None


def make(random: Random) -> str:
    """A new password, as "xxxx-xxxx-xxxx-xxxx-xxxx"."""
    signs = [LETTERS[b & 31] for b in random.bytes(GROUPS * GROUP)]
    return "-".join("".join(signs[i : i + GROUP]) for i in range(0, len(signs), GROUP))


def digest(password: str) -> str:
    """What is stored. Spaces, dashes and case do not matter."""
    return hashlib.sha256("".join(c for c in password.lower() if c in LETTERS).encode()).hexdigest()


def add(tx: Tx, account_id: int, *, name: str, scopes: tuple[str, ...], password: str, now: Micros, days: int = 0) -> int:
    """Store a new one, good for *days* (0: for good); its id. Raises MailError(SYNTAX, LIMIT)."""
    clean = " ".join(name.split())
    if not clean or len(clean) > 100 or any(ord(c) < 32 for c in clean):
        raise MailError(Reason.SYNTAX, "Name the program or device, such as Thunderbird on the laptop.")
    if not scopes or not set(scopes) <= set(SCOPES):
        raise MailError(Reason.SYNTAX, "Choose at least one thing that the program may do.")
    if int(tx.value("SELECT count(*) FROM app_passwords WHERE account_id = :a", {"a": account_id})) >= MOST:
        raise MailError(Reason.LIMIT, f"There are {MOST} app passwords already. End one first.")
    return tx.insert(
        "INSERT INTO app_passwords (account_id, name, scopes, password_hash, created_at, expires_at) VALUES (:a, :n, :s, :h, :t, :x)",
        {"a": account_id, "n": clean, "s": " ".join(scopes), "h": digest(password), "t": now, "x": now + days * DAY if days else None},
    )


def of_account(tx: Tx, account_id: int) -> list[AppPassword]:
    """All of an account, newest first."""
    rows = tx.all(
        "SELECT id, name, scopes, created_at, used_at, used_from, expires_at FROM app_passwords WHERE account_id = :a ORDER BY id DESC", {"a": account_id}
    )
    return [
        AppPassword(id=r[0], name=r[1], scopes=tuple(r[2].split()), created_at=r[3], used_at=r[4], used_from=r[5], expires_at=r[6]) for r in rows
    ]  # fmt: skip


def find(tx: Tx, account_id: int, password: str, scope: str, now: Micros) -> AppPassword | None:
    """The one that *password* is, if it is good for *scope* now."""
    if len(password) > 100:
        return None
    row = tx.one(
        "SELECT id, name, scopes, created_at, used_at, used_from, expires_at FROM app_passwords WHERE account_id = :a AND password_hash = :h",
        {"a": account_id, "h": digest(password)},
    )
    if row is None or scope not in row[2].split() or (row[6] is not None and row[6] <= now):
        return None
    return AppPassword(id=row[0], name=row[1], scopes=tuple(row[2].split()), created_at=row[3], used_at=row[4], used_from=row[5], expires_at=row[6])


def note_use(tx: Tx, password_id: int, ip: str, now: Micros) -> None:
    """It was used from *ip*."""
    tx.run("UPDATE app_passwords SET used_at = :n, used_from = :ip WHERE id = :i", {"n": now, "ip": ip, "i": password_id})


def remove(tx: Tx, account_id: int, password_id: int) -> None:
    """End one."""
    tx.run("DELETE FROM app_passwords WHERE id = :i AND account_id = :a", {"i": password_id, "a": account_id})
