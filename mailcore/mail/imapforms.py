"""ENVELOPE, BODY and BODYSTRUCTURE as the bytes IMAP sends, made once at delivery. RFC 9051 §7.5.2, RFC 3501 §7.4.2.

Header text stays as it came (RFC 2047 words are the client's to decode); what a quoted string cannot hold becomes a literal, and
NUL is dropped because no IMAP string can hold it. Continued parameters are joined as RFC 2231 §6 asks.
"""

import re

from mailcore.mail.addrtokens import Item, RawGroup, split_addresses
from mailcore.mail.headers import Headers
from mailcore.mail.params import RawParams
from mailcore.mail.part import Part

MAX_ENVELOPE_ADDRESSES = 10_000
"""Mailboxes of one field that go into an ENVELOPE. Stops one message from making every list of its mailbox megabytes long."""
MAX_ENCLOSED_ADDRESSES = 10_000
"""The same for all enclosed messages together."""

_AWKWARD = re.compile(rb'[\x00\r\n"\\\x80-\xff]')
_NEEDS_LITERAL = re.compile(rb"[\r\n\x80-\xff]")
_ESCAPED = re.compile(rb'(["\\])')


def nstring(value: bytes | None) -> bytes:
    """*value* as an IMAP nstring: NIL, quoted, or a literal. RFC 9051 §4.3."""
    if value is None:
        return b"NIL"
    if not _AWKWARD.search(value):
        return b'"%b"' % value
    value = value.replace(b"\0", b"")
    if _NEEDS_LITERAL.search(value):
        return b"{%d}\r\n%b" % (len(value), value)
    return b'"%b"' % _ESCAPED.sub(rb"\\\1", value)


def addresses_of(value: bytes | None, limit: int = MAX_ENVELOPE_ADDRESSES) -> list[Item]:
    """The first *limit* items of an address field, each octet as one character; an open group is closed."""
    items = split_addresses(value.decode("latin-1"), limit) if value and limit > 0 else []
    if len(items) == limit and _is_group_open(items):
        items.append(None)
    return items


def _is_group_open(items: list[Item]) -> bool:
    return next((item is not None for item in reversed(items) if item is None or isinstance(item, RawGroup)), False)


def _text(text: str) -> bytes:
    return nstring(text.encode("latin-1"))


def address_list(items: list[Item]) -> bytes:
    """The ENVELOPE form of an address field; groups are marked by mailboxes without a host. NIL when empty."""
    if not items:
        return b"NIL"
    out = []
    for item in items:
        if item is None:
            out.append(b"(NIL NIL NIL NIL)")
        elif isinstance(item, RawGroup):
            out.append(b"(NIL NIL %b NIL)" % _text(item.name))
        else:
            name, route, local, host, _ = item
            # A host of NIL would begin a group, so one that is missing is the empty string.
            out.append(
                b"(%b %b %b %b)" % (_text(name) if name else b"NIL", _text(route) if route else b"NIL", _text(local), _text(host or ""))
            )
    return b"(%b)" % b"".join(out)


_ADDRESS_FIELDS = (b"from", b"sender", b"reply-to", b"to", b"cc", b"bcc")


def envelope(headers: Headers, parsed: dict[bytes, list[Item]] | None = None, limit: int = MAX_ENVELOPE_ADDRESSES) -> bytes:
    """The ENVELOPE of a message. What was parsed of From, To and the like is left in *parsed* for other uses. RFC 9051 §7.5.2."""
    get = headers.get
    kept = {} if parsed is None else parsed
    forms: list[bytes] = []
    for field in _ADDRESS_FIELDS:
        value = get(field)
        items = kept[field] = addresses_of(value, limit)
        form = address_list(items)
        if form == b"NIL" and field in (b"sender", b"reply-to"):
            form = forms[0]
        forms.append(form)
    return b"(%b %b %b %b %b)" % (
        nstring(get(b"date")), nstring(get(b"subject")), b" ".join(forms), nstring(get(b"in-reply-to")), nstring(get(b"message-id")),
    )  # fmt: skip


def _params(pairs: RawParams) -> bytes:
    if not pairs:
        return b"NIL"
    return b"(%b)" % b" ".join([b"%b %b" % (nstring(name), nstring(value)) for name, value in pairs])


def _disposition(part: Part) -> bytes:
    if not part.disposition:
        return b"NIL"
    return b"(%b %b)" % (_text(part.disposition), _params(part.raw_disposition_params))


def _language(raw: bytes) -> bytes:
    tags = [tag.strip() for tag in raw.split(b",") if tag.strip()]
    if not tags:
        return b"NIL"
    return nstring(tags[0]) if len(tags) == 1 else b"(%b)" % b" ".join(map(nstring, tags))


class _Budget:
    """How many addresses the enclosed messages may still print."""

    __slots__ = ("addresses",)

    def __init__(self) -> None:
        self.addresses = MAX_ENCLOSED_ADDRESSES

    def envelope(self, headers: Headers) -> bytes:
        parsed: dict[bytes, list[Item]] = {}
        form = envelope(headers, parsed, self.addresses)
        self.addresses = max(0, self.addresses - sum(map(len, parsed.values())))
        return form


def body_forms(part: Part, budget: _Budget | None = None) -> tuple[bytes, bytes]:
    """BODY and BODYSTRUCTURE of *part*. Recursion is bounded by `mime.MAX_DEPTH`. RFC 9051 §7.5.2."""
    budget = budget or _Budget()
    if part.raw_language or part.raw_location or part.disposition:
        tail = b"%b %b %b" % (_disposition(part), _language(part.raw_language), nstring(part.raw_location or None))
    else:
        tail = b"NIL NIL NIL"
    if part.children:
        forms = [body_forms(child, budget) for child in part.children]
        subtype = _text(part.subtype)
        return (
            b"(%b %b)" % (b"".join([short for short, _ in forms]), subtype),
            b"(%b %b %b %b)" % (b"".join([full for _, full in forms]), subtype, _params(part.raw_params), tail),
        )
    params = part.raw_params
    if not params and part.type == "text":
        params = [(b"charset", b"us-ascii")]
    start = b"%b %b %b %b %b %b %d" % (
        _text(part.type), _text(part.subtype), _params(params), nstring(part.raw_id or None), nstring(part.raw_description or None),
        _text(part.encoding), part.size,
    )  # fmt: skip
    end = b" %b %b)" % (nstring(part.raw_md5 or None), tail)
    if part.message is not None and part.message.headers is not None:
        wrapped = budget.envelope(part.message.headers)
        short, full = body_forms(part.message, budget)
        lines = part.line_count
        return b"(%b %b %b %d)" % (start, wrapped, short, lines), b"(%b %b %b %d%b" % (start, wrapped, full, lines, end)
    if part.type == "text":
        start = b"%b %d" % (start, part.line_count)
    return b"(%b)" % start, b"(%b%b" % (start, end)
