"""Sending later: for a few seconds, so that it can be taken back, or at a time the person chose. POLICY, Held and scheduled mail.

A held message is its draft with the keyword $Scheduled and a job. When the job is due the draft is sent as it stands then, in the
one write that also ends it; a draft that is gone, changed, thrown away or without the keyword is not sent. So any program cancels it.
"""

from mailcore.base.clock import MINUTE, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import notices
from mailcore.delivery.submit import Overtaken
from mailcore.directory import letters
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.compose import OutgoingMessage, build
from mailcore.runtime.runtime import Runtime
from mailcore.sessions import webmail_drafts as drafts
from mailcore.sessions.webmail import actor_of
from mailcore.store import Tx, accounts, jobs, messages
from mailcore.store.accounts import Account

KEYWORD = "$Scheduled"
KIND = "send"
LATEST_DAYS = 366
GONE = ("trash", "junk")
CANCELLED = "cancelled: the draft was changed or removed"
AGAIN_AFTER = 5 * MINUTE
"""When a send that the store could not do is tried again."""


def hold(runtime: Runtime, account: Account, draft: drafts.Draft, due: Micros) -> int:
    """Send the saved *draft* at *due*; its message id. Raises MailError(SYNTAX) for a time that is past or too far."""
    now = runtime.clock.micros()
    if not now - MINUTE <= due <= now + LATEST_DAYS * 86_400_000_000:
        raise MailError(Reason.SYNTAX, "Choose a time from now to a year ahead.")

    def write(tx: Tx) -> None:
        if not _mark(tx, account, draft.message_id, "add", now):
            raise MailError(Reason.NOT_FOUND, "This draft is no longer here.")
        jobs.put(tx, KIND, {"message_id": draft.message_id}, now, account_id=account.id, next_at=due)

    runtime.store.write(write)
    return draft.message_id


def cancel(runtime: Runtime, account: Account, message_id: int) -> bool:
    """Do not send the held draft after all; whether it was held still."""
    now = runtime.clock.micros()

    def write(tx: Tx) -> bool:
        found = [job_id for job_id, held in _waiting(tx, account.id) if held == message_id]
        was_held = any(jobs.cancel(tx, job_id, now) for job_id in found)
        if was_held:
            _mark(tx, account, message_id, "remove", now)
        return was_held

    return runtime.store.write(write)


def _waiting(tx: Tx, account_id: int) -> list[tuple[int, int]]:
    """(job, message) of every send of an account that has not begun."""
    rows = tx.all("SELECT id FROM jobs WHERE account_id = :a AND kind = :k AND state = 'waiting' ORDER BY id", {"a": account_id, "k": KIND})
    found = [job for (job_id,) in rows if (job := jobs.get(tx, job_id)) is not None]
    return [(job.id, int(job.payload["message_id"])) for job in found]


def _mark(tx: Tx, account: Account, message_id: int, op: str, now: Micros) -> bool:
    row = tx.one("SELECT mailbox_id, uid FROM messages WHERE id = :i AND account_id = :a", {"i": message_id, "a": account.id})
    if row is None:
        return False
    messages.store_flags(tx, account.id, row[0], [(row[1], row[1])], op, 0, (KEYWORD,), actor=actor_of(account), now=now)
    return True


def _stands(tx: Tx, account: Account, message_id: int) -> bool:
    """Whether a held draft is one still: with its keyword, neither marked for removal nor moved to where mail is thrown away."""
    row = tx.one(
        "SELECT m.keywords, m.flags, b.role FROM messages m JOIN mailboxes b ON b.id = m.mailbox_id WHERE m.id = :i AND m.account_id = :a",
        {"i": message_id, "a": account.id},
    )
    return row is not None and KEYWORD in row[0].split() and not row[1] & messages.DELETED and row[2] not in GONE


def send_due(runtime: Runtime, job: jobs.Job) -> str:
    """Send the draft of a job that is due; the job's closing note. Never raises for what the person can mend: they are told."""
    tx = runtime.store.read()
    account = accounts.account(tx, job.account_id or 0)
    message_id = int(job.payload["message_id"])
    if account is None:
        return "the account is gone"
    draft = drafts.find(runtime, account, str(message_id)) if _stands(tx, account, message_id) else None
    if draft is None:
        runtime.store.write(lambda tx: _mark(tx, account, message_id, "remove", runtime.clock.micros()))
        return CANCELLED
    try:
        if not account.is_enabled:
            raise MailError(Reason.DISABLED, "Your account is switched off.")
        return drafts.send(runtime, account, draft.key, draft.typed, start=draft)
    except Overtaken:
        return CANCELLED
    except MailError as error:
        if error.temporary:
            runtime.store.write(lambda tx: jobs.put(tx, KIND, job.payload, job.created_at, account_id=account.id, next_at=runtime.clock.micros() + AGAIN_AFTER))
            return f"later: {error.detail}"
        _tell(runtime, account, draft, error.detail)
        return f"not sent: {error.detail}"


def _tell(runtime: Runtime, account: Account, draft: drafts.Draft, why: str) -> None:
    own, now = Address.parse(account.address), runtime.clock.now()
    tx = runtime.store.read()
    language = letters.language_for(runtime, tx, own)
    about = " ".join(draft.typed.subject.split())[:150] or letters.sentence(language, "no subject")
    subject, text = letters.written(runtime, tx, "held.failed", language, Subject=about, Reason=why, Address=account.address)
    message = OutgoingMessage(
        from_=(NamedAddress("Roost", Address(local="postmaster", domain=own.domain), ""),), to=(NamedAddress("", own, ""),), subject=subject,
        text=text, date=now, msgid=f"{runtime.new_trace_id()}@{runtime.hostname}", extra=(("Auto-Submitted", "auto-generated"),),
    )  # fmt: skip
    notice = notices.prepare(runtime, build(message), own, "notice")

    def write(tx: Tx) -> None:
        moment = runtime.clock.micros()
        _mark(tx, account, draft.message_id, "remove", moment)
        notices.put(tx, runtime, notice, moment)

    runtime.store.write(write)
