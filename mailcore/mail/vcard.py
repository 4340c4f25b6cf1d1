"""People as files: vCard 3.0 (RFC 2426), 4.0 (RFC 6350), what older phones write (2.1), and CSV of the usual programs.

One value, `Card`, stands between them. Reading forgives: unknown properties are left out, a broken card loses only itself, and a
file in no known charset is read as Windows-1252. Writing is strict: folded at 75 octets, everything escaped, no property invented.
"""

import base64
import binascii
import csv
import io
import quopri
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

from mailcore.base.errors import MailError, Reason
from mailcore.mail.contentline import folded

MAX_FILE_BYTES = 20 * 1024 * 1024
"""Largest file of people that is read. Stops one upload from filling the memory."""
MAX_CARDS = 20_000
"""People in one file."""
MAX_PHOTO_BYTES = 100_000
MAX_VALUES = 20
"""Addresses or phones of one person."""
_PHOTO_MARKS = {b"\xff\xd8\xff": "image/jpeg", b"\x89PNG\r\n\x1a\n": "image/png", b"GIF8": "image/gif"}
_LINE = re.compile(r"(?:[A-Za-z0-9-]+\.)?([A-Za-z0-9-]+)((?:;(?:[^\":;]|\"[^\"]*\")*)*):(.*)", re.DOTALL)
_PARAM = re.compile(r";((?:[^\";]|\"[^\"]*\")*)")
_ESCAPED = re.compile(r"\\(.)", re.DOTALL)


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """Somebody: *addresses* in order of preference, *photo* a small picture or b""."""

    name: str = ""
    addresses: tuple[str, ...] = ()
    phones: tuple[str, ...] = ()
    organization: str = ""
    note: str = ""
    groups: tuple[str, ...] = ()
    photo: bytes = b""


