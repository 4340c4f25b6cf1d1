"""What tests look at: header fields with edits made, addresses, parts, bodies, dates. Reads the message, decides nothing."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta, timezone, tzinfo

from mailcore.mail.address import loose_address, mailboxes
from mailcore.mail.body import decode_body, decode_text
from mailcore.mail.headers import parse_date
from mailcore.mail.htmltext import html_to_text
from mailcore.mail.part import Part
from mailcore.mail.words import decode_value, unfold
from mailcore.sieve.actions import AddHeader, DeleteHeader, HeaderEdit
from mailcore.sieve.message import Field, Mail, fields_of

MAX_BODY_CHARACTERS = 1024 * 1024
"""Text of one message that body tests look at."""
MAX_PARTS = 500
WEEKDAYS_FROM_SUNDAY = 7


class View:
    """The message as the script sees it at this moment."""

    def __init__(self, mail: Mail) -> None:
        self.mail = mail
        self.fields: list[Field] = list(mail.fields)
        self.edits: list[HeaderEdit] = []
        self._texts: dict[tuple[str, ...] | None, list[str]] = {}

    def texts(self, kinds: tuple[str, ...] | None) -> list[str]:
        """Texts of the body, decoded once a kind."""
        if kinds not in self._texts:
            self._texts[kinds] = list(texts(self.mail, kinds))
        return self._texts[kinds]

    def add(self, name: str, value: str, *, is_last: bool) -> None:
        """addheader."""
        self.edits.append(AddHeader(name=name, value=value, is_last=is_last))
        made = Field(name, value.encode("utf-8", "replace"))
        self.fields.insert(len(self.fields) if is_last else 0, made)

    def delete(self, places: Sequence[int]) -> None:
        """deleteheader of the fields at *places*: from the last, so that the numbers of the others stay."""
        for place in sorted(places, reverse=True):
            name = self.fields[place].name
            nth = sum(1 for f in self.fields[: place + 1] if f.name.lower() == name.lower())
            self.edits.append(DeleteHeader(name=name, nth=nth))
            del self.fields[place]

    def header(self, name: str, part: Part | None = None) -> list[str]:
        """Decoded values of a field of the message, or of a MIME part."""
        wanted = name.lower()
        return [decode_value(f.raw) for f in self._of(part) if f.name.lower() == wanted]

    def raw(self, name: str, part: Part | None = None) -> list[bytes]:
        """Raw values of a field."""
        wanted = name.lower()
        return [unfold(f.raw) for f in self._of(part) if f.name.lower() == wanted]

    def _of(self, part: Part | None) -> Sequence[Field]:
        if part is None:
            return self.fields
        return fields_of(self.mail.data, part.header_start, part.body_start)


def indexed(values: list[str], index: object, *, is_last: bool) -> list[str]:
    """The one value that :index names, or all. RFC 5260 §6."""
    if not isinstance(index, int):
        return values
    if not 1 <= index <= len(values):
        return []
    return [values[-index] if is_last else values[index - 1]]


def addresses(raw: bytes | str) -> Iterator[str]:
    """The addresses in a header's value, without names and comments."""
    for one in mailboxes(raw):
        yield str(one.address) if one.address is not None else one.raw.strip(" <>")


def address_part(address: str, part: str, separator: str = "+") -> str | None:
    """One part of an address; None where there is none (a detail without a separator). RFC 5228 §2.7.4, RFC 5233 §4."""
    if part == "all":
        return address
    local, at, domain = address.rpartition("@")
    if not at:
        local, domain = address, ""
    if part == "domain":
        return domain
    parsed = loose_address(local, domain) if domain else None
    local = parsed.local if parsed is not None else local
    if part == "localpart":
        return local
    user, sign, detail = local.partition(separator)
    return user if part == "user" else detail if sign else None


def subparts(root: Part) -> Iterator[Part]:
    """A part and all inside it, in order, bounded."""
    for number, part in enumerate(root.walk()):
        if number >= MAX_PARTS:
            return
        yield part


