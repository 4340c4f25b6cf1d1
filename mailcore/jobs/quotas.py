"""Tells the owner of a mailbox once that it is 80 percent full, and once at 95; again only after it was clearly emptier in between.

Looked at every few seconds rather than at each delivery: mail never waits for it, and whatever fills a mailbox is seen alike. What was told stands in the
account's row, so two workers never tell twice.
"""

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError
from mailcore.delivery import notices
from mailcore.directory import letters
from mailcore.mail.address import Address
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx

EVERY: Micros = 10 * SECOND
LEVELS = (80, 95)
"""Percent of the quota at which the owner is told. POLICY, Accepting."""
SLACK = 5
"""Percent that a mailbox must fall below a level before it is told of it again."""
BATCH = 200


def warn_when_due(runtime: Runtime, tx: Tx, now: Micros) -> None:
    """Look at all mailboxes when the last look of this process is EVERY ago."""
    last = runtime.caches.get(__name__, 0)
    if isinstance(last, int) and now - last < EVERY:
        return
    runtime.caches[__name__] = now
    rows = tx.all(
        "SELECT id, address, quota_bytes, used_bytes, quota_warned FROM accounts WHERE kind = 'person' AND deleted_at IS NULL"
        " AND ((quota_bytes > 0 AND used_bytes * 100 >= quota_bytes * :p) OR quota_warned > 0)",
        {"p": LEVELS[0]},
    )
    changed = [row for row in rows if level_of(row[2], row[3], row[4]) != row[4]]
    for account_id, address, quota, used, warned in changed[:BATCH]:
        tell(runtime, account_id, address, quota, used, warned)


def level_of(quota: int, used: int, warned: int) -> int:
    """The level a mailbox is told to be at: the highest that it has reached, or the last one while it is not clearly below it."""
    percent = used * 100 / quota if quota else 0.0
    reached = max((level for level in LEVELS if percent >= level), default=0)
    still = max((level for level in LEVELS if level <= warned and percent >= level - SLACK), default=0)
    return max(reached, still)


def tell(runtime: Runtime, account_id: int, address: str, quota: int, used: int, warned: int) -> None:
    """Keep the new level, and write to the owner when it is a higher one."""
    now, level = runtime.clock.micros(), level_of(quota, used, warned)
    notice = None
    if level > warned:
        try:
            own = Address.parse(address)
            notice = notices.prepare(runtime, letter(runtime, own, quota, used), own, "notice", about="quota")
        except MailError as error:
            runtime.log.warning("no quota warning", address=address, detail=error.detail)

    def write(tx: Tx) -> None:
        is_first = tx.run("UPDATE accounts SET quota_warned = :l WHERE id = :i AND quota_warned = :w", {"l": level, "i": account_id, "w": warned}) > 0
        if is_first and notice is not None:
            notices.put(tx, runtime, notice, now)

    runtime.store.write(write, bulk=True)


def letter(runtime: Runtime, own: Address, quota: int, used: int) -> bytes:
    """The warning. Raises MailError."""
    tx = runtime.store.read()
    language, percent = letters.language_for(runtime, tx, own), str(used * 100 // quota)
    words = letters.written(runtime, tx, "quota.warning", language, Percent=percent, Used=_size(used), Quota=_size(quota), Address=str(own))
    return notices.letter(runtime, own, own.domain, *words)


def _size(count: int) -> str:
    for power, unit in ((3, "GB"), (2, "MB"), (1, "KB")):
        if count >= 1024**power:
            return f"{count / 1024**power:.1f} {unit}"
    return f"{count} B"
