"""Rows of domains, accounts and aliases, and the one name space of addresses. What may be created is `directory`'s to say.

Every address is a key (`Address.key`). A row in `addresses` is made and removed with the account, alias or list it leads to.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from mailcore.base.clock import Micros
from mailcore.store.engine import Row, Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Domain:
    """A domain as stored; limits of 0 mean none; sizes in bytes."""

    id: int
    name: str
    is_enabled: bool
    catch_all: str
    plus_separator: str
    max_accounts: int
    max_aliases: int
    max_lists: int
    max_size_bytes: int
    max_message_bytes: int
    max_account_bytes: int
    created_at: Micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account as stored; quota 0 means none. `role`: user, domain-admin, server-admin."""

    id: int
    domain_id: int
    address: str
    display_name: str
    kind: str
    role: str
    is_enabled: bool
    password_hash: str
    password_changed_at: Micros
    quota_bytes: int
    used_bytes: int
    used_count: int
    over_quota_since: Micros | None
    modseq: int
    locale: str
    time_zone: str
    totp_secret: str
    totp_last_step: int
    created_at: Micros
    last_sign_in_at: Micros | None
    filters_version: int
    """0: nothing filters this account's mail."""
    is_device: bool
    keeps_submitted: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Alias:
    """An alias as stored; *targets* are addresses in printed form."""

    id: int
    domain_id: int
    address: str
    targets: tuple[str, ...]
    is_enabled: bool
    created_at: Micros


_DOMAIN = (
    "id, name, is_enabled, catch_all, plus_separator, max_accounts, max_aliases, max_lists, max_size_bytes, max_message_bytes,"
    " max_account_bytes, created_at"
)
_ACCOUNT = (
    "id, domain_id, address, display_name, kind, role, is_enabled, password_hash, password_changed_at, quota_bytes, used_bytes, used_count,"
    " over_quota_since, modseq, locale, time_zone, totp_secret, totp_last_step, created_at, last_sign_in_at, filters_version, is_device, keeps_submitted"
)
_ALIAS = "id, domain_id, address, targets, is_enabled, created_at"
_DOMAIN_NAMES = [n.strip() for n in _DOMAIN.split(",")]
_ACCOUNT_NAMES = [n.strip() for n in _ACCOUNT.split(",")]


def _domain(row: Row) -> Domain:
    values: dict[str, Any] = dict(zip(_DOMAIN_NAMES, row, strict=True))
    return Domain(**{**values, "is_enabled": bool(values["is_enabled"])})


def _account(row: Row) -> Account:
    values: dict[str, Any] = dict(zip(_ACCOUNT_NAMES, row, strict=True))
    return Account(**{**values, **{name: bool(values[name]) for name in ("is_enabled", "is_device", "keeps_submitted")}})


def _alias(row: Row) -> Alias:
    targets = tuple(t for t in row[3].split("\n") if t)
    return Alias(id=row[0], domain_id=row[1], address=row[2], targets=targets, is_enabled=bool(row[4]), created_at=row[5])


# Domains


def add_domain(tx: Tx, name: str, now: Micros) -> int:
    """A new domain row; the id. The name must be free."""
    return tx.insert("INSERT INTO domains (name, plus_separator, created_at) VALUES (:n, '+', :t)", {"n": name, "t": now})


def domain(tx: Tx, name: str) -> Domain | None:
    """The domain with this A-label name."""
    row = tx.one(f"SELECT {_DOMAIN} FROM domains WHERE name = :n", {"n": name})
    return None if row is None else _domain(row)


def domain_by_id(tx: Tx, domain_id: int) -> Domain | None:
    """The domain with this id."""
    row = tx.one(f"SELECT {_DOMAIN} FROM domains WHERE id = :i", {"i": domain_id})
    return None if row is None else _domain(row)


def domains(tx: Tx) -> list[Domain]:
    """Every domain, by name."""
    return [_domain(r) for r in tx.all(f"SELECT {_DOMAIN} FROM domains ORDER BY name")]


