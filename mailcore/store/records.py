"""Small tables that are written once and read by people: audit, trace, and the values of settings.

The audit is a chain: each row's hash covers the one before, so a row that was changed or taken out shows.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mailcore.base.clock import Micros
from mailcore.store.accounts import like
from mailcore.store.engine import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRow:
    """Who changed what; *old* and *new* are JSON without secrets."""

    id: int
    at: Micros
    actor: str
    ip: str
    name: str
    target: str
    old: str
    new: str
    hash: str


def audit(
    tx: Tx, name: str, target: str, *, actor: str, ip: str = "", now: Micros, old: Mapping[str, Any] | None = None,
    new: Mapping[str, Any] | None = None, domain_id: int | None = None,
) -> None:  # fmt: skip
    """Write one audit row (name like "account:password_changed") in the same write as the change it tells of."""
    if tx.is_postgres:
        tx.run("LOCK TABLE audit IN EXCLUSIVE MODE")
    last = tx.value("SELECT hash FROM audit ORDER BY id DESC LIMIT 1") or ""
    before = json.dumps(old or {}, sort_keys=True, default=str, ensure_ascii=False)
    after = json.dumps(new or {}, sort_keys=True, default=str, ensure_ascii=False)
    tx.run(
        "INSERT INTO audit (at, actor, ip, name, target, domain_id, old, new, hash) VALUES (:t, :w, :ip, :n, :x, :d, :o, :v, :h)",
        {
            "t": now, "w": actor, "ip": ip, "n": name, "x": target, "d": domain_id, "o": before, "v": after,
            "h": audit_hash(last, now, actor, name, target, before, after),
        },
    )  # fmt: skip


def audit_hash(last: str, at: Micros, actor: str, name: str, target: str, old: str, new: str) -> str:
    """SHA-256 over the row and the hash before it."""
    return hashlib.sha256("\x1f".join((last, str(at), actor, name, target, old, new)).encode()).hexdigest()


def audit_rows(
    tx: Tx, *, before_id: int | None = None, domain_id: int | None = None, contains: str = "", limit: int = 50
) -> list[AuditRow]:
    """Audit rows, newest first."""
    where = ["1 = 1"]
    if before_id is not None:
        where.append("id < :b")
    if domain_id is not None:
        where.append("domain_id = :d")
    if contains:
        where.append("(lower(name) LIKE :c ESCAPE '\\' OR lower(target) LIKE :c ESCAPE '\\' OR lower(actor) LIKE :c ESCAPE '\\')")
    rows = tx.all(
        f"SELECT id, at, actor, ip, name, target, old, new, hash FROM audit WHERE {' AND '.join(where)} ORDER BY id DESC LIMIT :n",
        {"b": before_id, "d": domain_id, "c": like(contains), "n": limit},
    )
    return [AuditRow(id=r[0], at=r[1], actor=r[2], ip=r[3], name=r[4], target=r[5], old=r[6], new=r[7], hash=r[8]) for r in rows]


def last_changes(tx: Tx, name: str, targets: Sequence[str]) -> dict[str, AuditRow]:
    """The newest audit row of each of *targets* under *name*."""
    if not targets:
        return {}
    places = ", ".join(f":t{n}" for n in range(len(targets)))
    newest = f"SELECT max(id) FROM audit WHERE name = :n AND target IN ({places}) GROUP BY target"
    rows = tx.all(
        f"SELECT id, at, actor, ip, name, target, old, new, hash FROM audit WHERE id IN ({newest})", {"n": name, **{f"t{n}": target for n, target in enumerate(targets)}}
    )
    return {r[5]: AuditRow(id=r[0], at=r[1], actor=r[2], ip=r[3], name=r[4], target=r[5], old=r[6], new=r[7], hash=r[8]) for r in rows}


def was_audited(tx: Tx, name: str, target: str, actor: str, since: Micros) -> bool:
    """Whether *actor* did *name* to *target* since then."""
    where = {"n": name, "t": target, "w": actor, "s": since}
    return tx.one("SELECT 1 FROM audit WHERE name = :n AND target = :t AND actor = :w AND at >= :s LIMIT 1", where) is not None


def audit_break(tx: Tx) -> int | None:
    """The id of the first row whose hash does not fit the chain, or None when it is whole."""
    last = ""
    for r in tx.all("SELECT id, at, actor, name, target, old, new, hash FROM audit ORDER BY id"):
        if audit_hash(last, r[1], r[2], r[3], r[4], r[5], r[6]) != r[7]:
            return int(r[0])
        last = r[7]
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceHead:
    """A message's trace: direction is in, out or local; outcome a word such as accepted, refused, delivered."""

    trace_id: str
    at: Micros
    direction: str
    sender: str
    recipients: str
    subject: str
    msgid: str
    ip: str
    size: int
    account_id: int | None
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceEvent:
    """One decision about a message; *data* is what that kind of event tells."""

    at: Micros
    kind: str
    address: str
    data: dict[str, Any]


