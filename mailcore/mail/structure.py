"""What is stored with each message at delivery, made in one pass: decision 5 of the architecture, parse once.

IMAP's ENVELOPE and BODYSTRUCTURE, the tree of parts with offsets, and all that lists, sorting, threading and rules ask for. Any
bytes have a summary; nothing here raises. Full text for search and safe HTML are made later, by others.
"""

from dataclasses import dataclass
from mmap import mmap

from mailcore.base.clock import to_micros
from mailcore.mail.address import Address, loose_address
from mailcore.mail.addrtokens import Item, RawMailbox
from mailcore.mail.headers import Headers, message_ids, parse_date
from mailcore.mail.imapforms import body_forms, envelope
from mailcore.mail.mime import parse
from mailcore.mail.part import Part
from mailcore.mail.part import load_parts as load_parts
from mailcore.mail.preview import preview_of
from mailcore.mail.threads import base_subject
from mailcore.mail.words import decode_value

MAX_SUBJECT_CHARS = 1000
"""Characters of a subject that are stored. Stops one from filling a list's page."""
MAX_NAME_CHARS = 200
"""Characters of a display name that are stored."""
MAX_TO_NAMES = 3
"""Names in the short form of To."""
MAX_REFERENCES = 50
"""Message-ids of References that are stored, the nearest ones. Stops a header of ids from costing a row for each."""
MAX_ATTACHMENT_NAMES = 2000
"""Characters of all file names together."""

