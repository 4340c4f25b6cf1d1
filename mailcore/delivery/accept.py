"""Takes a message in: one write appends it for every local account, queues what leads outside, and writes the trace.

Accounts are locked in ascending id. A person reached by several ways gets one copy. Return-Path and Received stand in the
prefix of each copy; `for` names the recipient only when there is one. More than FAN_OUT recipients commit a queue row
first and are served by lease.
"""

import hashlib
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field

from mailcore.base.clock import SECOND, Micros, from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery.parcel import Parcel, parcel_of
from mailcore.directory.resolve import LocalTarget
from mailcore.mail.address import Address, ReversePath
from mailcore.mail.received import Hop, received_line, return_path_line
from mailcore.policy.facts import Accepted, Mail
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, mailboxes, messages, outbox, records
from mailcore.store.blobs import Staged
from mailcore.store.records import TraceEvent, TraceHead

FAN_OUT = 100
"""Local accounts one write serves; the rest goes through the queue, so that no write holds the store for long."""
LOCAL_KIND = "fanout"


@dataclass(slots=True, kw_only=True)
class Plan:
    """Who gets a message: accounts here (each once, by which address), and addresses elsewhere."""

    local: dict[int, LocalTarget] = field(default_factory=dict)
    reached_by: dict[int, str] = field(default_factory=dict)
    remote: dict[str, Accepted] = field(default_factory=dict)
    forwarded: dict[str, Accepted] = field(default_factory=dict)


def plan(recipients: Iterable[Accepted]) -> Plan:
    """Merge what all recipients lead to."""
    made = Plan()
    for one in recipients:
        if one.refusal is not None:
            continue
        if one.recipient is None:
            made.remote.setdefault(str(one.address), one)
            continue
        for target in one.recipient.local:
            if target.account_id not in made.local:
                made.local[target.account_id] = target
                made.reached_by[target.account_id] = one.path
        for address in one.recipient.remote:
            made.forwarded.setdefault(address, one)
    return made


def prefix_of(runtime: Runtime, mail: Mail, parcel: Parcel, now: Micros, recipient: Address | None) -> bytes:
    """The Received line of this hop; Return-Path is put above it at delivery. RFC 5321 §4.4."""
    client = mail.client
    return received_line(
        Hop(
            helo=client.helo, peer_address=client.ip, by=runtime.hostname, protocol=client.protocol, trace=parcel.trace_id, date=from_micros(now),
            tls=client.tls_text, recipient=recipient,
        )
    )  # fmt: skip


def accept(runtime: Runtime, mail: Mail, parcel: Parcel, *, also: Callable[[Tx], None] | None = None) -> "Future[None]":
    """Store *parcel* for everyone in *mail*, and do *also* in the same write; done when it is on disk.

    The Future fails with MailError, and nothing is stored then.
    """
    now = runtime.clock.micros()
    made = plan(mail.recipients)
    single = mail.recipients[0].address if len(mail.recipients) == 1 else None
    received = prefix_of(runtime, mail, parcel, now, single)
    own_prefix = return_path_line(mail.sender) + received
    counts = runtime.counts
    counts["received"] += 1
    counts["received_bytes"] += parcel.summary.size

    def write(tx: Tx) -> None:
        events = [TraceEvent(at=now, kind="accepted", address="", data=_facts(mail, parcel))]
        ids = sorted(made.local)
        for account_id in ids[:FAN_OUT]:
            deliver_one(tx, runtime, parcel, made.local[account_id], made.reached_by[account_id], own_prefix, now, events)
        if len(ids) > FAN_OUT:
            queue_fan_out(tx, runtime, mail, parcel, [made.local[i] for i in ids[FAN_OUT:]], own_prefix, now)
        if made.forwarded:
            queue_remote(tx, runtime, mail, parcel, made.forwarded, received, now, kind="forward")
        if made.remote:
            queue_remote(tx, runtime, mail, parcel, made.remote, received, now, kind="mail")
        head = TraceHead(
            trace_id=parcel.trace_id, at=now, direction="in" if mail.client.account is None else "out", sender=str(mail.sender.address or ""),
            recipients=", ".join(r.path for r in mail.recipients[:50]), subject=parcel.summary.subject, msgid=parcel.summary.msgid, ip=mail.client.ip,
            size=parcel.summary.size, account_id=mail.client.account.id if mail.client.account else None,
            outcome="queued" if made.remote or made.forwarded else "delivered",
        )  # fmt: skip
        records.trace(tx, head, events)
        if also is not None:
            also(tx)

    return runtime.store.submit(write)


