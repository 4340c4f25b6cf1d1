"""SEARCH: what columns can answer becomes SQL; header and body texts are read, decoded and compared, exactly, in the store pool.

A key is turned into (SQL condition, rest): the rest, if any, is a predicate over one message that reads its bytes.
"""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import TYPE_CHECKING, Any

from mailcore.base.clock import SECOND, to_micros
from mailcore.mail.body import decode_text
from mailcore.mail.headers import scan_headers
from mailcore.mail.words import decode_value
from mailcore.sessions.imap.fetch import Source, content_of
from mailcore.sessions.imap.steps import Asking, LongRead, Read, Steps
from mailcore.sessions.imap.view import BY_FLAG, View
from mailcore.store import Tx
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap import search as s
from mailcore.wire.imap.options import SearchReturn
from mailcore.wire.imap.sequence import SequenceSet

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

TEXT_BYTES = 10 * 1024 * 1024
"""Bytes of a message that a text search looks into."""
TEXT_BATCH = 100
"""Messages whose text is read in one go, so that other work gets its turn."""
RANGES = 200
"""UID ranges that are put into SQL; a set with more is checked message by message."""

Predicate = Callable[["Row"], bool]

SQL_NESTING = 16
"""SQLite reads about thirty nested conditions, then its parser's stack is full."""


class Row:
    """A message under test, its bytes read when first asked for."""

    def __init__(self, uid: int, load: Callable[[int], Source | None]) -> None:
        self.uid = uid
        self._load = load
        self._source: Source | None | bool = False
        self._data: bytes | None = None

    @property
    def data(self) -> bytes:
        """Prefix and blob, up to TEXT_BYTES."""
        if self._data is None:
            source = self.source
            self._data = source.read(0, min(source.size, TEXT_BYTES)) if source is not None else b""
        return self._data

    @property
    def source(self) -> Source | None:
        """The message's bytes, or None when it has gone meanwhile."""
        if self._source is False:
            self._source = self._load(self.uid)
        return self._source  # type: ignore[return-value]

    def header_texts(self, name: str) -> list[str]:
        """Every value of a header field, decoded, case folded."""
        return [decode_value(value).casefold() for value in scan_headers(self.data).all(name.encode("ascii", "replace"))]

    def body_texts(self) -> list[str]:
        """The text of every text part, decoded, case folded."""
        source = self.source
        if source is None:
            return []
        blob = self.data[len(source.prefix) :]
        return [decode_text(blob, part).casefold() for part in source.parts.walk() if part.type == "text" and not part.children]

    def day_sent(self) -> date:
        """The day its sender wrote, or the day it came where none can be read; far in the past for a message that has gone."""
        return self.source.day_sent() if self.source is not None else date.min

    def whole_header(self) -> str:
        """All of the header, decoded, case folded."""
        return "\n".join(f"{n.decode('latin-1')}: {decode_value(v)}" for n, v in scan_headers(self.data).items()).casefold()


def nesting(sql: str) -> int:
    """How many parentheses stand open at once in *sql*."""
    deepest = now = 0
    for sign in sql:
        now += (sign == "(") - (sign == ")")
        deepest = max(deepest, now)
    return deepest


