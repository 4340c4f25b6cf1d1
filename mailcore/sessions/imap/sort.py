"""SORT and THREAD, with ESORT's results: the search decides which messages, columns made at delivery decide the order.

Names and addresses of To and Cc are read from the stored ENVELOPE, so no message is opened. Ties go by number, also in reverse.
"""

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from mailcore.mail.threading import Letter, ThreadNode, by_references
from mailcore.mail.threads import is_reply_or_forward
from mailcore.mail.words import decode_value
from mailcore.sessions.imap.search import matches
from mailcore.sessions.imap.steps import Asking, LongRead, Steps
from mailcore.sessions.imap.view import View
from mailcore.store import Tx
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.options import SearchReturn, SortField
from mailcore.wire.imap.sequence import SequenceSet

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

_ROWS = (
    "SELECT m.uid, m.internal_date, m.size, coalesce(e.sent_at, m.internal_date), e.base_subject, {} FROM messages m JOIN emails e ON e.id = m.email_id"
    " WHERE m.mailbox_id = :b AND m.uid BETWEEN :f AND :l ORDER BY m.uid"
)
_LETTERS = (
    "SELECT m.uid, coalesce(e.sent_at, m.internal_date), e.msgid, e.in_reply_to, m.thread_id, e.base_subject, e.subject FROM messages m"
    " JOIN emails e ON e.id = m.email_id WHERE m.mailbox_id = :b AND m.uid BETWEEN :f AND :l ORDER BY m.uid"
)
_TOKEN = re.compile(rb'([()])|"((?:[^"\\]|\\.)*)"|\{(\d{1,9})\}\r\n|(NIL)|[^()" ]+')
_ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
FROM_PLACE, TO_PLACE, CC_PLACE = 2, 5, 6
"""Which field of an ENVELOPE each is, from 0. RFC 3501 §7.4.2."""


def first_address(envelope: bytes, place: int) -> tuple[str, str, str]:
    """Name, local part and host of the first address in a field of a stored ENVELOPE; empty where there is none."""
    words: list[bytes] = []
    field, depth, pos = -1, 0, 0
    while (found := _TOKEN.search(envelope, pos)) is not None:
        pos = found.end()
        mark, quoted, size, nil = found.groups()
        if mark:
            if mark == b"(" and depth == 1:
                field += 1
            depth += 1 if mark == b"(" else -1
            if field == place and depth == 2 and words:
                break
            continue
        value = b"" if nil else quoted if quoted is not None else b""
        if size is not None:
            value, pos = envelope[pos : pos + int(size)], pos + int(size)
        elif quoted is not None:
            value = _ESCAPED.sub(rb"\1", quoted)
        if depth == 1:
            field += 1
        elif field == place and depth == 3:
            words.append(value)
    if len(words) < 4:
        return "", "", ""
    return decode_value(words[0]), words[2].decode("utf-8", "replace"), words[3].decode("utf-8", "replace")


def _local(place: int) -> Callable[[Any], str]:
    return lambda row: first_address(bytes(row[5]), place)[1].casefold()


def _shown(place: int) -> Callable[[Any], str]:
    def key(row: Any) -> str:
        name, local, host = first_address(bytes(row[5]), place)
        return (name or (f"{local}@{host}" if host else local)).casefold()

    return key


KEYS: dict[SortField, Callable[[Any], Any]] = {
    SortField.ARRIVAL: lambda row: row[1], SortField.SIZE: lambda row: row[2], SortField.DATE: lambda row: row[3], SortField.SUBJECT: lambda row: row[4],
    SortField.FROM: _local(FROM_PLACE), SortField.TO: _local(TO_PLACE), SortField.CC: _local(CC_PLACE),
    SortField.DISPLAYFROM: _shown(FROM_PLACE), SortField.DISPLAYTO: _shown(TO_PLACE),
}  # fmt: skip
"""What each criterion compares. RFC 5256 §3, RFC 5957 §3."""
PLAIN = frozenset({SortField.ARRIVAL, SortField.SIZE, SortField.DATE, SortField.SUBJECT})


