"""APPEND, of one message or several (MULTIAPPEND), and REPLACE, whose message takes another's place: each comes through the blob spool, is
judged by size and quota, parsed once, and stored with its flags and date; all of a command in one write."""

from typing import TYPE_CHECKING

from mailcore.base.clock import to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery.parcel import new_email
from mailcore.mail.structure import summarise
from mailcore.policy import intake
from mailcore.sessions.imap.marks import allowed_flags, require, target, writable
from mailcore.sessions.imap.steps import Asking, Compute, Read, Steps, Write
from mailcore.sessions.imap.view import split_flags
from mailcore.store import Tx, accounts, messages
from mailcore.store.blobs import Spool
from mailcore.store.mailboxes import Mailbox
from mailcore.store.sharing import Place
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.errors import ImapSyntaxError
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


def refusal(session: "Session", command: c.Append, size: int, before: int = 0) -> Asking[Place]:
    """Raises why a message of *size* bytes, *before* it others of the same command, may not come, ahead of its first byte. RFC 7889, RFC 9208."""
    place = yield from target(session, str(command.mailbox))
    if size > limit(session):
        raise intake.too_big(limit(session), size)
    old = replaced(session, command) if isinstance(command, c.Replace) else []
    yield Read(lambda tx: check_room(tx, place.box, before + size - freed(tx, session, place.box, old)))
    return place


def replaced(session: "Session", command: c.Replace) -> list[tuple[int, int]]:
    """The message that REPLACE takes away, as a range of UIDs. Raises MailError (NOT_FOUND, NOT_PERMITTED, READ_ONLY): then nothing is stored either. RFC 8508 §3.4."""
    view = writable(session)
    require(view, "te")
    if not command.is_uid and view.is_out_of_range(command.old):
        raise ImapSyntaxError(command.tag, "There is no message of that number.")
    found = view.ranges(command.old, is_uid=command.is_uid)
    if not found:
        raise MailError(Reason.NOT_FOUND, "The message to replace is no longer there.")
    return found


def freed(tx: Tx, session: "Session", box: Mailbox, old: list[tuple[int, int]]) -> int:
    """The bytes that go with the message that is replaced, where both have one owner."""
    view = session.view
    if not old or view is None or box.account_id != view.account_id:
        return 0
    return int(tx.value("SELECT coalesce(sum(size), 0) FROM messages WHERE mailbox_id = :b AND uid = :u", {"b": view.mailbox_id, "u": old[0][0]}))


def check_room(tx: Tx, box: Mailbox, size: int) -> None:
    """Raises MailError(OVER_QUOTA): the room is the owner's."""
    account = accounts.account(tx, box.account_id)
    if account is None:
        raise MailError(Reason.NOT_FOUND, "The account no longer exists.")
    room = account.quota_bytes * (RESERVE if box.role in ("drafts", "sent") else 1.0)
    if account.quota_bytes and account.used_bytes + size > room:
        raise MailError(Reason.OVER_QUOTA, "The mailbox is full. Delete some messages, or ask the admin for more room.")


def append(session: "Session", command: c.Append) -> Steps:
    """APPEND whose messages came whole in the command: the same as `store` with a spool of each."""
    contents = [message.content.data for message in command.messages if isinstance(message.content, Literal)]
    yield from refusal(session, command, max(map(len, contents)), sum(map(len, contents)) - max(map(len, contents)))
    spools = [session.runtime.store.blobs.spool() for _ in contents]
    for spool, data in zip(spools, contents, strict=True):
        spool.write(data)
    yield from store(session, command, spools)


def store(session: "Session", command: c.Append, spools: list[Spool]) -> Steps:
    """The messages have come into *spools*: keep all of them, in one write, or none. RFC 3502 §6.3.11."""
    if any(spool.size == 0 for spool in spools):
        for spool in spools:
            spool.abort()
        raise MailError(Reason.SYNTAX, "An empty message is not kept.")
    place = yield from target(session, str(command.mailbox))
    old = replaced(session, command) if isinstance(command, c.Replace) else []
    box, total = place.box, sum(spool.size for spool in spools)
    now = session.runtime.clock.micros()
    made = []
    for spool, message in zip(spools, command.messages, strict=True):
        data = spool.contents()
        summary = (yield Compute(lambda d=data: summarise(d))) if len(data) > LARGE_BYTES else summarise(data)  # type: ignore[misc]
        bits, words = allowed_flags(place.rights, *split_flags(message.flags))
        made.append((new_email(spool.finish(), summary), bits, " ".join(sorted(words, key=str.lower)), to_micros(message.date) if message.date is not None else now))

    def write(tx: Tx) -> list[messages.Placed]:
        check_room(tx, box, total - freed(tx, session, box, old))  # again: other sessions have written since the messages were announced
        placed = [
            messages.append(
                tx, session.runtime.store.blobs, box.account_id, box.id, email, actor=session.writer(box.account_id), now=now, flags=bits, keywords=keywords, internal_date=date
            )
            for email, bits, keywords, date in made
        ]  # fmt: skip
        if old and session.view is not None and not messages.expunge(tx, session.view.account_id, session.view.mailbox_id, old, actor=session.writer(session.view.account_id), now=now):
            raise MailError(Reason.NOT_FOUND, "The message to replace is no longer there.")
        return placed

    placed = yield Write(write)
    code = r.appenduid(placed[0].uidvalidity, SequenceSet.of([one.uid for one in placed]))
    if old:
        yield r.untagged("OK", "The new message is here.", code)
    yield from session.done(command, code=b"" if old else code)
