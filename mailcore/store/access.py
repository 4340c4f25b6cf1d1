"""Rows that prove who someone is: sessions of browsers, sign-ins that were tried, bans, app passwords, POP3's lock.

Only hashes are stored of what a browser or program presents. When to throttle and whom to ban is `auth`'s to decide.
"""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.engine import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A signed-in browser. With `is_pending_totp` the password was right and the second step is still to come."""

    id: int
    account_id: int
    csrf_secret: str
    ip: str
    agent: str
    created_at: Micros
    seen_at: Micros
    expires_at: Micros
    is_pending_totp: bool


_SESSION = "id, account_id, csrf_secret, ip, agent, created_at, seen_at, expires_at, is_pending_totp"


def _session(r: Row) -> Session:
    return Session(
        id=r[0], account_id=r[1], csrf_secret=r[2], ip=r[3], agent=r[4], created_at=r[5], seen_at=r[6], expires_at=r[7], is_pending_totp=bool(r[8])
    )


def add_session(
    tx: Tx, *, token_hash: str, account_id: int, csrf_secret: str, ip: str, agent: str, now: Micros, expires_at: Micros, is_pending_totp: bool
) -> int:
    """A new session row; its id."""
    return tx.insert(
        "INSERT INTO sessions (token_hash, account_id, csrf_secret, ip, agent, created_at, seen_at, expires_at, is_pending_totp)"
        " VALUES (:h, :a, :c, :ip, :g, :n, :n, :x, :p)",
        {"h": token_hash, "a": account_id, "c": csrf_secret, "ip": ip, "g": agent[:300], "n": now, "x": expires_at, "p": int(is_pending_totp)},
    )


def session(tx: Tx, token_hash: str, now: Micros) -> Session | None:
    """The live session of this token."""
    row = tx.one(f"SELECT {_SESSION} FROM sessions WHERE token_hash = :h AND expires_at > :n", {"h": token_hash, "n": now})
    return None if row is None else _session(row)


def sessions(tx: Tx, account_id: int | None, now: Micros) -> list[Session]:
    """Live sessions of an account, or all, newest first."""
    extra = "" if account_id is None else " AND account_id = :a"
    rows = tx.all(f"SELECT {_SESSION} FROM sessions WHERE expires_at > :n{extra} ORDER BY seen_at DESC LIMIT 500", {"a": account_id, "n": now})
    return [_session(r) for r in rows]


def touch_session(tx: Tx, session_id: int, now: Micros, expires_at: Micros) -> None:
    """The browser was here."""
    tx.run("UPDATE sessions SET seen_at = :n, expires_at = :x WHERE id = :i", {"n": now, "x": expires_at, "i": session_id})


def end_session(tx: Tx, session_id: int) -> None:
    """Sign one browser out."""
    tx.run("DELETE FROM sessions WHERE id = :i", {"i": session_id})


def end_sessions(tx: Tx, account_id: int, *, but: int | None = None) -> int:
    """Sign an account's browsers out, all but one; how many."""
    return tx.run("DELETE FROM sessions WHERE account_id = :a AND id <> :b", {"a": account_id, "b": but or 0})


def add_sign_in(
    tx: Tx, *, at: Micros, account_id: int | None, login: str, protocol: str, ip: str, agent: str = "", is_good: bool, is_tls: bool, secret_hash: str = ""
) -> None:
    """Remember that someone tried to sign in."""
    tx.run(
        "INSERT INTO sign_ins (at, account_id, login, protocol, ip, agent, is_good, is_tls, secret_hash)"
        " VALUES (:t, :a, :l, :p, :ip, :g, :k, :s, :h)",
        {
            "t": at, "a": account_id, "l": login[:320], "p": protocol, "ip": ip, "g": agent[:300], "k": int(is_good), "s": int(is_tls), "h": secret_hash,
        },
    )  # fmt: skip


_PASSWORDS = "protocol NOT IN ('code', 'half')"
"""Tries with a password that was wrong: no wrong code, and no right password whose code never came."""


def failures(tx: Tx, network: str, since: Micros) -> int:
    """Different wrong passwords from *network* since then; the same wrong one for the same login counts once."""
    found = tx.value(
        "SELECT count(*) FROM (SELECT DISTINCT login, secret_hash FROM sign_ins WHERE ip = :ip AND at >= :t AND is_good = 0) AS wrong",
        {"ip": network, "t": since},
    )
    return int(found or 0)


def wrong_codes(tx: Tx, account_id: int, since: Micros) -> int:
    """Wrong second-step codes for an account since then."""
    found = tx.value(
        "SELECT count(*) FROM sign_ins WHERE account_id = :a AND at >= :t AND protocol = 'code' AND is_good = 0", {"a": account_id, "t": since}
    )
    return int(found or 0)


def had_good_sign_in(tx: Tx, network: str, since: Micros) -> bool:
    """Whether someone signed in well from *network* since then."""
    return tx.one("SELECT 1 FROM sign_ins WHERE ip = :ip AND at >= :t AND is_good = 1 LIMIT 1", {"ip": network, "t": since}) is not None


STUBBORN_TRIES = 5
"""The same wrong password so often is a program that nobody told of the new one."""


def stubborn(tx: Tx, since: Micros, *, account_id: int | None = None, domain_id: int | None = None, limit: int = 5) -> list[tuple[str, str, str, str, int]]:
    """(address of the account, ip, protocol, agent, times) of programs that keep sending it one wrong password, the latest first."""
    only = (" AND s.account_id = :a" if account_id is not None else "") + (" AND a.domain_id = :d" if domain_id is not None else "")
    rows = tx.all(
        "SELECT a.address, s.ip, s.protocol, max(s.agent), count(*) FROM sign_ins s JOIN accounts a ON a.id = s.account_id"
        f" WHERE s.at >= :t AND s.is_good = 0 AND s.secret_hash <> ''{only}"
        " GROUP BY a.address, s.ip, s.protocol, s.secret_hash HAVING count(*) >= :m ORDER BY max(s.at) DESC LIMIT :n",
        {"t": since, "m": STUBBORN_TRIES, "n": limit} | {key: value for key, value in (("a", account_id), ("d", domain_id)) if value is not None},
    )
    return [(r[0], r[1], r[2], r[3], int(r[4])) for r in rows]


