"""What the webmail does to messages: flags, moves, deleting, each with the exact way back.

Each verb is one write. The way back is kept as UID sets, so that a token can hold the undoing of ten thousand messages. Every
mailbox that a form or a token names is checked to be the account's own.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, changes, labels, mailboxes, messages
from mailcore.store.accounts import Account
from mailcore.store.mailboxes import Mailbox
from mailcore.store.messages import FLAGGED, SEEN

IDS_AN_ACT = 5000
"""Messages one request may name: stops a form from holding the writer."""

Step = list[Any]
"""["flags", mailbox, op, bits, uids], ["move", from, to, uids], ["label", mailbox, op, word, uids] or ["back", mailbox, uids]."""

FLAG_OPS: dict[str, tuple[str, int]] = {"read": ("add", SEEN), "unread": ("remove", SEEN), "star": ("add", FLAGGED), "unstar": ("remove", FLAGGED)}
ROLE_OPS: dict[str, str] = {
    "archive": "archive", "trash": "trash", "delete": "trash", "junk": "junk", "not-junk": "inbox", "restore": "inbox",
}  # fmt: skip
"""What moves messages, and the role of the mailbox they go to."""
MARKS: dict[str, tuple[str, bool]] = {"pin": ("$Pinned", True), "unpin": ("$Pinned", False), "mute": ("$Muted", True), "unmute": ("$Muted", False)}
"""Keywords with a meaning: pinned stands on top of its list; later mail of a muted conversation goes past INBOX, read (`delivery.act`)."""
STANDARD_NAME = {role: name for name, role in mailboxes.STANDARD}


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
    account_id: int
    actor: str
    now: Micros
    count: int = 0
    steps: list[Step] = field(default_factory=list)


def zone_of(account: Account) -> ZoneInfo:
    """The account's time zone, UTC when it has none that is known."""
    try:
        return ZoneInfo(account.time_zone or "UTC")
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def actor_of(account: Account) -> str:
    """Who the change log says it was."""
    return f"webmail:{account.address}"


def write(runtime: Runtime, account: Account, fn: Callable[[Work], str]) -> Done:
    """One write of the webmail, with the way back."""
    now = runtime.clock.micros()

    def run(tx: Tx) -> Done:
        work = Work(tx=tx, account_id=account.id, actor=actor_of(account), now=now)
        target = fn(work)
        return Done(count=work.count, target=target, undo=Undo(steps=tuple(work.steps)))

    return runtime.store.write(run)


def flag(runtime: Runtime, account: Account, op: str, ids: Sequence[int]) -> Done:
    """One of FLAG_OPS. Raises MailError(NOT_FOUND, LIMIT)."""
    how, bits = FLAG_OPS[op]

    def fn(work: Work) -> str:
        for box, uids in groups(work, ids).items():
            _flag(work, box, uids, how, bits)
        return ""

    return write(runtime, account, fn)


def label(runtime: Runtime, account: Account, ids: Sequence[int], name: str, *, is_on: bool) -> Done:
    """Put a label on messages, or take it off. Raises MailError(SYNTAX, NOT_FOUND, LIMIT)."""
    word = labels.checked(name)

    def fn(work: Work) -> str:
        if is_on:
            labels.put(work.tx, account.id, word)
        change_keyword(work, ids, word, is_on=is_on)
        return ""

    return write(runtime, account, fn)


def mark(runtime: Runtime, account: Account, op: str, ids: Sequence[int]) -> Done:
    """One of MARKS. Raises MailError(NOT_FOUND, LIMIT)."""
    word, is_on = MARKS[op]

    def fn(work: Work) -> str:
        change_keyword(work, ids, word, is_on=is_on)
        return ""

    return write(runtime, account, fn)


def change_keyword(work: Work, ids: Sequence[int], word: str, *, is_on: bool) -> None:
    """Put a keyword on messages, or take it off, and keep the way back."""
    how, back = ("add", "remove") if is_on else ("remove", "add")
    for box, uids in groups(work, ids).items():
        done = messages.store_flags(work.tx, work.account_id, box, pairs(uids), how, 0, (word,), actor=work.actor, now=work.now)
        work.count += len(done.changed)
        if done.changed:
            work.steps.append(["label", box, back, word, changes.ranges([c[0] for c in done.changed])])


