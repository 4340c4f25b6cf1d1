"""An address or a domain gets a new name wherever it stands: one place that knows every column that holds an address.

Sign-ins, traces and the audit keep the old name, for they tell what was. Callers hold the new name free and touch filters.
"""

import json
import re
from typing import Any

from mailcore.store import accounts
from mailcore.store.engine import Tx


def pattern(old: str) -> re.Pattern[str]:
    """Finds *old* (`ann@x.test`, or `@x.test` for all of a domain), and never as a part of a longer address."""
    before = "" if old.startswith("@") else r"(?<![\w.+%=/-])"
    return re.compile(before + re.escape(old) + r"(?![\w-]|\.\w)", re.IGNORECASE)


def rename_account(tx: Tx, account: accounts.Account, new: str, domain_id: int) -> None:
    """Give an account the free address *new* in the domain *domain_id*; its mail, identities and filters stay its own."""
    tx.run("UPDATE addresses SET address = :n, domain_id = :d WHERE address = :o", {"n": new, "d": domain_id, "o": account.address})
    tx.run("UPDATE accounts SET address = :n, domain_id = :d WHERE id = :i", {"n": new, "d": domain_id, "i": account.id})


def rename_domain(tx: Tx, domain: accounts.Domain, new: str) -> None:
    """Give a domain and all its addresses the free name *new*."""
    values = {"n": f"@{new}", "d": domain.id, "cut": len(domain.name) + 1}
    for table in ("addresses", "accounts", "aliases", "lists", "member_groups"):
        tx.run(f"UPDATE {table} SET address = substr(address, 1, length(address) - :cut) || :n WHERE domain_id = :d", values)
    tx.run("UPDATE domains SET name = :n WHERE id = :d", {"n": new, "d": domain.id})
    tx.run(
        "UPDATE settings SET value = :n WHERE scope = 'system' AND name = 'server.default_domain' AND value = :o",
        {"n": json.dumps(new), "o": json.dumps(domain.name)},
    )


_COLUMNS = (("domains", "catch_all"), ("aliases", "targets"), ("lists", "owner"), ("list_members", "address"), ("identities", "address"), ("identities", "reply_to"), ("forward_targets", "address"))

_ONCE = {"identities": "account_id", "forward_targets": "account_id", "list_members": "list_id"}
"""Tables where an address stands once for each of what the column names."""


def replace_everywhere(tx: Tx, old: str, new: str) -> set[str]:
    """Put *new* for *old* in all that leads to it; the scopes ("account:9") whose filters changed."""
    found, like = pattern(old), accounts.like(old)
    for table, column in _COLUMNS:
        for row_id, text in tx.all(f"SELECT id, {column} FROM {table} WHERE lower({column}) LIKE :l ESCAPE '\\'", {"l": like}):
            _put(tx, table, column, row_id, text, found.sub(lambda _: new, text))
    changed = set()
    for row_id, scope, kind, data in tx.all("SELECT id, scope, kind, data FROM filters WHERE lower(data) LIKE :l ESCAPE '\\'", {"l": like}):
        fresh = found.sub(lambda _: new, data) if kind.endswith("-program") or kind == "error" else _in_json(data, found, new)
        if _put(tx, "filters", "data", row_id, data, fresh):
            changed.add(scope)
    for row_id, account_id, text in tx.all(
        "SELECT id, account_id, content FROM sieve_scripts WHERE lower(content) LIKE :l ESCAPE '\\'", {"l": like}
    ):  # fmt: skip
        if _put(tx, "sieve_scripts", "content", row_id, text, found.sub(lambda _: new, text)):
            changed.add(f"account:{account_id}")
    return changed


def _put(tx: Tx, table: str, column: str, row_id: int, old: str, new: str) -> bool:
    if old == new:
        return False
    if table in _ONCE and column == "address":
        owner, twin = _ONCE[table], {"n": new, "i": row_id}
        tx.run(f"DELETE FROM {table} WHERE {column} = :n AND {owner} = (SELECT {owner} FROM {table} WHERE id = :i)", twin)
    tx.run(f"UPDATE {table} SET {column} = :n WHERE id = :i", {"n": new, "i": row_id})
    return True


def _in_json(data: str, found: re.Pattern[str], new: str) -> str:
    """*data* with its strings changed; an escape such as \\n in front of an address is no letter."""

    def walk(value: Any) -> Any:
        if isinstance(value, str):
            return found.sub(lambda _: new, value)
        if isinstance(value, list):
            return [walk(one) for one in value]
        return {name: walk(one) for name, one in value.items()} if isinstance(value, dict) else value

    loaded = json.loads(data)
    walked = walk(loaded)
    return data if walked == loaded else json.dumps(walked, ensure_ascii=False, separators=(",", ":"))
