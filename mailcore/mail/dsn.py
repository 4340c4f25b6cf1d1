"""Delivery status notifications: written for people first, and read when they come back. RFC 3464, RFC 3461, RFC 6533.

`build_dsn` is given the human text already in the reader's language; it adds the machine's part and the original, whole or
headers only. The envelope sender of what it builds is `<>`; sending it, and never answering a bounce with one, is `queue`'s.
"""

import hashlib
import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mailcore.base.errors import MailError, Reason
from mailcore.mail.address import Address, NamedAddress, format_address
from mailcore.mail.body import decode_body
from mailcore.mail.convert import encode_content
from mailcore.mail.encode import encode_text, fold, param_field, refuse_control
from mailcore.mail.headers import message_ids, parse_date, scan_headers
from mailcore.mail.mime import parse
from mailcore.mail.part import Part
from mailcore.mail.words import decode_value

ACTIONS = frozenset({"failed", "delayed", "delivered", "relayed", "expanded"})
MAX_RECIPIENTS = 1_000
"""Recipients read from or written to one report. Stops a forged report from touching a whole mailing."""
MAX_REPORT_BYTES = 262_144
"""Octets of a report's machine part that are read."""
MAX_RETURNED_HEADER_BYTES = 65_536
"""Octets of the original's header that a headers-only report gives back."""

_STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
_BLOCK = re.compile(rb"\n[ \t\r]*\n")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class DsnRecipient:
    """One recipient's fate. *original* is ORCPT as given ("rfc822;u@x.test"); *diagnostic* the remote reply ("550 5.1.1 no such user")."""

    final: str
    action: str
    status: str
    original: str = ""
    remote_mta: str = ""
    diagnostic: str = ""
    last_attempt: datetime | None = None
    retry_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Dsn:
    """A report to build. *original* is the message as it was to be sent; *text* and *subject* are for the person at *to*."""

    reporting_mta: str
    from_: NamedAddress
    to: Address
    subject: str
    text: str
    recipients: tuple[DsnRecipient, ...]
    date: datetime
    msgid: str
    original: bytes = b""
    return_full: bool = False
    envelope_id: str = ""
    arrival: datetime | None = None
    language: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DsnReport:
    """A report that came in. *original_msgid* is the returned message's Message-ID without angle brackets, "" when it is not there."""

    reporting_mta: str
    envelope_id: str
    recipients: tuple[DsnRecipient, ...]
    original_msgid: str


def build_dsn(dsn: Dsn) -> bytes:
    """The report as a multipart/report with CRLF. Raises SYNTAX for fields with line breaks. RFC 3464 §2, RFC 6533 §4."""
    mark = "=_" + hashlib.sha256(dsn.msgid.encode("utf-8", "replace")).hexdigest()[:32]
    is_utf8 = not all(recipient.final.isascii() and recipient.original.isascii() for recipient in dsn.recipients)
    if dsn.from_.address is None:
        raise MailError(Reason.SYNTAX, "A report needs a sender.")
    lines = [
        fold("Date", format_datetime(dsn.date)),
        fold("From", format_address(dsn.from_.name, dsn.from_.address)),
        fold("To", str(dsn.to.with_ascii_domain() if dsn.to.local.isascii() else dsn.to)),
        fold("Subject", encode_text(dsn.subject)),
        fold("Message-ID", f"<{dsn.msgid}>"),
        fold("Auto-Submitted", "auto-replied"),
    ]
    parent = message_ids(scan_headers(dsn.original).raw(b"message-id"), 1)
    if parent:
        lines += [fold("In-Reply-To", f"<{parent[0]}>"), fold("References", f"<{parent[0]}>")]
    if dsn.language:
        lines.append(fold("Content-Language", dsn.language))
    lines.append(b"MIME-Version: 1.0\r\n")
    lines.append(param_field("Content-Type", "multipart/report", {"report-type": "delivery-status", "boundary": mark}))
    parts = [_human(dsn.text), _machine(dsn, is_utf8)]
    if dsn.original:
        parts.append(_returned(dsn))
    dash = b"--" + mark.encode("ascii")
    return b"".join(lines) + b"\r\n" + b"".join([dash + b"\r\n" + part + b"\r\n" for part in parts]) + dash + b"--\r\n"


def _human(text: str) -> bytes:
    plain = text.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    encoding, content = encode_content(plain, is_text=True)
    return b"Content-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + content


def _machine(dsn: Dsn, is_utf8: bool) -> bytes:
    """The message/delivery-status part, or its UTF-8 form when an address needs it (RFC 6533 §4)."""
    blocks = [_field("Reporting-MTA", f"dns; {dsn.reporting_mta}")]
    if dsn.envelope_id:
        blocks.append(_field("Original-Envelope-Id", dsn.envelope_id))
    if dsn.arrival:
        blocks.append(_field("Arrival-Date", format_datetime(dsn.arrival)))
    for recipient in dsn.recipients[:MAX_RECIPIENTS]:
        blocks.append(b"\r\n" + _recipient(recipient))
    body = b"".join(blocks)
    if not is_utf8:
        return b"Content-Type: message/delivery-status\r\n\r\n" + body
    # RFC 6533 §4.3 lets the global form be encoded, so that the report stays 7-bit.
    encoding, content = encode_content(body, is_text=True)
    return b"Content-Type: message/global-delivery-status\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + content


