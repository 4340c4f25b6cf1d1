"""Takes a message in: one write appends it for every local account, queues what leads outside, and writes the trace.

Accounts are locked in ascending id. A person reached by several ways gets one copy. Return-Path and Received stand in the
prefix of each copy; `for` names the recipient only when there is one. More than FAN_OUT recipients commit a queue row
first and are served by lease.
"""

import hashlib
from collections.abc import Callable, Container, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, field

from mailcore.base.clock import SECOND, Micros, from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import act, forward, good_news, leaving, list_bounces, notices
from mailcore.delivery.parcel import Parcel, parcel_of
from mailcore.delivery.prepare import Prepared, prepare
from mailcore.directory import resolve
from mailcore.directory.resolve import LocalTarget, target_of
from mailcore.mail.address import Address, ReversePath
from mailcore.mail.received import Hop, received_line, return_path_line
from mailcore.policy import intake
from mailcore.policy.examine import events_of
from mailcore.policy.facts import Accepted, Client, Finding, Level, Mail
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, outbox, records, routes
from mailcore.store.blobs import Staged
from mailcore.store.records import TraceEvent, TraceHead

FAN_OUT = 100
"""Local accounts one write serves; the rest goes through the queue, so that no write holds the store for long."""
LOCAL_KIND = "fanout"
"""The kind of queue items that wait for mailboxes here."""
LIST_KIND, LIST_JUNK_KIND = "list", "list-junk"
"""Kinds of queue items whose lists wait to be expanded; `lists` serves them."""


@dataclass(slots=True, kw_only=True)
class Plan:
    """Who gets a message: accounts here (each once, by which address), addresses elsewhere, lists, and members whose mail comes back."""

    local: dict[int, LocalTarget] = field(default_factory=dict)
    reached_by: dict[int, str] = field(default_factory=dict)
    remote: dict[str, Accepted] = field(default_factory=dict)
    forwarded: dict[str, Accepted] = field(default_factory=dict)
    lists: dict[int, Accepted] = field(default_factory=dict)
    bounced: list[int] = field(default_factory=list)


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
        for list_id in one.recipient.lists:
            made.lists.setdefault(list_id, one)
        if one.recipient.bounced_member is not None:
            made.bounced.append(one.recipient.bounced_member)
    return made


