"""Tries a rule on mail that is here already, changing nothing: which of the newest messages it would have acted on."""

from dataclasses import replace

from mailcore.base.clock import from_micros
from mailcore.directory.personal import zone_of
from mailcore.runtime.runtime import Runtime
from mailcore.sieve import OWN_EXTENSIONS, compile
from mailcore.sieve.message import Mail, Surroundings
from mailcore.sieve.rules import Kind, Rule, RuleAction
from mailcore.sieve.rulescript import to_sieve
from mailcore.store import listing, mailboxes
from mailcore.store.accounts import Account
from mailcore.store.listing import ListRow

TRIED = 200
"""Messages of the inbox that a trial reads."""
TRIED_BYTES = 1024 * 1024


def fits(runtime: Runtime, account: Account, rule: Rule) -> tuple[list[ListRow], int]:
    """The messages among the newest TRIED of INBOX that *rule* fits, and how many were looked at. Raises MailError(SYNTAX)."""
    tx = runtime.store.read()
    inbox = mailboxes.by_name(tx, account.id, "INBOX")
    rows = listing.page(tx, inbox.id, limit=TRIED) if inbox is not None else []
    return fitting(runtime, account, rule, rows), len(rows)


def fitting(runtime: Runtime, account: Account, rule: Rule, rows: list[ListRow]) -> list[ListRow]:
    """Those of *rows* that the rule fits, whatever it would do with them. Raises MailError(SYNTAX)."""
    asked = replace(rule, actions=(RuleAction(kind=Kind.KEEP),), is_enabled=True, stop=False)
    script, found, tx = compile(to_sieve([asked]), OWN_EXTENSIONS), [], runtime.store.read()
    for row in rows:
        stored = listing.get(tx, account.id, row.message_id)
        data = runtime.store.blobs.read(stored.locator, 0, TRIED_BYTES)
        around = Surroundings(recipient=account.address, sender=row.from_addr, now=from_micros(row.internal_date), zone=zone_of(runtime, account))
        if script.run(Mail(data), around).trace:
            found.append(row)
    return found
