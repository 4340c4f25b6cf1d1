"""winmail.dat: what Outlook packs a message's files and text into when it takes the reader for Outlook too. [MS-OXTNEF], [MS-OXRTFCP].

Read within bounds and never raising: a file that is broken gives what stood before the break. Files are slices of the bytes that came.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

SIGNATURE = 0x223E9F78
MAX_BYTES = 50 * 1024 * 1024
"""Of one winmail.dat that are looked at."""
MAX_ATTRIBUTES = 5000
"""Records of one file that are read. Stops a file of empty records from holding a worker."""
MAX_PROPERTIES = 2000
MAX_VALUES = 100
MAX_FILES = 100
MAX_TEXT = 4 * 1024 * 1024
"""Bytes of a body that are unpacked. Stops a small file from growing without end."""

_TITLE, _DATA, _RENDERING, _FILE_PROPS, _MESSAGE_PROPS, _BODY, _CODEPAGE = 0x18010, 0x6800F, 0x69002, 0x69005, 0x69003, 0x2800C, 0x69007
_SIZES = {0x02: 4, 0x03: 4, 0x04: 4, 0x05: 8, 0x06: 8, 0x07: 8, 0x0A: 4, 0x0B: 4, 0x14: 8, 0x40: 8, 0x48: 16}
_VARIABLE = frozenset({0x0D, 0x1E, 0x1F, 0x102})
_BODY_TEXT, _BODY_RTF, _BODY_HTML, _LONG_NAME, _SHORT_NAME, _CONTENT = 0x1000, 0x1009, 0x1013, 0x3707, 0x3704, 0x3701
_RTF_START = (
    b"{\\rtf1\\ansi\\mac\\deff0\\deftab720{\\fonttbl;}{\\f0\\fnil \\froman \\fswiss \\fmodern \\fscript \\fdecor MS Sans SerifSymbolArialTimes New RomanCourier"
    b"{\\colortbl\\red0\\green0\\blue0\r\n\\par \\pard\\plain\\f0\\fs20\\b\\i\\u\\tab\\tx"
)
"""What every compressed RTF takes as known. [MS-OXRTFCP] §2.1.2.1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class File:
    """One file of the package, or the text of the message as a file."""

    name: str
    content: bytes


@dataclass(slots=True)
class _Open:
    """A file that is being read."""

    name: str = ""
    long_name: str = ""
    content: bytes = b""


@dataclass(slots=True)
class _State:
    codepage: str = "cp1252"
    files: list[_Open] = field(default_factory=list)
    text: bytes = b""
    html: bytes = b""
    rtf: bytes = b""


def read(data: bytes) -> list[File]:
    """The files of a winmail.dat, the message's own text first; empty for what is none. Never raises."""
    state = _State()
    try:
        for key, value in _attributes(data[:MAX_BYTES]):
            _take(state, key, value)
    except (struct.error, IndexError, ValueError, OverflowError):
        pass  # what stood before the break is good
    found = [File(name=name, content=content) for name, content in (("message.html", state.html), ("message.txt", state.text), ("message.rtf", state.rtf)) if content.strip(b"\0")][:1]
    return found + [File(name=one.long_name or one.name, content=one.content) for one in state.files if one.content]


def _attributes(data: bytes) -> Iterator[tuple[int, bytes]]:
    """The records: level, id, length, bytes, checksum."""
    if len(data) < 6 or struct.unpack_from("<I", data)[0] != SIGNATURE:
        return
    at = 6
    for _number in range(MAX_ATTRIBUTES):
        if at + 9 > len(data):
            return
        key, length = struct.unpack_from("<II", data, at + 1)
        yield key, data[at + 9 : at + 9 + length]
        at += 9 + length + 2