def domain_alias(tx: Tx, name: str) -> int | None:
    """The id of the domain that *name* is another name of."""
    found = tx.value("SELECT domain_id FROM domain_aliases WHERE name = :n", {"n": name})
    return None if found is None else int(found)


def domain_aliases(tx: Tx, domain_id: int) -> list[str]:
    """The other names of a domain."""
    return [r[0] for r in tx.all("SELECT name FROM domain_aliases WHERE domain_id = :i ORDER BY name", {"i": domain_id})]


def add_domain_alias(tx: Tx, domain_id: int, name: str) -> None:
    """Let *name* be another name of the domain."""
    tx.run("INSERT INTO domain_aliases (name, domain_id) VALUES (:n, :i)", {"n": name, "i": domain_id})


def remove_domain_alias(tx: Tx, domain_id: int, name: str) -> bool:
    """Whether *name* was another name of the domain; it is no longer."""
    return tx.run("DELETE FROM domain_aliases WHERE name = :n AND domain_id = :i", {"n": name, "i": domain_id}) > 0


DOMAIN_FIELDS = frozenset(_DOMAIN_NAMES) - {"id", "created_at"}
ACCOUNT_FIELDS = frozenset(_ACCOUNT_NAMES) - {"id", "used_bytes", "used_count", "modseq", "created_at"}


def set_domain(tx: Tx, domain_id: int, **fields: Any) -> None:
    """Change columns of a domain; the names are checked against the table's."""
    _set(tx, "domains", DOMAIN_FIELDS, domain_id, fields)


def set_account(tx: Tx, account_id: int, **fields: Any) -> None:
    """Change columns of an account; the names are checked against the table's."""
    _set(tx, "accounts", ACCOUNT_FIELDS, account_id, fields)


def set_alias(tx: Tx, alias_id: int, **fields: Any) -> None:
    """Change `targets` (lines) or `is_enabled` of an alias."""
    _set(tx, "aliases", frozenset({"targets", "is_enabled", "address"}), alias_id, fields)


def _set(tx: Tx, table: str, allowed: frozenset[str], row_id: int, fields: dict[str, Any]) -> None:
    if not fields.keys() <= allowed:
        raise AssertionError(f"not columns of {table}: {sorted(fields.keys() - allowed)}")
    assignments = ", ".join(f"{name} = :{name}" for name in fields)
    values = {k: int(v) if isinstance(v, bool) else v for k, v in fields.items()}
    tx.run(f"UPDATE {table} SET {assignments} WHERE id = :row_id", {**values, "row_id": row_id})


def remove_domain(tx: Tx, domain_id: int) -> None:
    """Remove the domain's own rows; its accounts and aliases must be gone."""
    tx.run("DELETE FROM domain_aliases WHERE domain_id = :i", {"i": domain_id})
    tx.run("DELETE FROM dkim_keys WHERE domain_id = :i", {"i": domain_id})
    tx.run("DELETE FROM domains WHERE id = :i", {"i": domain_id})


# Accounts


def add_account(tx: Tx, domain_id: int, address: str, now: Micros, **fields: Any) -> int:
    """A new account row and its address; the id. The address must be free."""
    account_id = tx.insert(
        "INSERT INTO accounts (domain_id, address, kind, role, created_at) VALUES (:d, :a, 'person', 'user', :t)",
        {"d": domain_id, "a": address, "t": now},
    )
    add_address(tx, address, domain_id, "account", account_id)
    if fields:
        set_account(tx, account_id, **fields)
    return account_id


def add_address(tx: Tx, address: str, domain_id: int, kind: str, target_id: int) -> None:
    """Let *address* lead to something. It must be free (`lookup`)."""
    tx.run(
        "INSERT INTO addresses (address, domain_id, kind, target_id) VALUES (:a, :d, :k, :t)",
        {"a": address, "d": domain_id, "k": kind, "t": target_id},
    )


