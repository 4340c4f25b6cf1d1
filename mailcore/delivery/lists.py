"""Sends a list's mail on: the queue expands it, writes it once as the list's own, and serves its readers in batches.

An item "list" names lists; it becomes one item "listed" a list, whose recipients are the readers, in the write that ends it. Those
here get a copy with their own Return-Path and unsubscribe link; each one elsewhere gets an item "list-out" with an envelope sender
of its own, so that what comes back names the member. What a batch did is in the same write as its marks: a crash repeats nothing.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.base.clock import DAY, SECOND, Micros
from mailcore.base.resolver import DnsTrouble
from mailcore.delivery import accept, list_bounces
from mailcore.delivery.parcel import Parcel, parcel_of
from mailcore.delivery.prepare import Prepared, prepare
from mailcore.directory import dkim_keys, resolve
from mailcore.directory.lists import Readers, Target, readers
from mailcore.mail import list_letter, list_token
from mailcore.mail.address import Address, ReversePath
from mailcore.mail.headers import scan_headers
from mailcore.mail.received import return_path_line
from mailcore.net.dns import BudgetResolver
from mailcore.policy.facts import Client, Finding, Level, Mail
from mailcore.policy.list_mail import heading_of
from mailcore.runtime.runtime import Runtime
from mailcore.senderauth import dkim, dmarc
from mailcore.senderauth.evidence import author_domain
from mailcore.store import Tx, accounts, lists, outbox, records
from mailcore.store.blobs import Staged
from mailcore.store.lists import MailingList
from mailcore.store.records import TraceEvent

KINDS = frozenset({accept.LIST_KIND, accept.LIST_JUNK_KIND, "listed", "listed-junk"})
OUT_KIND = "list-out"
DNS_SECONDS = 10.0
LEFT_OUT_SHOWN = 50
"""Readers left out that the trace names one by one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One list's version of a message: the list, the staged bytes, its readers, and what the trace is told."""

    found: MailingList
    staged: Staged
    readers: list[Target]
    events: list[TraceEvent]


def serve(runtime: Runtime, item: outbox.Item) -> None:
    """Do all of an item of one of KINDS."""
    if item.kind in (accept.LIST_KIND, accept.LIST_JUNK_KIND):
        expand(runtime, item)
        return
    data = runtime.store.blobs.read(item.locator)
    parcel = parcel_of(item.trace_id, Staged(sha256=hashlib.sha256(data).digest(), locator=item.locator), data)
    while serve_batch(runtime, item, parcel):
        pass


def expand(runtime: Runtime, item: outbox.Item) -> None:
    """Find the readers of each list, write its version of the message, and queue both in the place of *item*."""
    tx, now = runtime.store.read(), runtime.clock.micros()
    rows = outbox.recipients(tx, item.id)
    seen = {r.orcpt[4:] for r in rows if r.orcpt.startswith("not:")}
    data = runtime.store.blobs.read(item.locator)
    sender = Address.parse(item.sender) if item.sender else None
    made: list[Sent] = []
    for row in rows:
        found = lists.by_id(tx, int(row.orcpt[5:])) if row.orcpt.startswith("list:") else None
        if found is None:
            continue
        reached = readers(tx, found, sender, is_signed_in=item.account_id is not None)
        fresh = sorted((t for t in reached.targets if _key(t) not in seen), key=lambda t: not t.account_id)  # those here need not wait for the rest
        seen |= {_key(t) for t in fresh}
        made.append(_sent(runtime, item, found, data, reached, fresh, now))

    def write(tx: Tx) -> None:
        for one in made:
            records.trace_events(tx, item.trace_id, one.events)
            if one.readers:
                _queue_readers(tx, runtime, item, one, now)
        outbox.remove(tx, item.id)

    runtime.store.write(write)


def _key(target: Target) -> str:
    return str(target.account_id) if target.account_id else target.address.lower()


