"""FETCH: metadata straight from the stored rows, bodies by byte range; batches, so that no read is open while a socket waits.

A message is its prefix and its blob; offsets of parts count from the blob. Large sections are sent in pieces.
"""

import re
from collections.abc import Iterator
from datetime import date
from typing import TYPE_CHECKING, Any

from mailcore.base.clock import from_micros
from mailcore.mail.headers import parse_date, scan_headers
from mailcore.mail.part import Part, load_parts
from mailcore.sessions.imap import binary
from mailcore.sessions.imap.marks import chosen, pieces
from mailcore.sessions.imap.steps import Asking, LongRead, Read, Steps, Write
from mailcore.sessions.imap.view import View, flag_names
from mailcore.store import Tx, listing, messages
from mailcore.store.blobs import BlobStore, Locator
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.datetimes import print_internaldate
from mailcore.wire.imap.fetch import BinarySection, BinarySize, BodySection, FetchAttribute, FetchItem, LazyPreview, SectionText, marks_seen
from mailcore.wire.imap.sequence import SequenceSet
from mailcore.wire.imap.strings import literal_mark, quoted_or_literal

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

BATCH_ROWS = 200
"""Messages read at once."""
BATCH_BODIES = 20
"""The same when bodies are read too."""
CHUNK_BYTES = 256 * 1024
"""A larger section is read and sent in pieces."""

A = FetchAttribute
_COLUMNS = ("m.uid", "m.flags", "m.keywords", "m.modseq", "m.internal_date", "m.size", "m.save_date", "m.email_id", "m.thread_id")
_ENVELOPE = ("e.envelope", "e.body", "e.bodystructure", "e.preview")
_BODY = ("e.prefix", "b.segment", 'b."offset"', "b.length", "e.parts")
_OF_EMAIL = frozenset({A.ENVELOPE, A.BODY, A.BODYSTRUCTURE, A.PREVIEW})
_OF_BLOB = frozenset({A.RFC822, A.RFC822_HEADER, A.RFC822_TEXT})

_WRITTEN = re.compile(rb'\("((?:[^"\\]|\\.)*)"|\(\{(\d{1,9})\}\r\n')
"""The date at the start of a stored ENVELOPE, quoted or the mark of a literal."""


def needs(items: tuple[FetchItem, ...]) -> int:
    """0 flags and dates, 1 also what was parsed at delivery, 2 also the bytes."""
    level = 0
    for item in items:
        if item in _OF_BLOB or not isinstance(item, (FetchAttribute, LazyPreview)):
            return 2
        if item in _OF_EMAIL or isinstance(item, LazyPreview):
            level = 1
    return level


def statement(level: int) -> str:
    """The SELECT for a level."""
    columns = _COLUMNS + (_ENVELOPE if level >= 1 else ()) + (_BODY if level == 2 else ())
    joins = (" JOIN emails e ON e.id = m.email_id" if level >= 1 else "") + (" JOIN blobs b ON b.id = e.blob_id" if level == 2 else "")
    return f"SELECT {', '.join(columns)} FROM messages m{joins} WHERE m.mailbox_id = :b AND m.uid BETWEEN :f AND :l ORDER BY m.uid LIMIT :n"


STATEMENTS = [statement(level) for level in range(3)]


def fetch(session: "Session", command: c.Fetch) -> Steps:
    """FETCH. RFC 3501 §6.4.5."""
    view = session.view
    assert view is not None
    ranges = chosen(view, command)
    if command.window is not None:
        ranges = list(SequenceSet.of(command.window.cut(view.known(ranges))).ranges)
    items = command.items
    if command.changed_since is not None or A.MODSEQ in items:
        session.enabled.add("CONDSTORE")
    if command.changed_since is not None and A.MODSEQ not in items:
        items = (*items, A.MODSEQ)
    if command.is_uid and A.UID not in items:
        items = (A.UID, *items)
    if command.has_vanished:
        yield from vanished(view, command)
    seen_now: set[int] = set()
    if marks_seen(items) and not view.is_read_only and view.may("s"):
        seen_now = yield from mark_seen(session, view, ranges)
    level = needs(items)
    limit = BATCH_BODIES if level == 2 else BATCH_ROWS
    for low, high in ranges:
        first = low
        while first <= high:
            rows = yield Read(lambda tx, f=first, h=high: tx.all(STATEMENTS[level], {"b": view.mailbox_id, "f": f, "l": h, "n": limit}))  # type: ignore[misc]
            yield from answers(session, view, items, rows, seen_now, command)
            if len(rows) < limit:
                break
            first = rows[-1][0] + 1
    yield from session.done(command)


