"""A message as people write it, turned into bytes: right nesting, 7-bit, short lines, nothing injected.

`build` nests alternative inside related inside mixed, and only what is there. Each value is refused with SYNTAX when it holds a
line break where none belongs. Bcc is written only for the copies that stay at home. Date and Message-ID are arguments; what a
reply says and whom it answers is `reply`'s, given on from here.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mailcore.base.errors import MailError, Reason
from mailcore.mail.address import NamedAddress, format_address
from mailcore.mail.authres import without
from mailcore.mail.convert import base64_lines, encode_content
from mailcore.mail.encode import encode_text, fold, has_control, param_field, refuse_control
from mailcore.mail.headers import MAX_MSGID_BYTES, scan_headers
from mailcore.mail.plain import flow
from mailcore.mail.reply import Reply as Reply
from mailcore.mail.reply import forward_subject as forward_subject
from mailcore.mail.reply import quote_html as quote_html
from mailcore.mail.reply import quote_text as quote_text
from mailcore.mail.reply import reply_all as reply_all
from mailcore.mail.reply import reply_subject as reply_subject
from mailcore.mail.reply import reply_to as reply_to

MAX_ADDRESSES = 10_000
"""Mailboxes in one field of a message we write. Stops one form from becoming a mailing."""

_TYPE = re.compile(r"[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}/[A-Za-z0-9][A-Za-z0-9!#$&^_.+-]{0,126}")
_MSGID = re.compile(r"[^<>\s\x00-\x1f\x7f]+")
_LANGUAGE = re.compile(r"[A-Za-z]{1,8}(?:-[A-Za-z0-9]{1,8})*")
# These are written from fields of their own, or by the server.
_OWN_FIELDS = frozenset(
    [
        "date", "from", "sender", "reply-to", "to", "cc", "bcc", "subject", "message-id", "in-reply-to", "references",
        "mime-version", "received", "return-path", "dkim-signature",
    ]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file of a message. With a *content_id* (without angle brackets) it is a picture of the HTML text, shown by its cid: URL."""

    name: str
    type: str
    content: bytes
    content_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutgoingMessage:
    """All that a person decided about a message. Message-ids are without angle brackets; *extra* are header names and values."""

    from_: tuple[NamedAddress, ...]
    date: datetime
    msgid: str
    sender: NamedAddress | None = None
    to: tuple[NamedAddress, ...] = ()
    cc: tuple[NamedAddress, ...] = ()
    bcc: tuple[NamedAddress, ...] = ()
    reply_to: tuple[NamedAddress, ...] = ()
    subject: str = ""
    text: str = ""
    html: str | None = None
    inline: tuple[Attachment, ...] = ()
    attachments: tuple[Attachment, ...] = ()
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    extra: tuple[tuple[str, str], ...] = ()
    language: str = ""
    calendar: tuple[str, str] | None = None
    """METHOD and iCalendar text of a message that answers an invitation: another form of its text. RFC 6047 §2.4."""


def build(message: OutgoingMessage, *, keep_bcc: bool = False) -> bytes:
    """The message's bytes with CRLF. Raises SYNTAX when a field holds what would end or forge a header. RFC 5322, RFC 2045, RFC 2387."""
    boundary = "=_" + hashlib.sha256(message.msgid.encode("utf-8", "replace")).hexdigest()[:32]
    return _header(message, keep_bcc) + b"MIME-Version: 1.0\r\n" + _body(message, boundary)


def _header(message: OutgoingMessage, keep_bcc: bool) -> bytes:
    lines = [fold("Date", format_datetime(message.date))]
    boxes: list[tuple[str, Iterable[NamedAddress]]] = [
        ("From", message.from_),
        ("Sender", (message.sender,) if message.sender else ()),
        ("Reply-To", message.reply_to),
        ("To", message.to),
        ("Cc", message.cc),
        ("Bcc", message.bcc if keep_bcc else ()),
    ]
    lines += [_addresses(name, tuple(items)) for name, items in boxes]
    lines.append(fold("Subject", encode_text(message.subject)))
    lines.append(fold("Message-ID", _msgid(message.msgid)))
    if message.in_reply_to:
        lines.append(fold("In-Reply-To", _msgid(message.in_reply_to)))
    if message.references:
        lines.append(fold("References", " ".join(map(_msgid, message.references))))
    if message.language:
        if not _LANGUAGE.fullmatch(message.language):
            raise MailError(Reason.SYNTAX, "The language is not a language tag.")
        lines.append(fold("Content-Language", message.language))
    for name, value in message.extra:
        if name.lower() in _OWN_FIELDS or name.lower().startswith("content-"):
            raise MailError(Reason.SYNTAX, f"The header {name} cannot be set here.")
        lines.append(fold(name, encode_text(value)))
    return b"".join(lines)


