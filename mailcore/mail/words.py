"""Header values as people read them: unfolded, RFC 2047 words decoded, raw 8-bit taken as UTF-8 or Windows-1252.

Words are decoded wherever they stand, in quoted strings and parameters too, because half of the world's programs put them
there; the bytes of neighbouring words of one charset are joined first, since some cut a character in two. Never raises.
"""

import binascii
import re

from mailcore.mail.charset import decode_bytes

MAX_VALUE_BYTES = 65_536
"""Octets of one value that are decoded; the rest is cut. Stops a subject of megabytes from costing as much in every list."""

_WORD = re.compile(rb"=\?([^?*\s]{1,60})(?:\*[^?\s]{0,40})?\?([bBqQ])\?([^?]*+(?:\?(?!=)[^?]*+)*+)\?=")
_FOLD = re.compile(rb"\r?\n[ \t]+|[\r\n]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]+")
_NOT_BASE64 = re.compile(rb"[^A-Za-z0-9+/]+")


def unfold(raw: bytes) -> bytes:
    """A header value with its folds as single spaces, without white space around. RFC 5322 §2.2.3."""
    if b"\n" in raw or b"\r" in raw:
        raw = _FOLD.sub(b" ", raw)
    return raw.strip(b" \t\r\n")


def decode_value(raw: bytes) -> str:
    """A raw header value as text without control characters. Never raises. RFC 2047 §6."""
    raw = unfold(raw[:MAX_VALUE_BYTES])
    if b"=?" in raw:
        text = _decode_words(raw)
    elif raw.isascii():
        text = raw.decode("ascii")
    else:
        text = decode_bytes(raw)
    return _CONTROL.sub(" ", text).strip() if _CONTROL.search(text) else text


def _decode_words(raw: bytes) -> str:
    # Behind the last "?=" no word can end; looking for one from every "=?" there would be quadratic.
    last = raw.rfind(b"?=") + 2
    out: list[str] = []
    pending, pending_charset = b"", ""
    pos = 0
    for found in _WORD.finditer(raw, 0, max(last, 0)):
        between = raw[pos : found.start()]
        charset, encoding, text = found.groups()
        label = charset.decode("latin-1").lower()
        data = _base64(text) if encoding in b"bB" else _quoted(text)
        if pos and not between.strip():
            if label == pending_charset and not label.startswith("iso-2022"):
                pending += data
                pos = found.end()
                continue
            out.append(decode_bytes(pending, pending_charset))
        else:
            if pending:
                out.append(decode_bytes(pending, pending_charset))
            out.append(decode_bytes(between))
        pending, pending_charset, pos = data, label, found.end()
    if pending:
        out.append(decode_bytes(pending, pending_charset))
    out.append(decode_bytes(raw[pos:]))
    return "".join(out)


def _quoted(text: bytes) -> bytes:
    return binascii.a2b_qp(text.replace(b"_", b" ").replace(b"\t", b" "), header=False)


def _base64(text: bytes) -> bytes:
    """Decodes base64 that may have lost its padding or gained spaces."""
    clean = _NOT_BASE64.sub(b"", text)
    if len(clean) % 4 == 1:
        clean = clean[:-1]
    return binascii.a2b_base64(clean + b"=" * (-len(clean) % 4))
