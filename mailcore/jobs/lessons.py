"""Teaches the Bayes filter what people move in and out of Junk or mark by keyword, from whatever program: the change log says who did what where.

What the server itself filed teaches nothing: a filter that believed itself would never be corrected. Every process looks; an email is learned
once however often it is told.
"""

from dataclasses import dataclass

from mailcore.base.clock import SECOND, Micros
from mailcore.policy import bayes
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, changes, protection

EVERY: Micros = 2 * SECOND
MOST = 500
"""Emails of one look: who files ten thousand at once teaches no more by the rest."""


@dataclass(slots=True)
class Look:
    """When a process last looked, and how far it has read the change log."""

    at: Micros
    log_id: int


def learn_when_due(runtime: Runtime, tx: Tx, now: Micros) -> None:
    """Look when the last look of this process is EVERY ago."""
    look = runtime.caches.get(__name__)
    if not isinstance(look, Look):
        runtime.caches[__name__] = Look(now, changes.newest_id(tx))
        return
    if now - look.at < EVERY:
        return
    first, newest = look.log_id, changes.newest_id(tx)
    look.at, look.log_id = now, newest
    if newest == first or not runtime.settings.get("spam.bayes"):
        return
    taught = [*protection.filed_by_people(tx, first, newest, MOST), *protection.marked_by_people(tx, first, newest, MOST)]
    for account_id, email_id, is_spam in taught:
        bayes.learn(runtime, account_id, email_id, is_spam)
