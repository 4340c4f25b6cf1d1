"""Snoozing: messages that leave the list until a moment, and what brings them back.

A snoozed message stands in the mailbox Snoozed with the keyword $Snoozed, so that every program sees where it is; a job knows when
it returns. Whoever moves it out, or takes the keyword off, has ended the snooze: the job then finds nothing to do.
"""

from collections.abc import Sequence

from mailcore.base.clock import DAY, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import webmail
from mailcore.store import Tx, accounts, changes, jobs, mailboxes, messages
from mailcore.store.accounts import Account

KEYWORD = "$Snoozed"
NAME = "Snoozed"
KIND = "wake"
LATEST_DAYS = 366


def snooze(runtime: Runtime, account: Account, ids: Sequence[int], due: Micros) -> webmail.Done:
    """Out of the way until *due*. Raises MailError(SYNTAX) for a moment that is past or too far, NOT_FOUND, LIMIT."""
    now = runtime.clock.micros()
    if not now < due <= now + LATEST_DAYS * DAY:
        raise MailError(Reason.SYNTAX, "Choose a time from now to a year ahead.")

    def fn(work: webmail.Work) -> str:
        target = mailboxes.by_name(work.tx, account.id, NAME) or mailboxes.create(work.tx, account.id, NAME, actor=work.actor, now=now, is_subscribed=True)
        homes: dict[str, int] = {}
        found = webmail.groups(work, ids)
        if not all(work.place(box).is_own for box in found):
            raise MailError(Reason.NOT_PERMITTED, "Only messages in your own mailboxes can be snoozed.")
        for box, uids in found.items():
            for message_id, _uid in _placed(work.tx, box, uids):
                homes[str(message_id)] = box
            _put_away(work, box, target.id, uids)
        jobs.put(work.tx, KIND, {"homes": homes}, now, account_id=account.id, next_at=due)
        return target.name

    return webmail.write(runtime, account, fn)


def _placed(tx: Tx, box: int, uids: Sequence[int]) -> list[tuple[int, int]]:
    return [(r[1], r[0]) for r in messages.select(tx, box, webmail.pairs(uids), "uid, id")]


def _put_away(work: webmail.Work, box: int, target: int, uids: Sequence[int]) -> None:
    messages.store_flags(work.tx, work.account_id, box, webmail.pairs(uids), "add", 0, (KEYWORD,), actor=work.actor, now=work.now)
    if box == target:
        return
    moved = messages.move(work.tx, work.account_id, box, target, webmail.pairs(uids), actor=work.actor, now=work.now)
    work.count += len(moved.target)
    span = changes.ranges(moved.target)
    work.steps += [["label", target, "remove", KEYWORD, span], ["move", target, box, span]]


def wake_due(runtime: Runtime, job: jobs.Job) -> str:
    """Bring back what a job that is due put away: unread, at the top, where it was; the closing note."""
    now = runtime.clock.micros()
    account = accounts.account(runtime.store.read(), job.account_id or 0)
    if account is None:
        return "the account is gone"
    homes: dict[str, int] = job.payload["homes"]

    def write(tx: Tx) -> int:
        there = mailboxes.by_name(tx, account.id, NAME)
        inbox = mailboxes.by_name(tx, account.id, "INBOX")
        later = until(tx, account.id, after=job.id)
        due = {int(i): home for i, home in homes.items() if int(i) not in later}
        return sum(_wake(tx, account.id, i, there.id, (home, inbox.id if inbox else home), now) for i, home in due.items()) if there else 0

    return f"{runtime.store.write(write)} messages back"


def _wake(tx: Tx, account_id: int, message_id: int, snoozed: int, homes: tuple[int, int], now: Micros) -> int:
    """One message, unless its snooze was ended; 1 when it came back."""
    row = tx.one("SELECT uid, keywords FROM messages WHERE id = :i AND account_id = :a AND mailbox_id = :b", {"i": message_id, "a": account_id, "b": snoozed})
    if row is None or KEYWORD not in row[1].split():
        return 0
    uids = [(row[0], row[0])]
    messages.store_flags(tx, account_id, snoozed, uids, "remove", messages.SEEN, (KEYWORD,), actor="snooze", now=now)
    home = mailboxes.get(tx, homes[0])
    target = homes[0] if home is not None and home.account_id == account_id and not home.is_noselect else homes[1]
    messages.date_anew(tx, message_id, now)
    messages.move(tx, account_id, snoozed, target, uids, actor="snooze", now=now)
    return 1


def until(tx: Tx, account_id: int, *, after: int = 0) -> dict[int, Micros]:
    """When each snoozed message of an account returns, as the jobs later than *after* say."""
    found: dict[int, Micros] = {}
    for job_id, due in tx.all("SELECT id, next_at FROM jobs WHERE account_id = :a AND kind = :k AND state = 'waiting' AND id > :i ORDER BY id", {"a": account_id, "k": KIND, "i": after}):
        job = jobs.get(tx, job_id)
        for message_id in job.payload["homes"] if job else ():
            found[int(message_id)] = due
    return found