def mirror(runtime: Runtime, tx: Tx, mail: Mail, made: Plan) -> None:
    """Add the address of `smtp.mirror`, unless it wrote the message or gets it anyway. An address that leads nowhere is logged, and stops nothing."""
    text = str(runtime.settings.get("smtp.mirror"))
    if not text:
        return
    try:
        address = Address.parse(text)
        if mail.sender.address is not None and mail.sender.address.key == address.key:
            return
        accepted = Accepted(path=text, address=address, recipient=None, notify="NEVER")
        if resolve.local_domain(tx, address.key.rpartition("@")[2]) is None:
            if forward.unfit(mail):
                return
            made.forwarded.setdefault(str(address), accepted)
            return
        for target in resolve.resolve(tx, address).local:
            if target.account_id not in made.local:
                made.local[target.account_id], made.reached_by[target.account_id] = target, text
    except MailError as error:
        runtime.log.warning("the mirror leads nowhere", address=text, detail=error.detail)


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
    mirror(runtime, runtime.store.read(), mail, made)
    single = mail.recipients[0].address if len(mail.recipients) == 1 else None
    received = prefix_of(runtime, mail, parcel, now, single)
    own_prefix = return_path_line(mail.sender) + mail.lines + received

    ids = sorted(made.local)
    at_once = [] if mail.is_held else ids[:FAN_OUT]
    ready = prepare(runtime, runtime.store.read(), mail, parcel, made, at_once) if at_once else Prepared()
    away = leaving.rules(runtime, runtime.store.read(), mail, parcel, made) if made.remote or made.forwarded else leaving.Leaving()
    passed_on, unfit = forward.by_sender(runtime, runtime.store.read(), mail, made.forwarded), forward.unfit(mail) if made.forwarded else ""
    is_role = any(one.address.local.lower() in resolve.ROLE_LOCALPARTS for one in mail.recipients)
    if unfit and not mail.is_fetched and not is_role and not (ids or made.remote or made.lists or made.bounced):
        raise MailError(Reason.POLICY, "This address leads elsewhere, and neither junk nor a virus is passed on.")
    is_final = bool(made.bounced) and list_bounces.is_final(bytes(parcel.data))

    def write(tx: Tx) -> None:
        events = [TraceEvent(at=now, kind="accepted", address="", data=_facts(mail, parcel)), *events_of(mail, now)]
        events += [*perform_all(tx, runtime, mail, parcel, ready, own_prefix, received, now), *away.events]
        events += leaving.ask(tx, runtime, mail, parcel, own_prefix, (*ready.programs, *away.programs), now)
        if len(ids) > len(at_once):
            queue_fan_out(tx, runtime, mail, parcel, made, set(at_once), own_prefix, now)
        for sender, people in passed_on.items():
            queue_remote(tx, runtime, mail, parcel, people, received, now, kind=forward.WITHHELD if unfit else forward.KIND, sender=sender, route=away.route)
        events += [TraceEvent(at=now, kind="filter", address=address, data={"did": "not redirected", "why": unfit}) for address in made.forwarded if unfit]
        if at_once and not ready.reports:
            good_news.put(tx, runtime, mail, parcel, set(at_once), received, now)
        if made.lists:
            queue_lists(tx, runtime, mail, parcel, made, mail.lines + received, now)
        events += [list_bounces.came_back(tx, runtime, member, now, is_for_good=is_final) for member in made.bounced]
        for kind, people in by_kind(tx, mail, made.remote).items():
            queue_remote(tx, runtime, mail, parcel, people, received, now, kind=kind, route=away.route)
        outcome = "quarantined" if mail.is_held else "queued" if made.remote or made.forwarded or made.lists or ready.forwards else "delivered"
        records.trace(tx, _head(mail, parcel, outcome, now), events)
        if also is not None:
            also(tx)

    def count(done: "Future[None]") -> None:
        if not done.cancelled() and done.exception() is None:
            runtime.counts.add("received", domains=(target.domain_id for target in made.local.values()))
            runtime.counts.add("received_bytes", parcel.summary.size)

    stored = runtime.store.submit(write)
    stored.add_done_callback(count)
    return stored


def by_kind(tx: Tx, mail: Mail, people: dict[str, Accepted]) -> dict[str, dict[str, Accepted]]:
    """What is passed on for a stranger because a route takes it is not our own mail: it is never signed in our name."""
    found: dict[str, dict[str, Accepted]] = {}
    for address, one in people.items():
        route = routes.match(tx, address.rpartition("@")[2]) if mail.client.account is None else None
        found.setdefault("relay" if route is not None and route.is_inbound else "mail", {})[address] = one
    return found


def drop(runtime: Runtime, mail: Mail, parcel: Parcel, *, also: Callable[[Tx], None] | None = None) -> "Future[None]":
    """Take *parcel* and throw it away, as the settings want it for viruses; only the trace remembers it, and *also*."""
    now = runtime.clock.micros()

    def write(tx: Tx) -> None:
        records.trace(tx, _head(mail, parcel, "dropped", now), events_of(mail, now))
        if also is not None:
            also(tx)

    return runtime.store.submit(write)


def _head(mail: Mail, parcel: Parcel, outcome: str, now: Micros) -> TraceHead:
    return TraceHead(
        trace_id=parcel.trace_id, at=now, direction="in" if mail.client.account is None else "out", sender=str(mail.sender.address or ""),
        recipients=", ".join(r.path for r in mail.recipients[:50]), subject=parcel.summary.subject, msgid=parcel.summary.msgid, ip=mail.client.ip,
        size=parcel.summary.size, account_id=mail.client.account.id if mail.client.account else None, outcome=outcome,
    )  # fmt: skip