def _take(state: _State, key: int, value: bytes) -> None:
    if key == _CODEPAGE and len(value) >= 4:
        state.codepage = f"cp{struct.unpack_from('<I', value)[0]}"
    elif key == _BODY:
        state.text = value.rstrip(b"\0")[:MAX_TEXT]
    elif key == _RENDERING and len(state.files) < MAX_FILES:
        state.files.append(_Open())
    elif key == _TITLE and state.files:
        state.files[-1].name = _string(value, 0x1E, state.codepage)
    elif key == _DATA and state.files:
        state.files[-1].content = value
    elif key == _FILE_PROPS and state.files:
        _take_file(state, state.files[-1], value)
    elif key == _MESSAGE_PROPS:
        for number, kind, content in _properties(value):
            if number == _BODY_HTML:
                state.html = content[:MAX_TEXT] if kind == 0x102 else _string(content, kind, state.codepage).encode("utf-8", "replace")[:MAX_TEXT]
            elif number == _BODY_TEXT:
                state.text = _string(content, kind, state.codepage).encode("utf-8", "replace")[:MAX_TEXT]
            elif number == _BODY_RTF:
                state.rtf = unpack_rtf(content)


def _take_file(state: _State, one: _Open, value: bytes) -> None:
    for number, kind, content in _properties(value):
        if number == _LONG_NAME:
            one.long_name = _string(content, kind, state.codepage)
        elif number == _SHORT_NAME and not one.name:
            one.name = _string(content, kind, state.codepage)
        elif number == _CONTENT and kind == 0x102 and not one.content:
            one.content = content


def _string(raw: bytes, kind: int, codepage: str) -> str:
    if kind == 0x1F:
        return raw.decode("utf-16-le", "replace").rstrip("\0")
    try:
        return raw.decode(codepage, "replace").rstrip("\0")
    except LookupError:
        return raw.decode("cp1252", "replace").rstrip("\0")


def _properties(data: bytes) -> Iterator[tuple[int, int, bytes]]:
    """Number, type and first value of each property of a block. [MS-OXTNEF] §2.1.3.4."""
    count, at = min(struct.unpack_from("<I", data)[0], MAX_PROPERTIES), 4
    for _number in range(count):
        kind, number = struct.unpack_from("<HH", data, at)
        at += 4
        if number >= 0x8000:
            has_name, length = struct.unpack_from("<II", data, at + 16)
            at += 24 + (_padded(length) if has_name else 0)
        is_many, kind = bool(kind & 0x1000), kind & 0x0FFF
        values = 1
        if is_many or kind in _VARIABLE:
            values = struct.unpack_from("<I", data, at)[0]
            at += 4
        if kind in _VARIABLE:
            if values > MAX_VALUES:
                return
            first = b""
            for index in range(values):
                length = struct.unpack_from("<I", data, at)[0]
                first = data[at + 4 : at + 4 + length] if index == 0 else first
                at += 4 + _padded(length)
            yield number, kind, first
        elif kind in _SIZES:
            yield number, kind, data[at : at + _SIZES[kind]]
            at += _SIZES[kind] * values
        else:
            return


def _padded(length: int) -> int:
    return (length + 3) & ~3


def unpack_rtf(data: bytes) -> bytes:
    """Compressed RTF as RTF, at most MAX_TEXT; b"" for what is none. [MS-OXRTFCP] §3.1."""
    if len(data) < 16:
        return b""
    _size, raw_size, kind = struct.unpack_from("<III", data)
    if kind == 0x414C454D:
        return data[16 : 16 + min(raw_size, MAX_TEXT)]
    if kind != 0x75465A4C:
        return b""
    window, out, at, write = bytearray(_RTF_START.ljust(4096, b"\0")), bytearray(), 16, len(_RTF_START)
    while at < len(data) and len(out) < MAX_TEXT:
        control, at = data[at], at + 1
        for bit in range(8):
            if at + (control >> bit & 1) >= len(data):
                return bytes(out)
            if not control >> bit & 1:
                out.append(data[at])
                window[write] = data[at]
                at, write = at + 1, (write + 1) % 4096
                continue
            offset, length = data[at] << 4 | data[at + 1] >> 4, (data[at + 1] & 15) + 2
            at += 2
            if offset == write:
                return bytes(out)
            for step in range(length):
                byte = window[(offset + step) % 4096]
                out.append(byte)
                window[write] = byte
                write = (write + 1) % 4096
    return bytes(out)
