"""Auto-replies: to whom none goes, and how one is written. RFC 3834, RFC 5230, and POLICY's line on auto-replies.

A reply goes from the null path to the Return-Path, at most once a sender in the time its rule says; the memory is in the database.
"""

import hashlib

from mailcore.base.clock import DAY, SECOND, Micros, from_micros
from mailcore.base.errors import MailError
from mailcore.delivery import notices
from mailcore.delivery.parcel import Parcel
from mailcore.directory import letters, resolve
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.address import mailboxes as header_addresses
from mailcore.mail.compose import OutgoingMessage, build
from mailcore.mail.headers import Headers, message_ids, scan_headers
from mailcore.policy.facts import Mail
from mailcore.runtime.runtime import Runtime
from mailcore.sieve.actions import Vacation
from mailcore.store import Tx, accounts, filters

SUBJECT_CHARACTERS = 200
OLDEST = 1 * DAY
"""Mail that was sent longer ago is answered by nobody automatically: it was fetched, or held up."""
ROBOTS = ("mailer-daemon", "listserv", "majordomo", "owner-", "noreply", "no-reply", "postmaster", "bounce")


def why_not(mail: Mail, headers: Headers, own: set[str], sent_at: Micros | None, now: Micros) -> str:
    """Why this message gets no auto-reply; "" when it may. *own* are the keys of the person's addresses."""
    sender = mail.sender.address
    if sender is None:
        return "it came from the null path"
    local = sender.local.lower()
    if sender.key in own:
        return "it came from the person's own address"
    if local.endswith(("-request", "-owner")) or local.startswith(ROBOTS):
        return f"{sender} is a robot"
    if mail.is_junk or mail.is_forged:
        return "it is junk, or its sender is forged"
    if _says(headers, b"auto-submitted", lambda v: v.split(";")[0].strip() != "no"):
        return "it was sent automatically"
    if _says(headers, b"precedence", lambda v: v.strip() in ("bulk", "junk", "list")):
        return "it is bulk mail"
    if _says(headers, b"x-auto-response-suppress", lambda v: any(w in v for w in ("all", "oof", "autoreply"))):
        return "its sender wants no auto-replies"
    if any(name.startswith(b"list-") for name, _value in headers.items()):
        return "it came by a mailing list"
    if sent_at is not None and now - sent_at > OLDEST:
        return "it is older than a day"
    named = {n.address.key for field in (b"to", b"cc", b"resent-to", b"resent-cc") for v in headers.all(field) for n in header_addresses(v) if n.address}
    return "" if named & own else "it was not addressed to the person"


def _says(headers: Headers, name: bytes, judge: object) -> bool:
    raw = headers.raw(name)
    return raw is not None and callable(judge) and bool(judge(raw.decode("latin-1").strip().lower()))


def handle_of(vacation: Vacation) -> str:
    """What the memory is kept under: the script's handle, else what the reply says. RFC 5230 §4.2."""
    text = vacation.handle or f"{vacation.subject}\0{vacation.from_address}\0{vacation.reason}"
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


def write(runtime: Runtime, tx: Tx, mail: Mail, parcel: Parcel, account: accounts.Account, vacation: Vacation, reached_by: str) -> notices.Notice | str:
    """The reply, ready to be put; or why there is none, in words."""
    now = runtime.clock.micros()
    headers = scan_headers(parcel.data)
    own = {Address.parse(x).key for x in (*resolve.addresses_of(tx, account), *vacation.addresses, reached_by)}
    reason = why_not(mail, headers, own, parcel.summary.sent_at_micros, now)
    to = mail.sender.address
    if reason or to is None:
        return reason
    last = filters.last_reply(tx, account.id, handle_of(vacation), to.key)
    if last is not None and now - last < max(vacation.seconds, 1) * SECOND:
        return "it was answered already not long ago"
    try:
        data = compose(runtime, account, vacation, headers, to, now, own)
    except MailError as error:
        return error.detail
    return notices.prepare(runtime, data, to, "reply", about=parcel.trace_id)


def compose(runtime: Runtime, account: accounts.Account, vacation: Vacation, headers: Headers, to: Address, now: Micros, own: set[str]) -> bytes:
    """The reply's bytes. Raises MailError(SYNTAX)."""
    original = one_line(headers.text(b"subject"))
    subject = one_line(vacation.subject or "").replace("%SUBJECT%", original) or _subject(runtime, account, original)
    sender = Address.parse(vacation.from_address) if vacation.from_address else Address.parse(account.address)
    if sender.key not in own:
        sender = Address.parse(account.address)
    answered = message_ids(headers.raw(b"message-id"), 1)
    references = (*message_ids(headers.raw(b"references"), 20), *answered)
    extra = (("Auto-Submitted", "auto-replied"), ("X-Auto-Response-Suppress", "All"))
    message = OutgoingMessage(
        from_=(NamedAddress(account.display_name, sender, ""),), to=(NamedAddress("", to, ""),), date=from_micros(now),
        msgid=f"{runtime.new_trace_id()}@{runtime.hostname}", subject=subject[:SUBJECT_CHARACTERS],
        text="" if vacation.is_mime else vacation.reason.replace("%SUBJECT%", original), in_reply_to=answered[0] if answered else "", references=references, extra=extra,
    )  # fmt: skip
    made = build(message)
    if not vacation.is_mime:
        return made
    # RFC 5230 §4.6: :mime gives the content's own header and body; ours ends before its Content-Type.
    head = made[: made.index(b"\r\n\r\n") + 2]
    kept = b"".join(f for f in _fields(head) if not f.lower().startswith(b"content-"))
    return kept + b"\r\n".join(vacation.reason.encode().splitlines()) + b"\r\n"


def _subject(runtime: Runtime, account: accounts.Account, original: str) -> str:
    """The subject of a reply that has none of its own."""
    tx = runtime.store.read()
    language = letters.language_for(runtime, tx, Address.parse(account.address))
    return letters.written(runtime, tx, "reply.subject", language, Subject=original, Address=account.address)[0]


def _fields(head: bytes) -> list[bytes]:
    made: list[bytes] = []
    for line in head.splitlines(keepends=True):
        if line[:1] in b" \t" and made:
            made[-1] += line
        else:
            made.append(line)
    return made


def one_line(text: str) -> str:
    """*text* without anything that ends a header line."""
    return " ".join("".join(c if c >= " " and c != "\x7f" else " " for c in text).split())
