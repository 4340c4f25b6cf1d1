"""One node of a message's MIME tree: what its header says and where its bytes stand. Offsets are absolute in the blob.

Header values are kept undecoded, as IMAP shows them; the properties decode them for people. A node is a leaf, a multipart with
`children`, or a message/rfc822 with `message`. Nodes are filled by `mime` and by `load_parts`, and not changed after that.
"""

import json
from collections.abc import Iterator
from typing import Any, NamedTuple

from mailcore.base.errors import MailError, Reason
from mailcore.mail.headers import Headers
from mailcore.mail.params import RawParams, decode_params
from mailcore.mail.words import decode_value

MAX_FILENAME = 255
"""Characters of a file name that are kept: what most file systems take."""


class Section(NamedTuple):
    """What an IMAP section names: its part and the range of bytes in the blob."""

    part: "Part"
    start: int
    end: int


class Part:
    """A MIME entity. `type`, `subtype`, `encoding` and `disposition` are lower case; `disposition` is "" when there is none."""

    __slots__ = (
        "body_end",
        "body_start",
        "children",
        "defects",
        "disposition",
        "encoding",
        "header_start",
        "headers",
        "line_count",
        "message",
        "raw_description",
        "raw_disposition_params",
        "raw_id",
        "raw_language",
        "raw_location",
        "raw_md5",
        "raw_params",
        "subtype",
        "type",
    )

    def __init__(self, header_start: int) -> None:
        self.type = "text"
        self.subtype = "plain"
        self.raw_params: RawParams = []
        self.encoding = "7bit"
        self.disposition = ""
        self.raw_disposition_params: RawParams = []
        self.raw_id = self.raw_description = self.raw_language = self.raw_location = self.raw_md5 = b""
        self.header_start = header_start
        self.body_start = self.body_end = header_start
        self.line_count = 0
        self.children: list[Part] = []
        self.message: Part | None = None
        self.headers: Headers | None = None
        """The header block of the root and of enclosed messages, right after `mime.parse`; None after load_parts."""
        self.defects: tuple[str, ...] = ()

    @property
    def mime_type(self) -> str:
        """`type/subtype`."""
        return f"{self.type}/{self.subtype}"

    @property
    def size(self) -> int:
        """Octets of the body as transferred."""
        return self.body_end - self.body_start

    @property
    def params(self) -> dict[str, str]:
        """The decoded parameters of Content-Type."""
        return decode_params(self.raw_params) if self.raw_params else {}

    @property
    def disposition_params(self) -> dict[str, str]:
        """The decoded parameters of Content-Disposition."""
        return decode_params(self.raw_disposition_params) if self.raw_disposition_params else {}

    @property
    def charset(self) -> str:
        """The declared charset, lower case; "" when none is."""
        for name, value in self.raw_params:
            if name == b"charset" or name == b"charset*":
                return decode_params([(name, value)])["charset"].strip().lower()
        return ""

    @property
    def content_id(self) -> str:
        """The Content-ID without its angle brackets, for cid: URLs."""
        return decode_value(self.raw_id).strip("<> ")

    @property
    def description(self) -> str:
        return decode_value(self.raw_description)

    @property
    def language(self) -> list[str]:
        return [tag.strip() for tag in self.raw_language.decode("latin-1").split(",") if tag.strip()]

    @property
    def location(self) -> str:
        return decode_value(self.raw_location)

    @property
    def md5(self) -> str:
        return self.raw_md5.decode("latin-1")

    @property
    def filename(self) -> str:
        """The name to save it under, without any path; "" when none is given. RFC 2183 §2.3."""
        name = ""
        if self.raw_disposition_params:
            name = self.disposition_params.get("filename", "")
        if not name and self.raw_params:
            name = self.params.get("name", "")
        if not name:
            return ""
        name = name.replace("\\", "/").rsplit("/", 1)[-1].strip().lstrip(".")
        return "".join(char for char in name if char.isprintable() and char not in "\u202e\u202d\u2066\u2067\u2068")[:MAX_FILENAME]

    @property
    def is_multipart(self) -> bool:
        return bool(self.children)

    def walk(self) -> Iterator["Part"]:
        """This part and all under it, enclosed messages too, in the order of the bytes."""
        stack = [self]
        while stack:
            part = stack.pop()
            yield part
            if part.message is not None:
                stack.append(part.message)
            stack.extend(reversed(part.children))

    def numbered(self) -> Iterator[tuple[str, "Part"]]:
        """The leaves and enclosed messages of this message with the section numbers a client names them by."""
        stack: list[tuple[str, Part]] = [("", self)]
        while stack:
            number, part = stack.pop()
            if part.children:
                dot = number + "." if number else ""
                stack.extend((f"{dot}{i}", child) for i, child in reversed(list(enumerate(part.children, 1))))
                continue
            number = number or "1"
            yield number, part
            inner = part.message
            if inner is not None:
                stack.append((number, inner) if inner.children else (number + ".1", inner))

    def find(self, section: str) -> Section | None:
        """The bytes of an IMAP section such as "", "TEXT", "2", "1.2.MIME", "3.HEADER"; None for none. RFC 9051 §6.4.5.1."""
        numbers, part = [], self
        words = section.upper().split(".") if section else []
        while words and words[0].isascii() and words[0].isdigit():
            numbers.append(int(words.pop(0)[:9]))
        entity: Part | None = self
        for number in numbers:
            if entity is None:
                return None
            if entity.children:
                if not 0 < number <= len(entity.children):
                    return None
                part = entity.children[number - 1]
            elif number == 1:
                part = entity
            else:
                return None
            entity = part if part.children else part.message
        return _section(part, words, bool(numbers))

    def dump(self) -> bytes:
        """The tree as bytes for the store; `load_parts` reads them."""
        rows: list[list[Any]] = []
        stack: list[tuple[Part, int, int]] = [(self, -1, 0)]
        while stack:
            part, parent, is_message = stack.pop()
            here = len(rows)
            rows.append(_row(part, parent, is_message))
            if part.message is not None:
                stack.append((part.message, here, 1))
            if part.children:
                stack.extend((child, here, 0) for child in reversed(part.children))
        return _encode([_VERSION, rows]).encode("ascii")


