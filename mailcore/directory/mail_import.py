"""A person brings in mail from elsewhere: files they upload, or an account on another server that is tried first. One import at a time."""

import shutil
from typing import Any, BinaryIO

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import fetching, import_verbs
from mailcore.directory.actor import Actor
from mailcore.net import elsewhere
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, jobs, mailboxes, records
from mailcore.store.accounts import Account
from mailcore.store.fetched import Fetched

KIND = "mail-import"
UPLOAD_BYTES = 2 * 1024**3
"""Bytes of one import's files: a person does not fill the disk with what waits to be read."""
FILES = 100
"""Files of one import."""


def keep_file(runtime: Runtime, stream: BinaryIO, room: int) -> tuple[str, int]:
    """Keep an uploaded file until it is read; its token and size. Raises MailError(TOO_BIG, NO_SPACE)."""
    folder = import_verbs.folder_of(runtime)
    folder.mkdir(mode=0o700, exist_ok=True)
    token, done, reserve = runtime.new_trace_id(), 0, int(runtime.settings.get("storage.reserve"))
    place = import_verbs.upload_path(runtime, token)
    try:
        with place.open("wb") as file:
            while piece := stream.read(import_verbs.PIECE):
                done += len(piece)
                if done > room:
                    raise MailError(Reason.TOO_BIG, f"At most {UPLOAD_BYTES // 1024**3} GB are brought in at once. Bring the rest in after that.")
                if shutil.disk_usage(folder).free < reserve + import_verbs.PIECE:
                    raise MailError(Reason.NO_SPACE, "The server has no room for these files now.")
                file.write(piece)
    except MailError:
        place.unlink(missing_ok=True)
        raise
    return token, done


def try_account(runtime: Runtime, one: Fetched) -> None:
    """Sign in there once. Raises MailError(AUTH_FAILED, NETWORK, NOT_PERMITTED, SYNTAX) in words."""
    if not one.host.strip() or not one.username.strip() or not one.password:
        raise MailError(Reason.SYNTAX, "Fill in the server, the user name and the password there.")
    elsewhere.open_source(fetching.reached(runtime, one)).close()


def ask(tx: Tx, actor: Actor, account: Account, wanted: dict[str, Any], now: Micros) -> int:
    """Begin an import (*wanted*: uploads or host, and into); the job's id. Raises MailError(IN_USE, NOT_FOUND)."""
    running = latest(tx, account.id)
    if running is not None and running.state in ("waiting", "running"):
        raise MailError(Reason.IN_USE, "An import is at work already. Wait for it to end, or stop it.")
    if wanted.get("into") and mailboxes.by_name(tx, account.id, str(wanted["into"])) is None:
        raise MailError(Reason.NOT_FOUND, "This mailbox is no longer here.")
    source = str(wanted.get("host") or f"{len(wanted.get('uploads', ()))} files")
    records.audit(tx, "account:mail_import", account.address, actor=actor.name, ip=actor.ip, now=now, new={"from": source, "into": wanted.get("into", "")}, domain_id=account.domain_id)
    return jobs.put(tx, KIND, wanted, now, account_id=account.id)


def latest(tx: Tx, account_id: int) -> jobs.Job | None:
    """The newest import of an account."""
    return next((job for job in jobs.recent(tx, account_id=account_id, limit=200) if job.kind == KIND), None)


def stop(tx: Tx, account_id: int, now: Micros) -> bool:
    """Stop the import that is at work; whether there was one."""
    job = latest(tx, account_id)
    return job is not None and jobs.cancel(tx, job.id, now)
