"""Putting back what one program deleted in one go, or erasing it at once, by its owner or by an admin in their place."""

from mailcore.base.errors import MailError, Reason
from mailcore.directory import verbs
from mailcore.directory.actor import Actor
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import webmail
from mailcore.store import Tx, activity, records
from mailcore.store.accounts import Account


def put_back(runtime: Runtime, actor: Actor, account: Account, program: str, mailbox_id: int, bucket: int) -> int:
    """Put back a batch of `activity.deletions`; how many messages. Raises MailError(NOT_PERMITTED, NOT_FOUND)."""
    verbs.own_or_manageable(runtime.store.read(), actor, account.id)
    total = 0
    while ids := activity.ids_of(runtime.store.read(), account.id, program, mailbox_id, bucket):
        total += webmail.put_back(runtime, account, ids)
    if not total:
        raise MailError(Reason.NOT_FOUND, GONE)
    runtime.store.write(lambda tx: note(tx, runtime, actor, account, "mail_put_back", {"program": program, "messages": total}))
    return total


def erase(runtime: Runtime, actor: Actor, account: Account, program: str, mailbox_id: int, bucket: int) -> int:
    """Let a batch of `activity.deletions` go for good before its time; how many messages. Raises MailError(NOT_PERMITTED, NOT_FOUND)."""
    verbs.own_or_manageable(runtime.store.read(), actor, account.id)

    def write(tx: Tx) -> int:
        total = activity.forget(tx, account.id, program, mailbox_id, bucket)
        if not total:
            raise MailError(Reason.NOT_FOUND, GONE)
        note(tx, runtime, actor, account, "mail_erased", {"program": program, "messages": total})
        return total

    return runtime.store.write(write)


GONE = "These messages have been put back already, or their time is over."


def note(tx: Tx, runtime: Runtime, actor: Actor, account: Account, what: str, new: dict[str, object]) -> None:
    """The line in the audit."""
    records.audit(tx, f"account:{what}", account.address, actor=actor.name, ip=actor.ip, now=runtime.clock.micros(), new=new, domain_id=account.domain_id)