def _recipient(recipient: DsnRecipient) -> bytes:
    if recipient.action not in ACTIONS or not _STATUS.fullmatch(recipient.status):
        raise MailError(Reason.SYNTAX, "A report needs an action and a status of three numbers.")
    kind = "rfc822" if recipient.final.isascii() else "utf-8"
    fields = [_field("Original-Recipient", recipient.original)] if recipient.original else []
    fields.append(_field("Final-Recipient", f"{kind}; {recipient.final}"))
    fields.append(_field("Action", recipient.action))
    fields.append(_field("Status", recipient.status))
    if recipient.remote_mta:
        fields.append(_field("Remote-MTA", f"dns; {recipient.remote_mta}"))
    if recipient.diagnostic:
        text = _CONTROL.sub(" ", recipient.diagnostic).encode("ascii", "replace").decode("ascii")[:900]
        fields.append(_field("Diagnostic-Code", f"smtp; {text}"))
    if recipient.last_attempt:
        fields.append(_field("Last-Attempt-Date", format_datetime(recipient.last_attempt)))
    if recipient.retry_until:
        fields.append(_field("Will-Retry-Until", format_datetime(recipient.retry_until)))
    return b"".join(fields)


def _field(name: str, value: str) -> bytes:
    return fold(name, refuse_control(value, name))


def _returned(dsn: Dsn) -> bytes:
    """The original, whole or its header only; with 8-bit headers in the UTF-8 form, which may be encoded (RFC 6533 §4.1)."""
    header = dsn.original[: min(scan_headers(dsn.original).end, MAX_RETURNED_HEADER_BYTES)]
    if dsn.return_full:
        if header.isascii():
            # message/rfc822 may only be 7bit or 8bit (RFC 2046 §5.2.1).
            encoding = b"" if dsn.original.isascii() else b"Content-Transfer-Encoding: 8bit\r\n"
            return b"Content-Type: message/rfc822\r\n" + encoding + b"\r\n" + dsn.original
        kind, content, is_text = b"message/global", dsn.original, False
    elif header.isascii():
        return b"Content-Type: text/rfc822-headers\r\n\r\n" + header
    else:
        kind, content, is_text = b"message/global-headers", header, True
    encoding, encoded = encode_content(content, is_text=is_text)
    return b"Content-Type: " + kind + b"\r\nContent-Transfer-Encoding: " + encoding + b"\r\n\r\n" + encoded


def parse_dsn(data: bytes, root: Part | None = None) -> DsnReport | None:
    """What a delivery report says; None when *data* is none. Everything in it is a claim of a stranger. Never raises. RFC 3464 §2."""
    root = parse(data) if root is None else root
    status = next((part for part in root.walk() if part.subtype in ("delivery-status", "global-delivery-status")), None)
    if status is None or status.type != "message":
        return None
    body = decode_body(data, status, MAX_REPORT_BYTES)
    blocks = [block for block in _BLOCK.split(body) if block.strip()]
    if not blocks:
        return None
    whole = scan_headers(blocks[0] + b"\n\n")
    recipients = []
    for block in blocks[1 : MAX_RECIPIENTS + 1] if b"final-recipient" not in whole else blocks[:MAX_RECIPIENTS]:
        recipient = _read_recipient(block)
        if recipient is not None:
            recipients.append(recipient)
    return DsnReport(
        reporting_mta=_untyped(whole.text(b"reporting-mta")),
        envelope_id=whole.text(b"original-envelope-id"),
        recipients=tuple(recipients),
        original_msgid=_original_msgid(data, root),
    )


def _untyped(value: str) -> str:
    """The value behind its type: "x.test" of "dns; x.test"."""
    _, semicolon, rest = value.partition(";")
    return rest.strip() if semicolon else value.strip()


def _read_recipient(block: bytes) -> DsnRecipient | None:
    fields = scan_headers(block + b"\n\n")
    final = fields.get(b"final-recipient") or fields.get(b"original-recipient")
    action = fields.text(b"action").partition("(")[0].strip().lower()
    if not final or action not in ACTIONS:
        return None
    status = _STATUS.search(fields.text(b"status"))
    attempt, until = fields.raw(b"last-attempt-date"), fields.raw(b"will-retry-until")
    return DsnRecipient(
        final=_untyped(decode_value(final)).strip("<>"),
        action=action,
        status=status.group() if status else "",
        original=fields.text(b"original-recipient"),
        remote_mta=_untyped(fields.text(b"remote-mta")),
        diagnostic=_untyped(fields.text(b"diagnostic-code")),
        last_attempt=parse_date(attempt) if attempt else None,
        retry_until=parse_date(until) if until else None,
    )


def _original_msgid(data: bytes, root: Part) -> str:
    """The Message-ID in the returned message or header."""
    for part in root.walk():
        if part.message is not None:
            found = scan_headers(data, part.message.header_start, part.message.body_start)
        elif part.subtype in ("rfc822-headers", "global-headers", "global"):
            found = scan_headers(decode_body(data, part, MAX_REPORT_BYTES) + b"\n\n")
        else:
            continue
        ids = message_ids(found.raw(b"message-id"), 1)
        if ids:
            return ids[0]
    return ""