def rows_of(view: View, uids: list[int], *, has_envelope: bool) -> Asking[list[Any]]:
    """(uid, arrival, size, date, base subject, ENVELOPE or nothing) of messages, by UID."""
    if not uids:
        return []
    wanted, sql = set(uids), _ROWS.format("e.envelope" if has_envelope else "NULL")

    def read(tx: Tx) -> list[Any]:
        return [row for row in tx.all(sql, {"b": view.mailbox_id, "f": uids[0], "l": uids[-1]}) if row[0] in wanted]

    rows: list[Any] = yield LongRead(read)
    return rows


def sort(session: "Session", command: c.Sort) -> Steps:
    """SORT and UID SORT. RFC 5256 §3, RFC 5267 §3 (ESORT), RFC 5957."""
    view = session.view
    assert view is not None
    hits = yield from matches(session, view, command.key)
    rows = yield from rows_of(view, [uid for uid, _ in hits], has_envelope=any(key.field not in PLAIN for key in command.keys))
    for key in reversed(command.keys):
        rows.sort(key=KEYS[key.field], reverse=key.is_reverse)
    uids = [row[0] for row in rows]
    numbers = uids if command.is_uid else [number for uid in uids if (number := view.number_of(uid))]
    if command.returns is None:
        yield r.search(numbers, kind="SORT")
    else:
        if SearchReturn.SAVE in command.returns:
            view.saved = SequenceSet.of(sorted(uids if command.window is None else command.window.cut(uids)))
        yield from results(command, numbers)
    yield from session.done(command)


def results(command: c.Sort, numbers: list[int]) -> Steps:
    """ESEARCH for SORT: MIN and MAX are the first and the last in the order asked for. RFC 5267 §3.1."""
    wanted = command.returns or frozenset({SearchReturn.ALL})
    told: dict[str, int | bytes | SequenceSet] = {}
    if numbers and SearchReturn.MIN in wanted:
        told["MIN"] = numbers[0]
    if numbers and SearchReturn.MAX in wanted:
        told["MAX"] = numbers[-1]
    if numbers and SearchReturn.ALL in wanted:
        told["ALL"] = ordered(numbers)
    if command.window is not None:
        told["PARTIAL"] = r.page(command.window, ordered(command.window.cut(numbers)))
    if SearchReturn.COUNT in wanted:
        told["COUNT"] = len(numbers)
    if told or wanted != frozenset({SearchReturn.SAVE}):
        yield r.esearch(command.tag, is_uid=command.is_uid, results=told)


def ordered(numbers: list[int]) -> bytes:
    """Numbers in their own order, as a sequence set would not keep it."""
    return ",".join(map(str, numbers)).encode("ascii")


def thread(session: "Session", command: c.Thread) -> Steps:
    """THREAD and UID THREAD. RFC 5256 §3."""
    view = session.view
    assert view is not None
    hits = yield from matches(session, view, command.key)
    uids = [uid for uid, _ in hits]
    if command.algorithm == "REFERENCES":
        yield r.thread(by_references((yield from letters_of(view, uids, is_uid=command.is_uid))))
    else:
        yield r.thread((yield from by_subject(view, uids, is_uid=command.is_uid)))
    yield from session.done(command)


def letters_of(view: View, uids: list[int], *, is_uid: bool) -> Asking[list[Letter]]:
    """What threading wants to know of messages."""
    if not uids:
        return []
    wanted = set(uids)

    def read(tx: Tx) -> list[Any]:
        return [row for row in tx.all(_LETTERS, {"b": view.mailbox_id, "f": uids[0], "l": uids[-1]}) if row[0] in wanted]

    rows: list[Any] = yield LongRead(read)
    return [
        Letter(number=number, sent=sent, msgid=msgid, parent=parent, conversation=conversation, subject=base, is_reply=is_reply_or_forward(subject))
        for uid, sent, msgid, parent, conversation, base, subject in rows
        if (number := uid if is_uid else view.number_of(uid))
    ]


def by_subject(view: View, uids: list[int], *, is_uid: bool) -> Asking[list[ThreadNode]]:
    """ORDEREDSUBJECT: one subject, one thread, the rest of it answers to its oldest message."""
    rows = yield from rows_of(view, uids, has_envelope=False)
    threads: dict[str, list[int]] = {}
    for row in sorted(rows, key=lambda row: row[3]):  # so a thread begins with its oldest, and threads come by theirs
        number = row[0] if is_uid else view.number_of(row[0])
        if number:
            threads.setdefault(row[4], []).append(number)
    return [(numbers[0], [(number, ()) for number in numbers[1:]]) for numbers in threads.values()]
