"""A header block as offsets: found in one pass, read only where someone asks.

The block ends at the first empty line, whatever stands before it; lines that are no field (mbox "From ", junk) are passed
over. Nothing here changes or copies a message's bytes. Decoding is `words`', parameters are `params`', writing is `encode`'s;
their names are given on from here.
"""

import email.utils
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from mmap import mmap
from typing import NamedTuple

from mailcore.mail.encode import encode_phrase as encode_phrase
from mailcore.mail.encode import encode_word as encode_word
from mailcore.mail.encode import fold as fold
from mailcore.mail.encode import has_control as has_control
from mailcore.mail.words import decode_value as decode_value
from mailcore.mail.words import unfold as unfold

MAX_HEADER_BYTES = 4 << 20
"""Octets of one header block; what follows is body. Stops a message that is all header from being indexed as one; a hundred thousand recipients fit."""
MAX_VALUE_BYTES = 512 << 10
"""Octets of one field that are looked at. Stops a field of recipients from costing seconds wherever it is shown."""
MAX_FIELDS = 10_000
"""Fields of one block that are listed. Stops a million empty fields from filling memory."""
MAX_MSGID_BYTES = 998
"""A message-id longer than a line is none."""

_BLANK = re.compile(rb"\n\r?\n")
_FIELD = re.compile(rb"^([!-9;-~]++)[ \t]*+:[ \t]*+([^\n]*+(?:\n[ \t][^\n]*+)*+)\n?", re.MULTILINE)
_MSGID = re.compile(rb"<([^<>\s\x00-\x1f]{1,998})>")
_BARE_MSGID = re.compile(rb"[^<>\s\x00-\x1f]{1,998}@[^<>\s\x00-\x1f]{1,998}")
_DATE = re.compile(
    r"\s*(?:[A-Za-z]{3,9}\.?\s*,?\s*)?(\d{1,2})[\s-]+([A-Za-z]{3})[a-z]*\.?[\s-]+(\d{2,4})[\s,]+(\d{1,2})[:.](\d{2})(?:[:.](\d{2}))?"
    r"(?:\.\d+)?\s*([+-]\d{4}\b|[A-Za-z]+)?"
)
_COMMENT = re.compile(r"\([^()]*\)")
_MONTHS = {"jan": 1, "feb": 2, "mar": 3, "apr": 4, "may": 5, "jun": 6, "jul": 7, "aug": 8, "sep": 9, "oct": 10, "nov": 11, "dec": 12}
_ZONES = {"est": -5, "edt": -4, "cst": -6, "cdt": -5, "mst": -7, "mdt": -6, "pst": -8, "pdt": -7}
_ZONES |= {"cet": 1, "cest": 2, "met": 1, "mest": 2, "bst": 1}


class HeaderField(NamedTuple):
    """One field: its name as written and where it, its value and its end (line ending included) stand in the data."""

    name: bytes
    start: int
    end: int
    value_start: int


_Row = tuple[bytes, bytes, bytes, int, int, int]
"""Lower-case name, raw value, and the four pieces of a HeaderField, made only when asked for."""


class Headers:
    """The fields of one header block, by name in any case. `end` is where the body begins."""

    __slots__ = ("_by_name", "_data", "_rows", "end", "start")

    def __init__(self, data: bytes | mmap, start: int, end: int, rows: list[_Row]) -> None:
        self._data = data
        self.start = start
        self.end = end
        self._rows = rows
        self._by_name: dict[bytes, bytes] = {}
        for row in rows:
            self._by_name.setdefault(row[0], row[1])

    def get(self, name: bytes) -> bytes | None:
        """The first value of *name* (lower case), unfolded, undecoded; None when it is not there."""
        value = self._by_name.get(name)
        return None if value is None else unfold(value)

    def raw(self, name: bytes) -> bytes | None:
        """The first value of *name* (lower case) with its folds, white space before and line ending after it taken off."""
        return self._by_name.get(name)

    def all(self, name: bytes) -> list[bytes]:
        """Every value of *name* (lower case), unfolded, in order."""
        return [unfold(row[1]) for row in self._rows if row[0] == name]

    def text(self, name: bytes) -> str:
        """The first value of *name* (lower case) decoded for people; "" when it is not there."""
        value = self._by_name.get(name)
        return "" if value is None else decode_value(value)

    def __contains__(self, name: bytes) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[HeaderField]:
        return (HeaderField(*row[2:]) for row in self._rows)

    def __len__(self) -> int:
        return len(self._rows)

    def items(self) -> Iterator[tuple[bytes, bytes]]:
        """Lower-case name and raw value of each field, in order."""
        return ((row[0], row[1]) for row in self._rows)


