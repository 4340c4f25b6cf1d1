"""Everything about a delivery that is settled before the write: filters run, redirects followed, replies and reports written.

What comes out is performed by `accept` in one write and can be performed twice, because nothing in it asks or reads.
"""

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import edits, forward, notices, refusal, replies
from mailcore.delivery.decision import Copy, Decision
from mailcore.delivery.parcel import Parcel, parcel_of
from mailcore.delivery.sift import sift
from mailcore.directory import letters, resolve
from mailcore.directory.resolve import LocalTarget
from mailcore.mail.address import Address
from mailcore.mail.headers import scan_headers
from mailcore.policy.examine import too_late
from mailcore.policy.facts import Mail
from mailcore.runtime.runtime import Runtime
from mailcore.sieve.actions import Vacation
from mailcore.store import Tx, accounts, filters
from mailcore.store.records import TraceEvent

if TYPE_CHECKING:
    from mailcore.delivery.accept import Plan


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An auto-reply that is ready, and what to remember of it."""

    notice: notices.Notice
    account_id: int
    handle: str
    address: str


@dataclass(slots=True, kw_only=True)
class Prepared:
    """What one write has to do. `edited` holds the parcels of copies whose header a filter changed, by account and number of edits;
    `prefixes` the lines above a copy where an account has its own."""

    decisions: dict[int, Decision] = field(default_factory=dict)
    prefixes: dict[int, bytes] = field(default_factory=dict)
    edited: dict[tuple[int, int], Parcel] = field(default_factory=dict)
    forwards: list[forward.Forward] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    reports: list[notices.Notice] = field(default_factory=list)

    @property
    def programs(self) -> list[str]:
        """What the server's rules want run, each once however many people here the message is for."""
        return list(dict.fromkeys(name for decision in self.decisions.values() for name in decision.programs))


def prepare(runtime: Runtime, tx: Tx, mail: Mail, parcel: Parcel, made: "Plan", chosen: list[int], *, is_taken: bool = False) -> Prepared:
    """Settle the delivery to the accounts *chosen* of a plan. Raises MailError(POLICY) when every recipient refuses the message, unless it *is_taken* already."""
    ready = Prepared()
    waiting: deque[tuple[LocalTarget, str, int]] = deque((made.local[i], made.reached_by[i], 0) for i in chosen)
    while waiting:
        target, reached_by, depth = waiting.popleft()
        if target.account_id in ready.decisions:
            continue
        if mail.until and runtime.clock.monotonic() > mail.until and not (is_taken or mail.is_fetched):
            raise too_late()
        decision = sift(runtime, tx, mail, parcel, target, reached_by)
        ready.decisions[target.account_id] = decision
        if decision.redirects:
            waiting.extend(_redirect(runtime, tx, mail, parcel, decision, ready, depth))
        for vacation in decision.vacations:
            _answer(runtime, tx, mail, parcel, decision, ready, vacation)
    ready.reports += [notice for decision in ready.decisions.values() if (notice := _told(runtime, tx, decision)) is not None]
    _refuse(runtime, mail, parcel, ready, is_taken=is_taken or bool(made.remote or made.forwarded or made.lists or len(made.local) > len(chosen)))
    for decision in ready.decisions.values():
        for count in {copy.edits for copy in decision.copies if copy.edits}:
            data = edits.apply(bytes(parcel.data), decision.edits[:count])
            ready.edited[decision.target.account_id, count] = parcel_of(parcel.trace_id, runtime.store.blobs.add(data), data)
    return ready