def _facts(mail: Mail, parcel: Parcel) -> dict[str, object]:
    client = mail.client
    return {
        "ip": client.ip, "helo": client.helo, "protocol": client.protocol, "tls": client.tls_text, "size": parcel.summary.size,
        "by": client.account.address if client.account else "", "recipients": len(mail.recipients),
    }  # fmt: skip


def perform_all(
    tx: Tx, runtime: Runtime, mail: Mail, parcel: Parcel, ready: Prepared, own_prefix: bytes, received: bytes, now: Micros
) -> list[TraceEvent]:  # fmt: skip
    """Do everything that was prepared, accounts in ascending id; the events it makes."""
    events: list[TraceEvent] = []
    for account_id in sorted(ready.decisions):
        events += act.perform(tx, runtime, parcel, ready, ready.decisions[account_id], ready.prefixes.get(account_id, own_prefix), now)
    by_route: dict[tuple[str, bytes, int, str], dict[str, Accepted]] = {}
    for one in ready.forwards:
        address = Address.parse(one.address)
        accepted = Accepted(path=one.address, address=address, recipient=None, notify="NEVER" if not one.sender else "")
        by_route.setdefault((one.sender, one.prefix, one.account_id, one.route), {}).setdefault(one.address, accepted)
    for (sender, mark, _account, by), people in by_route.items():
        queue_remote(tx, runtime, mail, parcel, people, mark + received, now, kind=forward.KIND, sender=sender, route=by)
    for answer in ready.answers:
        act.answer(tx, runtime, answer, now)
    for report in ready.reports:
        notices.put(tx, runtime, report, now)
    return events


def queue_remote(
    tx: Tx, runtime: Runtime, mail: Mail, parcel: Parcel, people: dict[str, Accepted], received: bytes, now: Micros, *, kind: str,
    sender: str | None = None, route: str = "",
) -> int:  # fmt: skip
    """Queue the message for addresses elsewhere, from *sender* where that is not the envelope's, by *route* where a rule says so; the item's id."""
    item = outbox.NewItem(
        trace_id=parcel.trace_id, sender=str(mail.sender.address or "") if sender is None else sender, staged=parcel.staged, prefix=received,
        recipients=[
            outbox.NewRecipient(address=address, domain=address.rpartition("@")[2].lower(), orcpt=one.orcpt or f"rfc822;{one.path}", notify=one.notify)
            for address, one in people.items()
        ],
        route=route, account_id=mail.client.account.id if mail.client.account else None, kind=kind, envid=mail.envid, ret=mail.ret, body_kind=mail.body_kind,
        is_utf8=mail.is_utf8, subject=parcel.summary.subject[:200], expires_at=now + runtime.settings.get("queue.lifetime") * SECOND, state="held" if mail.is_held or kind == forward.WITHHELD else "waiting",
    )  # fmt: skip
    return outbox.put(tx, runtime.store.blobs, item, now)


def queue_fan_out(tx: Tx, runtime: Runtime, mail: Mail, parcel: Parcel, made: Plan, served: Container[int], prefix: bytes, now: Micros) -> int:
    """Queue a message for many local accounts; the runner serves them in batches (`serve_fan_out`). Who is *served* stands there for the filters, which ask for all."""
    notify = {one.path: one.notify for one in mail.recipients}
    item = outbox.NewItem(
        trace_id=parcel.trace_id, sender=str(mail.sender.address or ""), staged=parcel.staged, prefix=prefix, kind=LOCAL_KIND,
        recipients=[
            outbox.NewRecipient(address=target.address, domain="", orcpt=str(i), notify=notify.get(made.reached_by[i], ""), state="delivered" if i in served else "waiting")
            for i, target in sorted(made.local.items())
        ],
        subject=parcel.summary.subject[:200], expires_at=now + runtime.settings.get("queue.lifetime") * SECOND, state="held" if mail.is_held else "waiting",
    )  # fmt: skip
    return outbox.put(tx, runtime.store.blobs, item, now)


