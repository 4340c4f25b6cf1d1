"""Messages in mailboxes: append, flags, copy, move, expunge, put back. Every verb begins with the account's lock.

An `Email` (what it is) is written once by `append`; a message row says where it stands. Expunged messages keep their email
while undelete may want it. UIDs are given in order under the lock and never again; `uids` arguments are (first, last) pairs.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.store import changes
from mailcore.store.blobs import BlobStore, Staged, rows
from mailcore.store.engine import Row, Tx
from mailcore.store.threads import find_thread, named, remember_thread

SEEN, ANSWERED, FLAGGED, DELETED, DRAFT = 1, 2, 4, 8, 16
KEYWORDS_A_MESSAGE = 64
"""Most keywords one message may carry: stops STORE from growing a row without bound."""
KEYWORD_BYTES = 255
RANGES_A_QUERY = 60
"""A UID set with more pieces than this is read as one span and filtered."""

Uids = Sequence[tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEmail:
    """What is stored with a message at delivery; see `Email` in the models. Times in microseconds."""

    staged: Staged
    prefix: bytes = b""
    sent_at: Micros | None = None
    subject: str = ""
    base_subject: str = ""
    from_name: str = ""
    from_addr: str = ""
    to_display: str = ""
    preview: str = ""
    msgid: str = ""
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    has_attachments: bool = False
    trace_id: str = ""
    envelope: bytes = b""
    body: bytes = b""
    bodystructure: bytes = b""
    parts: bytes = b""
    extra: str = ""

    @property
    def size(self) -> int:
        """Bytes on the wire: prefix and blob."""
        return len(self.prefix) + self.staged.locator.length

    @property
    def names(self) -> tuple[str, ...]:
        """Message-IDs that tell its conversation: its own first, then what it answers, newest first."""
        return tuple(dict.fromkeys(n for n in (self.msgid, self.in_reply_to, *reversed(self.references)) if n))


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """Where an append put a message."""

    message_id: int
    email_id: int
    thread_id: int
    mailbox_id: int
    uidvalidity: int
    uid: int
    modseq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """The outcome of a flag change: rows (uid, flags, keywords) that changed, and UIDs that UNCHANGEDSINCE spared."""

    modseq: int
    changed: list[tuple[int, int, str]] = field(default_factory=list)
    refused: list[int] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Copied:
    """Source and target UIDs, pairwise, ascending by source."""

    uidvalidity: int
    source: list[int]
    target: list[int]
    message_ids: list[int]


def append(
    tx: Tx, blobs: BlobStore, account_id: int, mailbox_id: int, email: NewEmail, *, actor: str, now: Micros, flags: int = 0,
    keywords: str = "", internal_date: Micros | None = None,
) -> Placed:  # fmt: skip
    """Store *email* and place it in a mailbox. Raises MailError(NOT_FOUND) when the mailbox is gone, STORAGE when its bytes are void."""
    size = email.size
    modseq = changes.begin(tx, account_id, bytes_added=size, count_added=1)
    blob_id = rows.claim(tx, email.staged, now, blobs)
    found = find_thread(tx, account_id, email.names)
    email_id = tx.insert(
        "INSERT INTO emails (account_id, thread_id, blob_id, prefix, size, sent_at, subject, base_subject, from_name, from_addr, to_display,"
        " preview, msgid, in_reply_to, has_attachments, trace_id, envelope, body, bodystructure, parts, extra) VALUES (:a, :t, :b, :p, :z, :s,"
        " :su, :bs, :fn, :fa, :td, :pv, :mi, :ir, :ha, :tr, :en, :bo, :bst, :pa, :ex)",
        {
            "a": account_id, "t": found or 0, "b": blob_id, "p": email.prefix, "z": size, "s": email.sent_at, "su": email.subject,
            "bs": email.base_subject, "fn": email.from_name, "fa": email.from_addr, "td": email.to_display, "pv": email.preview,
            "mi": email.msgid, "ir": email.in_reply_to, "ha": int(email.has_attachments), "tr": email.trace_id, "en": email.envelope,
            "bo": email.body, "bst": email.bodystructure, "pa": email.parts, "ex": email.extra,
        },
    )  # fmt: skip
    thread_id = email_id if found is None else found
    if found is None:
        tx.run("UPDATE emails SET thread_id = id WHERE id = :i", {"i": email_id})
    remember_thread(tx, account_id, email.names, thread_id, is_new=found is None)
    return place(
        tx, account_id, mailbox_id, email_id, thread_id, size, modseq, flags=flags, keywords=keywords,
        internal_date=now if internal_date is None else internal_date, actor=actor, now=now,
    )  # fmt: skip


def place(
    tx: Tx, account_id: int, mailbox_id: int, email_id: int, thread_id: int, size: int, modseq: int, *, flags: int, keywords: str,
    internal_date: Micros, actor: str, now: Micros,
) -> Placed:  # fmt: skip
    """Give a stored email a UID in a mailbox; the account's lock is held by *modseq*."""
    row = tx.one(
        "UPDATE mailboxes SET uidnext = uidnext + 1, modseq = :m, message_count = message_count + 1, unseen_count = unseen_count + :u,"
        " deleted_count = deleted_count + :d, size_bytes = size_bytes + :z WHERE id = :i AND account_id = :a AND is_noselect = 0"
        " RETURNING uidnext - 1, uidvalidity",
        {"m": modseq, "u": 1 - (flags & SEEN), "d": (flags & DELETED) // DELETED, "z": size, "i": mailbox_id, "a": account_id},
    )
    if row is None:
        raise MailError(Reason.NOT_FOUND, "The mailbox no longer exists.")
    uid, uidvalidity = row
    message_id = tx.insert(
        "INSERT INTO messages (account_id, mailbox_id, uid, email_id, thread_id, modseq, flags, keywords, size, internal_date, save_date)"
        " VALUES (:a, :b, :u, :e, :t, :m, :f, :k, :z, :d, :n)",
        {
            "a": account_id, "b": mailbox_id, "u": uid, "e": email_id, "t": thread_id, "m": modseq, "f": flags, "k": keywords, "z": size,
            "d": internal_date, "n": now,
        },
    )  # fmt: skip
    changes.log(tx, account_id, modseq, "append", container=mailbox_id, ids=str(uid), actor=actor, now=now)
    return Placed(
        message_id=message_id, email_id=email_id, thread_id=thread_id, mailbox_id=mailbox_id, uidvalidity=uidvalidity, uid=uid, modseq=modseq
    )


def select(tx: Tx, mailbox_id: int, uids: Uids | None, columns: str, extra: str = "") -> list[Row]:
    """Rows of *columns* (the first must be uid) for a UID set, ascending; None means all."""
    base = f"SELECT {columns} FROM messages WHERE mailbox_id = :b {extra}"
    if uids is None:
        return tx.all(base + " ORDER BY uid", {"b": mailbox_id})
    if len(uids) <= RANGES_A_QUERY:
        out: list[Row] = []
        for first, last in sorted(uids):
            out += tx.all(base + " AND uid BETWEEN :f AND :l ORDER BY uid", {"b": mailbox_id, "f": first, "l": last})
        return out
    low, high = min(f for f, _ in uids), max(last for _, last in uids)
    wanted: set[int] = set()
    spans = []
    for first, last in uids:
        if last - first < 1000:
            wanted.update(range(first, last + 1))
        else:
            spans.append((first, last))
    found = tx.all(base + " AND uid BETWEEN :f AND :l ORDER BY uid", {"b": mailbox_id, "f": low, "l": high})
    return [r for r in found if r[0] in wanted or any(f <= r[0] <= last for f, last in spans)]


def store_flags(
    tx: Tx, account_id: int, mailbox_id: int, uids: Uids | None, op: str, flags: int, keywords: Iterable[str] = (), *, actor: str,
    now: Micros, unchanged_since: int | None = None, kept_flags: int = 0, keeps_words: bool = False,
) -> Flagged:  # fmt: skip
    """op "add", "remove" or "replace" *flags* and *keywords*; *kept_flags*, and with *keeps_words* all keywords, stay. Rows that would not change keep their MODSEQ. RFC 7162 §3.1.3."""
    modseq = changes.begin(tx, account_id)
    words = frozenset(keywords)
    changed: list[tuple[int, int, str]] = []
    refused: list[int] = []
    updates = []
    unseen = deleted = 0
    for uid, message_id, old, old_words, row_modseq in select(tx, mailbox_id, uids, "uid, id, flags, keywords, modseq"):
        if unchanged_since is not None and row_modseq > unchanged_since:
            refused.append(uid)
            continue
        new, new_words = apply_flags(op, old, old_words, flags, words)
        new, new_words = new & ~kept_flags | old & kept_flags, old_words if keeps_words else new_words
        if new == old and new_words == old_words:
            continue
        unseen += (old & SEEN) - (new & SEEN)
        deleted += ((new & DELETED) - (old & DELETED)) // DELETED
        updates.append({"f": new, "k": new_words, "m": modseq, "i": message_id})
        changed.append((uid, new, new_words))
    if changed:
        tx.many("UPDATE messages SET flags = :f, keywords = :k, modseq = :m WHERE id = :i", updates)
        tx.run(
            "UPDATE mailboxes SET modseq = :m, unseen_count = unseen_count + :u, deleted_count = deleted_count + :d WHERE id = :i",
            {"m": modseq, "u": unseen, "d": deleted, "i": mailbox_id},
        )
        ids = changes.ranges([c[0] for c in changed])
        changes.log(tx, account_id, modseq, "flags", container=mailbox_id, ids=ids, actor=actor, now=now)
    return Flagged(modseq=modseq, changed=changed, refused=refused)


def apply_flags(op: str, old: int, old_words: str, flags: int, words: frozenset[str]) -> tuple[int, str]:
    """Flags and keywords after *op*. Raises MailError(LIMIT) for too many keywords."""
    if not words and op != "replace":
        return (old | flags if op == "add" else old & ~flags), old_words
    have = {w.lower(): w for w in old_words.split()}
    mine = {w.lower(): w for w in words}
    if op == "add":
        new, have = old | flags, mine | have
    elif op == "remove":
        new, have = old & ~flags, {k: v for k, v in have.items() if k not in mine}
    else:
        new, have = flags, {k: have.get(k, v) for k, v in mine.items()}
    if len(have) > KEYWORDS_A_MESSAGE:
        raise MailError(Reason.LIMIT, f"A message carries at most {KEYWORDS_A_MESSAGE} keywords.")
    return new, " ".join(sorted(have.values(), key=str.lower))


def copy(tx: Tx, account_id: int, mailbox_id: int, target_id: int, uids: Uids | None, *, actor: str, now: Micros) -> Copied:
    """Place the same emails in *target_id* too. Raises MailError(NOT_FOUND)."""
    modseq = changes.begin(tx, account_id)
    found = select(tx, mailbox_id, uids, "uid, email_id, thread_id, flags, keywords, size, internal_date")
    tx.run(
        "UPDATE accounts SET used_bytes = used_bytes + :b, used_count = used_count + :c WHERE id = :a",
        {"b": sum(r[5] for r in found), "c": len(found), "a": account_id},
    )
    placed = [
        place(tx, account_id, target_id, r[1], r[2], r[5], modseq, flags=r[3], keywords=r[4], internal_date=r[6], actor=actor, now=now)
        for r in found
    ]
    return Copied(
        uidvalidity=placed[0].uidvalidity if placed else 0,
        source=[r[0] for r in found],
        target=[p.uid for p in placed],
        message_ids=[p.message_id for p in placed],
    )


def move(tx: Tx, account_id: int, mailbox_id: int, target_id: int, uids: Uids | None, *, actor: str, now: Micros) -> Copied:
    """Move messages; rows, emails and threads stay the same, UIDs are new. RFC 6851. Raises MailError(NOT_FOUND)."""
    modseq = changes.begin(tx, account_id)
    found = select(tx, mailbox_id, uids, "uid, id, flags, keywords, size, internal_date")
    size, unseen, deleted = totals(found)
    row = tx.one(
        "UPDATE mailboxes SET uidnext = uidnext + :c, modseq = :m, message_count = message_count + :c, unseen_count = unseen_count + :u,"
        " deleted_count = deleted_count + :d, size_bytes = size_bytes + :z WHERE id = :i AND account_id = :a AND is_noselect = 0"
        " RETURNING uidnext - :c, uidvalidity",
        {"c": len(found), "m": modseq, "u": unseen, "d": deleted, "z": size, "i": target_id, "a": account_id},
    )
    if row is None:
        raise MailError(Reason.NOT_FOUND, "The mailbox no longer exists.")
    first, uidvalidity = row
    if not found:
        return Copied(uidvalidity=uidvalidity, source=[], target=[], message_ids=[])
    source, target = [r[0] for r in found], list(range(first, first + len(found)))
    tx.many(
        "UPDATE messages SET mailbox_id = :b, uid = :u, modseq = :m, save_date = :n WHERE id = :i",
        [{"b": target_id, "u": uid, "m": modseq, "n": now, "i": r[1]} for uid, r in zip(target, found, strict=True)],
    )
    _leave(tx, account_id, mailbox_id, modseq, size, unseen, deleted, len(found))
    tx.many(
        "INSERT INTO expunged (account_id, mailbox_id, uid, modseq, at, actor) VALUES (:a, :b, :u, :m, :n, :w)",
        [{"a": account_id, "b": mailbox_id, "u": uid, "m": modseq, "n": now, "w": actor} for uid in source],
    )
    changes.log(tx, account_id, modseq, "expunge", container=mailbox_id, ids=changes.ranges(source), actor=actor, now=now)
    changes.log(tx, account_id, modseq, "append", container=target_id, ids=f"{first}:{first + len(found) - 1}", actor=actor, now=now)
    return Copied(uidvalidity=uidvalidity, source=source, target=target, message_ids=[r[1] for r in found])


def totals(found: list[Row]) -> tuple[int, int, int]:
    """Bytes, unseen and \\Deleted counts of rows (uid, id, flags, keywords, size, …)."""
    size = sum(r[4] for r in found)
    return size, sum(1 - (r[2] & SEEN) for r in found), sum((r[2] & DELETED) // DELETED for r in found)


def _leave(tx: Tx, account_id: int, mailbox_id: int, modseq: int, size: int, unseen: int, deleted: int, count: int) -> None:
    tx.run(
        "UPDATE mailboxes SET modseq = :m, message_count = message_count - :c, unseen_count = unseen_count - :u,"
        " deleted_count = deleted_count - :d, size_bytes = size_bytes - :z WHERE id = :i AND account_id = :a",
        {"m": modseq, "c": count, "u": unseen, "d": deleted, "z": size, "i": mailbox_id, "a": account_id},
    )


def expunge(
    tx: Tx, account_id: int, mailbox_id: int, uids: Uids | None, *, actor: str, now: Micros, only_deleted: bool = False, keep: bool = True
) -> list[int]:
    """Remove messages (only those marked \\Deleted when asked); the UIDs that went. With *keep* they can be put back."""
    modseq = changes.begin(tx, account_id)
    extra = f"AND (flags & {DELETED}) <> 0" if only_deleted else ""
    found = select(tx, mailbox_id, uids, "uid, id, flags, keywords, size, internal_date, email_id", extra)
    if not found:
        return []
    size, unseen, deleted = totals(found)
    box = tx.value("SELECT name FROM mailboxes WHERE id = :i", {"i": mailbox_id}) or ""
    tx.many(
        "INSERT INTO expunged (account_id, mailbox_id, uid, modseq, email_id, flags, keywords, internal_date, at, actor, mailbox_name)"
        " VALUES (:a, :b, :u, :m, :e, :f, :k, :d, :n, :w, :x)",
        [
            {"a": account_id, "b": mailbox_id, "u": r[0], "m": modseq, "e": r[6] if keep else None, "f": r[2], "k": r[3], "d": r[5],
             "n": now, "w": actor, "x": box}
            for r in found
        ],
    )  # fmt: skip
    tx.many("DELETE FROM messages WHERE id = :i", [{"i": r[1]} for r in found])
    tx.run(
        "UPDATE accounts SET used_bytes = used_bytes - :b, used_count = used_count - :c WHERE id = :a",
        {"b": size, "c": len(found), "a": account_id},
    )
    _leave(tx, account_id, mailbox_id, modseq, size, unseen, deleted, len(found))
    gone = [r[0] for r in found]
    changes.log(tx, account_id, modseq, "expunge", container=mailbox_id, ids=changes.ranges(gone), actor=actor, now=now)
    return gone


def put_back(tx: Tx, account_id: int, expunged_ids: Sequence[int], *, target_id: int | None, actor: str, now: Micros) -> list[Placed]:
    """Undo an expunge: each message returns to its mailbox if that still exists, else to *target_id*, with its flags and a new UID."""
    modseq = changes.begin(tx, account_id)
    placed = []
    for expunged_id in expunged_ids:
        row = tx.one(
            "SELECT x.mailbox_id, x.email_id, x.flags, x.keywords, x.internal_date, e.thread_id, e.size FROM expunged x"
            " JOIN emails e ON e.id = x.email_id WHERE x.id = :i AND x.account_id = :a",
            {"i": expunged_id, "a": account_id},
        )
        if row is None:
            continue
        exists = tx.one("SELECT 1 FROM mailboxes WHERE id = :i AND is_noselect = 0", {"i": row[0]})
        into = row[0] if exists else target_id
        if into is None:
            raise MailError(Reason.NOT_FOUND, "The mailbox these messages came from is gone; choose another.")
        tx.run("UPDATE expunged SET email_id = NULL WHERE id = :i", {"i": expunged_id})
        tx.run("UPDATE accounts SET used_bytes = used_bytes + :b, used_count = used_count + 1 WHERE id = :a", {"b": row[6], "a": account_id})
        placed.append(
            place(tx, account_id, into, row[1], row[5], row[6], modseq, flags=row[2] & ~DELETED, keywords=row[3], internal_date=row[4],
                  actor=actor, now=now)
        )  # fmt: skip
    return placed


def date_anew(tx: Tx, message_id: int, now: Micros) -> None:
    """Give a message another INTERNALDATE, on its way to another mailbox and UID."""
    tx.run("UPDATE messages SET internal_date = :d WHERE id = :i", {"d": now, "i": message_id})


def is_muted(tx: Tx, account_id: int, email: NewEmail) -> bool:
    """Whether the conversation that *email* belongs to was muted; a full one too, whose next message begins another thread."""
    muted = "SELECT 1 FROM messages WHERE thread_id = :t AND keywords LIKE '%$Muted%' LIMIT 1"
    return any(tx.one(muted, {"t": thread_id}) is not None for thread_id in named(tx, account_id, email.names))


def replace(
    tx: Tx, blobs: BlobStore, account_id: int, message_id: int, email: NewEmail, *, actor: str, now: Micros, flags: int
) -> Placed:
    """Put *email* in the place of a message (a draft that is saved again): the row stays, the UID is new, the old one is expunged."""
    row = tx.one("SELECT mailbox_id, uid, flags, size FROM messages WHERE id = :i AND account_id = :a", {"i": message_id, "a": account_id})
    if row is None:
        raise MailError(Reason.NOT_FOUND, "This draft is no longer here.")
    mailbox_id, old_uid, old_flags, old_size = row
    placed = append(tx, blobs, account_id, mailbox_id, email, actor=actor, now=now, flags=flags)
    tx.run("DELETE FROM messages WHERE id = :i", {"i": message_id})
    tx.run("UPDATE messages SET id = :new WHERE id = :old", {"new": message_id, "old": placed.message_id})
    tx.run("UPDATE accounts SET used_bytes = used_bytes - :b, used_count = used_count - 1 WHERE id = :a", {"b": old_size, "a": account_id})
    unseen, deleted = 1 - (old_flags & SEEN), (old_flags & DELETED) // DELETED
    _leave(tx, account_id, mailbox_id, placed.modseq, old_size, unseen, deleted, 1)
    tx.run(
        "INSERT INTO expunged (account_id, mailbox_id, uid, modseq, at, actor) VALUES (:a, :b, :u, :m, :n, :w)",
        {"a": account_id, "b": mailbox_id, "u": old_uid, "m": placed.modseq, "n": now, "w": actor},
    )
    changes.log(tx, account_id, placed.modseq, "expunge", container=mailbox_id, ids=str(old_uid), actor=actor, now=now)
    return Placed(
        message_id=message_id, email_id=placed.email_id, thread_id=placed.thread_id, mailbox_id=mailbox_id, uidvalidity=placed.uidvalidity,
        uid=placed.uid, modseq=placed.modseq,
    )  # fmt: skip
