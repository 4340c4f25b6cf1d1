"""Serves one leased item: routes, attempts, writes each outcome, tells the sender, and lets the item go or wait.

Recipients that share a route share a session. Outcomes are written before the next route is tried, so that a crash repeats
at most what no answer was recorded for.
"""

from collections.abc import Sequence
from dataclasses import replace

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble
from mailcore.delivery import forward, good_news
from mailcore.directory import resolve
from mailcore.mail.address import ReversePath
from mailcore.net.dns import BudgetResolver
from mailcore.queue import attempt, bounce, route, schedule
from mailcore.queue.signing import signer
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, outbox, records
from mailcore.store.outbox import Item, Recipient
from mailcore.store.records import TraceEvent
from mailcore.wire.smtp.client import OutRecipient, RecipientOutcome, Stage
from mailcore.wire.smtp.commands import Notify, OriginalRecipient, Ret

DNS_SECONDS = 10.0
RECIPIENTS_A_SESSION = 100
"""Recipients of one transaction: every server takes so many (RFC 5321 §4.5.3.1.8)."""


def serve(runtime: Runtime, item: Item) -> None:
    """Try every recipient of *item* that is due; afterwards it waits, or is gone."""
    now = runtime.clock.micros()
    waiting = [r for r in outbox.recipients(runtime.store.read(), item.id) if r.state == "waiting"]
    due = [r for r in waiting if r.next_at <= now]
    groups: dict[str, list[Recipient]] = {}
    for one in due:
        groups.setdefault(route.key(runtime, one.domain, item.route), []).append(one)
    for people in groups.values():
        for start in range(0, len(people), RECIPIENTS_A_SESSION):
            serve_group(runtime, item, people[start : start + RECIPIENTS_A_SESSION])
    settle(runtime, item)


def serve_group(runtime: Runtime, item: Item, people: Sequence[Recipient]) -> None:
    """One session for recipients of one route; their outcomes are on disk when it returns."""
    letter = attempt.Letter(
        sender=ReversePath(attempt.address_of(item.sender)) if item.sender else ReversePath(None),
        recipients=[out_recipient(one) for one in people], data=b"", envid=item.envid or None, ret=Ret[item.ret] if item.ret in Ret.__members__ else None,
    )  # fmt: skip
    try:
        resolver = BudgetResolver(runtime.resolver, runtime.clock, seconds=DNS_SECONDS)
        hops = route.hops(runtime, resolver, people[0].domain, item.route, item.sender)
        data = item.prefix + runtime.store.blobs.read(item.locator)
    except DnsTrouble as error:
        result = attempt.Result(outcomes=attempt.failed(letter, 0, "4.4.3", error.detail))
    except MailError as error:
        is_final = not error.temporary
        code, status = (550, "5.1.2" if error.reason is Reason.UNKNOWN_DOMAIN else "5.4.4") if is_final else (0, "4.4.1")
        result = attempt.Result(outcomes=attempt.failed(letter, code, status, error.detail))
    else:
        whole = replace(
            letter, data=data, sign=signer(runtime, resolver, item), patience_seconds=float(runtime.settings.get("outgoing.patience")),
            is_sealed=item.kind in (forward.KIND, forward.WITHHELD) and item.account_id is None,
        )  # fmt: skip
        result = attempt.send(whole, hops, runtime.hostname)
    write_outcomes(runtime, item, people, result)


def out_recipient(one: Recipient) -> OutRecipient:
    """A queued recipient for the wire, with its DSN wishes."""
    notify = frozenset(Notify[n] for n in one.notify.upper().split(",") if n in Notify.__members__) if one.notify else None
    kind, _, original = one.orcpt.partition(";")
    return OutRecipient(address=attempt.address_of(one.address), notify=notify, orcpt=OriginalRecipient(kind.lower(), original) if original else None)


def write_outcomes(runtime: Runtime, item: Item, people: Sequence[Recipient], result: attempt.Result) -> None:
    """Record what became of each recipient, in one write, as rows and as trace events."""
    now = runtime.clock.micros()
    first, longest, expires_at = route.times(runtime, people[0].domain, item)
    remote = f"{result.host} [{result.address}]" if result.address else result.host
    by_address = {outcome.address: outcome for outcome in result.outcomes}

    def write(tx: Tx) -> None:
        events = []
        for one in people:
            outcome = by_address.get(attempt.address_of(one.address)) or RecipientOutcome(
                address=attempt.address_of(one.address), code=0, enhanced="4.4.2", text="No answer.", stage=Stage.BEFORE_MAIL
            )
            chance = runtime.random.bytes(1)[0] / 255
            next_at = schedule.next_try(now, one.attempts + 1, first=first, longest=longest, chance=chance, expires_at=expires_at)
            state = state_of(outcome, next_at)
            outbox.record(
                tx, one.id, state=state, next_at=next_at or now, code=outcome.code, enhanced=outcome.enhanced, detail=outcome.text, remote=remote, now=now
            )
            facts = {
                "host": result.host, "address": result.address, "tls": result.tls, "code": outcome.code, "status": outcome.enhanced,
                "text": outcome.text, "stage": outcome.stage.value, "next": next_at if state == "waiting" else None,
            }  # fmt: skip
            events.append(TraceEvent(at=now, kind={"waiting": "deferred", "failed": "failed"}.get(state, "sent"), address=one.address, data=facts))
        records.trace_events(tx, item.trace_id, events)

    runtime.store.write(write)
    sent = sum(1 for o in result.outcomes if o.is_delivered)
    if sent:
        domain = resolve.local_domain(runtime.store.read(), item.sender.rpartition("@")[2].lower())
        runtime.counts.add("sent", sent, domains=(domain.id,) if domain else ())


def state_of(outcome: RecipientOutcome, next_at: Micros | None) -> str:
    """The recipient's state after *outcome*; one that may be tried again but has no time left has failed."""
    if outcome.is_delivered:
        return "relayed"
    if outcome.is_temporary and next_at is not None:
        return "waiting"
    return "failed"


def settle(runtime: Runtime, item: Item) -> None:
    """Tell the sender what is final or late, then let the item wait or go."""
    people = outbox.recipients(runtime.store.read(), item.id)
    waiting = [r for r in people if r.state == "waiting"]
    now = runtime.clock.micros()
    for state, action in (("failed", "failed"), ("relayed", "relayed"), ("delivered", "delivered")):
        fresh = [r for r in people if r.state == state]
        if fresh:
            bounce.tell(runtime, item, fresh, action)
            runtime.store.write(lambda tx, rows=fresh, s=state: mark_told(tx, rows, s))  # type: ignore[misc]
    notice = runtime.settings.get("queue.delay_notice")
    if waiting and notice and item.warned_at is None and now - item.created_at > notice * SECOND:
        bounce.tell(runtime, item, waiting, "delayed")
        runtime.store.write(lambda tx: outbox.set_warned(tx, item.id, now))

    def end(tx: Tx) -> None:
        if waiting:
            outbox.release(tx, item.id, min(r.next_at for r in waiting), item.attempts + 1)
            return
        if item.kind != good_news.KIND:
            has_failed = any(r.state in ("failed", "failed-told") for r in people)
            records.set_outcome(tx, item.trace_id, "failed" if has_failed else "sent")
        outbox.remove(tx, item.id)

    runtime.store.write(end)


def mark_told(tx: Tx, people: Sequence[Recipient], state: str) -> None:
    """Remember that the sender knows: an item that waits for others tells nobody twice."""
    tx.many("UPDATE queue_recipients SET state = :s WHERE id = :i", [{"s": state + "-told", "i": r.id} for r in people])
