"""Rows of distribution lists and their members. Who may write to a list and what happens to its mail is told elsewhere."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mailcore.base.clock import Micros
from mailcore.store import accounts
from mailcore.store.engine import Row, Tx

MAX_NESTED = 100
"""Most lists inside one list that are looked at. Stops lists of lists from growing without bound."""
MAX_DEPTH = 25
"""Deepest list in a list that is looked at: hMailServer's limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MailingList:
    """A list as stored. *mode*: public, members, announcement, domain; *reply_to*: author, list."""

    id: int
    domain_id: int
    address: str
    name: str
    mode: str
    owner: str
    reply_to: str
    needs_sign_in: bool
    is_enabled: bool
    created_at: Micros

    @property
    def domain(self) -> str:
        """The domain of its address."""
        return self.address.rpartition("@")[2]

    @property
    def list_id(self) -> str:
        """What stands in List-Id. RFC 2919 §2."""
        return self.address.replace("@", ".")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One address on a list, with the bounces of its window."""

    id: int
    list_id: int
    address: str
    bounces: int
    bounces_since: Micros | None
    bounced: tuple[Micros, ...]
    """When mail came back, oldest first."""
    paused_at: Micros | None
    joined_at: Micros


_LIST = "id, domain_id, address, name, mode, owner, reply_to, needs_sign_in, is_enabled, created_at"
_MEMBER = "id, list_id, address, bounces, bounces_since, paused_at, joined_at, bounced"
FIELDS = frozenset({"name", "mode", "owner", "reply_to", "needs_sign_in", "is_enabled"})


def _list(r: Row) -> MailingList:
    return MailingList(
        id=r[0], domain_id=r[1], address=r[2], name=r[3], mode=r[4], owner=r[5], reply_to=r[6], needs_sign_in=bool(r[7]), is_enabled=bool(r[8]),
        created_at=r[9],
    )  # fmt: skip


def _member(r: Row) -> Member:
    return Member(id=r[0], list_id=r[1], address=r[2], bounces=r[3], bounces_since=r[4], paused_at=r[5], joined_at=r[6], bounced=tuple(map(int, r[7].split())))


def add(tx: Tx, domain_id: int, address: str, now: Micros, **fields: Any) -> int:
    """A new list and its address; the id."""
    list_id = tx.insert(
        "INSERT INTO lists (domain_id, address, mode, reply_to, created_at) VALUES (:d, :a, 'public', 'author', :n)",
        {"d": domain_id, "a": address, "n": now},
    )
    accounts.add_address(tx, address, domain_id, "list", list_id)
    change(tx, list_id, **fields)
    return list_id


def change(tx: Tx, list_id: int, **fields: Any) -> None:
    """Change columns of a list."""
    if not fields.keys() <= FIELDS:
        raise AssertionError(f"not columns of lists: {sorted(fields.keys() - FIELDS)}")
    values = {name: int(value) if isinstance(value, bool) else value for name, value in fields.items()}
    if values:
        tx.run(f"UPDATE lists SET {', '.join(f'{n} = :{n}' for n in values)} WHERE id = :row_id", {**values, "row_id": list_id})


def remove(tx: Tx, list_id: int) -> None:
    """Remove a list, its members and its address."""
    tx.run("DELETE FROM addresses WHERE kind = 'list' AND target_id = :i", {"i": list_id})
    tx.run("DELETE FROM list_members WHERE list_id = :i", {"i": list_id})
    tx.run("DELETE FROM lists WHERE id = :i", {"i": list_id})


def by_id(tx: Tx, list_id: int) -> MailingList | None:
    """The list with this id."""
    row = tx.one(f"SELECT {_LIST} FROM lists WHERE id = :i", {"i": list_id})
    return None if row is None else _list(row)


def by_address(tx: Tx, address: str) -> MailingList | None:
    """The list with this address (a key)."""
    row = tx.one(f"SELECT {_LIST} FROM lists WHERE address = :a", {"a": address})
    return None if row is None else _list(row)


def lists(tx: Tx, domain_id: int | None = None, *, after: str = "", limit: int = 50, contains: str = "") -> list[MailingList]:
    """Lists by address, after *after*, of one domain or all, whose address or name contains *contains*."""
    where = ["address > :after"]
    if domain_id is not None:
        where.append("domain_id = :d")
    if contains:
        where.append("(address LIKE :c ESCAPE '\\' OR lower(name) LIKE :c ESCAPE '\\')")
    sql = f"SELECT {_LIST} FROM lists WHERE {' AND '.join(where)} ORDER BY address LIMIT :n"
    return [_list(r) for r in tx.all(sql, {"after": after, "d": domain_id, "c": accounts.like(contains), "n": limit})]


def count(tx: Tx, domain_id: int | None = None) -> int:
    """How many lists a domain, or the server, has."""
    extra = "" if domain_id is None else " WHERE domain_id = :d"
    return int(tx.value(f"SELECT count(*) FROM lists{extra}", {"d": domain_id}))


def nested(tx: Tx, list_id: int) -> list[MailingList]:
    """The lists inside a list and inside those, each once, itself left out."""
    known, fresh = {list_id}, [list_id]
    found: list[MailingList] = []
    for _ in range(MAX_DEPTH):
        step: list[int] = []
        for one in fresh:
            rows = tx.all(
                "SELECT a.target_id FROM list_members m JOIN addresses a ON a.address = m.address AND a.kind = 'list' WHERE m.list_id = :i ORDER BY m.address",
                {"i": one},
            )
            step += [r[0] for r in rows if r[0] not in known and r[0] not in step]
        fresh = step[: MAX_NESTED - len(found)]
        known.update(fresh)
        found += [made for made in (by_id(tx, one) for one in fresh) if made is not None]
        if not fresh:
            break
    return found


def members(tx: Tx, list_id: int, *, after: str = "", limit: int = 50, contains: str = "") -> list[Member]:
    """Members by address, after *after*."""
    extra = " AND address LIKE :c ESCAPE '\\'" if contains else ""
    values = {"i": list_id, "after": after, "n": limit, "c": accounts.like(contains)}
    return [_member(r) for r in tx.all(f"SELECT {_MEMBER} FROM list_members WHERE list_id = :i AND address > :after{extra} ORDER BY address LIMIT :n", values)]


def count_members(tx: Tx, list_id: int) -> int:
    """How many addresses stand on a list."""
    return int(tx.value("SELECT count(*) FROM list_members WHERE list_id = :i", {"i": list_id}))


def with_paused(tx: Tx, domain_id: int | None, *, limit: int) -> list[tuple[str, int]]:
    """(address, how many members are paused) of the lists that have any, of one domain or of all, most first."""
    only = "" if domain_id is None else " AND l.domain_id = :d"
    rows = tx.all(
        f"SELECT l.address, count(*) FROM list_members m JOIN lists l ON l.id = m.list_id WHERE m.paused_at IS NOT NULL AND l.is_enabled = 1{only}"
        " GROUP BY l.address ORDER BY count(*) DESC, l.address LIMIT :n",
        {"n": limit} | ({} if domain_id is None else {"d": domain_id}),
    )
    return [(r[0], int(r[1])) for r in rows]


def count_paused(tx: Tx, list_id: int) -> int:
    """How many members are paused."""
    return int(tx.value("SELECT count(*) FROM list_members WHERE list_id = :i AND paused_at IS NOT NULL", {"i": list_id}))


def counts(tx: Tx, list_ids: Sequence[int]) -> dict[int, tuple[int, int]]:
    """(members, of them paused) of several lists at once."""
    if not list_ids:
        return {}
    places = ", ".join(str(int(i)) for i in list_ids)
    rows = tx.all(f"SELECT list_id, count(*), count(paused_at) FROM list_members WHERE list_id IN ({places}) GROUP BY list_id")
    return {r[0]: (int(r[1]), int(r[2])) for r in rows}


def member(tx: Tx, member_id: int) -> Member | None:
    """The member with this id."""
    row = tx.one(f"SELECT {_MEMBER} FROM list_members WHERE id = :i", {"i": member_id})
    return None if row is None else _member(row)


def member_by_address(tx: Tx, list_id: int, address: str) -> Member | None:
    """The member of a list with this address (a key)."""
    row = tx.one(f"SELECT {_MEMBER} FROM list_members WHERE list_id = :i AND address = :a", {"i": list_id, "a": address})
    return None if row is None else _member(row)


def is_member(tx: Tx, list_ids: Sequence[int], addresses: Sequence[str]) -> bool:
    """Whether any of *addresses* (keys) stands on any of the lists, paused or not."""
    return any(member_by_address(tx, i, address) is not None for i in list_ids for address in addresses)


def add_members(tx: Tx, list_id: int, addresses: Sequence[str], now: Micros) -> None:
    """Put *addresses* (keys) on a list; those that stand there stay as they are."""
    tx.many(
        "INSERT INTO list_members (list_id, address, joined_at) VALUES (:l, :a, :n) ON CONFLICT (list_id, address) DO NOTHING",
        [{"l": list_id, "a": address, "n": now} for address in addresses],
    )


def remove_member(tx: Tx, member_id: int) -> None:
    """Take a member off its list."""
    tx.run("DELETE FROM list_members WHERE id = :i", {"i": member_id})


def set_bounces(tx: Tx, member_id: int, bounced: Sequence[Micros], paused_at: Micros | None) -> None:
    """Note when mail to a member came back, oldest first."""
    tx.run(
        "UPDATE list_members SET bounces = :b, bounces_since = :s, bounced = :w, paused_at = :p WHERE id = :i",
        {"b": len(bounced), "s": bounced[0] if bounced else None, "w": " ".join(map(str, bounced)), "p": paused_at, "i": member_id},
    )
