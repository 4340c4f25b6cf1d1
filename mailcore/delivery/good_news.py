"""Word of delivery for who asked for it by NOTIFY=SUCCESS (RFC 3461 §4.1): an item of the queue whose recipients have been served; the queue writes the report."""

from collections.abc import Container

from mailcore.base.clock import SECOND, Micros
from mailcore.delivery.parcel import Parcel
from mailcore.policy.facts import Accepted, Mail
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, outbox

KIND = "delivered"
"""Kind of the item."""


def is_asked(one: Accepted, served: Container[int]) -> bool:
    """Whether *one* wants to know and is nobody but mailboxes here that have the message now."""
    found = one.recipient
    if found is None or "SUCCESS" not in one.notify.upper().split(","):
        return False
    return bool(found.local) and not (found.remote or found.lists) and all(target.account_id in served for target in found.local)


def put(tx: Tx, runtime: Runtime, mail: Mail, parcel: Parcel, served: Container[int], prefix: bytes, now: Micros) -> None:
    """Queue the word, in the write that delivers. A null sender is told nothing."""
    people = [one for one in mail.recipients if is_asked(one, served)]
    if not people or mail.sender.address is None:
        return
    item = outbox.NewItem(
        trace_id=parcel.trace_id, sender=str(mail.sender.address), staged=parcel.staged, prefix=prefix, kind=KIND, envid=mail.envid, ret=mail.ret, subject=parcel.summary.subject[:200],
        recipients=[outbox.NewRecipient(address=one.path, domain="", orcpt=one.orcpt or f"rfc822;{one.path}", notify=one.notify, state="delivered") for one in people],
        expires_at=now + runtime.settings.get("queue.lifetime") * SECOND, state="waiting",
    )  # fmt: skip
    outbox.put(tx, runtime.store.blobs, item, now)
