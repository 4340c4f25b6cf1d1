"""What is hashed: header fields and bodies in the two canonical forms. Linear in the message. RFC 6376 §3.4."""

import re
from dataclasses import dataclass

from mailcore.mail.headers import Headers

SIMPLE, RELAXED = "simple", "relaxed"

_FOLD = re.compile(rb"\r?\n(?=[ \t])")
_SPACE = re.compile(rb"[ \t]++")
# A single space, the usual case, matches nothing here; possessive, so that a run of spaces is read once.
_BODY_SPACE = re.compile(rb"[ \t]++\r\n|[ \t]{2,}+|\t")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One header field: its lower-case *name*, its *raw* octets with the CRLF that ends them, and its *value* as it came."""

    name: bytes
    raw: bytes
    value: bytes


def fields_of(data: bytes, headers: Headers) -> list[Field]:
    """Every field of the header block, top first."""
    found = []
    for one in headers:
        raw = data[one.start : one.end].rstrip(b"\r\n") + b"\r\n"
        found.append(Field(name=one.name.lower(), raw=raw, value=data[one.value_start : one.end].rstrip(b"\r\n")))
    return found


def header(field: Field, form: str) -> bytes:
    """A field as it is hashed, with its CRLF. RFC 6376 §3.4.1, §3.4.2."""
    if form == SIMPLE:
        return field.raw
    _, _, value = field.raw.partition(b":")
    return field.name + b":" + _SPACE.sub(b" ", _FOLD.sub(b"", value[:-2])).strip(b" ") + b"\r\n"


def body(content: bytes, form: str) -> bytes:
    """A body as it is hashed. RFC 6376 §3.4.3, §3.4.4."""
    if form == RELAXED:
        if not content.endswith(b"\r\n"):
            content += b"\r\n"
        content = _BODY_SPACE.sub(lambda found: b"\r\n" if found.group().endswith(b"\n") else b" ", content)
    stripped = content.rstrip(b"\r\n")
    if not stripped:
        return b"" if form == RELAXED else b"\r\n"
    return stripped + b"\r\n"


def select(fields: list[Field], names: list[str]) -> list[Field]:
    """The fields that *names* signs: the same name again means the next one further up. RFC 6376 §5.4.2."""
    by_name: dict[bytes, list[Field]] = {}
    for field in fields:
        by_name.setdefault(field.name, []).append(field)
    chosen = []
    for name in names:
        left = by_name.get(name.encode("ascii", "replace"))
        if left:
            chosen.append(left.pop())
    return chosen


def without_signature(field: Field) -> Field:
    """*field* with the value of its b= tag, and the white space around that, taken out. RFC 6376 §3.5."""
    start = field.raw.index(b":") + 1
    parts = field.raw[start:].split(b";")
    for number, part in enumerate(parts):
        name, equals, _ = part.partition(b"=")
        if equals and name.strip() == b"b":
            parts[number] = name + equals
            break
    raw = field.raw[:start] + b";".join(parts)
    return Field(name=field.name, raw=raw if raw.endswith(b"\r\n") else raw + b"\r\n", value=field.value)