def _addresses(name: str, boxes: tuple[NamedAddress, ...]) -> bytes:
    if not boxes:
        return b""
    if len(boxes) > MAX_ADDRESSES:
        raise MailError(Reason.TOO_MANY_RECIPIENTS, f"{name} holds more than {MAX_ADDRESSES} addresses.")
    texts = []
    for box in boxes:
        if box.address is None:
            raise MailError(Reason.SYNTAX, f"{box.raw[:200] or box.name[:200]!r} is not an address.")
        # An IDN domain alone must not make a message need SMTPUTF8.
        address = box.address.with_ascii_domain() if box.address.local.isascii() else box.address
        texts.append(format_address(box.name, address))
    return fold(name, ", ".join(texts))


def _msgid(text: str) -> str:
    bare = text.strip().removeprefix("<").removesuffix(">")
    if not _MSGID.fullmatch(bare) or len(bare) > MAX_MSGID_BYTES:
        raise MailError(Reason.SYNTAX, "A message-id holds a space, an angle bracket or a control character.")
    return f"<{bare}>"


def _body(message: OutgoingMessage, boundary: str) -> bytes:
    """The entity's Content fields and body: mixed(related(alternative(text, html), inline), attachments)."""
    entity = _text_part(message.text)
    if message.html is not None:
        markup = _text_entity(message.html, "html")
        if message.inline:
            pictures = [_file_part(picture, "inline") for picture in message.inline]
            markup = _multipart("related", boundary + "r", [markup, *pictures], {"type": "text/html"})
        entity = _multipart("alternative", boundary + "a", [entity, markup])
    if message.calendar is not None:
        method, events = message.calendar
        encoding, content = encode_content(_lines(events), is_text=True)
        head = param_field("Content-Type", "text/calendar", {"charset": "utf-8", "method": method}) + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n"
        entity = _multipart("alternative", boundary + "c", [entity, head + content])
    files = [_file_part(item, "attachment") for item in message.attachments]
    if message.html is None:
        files = [_file_part(item, "attachment") for item in message.inline] + files
    return _multipart("mixed", boundary + "m", [entity, *files]) if files else entity


def _multipart(subtype: str, boundary: str, parts: list[bytes], params: dict[str, str] | None = None) -> bytes:
    head = param_field("Content-Type", f"multipart/{subtype}", {**(params or {}), "boundary": boundary})
    mark = b"--" + boundary.encode("ascii")
    return head + b"\r\n" + b"".join([mark + b"\r\n" + part + b"\r\n" for part in parts]) + mark + b"--\r\n"


def _lines(text: str) -> bytes:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    return ("\r\n".join(text.split("\n"))).encode("utf-8", "replace")


def _text_part(text: str) -> bytes:
    """Plain ASCII text is format=flowed (RFC 3676), which reads well everywhere; other text is encoded and keeps its long lines."""
    if text.isascii():
        flowed = flow(text)
        if flowed is not None:
            head = param_field("Content-Type", "text/plain", {"charset": "us-ascii", "format": "flowed"})
            return head + b"Content-Transfer-Encoding: 7bit\r\n\r\n" + _lines(flowed)
    return _text_entity(text, "plain")


def _text_entity(text: str, subtype: str) -> bytes:
    head = param_field("Content-Type", f"text/{subtype}", {"charset": "utf-8"})
    encoding, content = encode_content(_lines(text), is_text=True)
    return head + b"Content-Transfer-Encoding: " + encoding + b"\r\n\r\n" + content


def _file_part(item: Attachment, disposition: str) -> bytes:
    """A file: base64, or for an enclosed message as it is, because that may not be encoded (RFC 2046 §5.2.1)."""
    if not _TYPE.fullmatch(item.type):
        raise MailError(Reason.SYNTAX, f"{item.type[:100]!r} is not a media type.")
    refuse_control(item.name, "A file name")
    kind = item.type.lower()
    is_message = kind == "message/rfc822" and item.content.isascii() and b"\0" not in item.content
    if kind.startswith(("multipart/", "message/")) and not is_message:
        kind = "application/octet-stream"
    name = {"name": item.name} if item.name else {}
    out = param_field("Content-Type", kind, name)
    out += param_field("Content-Disposition", disposition, {"filename": item.name} if item.name else {})
    if item.content_id:
        if has_control(item.content_id) or not _MSGID.fullmatch(item.content_id):
            raise MailError(Reason.SYNTAX, "A content-id holds a space, an angle bracket or a control character.")
        out += fold("Content-ID", f"<{item.content_id}>")
    if is_message:
        return out + b"\r\n" + re.sub(rb"\r\n|\r|\n", b"\r\n", item.content)
    return out + b"Content-Transfer-Encoding: base64\r\n\r\n" + base64_lines(item.content)


HIDDEN = frozenset({b"bcc", b"resent-bcc", b"x-roost-draft"})
"""Fields that say who was hidden; the last is what the webmail's drafts keep of the form."""


def strip_bcc(data: bytes) -> bytes:
    """*data* without the HIDDEN fields; the same object where there are none. RFC 5322 §3.6.3."""
    return without(data, [(f.start, f.end) for f in scan_headers(data) if f.name.lower() in HIDDEN])