_SIGNATURES = frozenset({"pgp-signature", "pkcs7-signature", "x-pkcs7-signature", "pgp-encrypted"})
_MACHINES = frozenset({"delivery-status", "global-delivery-status", "disposition-notification", "feedback-report", "rfc822-headers", "global-headers", "calendar"})
"""Reports' parts for programs, and invitations, which are shown by what they say."""
_OTHER_FORMS = frozenset({"enriched", "richtext", "watch-html", "x-amp-html"})
"""What stands among alternatives in a form that is shown, too."""
_BULK = frozenset({"bulk", "junk", "list", "auto_reply"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A message's stored structure. Message-ids are without angle brackets; texts are decoded, to be escaped wherever shown."""

    envelope: bytes
    bodystructure: bytes
    body: bytes
    parts: bytes
    subject: str
    base_subject: str
    from_name: str
    from_addr: str
    to_display: str
    sender_keys: tuple[str, ...]
    preview: str
    msgid: str
    in_reply_to: str
    references: tuple[str, ...]
    sent_at_micros: int | None
    has_attachments: bool
    size: int
    header_bytes: int
    is_auto: bool
    list_id: str
    attachment_names: str


def summarise(data: bytes | mmap, root: Part | None = None) -> Summary:
    """The summary of a message in one scan; *root* spares it where `mime.parse` has already been run. Never raises."""
    root = parse(data) if root is None or root.headers is None else root
    headers = root.headers
    assert headers is not None
    parsed: dict[bytes, list[Item]] = {}
    envelope_form = envelope(headers, parsed)
    body_form, structure_form = body_forms(root)
    subject = headers.text(b"subject")[:MAX_SUBJECT_CHARS]
    from_name, from_addr = _first_sender(parsed[b"from"] or parsed[b"sender"])
    plain, markup, attached = leaves(root)
    date = headers.raw(b"date")
    moment = parse_date(date) if date else None
    msgid = headers.raw(b"message-id")
    parents = message_ids(headers.raw(b"in-reply-to"))
    return Summary(
        envelope=envelope_form,
        bodystructure=structure_form,
        body=body_form,
        parts=root.dump(),
        subject=subject,
        base_subject=base_subject(subject),
        from_name=from_name,
        from_addr=from_addr,
        to_display=_to_display(parsed[b"to"] or parsed[b"cc"]),
        sender_keys=_keys(parsed[b"from"], parsed[b"sender"]),
        preview=preview_of(data, plain, markup),
        msgid=(message_ids(msgid, 1) or ("",))[0],
        in_reply_to=parents[0] if parents else "",
        references=message_ids(headers.raw(b"references"), MAX_REFERENCES),
        sent_at_micros=to_micros(moment) if moment else None,
        has_attachments=bool(attached),
        size=len(data),
        header_bytes=root.body_start,
        is_auto=is_automatic(headers, root),
        list_id=_list_id(headers),
        attachment_names="\n".join([part.filename for part in attached if part.filename])[:MAX_ATTACHMENT_NAMES],
    )


def _decoded(raw: str) -> str:
    if raw.isascii() and "=?" not in raw:
        return raw[:MAX_NAME_CHARS].replace("\0", "")
    return decode_value(raw.encode("latin-1"))[:MAX_NAME_CHARS]


def _address(item: RawMailbox) -> Address | None:
    local, host = item.local, item.host
    if host and not (local.isascii() and host.isascii()):
        local, host = decode_value(local.encode("latin-1")), decode_value(host.encode("latin-1"))
    return loose_address(local, host)


def _first_sender(items: list[Item]) -> tuple[str, str]:
    """Name and address of the first mailbox."""
    for item in items:
        if isinstance(item, RawMailbox):
            address = _address(item)
            return _decoded(item.name), str(address) if address else ""
    return "", ""


def _keys(*fields: list[Item]) -> tuple[str, ...]:
    """The keys of the first addresses in From and Sender, each once."""
    keys: dict[str, None] = {}
    for items in fields:
        for item in items[:20]:
            address = _address(item) if isinstance(item, RawMailbox) else None
            if address is not None:
                keys[address.key] = None
    return tuple(keys)


def _to_display(items: list[Item]) -> str:
    """The first recipients' names, and how many more there are."""
    boxes = [item for item in items if isinstance(item, RawMailbox)]
    if not boxes:
        return _decoded(items[0].name) if items and items[0] is not None else ""
    names = []
    for item in boxes[:MAX_TO_NAMES]:
        address = None if item.name else _address(item)
        names.append(_decoded(item.name) if item.name else str(address) if address else _decoded(item.raw))
    more = len(boxes) - len(names)
    return ", ".join(names) + (f" +{more}" if more > 0 else "")


def _list_id(headers: Headers) -> str:
    """The identifier in List-Id, lower case, without its description. RFC 2919 §2."""
    raw = headers.get(b"list-id")
    if not raw:
        return ""
    opening = raw.rfind(b"<")
    inner = raw[opening + 1 :].partition(b">")[0] if opening >= 0 else raw
    return decode_value(inner).strip().lower()[:255]


def is_automatic(headers: Headers, root: Part) -> bool:
    """Whether a program wrote it: such mail gets no automatic answer. RFC 3834 §2, §5; RFC 2919; RFC 2369."""
    value = headers.get(b"auto-submitted")
    if value and raw_word(value) != b"no":
        return True
    if b"list-id" in headers or b"list-unsubscribe" in headers or b"list-post" in headers or b"x-autoreply" in headers:
        return True
    if (headers.get(b"precedence") or b"").lower().decode("latin-1") in _BULK:
        return True
    suppressed = headers.get(b"x-auto-response-suppress")
    if suppressed and raw_word(suppressed) != b"none":
        return True
    return root.type == "multipart" and root.subtype == "report"


def raw_word(value: bytes) -> bytes:
    """A value's first word, lower case, without parameters."""
    return value.partition(b";")[0].strip().lower()


def leaves(root: Part) -> tuple[Part | None, Part | None, list[Part]]:
    """The first plain text, the first HTML, and what is likely a file, in that order, without a look at what the HTML says."""
    plain: Part | None = None
    markup: Part | None = None
    attached: list[Part] = []
    stack = [(root, "")]
    while stack:
        part, parent = stack.pop()
        if part.children:
            stack.extend((child, part.subtype) for child in reversed(part.children))
        elif is_text(part, parent, has_one=plain is not None or markup is not None):
            if part.subtype == "html":
                markup = markup or part
            else:
                plain = plain or part
        elif is_file(part, parent):
            attached.append(part)
    if markup is not None:
        attached = [x for x in attached if not (x.type == "image" and x.disposition != "attachment" and (x.raw_id or x.raw_location))]
    return plain, markup, attached


def is_text(part: Part, parent: str, *, has_one: bool) -> bool:
    """Whether a leaf under a multipart/*parent* is text to be read in its place; with a name, only the first is. RFC 8621 §4.1.4."""
    if part.type != "text" or part.subtype not in ("plain", "html") or part.disposition == "attachment":
        return False
    return not parent or not ((part.raw_disposition_params or (has_one and parent == "mixed")) and part.filename)


def is_file(part: Part, parent: str) -> bool:
    """Whether people would call this leaf, which is no text to be read, a file: not a signature or a report's machine part. Enclosed messages are."""
    if part.subtype in _SIGNATURES:
        return False
    if part.disposition == "attachment":
        return True
    return part.type not in ("message", "text") or not (part.subtype in _MACHINES or (parent == "alternative" and part.subtype in _OTHER_FORMS))


