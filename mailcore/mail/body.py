"""The content of a part: base64, quoted-printable and uuencode taken off, charset read. Lenient, capped, never raises.

Sizes are capped before anything is copied, because a caller shows what comes out. HTML is still hostile after this: `html`
makes it safe.
"""

import binascii
import re
from mmap import mmap

from mailcore.mail.charset import decode_bytes
from mailcore.mail.part import Part

MAX_BODY_BYTES = 64 << 20
"""Transferred octets of one body that are decoded. Stops one message from taking a worker's memory."""

_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/=]+")
_PADDING = re.compile(rb"=+")
_META_CHARSET = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)
_UU_BEGIN = re.compile(rb"^begin [0-7]{3,4} ", re.MULTILINE)


def decode_base64(raw: bytes) -> bytes:
    """Base64 with junk, missing padding, or several padded runs in a row. RFC 2045 §6.8."""
    first = raw.find(b"=")
    try:
        if first < 0 or not raw[first:].strip(b"=\r\n\t "):
            return binascii.a2b_base64(raw)
    except binascii.Error:
        pass
    clean = _NOT_BASE64.sub(b"", raw)
    if b"=" not in clean.rstrip(b"="):
        return _run(clean.rstrip(b"="))
    return b"".join(_run(run) for run in _PADDING.split(clean))


def _run(clean: bytes) -> bytes:
    """Decodes one run without padding; a last lone character carries no octet."""
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))


def decode_quoted_printable(raw: bytes) -> bytes:
    """Quoted-printable; spaces before a line's end were added on the way. RFC 2045 §6.7."""
    if b" \r\n" in raw or b" \n" in raw or b"\t\r\n" in raw or b"\t\n" in raw:
        raw = b"\n".join(_strip_lines(raw)) if b"\r" not in raw else b"\r\n".join(_strip_lines(raw))
    return binascii.a2b_qp(raw)


def _strip_lines(raw: bytes) -> list[bytes]:
    return [line.rstrip(b" \t\r") for line in raw.split(b"\n")]


def decode_uu(raw: bytes) -> bytes:
    """The first uuencoded file in *raw*; lines that cannot be read are passed over."""
    begin = _UU_BEGIN.search(raw)
    lines = raw[raw.find(b"\n", begin.end()) + 1 if begin else 0 :].split(b"\n")
    out = []
    for line in lines:
        line = line.rstrip(b"\r")
        if line == b"end":
            break
        if not line:
            continue
        try:
            out.append(binascii.a2b_uu(line))
        except binascii.Error:
            # Some encoders pad a line beyond its count; the count is in the first character.
            wanted = (((line[0] - 32) & 63) * 4 + 5) // 3
            try:
                out.append(binascii.a2b_uu(line[:wanted]))
            except binascii.Error:
                continue
    return b"".join(out)


def transferred(data: bytes | mmap, part: Part, limit: int = MAX_BODY_BYTES) -> bytes:
    """The body's octets as they stand in the blob, at most *limit*."""
    return data[part.body_start : min(part.body_end, part.body_start + limit)]


_UU = ("x-uuencode", "uuencode", "x-uue", "uue")
_KNOWN = frozenset({"", "7bit", "8bit", "binary", "base64", "quoted-printable", *_UU})


def is_transfer_known(encoding: str) -> bool:
    """Whether `decode_transfer` knows what *encoding* is."""
    return encoding in _KNOWN


def decode_transfer(raw: bytes, encoding: str) -> bytes:
    """Takes a Content-Transfer-Encoding off *raw*; an unknown one is taken as none."""
    if encoding == "base64":
        return decode_base64(raw)
    if encoding == "quoted-printable":
        return decode_quoted_printable(raw)
    if encoding in _UU:
        return decode_uu(raw)
    return raw


def decode_body(data: bytes | mmap, part: Part, limit: int = MAX_BODY_BYTES) -> bytes:
    """The content of a leaf, its transfer encoding taken off; at most *limit* transferred octets are read. Never raises."""
    return decode_transfer(transferred(data, part, limit), part.encoding)


def decode_text(data: bytes | mmap, part: Part, limit: int = MAX_BODY_BYTES) -> str:
    """The text of a text/* leaf with LF line ends: declared charset, UTF-8, Windows-1252. UTF-7 only where declared. Never raises."""
    content = decode_body(data, part, limit)
    label = part.charset
    if not label and part.subtype == "html" and not content.isascii():
        # Without a charset in the header, what the page says of itself is the next best (HTML §13.2.3.2), but not an escape codec.
        found = _META_CHARSET.search(content[:2048])
        if found and not found.group(1).lower().startswith((b"utf-7", b"utf7", b"unicode", b"utf-16", b"utf16")):
            label = found.group(1).decode("ascii")
    text = decode_bytes(content, label)
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text.removeprefix("\ufeff")
