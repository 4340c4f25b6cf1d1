"""What a part of a backup says beside people and their mail: mailboxes without mail, who may see which, accounts elsewhere, and words learned for the spam filter.

As with everything of a part, only what was made again is filled. A right that a person or group had in somebody else's mailbox comes back with them.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.jobs.restore_things import Row, rows_of
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, dump, groups, mailboxes, sharing

WORDS_A_WRITE = 5_000
ACTOR = "restore"


@dataclass(slots=True, kw_only=True)
class Again:
    """What this restore has made: *people* new number by old, *mailboxes* and *groups* by their old numbers."""

    people: dict[int, int] = field(default_factory=dict)
    mailboxes: set[int] = field(default_factory=set)
    groups: set[str] = field(default_factory=set)


def make_mailboxes(runtime: Runtime, boxes: Mapping[int, Row], mine: Mapping[int, int], again: Again) -> None:
    """Every mailbox that was there then and is not now, the empty ones too."""
    now = runtime.clock.micros()
    for number, row in sorted(boxes.items(), key=lambda one: str(one[1]["name"])):
        if not row["is_noselect"] and runtime.store.write(lambda tx, r=row: _make(tx, mine[r["account_id"]], r, now), bulk=True):  # type: ignore[misc]
            again.mailboxes.add(number)


def _make(tx: Tx, account_id: int, row: Row, now: Micros) -> bool:
    present = mailboxes.by_name(tx, account_id, row["name"])
    if present is not None and not present.is_noselect:
        return False
    role = row["role"] if row["role"] and mailboxes.by_role(tx, account_id, row["role"]) is None else ""
    try:
        mailboxes.create(tx, account_id, row["name"], role=role, actor=ACTOR, now=now, is_subscribed=True)
    except MailError as error:
        if error.reason is not Reason.LIMIT:
            raise
        return False
    return True


def give_rights(runtime: Runtime, tables: Path, again: Again) -> int:
    """The rights in mailboxes that were made again, and those that people and groups who were made again had elsewhere; how many."""
    found = list(rows_of(tables, "mailbox_rights"))
    if not found:
        return 0
    wanted = {row["mailbox_id"] for row in found}
    boxes = {row["id"]: row for row in rows_of(tables, "mailboxes") if row["id"] in wanted}
    people = {row["id"]: row["address"] for row in rows_of(tables, "accounts") if row["deleted_at"] is None}
    names = {row["id"]: row["address"] for row in rows_of(tables, "member_groups")}

    def give(tx: Tx) -> int:
        return sum(_give(tx, row, boxes[row["mailbox_id"]], people, names, again, runtime.clock.micros()) for row in found if row["mailbox_id"] in boxes)

    return runtime.store.write(give, bulk=True)


def _give(tx: Tx, row: Row, box: Row, people: Mapping[int, str], names: Mapping[int, str], again: Again, now: Micros) -> bool:
    kind, holder = row["holder_kind"], row["holder_id"]
    is_new = box["account_id"] in again.people or row["mailbox_id"] in again.mailboxes
    is_new = is_new or (kind == "user" and holder in again.people) or (kind == "group" and names.get(holder) in again.groups)
    owner = accounts.account_by_address(tx, people.get(box["account_id"], "")) if is_new else None
    here = mailboxes.by_name(tx, owner.id, box["name"]) if owner is not None else None
    to = _holder(tx, kind, people.get(holder, "") if kind == "user" else names.get(holder, ""))
    if here is None or to is None or any((one.kind, one.holder_id) == (kind, to) for one in sharing.entries(tx, here.id)):
        return False
    sharing.set_rights(tx, here, kind, to, row["rights"], actor=ACTOR, now=now)
    return True


def _holder(tx: Tx, kind: str, address: str) -> int | None:
    if kind == "anyone":
        return 0
    found = accounts.account_by_address(tx, address) if kind == "user" else groups.by_address(tx, address)
    return found.id if found is not None else None


def bring_fetched(runtime: Runtime, tables: Path, people: Mapping[int, int]) -> int:
    """The accounts elsewhere of people who were made again, with what was brought already; how many."""
    rows = [row for row in rows_of(tables, "fetched_accounts") if row["account_id"] in people]
    known: dict[int, list[Row]] = {row["id"]: [] for row in rows}
    for one in rows_of(tables, "fetched_messages") if rows else ():
        if one["fetched_id"] in known:
            known[one["fetched_id"]].append(one)

    def write(tx: Tx, row: Row) -> None:
        made = dump.put(tx, "fetched_accounts", row | {"account_id": people[row["account_id"]]})
        for one in known[row["id"]]:
            dump.put(tx, "fetched_messages", one | {"fetched_id": made})

    for row in rows:
        runtime.store.write(lambda tx, r=row: write(tx, r), bulk=True)  # type: ignore[misc]
    return len(rows)


def bring_words(runtime: Runtime, tables: Path, people: Mapping[int, int]) -> int:
    """What the spam filter had learned for people who were made again; how many words."""
    count, batch = 0, []
    for row in rows_of(tables, "word_counts") if people else ():
        if row["account_id"] in people:
            batch.append({"a": people[row["account_id"]], "w": row["word"], "s": row["spam"], "g": row["good"]})
            count += 1
        if len(batch) >= WORDS_A_WRITE:
            _put_words(runtime, batch)
            batch = []
    _put_words(runtime, batch)
    return count


def _put_words(runtime: Runtime, rows: Iterable[dict[str, int]]) -> None:
    sql = "INSERT INTO word_counts (account_id, word, spam, good) VALUES (:a, :w, :s, :g) ON CONFLICT (account_id, word) DO NOTHING"
    values = list(rows)
    if values:
        runtime.store.write(lambda tx: tx.many(sql, values), bulk=True)