_HEAD = "trace_id, at, direction, sender, recipients, subject, msgid, ip, size, account_id, outcome"


def trace(tx: Tx, head: TraceHead, events: Sequence[TraceEvent] = ()) -> None:
    """Write a message's head (or its new outcome) and first events."""
    tx.run(
        f"INSERT INTO traces ({_HEAD}) VALUES (:i, :t, :d, :s, :r, :su, :m, :ip, :z, :a, :o)"
        " ON CONFLICT (trace_id) DO UPDATE SET outcome = excluded.outcome",
        {
            "i": head.trace_id, "t": head.at, "d": head.direction, "s": head.sender, "r": head.recipients[:2000], "su": head.subject[:500],
            "m": head.msgid[:500], "ip": head.ip, "z": head.size, "a": head.account_id, "o": head.outcome,
        },
    )  # fmt: skip
    trace_events(tx, head.trace_id, events)


def trace_events(tx: Tx, trace_id: str, events: Sequence[TraceEvent]) -> None:
    """Add events to a message's trace."""
    tx.many(
        "INSERT INTO trace_events (trace_id, at, kind, address, data) VALUES (:i, :t, :k, :a, :d)",
        [
            {"i": trace_id, "t": e.at, "k": e.kind, "a": e.address, "d": json.dumps(e.data, ensure_ascii=False) if e.data else "{}"}
            for e in events
        ],
    )


def set_outcome(tx: Tx, trace_id: str, outcome: str) -> None:
    """The newest word on a message."""
    tx.run("UPDATE traces SET outcome = :o WHERE trace_id = :i", {"o": outcome, "i": trace_id})


def trace_head(tx: Tx, trace_id: str) -> TraceHead | None:
    """The head of one trace."""
    row = tx.one(f"SELECT {_HEAD} FROM traces WHERE trace_id = :i", {"i": trace_id})
    return None if row is None else TraceHead(**dict(zip(_HEAD.split(", "), row, strict=True)))


def sent_trace(tx: Tx, account_id: int, msgid: str) -> str:
    """The trace of a message that *account_id* sent, by its Message-ID; "" when it is not known (or long ago)."""
    if not msgid:
        return ""
    found = tx.value(
        "SELECT trace_id FROM traces WHERE msgid = :m AND account_id = :a AND direction = 'out' ORDER BY at DESC LIMIT 1", {"m": msgid, "a": account_id}
    )
    return found or ""


def trace_of(tx: Tx, trace_id: str, *, kinds: Sequence[str] = ()) -> list[TraceEvent]:
    """The events of one message, oldest first; of these *kinds*, or all."""
    only = f" AND kind IN ({', '.join(f':k{n}' for n in range(len(kinds)))})" if kinds else ""
    rows = tx.all(f"SELECT at, kind, address, data FROM trace_events WHERE trace_id = :i{only} ORDER BY at, id", {"i": trace_id} | {f"k{n}": kind for n, kind in enumerate(kinds)})
    return [TraceEvent(at=r[0], kind=r[1], address=r[2], data=json.loads(r[3] or "{}")) for r in rows]


def sent_since(tx: Tx, account_id: int, since: Micros) -> int:
    """To how many recipients an account has sent since then, by whatever way."""
    rows = tx.all(
        "SELECT e.data FROM traces t JOIN trace_events e ON e.trace_id = t.trace_id AND e.kind = 'accepted' WHERE t.at >= :s AND t.account_id = :a",
        {"s": since, "a": account_id},
    )
    return sum(int(json.loads(r[0]).get("recipients", 1)) for r in rows)


