"""Conversations of a mailbox: its newest message of each thread, paged by cursor, with what the whole thread says.

A page walks the mailbox's index by date and skips what has a newer sibling there (one probe of the thread's index each), so it
costs the same at the end of a million messages as at the start. Counts and people come from the threads of the page alone.
"""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.engine import Tx
from mailcore.store.listing import _LIST, PAGE, ListRow, _row
from mailcore.store.messages import DELETED, FLAGGED, SEEN

PEOPLE = 12
"""Messages of a thread, newest first, whose senders are named in the list."""

_NEWEST = (
    "NOT EXISTS (SELECT 1 FROM messages n WHERE n.thread_id = m.thread_id AND n.mailbox_id = m.mailbox_id"
    " AND (n.internal_date, n.id) > (m.internal_date, m.id))"
)
_PINNED = {False: "instr(m.keywords, '$Pinned') > 0", True: "strpos(m.keywords, '$Pinned') > 0"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread:
    """What a list shows of a conversation beside its newest message. *senders* are (name, address), oldest first."""

    count: int
    is_unread: bool
    is_starred: bool
    has_attachments: bool
    senders: tuple[tuple[str, str], ...]


def page(
    tx: Tx, mailbox_id: int, *, before: tuple[Micros, int] | None = None, after: tuple[Micros, int] | None = None, limit: int = PAGE
) -> list[ListRow]:
    """Up to *limit* newest messages of their threads, newest first, older than *before* or just newer than *after*."""
    sql = f"SELECT {_LIST} FROM messages m JOIN emails e ON e.id = m.email_id WHERE m.mailbox_id = :b AND {_NEWEST}"
    if after is not None:
        rows = tx.all(
            sql + " AND (m.internal_date, m.id) > (:d, :i) ORDER BY m.internal_date, m.id LIMIT :n", {"b": mailbox_id, "d": after[0], "i": after[1], "n": limit}
        )
        return [_row(r) for r in reversed(rows)]
    cursor = before or (2**62, 0)
    rows = tx.all(
        sql + " AND (m.internal_date, m.id) < (:d, :i) ORDER BY m.internal_date DESC, m.id DESC LIMIT :n", {"b": mailbox_id, "d": cursor[0], "i": cursor[1], "n": limit}
    )
    return [_row(r) for r in rows]


def pinned(tx: Tx, mailbox_id: int, *, whole: bool, limit: int = PAGE) -> list[ListRow]:
    """What is pinned in a mailbox, newest first: messages, or with *whole* the newest message of each thread that has one."""
    found = tx.all(
        f"SELECT m.id, m.thread_id FROM messages m WHERE m.mailbox_id = :b AND {_PINNED[tx.is_postgres]} ORDER BY m.internal_date DESC LIMIT :n",
        {"b": mailbox_id, "n": limit},
    )
    if not found:
        return []
    which = f"m.thread_id IN ({', '.join({str(int(r[1])) for r in found})}) AND {_NEWEST}" if whole else f"m.id IN ({', '.join(str(int(r[0])) for r in found)})"
    sql = f"SELECT {_LIST} FROM messages m JOIN emails e ON e.id = m.email_id WHERE m.mailbox_id = :b AND {which} ORDER BY m.internal_date DESC, m.id DESC"
    return [_row(r) for r in tx.all(sql, {"b": mailbox_id})]


_THREADS = (
    "WITH t AS (SELECT m.id, m.thread_id, m.mailbox_id, m.flags, m.email_id, m.internal_date, row_number() OVER (PARTITION BY m.thread_id"
    " ORDER BY m.internal_date DESC, m.id DESC) AS place, count(*) OVER (PARTITION BY m.thread_id) AS total FROM messages m"
    " WHERE m.thread_id IN ({ids}) AND (m.mailbox_id = :b OR m.mailbox_id NOT IN ({hidden})))"
    " SELECT t.thread_id, t.total, t.mailbox_id, t.flags, e.has_attachments, e.from_name, e.from_addr, e.id, e.msgid, x.role FROM t"
    " JOIN emails e ON e.id = t.email_id JOIN mailboxes x ON x.id = t.mailbox_id WHERE t.place <= :n ORDER BY t.internal_date, t.id"
)


def threads(tx: Tx, mailbox_id: int | None, thread_ids: list[int], hidden: list[int]) -> dict[int, Thread]:
    """What is said of each thread, seen from a mailbox (None: from all of them): *hidden* ones (Trash, Junk, Drafts) count only if they are that mailbox."""
    if not thread_ids:
        return {}
    ids = ", ".join(str(int(i)) for i in thread_ids)
    sql = _THREADS.format(ids=ids, hidden=", ".join(str(int(i)) for i in [0, *hidden]))
    found: dict[int, list[tuple[int, int, int, int, str, str, int, str, str]]] = {}
    for r in tx.all(sql, {"b": mailbox_id or 0, "n": PEOPLE}):
        found.setdefault(r[0], []).append(tuple(r[1:]))
    return {thread_id: _thread(mailbox_id, rows) for thread_id, rows in found.items()}


def _thread(mailbox_id: int | None, rows: list[tuple[int, int, int, int, str, str, int, str, str]]) -> Thread:
    here = [flags for _total, box, flags, *_rest in rows if mailbox_id is None or box == mailbox_id]
    came = {(r[7], r[5]) for r in rows if r[7] and r[8] != "sent"}
    once = {r[6]: r for r in rows if r[8] != "sent" or (r[7], r[5]) not in came}
    return Thread(
        count=rows[0][0] - (len(rows) - len(once)), is_unread=any(not flags & (SEEN | DELETED) for flags in here), is_starred=any(flags & FLAGGED for flags in here),
        has_attachments=any(r[3] for r in rows), senders=tuple((r[4], r[5]) for r in once.values()),
    )  # fmt: skip


def sent_and_back(tx: Tx, account_id: int, thread_id: int) -> list[tuple[int, int]]:
    """(copy in Sent, the one that came) of what a person wrote to themselves or to a list they are on: one item of a conversation. POLICY, Mailboxes.

    The same Message-ID alone says nothing: it must be a copy of ours, from the same author.
    """
    rows = tx.all(
        "SELECT s.id, o.id FROM messages s JOIN mailboxes b ON b.id = s.mailbox_id JOIN emails e ON e.id = s.email_id JOIN messages o ON o.thread_id = s.thread_id"
        " JOIN mailboxes x ON x.id = o.mailbox_id JOIN emails f ON f.id = o.email_id WHERE s.thread_id = :t AND +s.account_id = :a AND +o.account_id = :a"
        " AND b.role = 'sent' AND x.role <> 'sent' AND e.msgid <> '' AND f.msgid = e.msgid AND f.from_addr = e.from_addr ORDER BY o.id",
        {"t": thread_id, "a": account_id},
    )
    return [(r[0], r[1]) for r in rows]


def whole(tx: Tx, account_id: int, mailbox_id: int | None, message_ids: list[int]) -> list[int]:
    """Those messages (of *mailbox_id*, or wherever they are) with all of their threads that stand in the same mailbox as they."""
    found: dict[int, None] = {}
    for message_id in message_ids:
        for (one,) in tx.all(
            "SELECT n.id FROM messages m JOIN messages n ON n.thread_id = m.thread_id AND n.mailbox_id = m.mailbox_id"
            " WHERE m.id = :i AND m.account_id = :a AND m.mailbox_id = COALESCE(:b, m.mailbox_id) ORDER BY n.id",
            {"i": message_id, "a": account_id, "b": mailbox_id},
        ):
            found[one] = None
    return list(found) or message_ids