def read_all(runtime: Runtime, account: Account, mailbox_id: int) -> Done:
    """Mark a whole mailbox as read. Raises MailError(NOT_FOUND)."""

    def fn(work: Work) -> str:
        box = _own(work, mailbox_id)
        found = work.tx.all("SELECT uid FROM messages WHERE mailbox_id = :b AND (flags & 1) = 0 ORDER BY uid", {"b": box.id})
        if found:
            _flag(work, box.id, [r[0] for r in found], "add", SEEN)
        return ""

    return write(runtime, account, fn)


def move(runtime: Runtime, account: Account, ids: Sequence[int], target_id: int) -> Done:
    """Move messages to a mailbox of the account. Raises MailError(NOT_FOUND, LIMIT)."""

    def fn(work: Work) -> str:
        target = _own(work, target_id)
        for box, uids in groups(work, ids).items():
            _move(work, box, target.id, uids)
        return target.name

    return write(runtime, account, fn)


def move_by_role(runtime: Runtime, account: Account, op: str, ids: Sequence[int]) -> Done:
    """One of ROLE_OPS; deleting what is in Trash or Junk already removes it. Raises MailError(NOT_FOUND, LIMIT)."""

    def fn(work: Work) -> str:
        target = with_role(work, ROLE_OPS[op])
        removes = {target.id} if op in ("trash", "delete") else set()
        junk = mailboxes.by_role(work.tx, account.id, "junk") if op == "delete" else None
        if junk is not None:
            removes.add(junk.id)
        moved_before = 0
        for box, uids in groups(work, ids).items():
            if box in removes:
                _expunge(work, box, uids)
            else:
                before = work.count
                _move(work, box, target.id, uids)
                moved_before += work.count - before
        return target.name if moved_before or not work.count else ""

    return write(runtime, account, fn)


def remove(runtime: Runtime, account: Account, ids: Sequence[int]) -> Done:
    """Remove messages where they are; undelete keeps them for its time. Raises MailError(NOT_FOUND, LIMIT)."""

    def fn(work: Work) -> str:
        for box, uids in groups(work, ids).items():
            _expunge(work, box, uids)
        return ""

    return write(runtime, account, fn)


def empty(runtime: Runtime, account: Account, mailbox_id: int) -> int:
    """Empty Trash or Junk; how many messages went. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""

    def fn(work: Work) -> str:
        box = _own(work, mailbox_id)
        if box.role not in ("trash", "junk"):
            raise MailError(Reason.NOT_PERMITTED, "Only Trash and Junk can be emptied.")
        _expunge(work, box.id, None)
        return ""

    return write(runtime, account, fn).count


def take_back(runtime: Runtime, account: Account, undo: Undo) -> Done:
    """Take the steps back. Raises MailError(NOT_FOUND) when a mailbox is gone."""

    def fn(work: Work) -> str:
        for step in undo.steps:
            uids = changes.parse_ranges(step[-1])
            if step[0] == "flags":
                _own(work, step[1])
                done = messages.store_flags(work.tx, account.id, step[1], uids, step[2], step[3], actor=work.actor, now=work.now)
                work.count += len(done.changed)
            elif step[0] == "label":
                _own(work, step[1])
                messages.store_flags(work.tx, account.id, step[1], uids, step[2], 0, (step[3],), actor=work.actor, now=work.now)
            elif step[0] == "move":
                _own(work, step[1])
                _own(work, step[2])
                work.count += len(messages.move(work.tx, account.id, step[1], step[2], uids, actor=work.actor, now=work.now).target)
            else:
                _put_back(work, step[1], uids)
        return ""

    return write(runtime, account, fn)


def put_back(runtime: Runtime, account: Account, expunged_ids: Sequence[int]) -> int:
    """Put deleted messages back where they were, or into INBOX where that is gone; how many."""

    def fn(work: Work) -> str:
        inbox = with_role(work, "inbox")
        work.count = len(messages.put_back(work.tx, account.id, expunged_ids, target_id=inbox.id, actor=work.actor, now=work.now))
        return inbox.name

    return write(runtime, account, fn).count


def delete_mailbox(runtime: Runtime, account: Account, box: Mailbox) -> Done:
    """Delete a mailbox and all below it; their messages go to Trash. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""

    def fn(work: Work) -> str:
        top = _own(work, box.id)
        below = [b for b in mailboxes.list_all(work.tx, account.id) if b.id == top.id or b.name.startswith(top.name + "/")]
        if any(b.role or b.name == "INBOX" for b in below):
            raise MailError(Reason.NOT_PERMITTED, "Roost needs this mailbox, or one inside it.")
        trash = with_role(work, "trash")
        for one in sorted(below, key=lambda b: -b.name.count("/")):
            if one.message_count:
                moved = messages.move(work.tx, account.id, one.id, trash.id, None, actor=work.actor, now=work.now)
                work.count += len(moved.target)
            mailboxes.delete(work.tx, account.id, one.name, actor=work.actor, now=work.now)
            mailboxes.unsubscribe(work.tx, account.id, one.name)
        return trash.name

    return write(runtime, account, fn)


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


