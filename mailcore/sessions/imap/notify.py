"""NOTIFY: what happens in other mailboxes, told while the client says nothing (RFC 5465).

A picture of the account's mailboxes is kept and compared with what is there when a hint of a change comes. Only one's own mailboxes are told of; what
others share is seen when it is opened. Of a mailbox that several groups name, the first one counts.
"""

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailcore.sessions.imap.fetch import STATEMENTS, answers, needs
from mailcore.sessions.imap.folders import status_of
from mailcore.sessions.imap.selecting import DELIMITER
from mailcore.sessions.imap.steps import Read, Steps
from mailcore.store import Tx, mailboxes
from mailcore.store.mailboxes import Mailbox
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.fetch import FetchAttribute
from mailcore.wire.imap.options import MailboxFilter, NotifyEvent, StatusItem
from mailcore.wire.imap.sequence import SequenceSet

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

OFFERED = (NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE, NotifyEvent.FLAG_CHANGE, NotifyEvent.MAILBOX_NAME, NotifyEvent.SUBSCRIPTION_CHANGE)
SPELLED = {
    NotifyEvent.MESSAGE_NEW: "MessageNew", NotifyEvent.MESSAGE_EXPUNGE: "MessageExpunge", NotifyEvent.FLAG_CHANGE: "FlagChange",
    NotifyEvent.MAILBOX_NAME: "MailboxName", NotifyEvent.SUBSCRIPTION_CHANGE: "SubscriptionChange",
}  # fmt: skip
_OPEN = (MailboxFilter.SELECTED, MailboxFilter.SELECTED_DELAYED)
_TOLD = (StatusItem.MESSAGES, StatusItem.UIDNEXT, StatusItem.UIDVALIDITY, StatusItem.UNSEEN)
NEW_AT_ONCE = 200
"""New messages whose items are told at once; the client asks for more itself."""


@dataclass(slots=True)
class Watch:
    """What a client wants to hear, and what it knows: mailboxes by id, subscribed names."""

    groups: tuple[c.EventGroup, ...]
    boxes: dict[int, Mailbox] = field(default_factory=dict)
    subscribed: frozenset[str] = frozenset()
    seen_version: int | None = None

    @property
    def of_open(self) -> c.EventGroup | None:
        """The group of the open mailbox."""
        return next((group for group in self.groups if group.mailboxes in _OPEN), None)

    def events_of(self, name: str) -> frozenset[NotifyEvent]:
        """What is wanted of a mailbox that is not open."""
        return next((group.events for group in self.groups if group.mailboxes not in _OPEN and self.covers(group, name)), frozenset())

    def covers(self, group: c.EventGroup, name: str) -> bool:
        """Whether *group* names the mailbox. RFC 5465 §6."""
        if group.mailboxes is MailboxFilter.PERSONAL:
            return True
        if group.mailboxes is MailboxFilter.INBOXES:
            return name == "INBOX"
        if group.mailboxes is MailboxFilter.SUBSCRIBED:
            return name in self.subscribed
        return name in group.names or (group.mailboxes is MailboxFilter.SUBTREE and any(name.startswith(above + DELIMITER) for above in group.names))


def notify(session: "Session", command: c.Notify) -> Steps:
    """NOTIFY. RFC 5465 §3.1."""
    if {event for group in command.groups for event in group.events} - set(OFFERED):
        yield r.tagged(command.tag, "NO", "Not all of these events can be told.", f"BADEVENT ({' '.join(SPELLED.values())})")
        return
    session.watch = Watch(command.groups) if command.groups else None
    if session.watch is not None:
        watch = session.watch
        boxes, watch.subscribed = yield Read(lambda tx: look(tx, session.account_id))
        watch.boxes = boxes
        if command.wants_status:
            for box in boxes.values():
                if NotifyEvent.MESSAGE_NEW in watch.events_of(box.name) and not is_open(session, box.id):
                    yield told_status(session, box)
    yield from session.done(command)


def look(tx: Tx, account_id: int) -> tuple[dict[int, Mailbox], frozenset[str]]:
    """The account's mailboxes and subscriptions."""
    return {box.id: box for box in mailboxes.list_all(tx, account_id) if not box.is_noselect}, frozenset(mailboxes.subscriptions(tx, account_id))