ALONE_DAYS = 30
"""Who signed in by POP3 within these days, and neither by IMAP nor in the webmail, sees POP3's inbox alone."""


def uses_only_pop3(tx: Tx, account_id: int, since: Micros) -> bool:
    """Whether an account was read by POP3 since then, and neither by IMAP nor in a browser."""
    found = {r[0] for r in tx.all("SELECT DISTINCT protocol FROM sign_ins WHERE account_id = :a AND at >= :t AND is_good = 1", {"a": account_id, "t": since})}
    if "pop3" not in found or found & {"imap", "web"}:
        return False
    return tx.one("SELECT 1 FROM sessions WHERE account_id = :a AND seen_at >= :t LIMIT 1", {"a": account_id, "t": since}) is None


def has_failures(tx: Tx, network: str, account_id: int) -> bool:
    """Whether a wrong password for the account is remembered from there."""
    return tx.one(f"SELECT 1 FROM sign_ins WHERE account_id = :a AND ip = :ip AND is_good = 0 AND {_PASSWORDS} LIMIT 1", {"a": account_id, "ip": network}) is not None


def clear_failures(tx: Tx, network: str, account_id: int, *, with_codes: bool = False) -> None:
    """A success forgives the wrong passwords for that account from there, whatever it was called; wrong codes only where a code was right."""
    only = "" if with_codes else f" AND {_PASSWORDS}"
    tx.run(f"DELETE FROM sign_ins WHERE account_id = :a AND ip = :ip AND is_good = 0{only}", {"ip": network, "a": account_id})


def recent_sign_ins(tx: Tx, account_id: int, limit: int = 50) -> list[tuple[Micros, str, str, str, bool, bool]]:
    """(at, protocol, ip, agent, was good, over TLS), newest first."""
    rows = tx.all(
        "SELECT at, protocol, ip, agent, is_good, is_tls FROM sign_ins WHERE account_id = :a ORDER BY at DESC LIMIT :n", {"a": account_id, "n": limit}
    )
    return [(r[0], r[1], r[2], r[3], bool(r[4]), bool(r[5])) for r in rows]


def put_ban(tx: Tx, network: str, reason: str, now: Micros, until: Micros) -> None:
    """Ban *network* until then, or longer if it is banned already."""
    tx.run(
        "INSERT INTO bans (network, reason, created_at, until) VALUES (:w, :r, :n, :u)"
        " ON CONFLICT (network) DO UPDATE SET until = :u, reason = :r",
        {"w": network, "r": reason, "n": now, "u": until},
    )
    tx.hints.append((-1, 0))


def banned_until(tx: Tx, network: str, now: Micros) -> Micros | None:
    """When the ban of *network* ends, or None when there is none."""
    found = tx.value("SELECT until FROM bans WHERE network = :w AND until > :n", {"w": network, "n": now})
    return None if found is None else int(found)


def bans(tx: Tx, now: Micros) -> list[tuple[str, str, Micros, Micros]]:
    """(network, reason, since, until) of every live ban."""
    return [(r[0], r[1], r[2], r[3]) for r in tx.all("SELECT network, reason, created_at, until FROM bans WHERE until > :n ORDER BY created_at DESC", {"n": now})]


def lift_ban(tx: Tx, network: str) -> bool:
    """End a ban and forget the failures behind it; whether there was one."""
    tx.run("DELETE FROM sign_ins WHERE ip = :w AND is_good = 0", {"w": network})
    return tx.run("DELETE FROM bans WHERE network = :w", {"w": network}) > 0


def lift_all_bans(tx: Tx) -> int:
    """End every ban; how many."""
    tx.run("DELETE FROM sign_ins WHERE is_good = 0")
    return tx.run("DELETE FROM bans")


def take_pop3_lock(tx: Tx, account_id: int, owner: str, now: Micros, until: Micros) -> bool:
    """Take or renew the POP3 lock of an account; False while another session's lease runs."""
    return (
        tx.run(
            "INSERT INTO pop3_locks (account_id, owner, until) VALUES (:a, :o, :u) ON CONFLICT (account_id) DO UPDATE SET owner = :o, until = :u"
            " WHERE pop3_locks.owner = :o OR pop3_locks.until < :n",
            {"a": account_id, "o": owner, "u": until, "n": now},
        )
        > 0
    )


def free_pop3_lock(tx: Tx, account_id: int, owner: str) -> None:
    """Give the lock back."""
    tx.run("DELETE FROM pop3_locks WHERE account_id = :a AND owner = :o", {"a": account_id, "o": owner})


def without_tls(tx: Tx, since: Micros, limit: int = 200) -> list[tuple[str, str, str, str, Micros]]:
    """(address, protocol, ip, program, last) of who signed in without TLS since then, newest first."""
    rows = tx.all(
        "SELECT a.address, s.protocol, s.ip, max(s.agent), max(s.at) FROM sign_ins s JOIN accounts a ON a.id = s.account_id"
        " WHERE s.is_good = 1 AND s.is_tls = 0 AND s.at >= :t GROUP BY a.address, s.protocol, s.ip ORDER BY max(s.at) DESC LIMIT :n",
        {"t": since, "n": limit},
    )
    return [(r[0], r[1], r[2], r[3], int(r[4])) for r in rows]