def _own(work: Work, mailbox_id: int) -> Mailbox:
    box = mailboxes.get(work.tx, mailbox_id)
    if box is None or box.account_id != work.account_id:
        raise MailError(Reason.NOT_FOUND, "This mailbox is no longer here.")
    return box


def groups(work: Work, ids: Sequence[int]) -> dict[int, list[int]]:
    """UIDs by mailbox of those *ids* that are the account's own."""
    if len(ids) > IDS_AN_ACT:
        raise MailError(Reason.LIMIT, f"At most {IDS_AN_ACT} messages at a time.")
    found: dict[int, list[int]] = {}
    for message_id in dict.fromkeys(ids):
        row = work.tx.one("SELECT mailbox_id, uid FROM messages WHERE id = :i AND account_id = :a", {"i": message_id, "a": work.account_id})
        if row is not None:
            found.setdefault(row[0], []).append(row[1])
    if ids and not found:
        raise MailError(Reason.NOT_FOUND, "These messages are no longer here.")
    return found


def pairs(uids: Iterable[int]) -> list[tuple[int, int]]:
    """UIDs as ranges."""
    return changes.parse_ranges(changes.ranges(sorted(uids)))


def _flag(work: Work, box: int, uids: Iterable[int], how: str, bits: int) -> None:
    done = messages.store_flags(work.tx, work.account_id, box, pairs(uids), how, bits, actor=work.actor, now=work.now)
    if done.changed:
        work.count += len(done.changed)
        back = "remove" if how == "add" else "add"
        work.steps.append(["flags", box, back, bits, changes.ranges([c[0] for c in done.changed])])


def _move(work: Work, box: int, target_id: int, uids: Iterable[int]) -> None:
    if box == target_id:
        return
    moved = messages.move(work.tx, work.account_id, box, target_id, pairs(uids), actor=work.actor, now=work.now)
    if moved.target:
        work.count += len(moved.target)
        work.steps.append(["move", target_id, box, changes.ranges(moved.target)])


def _expunge(work: Work, box: int, uids: Iterable[int] | None) -> None:
    went = messages.expunge(work.tx, work.account_id, box, None if uids is None else pairs(uids), actor=work.actor, now=work.now)
    if went:
        work.count += len(went)
        work.steps.append(["back", box, changes.ranges(went)])


def _put_back(work: Work, box: int, uids: Iterable[tuple[int, int]]) -> None:
    ids: list[int] = []
    for first, last in uids:
        found = work.tx.all(
            "SELECT id FROM expunged WHERE account_id = :a AND mailbox_id = :b AND uid BETWEEN :f AND :l AND email_id IS NOT NULL ORDER BY uid",
            {"a": work.account_id, "b": box, "f": first, "l": last},
        )
        ids += [r[0] for r in found]
    inbox = mailboxes.by_role(work.tx, work.account_id, "inbox")
    target = inbox.id if inbox else None
    work.count += len(messages.put_back(work.tx, work.account_id, ids, target_id=target, actor=work.actor, now=work.now))
