"""Drafts of the webmail: real messages in Drafts, saved as a whole, found again by their Message-ID or row.

What was typed and cannot stand in a header yet (half an address) is kept in X-Roost-Draft, with the revision that tells two
tabs apart and the message that is answered. Sending builds the message anew without it.
"""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.delivery.parcel import new_email
from mailcore.delivery.submit import Aftermath, checked, submit_message
from mailcore.directory import resolve
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.address import mailboxes as address_list
from mailcore.mail.body import decode_body
from mailcore.mail.compose import Attachment, OutgoingMessage, build
from mailcore.mail.headers import message_ids, scan_headers
from mailcore.mail.html import html_to_text, sanitise
from mailcore.mail.mime import decode_text, parse
from mailcore.mail.structure import leaves, summarise
from mailcore.runtime.runtime import Runtime
from mailcore.sessions.webmail import actor_of
from mailcore.store import Tx, listing, mailboxes, messages
from mailcore.store.accounts import Account

FIELD = b"x-roost-draft"
MAX_ATTACHMENTS = 200
"""Files one draft may hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Typed:
    """The form as it was typed; *html* is "" for plain text."""

    sender: str = ""
    to: str = ""
    cc: str = ""
    bcc: str = ""
    subject: str = ""
    text: str = ""
    html: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft as it stands. *answers* is (reply or forward, message id) of what it answers."""

    key: str
    typed: Typed
    message_id: int = 0
    revision: int = 0
    answers: tuple[str, int] | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = field(default=())


def new_key(runtime: Runtime) -> str:
    """A key for a draft that is not saved yet."""
    return "n" + runtime.new_trace_id()


def find(runtime: Runtime, account: Account, key: str) -> Draft | None:
    """The saved draft of *key* ("n…" or a message id), or None when it was never saved or is gone."""
    tx = runtime.store.read()
    message_id = int(key) if key.isascii() and key.isdigit() and len(key) < 19 else _by_msgid(tx, account, f"{key}@{runtime.hostname}")
    if message_id is None:
        return None
    try:
        stored = listing.get(tx, account.id, message_id)
    except MailError:
        return None
    if not stored.row.flags & messages.DRAFT:
        return None
    return read(key, listing.content(runtime.store.blobs, stored), message_id)


def _by_msgid(tx: Tx, account: Account, msgid: str) -> int | None:
    box = mailboxes.by_role(tx, account.id, "drafts")
    if box is None:
        return None
    found = tx.value(
        "SELECT m.id FROM messages m JOIN emails e ON e.id = m.email_id WHERE m.mailbox_id = :b AND e.msgid = :m ORDER BY m.id DESC LIMIT 1",
        {"b": box.id, "m": msgid},
    )
    return None if found is None else int(found)


def read(key: str, data: bytes, message_id: int) -> Draft:
    """A draft from its bytes, ours or another program's."""
    root = parse(data)
    headers = scan_headers(data)
    kept = _kept(headers.raw(FIELD))
    plain, markup, attached = leaves(root)
    typed = Typed(
        sender=kept.get("from", "") or _first(headers.text(b"from")), to=kept.get("to", headers.text(b"to")), cc=kept.get("cc", headers.text(b"cc")),
        bcc=kept.get("bcc", headers.text(b"bcc")), subject=headers.text(b"subject"),
        text=decode_text(data, plain).replace("\r\n", "\n") if plain is not None else "", html=decode_text(data, markup) if markup is not None else "",
    )  # fmt: skip
    files = [Attachment(name=p.filename or "file", type=p.mime_type, content=decode_body(data, p), content_id=p.content_id) for p in attached]
    answers = kept.get("answers")
    return Draft(
        key=key, typed=typed, message_id=message_id, revision=int(kept.get("revision", 0)), answers=(answers[0], int(answers[1])) if answers else None,
        in_reply_to=(message_ids(headers.raw(b"in-reply-to"), 1) or ("",))[0], references=message_ids(headers.raw(b"references")), files=tuple(files),
    )  # fmt: skip


