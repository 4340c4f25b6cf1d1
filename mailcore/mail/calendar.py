"""iCalendar: lines, components, and moments in whatever zone a program named. RFC 5545.

Read leniently and within bounds, because a file comes from a stranger: what cannot be read is passed over, and nothing raises.
A zone is taken by its IANA name where it has one, else from the VTIMEZONE beside it; a time whose zone nobody explains stays as written.
"""

import re
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta, timezone
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from mailcore.mail.contentline import folded

MAX_BYTES = 1024 * 1024
"""Of a calendar file that are read. Stops one attachment from holding a worker."""
MAX_LINES = 20_000
MAX_DEPTH = 8
"""Components inside components. Stops a file of BEGIN lines from nesting without end."""
MAX_VALUE = 20_000
"""Characters of one value that are kept."""
MAX_RULES = 40
"""Observances of one VTIMEZONE that are looked at."""

_LINE = re.compile(r"([A-Za-z0-9-]{1,60})((?:;[A-Za-z0-9-]{1,60}=(?:\"[^\"]{0,2000}\"|[^\";:,]{0,2000})(?:,(?:\"[^\"]{0,2000}\"|[^\";:,]{0,2000})){0,50}){0,40}):(.*)", re.DOTALL)
_PARAM = re.compile(r";([A-Za-z0-9-]+)=((?:\"[^\"]*\"|[^\";:])*)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)
_MOMENT = re.compile(r"(\d{4})(\d\d)(\d\d)(?:T(\d\d)(\d\d)(\d\d)?(Z?))?")
_DURATION = re.compile(r"([+-]?)P(?:(\d{1,4})W)?(?:(\d{1,5})D)?(?:T(?:(\d{1,5})H)?(?:(\d{1,6})M)?(?:(\d{1,7})S)?)?")
_OFFSET = re.compile(r"([+-])(\d\d)(\d\d)(\d\d)?")
_BYDAY = re.compile(r"([+-]?\d{1,2})(MO|TU|WE|TH|FR|SA|SU)")
_DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One content line: NAME, parameters by upper-case name, and the value as written."""

    name: str
    params: dict[str, str]
    value: str


@dataclass(slots=True, kw_only=True)
class Component:
    """What stands between BEGIN and END."""

    name: str
    lines: list[Line] = field(default_factory=list)
    children: list["Component"] = field(default_factory=list)

    def line(self, name: str) -> Line | None:
        """The first line of that name."""
        return next((one for one in self.lines if one.name == name), None)

    def text(self, name: str) -> str:
        """The first value of that name for people, "" when there is none. RFC 5545 §3.3.11."""
        found = self.line(name)
        return plain(found.value) if found is not None else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """A day, an instant (aware, UTC), or a time as it was written with the name of its unknown zone ("" where it is everybody's own)."""

    at: date | datetime
    zone: str = ""

    @property
    def is_day(self) -> bool:
        return not isinstance(self.at, datetime)


def plain(value: str) -> str:
    """A value with its escapes taken off, without control characters and what turns the direction of text."""
    text = _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], value[:MAX_VALUE])
    return "".join(c for c in _BIDI.sub("", text) if c == "\n" or c == "\t" or c.isprintable()).strip()


def parse(data: bytes) -> Component | None:
    """The first VCALENDAR in *data*, or None. Lines that are none are passed over, a missing END is taken as given."""
    text = data[:MAX_BYTES].decode("utf-8-sig", "replace")
    top = Component(name="")
    stack = [top]
    for line in _lines(text):
        if line.name == "BEGIN":
            made = Component(name=line.value.strip().upper()[:60])
            if len(stack) <= MAX_DEPTH:
                stack[-1].children.append(made)
            stack.append(made)
        elif line.name == "END":
            wanted = line.value.strip().upper()
            if any(one.name == wanted for one in stack[1:]):
                while stack.pop().name != wanted:
                    pass
        else:
            stack[-1].lines.append(line)
    return next((one for one in top.children if one.name == "VCALENDAR"), None)


def _lines(text: str) -> list[Line]:
    """The content lines, folds joined. RFC 5545 §3.1."""
    whole: list[list[str]] = []
    for raw in re.split(r"\r\n|\n|\r", text)[:MAX_LINES]:
        if raw[:1] in (" ", "\t") and whole:
            whole[-1].append(raw[1:])
        else:
            whole.append([raw])
    found = (_LINE.fullmatch("".join(pieces)[: MAX_VALUE * 2]) for pieces in whole)
    return [Line(name=m[1].upper(), params=_params(m[2]), value=m[3]) for m in found if m is not None]


def _params(text: str) -> dict[str, str]:
    return {name.upper(): value.replace('"', "") for name, value in _PARAM.findall(text)}


def duration(value: str) -> timedelta | None:
    """A DURATION value. RFC 5545 §3.3.6."""
    found = _DURATION.fullmatch(value.strip().upper())
    if found is None or not any(found.groups()[1:]):
        return None
    weeks, days, hours, minutes, seconds = (int(x or 0) for x in found.groups()[1:])
    length = timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    return -length if found[1] == "-" else length


