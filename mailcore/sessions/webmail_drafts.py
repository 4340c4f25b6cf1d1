"""Drafts of the webmail: real messages in Drafts, saved as a whole, found again by their Message-ID or row.

What was typed and cannot stand in a header yet (half an address) is kept in X-Roost-Draft, with the revision that tells two
tabs apart and the message that is answered. Sending builds the message anew without it.
"""

import base64
import binascii
import contextlib
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.delivery.parcel import new_email
from mailcore.delivery.submit import Aftermath, Overtaken, checked, submit_message
from mailcore.directory import identities, resolve
from mailcore.mail import texts
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.address import mailboxes as address_list
from mailcore.mail.body import MAX_BODY_BYTES, decode_body
from mailcore.mail.compose import Attachment, OutgoingMessage, build
from mailcore.mail.headers import Headers, message_ids, scan_headers
from mailcore.mail.html import html_to_text, sanitise, text_to_html
from mailcore.mail.mime import parse
from mailcore.mail.structure import summarise
from mailcore.policy import intake
from mailcore.runtime.runtime import Runtime
from mailcore.sessions.webmail import actor_of, label
from mailcore.store import Tx, accounts, contacts, listing, mailboxes, messages
from mailcore.store.accounts import Account

FIELD = b"x-roost-draft"
MAX_ATTACHMENTS = 200
"""Files one draft may hold."""
REPORTS = "SUCCESS,DELAY,FAILURE"
REPLY_LATER = "reply-later"
"""The label of mail that waits for an answer; the answer takes it off."""
COUNTED = 100
"""Recipients of one message that count as written to."""
RESERVE = 1.1
"""How far over the quota drafts may still be saved (POLICY, Accepting)."""
ATTEMPTS = 8
"""Writes of one draft at the same time that still all arrive."""


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
    priority: str = ""
    """high, low or ""."""
    wants_receipt: bool = False
    """Ask the reader's program to say that it was read (RFC 8098)."""
    wants_report: bool = False
    """Ask the servers on the way to say that it was delivered (RFC 3461)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A draft as it stands. *answers* is (reply or forward, message id) of what it answers; *email_id* which version was read."""

    key: str
    typed: Typed
    message_id: int = 0
    revision: int = 0
    answers: tuple[str, int] | None = None
    in_reply_to: str = ""
    references: tuple[str, ...] = ()
    files: tuple[Attachment, ...] = field(default=())
    email_id: int = 0


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
    return replace(read(key, listing.content(runtime.store.blobs, stored), message_id), email_id=stored.row.email_id)


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
    written = texts.texts(data, root, MAX_BODY_BYTES)
    typed = Typed(
        sender=kept.get("from", "") or _first(headers.text(b"from")), to=kept.get("to", headers.text(b"to")), cc=kept.get("cc", headers.text(b"cc")),
        bcc=kept.get("bcc", headers.text(b"bcc")), subject=headers.text(b"subject"),
        text="\n\n".join(one.text for one in written.pieces if not one.is_html),
        html="".join(one.text if one.is_html else text_to_html(one.text) for one in written.pieces) if written.has_html else "",
        priority=_priority(headers), wants_receipt=headers.raw(b"disposition-notification-to") is not None, wants_report=bool(kept.get("report")),
    )  # fmt: skip
    named = [x for x in root.walk() if x.content_id and x.type == "image" and not x.children]
    shown = {x.content_id for x in named} if kept else texts.pictures(root, written.markup)
    files = [Attachment(name=x.filename or "file", type=x.mime_type, content=decode_body(data, x)) for x in texts.files(root, shown)]
    files += [Attachment(name=x.filename or "file", type=x.mime_type, content=decode_body(data, x), content_id=x.content_id) for x in named if x.content_id in shown]
    answers = kept.get("answers")
    return Draft(
        key=key, typed=typed, message_id=message_id, revision=int(kept.get("revision", 0)), answers=(answers[0], int(answers[1])) if answers else None,
        in_reply_to=(message_ids(headers.raw(b"in-reply-to"), 1) or ("",))[0], references=message_ids(headers.raw(b"references")), files=tuple(files),
    )  # fmt: skip


def _priority(headers: Headers) -> str:
    return {"high": "high", "low": "low"}.get((headers.text(b"importance") or "").strip().lower(), "")


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
    extra = _wishes(typed, sender)
    if is_draft:
        kept = {"revision": draft.revision, "from": typed.sender, "to": typed.to, "cc": typed.cc, "bcc": typed.bcc, "answers": draft.answers, "report": typed.wants_report}
        packed = base64.b64encode(json.dumps(kept).encode()).decode()
        extra += (("X-Roost-Draft", " ".join(packed[i : i + 60] for i in range(0, len(packed), 60))),)
    shown, files = _placed(draft.files, html, is_draft=is_draft)
    name = draft.key if draft.key.startswith("n") else f"d{draft.key}.{runtime.new_trace_id()}" if is_draft else f"d{draft.key}"
    message = OutgoingMessage(
        from_=(sender,), reply_to=own_reply_to(runtime.store.read(), account, sender), date=runtime.clock.now(), msgid=f"{name}@{runtime.hostname}", to=good(typed.to), cc=good(typed.cc), bcc=good(typed.bcc),
        subject=" ".join(typed.subject.split()), text=text, html=html, inline=shown, attachments=files, in_reply_to=draft.in_reply_to,
        references=draft.references, extra=extra,
    )  # fmt: skip
    return build(message, keep_bcc=True)


