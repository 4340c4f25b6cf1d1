"""What the webmail does to messages: flags, moves, deleting, each with the exact way back.

Each verb is one write. The way back is kept as UID sets, so that a token can hold the undoing of ten thousand messages. Every
mailbox that a form or a token names is checked to be the account's own, or shared with it with the rights that the act needs.
What is deleted in a shared mailbox goes to its owner's Trash; a public one has none, so it is removed and kept for undelete.
"""

from collections.abc import Sequence

from mailcore.base.errors import MailError, Reason
from mailcore.runtime.runtime import Runtime
from mailcore.sessions.webmail_work import STANDARD_NAME, expunge, move_to, moved_back, place_of_role, restore, set_flag, with_role
from mailcore.sessions.webmail_work import Done as Done
from mailcore.sessions.webmail_work import Step as Step
from mailcore.sessions.webmail_work import Undo as Undo
from mailcore.sessions.webmail_work import Work as Work
from mailcore.sessions.webmail_work import actor_of as actor_of
from mailcore.sessions.webmail_work import groups as groups
from mailcore.sessions.webmail_work import pairs as pairs
from mailcore.sessions.webmail_work import write as write
from mailcore.store import changes, labels, mailboxes, messages
from mailcore.store.accounts import Account
from mailcore.store.mailboxes import Mailbox
from mailcore.store.messages import FLAGGED, SEEN

FLAG_OPS: dict[str, tuple[str, int]] = {"read": ("add", SEEN), "unread": ("remove", SEEN), "star": ("add", FLAGGED), "unstar": ("remove", FLAGGED), "keep": ("remove", messages.DELETED)}
RIGHT_OF = {SEEN: "s", messages.DELETED: "te"}
"""The right in a shared mailbox that a flag needs; others need `w`."""
ROLE_OPS: dict[str, str] = {
    "archive": "archive", "trash": "trash", "delete": "trash", "junk": "junk", "not-junk": "inbox", "restore": "inbox",
}  # fmt: skip
"""What moves messages, and the role of the mailbox they go to."""
MARKS: dict[str, tuple[str, bool]] = {"pin": ("$Pinned", True), "unpin": ("$Pinned", False), "mute": ("$Muted", True), "unmute": ("$Muted", False)}
"""Keywords with a meaning: pinned stands on top of its list; later mail of a muted conversation goes past INBOX, read (`delivery.act`)."""


def flag(runtime: Runtime, account: Account, op: str, ids: Sequence[int]) -> Done:
    """One of FLAG_OPS. Raises MailError(NOT_FOUND, LIMIT)."""
    how, bits = FLAG_OPS[op]

    def fn(work: Work) -> str:
        for box, uids in groups(work, ids, RIGHT_OF.get(bits, "w")).items():
            set_flag(work, box, uids, how, bits)
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
        if op == "mute" and any(not work.place(box).is_own for box in groups(work, ids)):
            raise MailError(Reason.NOT_PERMITTED, "Only conversations in your own mailboxes can be muted.")
        change_keyword(work, ids, word, is_on=is_on)
        return ""

    return write(runtime, account, fn)


def change_keyword(work: Work, ids: Sequence[int], word: str, *, is_on: bool) -> None:
    """Put a keyword on messages, or take it off, and keep the way back."""
    how, back = ("add", "remove") if is_on else ("remove", "add")
    for box, uids in groups(work, ids, "w").items():
        done = messages.store_flags(work.tx, work.owner(box), box, pairs(uids), how, 0, (word,), actor=work.actor, now=work.now)
        work.count += len(done.changed)
        if done.changed:
            work.steps.append(["label", box, back, word, changes.ranges([c[0] for c in done.changed])])


def read_all(runtime: Runtime, account: Account, mailbox_id: int) -> Done:
    """Mark a whole mailbox as read. Raises MailError(NOT_FOUND)."""

    def fn(work: Work) -> str:
        box = work.place(mailbox_id, "s").box
        found = work.tx.all("SELECT uid FROM messages WHERE mailbox_id = :b AND (flags & 1) = 0 ORDER BY uid", {"b": box.id})
        if found:
            set_flag(work, box.id, [r[0] for r in found], "add", SEEN)
        return ""

    return write(runtime, account, fn)