def queue_lists(tx: Tx, runtime: Runtime, mail: Mail, parcel: Parcel, made: Plan, prefix: bytes, now: Micros) -> int:
    """Queue a message for its lists, with whom it reaches without them: one copy each."""
    people = [outbox.NewRecipient(address=one.path, domain="", orcpt=f"list:{list_id}") for list_id, one in made.lists.items()]
    direct = {str(i): t.address for i, t in made.local.items()} | {a.lower(): a for a in (*made.remote, *made.forwarded)}
    people += [outbox.NewRecipient(address=address, domain="", orcpt=f"not:{key}") for key, address in direct.items()]
    item = outbox.NewItem(
        trace_id=parcel.trace_id, sender=str(mail.sender.address or ""), staged=parcel.staged, prefix=prefix, recipients=people,
        account_id=mail.client.account.id if mail.client.account else None, kind=LIST_JUNK_KIND if mail.is_junk else LIST_KIND,
        body_kind=mail.body_kind, is_utf8=mail.is_utf8, subject=parcel.summary.subject[:200],
        expires_at=now + runtime.settings.get("queue.lifetime") * SECOND, state="held" if mail.is_held else "waiting",
    )  # fmt: skip
    return outbox.put(tx, runtime.store.blobs, item, now)


def serve_fan_out(runtime: Runtime, item: outbox.Item) -> bool:
    """Deliver up to FAN_OUT waiting recipients of a fan-out item; False when none is left (then the item is gone)."""
    data = runtime.store.blobs.read(item.locator)
    waiting = outbox.waiting(runtime.store.read(), item.id, FAN_OUT)
    if not waiting:
        runtime.store.write(lambda tx: outbox.remove(tx, item.id))
        return False
    parcel = parcel_of(item.trace_id, _staged(item, data), data)
    now, tx = runtime.clock.micros(), runtime.store.read()
    mail = mail_of(runtime, tx, item, outbox.recipients(tx, item.id))
    made, gone = Plan(), set()
    for one in waiting:
        account = accounts.account(tx, int(one.orcpt))
        if account is None:
            gone.add(one.id)
        else:
            made.local[account.id], made.reached_by[account.id] = target_of(account), one.address
    ready = prepare(runtime, tx, mail, parcel, made, sorted(made.local), is_taken=True) if made.local else Prepared()

    def write(tx: Tx) -> None:
        events = perform_all(tx, runtime, mail, parcel, ready, item.prefix, item.prefix.partition(b"\r\n")[2], now)
        events += leaving.ask(tx, runtime, mail, parcel, item.prefix, ready.programs, now)
        for one in waiting:
            code, enhanced, state = (550, "5.1.1", "failed") if one.id in gone else (250, "2.0.0", "delivered")
            outbox.record(tx, one.id, state=state, next_at=now, code=code, enhanced=enhanced, detail="", remote="", now=now)
        records.trace_events(tx, item.trace_id, events)

    runtime.store.write(write)
    return True


def mail_of(runtime: Runtime, tx: Tx, item: outbox.Item, people: Sequence[outbox.Recipient]) -> Mail:
    """The transaction behind a fan-out item: who sent it and what the checks found, as its trace has kept them."""
    client, findings = Client(ip=""), []
    for event in records.trace_of(tx, item.trace_id, kinds=("accepted", "check")):
        facts = event.data
        if event.kind == "check":
            findings.append(Finding(check=facts.pop("check"), level=Level[facts.pop("level").upper()], facts=facts))
        else:
            client = Client(ip=facts["ip"], helo=facts["helo"], account=accounts.account_by_address(tx, facts["by"]) if facts["by"] else None)
    recipients = [Accepted(path=one.address, address=Address.parse(one.address), recipient=None, notify=one.notify) for one in people]
    sender = ReversePath(Address.parse(item.sender) if item.sender else None)
    return Mail(client=client, sender=sender, size=item.size, recipients=recipients, findings=findings, is_fetched=intake.is_by_relay(runtime, client))


def _staged(item: outbox.Item, data: bytes) -> Staged:
    return Staged(sha256=hashlib.sha256(data).digest(), locator=item.locator)
