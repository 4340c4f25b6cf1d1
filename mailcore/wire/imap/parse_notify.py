"""The grammar of NOTIFY (RFC 5465 §8)."""

from mailcore.wire.imap.commands import Command, EventGroup, Notify
from mailcore.wire.imap.fetch import FetchItem
from mailcore.wire.imap.lexer import Cursor
from mailcore.wire.imap.options import MailboxFilter, NotifyEvent
from mailcore.wire.imap.parse_fetch import parse_items

MAX_GROUPS = 50
"""Most event groups of one NOTIFY."""
MAX_NAMES = 200
"""Most mailboxes named in one group."""
_NAMED = (MailboxFilter.SUBTREE, MailboxFilter.MAILBOXES)
_OPEN = (MailboxFilter.SELECTED, MailboxFilter.SELECTED_DELAYED)
_OF_MESSAGES = {NotifyEvent.MESSAGE_NEW, NotifyEvent.MESSAGE_EXPUNGE, NotifyEvent.FLAG_CHANGE, NotifyEvent.ANNOTATION_CHANGE}


# notify = "NOTIFY" SP ("NONE" / "SET" [SP "STATUS"] 1*(SP event-group))
def parse_notify(cursor: Cursor, tag: str) -> Command:
    """NOTIFY after its name."""
    cursor.space()
    word = cursor.keyword()
    if word == b"NONE":
        cursor.end()
        return Notify(tag=tag)
    if word != b"SET":
        raise cursor.fail("Expected NONE or SET.")
    cursor.space()
    wants_status = cursor.peek() != 0x28
    if wants_status:
        if cursor.keyword() != b"STATUS":
            raise cursor.fail("Expected STATUS or an event group.")
        cursor.space()
    groups = [_parse_group(cursor)]
    while not cursor.is_at_end:
        cursor.space()
        groups.append(_parse_group(cursor))
        if len(groups) > MAX_GROUPS:
            raise cursor.fail("Too many event groups.")
    if sum(group.mailboxes in _OPEN for group in groups) > 1:
        raise cursor.fail("The open mailbox is named twice.")
    return Notify(tag=tag, groups=tuple(groups), wants_status=wants_status)


# event-group = "(" filter-mailboxes SP events ")"
def _parse_group(cursor: Cursor) -> EventGroup:
    cursor.expect(b"(")
    try:
        mailboxes = MailboxFilter(cursor.keyword())
    except ValueError:
        raise cursor.fail("Unknown choice of mailboxes.") from None
    names: list[str] = []
    if mailboxes in _NAMED:
        cursor.space()
        if cursor.skip(b"("):
            names.append(str(cursor.mailbox()))
            while cursor.skip(b" "):
                names.append(str(cursor.mailbox()))
                if len(names) > MAX_NAMES:
                    raise cursor.fail("Too many mailboxes in one group.")
            cursor.expect(b")")
        else:
            names.append(str(cursor.mailbox()))
    cursor.space()
    events, fetch = _parse_events(cursor)
    cursor.expect(b")")
    kinds = set(events)
    if (NotifyEvent.MESSAGE_NEW in kinds) != (NotifyEvent.MESSAGE_EXPUNGE in kinds):
        raise cursor.fail("MessageNew and MessageExpunge go together.")
    if kinds & {NotifyEvent.FLAG_CHANGE, NotifyEvent.ANNOTATION_CHANGE} and NotifyEvent.MESSAGE_NEW not in kinds:
        raise cursor.fail("FlagChange needs MessageNew and MessageExpunge.")
    if mailboxes in _OPEN and kinds - _OF_MESSAGES:
        raise cursor.fail("Only messages can be told of the open mailbox.")
    if mailboxes not in _OPEN and fetch:
        raise cursor.fail("FETCH items are for the open mailbox.")
    return EventGroup(mailboxes=mailboxes, names=tuple(names), events=frozenset(kinds), fetch=fetch)


# events = ("(" event *(SP event) ")") / "NONE"
def _parse_events(cursor: Cursor) -> tuple[list[NotifyEvent], tuple[FetchItem, ...]]:
    if not cursor.skip(b"("):
        if cursor.keyword() != b"NONE":
            raise cursor.fail("Expected events or NONE.")
        return [], ()
    events: list[NotifyEvent] = []
    fetch: tuple[FetchItem, ...] = ()
    while True:
        try:
            events.append(NotifyEvent(cursor.keyword()))
        except ValueError:
            raise cursor.fail("Unknown event.") from None
        if events[-1] is NotifyEvent.MESSAGE_NEW and cursor.skip(b" ("):
            cursor.pos -= 1
            fetch = parse_items(cursor)
        if len(events) > len(NotifyEvent):
            raise cursor.fail("Too many events.")
        if not cursor.skip(b" "):
            break
    cursor.expect(b")")
    return events, fetch