def _placed(files: Sequence[Attachment], html: str | None, *, is_draft: bool) -> tuple[tuple[Attachment, ...], tuple[Attachment, ...]]:
    """Pictures of the text, and files. A draft keeps pictures that stand nowhere yet; a message that is sent leaves them out."""
    pictures = [f for f in files if f.content_id]
    shown = tuple(f for f in pictures if html is not None and (is_draft or f"cid:{f.content_id}" in html))
    waiting = pictures if is_draft and html is None else []
    return shown, (*(f for f in files if not f.content_id), *waiting)


def _wishes(typed: Typed, sender: NamedAddress) -> tuple[tuple[str, str], ...]:
    """Priority as programs read it (RFC 2156 §5.3.6, and X-Priority), and where a read receipt is to go (RFC 8098 §2.1)."""
    marks = {"high": (("Importance", "high"), ("X-Priority", "1")), "low": (("Importance", "low"), ("X-Priority", "5"))}.get(typed.priority, ())
    return (*marks, ("Disposition-Notification-To", str(sender.address))) if typed.wants_receipt else marks


def own_sender(tx: Tx, account: Account, chosen: str) -> NamedAddress:
    """The From of a message: the chosen address if it is one's own, else the account's, with the person's name."""
    try:
        address = Address.parse(chosen) if chosen else Address.parse(account.address)
        if not resolve.may_send_as(tx, account, address):
            address = Address.parse(account.address)
    except MailError:
        address = Address.parse(account.address)
    chosen_name = next((one.name for one in identities.of_account(tx, account) if one.address == address.key), account.display_name)
    return NamedAddress(chosen_name, address, "")


def own_reply_to(tx: Tx, account: Account, sender: NamedAddress) -> tuple[NamedAddress, ...]:
    """Where answers to mail from *sender* are to go, if the person chose an address for that."""
    key = sender.address.key if sender.address is not None else ""
    return tuple(a for one in identities.of_account(tx, account) if one.address == key and one.reply_to for a in address_list(one.reply_to))


def good(typed: str) -> tuple[NamedAddress, ...]:
    """The addresses in a typed list that are addresses."""
    return tuple(a for a in address_list(typed) if a.address is not None and a.address.domain) if typed.strip() else ()


def wrong(typed: str) -> list[str]:
    """What in a typed list is no address."""
    return [a.raw or a.name for a in address_list(typed) if a.address is None or not a.address.domain] if typed.strip() else []


def save(runtime: Runtime, account: Account, key: str, typed: Typed, revision: int, *, start: Draft | None = None) -> Draft:
    """Save what was typed. When another tab has saved since *revision*, this text becomes a draft of its own: nothing is written over."""

    def change(existing: Draft | None) -> Draft:
        if existing is not None and existing.revision != revision and not _says_the_same(existing.typed, typed):
            return replace(existing, key=new_key(runtime), typed=typed, message_id=0, email_id=0, revision=1)
        return replace(existing or start or Draft(key=key, typed=typed), typed=typed, revision=(existing.revision if existing else 0) + 1)

    return _change(runtime, account, key, change)


def _says_the_same(one: Typed, other: Typed) -> bool:
    """Whether two versions hold the same words: a save whose answer was lost is no conflict when it comes again."""

    def words(typed: Typed) -> list[str]:
        return " ".join([typed.to, typed.cc, typed.bcc, "|", typed.subject, "|", html_to_text(typed.html) if typed.html else typed.text]).split()

    return words(one) == words(other)


def _change(runtime: Runtime, account: Account, key: str, change: Callable[[Draft | None], Draft]) -> Draft:
    """Read, change, write; again when somebody wrote in between, so that a file that arrives and text that is saved keep each other."""
    for _attempt in range(ATTEMPTS):
        existing = find(runtime, account, key)
        changed = change(existing)
        if existing is None and changed.key.isdigit():
            changed = replace(changed, key=new_key(runtime))
        try:
            return store(runtime, account, changed)
        except Overtaken:
            continue
    raise MailError(Reason.CONFLICT, "This draft is being changed in another window. Try again.")


