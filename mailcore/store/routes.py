"""Rows of the outside: routes, the MTA-STS policies of other domains, and the addresses that mail leaves from. Every verb takes a Tx; what a row means is the queue's."""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.engine import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """Where mail for *pattern* (a domain, or *.domain) goes. Empty *addresses* means that every address exists there.

    *is_inbound*: strangers' mail for it is taken here and passed on. *lifetime_seconds*, *retry_seconds*: 0 is the queue's own.
    """

    id: int = 0
    pattern: str
    note: str = ""
    host: str
    port: int = 25
    security: str = "starttls-optional"
    username: str = ""
    password: str = ""
    addresses: tuple[str, ...] = ()
    is_inbound: bool = False
    is_enabled: bool = True
    lifetime_seconds: int = 0
    retry_seconds: int = 0

    def takes(self, address: str) -> bool:
        """Whether *address* (a key) exists behind it."""
        return not self.addresses or address in self.addresses or address.rpartition("@")[0] in self.addresses


_COLUMNS = "id, pattern, note, host, port, security, username, password, addresses, is_inbound, is_enabled, lifetime_seconds, retry_seconds"


def _of(r: Row) -> Route:
    return Route(
        id=r[0], pattern=r[1], note=r[2], host=r[3], port=r[4], security=r[5], username=r[6], password=r[7], addresses=tuple(r[8].split()),
        is_inbound=bool(r[9]), is_enabled=bool(r[10]), lifetime_seconds=r[11], retry_seconds=r[12],
    )  # fmt: skip


def routes(tx: Tx) -> list[Route]:
    """Every route, by name."""
    return [_of(r) for r in tx.all(f"SELECT {_COLUMNS} FROM routes ORDER BY pattern")]


def match(tx: Tx, domain: str) -> Route | None:
    """The enabled route of *domain*: its own before a pattern's, a longer pattern before a shorter, "*" last."""
    labels = domain.lower().split(".")
    names = [domain.lower(), *("*." + ".".join(labels[n:]) for n in range(1, len(labels))), "*"]
    names = names[:130]
    params = {f"n{chr(97 + i // 26)}{chr(97 + i % 26)}": name for i, name in enumerate(names)}
    found = {r[1]: r for r in tx.all(f"SELECT {_COLUMNS} FROM routes WHERE is_enabled = 1 AND pattern IN ({', '.join(':' + k for k in params)})", params)}
    return next((_of(found[name]) for name in names if name in found), None)


def named(tx: Tx, pattern: str) -> Route | None:
    """The enabled route of exactly this pattern."""
    row = tx.one(f"SELECT {_COLUMNS} FROM routes WHERE is_enabled = 1 AND pattern = :p", {"p": pattern.lower()})
    return None if row is None else _of(row)


def put(tx: Tx, one: Route) -> int:
    """Add a route, or change the one of its pattern; its id."""
    values = {
        "p": one.pattern, "t": one.note, "h": one.host, "o": one.port, "s": one.security, "u": one.username, "w": one.password,
        "a": " ".join(one.addresses), "i": int(one.is_inbound), "e": int(one.is_enabled), "l": one.lifetime_seconds, "r": one.retry_seconds,
    }  # fmt: skip
    row = tx.one(
        "INSERT INTO routes (pattern, note, host, port, security, username, password, addresses, is_inbound, is_enabled, lifetime_seconds, retry_seconds)"
        " VALUES (:p, :t, :h, :o, :s, :u, :w, :a, :i, :e, :l, :r) ON CONFLICT (pattern) DO UPDATE SET note = :t, host = :h, port = :o, security = :s,"
        " username = :u, password = :w, addresses = :a, is_inbound = :i, is_enabled = :e, lifetime_seconds = :l, retry_seconds = :r RETURNING id",
        values,
    )
    assert row is not None
    return int(row[0])


def set_password(tx: Tx, route_id: int, password: str) -> None:
    """What it signs in with from now on."""
    tx.run("UPDATE routes SET password = :w WHERE id = :i", {"w": password, "i": route_id})


def remove(tx: Tx, route_id: int) -> int:
    """Take a route out; how many there were."""
    return tx.run("DELETE FROM routes WHERE id = :i", {"i": route_id})


@dataclass(frozen=True, slots=True, kw_only=True)
class StsPolicy:
    """What a domain asks of who delivers to it. RFC 8461 §3.2. *policy_id* is the record's, which says when to read again."""

    domain: str
    policy_id: str
    mode: str
    mx: tuple[str, ...]
    expires_at: Micros


def sts_policy(tx: Tx, domain: str) -> StsPolicy | None:
    """The policy that was read last, also one that has expired."""
    row = tx.one("SELECT domain, policy_id, mode, mx, expires_at FROM sts_policies WHERE domain = :d", {"d": domain})
    return None if row is None else StsPolicy(domain=row[0], policy_id=row[1], mode=row[2], mx=tuple(row[3].split()), expires_at=row[4])


def put_sts_policy(tx: Tx, one: StsPolicy) -> None:
    """Keep a policy in place of the domain's last."""
    tx.run(
        "INSERT INTO sts_policies (domain, policy_id, mode, mx, expires_at) VALUES (:d, :i, :m, :x, :e)"
        " ON CONFLICT (domain) DO UPDATE SET policy_id = :i, mode = :m, mx = :x, expires_at = :e",
        {"d": one.domain, "i": one.policy_id, "m": one.mode, "x": " ".join(one.mx), "e": one.expires_at},
    )


def forget_sts_policies(tx: Tx, before: Micros, limit: int) -> int:
    """Drop policies that ended before *before*; how many."""
    return tx.run("DELETE FROM sts_policies WHERE domain IN (SELECT domain FROM sts_policies WHERE expires_at < :b LIMIT :n)", {"b": before, "n": limit})


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What the DNS check saw of an address that mail of *domain* leaves from: *why* it is not good, or empty."""

    address: str
    domain: str
    why: str
    checked_at: Micros


_SOURCE = "SELECT address, domain, why, checked_at FROM sources WHERE address = :a"


def _source(r: Row | None) -> Source | None:
    return None if r is None else Source(address=r[0], domain=r[1], why=r[2], checked_at=r[3])


def source(tx: Tx, address: str, domain: str) -> Source | None:
    """What was seen last; None when nobody looked."""
    return _source(tx.one(f"{_SOURCE} AND domain = :d", {"a": address, "d": domain}))


def any_source(tx: Tx, address: str) -> Source | None:
    """What was seen of the address for the domain it is best for."""
    return _source(tx.one(f"{_SOURCE} ORDER BY why <> '', domain LIMIT 1", {"a": address}))


def count_sources(tx: Tx, address: str) -> int:
    """Domains the address is good for."""
    return int(tx.value("SELECT count(*) FROM sources WHERE address = :a AND why = ''", {"a": address}))


def put_source(tx: Tx, one: Source) -> None:
    """Remember a look."""
    tx.run(
        "INSERT INTO sources (address, domain, why, checked_at) VALUES (:a, :d, :w, :t) ON CONFLICT (address, domain) DO UPDATE SET why = :w, checked_at = :t",
        {"a": one.address, "d": one.domain, "w": one.why, "t": one.checked_at},
    )
