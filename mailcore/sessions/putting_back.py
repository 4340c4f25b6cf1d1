"""Putting back what one program deleted in one go, by its owner or by an admin in their place."""

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
        raise MailError(Reason.NOT_FOUND, "These messages have been put back already, or their time is over.")

    def note(tx: Tx) -> None:
        new = {"program": program, "messages": total}
        records.audit(tx, "account:mail_put_back", account.address, actor=actor.name, ip=actor.ip, now=runtime.clock.micros(), new=new, domain_id=account.domain_id)

    runtime.store.write(note)
    return total
