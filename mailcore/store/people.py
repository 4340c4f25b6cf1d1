"""People one writes to or hears from: suggestions for the To field, by use."""

from mailcore.base.clock import Micros
from mailcore.store import contacts
from mailcore.store.accounts import like
from mailcore.store.engine import Tx

LOOKED_AT = 2000
"""Newest emails of an account that are looked at: an answer must come within a keystroke."""


def suggest(tx: Tx, account_id: int, text: str, limit: int, now: Micros) -> list[tuple[str, str]]:
    """(name, address) of those whose name or address holds *text*: whom one writes to, who writes often, colleagues of the domain."""
    pattern = like(text)
    known = contacts.suggest(tx, account_id, text, limit, now)
    if len(known) >= limit:
        return known
    rows = tx.all(
        "SELECT max(from_name), from_addr FROM (SELECT from_name, from_addr FROM emails WHERE account_id = :a ORDER BY id DESC LIMIT :m) AS recent"
        " WHERE from_addr <> '' AND (lower(from_addr) LIKE :c ESCAPE '\\' OR lower(from_name) LIKE :c ESCAPE '\\')"
        " GROUP BY from_addr ORDER BY count(*) DESC LIMIT :n",
        {"a": account_id, "m": LOOKED_AT, "c": pattern, "n": limit},
    )
    found = known + [(r[0], r[1]) for r in rows if all(r[1] != a for _, a in known)]
    if len(found) < limit:
        rows = tx.all(
            "SELECT display_name, address FROM accounts WHERE domain_id = (SELECT domain_id FROM accounts WHERE id = :a) AND is_enabled = 1"
            " AND deleted_at IS NULL AND (address LIKE :c ESCAPE '\\' OR lower(display_name) LIKE :c ESCAPE '\\') ORDER BY address LIMIT :n",
            {"a": account_id, "c": pattern, "n": limit},
        )
        found += [(r[0], r[1]) for r in rows if all(r[1] != a for _, a in found)]
    return found[:limit]


def known_domains(tx: Tx, account_id: int, limit: int) -> list[str]:
    """The domains of those one wrote to or saved, those used last first."""
    rows = tx.all("SELECT address FROM contacts WHERE account_id = :a AND (is_saved = 1 OR uses > 0) ORDER BY used_at DESC LIMIT :n", {"a": account_id, "n": limit})
    return list(dict.fromkeys(r[0].rpartition("@")[2].lower() for r in rows))


def is_new(tx: Tx, account_id: int, address: str, email_id: int) -> bool:
    """Whether nobody wrote to *address*, and none of the LOOKED_AT emails before *email_id* came from there."""
    values = {"a": account_id, "m": address.lower(), "e": email_id, "n": LOOKED_AT}
    if tx.value("SELECT 1 FROM contacts WHERE account_id = :a AND address = :m AND (is_saved = 1 OR uses > 0)", values):
        return False
    return not tx.value(
        "SELECT 1 FROM (SELECT from_addr FROM emails WHERE account_id = :a AND id < :e ORDER BY id DESC LIMIT :n) AS earlier WHERE lower(from_addr) = :m LIMIT 1", values
    )
