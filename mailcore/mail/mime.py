"""Bytes to a tree of parts with offsets, in one pass: the boundary scanner.

Each open multipart remembers where its next delimiter line stands; the nearest of them decides what ends. So every byte is
searched once a level by C code, an outer delimiter ends whatever was left open inside it, and a boundary that is the prefix of
another one is no trouble (RFC 2046 §5.1.2). There is no recursion. Past a limit the rest of the message is one opaque leaf.
Reading bodies is `body`'s, whose names are given on from here; what is stored of all this is `structure`'s.
"""

import re
from mmap import mmap

from mailcore.mail.body import decode_body as decode_body
from mailcore.mail.body import decode_text as decode_text
from mailcore.mail.headers import Headers, scan_headers
from mailcore.mail.params import decode_params, raw_params
from mailcore.mail.part import Part as Part
from mailcore.mail.part import Section as Section
from mailcore.mail.words import unfold

MAX_DEPTH = 100
"""Parts inside parts. Stops a nest of thousands from costing its square, and every reader's stack."""
MAX_PARTS = 10_000
"""Parts of one message. Stops a message of delimiters from filling memory."""
MAX_ALL_HEADER_BYTES = 5 << 20
"""Octets of all header blocks of one message together. Stops a message of enclosed messages from being all fields."""
MAX_FALSE_DELIMITERS = 100_000
"""Lines that begin like a delimiter and are none. Stops a body made of them from keeping a worker busy."""
MAX_BOUNDARY_BYTES = 4096
"""RFC 2046 §5.1.1 allows 70, and some write thousands. Stops a boundary of megabytes from being compared at every line."""
MAX_TYPE_BYTES = 127
"""RFC 6838 §4.2: a type or subtype that is longer is none."""

_TAIL = re.compile(rb"(--)?[ \t]*+(?:\r?\n|\r?\Z)")
_TYPE = re.compile(rb"[!#$&^_.+A-Za-z0-9'*%|~`{}-]{1,127}")
_CR = 13
_IDENTITY = frozenset({"7bit", "8bit", "binary", ""})
_NOWHERE = 1 << 62


class _Open:
    """A multipart whose closing delimiter has not come: where its next delimiter line begins and ends."""

    __slots__ = ("at", "depth", "end", "is_close", "needle")

    def __init__(self, boundary: bytes, depth: int) -> None:
        self.needle = b"\n--" + boundary
        self.depth = depth
        self.at = self.end = _NOWHERE
        self.is_close = False


class _Scanner:
    """The state of one parse: the chain of open parts and the open multiparts among them."""

    __slots__ = ("chain", "data", "false_left", "header_left", "opened", "parts_left", "stop")

    def __init__(self, data: bytes | mmap, stop: int) -> None:
        self.data = data
        self.stop = stop
        self.chain: list[Part] = []
        self.opened: list[_Open] = []
        self.parts_left = MAX_PARTS
        self.header_left = MAX_ALL_HEADER_BYTES
        self.false_left = MAX_FALSE_DELIMITERS

    def run(self, start: int) -> Part:
        """Reads the message that begins at *start*."""
        root = self.begin(start, self.stop, is_message=True, default="text/plain")
        self.descend(root)
        while self.opened:
            # Where a boundary was given twice, the line belongs to the outermost, as an outer delimiter ends what is inside it.
            nearest = min(self.opened, key=_next_at)
            if nearest.at == _NOWHERE:
                break
            if self.parts_left <= 0:
                self.chain[-1].defects += ("too_many_parts",)
                break
            self.take(nearest)
        self.close_below(-1, self.stop)
        return root

    def take(self, nearest: _Open) -> None:
        """Acts on the delimiter line that *nearest* stands at: ends what is open inside it, and begins a part or ends the multipart."""
        at, line_end, is_close = nearest.at, nearest.end, nearest.is_close
        self.close_below(nearest.depth, at - 1 if at > 0 and self.data[at - 1] == _CR else at)
        if is_close:
            self.opened.remove(nearest)
            return
        self.advance(nearest, line_end)
        if nearest.at == line_end - 1 and not nearest.is_close:
            # RFC 2046 §5.1.1: a delimiter begins with its own line ending, so the first of two in a row opens nothing.
            self.false_left -= 1
            return
        self.add_child(self.chain[-1], line_end)

    def advance(self, opened: _Open, pos: int) -> None:
        """Finds the next delimiter line of *opened* at or behind *pos*, which is the beginning of a line."""
        data, needle = self.data, opened.needle
        at = data.find(needle, max(pos - 1, 0), self.stop)
        while at >= 0 and self.false_left > 0:
            tail = _TAIL.match(data, at + len(needle), self.stop)
            if tail is not None:
                opened.at, opened.end, opened.is_close = at, tail.end(), tail.group(1) is not None
                return
            self.false_left -= 1
            at = data.find(needle, at + 1, self.stop)
        opened.at = _NOWHERE

    def limit(self, pos: int) -> int:
        """Where a header block that begins at *pos* ends at the latest."""
        nearest = min((opened.at for opened in self.opened), default=_NOWHERE)
        return max(pos, min(self.stop, nearest + 1))

    def body_limit(self, pos: int) -> int:
        """Where a body that begins at *pos* ends at the latest: the line ending before a delimiter is the delimiter's."""
        nearest = min((opened.at for opened in self.opened), default=_NOWHERE)
        if nearest == _NOWHERE:
            return self.stop
        return max(pos, nearest - 1 if nearest > 0 and self.data[nearest - 1] == _CR else nearest)

    def begin(self, start: int, limit: int, *, is_message: bool, default: str) -> Part:
        """Reads the header of the entity at *start*."""
        headers = scan_headers(self.data, start, limit)
        part = Part(start)
        part.body_start = headers.end
        if is_message:
            part.headers = headers
        read_content_fields(part, headers, default)
        self.parts_left -= 1
        self.header_left -= headers.end - start
        if self.header_left <= 0:
            self.parts_left = 0
        return part

    def add_child(self, parent: Part, start: int) -> None:
        default = "message/rfc822" if parent.subtype == "digest" else "text/plain"
        child = self.begin(start, self.limit(start), is_message=False, default=default)
        parent.children.append(child)
        self.descend(child)

    def descend(self, part: Part) -> None:
        """Opens *part* and the messages enclosed in it, down to a leaf or a multipart."""
        chain = self.chain
        chain.append(part)
        while part.type == "message" and part.subtype in ("rfc822", "global"):
            if len(chain) >= MAX_DEPTH or self.parts_left <= 0:
                _make_opaque(part, "too_deep")
                return
            if part.encoding not in _IDENTITY:
                # RFC 2046 §5.2.1 forbids it; offsets into the decoded message would mean nothing.
                _make_opaque(part, "encoded_message")
                return
            start = part.body_start
            part.message = self.begin(start, self.body_limit(start), is_message=True, default="text/plain")
            part = part.message
            chain.append(part)
        if part.type == "multipart":
            self.open_multipart(part)

    def open_multipart(self, part: Part) -> None:
        boundary = _boundary(part)
        if not boundary or len(boundary) > MAX_BOUNDARY_BYTES:
            part.defects += ("no_boundary",)
            return
        if len(self.chain) >= MAX_DEPTH:
            _make_opaque(part, "too_deep")
            return
        opened = _Open(boundary, len(self.chain) - 1)
        self.advance(opened, part.body_start)
        self.opened.append(opened)

    def close_below(self, depth: int, end: int) -> None:
        """Ends all open parts deeper than *depth* at the offset *end*."""
        chain, data = self.chain, self.data
        while len(chain) - 1 > depth:
            part = chain.pop()
            part.body_end = max(part.body_start, end)
            if part.type == "multipart" and not part.children:
                part.type, part.subtype, part.raw_params = "text", "plain", []
                part.defects += ("multipart_without_parts",)
            if part.type == "text" or part.message is not None:
                part.line_count = _count_lines(data, part.body_start, part.body_end)
        while self.opened and self.opened[-1].depth > depth:
            self.opened.pop()