def _read(value: str) -> date | datetime | None:
    """A DATE or DATE-TIME as written; aware when it ends in Z."""
    found = _MOMENT.fullmatch(value.strip())
    if found is None:
        return None
    year, month, day, hour, minute, second, mark = found.groups()
    try:
        if hour is None:
            return date(int(year), int(month), int(day))
        return datetime(int(year), int(month), int(day), int(hour), int(minute), min(59, int(second or 0)), tzinfo=UTC if mark else None)
    except ValueError:
        return None


def moment(line: Line | None, calendar: Component) -> Moment | None:
    """The moment that a DTSTART-like line names, its zone looked up. RFC 5545 §3.3.5, §3.2.19."""
    at = _read(line.value) if line is not None else None
    if line is None or at is None:
        return None
    if not isinstance(at, datetime) or at.tzinfo is not None:
        return Moment(at=at)
    zone = line.params.get("TZID", "").strip()[:200]
    if not zone:
        return Moment(at=at)
    try:
        known = _iana(zone)
        if known is not None:
            return Moment(at=at.replace(tzinfo=known).astimezone(UTC))
        offset = _offset(zone, at, calendar)
        return Moment(at=at.replace(tzinfo=offset).astimezone(UTC)) if offset is not None else Moment(at=at, zone=plain(zone))
    except (OverflowError, ValueError):
        return Moment(at=at, zone=plain(zone))


def _iana(name: str) -> ZoneInfo | None:
    """A zone by its IANA name; some programs put a path of their own before it."""
    parts = [p for p in name.split("/") if p]
    for tail in (parts, parts[-3:], parts[-2:]):
        key = "/".join(tail)
        if re.fullmatch(r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+){1,2}|UTC|GMT", key):
            try:
                return ZoneInfo(key)
            except (ZoneInfoNotFoundError, ValueError, OSError):
                continue
    return None


def _offset(zone: str, at: datetime, calendar: Component) -> timezone | None:
    """The offset that the calendar's own VTIMEZONE gives at a wall time. RFC 5545 §3.6.5."""
    own = next((c for c in calendar.children if c.name == "VTIMEZONE" and c.text("TZID") == plain(zone)), None)
    if own is None:
        return None
    best: tuple[datetime, timedelta] | None = None
    before: tuple[datetime, timedelta] | None = None
    for rule in own.children[:MAX_RULES]:
        start, to = _read(rule.text("DTSTART")), _difference(rule.text("TZOFFSETTO"))
        if not isinstance(start, datetime) or to is None:
            continue
        start = start.replace(tzinfo=None)
        for onset in _onsets(start, rule.text("RRULE"), at.year):
            if onset <= at and (best is None or onset > best[0]):
                best = (onset, to)
        earlier = _difference(rule.text("TZOFFSETFROM"))
        if before is None or start < before[0]:
            before = (start, earlier if earlier is not None else to)
    found = best or before
    return timezone(found[1]) if found is not None else None


def _difference(value: str) -> timedelta | None:
    found = _OFFSET.fullmatch(value.strip())
    if found is None or int(found[2]) > 23:
        return None
    length = timedelta(hours=int(found[2]), minutes=int(found[3]), seconds=int(found[4] or 0))
    return -length if found[1] == "-" else length


def _onsets(start: datetime, rule: str, year: int) -> list[datetime]:
    """When an observance begins, in *year* and the one before: by its yearly rule, else the once it names."""
    said = rule_of(rule)
    month, day = said.get("BYMONTH", ""), _BYDAY.fullmatch(said.get("BYDAY", ""))
    if said.get("FREQ") != "YEARLY" or not month.isdigit() or not 1 <= int(month) <= 12 or day is None:
        return [start]
    until = _read(said.get("UNTIL", ""))
    last = until.year if until is not None else 9999
    made = [_weekday(start.replace(year=y, month=int(month), day=1), int(day[1]), _DAYS.index(day[2])) for y in (year - 1, year) if start.year <= y <= last and y > 1]
    return [one for one in made if one >= start] or [start]


def _weekday(first: datetime, number: int, weekday: int) -> datetime:
    """The *number*-th (from the end when negative) such weekday of the month that begins with *first*."""
    if number > 0:
        return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (min(number, 4) - 1))
    following = (first + timedelta(days=31)).replace(day=1)
    return following - timedelta(days=(following.weekday() - weekday - 1) % 7 + 1 + 7 * (min(-number, 4) - 1 if number else 0))


def rule_of(value: str) -> dict[str, str]:
    """The parts of a recurrence rule. RFC 5545 §3.3.10."""
    parts = (part.partition("=") for part in value.upper().split(";")[:20])
    return {name.strip(): said.strip() for name, equals, said in parts if equals}


def printed(name: str, value: str, params: dict[str, str] | None = None) -> str:
    """One content line, folded at 75 octets without splitting a character. *value* is written as it is: `escaped` is the caller's."""
    head = name + "".join(f';{key}="{_quoted(said)}"' if re.search(r"[^A-Za-z0-9/_.+-]", said) else f";{key}={said}" for key, said in (params or {}).items())
    return folded(f"{head}:{_straight(value)}")


def _straight(value: str) -> str:
    return "".join(c for c in value if c == "\t" or c.isprintable())


def _quoted(value: str) -> str:
    return _straight(value).replace('"', "'")


def escaped(text: str) -> str:
    """A text as a TEXT value. RFC 5545 §3.3.11."""
    return re.sub(r"([\\,;])", r"\\\1", text.replace("\r\n", "\n").replace("\r", "\n")).replace("\n", "\\n")