def lookup(tx: Tx, address: str) -> tuple[str, int] | None:
    """(kind, id) of what *address* leads to: account, alias, list."""
    row = tx.one("SELECT kind, target_id FROM addresses WHERE address = :a", {"a": address})
    return None if row is None else (row[0], row[1])


def account(tx: Tx, account_id: int) -> Account | None:
    """The account with this id."""
    row = tx.one(f"SELECT {_ACCOUNT} FROM accounts WHERE id = :i AND deleted_at IS NULL", {"i": account_id})
    return None if row is None else _account(row)


def account_by_address(tx: Tx, address: str) -> Account | None:
    """The account whose own address this is."""
    row = tx.one(f"SELECT {_ACCOUNT} FROM accounts WHERE address = :a AND deleted_at IS NULL", {"a": address})
    return None if row is None else _account(row)


STATES = {
    "on": "is_enabled = 1", "off": "is_enabled = 0", "full": "quota_bytes > 0 AND used_bytes * 100 >= quota_bytes * 95",
    "filling": "quota_bytes > 0 AND used_bytes * 100 >= quota_bytes * 80 AND used_bytes * 100 < quota_bytes * 95",
}  # fmt: skip
"""What a list of accounts can be narrowed to."""
ORDERS = {"": "address", "name": "lower(display_name), address", "used": "used_bytes DESC, address", "seen": "COALESCE(last_sign_in_at, 0) DESC, address"}
"""How a list of accounts can be sorted."""


def accounts(
    tx: Tx, domain_id: int | None = None, *, after: str = "", limit: int = 50, contains: str = "", state: str = "", order: str = "", offset: int = 0
) -> list[Account]:
    """Accounts of one domain or all, whose address or name contains *contains*, in one of STATES; by address after *after*, or sorted by one of ORDERS from *offset*."""
    sql = f"SELECT {_ACCOUNT} FROM accounts WHERE {_chosen(domain_id, contains, state)} AND address > :after ORDER BY {ORDERS[order]} LIMIT :n OFFSET :o"
    return [_account(r) for r in tx.all(sql, {"after": after, "d": domain_id, "c": like(contains), "n": limit, "o": offset})]


def _chosen(domain_id: int | None, contains: str, state: str) -> str:
    where = ["deleted_at IS NULL", "kind <> 'public'"]
    if domain_id is not None:
        where.append("domain_id = :d")
    if contains:
        where.append("(address LIKE :c ESCAPE '\\' OR lower(display_name) LIKE :c ESCAPE '\\')")
    if state:
        where.append(STATES[state])
    return " AND ".join(where)


def like(text: str) -> str:
    """*text*, lower-cased, as a LIKE pattern that means "contains"."""
    escaped = text.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")
    return f"%{escaped}%"


def count_accounts(tx: Tx, domain_id: int | None = None, *, contains: str = "", state: str = "") -> int:
    """How many accounts a domain, or the server, has; of those that a list is narrowed to."""
    return int(tx.value(f"SELECT count(*) FROM accounts WHERE {_chosen(domain_id, contains, state)}", {"d": domain_id, "c": like(contains)}))


def domain_totals(tx: Tx) -> dict[int, tuple[int, int]]:
    """(accounts, bytes used) of each domain; its public mailboxes take space, and are nobody's account."""
    rows = tx.all("SELECT domain_id, sum(CASE WHEN kind <> 'public' THEN 1 ELSE 0 END), sum(used_bytes) FROM accounts WHERE deleted_at IS NULL GROUP BY domain_id")
    return {r[0]: (int(r[1]), int(r[2])) for r in rows}


