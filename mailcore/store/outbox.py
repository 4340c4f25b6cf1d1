"""The queue's rows: put in by delivery, taken by lease, each recipient's outcome written on its own.

A lease ends by itself; times are the caller's clock (on PostgreSQL workers share the database's by NTP within seconds, and
a lease lasts minutes). An item is gone when no recipient waits and its notices are made.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.blobs import BlobStore, Locator, Staged, rows
from mailcore.store.engine import Row, Tx

LEASE_SECONDS = 15 * 60
TAKE_BACK_SECONDS = 2
"""How long an item waits when the worker that had it ended; twice as long each time."""
"""How long one attempt may take before another worker may try the item again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRecipient:
    """A recipient of a new item: printed address, DSN parameters as given (RFC 3461). *state* is "delivered" for who has the message already."""

    address: str
    domain: str
    orcpt: str = ""
    notify: str = ""
    state: str = "waiting"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewItem:
    """A message to send. `sender` "" is the null path; kind: mail, bounce, forward, reply, notice."""

    trace_id: str
    sender: str
    recipients: Sequence[NewRecipient]
    staged: Staged
    prefix: bytes = b""
    account_id: int | None = None
    email_id: int | None = None
    kind: str = "mail"
    envid: str = ""
    ret: str = ""
    body_kind: str = ""
    is_utf8: bool = False
    subject: str = ""
    route: str = ""
    state: str = "waiting"
    next_at: Micros = 0
    expires_at: Micros = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """A recipient's row. `state`: waiting, delivered, relayed, failed."""

    id: int
    item_id: int
    address: str
    domain: str
    orcpt: str
    notify: str
    state: str
    attempts: int
    next_at: Micros
    code: int
    enhanced: str
    detail: str
    remote: str
    changed_at: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A queue item with where its bytes lie."""

    id: int
    trace_id: str
    account_id: int | None
    email_id: int | None
    sender: str
    prefix: bytes
    size: int
    kind: str
    envid: str
    ret: str
    body_kind: str
    is_utf8: bool
    subject: str
    state: str
    created_at: Micros
    next_at: Micros
    expires_at: Micros
    attempts: int
    warned_at: Micros | None
    blob_id: int
    locator: Locator
    route: str
    """The domain of the route a rule chose; "" for the usual one."""


_ITEM = (
    "q.id, q.trace_id, q.account_id, q.email_id, q.sender, q.prefix, q.size, q.kind, q.envid, q.ret, q.body_kind, q.is_utf8, q.subject,"
    ' q.state, q.created_at, q.next_at, q.expires_at, q.attempts, q.warned_at, q.blob_id, b.segment, b."offset", b.length, q.route'
)
_RECIPIENT = "id, item_id, address, domain, orcpt, notify, state, attempts, next_at, code, enhanced, detail, remote, changed_at"


def _item(r: Row) -> Item:
    return Item(
        id=r[0], trace_id=r[1], account_id=r[2], email_id=r[3], sender=r[4], prefix=bytes(r[5]), size=r[6], kind=r[7], envid=r[8], ret=r[9],
        body_kind=r[10], is_utf8=bool(r[11]), subject=r[12], state=r[13], created_at=r[14], next_at=r[15], expires_at=r[16], attempts=r[17],
        warned_at=r[18], blob_id=r[19], locator=Locator(segment=r[20], offset=r[21], length=r[22]), route=r[23],
    )  # fmt: skip


def _recipient(r: Row) -> Recipient:
    return Recipient(
        id=r[0], item_id=r[1], address=r[2], domain=r[3], orcpt=r[4], notify=r[5], state=r[6], attempts=r[7], next_at=r[8], code=r[9],
        enhanced=r[10], detail=r[11], remote=r[12], changed_at=r[13],
    )  # fmt: skip


def put(tx: Tx, blobs: BlobStore, item: NewItem, now: Micros) -> int:
    """Queue *item*; its id. The hint (0, 0) wakes the runner after the commit."""
    blob_id = rows.claim(tx, item.staged, now, blobs)
    item_id = tx.insert(
        "INSERT INTO queue_items (trace_id, account_id, email_id, sender, blob_id, prefix, size, kind, envid, ret, body_kind, is_utf8, subject,"
        " state, created_at, next_at, expires_at, route) VALUES (:t, :a, :e, :s, :b, :p, :z, :k, :v, :r, :bk, :u, :su, :st, :n, :x, :ex, :ro)",
        {
            "t": item.trace_id, "a": item.account_id, "e": item.email_id, "s": item.sender, "b": blob_id, "p": item.prefix,
            "z": len(item.prefix) + item.staged.locator.length, "k": item.kind, "v": item.envid, "r": item.ret, "bk": item.body_kind,
            "u": int(item.is_utf8), "su": item.subject, "st": item.state, "n": now, "x": item.next_at or now, "ex": item.expires_at, "ro": item.route,
        },
    )  # fmt: skip
    tx.many(
        "INSERT INTO queue_recipients (item_id, address, domain, orcpt, notify, state, next_at, changed_at)"
        " VALUES (:i, :a, :d, :o, :n, :s, :x, :t)",
        [
            {"i": item_id, "a": r.address, "d": r.domain, "o": r.orcpt, "n": r.notify, "s": r.state, "x": item.next_at or now, "t": now}
            for r in item.recipients
        ],
    )
    tx.hints.append((0, 0))
    return item_id


def lease(tx: Tx, owner: str, now: Micros, limit: int = 1) -> list[Item]:
    """Take up to *limit* items that are due and that nobody holds."""
    lock = " FOR UPDATE SKIP LOCKED" if tx.is_postgres else ""
    due = tx.all(
        "SELECT id FROM queue_items WHERE state = 'waiting' AND next_at <= :n AND lease_until <= :n ORDER BY next_at, id LIMIT :l" + lock,
        {"n": now, "l": limit},
    )
    taken = []
    for (item_id,) in due:
        tx.run(
            "UPDATE queue_items SET lease_owner = :o, lease_until = :u WHERE id = :i",
            {"o": owner, "u": now + LEASE_SECONDS * 1_000_000, "i": item_id},
        )
        taken.append(item_id)
    return [found for item_id in taken if (found := get(tx, item_id)) is not None]


def take_back(tx: Tx, owners: str, now: Micros, *, but: str = "") -> int:
    """Free what owners whose name begins so, *but* one, held when they ended; how many. What ends its worker again and again waits longer each time."""
    sql = "SELECT id, attempts FROM queue_items WHERE lease_until > :n AND lease_owner LIKE :o AND lease_owner <> :b"
    found = tx.all(sql, {"n": now, "o": f"{owners}%", "b": but})
    for item_id, attempts in found:
        seconds = min(LEASE_SECONDS, TAKE_BACK_SECONDS * 2 ** min(attempts, 10))
        release(tx, item_id, now + seconds * 1_000_000, attempts + 1)
    return len(found)


def release(tx: Tx, item_id: int, next_at: Micros, attempts: int) -> None:
    """Give a leased item back, to be tried again at *next_at*."""
    tx.run(
        "UPDATE queue_items SET lease_owner = '', lease_until = 0, next_at = :n, attempts = :a WHERE id = :i",
        {"n": next_at, "a": attempts, "i": item_id},
    )


def next_due(tx: Tx) -> Micros | None:
    """When the next waiting item is due."""
    found = tx.value("SELECT min(CASE WHEN next_at > lease_until THEN next_at ELSE lease_until END) FROM queue_items WHERE state = 'waiting'")
    return None if found is None else int(found)


def get(tx: Tx, item_id: int) -> Item | None:
    """One item."""
    row = tx.one(f"SELECT {_ITEM} FROM queue_items q JOIN blobs b ON b.id = q.blob_id WHERE q.id = :i", {"i": item_id})
    return None if row is None else _item(row)


def waiting(tx: Tx, item_id: int, limit: int) -> list[Recipient]:
    """The first *limit* recipients of an item that wait."""
    rows = tx.all(f"SELECT {_RECIPIENT} FROM queue_recipients WHERE item_id = :i AND state = 'waiting' ORDER BY id LIMIT :n", {"i": item_id, "n": limit})
    return [_recipient(r) for r in rows]


def recipients(tx: Tx, item_id: int) -> list[Recipient]:
    """The recipients of an item."""
    return [_recipient(r) for r in tx.all(f"SELECT {_RECIPIENT} FROM queue_recipients WHERE item_id = :i ORDER BY id", {"i": item_id})]


def record(
    tx: Tx, recipient_id: int, *, state: str, next_at: Micros, code: int, enhanced: str, detail: str, remote: str, now: Micros
) -> None:
    """Write what became of one recipient in an attempt."""
    tx.run(
        "UPDATE queue_recipients SET state = :s, attempts = attempts + 1, next_at = :x, code = :c, enhanced = :e, detail = :d, remote = :r,"
        " changed_at = :n WHERE id = :i",
        {"s": state, "x": next_at, "c": code, "e": enhanced, "d": detail[:1000], "r": remote, "n": now, "i": recipient_id},
    )


def set_state(tx: Tx, item_id: int, state: str, *, next_at: Micros | None = None) -> bool:
    """Hold ("held"), release or retry ("waiting") an item; whether it was there."""
    if next_at is None:
        return tx.run("UPDATE queue_items SET state = :s WHERE id = :i", {"s": state, "i": item_id}) > 0
    tx.run("UPDATE queue_recipients SET next_at = :x WHERE item_id = :i AND state = 'waiting'", {"x": next_at, "i": item_id})
    tx.hints.append((0, 0))
    return tx.run("UPDATE queue_items SET state = :s, next_at = :x WHERE id = :i", {"s": state, "x": next_at, "i": item_id}) > 0


def set_warned(tx: Tx, item_id: int, now: Micros) -> None:
    """Remember that the sender was told of the delay."""
    tx.run("UPDATE queue_items SET warned_at = :n WHERE id = :i", {"n": now, "i": item_id})


def remove(tx: Tx, item_id: int) -> None:
    """Forget an item and its recipients; the trace keeps what happened."""
    tx.run("DELETE FROM queue_recipients WHERE item_id = :i", {"i": item_id})
    tx.run("DELETE FROM queue_items WHERE id = :i", {"i": item_id})


def forget_held(tx: Tx, kind: str, before: Micros, limit: int) -> int:
    """Remove items of *kind* that were put in before then and that nobody let go; how many."""
    old = tx.all("SELECT id FROM queue_items WHERE kind = :k AND state = 'held' AND created_at < :b ORDER BY id LIMIT :n", {"k": kind, "b": before, "n": limit})
    for (item_id,) in old:
        remove(tx, item_id)
    return len(old)


_QUARANTINED = "(q.state = 'held' AND EXISTS (SELECT 1 FROM traces t WHERE t.trace_id = q.trace_id AND t.outcome = 'quarantined'))"
"""Held for what was found in it, not by an admin; it is no mail on its way."""


def listing(tx: Tx, *, state: str = "", contains: str = "", after_id: int = 0, limit: int = 50, is_quarantined: bool = False) -> list[Item]:
    """Items by id after *after_id*, on their way or in quarantine; *contains* looks into sender, subject and recipients."""
    where = ["q.id > :after", _QUARANTINED if is_quarantined else f"NOT {_QUARANTINED}"]
    if state:
        where.append("q.state = :s")
    if contains:
        where.append(
            "(lower(q.sender) LIKE :c ESCAPE '\\' OR lower(q.subject) LIKE :c ESCAPE '\\' OR EXISTS (SELECT 1 FROM queue_recipients r"
            " WHERE r.item_id = q.id AND lower(r.address) LIKE :c ESCAPE '\\'))"
        )
    from mailcore.store.accounts import like

    sql = f"SELECT {_ITEM} FROM queue_items q JOIN blobs b ON b.id = q.blob_id WHERE {' AND '.join(where)} ORDER BY q.id LIMIT :n"
    return [_item(r) for r in tx.all(sql, {"after": after_id, "s": state, "c": like(contains), "n": limit})]


def count(tx: Tx, state: str = "", *, is_quarantined: bool = False) -> int:
    """How many items are on their way, or in *state*, or in quarantine."""
    extra = " AND q.state = :s" if state else ""
    return int(tx.value(f"SELECT count(*) FROM queue_items q WHERE {'' if is_quarantined else 'NOT '}{_QUARANTINED}{extra}", {"s": state}))


def waiting_by_domain(tx: Tx, limit: int = 20) -> list[tuple[str, int, str]]:
    """(domain, waiting recipients, newest detail) for domains that have been tried and wait again, most first."""
    return [
        (r[0], int(r[1]), r[2])
        for r in tx.all(
            "SELECT domain, count(*), max(detail) FROM queue_recipients WHERE state = 'waiting' AND attempts > 0 GROUP BY domain"
            " ORDER BY count(*) DESC LIMIT :n",
            {"n": limit},
        )
    ]