def _sent(runtime: Runtime, item: outbox.Item, found: MailingList, data: bytes, reached: Readers, fresh: list[Target], now: Micros) -> Sent:
    heading = heading_of(runtime, found)
    plain = list_letter.letter(data, heading, rewrites=False)
    why = rewrite_reason(runtime, plain, found.domain, is_signed_in=item.account_id is not None)
    whole = list_letter.letter(data, heading, rewrites=True) if why else plain
    is_junk = item.kind == accept.LIST_JUNK_KIND
    here = [t for t in fresh if t.account_id]
    told = {"did": "expanded", "readers": len(fresh), "here": len(here), "elsewhere": len(fresh) - len(here)}
    events = [TraceEvent(at=now, kind="list", address=found.address, data=told)]
    if why:
        events.append(TraceEvent(at=now, kind="list", address=found.address, data={"did": "From rewritten", "why": why}))
    if is_junk and len(here) < len(fresh):
        events.append(TraceEvent(at=now, kind="list", address=found.address, data={"did": "not sent elsewhere", "why": "junk is never passed on"}))
    events += [
        TraceEvent(at=now, kind="list", address=address, data={"did": "left out", "list": found.address, "why": reason})
        for address, reason in reached.left_out[:LEFT_OUT_SHOWN]
    ]
    return Sent(found=found, staged=runtime.store.blobs.add(whole), readers=here if is_junk else fresh, events=events)