def header_end(data: bytes | mmap, start: int, stop: int) -> int:
    """Where the body begins: behind the first empty line between *start* and *stop*, else *stop*."""
    head = data[start : start + 2]
    if head[:1] == b"\n":
        return min(start + 1, stop)
    if head == b"\r\n":
        return min(start + 2, stop)
    found = _BLANK.search(data, start, stop)
    return found.end() if found else stop


def scan_headers(data: bytes | mmap | memoryview, start: int = 0, limit: int | None = None) -> Headers:
    """Lists the header block at *start*, which reaches at most to *limit* and MAX_HEADER_BYTES. Linear. RFC 5322 §2.2."""
    source = bytes(data) if isinstance(data, memoryview) else data
    stop = min(len(source) if limit is None else limit, start + MAX_HEADER_BYTES, len(source))
    end = header_end(source, start, stop)
    rows: list[_Row] = []
    append = rows.append
    block = source[start:end]
    for found in _FIELD.finditer(block):
        name, value = found.groups()
        at, end_at = found.span()
        append((name.lower(), value[:MAX_VALUE_BYTES].rstrip(b"\r"), name, start + at, start + end_at, start + found.start(2)))
        if len(rows) >= MAX_FIELDS:
            break
    return Headers(source, start, end, rows)


def parse_date(raw: bytes | str) -> datetime | None:
    """The instant of a Date value, aware, in its own zone (UTC when it names none). None for no date. RFC 5322 §3.3, §4.3."""
    text = raw[:200].decode("latin-1") if isinstance(raw, bytes) else raw[:200]
    found = _DATE.match(text)
    if found is None and "(" in text:
        text = _COMMENT.sub(" ", text)
        found = _DATE.match(text)
    if found is None:
        return _other_date(text)
    day, month_name, year_text, hour, minute, second, zone = found.groups()
    month = _MONTHS.get(month_name.lower())
    if month is None:
        return None
    year = int(year_text)
    if len(year_text) < 4:
        year += 1900 if year >= 50 else 2000
    return _moment(year, month, int(day), int(hour), int(minute), int(second or 0), _offset_minutes(zone))


def _moment(year: int, month: int, day: int, hour: int, minute: int, second: int, offset: int) -> datetime | None:
    zone = UTC if offset == 0 else timezone(timedelta(minutes=offset))
    try:
        # A leap second has no datetime; the one before it is the nearest that has.
        made = datetime(year, month, day, hour, minute, min(second, 59), tzinfo=zone)
        made.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return made


def _offset_minutes(zone: str | None) -> int:
    """Minutes east of UTC of a zone as RFC 5322 §3.3 and §4.3 write it; what makes no sense is 0."""
    if not zone:
        return 0
    if zone[0] in "+-":
        minutes = int(zone[1:3]) * 60 + int(zone[3:5])
        return 0 if minutes >= 24 * 60 else -minutes if zone[0] == "-" else minutes
    return _ZONES.get(zone.lower(), 0) * 60


def _other_date(text: str) -> datetime | None:
    """Forms no RFC allows but mail carries: asctime, ISO 8601, American order."""
    try:
        iso = datetime.fromisoformat(text.strip().replace(" UTC", "+00:00"))
        return iso if iso.tzinfo else iso.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        pass
    try:
        parsed = email.utils.parsedate_tz(text)
    except (ValueError, TypeError, IndexError, OverflowError, AttributeError):
        return None
    if parsed is None:
        return None
    year, month, day, hour, minute, second = parsed[:6]
    offset = (parsed[9] or 0) // 60
    return _moment(year, month, day, hour, minute, second, offset if abs(offset) < 24 * 60 else 0)


def message_ids(raw: bytes | None, limit: int = 50) -> tuple[str, ...]:
    """The last *limit* message-ids of a value, without angle brackets, each once. RFC 5322 §3.6.4."""
    if not raw:
        return ()
    found = _MSGID.findall(raw[-MAX_MSGID_BYTES * limit :])
    if not found and b"<" not in raw:
        # Quirk: some programs leave the angle brackets out.
        found = _BARE_MSGID.findall(raw[:MAX_MSGID_BYTES])
    unique = list(dict.fromkeys(found))[-limit:]
    return tuple(value.decode("utf-8", "replace") for value in unique)