class Plan:
    """A search put into SQL as far as that goes, for one view."""

    def __init__(self, view: View, now: int) -> None:
        self.view = view
        self.now = now
        self.params: dict[str, Any] = {"b": view.mailbox_id}

    def value(self, value: Any) -> str:
        """A new parameter; its placeholder."""
        name = f"p{len(self.params)}"
        self.params[name] = value
        return ":" + name

    def split(self, key: s.SearchKey) -> tuple[str, Predicate | None]:
        """(condition, rest): both must hold. A condition nested deeper than SQLite's parser goes is looked up by itself."""
        sql, rest = self._split(key)
        if nesting(sql) <= SQL_NESTING:
            return sql, rest
        members = self._members(sql)
        return "1 = 1", lambda row: row.uid in members() and (rest is None or rest(row))

    def _split(self, key: s.SearchKey) -> tuple[str, Predicate | None]:
        if isinstance(key, s.And):
            parts = [self.split(inner) for inner in key.keys]
            rests = [rest for _, rest in parts if rest is not None]
            condition = joined([f"({sql})" for sql, _ in parts if sql != "1 = 1"], "AND") or "1 = 1"
            return condition, (lambda row: all(rest(row) for rest in rests)) if rests else None
        if isinstance(key, s.Or):
            left, right = self.split(key.left), self.split(key.right)
            if left[1] is None and right[1] is None:
                return f"({left[0]}) OR ({right[0]})", None
            return self._either(left, right)
        if isinstance(key, s.Not):
            sql, rest = self.split(key.key)
            if rest is None:
                return f"NOT ({sql})", None
            if sql == "1 = 1":
                return "1 = 1", lambda row: not rest(row)
            members = self._members(sql)
            return "1 = 1", lambda row: not (row.uid in members() and rest(row))
        if isinstance(key, s.OnDay) and key.of is s.DateOf.SENT:
            return self._sent(key)
        text = self._text(key)
        if text is not None:
            return "1 = 1", text
        return self._column(key), None

    def _either(self, left: tuple[str, Predicate | None], right: tuple[str, Predicate | None]) -> tuple[str, Predicate]:
        sides = [(self._members(sql), rest) for sql, rest in (left, right)]
        return "1 = 1", lambda row: any(row.uid in members() and (rest is None or rest(row)) for members, rest in sides)

    def _members(self, sql: str) -> Callable[[], set[int]]:
        """The UIDs that fit *sql*, looked up once when first needed."""
        found: list[set[int]] = []

        def members() -> set[int]:
            if not found:
                found.append({row[0] for row in self.tx.all(SELECT.format(sql), self.params)})
            return found[0]

        return members

    tx: Tx

    def _text(self, key: s.SearchKey) -> Predicate | None:
        if isinstance(key, s.InHeader):
            name, text = key.name, key.text.casefold()
            return lambda row: any(text in value for value in row.header_texts(name))
        if isinstance(key, s.InBody):
            text = key.text.casefold()
            return lambda row: any(text in value for value in row.body_texts())
        if isinstance(key, s.InText):
            text = key.text.casefold()
            return lambda row: text in row.whole_header() or any(text in value for value in row.body_texts())
        if isinstance(key, (s.InSequence, s.InUids)):
            ranges = self._ranges(key)
            if len(ranges) > RANGES:
                return lambda row: any(low <= row.uid <= high for low, high in ranges)
        return None

    def _ranges(self, key: s.InSequence | s.InUids) -> list[tuple[int, int]]:
        chosen = key.numbers if isinstance(key, s.InSequence) else key.uids
        return self.view.ranges(chosen, is_uid=isinstance(key, s.InUids))

    def _column(self, key: s.SearchKey) -> str:
        if isinstance(key, (s.Everything, s.SaveDateSupported)):
            return "1 = 1"
        if isinstance(key, s.HasFlag):
            return self._flag(key.flag)
        if isinstance(key, (s.InSequence, s.InUids)):
            ranges = self._ranges(key)
            return joined([f"uid BETWEEN {int(low)} AND {int(high)}" for low, high in ranges], "OR") or "1 = 0"
        if isinstance(key, s.Larger):
            return f"size > {self.value(key.size_bytes)}"
        if isinstance(key, s.Smaller):
            return f"size < {self.value(key.size_bytes)}"
        if isinstance(key, s.Younger):
            return f"internal_date > {self.value(self.now - key.seconds * SECOND)}"
        if isinstance(key, s.Older):
            return f"internal_date <= {self.value(self.now - key.seconds * SECOND)}"
        if isinstance(key, s.ChangedSince):
            return f"modseq >= {self.value(key.modseq)}"
        if isinstance(key, s.EmailIdIs):
            return f"email_id = {self.value(object_number(key.objectid, 'M'))}"
        if isinstance(key, s.ThreadIdIs):
            return f"thread_id = {self.value(object_number(key.objectid, 'T'))}"
        assert isinstance(key, s.OnDay)
        return self._day(key)

    def _flag(self, flag: str) -> str:
        if flag in BY_FLAG:
            return f"(flags & {BY_FLAG[flag]}) <> 0"
        if flag == "\\Recent":
            return f"uid >= {self.value(self.view.recent_from)}"
        pattern = "% " + flag.lower().replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + " %"
        return f"(' ' || lower(keywords) || ' ') LIKE {self.value(pattern)} ESCAPE '\\'"

    def _day(self, key: s.OnDay) -> str:
        start, end = day_span(key.day)
        return self._span("save_date" if key.of is s.DateOf.SAVED else "internal_date", key.when, start, end)

    def _span(self, column: str, when: s.When, start: int, end: int) -> str:
        if when is s.When.BEFORE:
            return f"{column} < {self.value(start)}"
        if when is s.When.SINCE:
            return f"{column} >= {self.value(start)}"
        return f"{column} BETWEEN {self.value(start)} AND {self.value(end - 1)}"

    def _sent(self, key: s.OnDay) -> tuple[str, Predicate]:
        """The day as written in the Date field, zone disregarded (RFC 3501 §6.4.4): the stored instant narrows, the field decides."""
        start, end = day_span(key.day)
        if key.when is s.When.BEFORE:
            near, sure = self._span(SENT, key.when, start + DAY, end), self._span(SENT, key.when, start - DAY, end)
            certain = self._members(sure)
            return near, lambda row: row.uid in certain() or row.day_sent() < key.day
        if key.when is s.When.SINCE:
            near, sure = self._span(SENT, key.when, start - DAY, end), self._span(SENT, key.when, start + DAY, end)
            certain = self._members(sure)
            return near, lambda row: row.uid in certain() or row.day_sent() >= key.day
        return self._span(SENT, key.when, start - DAY, end + DAY), lambda row: row.day_sent() == key.day