def _first(value: str) -> str:
    found = address_list(value)
    return str(found[0].address) if found and found[0].address else ""


def _kept(raw: bytes | None) -> dict[str, Any]:
    if raw is None:
        return {}
    try:
        found = json.loads(base64.b64decode(b"".join(raw.split()), validate=True))
    except (binascii.Error, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def compose(runtime: Runtime, account: Account, draft: Draft, *, is_draft: bool) -> bytes:
    """The draft as a message; addresses that are none yet are left out of the header. Raises MailError(SYNTAX)."""
    typed = draft.typed
    sender = own_sender(runtime.store.read(), account, typed.sender)
    html = sanitise(typed.html, cid_url=lambda cid: f"cid:{cid}", remote_url=lambda url: url).html if typed.html else None
    text = html_to_text(typed.html) if html is not None else typed.text
    extra: tuple[tuple[str, str], ...] = ()
    if is_draft:
        kept = {"revision": draft.revision, "from": typed.sender, "to": typed.to, "cc": typed.cc, "bcc": typed.bcc, "answers": draft.answers}
        packed = base64.b64encode(json.dumps(kept).encode()).decode()
        extra = (("X-Roost-Draft", " ".join(packed[i : i + 60] for i in range(0, len(packed), 60))),)
    name = draft.key if draft.key.startswith("n") else f"d{draft.message_id}.{runtime.new_trace_id()}"
    message = OutgoingMessage(
        from_=(sender,), date=runtime.clock.now(), msgid=f"{name}@{runtime.hostname}", to=good(typed.to), cc=good(typed.cc), bcc=good(typed.bcc),
        subject=" ".join(typed.subject.split()), text=text, html=html, inline=tuple(f for f in draft.files if f.content_id and html is not None),
        attachments=tuple(replace(f, content_id="") for f in draft.files if not (f.content_id and html is not None)), in_reply_to=draft.in_reply_to,
        references=draft.references, extra=extra,
    )  # fmt: skip
    return build(message, keep_bcc=True)


def own_sender(tx: Tx, account: Account, chosen: str) -> NamedAddress:
    """The From of a message: the chosen address if it is one's own, else the account's, with the person's name."""
    try:
        address = Address.parse(chosen) if chosen else Address.parse(account.address)
        if not resolve.may_send_as(tx, account, address):
            address = Address.parse(account.address)
    except MailError:
        address = Address.parse(account.address)
    return NamedAddress(account.display_name, address, "")


def good(typed: str) -> tuple[NamedAddress, ...]:
    """The addresses in a typed list that are addresses."""
    return tuple(a for a in address_list(typed) if a.address is not None and a.address.domain) if typed.strip() else ()


def wrong(typed: str) -> list[str]:
    """What in a typed list is no address."""
    return [a.raw or a.name for a in address_list(typed) if a.address is None or not a.address.domain] if typed.strip() else []


def save(runtime: Runtime, account: Account, key: str, typed: Typed, revision: int, *, start: Draft | None = None) -> Draft:
    """Save what was typed. Raises MailError(CONFLICT) when another tab has saved since *revision*."""
    existing = find(runtime, account, key)
    if existing is not None and existing.revision != revision:
        raise MailError(Reason.CONFLICT, "This draft was changed in another window. Load it again to see that, or copy your text first.")
    base = existing or start or Draft(key=key, typed=typed)
    html = typed.html
    return store(runtime, account, replace(base, typed=replace(typed, html=html), revision=(existing.revision if existing else 0) + 1))


def store(runtime: Runtime, account: Account, draft: Draft) -> Draft:
    """Write the draft, in the place of its last version."""
    data = compose(runtime, account, draft, is_draft=True)
    limit = int(runtime.settings.get("smtp.message_size", domain_id=account.domain_id))
    if len(data) > limit:
        raise MailError(Reason.TOO_BIG, f"A message may have {limit // 1024**2} MB with all its files; this one would have {len(data) // 1024**2 + 1} MB.")
    staged, summary, now, actor = runtime.store.blobs.add(data), summarise(data), runtime.clock.micros(), actor_of(account)
    email = new_email(staged, summary)
    flags = messages.SEEN | messages.DRAFT

    def write(tx: Tx) -> messages.Placed:
        if draft.message_id:
            return messages.replace(tx, runtime.store.blobs, account.id, draft.message_id, email, actor=actor, now=now, flags=flags)
        box = mailboxes.by_role(tx, account.id, "drafts") or mailboxes.create(tx, account.id, "Drafts", role="drafts", actor=actor, now=now)
        return messages.append(tx, runtime.store.blobs, account.id, box.id, email, actor=actor, now=now, flags=flags)

    return replace(draft, message_id=runtime.store.write(write).message_id)


def attach(runtime: Runtime, account: Account, key: str, files: Sequence[Attachment], *, start: Draft | None = None) -> Draft:
    """Add files to a draft, which is saved if it was not yet. Raises MailError(TOO_BIG, LIMIT)."""
    draft = find(runtime, account, key) or start or Draft(key=key, typed=Typed())
    if len(draft.files) + len(files) > MAX_ATTACHMENTS:
        raise MailError(Reason.LIMIT, f"A message holds at most {MAX_ATTACHMENTS} files.")
    return store(runtime, account, replace(draft, files=(*draft.files, *files)))


def detach(runtime: Runtime, account: Account, key: str, number: int) -> Draft:
    """Take file *number* (from 0) off a draft."""
    draft = find(runtime, account, key)
    if draft is None or not 0 <= number < len(draft.files):
        raise MailError(Reason.NOT_FOUND, "That file is no longer on the draft.")
    return store(runtime, account, replace(draft, files=draft.files[:number] + draft.files[number + 1 :]))


def discard(runtime: Runtime, account: Account, key: str) -> None:
    """Remove a draft; it can be put back while the time for undelete lasts."""
    from mailcore.sessions.webmail import remove

    draft = find(runtime, account, key)
    if draft is not None:
        remove(runtime, account, [draft.message_id])


def recipients(typed: Typed) -> list[Address]:
    """Everyone the message goes to, each once."""
    people = [a.address for a in (*good(typed.to), *good(typed.cc), *good(typed.bcc)) if a.address is not None]
    return list({a.key: a for a in people}.values())


def ready(runtime: Runtime, account: Account, key: str, typed: Typed, *, start: Draft | None = None) -> Draft:
    """Save the draft as typed, once all its recipients are good, for a send that comes later. Raises MailError."""
    checked(runtime, account, own_sender(runtime.store.read(), account, typed.sender).address, recipients(typed), 0)
    existing = find(runtime, account, key)
    base = existing or start or Draft(key=key, typed=typed)
    return store(runtime, account, replace(base, typed=typed, revision=(existing.revision if existing else 0) + 1))


def send(runtime: Runtime, account: Account, key: str, typed: Typed, *, start: Draft | None = None, ip: str = "127.0.0.1") -> str:
    """Send the draft as typed; the trace id. Files it, ends the draft and marks what it answers in the same write. Raises MailError."""
    existing = find(runtime, account, key)
    base = existing or start or Draft(key=key, typed=typed)
    draft = replace(base, typed=typed)
    data = compose(runtime, account, draft, is_draft=False)
    distinct = recipients(typed)
    sender = own_sender(runtime.store.read(), account, typed.sender).address
    kind, answered = draft.answers or ("", 0)
    aftermath = Aftermath(
        draft_message_id=existing.message_id if existing else None, answered_message_id=answered if kind == "reply" else None,
        forwarded_message_id=answered if kind == "forward" else None,
    )  # fmt: skip
    return submit_message(runtime, account, data, sender, distinct, aftermath=aftermath, ip=ip)