def strangers(tx: Tx, since: Micros, limit: int) -> list[tuple[str, str, str]]:
    """(address, EHLO name, envelope's sender) of mail that came without a sign-in since then, newest first."""
    rows = tx.all(
        "SELECT t.ip, e.data, t.sender FROM traces t JOIN trace_events e ON e.trace_id = t.trace_id AND e.kind = 'accepted'"
        " WHERE t.at >= :s AND t.direction = 'in' AND t.ip <> '' ORDER BY t.at DESC LIMIT :n",
        {"s": since, "n": limit},
    )
    return [(r[0], json.loads(r[1]).get("helo", ""), r[2]) for r in rows]


def find_traces(
    tx: Tx, *, contains: str = "", sender: str = "", recipient: str = "", since: Micros = 0, until: Micros | None = None,
    before: Micros | None = None, domains: Sequence[str] = (), outcomes: Sequence[str] = (), limit: int = 50,
) -> list[TraceHead]:  # fmt: skip
    """Traces, newest first; every text filter is "contains", in any case; *domains* keeps what comes from them or goes to them."""
    where = ["at >= :since"]
    if until is not None:
        where.append("at < :until")
    if before is not None:
        where.append("at < :before")
    if sender:
        where.append("lower(sender) LIKE :s ESCAPE '\\'")
    if recipient:
        where.append("lower(recipients) LIKE :r ESCAPE '\\'")
    if domains:
        touches = "lower(sender) LIKE :f{0} ESCAPE '\\' OR lower(recipients) || ',' LIKE :t{0} ESCAPE '\\'"
        where.append("(" + " OR ".join(touches.format(n) for n in range(len(domains))) + ")")
    if outcomes:
        where.append(f"outcome IN ({', '.join(f':o{n}' for n in range(len(outcomes)))})")
    if contains:
        where.append(
            "(lower(subject) LIKE :c ESCAPE '\\' OR lower(sender) LIKE :c ESCAPE '\\' OR lower(recipients) LIKE :c ESCAPE '\\'"
            " OR lower(msgid) LIKE :c ESCAPE '\\' OR trace_id LIKE :c ESCAPE '\\')"
        )
    rows = tx.all(
        f"SELECT {_HEAD} FROM traces WHERE {' AND '.join(where)} ORDER BY at DESC LIMIT :n",
        {
            "since": since, "until": until, "before": before, "s": like(sender), "r": like(recipient), "c": like(contains), "n": limit,
            **{f"f{n}": like("@" + name).removesuffix("%") for n, name in enumerate(domains)}, **{f"t{n}": like(f"@{name},") for n, name in enumerate(domains)},
            **{f"o{n}": outcome for n, outcome in enumerate(outcomes)},
        },
    )  # fmt: skip
    return [TraceHead(**dict(zip(_HEAD.split(", "), row, strict=True))) for row in rows]


def setting_values(tx: Tx) -> list[tuple[str, str, str]]:
    """(scope, name, JSON value) of every setting that differs from its default."""
    return [(r[0], r[1], r[2]) for r in tx.all("SELECT scope, name, value FROM settings")]


def account_setting(tx: Tx, account_id: int, name: str) -> Any:
    """What is set for one account, or None; for what has to be known inside a transaction."""
    found = tx.value("SELECT value FROM settings WHERE scope = :s AND name = :n", {"s": f"account:{account_id}", "n": name})
    return None if found is None else json.loads(found)


def setting_version(tx: Tx) -> tuple[int, int]:
    """A pair that changes with every change of a setting."""
    row = tx.one("SELECT count(*), coalesce(max(changed_at), 0) FROM settings")
    assert row is not None
    return int(row[0]), int(row[1])


def put_setting(tx: Tx, scope: str, name: str, value: str | None, now: Micros) -> None:
    """Set a value (JSON), or back to the default with None; every process is told after the commit."""
    if value is None:
        tx.run("DELETE FROM settings WHERE scope = :s AND name = :n", {"s": scope, "n": name})
    else:
        tx.run(
            "INSERT INTO settings (scope, name, value, changed_at) VALUES (:s, :n, :v, :t)"
            " ON CONFLICT (scope, name) DO UPDATE SET value = :v, changed_at = :t",
            {"s": scope, "n": name, "v": value, "t": now},
        )
    tx.hints.append((-1, 0))
