"""POP3: a picture of INBOX taken at sign-in, deletions that happen at QUIT and only then (RFC 1939 §6).

What DELE does is the account's setting: move to Archive or to Trash, or only hide from POP3 by a keyword. No sockets: the
listener holds the lock's lease and sends what these functions give.
"""

from dataclasses import dataclass, field

from mailcore.base.clock import DAY, Micros
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, access, changes, mailboxes, messages
from mailcore.store.accounts import Account
from mailcore.store.blobs import Locator

HIDDEN = "$Pop3Hidden"
"""The keyword of a message that was deleted by POP3 where DELE only hides."""
LEASE_SECONDS = 120
"""How long the lock outlives a session that died."""
MESSAGES = 100_000
"""Most messages one session shows: the oldest of a larger INBOX; later ones come once those are fetched and deleted."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One message: *uid* in INBOX, *size* in bytes as sent."""

    uid: int
    size: int


@dataclass(slots=True)
class Maildrop:
    """What one session sees; numbers count from 1 and never change."""

    account: Account
    mailbox_id: int
    uidvalidity: int
    entries: list[Entry]
    deleted: set[int] = field(default_factory=set)

    def entry(self, number: int) -> Entry | None:
        """Message *number*, unless it does not exist or is marked deleted."""
        if 1 <= number <= len(self.entries) and number not in self.deleted:
            return self.entries[number - 1]
        return None

    def left(self) -> list[tuple[int, Entry]]:
        """(number, entry) of what is not marked deleted."""
        return [(n, e) for n, e in enumerate(self.entries, 1) if n not in self.deleted]

    def unique_id(self, entry: Entry) -> str:
        """UIDL's word: the same for ever. RFC 1939 §7."""
        return f"{self.uidvalidity}.{entry.uid}"


def open_maildrop(tx: Tx, account: Account) -> Maildrop:
    """The picture of INBOX now."""
    box = mailboxes.by_name(tx, account.id, "INBOX")
    if box is None:
        return Maildrop(account, 0, 0, [])
    rows = tx.all(
        "SELECT uid, size FROM messages WHERE mailbox_id = :b AND (flags & :d) = 0 AND (' ' || lower(keywords) || ' ') NOT LIKE :h ORDER BY uid LIMIT :n",
        {"b": box.id, "d": messages.DELETED, "h": f"% {HIDDEN.lower()} %", "n": MESSAGES},
    )
    return Maildrop(account, box.id, box.uidvalidity, [Entry(r[0], r[1]) for r in rows])


def content(runtime: Runtime, drop: Maildrop, entry: Entry) -> bytes | None:
    """The message's bytes, or None when another program has removed it."""
    row = _row(runtime.store.read(), drop, entry)
    if row is None:
        return None
    return bytes(row[0]) + runtime.store.blobs.read(Locator(segment=row[1], offset=row[2], length=row[3]))


def _row(tx: Tx, drop: Maildrop, entry: Entry) -> tuple[bytes, str, int, int, bytes] | None:
    return tx.one(
        'SELECT e.prefix, b.segment, b."offset", b.length, e.parts FROM messages m JOIN emails e ON e.id = m.email_id'
        " JOIN blobs b ON b.id = e.blob_id WHERE m.mailbox_id = :b AND m.uid = :u",
        {"b": drop.mailbox_id, "u": entry.uid},
    )


def mark_seen(tx: Tx, drop: Maildrop, uids: list[int], actor: str, now: Micros) -> None:
    """Set \\Seen on what was fetched (where the account wants it)."""
    messages.store_flags(tx, drop.account.id, drop.mailbox_id, _ranges(uids), "add", messages.SEEN, actor=actor, now=now)


def chosen(tx: Tx, drop: Maildrop, now: Micros) -> str:
    """What DELE does where the account says nothing: an archive is kept only for who can see it, by IMAP or in the webmail. POLICY, Mailboxes."""
    return "delete" if access.uses_only_pop3(tx, drop.account.id, now - access.ALONE_DAYS * DAY) else "archive"


def update(tx: Tx, drop: Maildrop, action: str, actor: str, now: Micros) -> int:
    """The UPDATE state: do with the deleted messages what the account's setting says; how many."""
    uids = [drop.entries[n - 1].uid for n in sorted(drop.deleted)]
    if not uids:
        return 0
    ranges, account_id = _ranges(uids), drop.account.id
    if action == "hide":
        messages.store_flags(tx, account_id, drop.mailbox_id, ranges, "add", 0, (HIDDEN,), actor=actor, now=now)
        return len(uids)
    role, name = ("archive", "Archive") if action == "archive" else ("trash", "Trash")
    box = mailboxes.by_role(tx, account_id, role) or mailboxes.create(tx, account_id, name, role=role, actor=actor, now=now)
    return len(messages.move(tx, account_id, drop.mailbox_id, box.id, ranges, actor=actor, now=now).source)


def _ranges(uids: list[int]) -> list[tuple[int, int]]:
    return changes.parse_ranges(changes.ranges(sorted(uids)))
