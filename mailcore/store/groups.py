"""Rows of groups and their members. A group holds rights in mailboxes; no mail goes to it."""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.accounts import like
from mailcore.store.engine import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """A group as stored."""

    id: int
    domain_id: int
    address: str
    name: str


def _group(r: Row) -> Group:
    return Group(id=r[0], domain_id=r[1], address=r[2], name=r[3])


def add(tx: Tx, domain_id: int, address: str, name: str, now: Micros) -> int:
    """A new group; the id."""
    return tx.insert(
        "INSERT INTO member_groups (domain_id, address, name, created_at) VALUES (:d, :a, :n, :t)", {"d": domain_id, "a": address, "n": name, "t": now}
    )


def remove(tx: Tx, group_id: int) -> None:
    """Remove a group, its members' places and its rights."""
    tx.run("DELETE FROM group_members WHERE group_id = :i", {"i": group_id})
    tx.run("DELETE FROM mailbox_rights WHERE holder_kind = 'group' AND holder_id = :i", {"i": group_id})
    tx.run("DELETE FROM member_groups WHERE id = :i", {"i": group_id})


def by_address(tx: Tx, address: str) -> Group | None:
    """The group of this name."""
    row = tx.one("SELECT id, domain_id, address, name FROM member_groups WHERE address = :a", {"a": address})
    return None if row is None else _group(row)


def groups(tx: Tx, domain_id: int | None = None) -> list[Group]:
    """Groups by name, of one domain or all."""
    extra = "" if domain_id is None else " WHERE domain_id = :d"
    return [_group(r) for r in tx.all(f"SELECT id, domain_id, address, name FROM member_groups{extra} ORDER BY address", {"d": domain_id})]


def count(tx: Tx, domain_id: int) -> int:
    """How many groups a domain has."""
    return int(tx.value("SELECT count(*) FROM member_groups WHERE domain_id = :d", {"d": domain_id}))


def member_counts(tx: Tx) -> dict[int, int]:
    """How many members each group has."""
    return {r[0]: r[1] for r in tx.all("SELECT group_id, count(*) FROM group_members GROUP BY group_id")}


_MEMBERS = " FROM group_members m JOIN accounts a ON a.id = m.account_id WHERE m.group_id = :g"


def members(tx: Tx, group_id: int, *, contains: str = "", limit: int = 1_000_000, offset: int = 0) -> list[str]:
    """The addresses of a group's members in order."""
    extra = " AND a.address LIKE :c ESCAPE '\\'" if contains else ""
    rows = tx.all(f"SELECT a.address{_MEMBERS}{extra} ORDER BY a.address LIMIT :n OFFSET :o", {"g": group_id, "c": like(contains), "n": limit, "o": offset})
    return [r[0] for r in rows]


def count_members(tx: Tx, group_id: int, *, contains: str = "") -> int:
    """How many there are."""
    extra = " AND a.address LIKE :c ESCAPE '\\'" if contains else ""
    return int(tx.value(f"SELECT count(*){_MEMBERS}{extra}", {"g": group_id, "c": like(contains)}))


def join(tx: Tx, group_id: int, account_id: int) -> None:
    """Put an account into a group."""
    tx.run(
        "INSERT INTO group_members (group_id, account_id) VALUES (:g, :a) ON CONFLICT (group_id, account_id) DO NOTHING", {"g": group_id, "a": account_id}
    )


def leave(tx: Tx, group_id: int, account_id: int) -> bool:
    """Take an account out of a group; whether it was in it."""
    return tx.run("DELETE FROM group_members WHERE group_id = :g AND account_id = :a", {"g": group_id, "a": account_id}) > 0