def fresh(tx: Tx, account_id: int, seen: int | None) -> tuple[int | None, tuple[dict[int, Mailbox], frozenset[str]] | None]:
    """The database's version, and what `look` sees; None for that where nothing was written since *seen*."""
    version = tx.version()
    return version, None if version is not None and version == seen else look(tx, account_id)


def is_open(session: "Session", mailbox_id: int) -> bool:
    """Whether it is the selected mailbox."""
    return session.view is not None and session.view.mailbox_id == mailbox_id


def told_status(session: "Session", box: Mailbox) -> bytes:
    """STATUS as a notification. RFC 5465 §4, §5."""
    items = (*_TOLD, StatusItem.HIGHESTMODSEQ) if "CONDSTORE" in session.enabled else _TOLD
    return r.status(box.name, status_of(session, box, items), spelling=session.spelling)


def pushed(session: "Session") -> Steps:
    """What is told between two commands: of the open mailbox as its group says, of the others all that is wanted."""
    assert session.watch is not None
    group = session.watch.of_open
    if session.view is not None and group is not None and group.events:
        yield from session.news_of_view(may_expunge=group.mailboxes is MailboxFilter.SELECTED)
    yield from others(session)


def others(session: "Session") -> Steps:
    """What changed in mailboxes that are not open, in names and in subscriptions since it was last told."""
    watch = session.watch
    assert watch is not None
    watch.seen_version, found = yield Read(lambda tx: fresh(tx, session.account_id, watch.seen_version))
    if found is None:
        return
    boxes, subscribed = found
    lines = [*names(session, watch, boxes), *subscriptions(session, watch, boxes, subscribed)]
    before, watch.boxes, watch.subscribed = watch.boxes, boxes, subscribed
    for box in boxes.values():
        old, events = before.get(box.id), watch.events_of(box.name)
        if is_open(session, box.id) or old is None or old.modseq == box.modseq:
            continue
        has_moved = (old.uidnext, old.message_count) != (box.uidnext, box.message_count)
        if (has_moved and NotifyEvent.MESSAGE_NEW in events) or NotifyEvent.FLAG_CHANGE in events:
            lines.append(told_status(session, box))
    if lines:
        yield b"".join(lines)


def names(session: "Session", watch: Watch, boxes: dict[int, Mailbox]) -> list[bytes]:
    """Mailboxes that were made, renamed or deleted, as LIST. RFC 5465 §5.4."""
    lines = []
    for box in boxes.values():
        old = watch.boxes.get(box.id)
        if (old is None or old.name != box.name) and NotifyEvent.MAILBOX_NAME in watch.events_of(box.name):
            lines.append(r.list_reply([], session.delimiter, box.name, old_name=old.name if old else None, spelling=session.spelling))
    for box_id, old in watch.boxes.items():
        if box_id not in boxes and NotifyEvent.MAILBOX_NAME in watch.events_of(old.name):
            lines.append(r.list_reply(["\\NonExistent"], session.delimiter, old.name, spelling=session.spelling))
    return lines


def subscriptions(session: "Session", watch: Watch, boxes: dict[int, Mailbox], subscribed: frozenset[str]) -> list[bytes]:
    """Names that are subscribed now or no more, as LIST. RFC 5465 §5.5."""
    there, lines = {box.name for box in boxes.values()}, []
    for name in sorted(subscribed ^ watch.subscribed):
        if NotifyEvent.SUBSCRIPTION_CHANGE in watch.events_of(name):
            attributes = (["\\Subscribed"] if name in subscribed else []) + ([] if name in there else ["\\NonExistent"])
            lines.append(r.list_reply(attributes, session.delimiter, name, spelling=session.spelling))
    return lines


def items_of_new(session: "Session", first_uid: int) -> Steps:
    """The FETCH items that the client wants of each new message in the open mailbox; nothing is marked as seen. RFC 5465 §5.2."""
    view, watch = session.view, session.watch
    group = watch.of_open if watch is not None else None
    if view is None or group is None or not group.fetch or not len(view) or view.uids[-1] < first_uid:
        return
    items = group.fetch if FetchAttribute.UID in group.fetch else (FetchAttribute.UID, *group.fetch)
    fresh = c.Fetch(tag="*", is_uid=True, messages=SequenceSet.of([view.uids[-1]]), items=items)
    rows = yield Read(lambda tx: tx.all(STATEMENTS[needs(items)], {"b": view.mailbox_id, "f": first_uid, "l": view.uids[-1], "n": NEW_AT_ONCE}))
    yield from answers(session, view, items, rows, set(), fresh)