def rewrite_reason(runtime: Runtime, data: bytes, domain: str, *, is_signed_in: bool) -> str:
    """Why From cannot stay the author's in mail of a list of *domain*; "" when it can."""
    author = author_domain(scan_headers(data))
    if not author:
        return "From does not name one author"
    if runtime.settings.get("server.mode") == "lan":
        return ""
    local = resolve.local_domain(runtime.store.read(), author)
    if local is not None and not is_signed_in:
        return f"nobody of {author} signed in to send it"
    if local is not None and author == domain:
        return ""
    resolver = BudgetResolver(runtime.resolver, runtime.clock, seconds=DNS_SECONDS)
    signed = dkim.verify(resolver, dkim.message_of(data, scan_headers(data)), runtime.clock.micros() // SECOND)
    passed = [one.domain for one in signed if one.result == "pass"]
    try:
        passed += [author] if local is not None and dkim_keys.usable(runtime, resolver, author) else []
    except DnsTrouble:
        pass
    spoken = dmarc.check(resolver, author, spf_domain=domain, dkim_domains=passed)
    if spoken.result == "none":
        return ""
    if local is None and spoken.policy != "none":
        return f"{author} publishes DMARC p={spoken.policy}"
    return "" if spoken.result == "pass" else f"neither SPF nor DKIM would pass for {author} ({spoken.result})"


def _queue_readers(tx: Tx, runtime: Runtime, item: outbox.Item, one: Sent, now: Micros) -> None:
    people = [outbox.NewRecipient(address=t.address, domain="", orcpt=f"{one.found.id}:{t.account_id}:{t.member_id}") for t in one.readers]
    new = outbox.NewItem(
        trace_id=item.trace_id, sender=item.sender, staged=one.staged, prefix=item.prefix, recipients=people, account_id=item.account_id,
        kind="listed-junk" if item.kind == accept.LIST_JUNK_KIND else "listed", body_kind=item.body_kind, is_utf8=item.is_utf8, subject=item.subject,
        expires_at=item.expires_at,
    )  # fmt: skip
    outbox.put(tx, runtime.store.blobs, new, now)


def serve_batch(runtime: Runtime, item: outbox.Item, parcel: Parcel) -> bool:
    """Serve up to FAN_OUT readers of an item "listed"; False when none is left (then the item is gone)."""
    tx, now = runtime.store.read(), runtime.clock.micros()
    waiting = outbox.waiting(tx, item.id, accept.FAN_OUT)
    if not waiting:
        _end(runtime, item)
        return False
    found = lists.by_id(tx, int(waiting[0].orcpt.partition(":")[0]))
    batch = _Batch(runtime, item, parcel, found, waiting, now // DAY)
    ready = batch.prepared(tx)

    def write(tx: Tx) -> None:
        records.trace_events(tx, item.trace_id, batch.perform(tx, ready, now))

    runtime.store.write(write)
    return True


def _end(runtime: Runtime, item: outbox.Item) -> None:
    def end(tx: Tx) -> None:
        outbox.remove(tx, item.id)
        if not tx.value("SELECT count(*) FROM queue_items WHERE trace_id = :t", {"t": item.trace_id}):
            records.set_outcome(tx, item.trace_id, "delivered")

    runtime.store.write(end)


class _Batch:
    """Some readers of one item: those here are delivered, those elsewhere are queued one by one."""

    def __init__(self, runtime: Runtime, item: outbox.Item, parcel: Parcel, found: MailingList | None, rows: Sequence[outbox.Recipient], day: int) -> None:
        self.runtime, self.item, self.parcel, self.found, self.rows, self.day = runtime, item, parcel, found, rows, day
        self.made = accept.Plan()
        self.received = item.prefix[item.prefix.rfind(b"\r\nReceived: ") + 2 :] if b"\r\nReceived: " in item.prefix else item.prefix

    def prepared(self, tx: Tx) -> Prepared:
        """Run the filters of the readers here, and write the lines that are each one's own."""
        if self.found is None:
            return Prepared()
        for row in self.rows:
            account_id, member_id = _numbers(row)
            account = accounts.account(tx, account_id) if account_id else None
            if account is not None:
                self.made.local[account.id] = resolve.target_of(account)
                self.made.reached_by[account.id] = self.found.address
        findings = [Finding(check="earlier", level=Level.JUNK)] if self.item.kind == "listed-junk" else []
        mail = Mail(client=Client(ip=""), sender=ReversePath(self.sender(0)), size=self.item.size, findings=findings)
        ready = prepare(self.runtime, tx, mail, self.parcel, self.made, sorted(self.made.local), is_taken=True) if self.made.local else Prepared()
        for row in self.rows:
            account_id, member_id = _numbers(row)
            ready.prefixes[account_id] = return_path_line(ReversePath(self.sender(member_id))) + self.leaving(tx, member_id) + self.item.prefix
        self.mail = mail
        self.leaving_by = {row.id: self.leaving(tx, _numbers(row)[1]) for row in self.rows}
        return ready

    def sender(self, member_id: int) -> Address:
        """The envelope sender that a member's bounces come back to."""
        assert self.found is not None
        return Address.parse(list_token.bounce_address(member_id, self.found.domain, key=self.runtime.key("lists"), day=self.day))

    def leaving(self, tx: Tx, member_id: int) -> bytes:
        """The member's unsubscribe lines; none for a whole domain, which nobody can leave."""
        member = lists.member(tx, member_id) if member_id else None
        if member is None:
            return b""
        word = list_token.leave_word(member.id, member.address, key=self.runtime.key("lists"))
        return list_letter.unsubscribe_lines(f"https://{self.runtime.hostname}/lists/leave/{word}")

    def perform(self, tx: Tx, ready: Prepared, now: Micros) -> list[TraceEvent]:
        """Deliver, queue and mark; the events."""
        events: list[TraceEvent] = []
        if self.found is not None and self.made.local:
            events = accept.perform_all(tx, self.runtime, self.mail, self.parcel, ready, self.item.prefix, self.received, now)
        for row in self.rows:
            account_id, member_id = _numbers(row)
            is_gone = self.found is None or (account_id != 0 and account_id not in self.made.local)
            if not is_gone and not account_id:
                self.queue_out(tx, row, member_id, now)
            if is_gone and member_id:
                events.append(list_bounces.came_back(tx, self.runtime, member_id, now, is_for_good=True))
            code, enhanced, state = (550, "5.1.1", "failed") if is_gone else (250, "2.0.0", "delivered")
            outbox.record(tx, row.id, state=state, next_at=now, code=code, enhanced=enhanced, detail="", remote="", now=now)
        return events

    def queue_out(self, tx: Tx, row: outbox.Recipient, member_id: int, now: Micros) -> None:
        """One reader elsewhere, with an item and an envelope sender of its own."""
        item = self.item
        person = outbox.NewRecipient(address=row.address, domain=row.address.rpartition("@")[2].lower())
        new = outbox.NewItem(
            trace_id=item.trace_id, sender=str(self.sender(member_id)), staged=self.parcel.staged, prefix=self.leaving_by[row.id] + self.received,
            recipients=[person], account_id=item.account_id, kind=OUT_KIND, body_kind=item.body_kind, is_utf8=item.is_utf8, subject=item.subject,
            expires_at=now + self.runtime.settings.get("queue.lifetime") * SECOND,
        )  # fmt: skip
        outbox.put(tx, self.runtime.store.blobs, new, now)


def _numbers(row: outbox.Recipient) -> tuple[int, int]:
    """The account (0: elsewhere) and the member of a reader."""
    _, account_id, member_id = row.orcpt.split(":")
    return int(account_id), int(member_id)