def store(runtime: Runtime, account: Account, draft: Draft) -> Draft:
    """Write the draft, in the place of the version that was read. Raises Overtaken, MailError(TOO_BIG, OVER_QUOTA)."""
    data = compose(runtime, account, draft, is_draft=True)
    limit = int(runtime.settings.get("smtp.message_size", domain_id=account.domain_id))
    if len(data) > limit:
        raise MailError(Reason.TOO_BIG, f"A message may have {intake.file_words(limit)} with all its files; this one would have {intake.file_words(len(data))}.")
    mine = accounts.account(runtime.store.read(), account.id) or account
    if mine.quota_bytes and mine.used_bytes + len(data) > mine.quota_bytes * RESERVE:
        raise MailError(Reason.OVER_QUOTA, "Your mailbox is full. Delete some messages or empty Trash.")
    staged, summary, now, actor = runtime.store.blobs.add(data), summarise(data), runtime.clock.micros(), actor_of(account)
    email = new_email(staged, summary)
    flags = messages.SEEN | messages.DRAFT

    def write(tx: Tx) -> messages.Placed:
        known = draft.message_id or _by_msgid(tx, account, f"{draft.key}@{runtime.hostname}")
        if known:
            stands = tx.value("SELECT email_id FROM messages WHERE id = :i AND account_id = :a", {"i": known, "a": account.id})
            if not draft.message_id or stands != draft.email_id:
                raise Overtaken(Reason.CONFLICT, "This draft was changed in another window.")
            return messages.replace(tx, runtime.store.blobs, account.id, draft.message_id, email, actor=actor, now=now, flags=flags)
        box = mailboxes.by_role(tx, account.id, "drafts") or mailboxes.create(tx, account.id, "Drafts", role="drafts", actor=actor, now=now)
        return messages.append(tx, runtime.store.blobs, account.id, box.id, email, actor=actor, now=now, flags=flags)

    placed = runtime.store.write(write)
    return replace(draft, message_id=placed.message_id, email_id=placed.email_id)


def attach(runtime: Runtime, account: Account, key: str, files: Sequence[Attachment], *, start: Draft | None = None) -> Draft:
    """Add files to a draft, which is saved if it was not yet. Raises MailError(TOO_BIG, LIMIT)."""

    def change(existing: Draft | None) -> Draft:
        draft = existing or start or Draft(key=key, typed=Typed())
        if len(draft.files) + len(files) > MAX_ATTACHMENTS:
            raise MailError(Reason.LIMIT, f"A message holds at most {MAX_ATTACHMENTS} files.")
        return replace(draft, files=(*draft.files, *files))

    return _change(runtime, account, key, change)


def detach(runtime: Runtime, account: Account, key: str, number: int) -> Draft:
    """Take file *number* (from 0, pictures of the text not counted) off a draft."""

    def change(draft: Draft | None) -> Draft:
        own = [f for f in draft.files if not f.content_id] if draft is not None else []
        if draft is None or not 0 <= number < len(own):
            raise MailError(Reason.NOT_FOUND, "That file is no longer on the draft.")
        return replace(draft, files=tuple(f for f in draft.files if f is not own[number]))

    return _change(runtime, account, key, change)


def without_files(runtime: Runtime, account: Account, key: str, *, start: Draft | None = None) -> Draft:
    """Take every file off a draft; pictures of the text stay."""

    def change(existing: Draft | None) -> Draft:
        draft = existing or start or Draft(key=key, typed=Typed())
        return replace(draft, files=tuple(f for f in draft.files if f.content_id))

    return _change(runtime, account, key, change)


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

    def change(existing: Draft | None) -> Draft:
        return replace(existing or start or Draft(key=key, typed=typed), typed=typed, revision=(existing.revision if existing else 0) + 1)

    return _change(runtime, account, key, change)


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
        msgid=f"{draft.key}@{runtime.hostname}" if draft.key.startswith("n") else f"d{key}@{runtime.hostname}" if existing is None else "", draft_message_id=existing.message_id if existing else None, draft_email_id=start.email_id if start else 0, answered_message_id=answered if kind == "reply" else None,
        forwarded_message_id=answered if kind == "forward" else None,
    )  # fmt: skip
    trace_id = submit_message(runtime, account, data, sender, distinct, aftermath=aftermath, ip=ip, notify=REPORTS if typed.wants_report else "")
    with contextlib.suppress(MailError):  # It is sent: what only makes life easier may not say otherwise.
        remember(runtime, account, typed, distinct)
        if kind == "reply" and answered:
            label(runtime, account, [answered], REPLY_LATER, is_on=False)
    return trace_id


def remember(runtime: Runtime, account: Account, typed: Typed, distinct: Sequence[Address]) -> None:
    """Count whom was written to, for the suggestions."""
    names = {a.address.key: a.name for a in (*good(typed.to), *good(typed.cc), *good(typed.bcc)) if a.address is not None}
    people, now = [(names.get(a.key, "")[:200], a.key) for a in distinct[:COUNTED]], runtime.clock.micros()
    runtime.store.write(lambda tx: contacts.used(tx, account.id, people, now))