def vanished(view: View, command: c.Fetch) -> Steps:
    """VANISHED (EARLIER) for UID FETCH … (CHANGEDSINCE n VANISHED). RFC 7162 §3.2.6."""
    since = command.changed_since or 0
    gone = yield LongRead(lambda tx: listing.expunged_since(tx, view.mailbox_id, since))
    told = [uid for uid in gone if uid in command.messages]
    if told:
        yield r.vanished(SequenceSet.of(told), is_earlier=True)


def mark_seen(session: "Session", view: View, ranges: list[tuple[int, int]]) -> Asking[set[int]]:
    """Set \\Seen where it is not; the UIDs it was set on, as the generator's value."""
    done: set[int] = set()
    now = session.runtime.clock.micros()
    for batch in pieces(view, ranges):
        rows = yield Read(lambda tx, b=batch: messages.select(tx, view.mailbox_id, b, "uid", "AND (flags & 1) = 0"))  # type: ignore[misc]
        if not rows:
            continue
        uids = [(row[0], row[0]) for row in rows]
        told = yield Write(
            lambda tx, u=uids: messages.store_flags(tx, view.account_id, view.mailbox_id, u, "add", messages.SEEN, actor=session.writer(view.account_id), now=now)  # type: ignore[misc]
        )
        view.wrote(told.modseq)
        done.update(row[0] for row in told.changed)
    return done


def answers(session: "Session", view: View, items: tuple[FetchItem, ...], rows: list[Any], seen_now: set[int], command: c.Fetch) -> Steps:
    """The FETCH responses of some rows; small ones are joined into one write."""
    blobs, since, tag = session.runtime.store.blobs, command.changed_since, command.tag
    out: list[bytes] = []
    waiting = 0
    for row in rows:
        number = view.number_of(row[0])
        if number is None or (since is not None and row[3] <= since):
            continue
        wanted = (*items, A.FLAGS) if row[0] in seen_now and A.FLAGS not in items else items
        parts: list[bytes] = []
        for item in wanted:
            if isinstance(item, (BinarySection, BinarySize)):
                parts.append((yield from binary.piece(item, Source(row, blobs), tag)))
                continue
            if not isinstance(item, BodySection) and item not in _OF_BLOB:
                parts.append(piece(item, row, view))
                continue
            for chunk in section(item, row, blobs):
                if chunk is None:  # the section is large: what is ready goes out first
                    out.append(b"* %d FETCH (%b " % (number, b" ".join(parts)) if parts else b"* %d FETCH (" % number)
                    yield b"".join(out)
                    out, parts, number = [], [], 0
                    continue
                parts.append(chunk)
                if number == 0:
                    yield b"".join(parts)
                    parts = []
        if number:
            line = r.fetch(number, parts)
        else:
            line = (b" " if parts else b"") + b" ".join(parts) + b")\r\n"
        out.append(line)
        waiting += len(line)
        if waiting > CHUNK_BYTES:
            yield b"".join(out)
            out, waiting = [], 0
    if out:
        yield b"".join(out)


def piece(item: Any, row: Any, view: View) -> bytes:
    """One label and value that need no bytes of the message."""
    if item is A.UID:
        return b"UID %d" % row[0]
    if item is A.FLAGS:
        return b"FLAGS (" + " ".join(flag_names(row[1], row[2], view.is_recent(row[0]))).encode("ascii") + b")"
    if item is A.INTERNALDATE:
        return b'INTERNALDATE "' + print_internaldate(from_micros(row[4])) + b'"'
    if item is A.RFC822_SIZE:
        return b"RFC822.SIZE %d" % row[5]
    if item is A.ENVELOPE:
        return b"ENVELOPE " + bytes(row[9])
    if item is A.BODYSTRUCTURE:
        return b"BODYSTRUCTURE " + bytes(row[11])
    if item is A.BODY:
        return b"BODY " + bytes(row[10])
    if item is A.MODSEQ:
        return b"MODSEQ (%d)" % row[3]
    if item is A.EMAILID:
        return b"EMAILID (M%d)" % row[7]
    if item is A.THREADID:
        return b"THREADID (T%d)" % row[8]
    if item is A.SAVEDATE:
        return b'SAVEDATE "' + print_internaldate(from_micros(row[6])) + b'"'
    return b"PREVIEW " + quoted_or_literal(row[12])