def photo_type(data: bytes) -> str:
    """The media type of a picture that may be shown, by its first bytes; "" for everything else."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for mark, kind in _PHOTO_MARKS.items() if data.startswith(mark)), "")


def decoded(data: bytes) -> str:
    """A file's text. Raises MailError(TOO_BIG)."""
    if len(data) > MAX_FILE_BYTES:
        raise MailError(Reason.TOO_BIG, f"A file of people may have {MAX_FILE_BYTES // 1024**2} MB.")
    for mark, charset in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if data.startswith(mark):
            return data.decode(charset, "replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def read(data: bytes) -> list[Card]:
    """The people in a file, vCard or CSV by its first words. Raises MailError(SYNTAX, TOO_BIG)."""
    text = decoded(data)
    found = list(_vcards(text)) if text.lstrip()[:11].upper() == "BEGIN:VCARD" else list(_csv(text))
    if not found:
        raise MailError(Reason.SYNTAX, "There is nobody in this file that Roost can read. It takes vCard (.vcf) and CSV.")
    return found


def _unfolded(text: str) -> Iterator[str]:
    """Whole lines: a line that begins with a blank goes on (RFC 6350 §3.2), one of quoted-printable after "=" (vCard 2.1)."""
    lines: list[str] = []
    for line in re.split(r"\r\n|\n|\r", text):
        if lines and line[:1] in (" ", "\t"):
            lines.append(line[1:])
        elif lines and lines[-1].endswith("=") and "QUOTED-PRINTABLE" in lines[0][:200].upper():
            lines[-1] = lines[-1][:-1]
            lines.append(line)
        else:
            if lines:
                yield "".join(lines)
            lines = [line]
    yield "".join(lines)


def _vcards(text: str) -> Iterator[Card]:
    fields: list[tuple[str, dict[str, str], str]] | None = None
    members: dict[str, set[str]] = {}
    cards: list[Card] = []
    for line in _unfolded(text):
        found = _LINE.fullmatch(line)
        if found is None:
            continue
        name, value = found[1].upper(), found[3]
        if name == "BEGIN" and value.strip().upper() == "VCARD":
            fields = []
        elif name == "END" and fields is not None:
            if len(cards) >= MAX_CARDS:
                raise MailError(Reason.LIMIT, f"A file may hold {MAX_CARDS} people.")
            if any(n == "KIND" and v.strip().lower() == "group" for n, _p, v in fields):
                _take_group(fields, members)
            else:
                cards.append(_card(fields))
            fields = None
        elif fields is not None and len(fields) < 500:
            fields.append((name, _params(found[2]), value))
    for card in cards:
        more = {g for a in card.addresses for g in members.get(a.lower(), ())}
        yield replace(card, groups=tuple(dict.fromkeys([*card.groups, *sorted(more)])))


def _take_group(fields: list[tuple[str, dict[str, str], str]], members: dict[str, set[str]]) -> None:
    title = next((_plain(v, p) for n, p, v in fields if n == "FN"), "")
    for name, _given, value in fields:
        if name == "MEMBER" and value.lower().startswith("mailto:") and title:
            members.setdefault(value[7:].lower(), set()).add(title)


def _params(text: str) -> dict[str, str]:
    """Parameters by upper-case name; repeated ones joined by commas; a bare word of vCard 2.1 counts as a type."""
    found: dict[str, str] = {}
    for part in _PARAM.findall(text):
        name, equals, value = part.partition("=")
        key, value = (name.upper(), value.strip('"')) if equals else ("ENCODING" if name.upper() in ("QUOTED-PRINTABLE", "BASE64") else "TYPE", name)
        found[key] = f"{found[key]},{value}" if key in found else value
    return found


def _plain(value: str, params: dict[str, str]) -> str:
    """A value as text."""
    if params.get("ENCODING", "").upper() == "QUOTED-PRINTABLE":
        raw = quopri.decodestring(value.encode("utf-8", "replace"))
        try:
            value = raw.decode(params.get("CHARSET", "utf-8"), "replace")
        except LookupError:
            value = raw.decode("utf-8", "replace")
    return _ESCAPED.sub(lambda m: "\n" if m[1] in "nN" else m[1], value).strip()


def _parts(value: str, separator: str) -> list[str]:
    """The parts of a value at *separator* where it is not escaped."""
    return re.findall(rf"((?:[^{separator}\\]|\\.)*)(?:{separator}|$)", value, re.DOTALL)


def _card(fields: list[tuple[str, dict[str, str], str]]) -> Card:
    texts = {n: _plain(v, p) for n, p, v in reversed(fields) if n in ("FN", "ORG", "NOTE", "NICKNAME")}
    name = texts.get("FN", "") or next((_structured(v, p) for n, p, v in fields if n == "N"), "") or texts.get("NICKNAME", "")
    addresses = sorted((_is_second(p), i, _plain(v, p).removeprefix("mailto:")) for i, (n, p, v) in enumerate(fields) if n == "EMAIL")
    phones = [_plain(v, p).removeprefix("tel:") for n, p, v in fields if n == "TEL"]
    groups = [_plain(g, p) for n, p, v in fields if n == "CATEGORIES" for g in _parts(v, ",")]
    organization = " ".join(_plain(x, {}) for x in _parts(texts.get("ORG", "").replace("\n", " "), ";") if x)
    return Card(
        name=" ".join(name.split()), addresses=_some(a for _p, _i, a in addresses), phones=_some(phones), organization=organization,
        note=texts.get("NOTE", ""), groups=_some(g for g in groups if g), photo=next((x for n, p, v in fields if n == "PHOTO" and (x := _photo(v, p))), b""),
    )  # fmt: skip


def _some(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v for v in values if v))[:MAX_VALUES]


def _is_second(params: dict[str, str]) -> bool:
    return not ("PREF" in params.get("TYPE", "").upper() or params.get("PREF") == "1")


def _structured(value: str, params: dict[str, str]) -> str:
    """N as one name: given, more, family (RFC 6350 §6.2.2)."""
    parts = [_plain(x, params) for x in _parts(value, ";")][:5]
    family, given, more, before, after = [*parts, "", "", "", "", ""][:5]
    return " ".join(x for x in (before, given, more, family, after) if x)


def _photo(value: str, params: dict[str, str]) -> bytes:
    encoded = value.partition("base64,")[2] if value.lower().startswith("data:image/") else value if params.get("ENCODING", "").upper() in ("B", "BASE64") else ""
    try:
        data = base64.b64decode(re.sub(r"\s", "", encoded)) if len(encoded) < MAX_PHOTO_BYTES * 2 else b""
    except (binascii.Error, ValueError):
        return b""
    return data if photo_type(data) and len(data) <= MAX_PHOTO_BYTES else b""


def _folded(name: str, value: str) -> str:
    return folded(f"{name}:{value}")


def _safe(text: str) -> str:
    clean = "".join(c for c in text.replace("\r\n", "\n").replace("\r", "\n") if c == "\n" or c.isprintable())
    return re.sub(r"([\\,;])", r"\\\1", clean).replace("\n", "\\n")


