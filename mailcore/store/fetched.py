"""Rows of accounts elsewhere and of the messages that were brought from them. Every verb takes a Tx."""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.engine import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """An account elsewhere. *keep_days*: -1 leaves mail there, 0 deletes it at once. *trouble*: why the last look did not work."""

    id: int = 0
    account_id: int
    protocol: str
    host: str
    port: int
    security: str
    username: str
    password: str
    mailbox: str = "INBOX"
    every_seconds: int = 900
    keep_days: int = -1
    is_enabled: bool = True
    next_at: Micros = 0
    last_at: Micros | None = None
    brought: int = 0
    trouble: str = ""


_COLUMNS = "id, account_id, protocol, host, port, security, username, password, mailbox, every_seconds, keep_days, is_enabled, next_at, last_at, brought, trouble"


def _of(r: Row) -> Fetched:
    return Fetched(
        id=r[0], account_id=r[1], protocol=r[2], host=r[3], port=r[4], security=r[5], username=r[6], password=r[7], mailbox=r[8], every_seconds=r[9],
        keep_days=r[10], is_enabled=bool(r[11]), next_at=r[12], last_at=r[13], brought=r[14], trouble=r[15],
    )  # fmt: skip


def of_account(tx: Tx, account_id: int) -> list[Fetched]:
    """What one person fetches."""
    return [_of(r) for r in tx.all(f"SELECT {_COLUMNS} FROM fetched_accounts WHERE account_id = :a ORDER BY id", {"a": account_id})]


def get(tx: Tx, fetched_id: int) -> Fetched | None:
    """One of them."""
    row = tx.one(f"SELECT {_COLUMNS} FROM fetched_accounts WHERE id = :i", {"i": fetched_id})
    return None if row is None else _of(row)


def due(tx: Tx, now: Micros, limit: int) -> list[Fetched]:
    """Those whose time has come."""
    return [_of(r) for r in tx.all(f"SELECT {_COLUMNS} FROM fetched_accounts WHERE is_enabled = 1 AND next_at <= :n ORDER BY next_at LIMIT :l", {"n": now, "l": limit})]


def claim(tx: Tx, one: Fetched, next_at: Micros) -> bool:
    """Take one for this process, by giving it its next time; False when another was quicker."""
    return tx.run("UPDATE fetched_accounts SET next_at = :x WHERE id = :i AND next_at = :o", {"x": next_at, "i": one.id, "o": one.next_at}) == 1


def add(tx: Tx, one: Fetched) -> int:
    """A new one; its id."""
    tx.hints.append((0, 0))
    return tx.insert(
        "INSERT INTO fetched_accounts (account_id, protocol, host, port, security, username, password, mailbox, every_seconds, keep_days, is_enabled, next_at)"
        " VALUES (:a, :p, :h, :o, :s, :u, :w, :m, :e, :k, :b, :n)",
        {
            "a": one.account_id, "p": one.protocol, "h": one.host, "o": one.port, "s": one.security, "u": one.username, "w": one.password,
            "m": one.mailbox, "e": one.every_seconds, "k": one.keep_days, "b": int(one.is_enabled), "n": one.next_at,
        },
    )  # fmt: skip


def set_password(tx: Tx, fetched_id: int, password: str) -> None:
    """What it signs in with from now on."""
    tx.run("UPDATE fetched_accounts SET password = :w WHERE id = :i", {"w": password, "i": fetched_id})


def set_next(tx: Tx, fetched_id: int, next_at: Micros) -> None:
    """Look again then."""
    tx.run("UPDATE fetched_accounts SET next_at = :n WHERE id = :i", {"n": next_at, "i": fetched_id})
    tx.hints.append((0, 0))


def remove(tx: Tx, fetched_id: int) -> None:
    """Fetch no more; the mail that came stays."""
    tx.run("DELETE FROM fetched_messages WHERE fetched_id = :i", {"i": fetched_id})
    tx.run("DELETE FROM fetched_accounts WHERE id = :i", {"i": fetched_id})


def known(tx: Tx, fetched_id: int) -> dict[str, Micros]:
    """When each message that is remembered was brought."""
    return {r[0]: r[1] for r in tx.all("SELECT uid, at FROM fetched_messages WHERE fetched_id = :i", {"i": fetched_id})}


def remember(tx: Tx, fetched_id: int, uid: str, now: Micros) -> bool:
    """This message is here: it never comes again. False when it had come before."""
    is_new = tx.run("INSERT INTO fetched_messages (fetched_id, uid, at) VALUES (:i, :u, :n) ON CONFLICT (fetched_id, uid) DO NOTHING", {"i": fetched_id, "u": uid, "n": now}) > 0
    tx.run("UPDATE fetched_accounts SET brought = brought + 1 WHERE id = :i", {"i": fetched_id})
    return is_new


def forget(tx: Tx, fetched_id: int, uids: list[str]) -> None:
    """Messages that are no longer there."""
    tx.many("DELETE FROM fetched_messages WHERE fetched_id = :i AND uid = :u", [{"i": fetched_id, "u": uid} for uid in uids])


def told(tx: Tx, fetched_id: int, trouble: str, now: Micros) -> None:
    """How the last look ended."""
    tx.run("UPDATE fetched_accounts SET last_at = :n, trouble = :t WHERE id = :i", {"n": now, "t": trouble[:500], "i": fetched_id})