class Source:
    """A message's bytes: prefix and blob, read by range."""

    def __init__(self, row: Any, blobs: BlobStore) -> None:
        self.prefix = bytes(row[13])
        self.locator = Locator(segment=row[14], offset=row[15], length=row[16])
        self.blobs = blobs
        self.size = len(self.prefix) + self.locator.length
        self._parts = row[17]
        self._row = row

    def day_sent(self) -> date:
        """The day in the Date field as it is written, or in UTC the day it came. RFC 3501 §6.4.4 (SENTON)."""
        envelope = bytes(self._row[9])
        found = _WRITTEN.match(envelope)
        text = b""
        if found is not None:
            text = found.group(1) if found.group(1) is not None else envelope[found.end() : found.end() + int(found.group(2))]
        return (parse_date(text) or from_micros(self._row[4])).date()

    @property
    def parts(self) -> Part:
        """The tree of parts."""
        return load_parts(bytes(self._parts))

    def read(self, start: int, length: int) -> bytes:
        """*length* bytes from *start* of prefix and blob together."""
        here = self.prefix[start : start + length]
        left = length - len(here)
        return here + self.blobs.read(self.locator, max(0, start - len(self.prefix)), left) if left > 0 else here


def section(item: Any, row: Any, blobs: BlobStore) -> Iterator[bytes | None]:
    """Label and content of a section; None first when the content comes in several pieces."""
    source = Source(row, blobs)
    label = item.label
    span = bounds(item, source)
    if span is None:
        yield label + b" NIL"
        return
    if isinstance(span, bytes):
        partial = getattr(item, "partial", None)
        data = span[partial.start : partial.start + partial.length] if partial else span
        yield r.body_piece(label, data)
        return
    start, end = span
    partial = getattr(item, "partial", None)
    if partial is not None:
        start, end = min(end, start + partial.start), min(end, start + partial.start + partial.length)
    length = end - start
    if length <= CHUNK_BYTES:
        yield r.body_piece(label, source.read(start, length))
        return
    yield None
    yield label + b" " + literal_mark(length)
    while start < end:
        size = min(CHUNK_BYTES, end - start)
        yield source.read(start, size)
        start += size


def bounds(item: Any, source: Source) -> tuple[int, int] | bytes | None:
    """Where a section lies in prefix and blob, its bytes where they must be picked (HEADER.FIELDS), or None for no such part."""
    before = len(source.prefix)
    if item is A.RFC822:
        return 0, source.size
    if item is A.RFC822_HEADER:
        return 0, before + source.parts.body_start
    if item is A.RFC822_TEXT:
        return before + source.parts.body_start, source.size
    wanted = item.section
    if not wanted.part:
        if wanted.text is SectionText.ALL:
            return 0, source.size
        cut = before + source.parts.body_start
        if wanted.text is SectionText.TEXT:
            return cut, source.size
        if wanted.text is SectionText.HEADER:
            return 0, cut
        return header_fields(source.read(0, cut), wanted.fields, is_not=wanted.text is SectionText.HEADER_FIELDS_NOT)
    is_fields = wanted.text in (SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT)
    what = "HEADER" if is_fields else wanted.text.value.decode()
    found = source.parts.find(".".join([*map(str, wanted.part), *([what] if what else [])]))
    if found is None:
        return None
    if is_fields:
        data = source.read(before + found.start, found.end - found.start)
        return header_fields(data, wanted.fields, is_not=wanted.text is SectionText.HEADER_FIELDS_NOT)
    return before + found.start, before + found.end


def header_fields(header: bytes, names: tuple[bytes, ...], *, is_not: bool) -> bytes:
    """The named fields as they stand (or all others), and the empty line. RFC 3501 §6.4.5."""
    wanted = {name.lower() for name in names}
    fields = [header[f.start : f.end] for f in scan_headers(header) if (f.name.lower() in wanted) is not is_not]
    return b"".join(fields) + b"\r\n"


def content_of(tx: Tx, blobs: BlobStore, mailbox_id: int, uid: int) -> Source | None:
    """The bytes of one message, for SEARCH."""
    rows = tx.all(STATEMENTS[2], {"b": mailbox_id, "f": uid, "l": uid, "n": 1})
    return Source(rows[0], blobs) if rows else None
