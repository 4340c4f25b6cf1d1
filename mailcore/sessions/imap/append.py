"""APPEND: the message comes through the blob spool, is judged by size and quota, parsed once, and stored with its flags and date."""

from typing import TYPE_CHECKING

from mailcore.base.clock import to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery.parcel import new_email
from mailcore.mail.structure import summarise
from mailcore.sessions.imap.marks import allowed_flags, target
from mailcore.sessions.imap.steps import Asking, Compute, Read, Steps, Write
from mailcore.sessions.imap.view import split_flags
from mailcore.store import Tx, accounts, messages
from mailcore.store.blobs import Spool
from mailcore.store.mailboxes import Mailbox
from mailcore.store.sharing import Place
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.framing import Literal
from mailcore.wire.imap.sequence import SequenceSet

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

RESERVE = 1.1
"""Drafts and Sent have a tenth more room than the quota, so that what is written is never lost."""
LARGE_BYTES = 256 * 1024


def limit(session: "Session") -> int:
    """Bytes of the largest message this account may store."""
    assert session.account is not None
    return int(session.runtime.settings.get("smtp.message_size", domain_id=session.account.domain_id))


def refusal(session: "Session", command: c.Append, size: int) -> Asking[Place]:
    """Raises why a message of *size* bytes may not come, before a byte of it is read. RFC 7889, RFC 9208."""
    place = yield from target(session, str(command.mailbox))
    if size > limit(session):
        raise MailError(Reason.TOO_BIG, f"A message may have {limit(session)} bytes here.")
    yield Read(lambda tx: check_room(tx, place.box, size))
    return place


def check_room(tx: Tx, box: Mailbox, size: int) -> None:
    """Raises MailError(OVER_QUOTA): the room is the owner's."""
    account = accounts.account(tx, box.account_id)
    if account is None:
        raise MailError(Reason.NOT_FOUND, "The account no longer exists.")
    room = account.quota_bytes * (RESERVE if box.role in ("drafts", "sent") else 1.0)
    if account.quota_bytes and account.used_bytes + size > room:
        raise MailError(Reason.OVER_QUOTA, "The mailbox is full. Delete some messages, or ask the admin for more room.")


def append(session: "Session", command: c.Append) -> Steps:
    """APPEND whose message came whole in the command (small ones): the same as `store` with a spool of it."""
    message = command.messages[0]
    if len(command.messages) > 1 or not isinstance(message.content, Literal):
        raise MailError(Reason.NOT_SUPPORTED, "One message at a time.")
    yield from refusal(session, command, len(message.content.data))
    spool = session.runtime.store.blobs.spool()
    spool.write(message.content.data)
    yield from store(session, command, spool)


def store(session: "Session", command: c.Append, spool: Spool) -> Steps:
    """The message has come into *spool*: keep it."""
    if spool.size == 0:
        spool.abort()
        raise MailError(Reason.SYNTAX, "An empty message is not kept.")
    place = yield from target(session, str(command.mailbox))
    box = place.box
    data = spool.contents()
    summary = (yield Compute(lambda: summarise(data))) if len(data) > LARGE_BYTES else summarise(data)
    staged = spool.finish()
    message = command.messages[0]
    bits, words = allowed_flags(place.rights, *split_flags(message.flags))
    now = session.runtime.clock.micros()
    date = to_micros(message.date) if message.date is not None else now

    def write(tx: Tx) -> messages.Placed:
        check_room(tx, box, len(data))  # again: other sessions have written since the message was announced
        return messages.append(
            tx, session.runtime.store.blobs, box.account_id, box.id, new_email(staged, summary), actor=session.writer(box.account_id), now=now, flags=bits,
            keywords=" ".join(sorted(words, key=str.lower)), internal_date=date,
        )  # fmt: skip

    placed = yield Write(write)
    yield from session.done(command, code=r.appenduid(placed.uidvalidity, SequenceSet.of([placed.uid])))
