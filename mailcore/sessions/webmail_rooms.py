"""What the webmail's navigation tells of each mailbox: its number and its newest change. Own ones, shared ones, and all inboxes as one.

The page, the poll and the live stream read the same, so that a number on screen never jumps between two truths.
"""

from dataclasses import dataclass, field, replace

from mailcore.store import Tx, accounts, mailboxes, sharing
from mailcore.store.mailboxes import Mailbox
from mailcore.store.sharing import Place

INBOXES = "inboxes"
"""The id, in the pages' URLs, of one's own inbox and the shared ones as one list."""


@dataclass(frozen=True, slots=True)
class Room:
    """*modseq* changes with every change inside; *count* is the number beside the name."""

    modseq: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Rooms:
    """Every room by its id in the pages, and the accounts whose changes one must hear of."""

    by_id: dict[str, Room] = field(default_factory=dict)
    account_ids: frozenset[int] = frozenset()


def settled(tx: Tx, boxes: list[Mailbox]) -> list[Mailbox]:
    """*boxes* with what other programs marked \\Deleted no longer counted as unread. IMAP's own UNSEEN goes on counting it."""
    gone = "SELECT count(*) FROM messages WHERE mailbox_id = :b AND (flags & 9) = 8"
    return [replace(box, unseen_count=box.unseen_count - int(tx.value(gone, {"b": box.id}) or 0)) if box.deleted_count and box.unseen_count else box for box in boxes]


def settled_places(tx: Tx, places: list[Place]) -> list[Place]:
    """The same for others' mailboxes."""
    return [replace(place, box=box) for place, box in zip(places, settled(tx, [place.box for place in places]), strict=True)]


def count_of(box: Mailbox, role: str) -> int:
    """The number beside a mailbox: unread, for drafts all, for what one has dealt with none."""
    if role == "drafts":
        return box.message_count
    return 0 if role in ("sent", "trash", "archive") else box.unseen_count


def inboxes(own: list[Mailbox], shared: list[Place]) -> list[Mailbox]:
    """One's own inbox and those that others share; empty when nobody does."""
    theirs = [place.box for place in shared if place.own_role == "inbox" and place.may("r")]
    return [*(box for box in own if box.role == "inbox"), *theirs] if theirs else []


def rooms(tx: Tx, account_id: int) -> Rooms:
    """The rooms of an account."""
    account = accounts.account(tx, account_id)
    if account is None:
        return Rooms()
    own = settled(tx, mailboxes.list_all(tx, account_id))
    shared = settled_places(tx, [place for place in sharing.places(tx, account) if place.may("lr")])
    found = {str(box.id): Room(box.modseq, count_of(box, box.role)) for box in own}
    found |= {str(place.box.id): Room(place.box.modseq, count_of(place.box, place.own_role)) for place in shared}
    both = inboxes(own, shared)
    if both:
        found[INBOXES] = Room(sum(box.modseq for box in both), sum(box.unseen_count for box in both))
    return Rooms(by_id=found, account_ids=frozenset({account_id, *(place.box.account_id for place in shared)}))