def vcard(card: Card, version: str = "4.0") -> str:
    """One vCard of *version* 3.0 or 4.0."""
    name = card.name or (card.addresses[0] if card.addresses else "?")
    given, _blank, family = name.rpartition(" ")
    lines = [("BEGIN", "VCARD"), ("VERSION", version), ("FN", _safe(name)), ("N", f"{_safe(family)};{_safe(given)};;;")]
    first = "EMAIL;PREF=1" if version == "4.0" else "EMAIL;TYPE=INTERNET,PREF"
    rest = "EMAIL" if version == "4.0" else "EMAIL;TYPE=INTERNET"
    lines += [(rest if i else first, _safe(a)) for i, a in enumerate(card.addresses)]
    lines += [("TEL", _safe(p)) for p in card.phones]
    if card.organization:
        lines.append(("ORG", _safe(card.organization)))
    if card.groups:
        lines.append(("CATEGORIES", ",".join(map(_safe, card.groups))))
    if card.note:
        lines.append(("NOTE", _safe(card.note)))
    if card.photo:
        kind, data = photo_type(card.photo), base64.b64encode(card.photo).decode()
        lines.append(("PHOTO", f"data:{kind};base64,{data}") if version == "4.0" else (f"PHOTO;ENCODING=b;TYPE={kind[6:].upper()}", data))
    return "".join(_folded(n, v) for n, v in [*lines, ("END", "VCARD")])


_COLUMNS = {
    "name": re.compile(r"(?:display |full |file as|anzeige)?name|file as"), "given": re.compile(r"(?:first|given) name|vorname"),
    "family": re.compile(r"(?:last|family) name|nachname"), "address": re.compile(r"(?:primary |secondary )?e-?mail(?: ?\d)?(?: address| - value)?(?: ?\d)?|e-mail-adresse"),
    "phone": re.compile(r"(?:mobile |business |home |work )?phone(?: ?\d)?(?: - value)?|telefon|mobile(?: number)?"), "organization": re.compile(r"company|organi[sz]ation(?: name| 1 - name)?|firma"),
    "note": re.compile(r"notes?|notizen"), "groups": re.compile(r"groups?|group membership|labels?|categories|kategorien"),
}  # fmt: skip


def _csv(text: str) -> Iterator[Card]:
    first = text.lstrip("\ufeff").partition("\n")[0]
    delimiter = max(",;\t", key=first.count)
    rows = csv.reader(io.StringIO(text.lstrip("\ufeff")), delimiter=delimiter)
    try:
        head = [next((key for key, known in _COLUMNS.items() if known.fullmatch(h.strip().lower())), "") for h in next(rows, [])]
        if "address" not in head:
            return
        for count, row in enumerate(rows):
            if count >= MAX_CARDS:
                raise MailError(Reason.LIMIT, f"A file may hold {MAX_CARDS} people.")
            yield _csv_card(list(zip(head, row, strict=False)))
    except csv.Error as error:
        raise MailError(Reason.SYNTAX, "A line of this CSV file cannot be read.") from error


def _csv_card(cells: list[tuple[str, str]]) -> Card:
    def all_of(key: str) -> list[str]:
        return [v.strip() for k, v in cells if k == key and v.strip()]

    name = next(iter(all_of("name")), "") or " ".join([*all_of("given"), *all_of("family")])
    addresses = [a for v in all_of("address") for a in re.split(r" ::: |[;\s]+", v)]
    groups = [g.strip().removeprefix("* ") for v in all_of("groups") for g in re.split(r" ::: |[;,]", v)]
    return Card(
        name=" ".join(name.split()), addresses=_some(addresses), phones=_some(all_of("phone")), organization=" ".join(all_of("organization")),
        note="\n".join(all_of("note")), groups=_some(g for g in groups if g not in ("myContacts", "starred")),
    )  # fmt: skip


def to_csv(cards: Iterable[Card]) -> str:
    """CSV with a header; a cell that a spreadsheet would run as a formula is quoted for it."""
    out = io.StringIO()
    rows = csv.writer(out, lineterminator="\r\n")
    rows.writerow(["Name", "Email", "Email 2", "Email 3", "Phone", "Phone 2", "Organization", "Groups", "Note"])
    for card in cards:
        a, p = [*card.addresses, "", "", ""], [*card.phones, "", ""]
        cells = [card.name, *a[:3], *p[:2], card.organization, ";".join(card.groups), card.note]
        rows.writerow([f"'{c}" if c[:1] in "=@\t\r" and c else c for c in cells])
    return out.getvalue()