def _redirect(runtime: Runtime, tx: Tx, mail: Mail, parcel: Parcel, decision: Decision, ready: Prepared, depth: int) -> list[tuple[LocalTarget, str, int]]:
    """Follow the redirects of one account; the accounts here that they lead to."""
    headers, found, now = scan_headers(parcel.data), [], runtime.clock.micros()
    for redirect, is_by_admin in decision.redirects:
        address = redirect.address
        reason = forward.why_not(runtime, tx, mail, headers, decision, address, is_by_admin=is_by_admin)
        if not reason and depth >= forward.MAX_DEPTH:
            reason = f"it was redirected {depth} times already: a loop"
        local: list[LocalTarget] = []
        if not reason:
            try:
                where = resolve.resolve(tx, Address.parse(address))
                local = where.local
                reason = "a list takes no redirected mail" if where.lists else ""
                # One copy leaves for what an admin's rule sends on, however many people here the message is for.
                gone = {f.address for f in ready.forwards} if is_by_admin else set()
                ready.forwards += [forward.outside(runtime, tx, mail, decision, a) for a in where.remote if a not in gone]
            except MailError as error:
                if error.reason is Reason.UNKNOWN_DOMAIN and not (is_by_admin and any(f.address == address for f in ready.forwards)):
                    ready.forwards.append(forward.outside(runtime, tx, mail, decision, address))
                elif error.reason is not Reason.UNKNOWN_DOMAIN:
                    reason = error.detail
        found += [(target, address, depth + 1) for target in local]
        decision.events.append(_event(decision, now, "redirected" if not reason else "not redirected", to=address, why=reason))
        if reason and not decision.copies:
            decision.copies.append(Copy(role="junk" if mail.is_junk else ""))
    return found


def _answer(runtime: Runtime, tx: Tx, mail: Mail, parcel: Parcel, decision: Decision, ready: Prepared, vacation: Vacation) -> None:
    account = accounts.account(tx, decision.target.account_id)
    if account is None:
        return
    now = runtime.clock.micros()
    made = replies.write(runtime, tx, mail, parcel, account, vacation, decision.reached_by)
    if isinstance(made, str):
        decision.events.append(_event(decision, now, "no auto-reply", why=made))
        return
    decision.events.append(_event(decision, now, "auto-reply sent", to=str(made.recipient), report=made.parcel.trace_id))
    ready.answers.append(Answer(notice=made, account_id=account.id, handle=replies.handle_of(vacation), address=made.recipient.key))


def _told(runtime: Runtime, tx: Tx, decision: Decision) -> notices.Notice | None:
    """The note to an owner whose filters stumbled for the first time since they were changed."""
    if not decision.error or filters.form(tx, f"account:{decision.target.account_id}", "error"):
        return None
    own = Address.parse(decision.target.address)
    words = letters.written(runtime, tx, "filter.failed", letters.language_for(runtime, tx, own), Reason=decision.error, Address=str(own))
    return notices.prepare(runtime, notices.letter(runtime, own, own.domain, *words), own, "notice", about="filter")


def _refuse(runtime: Runtime, mail: Mail, parcel: Parcel, ready: Prepared, *, is_taken: bool) -> None:
    """POLICY, Accepting: refused in the dialogue only if everyone refuses; else each gets a report if the sender is proved and wants any, or it is junk."""
    refusing = [d for d in ready.decisions.values() if d.refusal]
    if not refusing:
        return
    if not mail.is_fetched and len(refusing) == len(ready.decisions) and not is_taken and not any(d.copies for d in refusing):
        raise MailError(Reason.POLICY, refusing[0].refusal)
    now, unasked = runtime.clock.micros(), {one.path for one in mail.recipients if one.notify == "NEVER"}  # RFC 3461 §4.1
    for decision in refusing:
        if mail.is_proved and not mail.is_fetched and mail.sender.address is not None and decision.reached_by not in unasked:
            ready.reports.append(refusal.report(runtime, mail, parcel, decision))
            decision.events.append(_event(decision, now, "refused, and the sender told", why=decision.refusal))
        else:
            decision.copies.append(Copy(role="junk"))
            decision.events.append(_event(decision, now, "refused, but filed as junk: the sender is not told", why=decision.refusal))


def _event(decision: Decision, now: Micros, did: str, **facts: str) -> TraceEvent:
    return TraceEvent(at=now, kind="filter", address=decision.target.address, data={"did": did, **{k: v for k, v in facts.items() if v}})
