"""What comes back of a backup beside people and mail: a domain with its keys, names, settings, rules, lists and groups, and what a person had made.

Only what was made again is filled: where a domain or account still stands, what it has now is what holds. Rows get new numbers.
"""

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from mailcore.base.clock import Micros
from mailcore.jobs import ledger
from mailcore.store import Tx, dump, records, scripts
from mailcore.store.accounts import add_domain_alias, domain_alias, set_account, set_domain

Row = dict[str, Any]
DOMAIN_FIELDS = ("is_enabled", "catch_all", "plus_separator", "max_accounts", "max_aliases", "max_lists", "max_size_bytes", "max_message_bytes", "max_account_bytes")
ACCOUNT_FIELDS = ("locale", "time_zone", "totp_secret", "is_device", "keeps_submitted")
PERSONAL = (
    "signatures", "identities", "sieve_scripts", "forward_targets", "contacts", "labels", "saved_searches", "answer_templates", "app_passwords", "recovery_codes",
    "subscriptions", "replied", "seen_marks",
)  # fmt: skip
"""Tables with an account_id whose rows are a person's own. Signatures stand before the identities that name them."""


def rows_of(tables: Path, name: str) -> Iterator[Row]:
    """The rows of a table of the backup; none where it was made before there was that table."""
    path = tables / f"{name}.jsonl.gz"
    return dump.read(path) if path.exists() else iter(())


def domain_row(tables: Path, name: str) -> Row | None:
    """The domain as it was."""
    return next((row for row in rows_of(tables, "domains") if row["name"] == name), None)


def fill_domain(tx: Tx, tables: Path, old: Row, domain_id: int, now: Micros) -> None:
    """Give a domain that was made again what it had: in the write that makes it, so that no new keys are made for it."""
    set_domain(tx, domain_id, **{name: old[name] for name in DOMAIN_FIELDS if name in old})
    for row in rows_of(tables, "domain_aliases"):
        if row["domain_id"] == old["id"] and domain_alias(tx, row["name"]) is None:
            add_domain_alias(tx, domain_id, row["name"])
    for row in rows_of(tables, "dkim_keys"):
        if row["domain_id"] == old["id"]:
            dump.put(tx, "dkim_keys", row | {"domain_id": domain_id})
    _scoped(tx, tables, f"domain:{old['id']}", f"domain:{domain_id}", now)


def _scoped(tx: Tx, tables: Path, old: str, new: str, now: Micros) -> None:
    """Settings and filters of a scope."""
    for row in rows_of(tables, "settings"):
        if row["scope"] == old:
            records.put_setting(tx, new, row["name"], row["value"], now)
    for row in rows_of(tables, "filters"):
        if row["scope"] == old:
            dump.put(tx, "filters", row | {"scope": new, "changed_at": now})


def fill_account(tx: Tx, tables: Path, old: Row, account_id: int, now: Micros, spent: Collection[str]) -> None:
    """Give an account that was made again what its person had made: rules, scripts, signatures, contacts, programs' passwords, the second step; *spent* are recovery codes."""
    set_account(tx, account_id, **{name: old[name] for name in ACCOUNT_FIELDS if name in old})
    if old.get("totp_secret"):
        set_account(tx, account_id, totp_last_step=max(old["totp_last_step"], ledger.last_totp_step(now)))
    signatures: dict[int | None, int | None] = {None: None}
    for table in PERSONAL:
        for row in rows_of(tables, table):
            if row["account_id"] != old["id"]:
                continue
            changed: Row = {"account_id": account_id}
            if table == "identities":
                changed |= {name: signatures.get(row[name]) for name in ("new_signature_id", "reply_signature_id")}
            if table == "recovery_codes" and row["code_hash"] in spent:
                changed["used_at"] = row["used_at"] or now
            made = dump.put(tx, table, row | changed)
            if table == "signatures":
                signatures[row["id"]] = made
    _scoped(tx, tables, f"account:{old['id']}", f"account:{account_id}", now)
    scripts.touch(tx, account_id, now)


def lists_of(tables: Path, domain_id: int) -> Iterator[tuple[Row, list[str]]]:
    """Each list of a domain as it was, with its readers."""
    readers: dict[int, list[str]] = {}
    for row in rows_of(tables, "list_members"):
        readers.setdefault(row["list_id"], []).append(row["address"])
    return ((row, readers.get(row["id"], [])) for row in rows_of(tables, "lists") if row["domain_id"] == domain_id)


def groups_of(tables: Path, domain_id: int) -> Iterator[tuple[Row, list[int]]]:
    """Each group of a domain as it was, with the numbers its members had."""
    members: dict[int, list[int]] = {}
    for row in rows_of(tables, "group_members"):
        members.setdefault(row["group_id"], []).append(row["account_id"])
    return ((row, members.get(row["id"], [])) for row in rows_of(tables, "member_groups") if row["domain_id"] == domain_id)
