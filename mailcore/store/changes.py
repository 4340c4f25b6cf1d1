"""The change log: one row a change, written under the account's lock, so a reader who sees n sees all before n.

`begin` takes the lock and the new MODSEQ in one update; whoever writes to several accounts begins them in ascending id.
Readers ask `since`; the bus only tells them that there is something to ask for.
"""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.store.engine import Tx

KEPT_DAYS = 90
KEPT_ROWS_AN_ACCOUNT = 100_000
PROGRAMS = ("imap:", "pop3:")
"""How the names of mail programs begin among the actors."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One row: *container* is the mailbox, *ids* a sequence set of UIDs ("" when the change is the container's own)."""

    id: int
    account_id: int
    modseq: int
    type: str
    container: int
    kind: str
    ids: str
    actor: str
    at: Micros


def begin(tx: Tx, account_id: int, *, bytes_added: int = 0, count_added: int = 0) -> int:
    """Lock *account_id* and give its next MODSEQ. Raises MailError(NOT_FOUND)."""
    row = tx.one(
        "UPDATE accounts SET modseq = modseq + 1, used_bytes = used_bytes + :b, used_count = used_count + :c WHERE id = :id RETURNING modseq",
        {"id": account_id, "b": bytes_added, "c": count_added},
    )
    if row is None:
        raise MailError(Reason.NOT_FOUND, "The account no longer exists.")
    modseq: int = row[0]
    return modseq


def log(
    tx: Tx, account_id: int, modseq: int, kind: str, *, container: int = 0, ids: str = "", actor: str, now: Micros, type_: str = "mail"
) -> None:
    """Write one change and remember to hint at it after the commit."""
    tx.run(
        "INSERT INTO changes (account_id, modseq, type, container, kind, ids, actor, at) VALUES (:a, :m, :t, :c, :k, :i, :w, :n)",
        {"a": account_id, "m": modseq, "t": type_, "c": container, "k": kind, "i": ids, "w": actor, "n": now},
    )
    tx.hints.append((account_id, container))


def after_id(tx: Tx, change_id: int, limit: int = 1000) -> list[Change]:
    """Up to *limit* changes of every account after log id *change_id*: heals a lost hint."""
    return [
        _change(row)
        for row in tx.all(
            "SELECT id, account_id, modseq, type, container, kind, ids, actor, at FROM changes WHERE id > :i ORDER BY id LIMIT :n",
            {"i": change_id, "n": limit},
        )
    ]


def newest_id(tx: Tx) -> int:
    """The highest log id, 0 when there is none."""
    return int(tx.value("SELECT max(id) FROM changes") or 0)


def deleters(tx: Tx, after: int, until: int) -> set[tuple[int, str]]:
    """The accounts and programs that took messages out of mailboxes between two log ids; not those of the house, nor the webmail, where people see what they do."""
    rows = tx.all("SELECT DISTINCT account_id, actor FROM changes WHERE id > :a AND id <= :u AND kind = 'expunge'", {"a": after, "u": until})
    return {(r[0], r[1]) for r in rows if r[1].startswith(PROGRAMS)}


def _change(row: tuple[object, ...]) -> Change:
    return Change(
        id=row[0], account_id=row[1], modseq=row[2], type=row[3], container=row[4], kind=row[5], ids=row[6], actor=row[7], at=row[8]  # type: ignore[arg-type]
    )


def prune(tx: Tx, before: Micros, limit: int) -> int:
    """Forget up to *limit* changes made before *before*; how many."""
    return tx.run("DELETE FROM changes WHERE id IN (SELECT id FROM changes WHERE at < :b ORDER BY id LIMIT :n)", {"b": before, "n": limit})


def ranges(uids: "list[int]") -> str:
    """Ascending *uids* as a sequence set: 1:4,7. Grammar: RFC 3501 sequence-set."""
    if not uids:
        return ""
    out: list[str] = []
    first = last = uids[0]
    for uid in uids[1:]:
        if uid == last + 1:
            last = uid
            continue
        out.append(f"{first}:{last}" if last > first else str(first))
        first = last = uid
    out.append(f"{first}:{last}" if last > first else str(first))
    return ",".join(out)


def parse_ranges(text: str) -> list[tuple[int, int]]:
    """The (first, last) pairs of a set that `ranges` made."""
    pairs = []
    for piece in text.split(",") if text else ():
        first, _, last = piece.partition(":")
        pairs.append((int(first), int(last or first)))
    return pairs
