"""Takes what people send, from programs and from the webmail: who may send as whom, Bcc away, Date and Message-ID there.

The envelope's address was checked at MAIL; here the header's is. For the webmail the Sent copy, the draft's end and the flag on
the answered message are part of the same write as the delivery, so that mail is sent once and filed once.
"""

from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from email.utils import format_datetime

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import accept, footers
from mailcore.delivery.parcel import Parcel, new_email, parcel_of
from mailcore.mail.address import Address, NamedAddress, ReversePath
from mailcore.mail.address import mailboxes as header_addresses
from mailcore.mail.compose import HIDDEN, strip_bcc
from mailcore.mail.headers import Headers, scan_headers
from mailcore.mail.structure import summarise
from mailcore.policy import facts, intake, pipeline
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, mailboxes, messages, sharing, threads
from mailcore.store.accounts import Account

RECEIPTED = "$MDNSent"
"""The keyword of a message whose receipt was sent, or never will be. RFC 3503."""


def from_program(runtime: Runtime, mail: facts.Mail, parcel: Parcel, data: bytes, headers: Headers) -> "Future[None]":
    """A message that came by submission: checked, completed, handed on. Raises MailError."""
    account = mail.client.account
    assert account is not None
    check_author(runtime, account, headers)
    wire = footers.applied(runtime, account, mail, completed(runtime, data, headers), headers)
    if wire is not data:
        parcel = parcel_of(parcel.trace_id, runtime.store.blobs.add(wire), wire)
    also = None
    if runtime.settings.get("submission.keep_sent", account_id=account.id, domain_id=account.domain_id):
        also = _aftermath(runtime, account, replace_missing(runtime, data, wire, headers), parcel.trace_id, Aftermath(), runtime.clock.micros())
    return accept.accept(runtime, mail, parcel, also=also)


def completed(runtime: Runtime, data: bytes, headers: Headers) -> bytes:
    """*data* as it goes on the wire: without Bcc, with Date and Message-ID (RFC 6409 §8). The same object when nothing was to do."""
    if any(name in headers for name in HIDDEN):
        data = strip_bcc(data)
    missing = b""
    if headers.raw(b"date") is None:
        missing += b"Date: " + format_datetime(runtime.clock.now()).encode() + b"\r\n"
    if headers.raw(b"message-id") is None:
        missing += f"Message-ID: <{runtime.new_trace_id()}@{runtime.hostname}>\r\n".encode()
    return missing + data if missing else data


def check_author(runtime: Runtime, account: Account, headers: Headers) -> None:
    """Raises MailError(SENDER_DENIED) unless From (or Resent-From, or Sender of several) is the account's own. See POLICY, Trust."""
    for name in (b"resent-from", b"from"):
        value = headers.raw(name)
        if value is None:
            continue
        authors = header_addresses(value)
        if len(authors) > 1:
            sender = headers.raw(b"sender")
            authors = header_addresses(sender) if sender is not None else authors
            authors = authors[:1] if sender is not None else authors
        _check_each(runtime, account, authors, name.decode().title())
        return
    raise MailError(Reason.SENDER_DENIED, "The message has no From line that says who wrote it.")


def _check_each(runtime: Runtime, account: Account, authors: Sequence[NamedAddress], field: str) -> None:
    if not authors:
        raise MailError(Reason.SENDER_DENIED, f"The {field} line names no address.")
    for author in authors:
        if author.address is None or not pipeline.may_send_as(runtime, account, author.address):
            raise pipeline.denied(account, f"{author.address or author.raw[:100]} ({field})")


class Overtaken(MailError):
    """The draft was written by somebody else between our look and our write."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Aftermath:
    """What else the webmail wants done in the write that sends: file the Sent copy, end the draft, flag the original."""

    files_sent: bool = True
    draft_message_id: int | None = None
    msgid: str = ""
    """The Message-ID of a draft that is sent by its key; where it stands in Sent by then, it was sent by another click. "" does not ask."""
    draft_email_id: int = 0
    """The version of the draft that is sent; where it is another one by then, nothing is. 0 does not ask."""
    answered_message_id: int | None = None
    forwarded_message_id: int | None = None
    receipted_message_id: int | None = None
    """A message whose receipt this is; where it was answered by then, nothing is sent."""


def checked(
    runtime: Runtime, account: Account, sender: Address | None, recipients: Sequence[Address], size: int, *, ip: str = "127.0.0.1", agent: str = "webmail",
    notify: str = "",
) -> facts.Mail:  # fmt: skip
    """The transaction for what a person wants to send, every recipient checked. Raises MailError with a sentence for the person."""
    client = facts.Client(ip=ip, listener="web", helo=agent, is_extended=True, is_tls=True, account=account)
    made = facts.Mail(client=client, sender=ReversePath(sender), size=size)
    pipeline.at_sender(runtime, made)
    if not recipients:
        raise MailError(Reason.SYNTAX, "Nobody is to get this message yet.")
    for address in recipients:
        made.recipients.append(pipeline.at_recipient(runtime, made, address, notify=notify))
    return made


def submit_message(
    runtime: Runtime, account: Account, data: bytes, sender: Address | None, recipients: Sequence[Address], *, aftermath: Aftermath | None = None,
    ip: str = "127.0.0.1", agent: str = "webmail", notify: str = "",
) -> str:  # fmt: skip
    """Send *data* (a whole message, Bcc still in it) in the name of *account*; the trace id once all is on disk.

    *sender* is the envelope's, None for the null path. Raises MailError with a sentence for the person; nothing is stored then.
    """
    made = checked(runtime, account, sender, recipients, len(data), ip=ip, agent=agent, notify=notify)
    headers = scan_headers(data)
    check_author(runtime, account, headers)
    intake.check_size(runtime, made, len(data))
    made.is_utf8 = any(not a.is_ascii for a in recipients) or (sender is not None and not sender.is_ascii)
    wire = footers.applied(runtime, account, made, completed(runtime, data, headers), headers)
    trace_id = runtime.new_trace_id()
    parcel = parcel_of(trace_id, runtime.store.blobs.add(wire), wire)
    then = aftermath or Aftermath()
    own = replace_missing(runtime, data, wire, headers)
    also = _aftermath(runtime, account, own, trace_id, then, runtime.clock.micros())
    accept.accept(runtime, made, parcel, also=also).result()
    return trace_id


def replace_missing(runtime: Runtime, data: bytes, wire: bytes, headers: Headers) -> bytes:
    """The Sent copy: as written, Bcc included, with the same Date and Message-ID as the wire's."""
    if headers.raw(b"date") is not None and headers.raw(b"message-id") is not None:
        return data
    sent = scan_headers(wire)
    added = b"".join(
        name.title().replace(b"Id", b"ID") + b": " + (sent.raw(name) or b"").strip() + b"\r\n"
        for name in (b"date", b"message-id")
        if headers.raw(name) is None
    )
    return added + data