def texts(mail: Mail, kinds: Sequence[str] | None) -> Iterator[str]:
    """Decoded text of the parts whose type is in *kinds* ("text", "text/html", "" for all); None: all text, HTML as text. RFC 5173 §5."""
    left = MAX_BODY_CHARACTERS
    for part in subparts(mail.root):
        if left <= 0:
            return
        if part.children:
            if kinds is None or part.type != "multipart" or not {"", "multipart", part.mime_type} & set(kinds):
                continue
            text = around_parts(mail, part)
        elif kinds is None:
            if part.type != "text":
                continue
            text = decode_text(mail.data, part)
            text = html_to_text(text) if part.subtype == "html" else text
        elif any(kind in ("", part.type, part.mime_type) for kind in kinds):
            text = decode_text(mail.data, part) if part.type == "text" else decode_body(mail.data, part).decode("utf-8", "replace")
        else:
            continue
        yield text[:left]
        left -= len(text)


def around_parts(mail: Mail, part: Part) -> str:
    """What stands before the first and behind the last part of a multipart. RFC 5173 §5.2."""
    before = bytes(mail.data[part.body_start : part.children[0].header_start])
    behind = bytes(mail.data[part.children[-1].body_end : part.body_end])
    lines = (before + b"\n" + behind)[:MAX_BODY_CHARACTERS].splitlines()
    return "\n".join(line.decode("utf-8", "replace") for line in lines if not line.startswith(b"--"))


def raw_body(mail: Mail) -> str:
    """The body as it came, undecoded."""
    start = mail.root.body_start
    return bytes(mail.data[start : start + MAX_BODY_CHARACTERS]).decode("utf-8", "replace")


def moment_of(raw: bytes) -> datetime | None:
    """The date in a header's value: behind the last semicolon where there is one (Received). RFC 5260 §4."""
    return parse_date(raw.rpartition(b";")[2].strip())


def zone_of(text: str) -> tzinfo | None:
    """+0130 as a time zone; None for what is none."""
    if len(text) != 5 or text[0] not in "+-" or not text[1:].isdigit():
        return None
    shift = timedelta(hours=int(text[1:3]), minutes=int(text[3:]))
    return timezone(-shift if text[0] == "-" else shift) if shift < timedelta(hours=24) else None


def date_part(moment: datetime, part: str) -> str | None:
    """One part of a date in its own zone. RFC 5260 §4.2."""
    offset = moment.strftime("%z") or "+0000"
    makers = {
        "year": lambda: f"{moment.year:04}", "month": lambda: f"{moment.month:02}", "day": lambda: f"{moment.day:02}", "date": lambda: moment.strftime("%Y-%m-%d"),
        "julian": lambda: str((moment.date() - datetime(1858, 11, 17, tzinfo=UTC).date()).days), "hour": lambda: f"{moment.hour:02}",
        "minute": lambda: f"{moment.minute:02}", "second": lambda: f"{moment.second:02}", "time": lambda: moment.strftime("%H:%M:%S"),
        "iso8601": lambda: moment.strftime("%Y-%m-%dT%H:%M:%S") + f"{offset[:3]}:{offset[3:5]}",
        "std11": lambda: f"{('Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun')[moment.weekday()]}, {moment.day:02} {MONTHS[moment.month - 1]} {moment.year:04} {moment:%H:%M:%S} {offset[:5]}",
        "zone": lambda: offset[:5], "weekday": lambda: str((moment.weekday() + 1) % WEEKDAYS_FROM_SUNDAY),
    }  # fmt: skip
    maker = makers.get(part.lower())
    return maker() if maker is not None else None


MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def part_params(part: Part, header: str) -> dict[str, str]:
    """The parameters of Content-Type or Content-Disposition."""
    return part.disposition_params if header.lower() == "content-disposition" else part.params
