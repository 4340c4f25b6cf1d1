"""Warns the owner of an account when a program has deleted many messages at once: a phone that clears a mailbox, or a stranger with the password.

The change log says where something was deleted since the last look, so an idle server reads no rows; a burst is told when it has ended. That it was told
stands in the audit, so two workers never tell twice, and the admin reads it too.
"""

from dataclasses import dataclass

from mailcore.base.clock import DAY, MINUTE, SECOND, Micros
from mailcore.base.errors import MailError
from mailcore.delivery import notices
from mailcore.directory import letters
from mailcore.mail.address import Address
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, activity, changes, records

EVERY: Micros = 5 * SECOND
WITHIN: Micros = 10 * MINUTE
"""Deletions of one program within this belong together."""
QUIET: Micros = 5 * SECOND
"""A burst that has rested for so long has ended."""
AGAIN: Micros = DAY
"""The same program is told of once in this time."""
EVENT = "account:many_deleted"


@dataclass(slots=True)
class Look:
    """Where a process has read the change log to, and the accounts and programs that it still watches."""

    at: Micros
    log_id: int
    watched: set[tuple[int, str]]


def warn_when_due(runtime: Runtime, tx: Tx, now: Micros) -> None:
    """Look when the last look of this process is EVERY ago."""
    look = runtime.caches.get(__name__)
    if not isinstance(look, Look):
        runtime.caches[__name__] = Look(now, changes.newest_id(tx), set())
        return
    if now - look.at < EVERY:
        return
    look.at, newest = now, changes.newest_id(tx)
    look.watched |= changes.deleters(tx, look.log_id, newest)
    look.log_id = newest
    for account_id, actor in sorted(look.watched):
        found = activity.burst(tx, account_id, actor, now - WITHIN)
        if found is not None and now - found.at < QUIET:
            continue
        look.watched.discard((account_id, actor))
        account = accounts.account(tx, account_id)
        limit = int(runtime.settings.get("undelete.warn", domain_id=account.domain_id)) if account is not None else 0
        if found is not None and account is not None and 0 < limit <= found.count:
            tell(runtime, account, found)


def tell(runtime: Runtime, account: accounts.Account, found: activity.Batch) -> None:
    """Write to the owner, unless they were told of this program lately."""
    now, program = runtime.clock.micros(), name_of(found.actor)
    try:
        own = Address.parse(account.address)
        notice = notices.prepare(runtime, letter(runtime, account, own, found, program), own, "notice", about="deleted")
    except MailError as error:
        runtime.log.warning("no warning of deletions", address=account.address, detail=error.detail)
        return

    def write(tx: Tx) -> None:
        if records.was_audited(tx, EVENT, account.address, found.actor, now - AGAIN):
            return
        new = {"program": program, "messages": found.count, "mailbox": found.mailbox}
        records.audit(tx, EVENT, account.address, actor=found.actor, now=now, new=new, domain_id=account.domain_id)
        notices.put(tx, runtime, notice, now)

    runtime.store.write(write, bulk=True)


def name_of(actor: str) -> str:
    """A program as the change log names it, for people: "Outlook (IMAP)"."""
    protocol, _colon, rest = actor.partition(":")
    return f"{rest} ({protocol.upper()})" if rest else protocol


def letter(runtime: Runtime, account: accounts.Account, own: Address, found: activity.Batch, program: str) -> bytes:
    """The warning. Raises MailError."""
    tx, days = runtime.store.read(), int(runtime.settings.get("undelete.days", domain_id=account.domain_id))
    values = {"Program": program, "Count": f"{found.count:,}", "Mailbox": found.mailbox, "Days": str(days), "Address": account.address}
    words = letters.written(runtime, tx, "deleted.many", letters.language_for(runtime, tx, own), **values)
    return notices.letter(runtime, own, own.domain, *words)