def move(runtime: Runtime, account: Account, ids: Sequence[int], target_id: int) -> Done:
    """Move messages to a mailbox of the account, or a shared one. Raises MailError(NOT_FOUND, NOT_PERMITTED, LIMIT, OVER_QUOTA)."""

    def fn(work: Work) -> str:
        target = work.place(target_id, "i")
        for box, uids in groups(work, ids, "te").items():
            move_to(work, box, target, uids)
        return target.box.name

    return write(runtime, account, fn)


def move_by_role(runtime: Runtime, account: Account, op: str, ids: Sequence[int]) -> Done:
    """One of ROLE_OPS; deleting what is in Trash or Junk already removes it. Raises MailError(NOT_FOUND, LIMIT)."""

    def fn(work: Work) -> str:
        removes_junk = op == "delete"
        moved_before, name = 0, STANDARD_NAME[ROLE_OPS[op]]
        for box, uids in groups(work, ids, "te").items():
            target = place_of_role(work, work.place(box), ROLE_OPS[op])
            junk = mailboxes.by_role(work.tx, work.owner(box), "junk") if removes_junk else None
            if target is None or (op in ("trash", "delete") and box == target.box.id) or (junk is not None and box == junk.id):
                expunge(work, box, uids)
            else:
                before, name = work.count, target.box.name
                move_to(work, box, target, uids)
                moved_before += work.count - before
        return name if moved_before or not work.count else ""

    return write(runtime, account, fn)


def remove(runtime: Runtime, account: Account, ids: Sequence[int]) -> Done:
    """Remove messages where they are; undelete keeps them for its time. Raises MailError(NOT_FOUND, LIMIT)."""

    def fn(work: Work) -> str:
        for box, uids in groups(work, ids, "te").items():
            expunge(work, box, uids)
        return ""

    return write(runtime, account, fn)


def remove_marked(runtime: Runtime, account: Account, mailbox_id: int) -> Done:
    """Remove what other programs have marked \\Deleted in a mailbox. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""

    def fn(work: Work) -> str:
        box = work.place(mailbox_id, "te").box
        found = work.tx.all(f"SELECT uid FROM messages WHERE mailbox_id = :b AND (flags & {messages.DELETED}) <> 0 ORDER BY uid", {"b": box.id})
        expunge(work, box.id, [r[0] for r in found])
        return ""

    return write(runtime, account, fn)


def empty(runtime: Runtime, account: Account, mailbox_id: int) -> int:
    """Empty Trash or Junk; how many messages went. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""

    def fn(work: Work) -> str:
        box = work.place(mailbox_id).box
        if box.account_id != account.id:
            raise MailError(Reason.NOT_FOUND, "This mailbox is no longer here.")
        if box.role not in ("trash", "junk"):
            raise MailError(Reason.NOT_PERMITTED, "Only Trash and Junk can be emptied.")
        expunge(work, box.id, None)
        return ""

    return write(runtime, account, fn).count


def take_back(runtime: Runtime, account: Account, undo: Undo) -> Done:
    """Take the steps back. Raises MailError(NOT_FOUND) when a mailbox is gone."""

    def fn(work: Work) -> str:
        for step in undo.steps:
            uids = changes.parse_ranges(step[-1])
            if step[0] == "flags":
                work.place(step[1], RIGHT_OF.get(step[3], "w"))
                done = messages.store_flags(work.tx, work.owner(step[1]), step[1], uids, step[2], step[3], actor=work.actor, now=work.now)
                work.count += len(done.changed)
            elif step[0] == "label":
                work.place(step[1], "w")
                messages.store_flags(work.tx, work.owner(step[1]), step[1], uids, step[2], 0, (step[3],), actor=work.actor, now=work.now)
            elif step[0] == "move":
                work.count += moved_back(work, step[1], step[2], uids)
            elif step[0] == "gone":
                work.place(step[1])
                messages.expunge(work.tx, work.owner(step[1]), step[1], uids, actor=work.actor, now=work.now)
            else:
                restore(work, step[1], uids)
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
        top = work.place(box.id).box
        below = [b for b in mailboxes.list_all(work.tx, account.id) if b.id == top.id or b.name.startswith(top.name + "/")]
        if top.account_id != account.id or any(b.role or b.name == "INBOX" for b in below):
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


