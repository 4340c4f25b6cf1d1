"""What each program did to an account's mail, in batches of one program, mailbox and short time; and what of it can be put back."""

from dataclasses import dataclass

from mailcore.base.clock import MINUTE, Micros
from mailcore.store import changes
from mailcore.store.engine import Tx

BUCKET = 10 * MINUTE
"""What one program does within this is one line."""
LINES = 200
PUT_BACK = 1000
"""Messages put back in one write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """One line: *kind* is "deleted" (can be put back), "removed", "arrived", "flagged"; *bucket* and *mailbox_id* name it."""

    kind: str
    actor: str
    mailbox: str
    mailbox_id: int
    bucket: int
    at: Micros
    count: int


def deletions(tx: Tx, account_id: int, since: Micros) -> list[Batch]:
    """Batches of deleted messages that can still be put back, newest first."""
    rows = tx.all(
        f"SELECT actor, mailbox_id, max(mailbox_name), at / {BUCKET}, max(at), count(*) FROM expunged WHERE account_id = :a AND at >= :s AND email_id IS NOT NULL"
        f" GROUP BY actor, mailbox_id, at / {BUCKET} ORDER BY max(at) DESC LIMIT {LINES}",
        {"a": account_id, "s": since},
    )
    return [Batch(kind="deleted", actor=r[0], mailbox=r[2], mailbox_id=r[1], bucket=int(r[3]), at=r[4], count=r[5]) for r in rows]


def burst(tx: Tx, account_id: int, actor: str, since: Micros) -> Batch | None:
    """What one program has deleted since then, over all mailboxes and under the name of one, as far as it can be put back; None for nothing."""
    r = tx.one(
        "SELECT max(mailbox_id), max(mailbox_name), max(at), count(*) FROM expunged WHERE account_id = :a AND at >= :s AND actor = :w AND email_id IS NOT NULL",
        {"a": account_id, "s": since, "w": actor},
    )
    if r is None or not r[3]:
        return None
    return Batch(kind="deleted", actor=actor, mailbox=r[1], mailbox_id=r[0], bucket=r[2] // BUCKET, at=r[2], count=r[3])


def others(tx: Tx, account_id: int, since: Micros) -> list[Batch]:
    """What else programs did, newest first: mail put in, flags changed. Counted from the change log."""
    rows = tx.all(
        "SELECT c.actor, c.kind, c.container, m.name, c.at, c.ids FROM changes c LEFT JOIN mailboxes m ON m.id = c.container"
        " WHERE c.account_id = :a AND c.at >= :s AND c.kind IN ('append', 'flags') ORDER BY c.id DESC LIMIT 2000",
        {"a": account_id, "s": since},
    )
    made: dict[tuple[str, str, int, int], Batch] = {}
    for actor, kind, box, name, at, ids in rows:
        key = (actor, kind, box, at // BUCKET)
        count = sum(last - first + 1 for first, last in changes.parse_ranges(ids)) if ids else 1
        old = made.get(key)
        words = "arrived" if kind == "append" else "flagged"
        made[key] = Batch(
            kind=words, actor=actor, mailbox=name or "", mailbox_id=box, bucket=at // BUCKET, at=max(at, old.at if old else 0), count=count + (old.count if old else 0)
        )
    return list(made.values())[:LINES]


def forget(tx: Tx, account_id: int, actor: str, mailbox_id: int, bucket: int) -> int:
    """Let one batch of deletions go for good; how many messages. What is kept nowhere else goes with the next sweep."""
    return tx.run(
        f"UPDATE expunged SET email_id = NULL WHERE account_id = :a AND actor = :w AND mailbox_id = :b AND at / {BUCKET} = :k AND email_id IS NOT NULL",
        {"a": account_id, "w": actor, "b": mailbox_id, "k": bucket},
    )


def ids_of(tx: Tx, account_id: int, actor: str, mailbox_id: int, bucket: int) -> list[int]:
    """The expunged rows of one batch, as far as they can be put back."""
    rows = tx.all(
        f"SELECT id FROM expunged WHERE account_id = :a AND actor = :w AND mailbox_id = :b AND at / {BUCKET} = :k AND email_id IS NOT NULL ORDER BY uid LIMIT {PUT_BACK}",
        {"a": account_id, "w": actor, "b": mailbox_id, "k": bucket},
    )
    return [r[0] for r in rows]
