"""The verbs behind bringing in a whole hMailServer from the panel: asked for, looked at, begun, and the files that were uploaded for it."""

import re
import shutil
from pathlib import Path
from typing import Any, BinaryIO

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, jobs, records

KIND = "import"
UPLOAD_BYTES = 4 * 1024**3
"""Largest upload; a larger backup is copied to the server and named by its folder."""
PIECE = 1024 * 1024
_TOKEN = re.compile(r"[0-9a-z]{8,40}")


def folder_of(runtime: Runtime) -> Path:
    """Where uploads lie until they are imported."""
    return runtime.config.data_dir / "imports"


def upload_path(runtime: Runtime, token: str) -> Path:
    """An upload's file. Raises MailError(NOT_FOUND) for what is no upload's name."""
    if not _TOKEN.fullmatch(token):
        raise MailError(Reason.NOT_FOUND, "The uploaded file is no longer here. Upload it again.")
    return folder_of(runtime) / f"{token}.zip"


def keep_upload(runtime: Runtime, stream: BinaryIO) -> str:
    """Keep an uploaded zip; its token. Raises MailError(TOO_BIG, NO_SPACE, SYNTAX)."""
    folder = folder_of(runtime)
    folder.mkdir(mode=0o700, exist_ok=True)
    token, done, reserve = runtime.new_trace_id(), 0, int(runtime.settings.get("storage.reserve"))
    place = upload_path(runtime, token)
    try:
        with place.open("wb") as file:
            while piece := stream.read(PIECE):
                done += len(piece)
                if done > UPLOAD_BYTES:
                    raise MailError(Reason.TOO_BIG, f"At most {UPLOAD_BYTES // 1024**3} GB can be uploaded. Copy the backup to the server and name its folder.")
                if shutil.disk_usage(folder).free < reserve + PIECE:
                    raise MailError(Reason.NO_SPACE, "There is no room for the upload. Free some disk space, or name a folder instead.")
                file.write(piece)
        if done == 0:
            raise MailError(Reason.SYNTAX, "Choose a zip, or name a folder on the server.")
    except MailError:
        place.unlink(missing_ok=True)
        raise
    return token


def forget_upload(runtime: Runtime, token: str) -> None:
    """Remove an upload and what was unpacked of it."""
    place = upload_path(runtime, token)
    place.unlink(missing_ok=True)
    for folder in (place.with_suffix(""), place.with_suffix(".part")):
        shutil.rmtree(folder, ignore_errors=True)


def forget_uploads(runtime: Runtime, before: Micros) -> int:
    """Remove uploads from before *before*; how many went."""
    found = [p for p in folder_of(runtime).glob("*") if p.stat().st_mtime * SECOND < before]
    for one in found:
        forget_upload(runtime, one.stem)
    return len(found)


def ask(tx: Tx, actor: Actor, wanted: dict[str, Any], now: Micros) -> int:
    """Look into a backup (*wanted*: path or upload, data, has_settings, has_mail); the job's id. Raises MailError(IN_USE, SYNTAX, NOT_PERMITTED)."""
    actor.require_server()
    if tx.one("SELECT 1 FROM jobs WHERE kind = :k AND state IN ('waiting', 'running')", {"k": KIND}) is not None:
        raise MailError(Reason.IN_USE, "An import is running already.")
    for name in ("path", "data"):
        if wanted.get(name) and not Path(str(wanted[name])).is_absolute():
            raise MailError(Reason.SYNTAX, "Write the whole path of the folder, such as /mnt/HMBackup.")
    if not wanted.get("path") and not wanted.get("upload"):
        raise MailError(Reason.SYNTAX, "Choose a zip, or name a folder on the server.")
    tx.run("DELETE FROM jobs WHERE kind = :k", {"k": KIND})
    new = {name: wanted[name] for name in ("path", "data", "has_settings", "has_mail") if name in wanted}
    records.audit(tx, "import:asked", str(wanted.get("path") or "upload"), actor=actor.name, ip=actor.ip, now=now, new=new | {"is_dry": True})
    return jobs.put(tx, KIND, wanted | {"is_dry": True}, now)


def begin(tx: Tx, actor: Actor, now: Micros) -> int:
    """Import what was looked at last; the job's id. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    actor.require_server()
    job = latest(tx)
    if job is None or job.state != "done" or not job.payload["is_dry"]:
        raise MailError(Reason.NOT_FOUND, "Look into the backup first.")
    wanted = {name: value for name, value in job.payload.items() if name != "report"}
    found = job.payload.get("report", {}).get("messages", {}).get("found", 0)
    records.audit(tx, "import:begun", str(wanted.get("path") or "upload"), actor=actor.name, ip=actor.ip, now=now)
    return jobs.put(tx, KIND, wanted | {"is_dry": False, "messages": found}, now)


def latest(tx: Tx) -> jobs.Job | None:
    """The newest look or import."""
    return next((job for job in jobs.recent(tx, limit=500) if job.kind == KIND), None)


def drop(tx: Tx, actor: Actor, now: Micros) -> str:
    """Forget what was looked at or imported; the token of its upload, "" for none. Raises MailError(IN_USE, NOT_PERMITTED)."""
    actor.require_server()
    job = latest(tx)
    if job is not None and job.state in ("waiting", "running"):
        raise MailError(Reason.IN_USE, "An import is running already.")
    tx.run("DELETE FROM jobs WHERE kind = :k", {"k": KIND})
    return str(job.payload.get("upload", "")) if job is not None else ""