def _facts(mail: Mail, parcel: Parcel) -> dict[str, object]:
    client = mail.client
    return {
        "ip": client.ip, "helo": client.helo, "protocol": client.protocol, "tls": client.tls_text, "size": parcel.summary.size,
        "by": client.account.address if client.account else "", "recipients": len(mail.recipients),
    }  # fmt: skip


def deliver_one(
    tx: Tx, runtime: Runtime, parcel: Parcel, target: LocalTarget, reached_by: str, prefix: bytes, now: Micros, events: list[TraceEvent]
) -> None:
    """Append one copy to an account's INBOX."""
    box = tx.value("SELECT id FROM mailboxes WHERE account_id = :a AND name = 'INBOX'", {"a": target.account_id})
    if box is None:
        box = mailboxes.create(tx, target.account_id, "INBOX", role="inbox", actor="delivery", now=now).id
    messages.append(tx, runtime.store.blobs, target.account_id, box, parcel.email(prefix), actor=f"smtp:{parcel.trace_id}", now=now)
    events.append(TraceEvent(at=now, kind="delivered", address=target.address, data={"mailbox": "INBOX", "for": reached_by}))


def queue_remote(
    tx: Tx, runtime: Runtime, mail: Mail, parcel: Parcel, people: dict[str, Accepted], received: bytes, now: Micros, *, kind: str
) -> int:
    """Queue the message for addresses elsewhere; the item's id."""
    item = outbox.NewItem(
        trace_id=parcel.trace_id, sender=str(mail.sender.address or ""), staged=parcel.staged, prefix=received,
        recipients=[
            outbox.NewRecipient(address=address, domain=address.rpartition("@")[2].lower(), orcpt=one.orcpt or f"rfc822;{one.path}", notify=one.notify)
            for address, one in people.items()
        ],
        account_id=mail.client.account.id if mail.client.account else None, kind=kind, envid=mail.envid, ret=mail.ret, body_kind=mail.body_kind,
        is_utf8=mail.is_utf8, subject=parcel.summary.subject[:200], expires_at=now + runtime.settings.get("queue.lifetime") * SECOND,
    )  # fmt: skip
    return outbox.put(tx, runtime.store.blobs, item, now)


def queue_fan_out(tx: Tx, runtime: Runtime, mail: Mail, parcel: Parcel, targets: list[LocalTarget], prefix: bytes, now: Micros) -> int:
    """Queue a message for many local accounts; the runner serves them in batches (`serve_fan_out`)."""
    item = outbox.NewItem(
        trace_id=parcel.trace_id, sender=str(mail.sender.address or ""), staged=parcel.staged, prefix=prefix, kind=LOCAL_KIND,
        recipients=[outbox.NewRecipient(address=t.address, domain="", orcpt=str(t.account_id)) for t in targets],
        subject=parcel.summary.subject[:200], expires_at=now + runtime.settings.get("queue.lifetime") * SECOND,
    )  # fmt: skip
    return outbox.put(tx, runtime.store.blobs, item, now)


def serve_fan_out(runtime: Runtime, item: outbox.Item) -> bool:
    """Deliver up to FAN_OUT waiting recipients of a fan-out item; False when none is left (then the item is gone)."""
    data = runtime.store.blobs.read(item.locator)
    waiting = [r for r in outbox.recipients(runtime.store.read(), item.id) if r.state == "waiting"][:FAN_OUT]
    if not waiting:
        runtime.store.write(lambda tx: outbox.remove(tx, item.id))
        return False
    parcel = parcel_of(item.trace_id, _staged(item, data), data)
    now = runtime.clock.micros()

    def write(tx: Tx) -> None:
        events: list[TraceEvent] = []
        for one in sorted(waiting, key=lambda r: int(r.orcpt)):
            target = LocalTarget(account_id=int(one.orcpt), address=one.address)
            try:
                deliver_one(tx, runtime, parcel, target, one.address, item.prefix, now, events)
                outbox.record(tx, one.id, state="delivered", next_at=now, code=250, enhanced="2.0.0", detail="", remote="", now=now)
            except MailError as error:
                if error.reason is not Reason.NOT_FOUND:
                    raise
                outbox.record(tx, one.id, state="failed", next_at=now, code=550, enhanced="5.1.1", detail=error.detail, remote="", now=now)
        records.trace_events(tx, item.trace_id, events)

    runtime.store.write(write)
    return True


def _staged(item: outbox.Item, data: bytes) -> Staged:
    return Staged(sha256=hashlib.sha256(data).digest(), locator=item.locator)


def null_path() -> ReversePath:
    """The null reverse path, for notices of our own."""
    return ReversePath(None)
