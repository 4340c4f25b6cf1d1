"""Makes a message fit a next hop without 8BITMIME, or lines under 998: leaves become quoted-printable or base64. RFC 6152 §3.

Only leaves, their transfer encoding and what stands around parts change; headers are left as they came. What is signed or
encrypted must not change by a byte, so it is refused (the caller bounces 5.6.3). Our own signature comes after this.
"""

import binascii
import re

from mailcore.base.errors import MailError, Reason
from mailcore.mail.addrtokens import RawMailbox, split_addresses
from mailcore.mail.body import decode_transfer
from mailcore.mail.headers import Headers, scan_headers
from mailcore.mail.mime import parse
from mailcore.mail.part import Part

MAX_LINE = 998
"""RFC 5322 §2.1.1."""

_BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")
_TO_ASCII = bytes(i if 0 < i < 128 else ord("?") for i in range(256))
_IDENTITY = frozenset({"7bit", "8bit", "binary", ""})
_SEALED = frozenset({"signed", "encrypted"})
_ADDRESS_FIELDS = frozenset({b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc", b"resent-from", b"resent-to", b"resent-cc"})


def needs_8bit(data: bytes) -> bool:
    """Whether the body holds octets that a next hop without 8BITMIME may not get. RFC 6152."""
    if data.isascii():
        return False
    return not data[scan_headers(data).end :].isascii()


def has_long_line(data: bytes) -> bool:
    """Whether a line is over MAX_LINE octets."""
    return any(len(found.group()) > MAX_LINE + found.group().endswith(b"\r") for found in re.finditer(rb"[^\n]{999,}", data))


def needs_smtputf8(headers: Headers) -> bool:
    """Whether an address in the header can only travel by SMTPUTF8. Raw 8-bit text elsewhere goes as it always did. RFC 6531 §3.2."""
    for name, value in headers.items():
        if name in _ADDRESS_FIELDS and not value.isascii():
            for item in split_addresses(value.decode("latin-1")):
                if isinstance(item, RawMailbox) and not (item.local.isascii() and (item.host or "").isascii()):
                    return True
    return (headers.get(b"content-type") or b"").lower().startswith(b"message/global")


def to_7bit(data: bytes) -> bytes | None:
    """*data* with 7-bit bodies and short lines; None when it is that already. Raises NOT_SUPPORTED for what is signed or encrypted."""
    if data.isascii() and not has_long_line(data):
        return None
    root = parse(data)
    headers = root.headers
    assert headers is not None
    edits: list[tuple[int, int, bytes]] = []
    stack = [root]
    while stack:
        part = stack.pop()
        if part.type == "multipart" and part.subtype in _SEALED and _is_awkward(data[part.body_start : part.body_end]):
            raise MailError(Reason.NOT_SUPPORTED, "A signed or encrypted message cannot be converted for the next server.")
        if part.children or part.message:
            edits.extend(_container_edits(data, part))
            stack.extend(part.children)
            if part.message:
                stack.append(part.message)
        elif _is_awkward(data[part.body_start : part.body_end]):
            edits.extend(_leaf_edits(data, part))
    if not edits:
        return None
    if b"dkim-signature" in headers:
        raise MailError(Reason.NOT_SUPPORTED, "A message with a DKIM signature cannot be converted for the next server.")
    return applied(data, edits)


def _is_awkward(body: bytes) -> bool:
    return not body.isascii() or b"\0" in body or has_long_line(body)


def _container_edits(data: bytes, part: Part) -> list[tuple[int, int, bytes]]:
    """The encoding of a multipart or enclosed message becomes 7bit; text around its parts, which nobody reads, becomes ASCII."""
    edits = []
    if part.encoding not in ("7bit", ""):
        edits.append(encoding_edit(data, part, b"7bit"))
    if part.children:
        for start, end in ((part.body_start, part.children[0].header_start), (part.children[-1].body_end, part.body_end)):
            around = data[start:end]
            if not around.isascii():
                edits.append((start, end, around.translate(_TO_ASCII)))
    return edits


def encoding_edit(data: bytes, part: Part, encoding: bytes) -> tuple[int, int, bytes]:
    """Replaces the part's Content-Transfer-Encoding, or adds one at the end of its header."""
    line = b"Content-Transfer-Encoding: " + encoding + b"\r\n"
    for field in scan_headers(data, part.header_start, part.body_start):
        if field.name.lower() == b"content-transfer-encoding":
            return field.start, field.end, line
    head = data[part.header_start : part.body_start]
    at = part.body_start - (2 if head.endswith(b"\r\n\r\n") or head == b"\r\n" else 1 if head.endswith(b"\n\n") or head == b"\n" else 0)
    return at, at, line


def _leaf_edits(data: bytes, part: Part) -> list[tuple[int, int, bytes]]:
    body = data[part.body_start : part.body_end]
    content = body if part.encoding in _IDENTITY else decode_transfer(body, part.encoding)
    encoding, encoded = encode_content(content, is_text=part.type == "text")
    if not body.endswith(b"\n"):
        encoded = encoded.removesuffix(b"\r\n")
    return [encoding_edit(data, part, encoding), (part.body_start, part.body_end, encoded)]


def encode_content(content: bytes, *, is_text: bool) -> tuple[bytes, bytes]:
    """The encoding's name and *content* in it: quoted-printable for text that is mostly ASCII, else base64. RFC 2045 §6.7, §6.8."""
    if is_text and not _BARE.search(content) and b"\0" not in content:
        high = len(content) - len(content.translate(None, bytes(range(128, 256))))
        if high * 3 <= len(content):
            return b"quoted-printable", quoted_printable(content)
    return b"base64", base64_lines(content)


def quoted_printable(content: bytes) -> bytes:
    """Text with CRLF line ends as quoted-printable, lines of at most 76."""
    # A line "." or "From " would be touched on the way by what should not touch it (RFC 2049 §3).
    encoded = binascii.b2a_qp(content, istext=True)
    if b"\n" not in content:
        # The library writes soft breaks in the style of the first line ending it meets, and LF where it meets none.
        encoded = encoded.replace(b"\n", b"\r\n")
    return re.sub(rb"(?m)^(?:\.(?=\r?$)|F(?=rom ))", lambda found: b"=%02X" % found.group()[0], encoded)


def base64_lines(content: bytes) -> bytes:
    """*content* as base64 in lines of 76 with CRLF."""
    flat = binascii.b2a_base64(content, newline=False)
    return b"".join([flat[i : i + 76] + b"\r\n" for i in range(0, len(flat), 76)])


def applied(data: bytes, edits: list[tuple[int, int, bytes]]) -> bytes:
    out, pos = [], 0
    for start, end, text in sorted(edits, key=lambda edit: (edit[0], edit[1])):
        out.append(data[pos:start])
        out.append(text)
        pos = end
    out.append(data[pos:])
    return b"".join(out)