def _section(part: Part, words: list[str], has_number: bool) -> Section | None:
    """The range of *part* that the words after a section's numbers name."""
    what = ".".join(words)
    if not what:
        return Section(part, part.body_start if has_number else part.header_start, part.body_end)
    if what == "MIME" and has_number:
        return Section(part, part.header_start, part.body_start)
    message = part.message if has_number else part
    if message is None:
        return None
    if what == "TEXT":
        return Section(message, message.body_start, message.body_end)
    if what == "HEADER" or what.startswith("HEADER.FIELDS"):
        return Section(message, message.header_start, message.body_start)
    return None


_VERSION = 1
_encode = json.JSONEncoder(separators=(",", ":")).encode


def _texts(pairs: RawParams) -> list[str]:
    return [text.decode("latin-1") for pair in pairs for text in pair]


def _row(part: Part, parent: int, is_message: int) -> list[Any]:
    """Offsets and the usual fields; the rare ones only where there are any."""
    row: list[Any] = [
        parent, is_message, part.type, part.subtype, part.encoding, part.header_start, part.body_start, part.body_end,
        part.line_count, _texts(part.raw_params),
    ]  # fmt: skip
    rare = (part.raw_id, part.raw_description, part.raw_language, part.raw_location, part.raw_md5)
    if part.disposition or part.defects or any(rare):
        row.append([part.disposition, _texts(part.raw_disposition_params), [text.decode("latin-1") for text in rare], list(part.defects)])
    return row


def load_parts(data: bytes) -> Part:
    """The tree that `Part.dump` wrote. Raises STORAGE when the bytes are not that."""
    try:
        version, rows = json.loads(data)
        if version != _VERSION:
            raise ValueError
        parts: list[Part] = []
        for row in rows:
            part = _part_from(row)
            if row[0] >= 0 and row[1]:
                parts[row[0]].message = part
            elif row[0] >= 0:
                parts[row[0]].children.append(part)
            parts.append(part)
        return parts[0]
    except (ValueError, TypeError, IndexError, AttributeError, RecursionError):
        raise MailError(Reason.STORAGE, "The stored structure of a message cannot be read.") from None


def _pairs(texts: list[str]) -> RawParams:
    values = [text.encode("latin-1") for text in texts]
    return list(zip(values[::2], values[1::2], strict=True))


def _part_from(row: list[Any]) -> Part:
    part = Part(row[5])
    part.type, part.subtype, part.encoding = row[2:5]
    part.body_start, part.body_end, part.line_count = row[6:9]
    if row[9]:
        part.raw_params = _pairs(row[9])
    if len(row) > 10:
        disposition, params, rare, defects = row[10]
        part.disposition = disposition
        part.raw_disposition_params = _pairs(params)
        texts = [text.encode("latin-1") for text in rare]
        part.raw_id, part.raw_description, part.raw_language, part.raw_location, part.raw_md5 = texts
        part.defects = tuple(defects)
    return part