def _boundary(part: Part) -> bytes:
    """The boundary parameter as it stands in delimiter lines; b"" without one. Trailing white space is not part of it."""
    for name, value in part.raw_params:
        if name == b"boundary":
            return value.rstrip()
        if name == b"boundary*":
            return decode_params([(name, value)])["boundary"].rstrip().encode("utf-8", "replace")
    return b""


def _next_at(opened: _Open) -> int:
    return opened.at


def _make_opaque(part: Part, defect: str) -> None:
    part.type, part.subtype, part.raw_params = "application", "octet-stream", []
    part.defects += (defect,)


def _count_lines(data: bytes | mmap, start: int, end: int) -> int:
    """Lines between two offsets; a last one without its line ending counts."""
    if end <= start:
        return 0
    count = data.count(b"\n", start, end) if isinstance(data, bytes) else data[start:end].count(b"\n")
    return count if data[end - 1] == 10 else count + 1


def read_content_fields(part: Part, headers: Headers, default: str) -> None:
    """Takes the Content-* fields of *headers* into *part*. RFC 2045, RFC 2183, RFC 1864, RFC 3282, RFC 2557 §4.2."""
    part.type, _, part.subtype = default.partition("/")
    for name, value in headers.items():
        if not name.startswith(b"content-"):
            continue
        if name == b"content-type":
            if not part.raw_params and not part.defects:
                _read_type(part, value)
        elif name == b"content-transfer-encoding":
            part.encoding = raw_params(value)[0].decode("latin-1").lower()[:MAX_TYPE_BYTES] or "7bit"
        elif name == b"content-disposition":
            head, part.raw_disposition_params = raw_params(value)
            part.disposition = head.decode("latin-1").lower()[:MAX_TYPE_BYTES]
        elif name == b"content-id":
            part.raw_id = unfold(value)
        elif name == b"content-description":
            part.raw_description = unfold(value)
        elif name == b"content-language":
            part.raw_language = unfold(value)
        elif name == b"content-location":
            part.raw_location = unfold(value)
        elif name == b"content-md5":
            part.raw_md5 = unfold(value)


def _read_type(part: Part, value: bytes) -> None:
    head, pairs = raw_params(value)
    main, slash, sub = head.partition(b"/")
    main, sub = main.strip(), sub.strip()
    if not slash or not _TYPE.fullmatch(main) or not _TYPE.fullmatch(sub):
        # RFC 2045 §5.2: what cannot be read is text/plain.
        part.type, part.subtype, part.defects = "text", "plain", ("bad_content_type",)
        return
    part.type, part.subtype = main.decode("ascii").lower(), sub.decode("ascii").lower()
    part.raw_params = pairs


def parse(data: bytes | mmap, start: int = 0, stop: int | None = None) -> Part:
    """The tree of the message between *start* and *stop*. Never raises on any bytes; linear in their number. RFC 2045, RFC 2046."""
    return _Scanner(data, len(data) if stop is None else min(stop, len(data))).run(start)
