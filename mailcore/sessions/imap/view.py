"""The selected mailbox as this client has been told it is: the one home of the map between sequence numbers and UIDs.

The client's numbers change only when `sync` says so (EXPUNGE, EXISTS). What other sessions did is read from the store by
MODSEQ; what this one wrote is known by the MODSEQs of its own writes and not told twice.
"""

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from mailcore.store import Tx, listing, mailboxes
from mailcore.store.mailboxes import Mailbox
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.flags import Flag, SystemFlag
from mailcore.wire.imap.sequence import SequenceSet

BITS: tuple[tuple[int, str], ...] = (
    (1, SystemFlag.SEEN.value), (2, SystemFlag.ANSWERED.value), (4, SystemFlag.FLAGGED.value), (8, SystemFlag.DELETED.value), (16, SystemFlag.DRAFT.value),
)  # fmt: skip
BY_FLAG = {name: bit for bit, name in BITS}
_NAMES = [tuple(name for bit, name in BITS if value & bit) for value in range(32)]
NEVER = 1 << 33
"""Above every UID: IMAP4rev2 has no \\Recent."""
OWN_KEPT = 64
"""MODSEQs of own writes that are remembered between two syncs."""


def flag_names(flags: int, keywords: str, is_recent: bool) -> tuple[Flag, ...]:
    """The flags of a message as IMAP lists them."""
    names = _NAMES[flags & 31]
    if keywords:
        names = (*names, *keywords.split())
    return (*names, SystemFlag.RECENT.value) if is_recent else names


def split_flags(names: tuple[Flag, ...]) -> tuple[int, tuple[str, ...]]:
    """Bits and keywords of a client's flag list; \\Recent is nobody's to set."""
    bits = 0
    words = []
    for name in names:
        if name in BY_FLAG:
            bits |= BY_FLAG[name]
        elif not name.startswith("\\"):
            words.append(name)
    return bits, tuple(words)


def bits_for(rights: str) -> int:
    """The system flags that *rights* allow to change: s for \\Seen, t for \\Deleted, w for the others. RFC 4314 §4."""
    return (1 if "s" in rights else 0) | (8 if "t" in rights else 0) | (22 if "w" in rights else 0)


class View:
    """One selected mailbox."""

    def __init__(self, box: Mailbox, uids: "array[int]", *, is_read_only: bool, rights: str, is_own: bool, has_recent: bool = True) -> None:
        self.mailbox_id = box.id
        self.account_id = box.account_id
        self.name = box.name
        self.rights = rights
        self.is_own = is_own
        self.uidvalidity = box.uidvalidity
        self.uids = uids
        self.modseq = box.modseq
        self.is_read_only = is_read_only
        self.has_recent = has_recent
        self.recent_from = box.recent_uid + 1 if has_recent else NEVER
        self.saved = SequenceSet(())
        self.own: list[int] = []
        self.held_back: set[int] = set()
        self.seen_version: int | None = None

    def may(self, needed: str) -> bool:
        """Whether every right of *needed* is there."""
        return self.is_own or set(needed) <= set(self.rights)

    def __len__(self) -> int:
        return len(self.uids)

    def is_recent(self, uid: int) -> bool:
        """Whether this session is the first to hear of a message."""
        return uid >= self.recent_from

    def number_of(self, uid: int) -> int | None:
        """The sequence number of *uid*, or None when the client does not know it."""
        at = bisect_left(self.uids, uid)
        return at + 1 if at < len(self.uids) and self.uids[at] == uid else None

    def ranges(self, chosen: SequenceSet, *, is_uid: bool) -> list[tuple[int, int]]:
        """*chosen* as (first, last) pairs of UIDs that hold at least one known message."""
        if chosen.is_saved:
            chosen, is_uid = self.saved, True
        if not self.uids:
            return []
        if is_uid:
            found = []
            for low, high in chosen.resolve(self.uids[-1]):  # what lies beyond the last is not there; `*` is the last
                first, last = bisect_left(self.uids, low), bisect_right(self.uids, high)
                if first < last:
                    found.append((self.uids[first], self.uids[last - 1]))
            return found
        return [(self.uids[low - 1], self.uids[high - 1]) for low, high in chosen.resolve(len(self.uids))]

    def known(self, ranges: list[tuple[int, int]]) -> list[int]:
        """The UIDs of the known messages in *ranges*, ascending."""
        return [uid for low, high in ranges for uid in self.uids[bisect_left(self.uids, low) : bisect_right(self.uids, high)]]

    def is_out_of_range(self, chosen: SequenceSet) -> bool:
        """Whether a set of sequence numbers names one that does not exist (answered BAD)."""
        return not chosen.is_saved and (chosen.largest_named > len(self.uids) or (chosen.has_star and not self.uids))

    def wrote(self, modseq: int) -> None:
        """Remember a MODSEQ of our own write."""
        self.own = [*self.own[-OWN_KEPT:], modseq]

    def sync(self, tx: Tx, *, may_expunge: bool, has_condstore: bool, has_qresync: bool, always_uid: bool) -> Iterator[bytes]:
        """What the client has to be told now. Raises KeyError when the mailbox is gone."""
        box = mailboxes.get(tx, self.mailbox_id)
        if box is None or box.is_noselect or box.uidvalidity != self.uidvalidity:
            raise KeyError(self.mailbox_id)
        if box.modseq == self.modseq and not (self.held_back and may_expunge):
            return
        gone = set(listing.expunged_since(tx, self.mailbox_id, self.modseq)) | self.held_back if box.modseq != self.modseq else set(self.held_back)
        changed = listing.changed_since(tx, self.mailbox_id, self.modseq) if box.modseq != self.modseq else []
        known = [uid for uid in gone if self.number_of(uid) is not None]
        if known and may_expunge:
            yield from self._expunge(sorted(known), has_qresync)
            self.held_back = set()
        else:
            self.held_back = set(known)
        last = self.uids[-1] if self.uids else 0
        fresh = [row[0] for row in changed if row[0] > last]
        if fresh:
            self.uids.extend(fresh)
            yield r.exists(len(self.uids))
            if self.has_recent:
                yield r.recent(sum(1 for uid in self.uids[bisect_left(self.uids, self.recent_from) :]))
        for uid, flags, words, modseq in changed:
            if uid <= last and modseq not in self.own and (number := self.number_of(uid)) is not None:
                names = flag_names(flags, words, self.is_recent(uid))
                yield r.fetch_flags(number, names, uid=uid if always_uid or has_condstore else None, modseq=modseq if has_condstore else None)
        self.modseq = box.modseq
        self.own = []

    def _expunge(self, gone: list[int], has_qresync: bool) -> Iterator[bytes]:
        if has_qresync:
            yield r.vanished(SequenceSet.of(gone))
        else:  # from the end, so that no number moves before it is told
            for uid in reversed(gone):
                yield r.expunge(bisect_left(self.uids, uid) + 1)
        leaving = set(gone)
        self.uids = array("I", [uid for uid in self.uids if uid not in leaving])
