"""One write of the webmail: what it may reach by which right, the moves and marks it is made of, and the steps of the way back."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, changes, mailboxes, messages, sharing
from mailcore.store.accounts import Account
from mailcore.store.mailboxes import Mailbox
from mailcore.store.messages import FLAGGED, SEEN
from mailcore.store.sharing import Place

IDS_AN_ACT = 5000
"""Messages one request may name: stops a form from holding the writer."""
STANDARD_NAME = {role: name for name, role in mailboxes.STANDARD}

Step = list[Any]
"""["flags", mailbox, op, bits, uids], ["move", from, to, uids], ["label", mailbox, op, word, uids], ["gone", mailbox, uids] or ["back", mailbox, uids]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """The steps back, in the order to take them."""

    steps: tuple[Step, ...] = ()

    def to_data(self) -> list[Step]:
        """As a signed token holds it."""
        return list(self.steps)

    @classmethod
    def from_data(cls, data: Any) -> "Undo":
        """What `to_data` gave."""
        return cls(steps=tuple(data))


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """How many messages changed, the path of the mailbox they went to ("" when they went nowhere), and the way back."""

    count: int = 0
    target: str = ""
    undo: Undo = field(default_factory=Undo)


@dataclass(slots=True, kw_only=True)
class Work:
    """One write's tools, and the steps it collects."""

    tx: Tx
    account: Account
    actor: str
    now: Micros
    keeps: bool = True
    """Whether what is removed can be put back."""
    count: int = 0
    steps: list[Step] = field(default_factory=list)
    known: dict[int, Place] = field(default_factory=dict)

    @property
    def account_id(self) -> int:
        """Who acts."""
        return self.account.id

    def place(self, mailbox_id: int, needed: str = "") -> Place:
        """A mailbox, one's own or shared with the rights *needed*. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
        found = self.known.get(mailbox_id) or sharing.place(self.tx, self.account, mailbox_id)
        if found is None or not found.may("r"):
            raise MailError(Reason.NOT_FOUND, "This mailbox is no longer here.")
        self.known[mailbox_id] = found
        check(found, needed)
        return found

    def owner(self, mailbox_id: int) -> int:
        """Whose account the mailbox's counts and log are."""
        return self.place(mailbox_id).box.account_id


def check(place: Place, needed: str) -> None:
    """Raises MailError(NOT_PERMITTED) with what is not allowed, unless the rights *needed* are given."""
    name, missing = place.own_name, set(needed) - set(place.rights)
    if "s" in missing:
        raise MailError(Reason.NOT_PERMITTED, f"You may not mark messages of {name} as read or unread.")
    if "w" in missing:
        raise MailError(Reason.NOT_PERMITTED, f"You may not star, label or pin messages of {name}.")
    if missing & {"t", "e"}:
        raise MailError(Reason.NOT_PERMITTED, f"You may not move or delete messages of {name}.")
    if missing:
        raise MailError(Reason.NOT_PERMITTED, f"You may not put messages into {name}.")


def actor_of(account: Account) -> str:
    """Who the change log says it was."""
    return f"webmail:{account.address}"


def keeps_deleted(runtime: Runtime, account: Account) -> bool:
    """Whether undelete keeps anything for people of the account's domain."""
    return int(runtime.settings.get("undelete.days", domain_id=account.domain_id)) > 0


def write(runtime: Runtime, account: Account, fn: Callable[[Work], str]) -> Done:
    """One write of the webmail, with the way back."""
    now, keeps = runtime.clock.micros(), keeps_deleted(runtime, account)

    def run(tx: Tx) -> Done:
        work = Work(tx=tx, account=account, actor=actor_of(account), now=now, keeps=keeps)
        target = fn(work)
        return Done(count=work.count, target=target, undo=Undo(steps=tuple(work.steps)))

    return runtime.store.write(run)


def with_role(work: Work, role: str) -> Mailbox:
    """The mailbox that plays *role*, made when it is missing."""
    found = mailboxes.by_role(work.tx, work.account_id, role)
    if found is not None:
        return found
    name = STANDARD_NAME[role]
    there = mailboxes.by_name(work.tx, work.account_id, name)
    if there is not None and not there.is_noselect:
        mailboxes.set_role(work.tx, work.account_id, there.id, role, actor=work.actor, now=work.now)
        return there
    return mailboxes.create(work.tx, work.account_id, name, role=role, actor=work.actor, now=work.now, is_subscribed=True)


def place_of_role(work: Work, source: Place, role: str) -> Place | None:
    """Where messages of *source* go for a role: the owner's mailbox of it; None where the public has no Trash. Raises MailError(NOT_PERMITTED)."""
    if source.is_own:
        return sharing.own(with_role(work, role))
    theirs = mailboxes.by_role(work.tx, source.box.account_id, role)
    if role == "trash":
        # Whoever may delete may leave it where its owner finds it, though that Trash itself is shared with nobody.
        return None if theirs is None else Place(box=theirs, rights=sharing.ALL, own_name=theirs.name, own_role=role, is_own=False)
    found = sharing.place(work.tx, work.account, theirs.id) if theirs is not None else None
    if found is None or not found.may("i"):
        raise MailError(Reason.NOT_PERMITTED, f"You may not put messages into {STANDARD_NAME[role]}.")
    return found


