"""Reading messages: pages by cursor, the UIDs of a mailbox, what FETCH and the webmail show, bytes by range.

Nothing here pages by offset. A cursor is (internal_date, id) of the last row seen. Metadata never opens a blob.
"""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.store.blobs import BlobStore, Locator
from mailcore.store.engine import Row, Tx
from mailcore.store.messages import Uids, select

PAGE = 50
"""Rows of a page of the list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRow:
    """One line of a list. Times in microseconds, size in bytes, flags as bits."""

    message_id: int
    mailbox_id: int
    uid: int
    email_id: int
    thread_id: int
    flags: int
    keywords: str
    internal_date: Micros
    size: int
    subject: str
    from_name: str
    from_addr: str
    to_display: str
    preview: str
    has_attachments: bool


_LIST = (
    "m.id, m.mailbox_id, m.uid, m.email_id, m.thread_id, m.flags, m.keywords, m.internal_date, m.size, e.subject, e.from_name, e.from_addr,"
    " e.to_display, e.preview, e.has_attachments"
)


def _row(r: Row) -> ListRow:
    return ListRow(
        message_id=r[0], mailbox_id=r[1], uid=r[2], email_id=r[3], thread_id=r[4], flags=r[5], keywords=r[6], internal_date=r[7], size=r[8],
        subject=r[9], from_name=r[10], from_addr=r[11], to_display=r[12], preview=r[13], has_attachments=bool(r[14]),
    )  # fmt: skip


def page(
    tx: Tx, mailbox_id: int, *, before: tuple[Micros, int] | None = None, after: tuple[Micros, int] | None = None, limit: int = PAGE,
    only: str = "",
) -> list[ListRow]:  # fmt: skip
    """Up to *limit* rows, newest first: older than *before*, or the ones just newer than *after*. only: "", "unseen", "flagged"."""
    extra = {"": "", "unseen": " AND (m.flags & 1) = 0", "flagged": " AND (m.flags & 4) <> 0"}[only]
    sql = f"SELECT {_LIST} FROM messages m JOIN emails e ON e.id = m.email_id WHERE m.mailbox_id = :b{extra}"
    if after is not None:
        rows = tx.all(
            sql + " AND (m.internal_date, m.id) > (:d, :i) ORDER BY m.internal_date, m.id LIMIT :n",
            {"b": mailbox_id, "d": after[0], "i": after[1], "n": limit},
        )
        return [_row(r) for r in reversed(rows)]
    if before is not None:
        sql += " AND (m.internal_date, m.id) < (:d, :i)"
    sql += " ORDER BY m.internal_date DESC, m.id DESC LIMIT :n"
    cursor = before or (0, 0)
    return [_row(r) for r in tx.all(sql, {"b": mailbox_id, "d": cursor[0], "i": cursor[1], "n": limit})]


def place(tx: Tx, mailbox_ids: Sequence[int], number: int) -> tuple[Micros, int] | None:
    """(date, id) of the message at *number*, counted from the newest of all; None behind the oldest. Walks from the nearer end."""
    some = ", ".join(str(int(i)) for i in mailbox_ids)
    total = int(tx.value(f"SELECT sum(message_count) FROM mailboxes WHERE id IN ({some})") or 0)
    way, steps = ("DESC", number) if number * 2 < total else ("ASC", total - 1 - number)
    found = tx.one(f"SELECT internal_date, id FROM messages WHERE mailbox_id IN ({some}) ORDER BY internal_date {way}, id {way} LIMIT 1 OFFSET :n", {"n": max(0, steps)})
    return (int(found[0]), int(found[1])) if found is not None and number < total else None


def rows(tx: Tx, account_id: int, message_ids: list[int]) -> list[ListRow]:
    """The list rows of these messages, in the order given; missing ones are left out."""
    found = {}
    for message_id in message_ids:
        r = tx.one(
            f"SELECT {_LIST} FROM messages m JOIN emails e ON e.id = m.email_id WHERE m.id = :i AND m.account_id = :a",
            {"i": message_id, "a": account_id},
        )
        if r is not None:
            found[message_id] = _row(r)
    return [found[i] for i in message_ids if i in found]


def thread(tx: Tx, account_id: int, thread_id: int, limit: int = 500) -> list[ListRow]:
    """A conversation across mailboxes, oldest first; of one longer than *limit* its newest."""
    return [
        _row(r)
        for r in tx.all(
            f"SELECT {_LIST} FROM messages m JOIN emails e ON e.id = m.email_id WHERE +m.account_id = :a AND m.thread_id = :t"
            " ORDER BY m.internal_date DESC, m.id DESC LIMIT :n",
            {"a": account_id, "t": thread_id, "n": limit},
        )[::-1]
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """One message with all that was made at delivery."""

    row: ListRow
    prefix: bytes
    locator: Locator
    sent_at: Micros | None
    msgid: str
    in_reply_to: str
    trace_id: str
    envelope: bytes
    body: bytes
    bodystructure: bytes
    parts: bytes
    extra: str
    modseq: int
    save_date: Micros


_STORED = (
    f"{_LIST}, e.prefix, b.segment, b.\"offset\", b.length, e.sent_at, e.msgid, e.in_reply_to, e.trace_id, e.envelope, e.body,"
    " e.bodystructure, e.parts, e.extra, m.modseq, m.save_date"
)


def _stored(r: Row) -> Stored:
    return Stored(
        row=_row(r), prefix=bytes(r[15]), locator=Locator(segment=r[16], offset=r[17], length=r[18]), sent_at=r[19], msgid=r[20],
        in_reply_to=r[21], trace_id=r[22], envelope=bytes(r[23]), body=bytes(r[24]), bodystructure=bytes(r[25]), parts=bytes(r[26]),
        extra=r[27], modseq=r[28], save_date=r[29],
    )  # fmt: skip


def get(tx: Tx, account_id: int, message_id: int) -> Stored:
    """One message of an account. Raises MailError(NOT_FOUND)."""
    r = tx.one(
        f"SELECT {_STORED} FROM messages m JOIN emails e ON e.id = m.email_id JOIN blobs b ON b.id = e.blob_id"
        " WHERE m.id = :i AND m.account_id = :a",
        {"i": message_id, "a": account_id},
    )
    if r is None:
        raise MailError(Reason.NOT_FOUND, "This message is no longer here.")
    return _stored(r)


def content(blobs: BlobStore, stored: Stored) -> bytes:
    """The whole message as it is on the wire: prefix and blob."""
    return stored.prefix + blobs.read(stored.locator)


def uids(tx: Tx, mailbox_id: int) -> "array[int]":
    """Every UID of a mailbox, ascending, four bytes each: the state of an IMAP session."""
    box = tx.one(
        "SELECT count(*), min(uid), max(uid) FROM messages WHERE mailbox_id = :b",
        {"b": mailbox_id},
    )
    assert box is not None
    count, low, high = box
    if not count:
        return array("I")
    if high - low + 1 == count:
        return array("I", range(low, high + 1))
    if tx.is_postgres:
        return array("I", tx.value("SELECT array_agg(uid ORDER BY uid) FROM messages WHERE mailbox_id = :b", {"b": mailbox_id}))
    text = tx.value(
        "SELECT group_concat(uid) FROM (SELECT uid FROM messages WHERE mailbox_id = :b ORDER BY uid)", {"b": mailbox_id}
    )
    return array("I", map(int, text.split(",")))


def first_unseen(tx: Tx, mailbox_id: int) -> int | None:
    """The lowest UID without \\Seen."""
    found = tx.value("SELECT uid FROM messages WHERE mailbox_id = :b AND (flags & 1) = 0 ORDER BY uid LIMIT 1", {"b": mailbox_id})
    return None if found is None else int(found)


def flags(tx: Tx, mailbox_id: int, uid_set: Uids | None) -> list[tuple[int, int, str, int]]:
    """(uid, flags, keywords, modseq) for a UID set."""
    return select(tx, mailbox_id, uid_set, "uid, flags, keywords, modseq")


def changed_since(tx: Tx, mailbox_id: int, modseq: int) -> list[tuple[int, int, str, int]]:
    """(uid, flags, keywords, modseq) of messages whose MODSEQ is above *modseq*, by UID."""
    return tx.all(
        "SELECT uid, flags, keywords, modseq FROM messages WHERE mailbox_id = :b AND modseq > :m ORDER BY uid", {"b": mailbox_id, "m": modseq}
    )


def expunged_since(tx: Tx, mailbox_id: int, modseq: int) -> list[int]:
    """UIDs that left a mailbox after *modseq*, ascending. RFC 7162 §3.2.7."""
    found = tx.all("SELECT uid FROM expunged WHERE mailbox_id = :b AND modseq > :m ORDER BY uid", {"b": mailbox_id, "m": modseq})
    return [r[0] for r in found]


def keywords_used(tx: Tx, mailbox_id: int, limit: int = 1000) -> list[str]:
    """The distinct keywords in a mailbox."""
    seen: dict[str, str] = {}
    for (words,) in tx.all(
        "SELECT DISTINCT keywords FROM messages WHERE mailbox_id = :b AND keywords <> '' LIMIT :n", {"b": mailbox_id, "n": limit}
    ):
        for word in words.split():
            seen.setdefault(word.lower(), word)
    return sorted(seen.values(), key=str.lower)
