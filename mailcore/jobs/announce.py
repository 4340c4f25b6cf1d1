"""Writes to everybody, or to everybody whose address fits a pattern: one message each, straight into the inbox, with progress."""

from collections.abc import Callable
from fnmatch import fnmatchcase
from typing import Any

from mailcore.base.clock import from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import notices
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.compose import OutgoingMessage, build
from mailcore.runtime.runtime import Runtime
from mailcore.store import accounts
from mailcore.store.jobs import Job

Step = Callable[[int, int, str], bool]
BATCH = 50


def run(runtime: Runtime, job: Job, step: Step) -> str:
    """One announcement. Raises MailError when the message cannot be written."""
    wanted, tx = job.payload, runtime.store.read()
    people = [a for a in accounts.accounts(tx, wanted.get("domain_id"), limit=10_000_000) if a.is_enabled and a.kind == "person" and fnmatchcase(a.address, wanted["to"])]
    if not people:
        raise MailError(Reason.NOT_FOUND, "Nobody's address fits.")
    done = int(job.done)
    for one in people[done:]:
        notice = notices.prepare(runtime, letter(runtime, wanted, one.address), Address.parse(one.address), "notice", about="announcement")
        runtime.store.write(lambda tx, n=notice: notices.put(tx, runtime, n, runtime.clock.micros()), bulk=True)  # type: ignore[misc]
        done += 1
        if done % BATCH == 0 and not step(done, len(people), f"{done:,} of {len(people):,}"):
            return f"cancelled after {done:,} people"
    step(done, len(people), "")
    return f"{done:,} people have it"


def letter(runtime: Runtime, wanted: dict[str, Any], to: str) -> bytes:
    """The message for one person. Raises MailError(SYNTAX)."""
    now, sender = runtime.clock.micros(), Address.parse(wanted["from"])
    message = OutgoingMessage(
        from_=(NamedAddress(wanted.get("name", ""), sender, str(sender)),), to=(NamedAddress("", Address.parse(to), to),), date=from_micros(now),
        msgid=f"{runtime.new_trace_id()}@{runtime.hostname}", subject=wanted["subject"], text=wanted["text"], extra=(("Auto-Submitted", "auto-generated"),),
    )  # fmt: skip
    return build(message)