def remove_account(tx: Tx, account_id: int) -> None:
    """Remove an account and all that is its own. Blobs and emails without a message are the sweep's."""
    tx.run("DELETE FROM mailbox_rights WHERE mailbox_id IN (SELECT id FROM mailboxes WHERE account_id = :i)", {"i": account_id})
    tx.run("DELETE FROM mailbox_rights WHERE holder_kind = 'user' AND holder_id = :i", {"i": account_id})
    for table in (
        "messages", "expunged", "thread_refs", "mailboxes", "subscriptions", "changes", "sessions", "app_passwords", "recovery_codes",
        "identities", "signatures", "labels", "saved_searches", "answer_templates", "file_links", "contacts", "pop3_locks", "uploads", "emails", "forward_targets", "replied", "seen_marks", "sieve_scripts", "group_members",
        "word_counts", "learned",
    ):  # fmt: skip
        tx.run(f"DELETE FROM {table} WHERE account_id = :i", {"i": account_id})
    tx.run("DELETE FROM fetched_messages WHERE fetched_id IN (SELECT id FROM fetched_accounts WHERE account_id = :i)", {"i": account_id})
    tx.run("DELETE FROM fetched_accounts WHERE account_id = :i", {"i": account_id})
    for table in ("settings", "filters"):
        tx.run(f"DELETE FROM {table} WHERE scope = :s", {"s": f"account:{account_id}"})
    tx.run("DELETE FROM addresses WHERE kind = 'account' AND target_id = :i", {"i": account_id})
    tx.run("DELETE FROM accounts WHERE id = :i", {"i": account_id})


# Aliases


def add_alias(tx: Tx, domain_id: int, address: str, targets: list[str], now: Micros) -> int:
    """A new alias and its address; the id."""
    alias_id = tx.insert(
        "INSERT INTO aliases (domain_id, address, targets, created_at) VALUES (:d, :a, :t, :n)",
        {"d": domain_id, "a": address, "t": "\n".join(targets), "n": now},
    )
    add_address(tx, address, domain_id, "alias", alias_id)
    return alias_id


def alias(tx: Tx, alias_id: int) -> Alias | None:
    """The alias with this id."""
    row = tx.one(f"SELECT {_ALIAS} FROM aliases WHERE id = :i", {"i": alias_id})
    return None if row is None else _alias(row)


def alias_by_address(tx: Tx, address: str) -> Alias | None:
    """The alias with this address."""
    row = tx.one(f"SELECT {_ALIAS} FROM aliases WHERE address = :a", {"a": address})
    return None if row is None else _alias(row)


def aliases(tx: Tx, domain_id: int | None = None, *, after: str = "", limit: int = 50, contains: str = "") -> list[Alias]:
    """Aliases by address, after *after*, of one domain or all."""
    where = ["address > :after"]
    if domain_id is not None:
        where.append("domain_id = :d")
    if contains:
        where.append("(address LIKE :c ESCAPE '\\' OR lower(targets) LIKE :c ESCAPE '\\')")
    sql = f"SELECT {_ALIAS} FROM aliases WHERE {' AND '.join(where)} ORDER BY address LIMIT :n"
    return [_alias(r) for r in tx.all(sql, {"after": after, "d": domain_id, "c": like(contains), "n": limit})]


def count_aliases(tx: Tx, domain_id: int | None = None) -> int:
    """How many aliases a domain, or the server, has."""
    extra = "" if domain_id is None else " WHERE domain_id = :d"
    return int(tx.value(f"SELECT count(*) FROM aliases{extra}", {"d": domain_id}))


def aliases_to(tx: Tx, addresses: Sequence[str]) -> list[Alias]:
    """Enabled aliases that lead straight to one of *addresses*, in one look at the table: the identities of a person."""
    wanted = " OR ".join(f"targets LIKE :c{n}x ESCAPE '\\'" for n in range(len(addresses)))
    rows = tx.all(f"SELECT {_ALIAS} FROM aliases WHERE is_enabled = 1 AND ({wanted})", {f"c{n}x": like(one) for n, one in enumerate(addresses)})
    return [a for a in map(_alias, rows) if set(addresses) & set(a.targets)]


def remove_alias(tx: Tx, alias_id: int) -> None:
    """Remove an alias and its address."""
    tx.run("DELETE FROM addresses WHERE kind = 'alias' AND target_id = :i", {"i": alias_id})
    tx.run("DELETE FROM aliases WHERE id = :i", {"i": alias_id})