def groups(work: Work, ids: Sequence[int], needed: str = "") -> dict[int, list[int]]:
    """UIDs by mailbox of those *ids* that one may reach with the rights *needed*. Raises MailError(NOT_FOUND, NOT_PERMITTED, LIMIT)."""
    if len(ids) > IDS_AN_ACT:
        raise MailError(Reason.LIMIT, f"At most {IDS_AN_ACT} messages at a time.")
    found: dict[int, list[int]] = {}
    owners: dict[int, int] = {}
    for message_id in dict.fromkeys(ids):
        row = work.tx.one("SELECT mailbox_id, uid, account_id FROM messages WHERE id = :i", {"i": message_id})
        if row is not None and (row[2] == work.account_id or _is_shared(work, row[0])):
            found.setdefault(row[0], []).append(row[1])
            owners[row[0]] = row[2]
    if ids and not found:
        raise MailError(Reason.NOT_FOUND, "These messages are no longer here.")
    for box, owner in owners.items():
        if owner != work.account_id:
            work.place(box, needed)
    if len(set(owners.values())) > 1:
        for owner in sorted(set(owners.values())):
            changes.begin(work.tx, owner)  # several accounts are always locked in the order of their ids
    return found


def _is_shared(work: Work, mailbox_id: int) -> bool:
    """Whether a mailbox of somebody else may be read."""
    if mailbox_id not in work.known:
        place = sharing.place(work.tx, work.account, mailbox_id)
        if place is None:
            return False
        work.known[mailbox_id] = place
    return work.known[mailbox_id].may("r")


def moved_back(work: Work, here: int, home: int, uids: list[tuple[int, int]]) -> int:
    """Messages back to the mailbox they came from; how many. Out of an owner's Trash only what this person put there."""
    place = work.place(home, "te")
    box = mailboxes.get(work.tx, here)
    if box is None or box.account_id != place.box.account_id:
        raise MailError(Reason.NOT_FOUND, "This mailbox is no longer here.")
    return len(messages.move(work.tx, box.account_id, here, home, uids, actor=work.actor, now=work.now).target)


def pairs(uids: Iterable[int]) -> list[tuple[int, int]]:
    """UIDs as ranges."""
    return changes.parse_ranges(changes.ranges(sorted(uids)))


def set_flag(work: Work, box: int, uids: Iterable[int], how: str, bits: int) -> None:
    """Set or clear a flag, and keep the way back."""
    done = messages.store_flags(work.tx, work.owner(box), box, pairs(uids), how, bits, actor=work.actor, now=work.now)
    if done.changed:
        work.count += len(done.changed)
        back = "remove" if how == "add" else "add"
        work.steps.append(["flags", box, back, bits, changes.ranges([c[0] for c in done.changed])])


def move_to(work: Work, box: int, target: Place, uids: Iterable[int]) -> None:
    """Move messages, within an account or into another's. Raises MailError(OVER_QUOTA)."""
    if box == target.box.id:
        return
    source = work.place(box).box
    if source.account_id == target.box.account_id:
        moved = messages.move(work.tx, source.account_id, box, target.box.id, pairs(uids), actor=work.actor, now=work.now)
        if moved.target:
            work.count += len(moved.target)
            work.steps.append(["move", target.box.id, box, changes.ranges(moved.target)])
        return
    _carry(work, source, target, pairs(uids))


def _carry(work: Work, source: Mailbox, target: Place, uids: list[tuple[int, int]]) -> None:
    """Move messages to another account's mailbox: a copy there with the marks that may be set, and none here."""
    box = target.box
    size = sum(row[1] for row in messages.select(work.tx, source.id, uids, "uid, size"))
    room = work.tx.one("SELECT quota_bytes, used_bytes FROM accounts WHERE id = :a", {"a": box.account_id})
    if room is not None and room[0] and room[1] + size > room[0]:
        raise MailError(Reason.OVER_QUOTA, "The messages would not fit into the mailbox's quota.")
    flags = sum(bit for letter, bits in MARK_RIGHTS.items() if letter in target.rights for bit in bits)
    told = sharing.copy_over(work.tx, source, box, uids, flags=flags, keeps_words="w" in target.rights, actor=work.actor, now=work.now)
    if told.target:
        work.count += len(told.target)
        work.steps.append(["gone", box.id, changes.ranges(told.target)])
        went = messages.expunge(work.tx, source.account_id, source.id, [(uid, uid) for uid in told.source], actor=work.actor, now=work.now)
        work.steps.append(["back", source.id, changes.ranges(went)])


MARK_RIGHTS: dict[str, tuple[int, ...]] = {"s": (SEEN,), "w": (messages.ANSWERED, FLAGGED, messages.DRAFT)}
"""Which flags come along into a mailbox by which right. RFC 4314 §4."""


def expunge(work: Work, box: int, uids: Iterable[int] | None) -> None:
    """Remove messages where they are; undelete keeps them, where anything is kept."""
    went = messages.expunge(work.tx, work.owner(box), box, None if uids is None else pairs(uids), actor=work.actor, now=work.now, keep=work.keeps)
    work.count += len(went)
    if went and work.keeps:
        work.steps.append(["back", box, changes.ranges(went)])


def restore(work: Work, box: int, uids: Iterable[tuple[int, int]]) -> None:
    """Messages that were removed, back to where they were."""
    place = work.place(box)
    owner = place.box.account_id
    mine = "" if place.is_own else " AND actor = :w"  # in others' mailboxes one takes back one's own acts only
    ids: list[int] = []
    for first, last in uids:
        found = work.tx.all(
            f"SELECT id FROM expunged WHERE account_id = :a AND mailbox_id = :b AND uid BETWEEN :f AND :l AND email_id IS NOT NULL{mine} ORDER BY uid",
            {"a": owner, "b": box, "f": first, "l": last, "w": work.actor},
        )
        ids += [r[0] for r in found]
    inbox = mailboxes.by_role(work.tx, owner, "inbox")
    target = inbox.id if inbox else None
    work.count += len(messages.put_back(work.tx, owner, ids, target_id=target, actor=work.actor, now=work.now))
