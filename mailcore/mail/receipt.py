"""Read receipts: whether a message asks for one that may be answered, and the receipt itself. RFC 8098.

A receipt is only ever sent because a person said so, and only to the address the message came from: who asks for it to go elsewhere gets none.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mailcore.base.errors import MailError, Reason
from mailcore.mail.address import Address, NamedAddress, format_address, mailboxes
from mailcore.mail.convert import encode_content
from mailcore.mail.encode import encode_text, fold, param_field
from mailcore.mail.headers import Headers, message_ids

BULK = frozenset({b"bulk", b"list", b"junk"})
LISTS = (b"list-id", b"list-unsubscribe", b"list-post")
RETURNED_BYTES = 65_536
"""Octets of the original's header that a receipt gives back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A receipt to build: *final* is the address that the message reached, *original* its header."""

    reporting: str
    from_: NamedAddress
    to: Address
    final: Address
    subject: str
    text: str
    date: datetime
    msgid: str
    original: bytes
    original_msgid: str


def asked_by(headers: Headers) -> Address | None:
    """Who asks for a receipt, where it may be given: one address, the same as the Return-Path's, and no list or robot. RFC 8098 §2.1."""
    raw = headers.all(b"disposition-notification-to")
    named = [one.address for value in raw for one in mailboxes(value)]
    back = [one.address for one in mailboxes(headers.get(b"return-path") or b"")]
    if len(raw) != 1 or len(named) != 1 or named[0] is None or len(back) != 1 or back[0] is None or named[0].key != back[0].key:
        return None
    if any(name in headers for name in LISTS) or (headers.get(b"precedence") or b"").strip().lower() in BULK:
        return None
    return named[0] if (headers.get(b"auto-submitted") or b"no").partition(b";")[0].strip().lower() == b"no" else None


def build_receipt(receipt: Receipt) -> bytes:
    """The receipt as a multipart/report with CRLF. Raises MailError(SYNTAX). RFC 8098 §3."""
    if receipt.from_.address is None:
        raise MailError(Reason.SYNTAX, "A receipt needs a sender.")
    mark = "=_" + hashlib.sha256(receipt.msgid.encode("utf-8", "replace")).hexdigest()[:32]
    lines = [
        fold("Date", format_datetime(receipt.date)), fold("From", format_address(receipt.from_.name, receipt.from_.address)), fold("To", str(receipt.to)),
        fold("Subject", encode_text(receipt.subject)), fold("Message-ID", f"<{receipt.msgid}>"), fold("Auto-Submitted", "auto-replied"),
    ]  # fmt: skip
    known = message_ids(receipt.original_msgid.encode("utf-8", "replace"), 1)
    if known:
        lines += [fold("In-Reply-To", f"<{known[0]}>"), fold("References", f"<{known[0]}>")]
    lines += [b"MIME-Version: 1.0\r\n", param_field("Content-Type", "multipart/report", {"report-type": "disposition-notification", "boundary": mark})]
    encoding, text = encode_content(receipt.text.replace("\n", "\r\n").encode("utf-8", "replace"), is_text=True)
    kind = "rfc822" if receipt.final.is_ascii else "utf-8"
    fields = [f"Reporting-UA: {receipt.reporting}; Roost webmail", f"Final-Recipient: {kind}; {receipt.final}"]
    fields += [f"Original-Message-ID: <{known[0]}>"] if known else []
    fields.append("Disposition: manual-action/MDN-sent-manually; displayed")
    machine = "".join(f"{line}\r\n" for line in fields).encode("utf-8", "replace")
    about = b"message/disposition-notification" if machine.isascii() else b"message/global-disposition-notification\r\nContent-Transfer-Encoding: 8bit"
    parts = [
        b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + text, b"Content-Type: " + about + b"\r\n\r\n" + machine,
        b"Content-Type: text/rfc822-headers\r\n" + (b"" if receipt.original.isascii() else b"Content-Transfer-Encoding: 8bit\r\n") + b"\r\n" + receipt.original[:RETURNED_BYTES],
    ]  # fmt: skip
    dash = b"--" + mark.encode("ascii")
    return b"".join(lines) + b"\r\n" + b"".join(dash + b"\r\n" + part + b"\r\n" for part in parts) + dash + b"--\r\n"