SENT = "coalesce((SELECT e.sent_at FROM emails e WHERE e.id = email_id), internal_date)"
DAY = 24 * 3600 * SECOND
"""A zone moves a day by less than this."""


def day_span(day: date) -> tuple[int, int]:
    """(first, after the last) microsecond of a day in UTC."""
    start = to_micros(datetime.combine(day, time(), UTC))
    return start, start + DAY


def joined(conditions: list[str], word: str) -> str:
    """*conditions* joined as a balanced tree: SQLite refuses an expression that is a thousand deep."""
    while len(conditions) > 1:
        conditions = [f"({f' {word} '.join(conditions[at : at + 8])})" for at in range(0, len(conditions), 8)]
    return conditions[0] if conditions else ""


SELECT = "SELECT uid, modseq FROM messages WHERE mailbox_id = :b AND ({}) ORDER BY uid"


def object_number(text: str, letter: str) -> int:
    """The number of an object id; -1 for one that is not ours."""
    digits = text[1:]
    return int(digits) if text[:1] == letter and digits.isascii() and digits.isdigit() and len(digits) < 19 else -1


def search(session: "Session", command: c.Search) -> Steps:
    """SEARCH and UID SEARCH. RFC 3501 §6.4.4, RFC 4731, RFC 5182, RFC 7162 §3.1.5."""
    view = session.view
    assert view is not None
    hits = yield from matches(session, view, command.key)
    yield from tell(session, view, command, hits)


def matches(session: "Session", view: View, key: s.SearchKey) -> Asking[list[tuple[int, int]]]:
    """(UID, MODSEQ) of the known messages that fit *key*, ascending; SORT and THREAD begin with it too."""
    plan = Plan(view, session.runtime.clock.micros())
    condition, rest = plan.split(key)
    sql, blobs = SELECT.format(condition), session.runtime.store.blobs
    rows = yield Read(lambda tx: tx.all(sql, plan.params)) if rest is None and len(view) < 5000 else LongRead(lambda tx: tx.all(sql, plan.params))
    if rest is not None:
        found = []
        for start in range(0, len(rows), TEXT_BATCH):

            def test(tx: Tx, batch: list[Any] = rows[start : start + TEXT_BATCH]) -> list[Any]:
                plan.tx = tx
                return [row for row in batch if rest(Row(row[0], lambda uid: content_of(tx, blobs, view.mailbox_id, uid)))]

            found += yield LongRead(test)
        rows = found
    return [(row[0], row[1]) for row in rows if view.number_of(row[0]) is not None]


def tell(session: "Session", view: View, command: c.Search, hits: list[tuple[int, int]]) -> Steps:
    """The answer in the form that was asked for."""
    uids = [uid for uid, _ in hits]
    numbers = uids if command.is_uid else [n for uid in uids if (n := view.number_of(uid))]
    modseq = None
    if s.uses_modseq(command.key):
        session.enabled.add("CONDSTORE")
        modseq = max((m for _, m in hits), default=None)
    returns = command.returns
    if returns is None and session.is_rev2:
        returns = frozenset({SearchReturn.ALL})  # RFC 9051 §6.4.4
    if returns is None:
        yield r.search(numbers, modseq=modseq)
        yield from session.done(command)
        return
    if SearchReturn.SAVE in returns:
        view.saved = SequenceSet.of(uids if command.window is None else command.window.cut(uids))  # RFC 9394 §3.2
    results: dict[str, int | bytes | SequenceSet] = {}
    if numbers and SearchReturn.MIN in returns:
        results["MIN"] = numbers[0]
    if numbers and SearchReturn.MAX in returns:
        results["MAX"] = numbers[-1]
    if numbers and (SearchReturn.ALL in returns or not returns):
        results["ALL"] = SequenceSet.of(numbers)
    if command.window is not None:
        results["PARTIAL"] = r.page(command.window, SequenceSet.of(command.window.cut(numbers)))
    if SearchReturn.COUNT in returns:
        results["COUNT"] = len(numbers)
    if modseq is not None:
        results["MODSEQ"] = modseq
    if results or returns != frozenset({SearchReturn.SAVE}):
        yield r.esearch(command.tag, is_uid=command.is_uid, results=results)
    yield from session.done(command)
