"""Messages the server writes itself: reports, auto-replies, confirmations. They are told to nobody else and filtered by nobody.

`prepare` does what needs the disk, outside of any write; `put` places the notice in mailboxes here and in the queue for elsewhere.
"""

from dataclasses import dataclass

from mailcore.base.clock import SECOND, Micros, from_micros
from mailcore.base.errors import MailError
from mailcore.delivery.parcel import Parcel, parcel_of
from mailcore.directory import resolve
from mailcore.mail.address import Address, NamedAddress, ReversePath
from mailcore.mail.compose import OutgoingMessage, build
from mailcore.mail.received import return_path_line
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, mailboxes, messages, outbox, records
from mailcore.store.records import TraceEvent, TraceHead


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A message of our own for one *recipient*. *kind* is the queue's: bounce, reply, notice; *about* the trace it speaks of."""

    parcel: Parcel
    recipient: Address
    kind: str
    about: str = ""


def letter(runtime: Runtime, to: Address, domain: str, subject: str, text: str) -> bytes:
    """What the server writes to *to* in the name of *domain*."""
    message = OutgoingMessage(
        from_=(NamedAddress("Roost", Address(local="postmaster", domain=domain), ""),), to=(NamedAddress("", to, ""),), subject=subject, text=text,
        date=from_micros(runtime.clock.micros()), msgid=f"{runtime.new_trace_id()}@{runtime.hostname}", extra=(("Auto-Submitted", "auto-generated"),),
    )  # fmt: skip
    return build(message)


def prepare(runtime: Runtime, data: bytes, recipient: Address, kind: str, *, about: str = "") -> Notice:
    """Stage the bytes of a notice."""
    return Notice(parcel=parcel_of(runtime.new_trace_id(), runtime.store.blobs.add(data), data), recipient=recipient, kind=kind, about=about)


def put(tx: Tx, runtime: Runtime, notice: Notice, now: Micros) -> None:
    """Deliver or queue *notice*, from the null path. A recipient that does not exist here any more gets nothing."""
    parcel, to = notice.parcel, notice.recipient
    try:
        found = resolve.resolve(tx, to)
        local, remote = sorted(t.account_id for t in found.local), found.remote
    except MailError:
        # Who is switched off gets no mail, but reads later what the server had to say meanwhile.
        own = accounts.account_by_address(tx, to.key)
        local, remote = [own.id] if own is not None else [], [str(to)] if resolve.local_domain(tx, to.key.rpartition("@")[2]) is None else []
    events = [TraceEvent(at=now, kind=notice.kind, address=str(to), data={"about": notice.about})]
    for account_id in local:
        box = mailboxes.by_name(tx, account_id, "INBOX")
        if box is not None:
            email = parcel.email(return_path_line(ReversePath(None)))
            messages.append(tx, runtime.store.blobs, account_id, box.id, email, actor=f"{notice.kind}:{notice.about}", now=now)
            events.append(TraceEvent(at=now, kind="delivered", address=str(to), data={"mailbox": box.name}))
    if remote:
        people = [outbox.NewRecipient(address=a, domain=a.rpartition("@")[2].lower(), notify="NEVER") for a in remote]
        item = outbox.NewItem(
            trace_id=parcel.trace_id, sender="", staged=parcel.staged, recipients=people, kind=notice.kind, subject=parcel.summary.subject[:200],
            expires_at=now + runtime.settings.get("queue.lifetime") * SECOND,
        )  # fmt: skip
        outbox.put(tx, runtime.store.blobs, item, now)
    head = TraceHead(
        trace_id=parcel.trace_id, at=now, direction="in", sender="", recipients=str(to), subject=parcel.summary.subject, msgid=parcel.summary.msgid,
        ip="", size=parcel.summary.size, account_id=None, outcome="delivered" if local else "queued" if remote else "dropped",
    )  # fmt: skip
    records.trace(tx, head, events)
