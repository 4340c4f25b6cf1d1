"""Performs what was decided for one account, inside the write: copies into mailboxes, flags, what is to be remembered."""

from dataclasses import replace

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError
from mailcore.delivery import notices
from mailcore.delivery.decision import Copy, Decision
from mailcore.delivery.parcel import Parcel
from mailcore.delivery.prepare import Answer, Prepared
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, filters, mailboxes, messages
from mailcore.store.mailboxes import Mailbox
from mailcore.store.records import TraceEvent

NAMES = {"junk": "Junk", "trash": "Trash", "archive": "Archive", "sent": "Sent", "drafts": "Drafts"}
"""A role's mailbox that is made when the account has none."""


def perform(tx: Tx, runtime: Runtime, parcel: Parcel, ready: Prepared, decision: Decision, prefix: bytes, now: Micros) -> list[TraceEvent]:
    """Store every copy of *decision*; what happened, for the trace. Raises MailError(NOT_FOUND) when the account is gone."""
    account_id, events = decision.target.account_id, list(decision.events)
    actor = f"smtp:{parcel.trace_id}" if len(decision.copies) <= 1 and not decision.events else f"filter:{parcel.trace_id}"
    placed: set[int] = set()
    for copy in decision.copies:
        shown = ready.edited.get((account_id, copy.edits), parcel) if copy.edits else parcel
        email = shown.email(prefix)
        box = mailbox_for(tx, account_id, copy, now)
        if box.role == "inbox" and messages.is_muted(tx, account_id, email):
            copy = replace(copy, role="archive", flags=copy.flags | messages.SEEN, keywords=(*copy.keywords, "$Muted"))
            box = mailbox_for(tx, account_id, copy, now)
        if box.id in placed:
            continue
        placed.add(box.id)
        messages.append(
            tx, runtime.store.blobs, account_id, box.id, email, actor=actor, now=now, flags=copy.flags, keywords=" ".join(sorted(copy.keywords))
        )
        events.append(TraceEvent(at=now, kind="delivered", address=decision.target.address, data={"mailbox": box.name, "for": decision.reached_by}))
    for mark in decision.marks:
        filters.note_seen(tx, account_id, mark.mark, now + mark.seconds * SECOND)
    for scope, error in decision.shared_errors.items():
        if not filters.form(tx, scope, "error"):
            filters.put_form(tx, scope, "error", error, now)
    if decision.error:
        filters.put_form(tx, f"account:{account_id}", "error", decision.error, now)
        events.append(TraceEvent(at=now, kind="filter", address=decision.target.address, data={"did": "failed", "why": decision.error}))
    return events


def mailbox_for(tx: Tx, account_id: int, copy: Copy, now: Micros) -> Mailbox:
    """The mailbox of *copy*, made where that was asked for; INBOX where it is missing or its name is none."""
    found = mailboxes.by_role(tx, account_id, copy.role) if copy.role and copy.role != "inbox" else None
    if found is None and copy.role in NAMES:
        found = mailboxes.by_name(tx, account_id, NAMES[copy.role]) or mailboxes.create(
            tx, account_id, NAMES[copy.role], role=copy.role, actor="delivery", now=now, is_subscribed=True
        )
    if found is None and mailboxes.canonical(copy.mailbox) != "INBOX":
        found = mailboxes.by_name(tx, account_id, copy.mailbox)
        if found is None and copy.creates:
            try:
                found = mailboxes.create(tx, account_id, copy.mailbox, actor="filter", now=now, is_subscribed=True)
            except MailError:
                found = None
    if found is not None and not found.is_noselect:
        return found
    return mailboxes.by_name(tx, account_id, "INBOX") or mailboxes.create(tx, account_id, "INBOX", role="inbox", actor="delivery", now=now)


def answer(tx: Tx, runtime: Runtime, one: Answer, now: Micros) -> None:
    """Send an auto-reply and remember it; nothing when another copy of the same moment was quicker."""
    if filters.last_reply(tx, one.account_id, one.handle, one.address) == now:
        return
    filters.note_reply(tx, one.account_id, one.handle, one.address, now)
    notices.put(tx, runtime, one.notice, now)
