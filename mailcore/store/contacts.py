"""Rows of people: typed in or imported (saved), gathered by sending (not saved), and thrown away (kept for undo).

`data` is JSON: more addresses, phones, organization, note, groups, photo in base64, and under "was" the version before the last
change, which undo brings back.
"""

import base64
import json
from dataclasses import dataclass
from typing import Any

from mailcore.base.clock import Micros
from mailcore.mail.vcard import Card
from mailcore.store.accounts import like
from mailcore.store.engine import Tx

GATHERED, SAVED, GONE = 0, 1, 2
MOST = 20_000
"""People of one account."""
DAY = 86_400_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """A person of the address book."""

    id: int
    card: Card
    uses: int = 0
    used_at: Micros = 0


def _of_row(row: Any) -> Contact:
    data = json.loads(row[3] or "{}")
    card = Card(
        name=row[1], addresses=(row[2], *data.get("addresses", ())), phones=tuple(data.get("phones", ())), organization=data.get("organization", ""),
        note=data.get("note", ""), groups=tuple(data.get("groups", ())), photo=base64.b64decode(data.get("photo", "")),
    )  # fmt: skip
    return Contact(id=row[0], card=card, uses=row[4], used_at=row[5])


def _packed(card: Card, was: str = "") -> str:
    data: dict[str, Any] = {
        "addresses": card.addresses[1:], "phones": card.phones, "organization": card.organization, "note": card.note, "groups": card.groups,
        "photo": base64.b64encode(card.photo).decode(), "was": was,
    }  # fmt: skip
    return json.dumps({k: v for k, v in data.items() if v}, ensure_ascii=False)


_COLUMNS = "id, name, address, data, uses, used_at"


def of_account(tx: Tx, account_id: int) -> list[Contact]:
    """Everyone who is saved, by name."""
    rows = tx.all(f"SELECT {_COLUMNS} FROM contacts WHERE account_id = :a AND is_saved = 1 ORDER BY lower(name), address", {"a": account_id})
    return [_of_row(r) for r in rows]


def find(tx: Tx, account_id: int, contact_id: int) -> Contact | None:
    """One saved person."""
    row = tx.one(f"SELECT {_COLUMNS} FROM contacts WHERE account_id = :a AND id = :i AND is_saved = 1", {"a": account_id, "i": contact_id})
    return _of_row(row) if row is not None else None


def with_photo(tx: Tx, account_id: int, address: str) -> int | None:
    """The saved person of whom there is a photo and whose first address this is."""
    found = tx.value("SELECT id FROM contacts WHERE account_id = :a AND address = :m AND is_saved = 1 AND data LIKE '%\"photo\":%'", {"a": account_id, "m": address.lower()})
    return None if found is None else int(found)


def put(tx: Tx, account_id: int, card: Card, contact_id: int = 0) -> int:
    """Write a person, over *contact_id* or over who has the first address already; the id. The version before stays for undo."""
    address = card.addresses[0]
    values: dict[str, Any] = {"a": account_id, "m": address, "n": card.name, "i": contact_id}
    if not contact_id:
        known = tx.one("SELECT id, is_saved FROM contacts WHERE account_id = :a AND address = :m", values)
        values["i"] = contact_id = known[0] if known is not None else 0
    if not contact_id:
        return tx.insert("INSERT INTO contacts (account_id, name, address, is_saved, data) VALUES (:a, :n, :m, 1, :d)", {**values, "d": _packed(card)})
    old = tx.one("SELECT name, address, data, is_saved FROM contacts WHERE id = :i AND account_id = :a", values)
    tx.run("DELETE FROM contacts WHERE account_id = :a AND address = :m AND id <> :i AND is_saved <> 1", values)
    before = json.loads(old[2] or "{}") if old is not None else {}
    before.pop("was", None)
    was = json.dumps([old[0], old[1], before], ensure_ascii=False) if old is not None and old[3] == SAVED else ""
    tx.run("UPDATE contacts SET name = :n, address = :m, data = :d, is_saved = 1 WHERE id = :i AND account_id = :a", {**values, "d": _packed(card, was)})
    return contact_id


def mark(tx: Tx, account_id: int, ids: list[int], state: int) -> None:
    """Throw people away, or take them back."""
    for contact_id in ids:
        tx.run("UPDATE contacts SET is_saved = :s WHERE account_id = :a AND id = :i", {"s": state, "a": account_id, "i": contact_id})


def revert(tx: Tx, account_id: int, contact_id: int) -> None:
    """Bring back what stood before the last change."""
    raw = tx.value("SELECT data FROM contacts WHERE account_id = :a AND id = :i", {"a": account_id, "i": contact_id})
    was = json.loads(raw or "{}").get("was", "")
    if was:
        name, address, data = json.loads(was)
        values = {"n": name, "m": address, "d": json.dumps(data, ensure_ascii=False), "a": account_id, "i": contact_id}
        tx.run("UPDATE contacts SET name = :n, address = :m, data = :d WHERE account_id = :a AND id = :i", values)


def used(tx: Tx, account_id: int, people: list[tuple[str, str]], now: Micros) -> None:
    """Count one more message to each (name, address key)."""
    for name, address in people:
        tx.run(
            "INSERT INTO contacts (account_id, name, address, uses, used_at) VALUES (:a, :n, :m, 1, :t) ON CONFLICT (account_id, address)"
            " DO UPDATE SET uses = contacts.uses + 1, used_at = :t, name = CASE WHEN contacts.name = '' THEN :n ELSE contacts.name END",
            {"a": account_id, "n": name, "m": address, "t": now},
        )


def suggest(tx: Tx, account_id: int, text: str, limit: int, now: Micros) -> list[tuple[str, str]]:
    """(name, address) of those whose name or one of whose addresses holds *text*, by how often and how lately they were written to."""
    rows = tx.all(
        f"SELECT {_COLUMNS} FROM contacts WHERE account_id = :a AND is_saved <> 2 AND (lower(name) LIKE :c ESCAPE '\\' OR address LIKE :c ESCAPE '\\'"
        " OR lower(data) LIKE :c ESCAPE '\\') ORDER BY (uses + is_saved) * 1.0 / (1 + (:t - used_at) / :d) DESC, id LIMIT 100",
        {"a": account_id, "c": like(text), "t": now, "d": 30 * DAY},
    )
    found = [(c.card.name, a) for c in map(_of_row, rows) for a in c.card.addresses if text.lower() in c.card.name.lower() or text.lower() in a.lower()]
    return found[:limit]


def groups(tx: Tx, account_id: int) -> dict[str, list[Contact]]:
    """Everyone by group."""
    found: dict[str, list[Contact]] = {}
    for one in of_account(tx, account_id):
        for group in one.card.groups:
            found.setdefault(group, []).append(one)
    return dict(sorted(found.items(), key=lambda item: item[0].lower()))


def senders(tx: Tx, account_id: int, limit: int) -> list[tuple[str, str, int]]:
    """(name, address, how often) of those one was written by, who are no contacts yet."""
    rows = tx.all(
        "SELECT max(from_name), from_addr, count(*) FROM emails WHERE account_id = :a AND from_addr <> '' AND from_addr NOT IN"
        " (SELECT address FROM contacts WHERE account_id = :a AND is_saved = 1) GROUP BY from_addr ORDER BY count(*) DESC, from_addr LIMIT :n",
        {"a": account_id, "n": limit},
    )
    return [(r[0], r[1], r[2]) for r in rows]
