"""MIME parameters: `text/plain; charset=utf-8; name*0*=...` read as written and as meant.

`raw_params` joins continuations and leaves the rest as it stands, which is what IMAP's BODYSTRUCTURE shows (RFC 2231 §6);
`parse_params` decodes charsets and percent signs for everyone else. Both are bounded and never raise.
"""

import re

from mailcore.mail.charset import decode_bytes
from mailcore.mail.words import decode_value

MAX_PARAMS = 256
"""Parameters read of one field: stops a field of semicolons from filling memory."""
MAX_PARAM_BYTES = 65_536
"""Octets of one field that are looked at. Stops a name of megabytes from being copied about."""

RawParams = list[tuple[bytes, bytes]]

_PARAM = re.compile(
    rb';[\s;]*+([^\s=;"()<>]++)\s*+=\s*+(?:"([^"\\]*+(?:\\.[^"\\]*+)*+)"?|([^;"\r\n]*+))'
    rb'|;[\s;]*+\([^()]*+\)|;[\s;]*+|"[^"\\]*+(?:\\.[^"\\]*+)*+"?',  # semicolons before nothing go as one: not each tried again
    re.DOTALL,
)
_PAIR = re.compile(rb"\\(.)", re.DOTALL)
_FOLD = re.compile(rb"\r?\n[ \t]*|[\r\n\x00]")
_SECTION = re.compile(rb"([^*]+)\*(?:(\d{1,3})(\*)?)?\Z")
_PERCENT = re.compile(rb"%([0-9A-Fa-f]{2})")


def raw_params(value: bytes) -> tuple[bytes, RawParams]:
    """The value before the first semicolon, and its parameters: lower-case names, continuations joined, still encoded."""
    value = value[:MAX_PARAM_BYTES]
    semicolon = value.find(b";")
    if semicolon < 0:
        return _without_comment(value), []
    head = _without_comment(value[:semicolon])
    pairs: RawParams = []
    is_split = False
    for found in _PARAM.finditer(value, semicolon):
        name, quoted, plain = found.groups()
        if name is None:
            continue
        if quoted is not None:
            text = _PAIR.sub(rb"\1", quoted) if b"\\" in quoted and not _is_windows_path(quoted) else quoted
        else:
            text = plain.strip()
            if text.endswith(b")") and not name.lower().startswith((b"name", b"filename")):
                text = _without_comment(text)
        if b"\n" in text or b"\r" in text or b"\0" in text:
            text = _FOLD.sub(b" " if quoted is not None else b"", text)
        name = name.lower()
        is_split = is_split or b"*" in name
        pairs.append((name, text))
        if len(pairs) >= MAX_PARAMS:
            break
    return head, _join_sections(pairs) if is_split else pairs


def _without_comment(text: bytes) -> bytes:
    """Takes one comment off the end and white space off both."""
    text = text.strip()
    opening = text.rfind(b"(") if text.endswith(b")") else -1
    return text[:opening].rstrip() if opening >= 0 else text


def _is_windows_path(quoted: bytes) -> bool:
    """Quirk: old Outlook writes `filename="C:\\dir\\file.doc"` unescaped; without its backslashes the names would be glued."""
    return quoted[1:3] == b":\\" and b"\\\\" not in quoted and b'\\"' not in quoted


def _join_sections(pairs: RawParams) -> RawParams:
    """Puts `name*0`, `name*1*` ... together as one `name` or `name*` (RFC 2231 §3), in the place of the first."""
    sections: dict[bytes, list[tuple[int, bool, bytes]]] = {}
    for name, text in pairs:
        found = _SECTION.match(name)
        if found and found.group(2) is not None:
            sections.setdefault(found.group(1), []).append((int(found.group(2)), found.group(3) is not None, text))
    out: RawParams = []
    for name, text in pairs:
        found = _SECTION.match(name)
        if found is None or found.group(2) is None:
            out.append((name, text))
            continue
        parts = sections.pop(found.group(1), None)
        if parts is not None:
            out.append(_joined(found.group(1), sorted(parts, key=lambda part: part[0])))
    return out


def _joined(name: bytes, parts: list[tuple[int, bool, bytes]]) -> tuple[bytes, bytes]:
    if not any(encoded for _, encoded, _ in parts):
        return name, b"".join(text for _, _, text in parts)
    # Plain sections between encoded ones become encoded, so that the whole has one meaning.
    return name + b"*", b"".join(text if encoded else text.replace(b"%", b"%25") for _, encoded, text in parts)


def decode_params(pairs: RawParams) -> dict[str, str]:
    """Parameters as people mean them: RFC 2231 charsets, RFC 2047 words where they do not belong, first of each name wins."""
    out: dict[str, str] = {}
    for name, text in pairs:
        if name.endswith(b"*"):
            # The extended form is the better one wherever both are given (RFC 6266 §4.3 for mail's elder brother).
            out[name[:-1].decode("latin-1")] = _extended(text)
        else:
            out.setdefault(name.decode("latin-1"), decode_value(text))
    return out


def _extended(text: bytes) -> str:
    """Decodes `charset'language'percent-encoded`; without the quotes it is taken as UTF-8. RFC 2231 §4."""
    charset, quote, rest = text.partition(b"'")
    _, second, data = rest.partition(b"'")
    if not (quote and second):
        charset, data = b"utf-8", text
    plain = _PERCENT.sub(lambda found: bytes((int(found.group(1), 16),)), data)
    return decode_bytes(plain, charset.decode("latin-1")).replace("\0", "")