def _aftermath(runtime: Runtime, account: Account, own: bytes, trace_id: str, then: Aftermath, now: Micros) -> Callable[[Tx], None]:
    staged = runtime.store.blobs.add(own) if then.files_sent else None
    email = new_email(staged, summarise(own), b"", trace_id) if staged is not None else None
    actor = f"webmail:{account.address}"

    def also(tx: Tx) -> None:
        if then.msgid and _was_sent(tx, account.id, then.msgid):
            raise Overtaken(Reason.CONFLICT, "It has been sent already.")
        if email is not None:
            box = mailboxes.by_role(tx, account.id, "sent") or mailboxes.create(tx, account.id, "Sent", role="sent", actor=actor, now=now)
            messages.append(tx, runtime.store.blobs, account.id, box.id, email, actor=actor, now=now, flags=messages.SEEN)
        if then.draft_message_id is not None:
            stands = tx.value("SELECT email_id FROM messages WHERE id = :i AND account_id = :a", {"i": then.draft_message_id, "a": account.id})
            if stands is None:
                raise Overtaken(Reason.CONFLICT, "It has been sent already.")
            if then.draft_email_id and stands != then.draft_email_id:
                raise Overtaken(Reason.CONFLICT, "This draft was changed in another window.")
            _expunge_one(tx, account.id, then.draft_message_id, actor, now)
        if then.answered_message_id is not None:
            _flag_one(tx, account, then.answered_message_id, messages.ANSWERED, (), actor, now)
        if then.forwarded_message_id is not None:
            _flag_one(tx, account, then.forwarded_message_id, 0, ("$Forwarded",), actor, now)
        if then.receipted_message_id is not None:
            if RECEIPTED.lower() in str(tx.value("SELECT keywords FROM messages WHERE id = :i", {"i": then.receipted_message_id}) or "").lower().split():
                raise MailError(Reason.NOT_PERMITTED, "There is nothing to answer here.")
            _flag_one(tx, account, then.receipted_message_id, 0, (RECEIPTED,), actor, now)

    return also


def _was_sent(tx: Tx, account_id: int, msgid: str) -> bool:
    sql = (
        "SELECT 1 FROM messages m JOIN emails e ON e.id = m.email_id JOIN mailboxes b ON b.id = m.mailbox_id"
        " WHERE m.thread_id = :t AND +m.account_id = :a AND b.role = 'sent' AND e.msgid = :m LIMIT 1"
    )
    return any(tx.one(sql, {"t": thread_id, "a": account_id, "m": msgid}) is not None for thread_id in threads.named(tx, account_id, [msgid]))


def _where(tx: Tx, account_id: int, message_id: int) -> tuple[int, int] | None:
    row = tx.one("SELECT mailbox_id, uid FROM messages WHERE id = :i AND account_id = :a", {"i": message_id, "a": account_id})
    return None if row is None else (row[0], row[1])


def _expunge_one(tx: Tx, account_id: int, message_id: int, actor: str, now: Micros) -> None:
    found = _where(tx, account_id, message_id)
    if found is not None:
        messages.expunge(tx, account_id, found[0], [(found[1], found[1])], actor=actor, now=now, keep=False)


def _flag_one(tx: Tx, account: Account, message_id: int, flags: int, keywords: tuple[str, ...], actor: str, now: Micros) -> None:
    """Mark what was answered: in one's own mailbox, or in a shared one where one may."""
    row = tx.one("SELECT mailbox_id, uid, account_id FROM messages WHERE id = :i", {"i": message_id})
    if row is not None and (row[2] == account.id or "w" in sharing.rights(tx, account, row[0])):
        messages.store_flags(tx, row[2], row[0], [(row[1], row[1])], "add", flags, keywords, actor=actor, now=now)
