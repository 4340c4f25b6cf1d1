"""A person's import at work: every message once, into their own mailboxes, until it ends, is stopped, or the quota is full.

What was brought stays, and is not brought twice. When it ends the files are gone, and the password there is forgotten.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.directory import fetching, import_verbs
from mailcore.jobs.imports import letters, mailing, remote
from mailcore.jobs.imports.letters import Letter
from mailcore.runtime.runtime import Runtime
from mailcore.store import accounts, jobs
from mailcore.store.fetched import Fetched
from mailcore.store.jobs import Job

Step = Callable[[int, int, str], bool]
TELL_SECONDS = 0.5
"""How often progress is written down."""


def run(runtime: Runtime, job: Job, step: Step) -> str:
    """One import. Raises MailError in words."""
    account = accounts.account(runtime.store.read(), job.account_id or 0)
    if account is None:
        raise MailError(Reason.NOT_FOUND, "The account is gone.")
    wanted, told = dict(job.payload), [0.0]

    def tell(done: int, where: str) -> bool:
        if time.monotonic() - told[0] < TELL_SECONDS:
            return True
        told[0] = time.monotonic()
        return step(done, 0, where)

    report: dict[str, Any] = {}
    try:
        outcome = mailing.bring(runtime, account, _letters(runtime, wanted), into=str(wanted.get("into", "")), step=tell)
        report = {
            "brought": outcome.brought, "were_here": outcome.were_here, "left_out": outcome.left_out_count, "left_out_first": outcome.left_out,
            "by_mailbox": outcome.by_mailbox,
        }  # fmt: skip
    finally:
        for token, _name in wanted.get("uploads", ()):
            import_verbs.forget_upload(runtime, token)
        kept = {key: value for key, value in wanted.items() if key != "password"} | {"report": report}
        runtime.store.write(lambda tx: jobs.remember(tx, job.id, kept), bulk=True)
    return "imported"


def _letters(runtime: Runtime, wanted: dict[str, Any]) -> Iterator[Letter]:
    limit = int(runtime.settings.get("smtp.message_size"))
    for token, _name in wanted.get("uploads", ()):
        yield from letters.read(import_verbs.upload_path(runtime, token), limit)
    if wanted.get("host"):
        one = Fetched(
            account_id=0, protocol="imap", host=wanted["host"], port=int(wanted["port"]), security=wanted["security"], username=wanted["username"], password=wanted["password"]
        )
        source = remote.Account(fetching.reached(runtime, one))
        try:
            yield from source.letters(limit)
        finally:
            source.close()
