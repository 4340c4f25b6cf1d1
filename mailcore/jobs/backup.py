"""Backup while running: one moment of the database, then the bytes that its rows name. Each run adds to a folder; bytes are kept once.

    FOLDER/blobs/SEGMENT           copied once, as far as rows may name it
    FOLDER/2026-11-24T020000Z/     tables/*.jsonl.gz, tls/, secret.key, manifest.json (written last: without it the run is not whole)
The rows come first and name only bytes that are on disk, so the copy that follows holds them all.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path

from mailcore.base.clock import DAY
from mailcore.base.errors import MailError, Reason
from mailcore.config.system import FileLock
from mailcore.jobs import ledger
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, dump, jobs, schema
from mailcore.store.blobs import Locator
from mailcore.store.keeping import folders

Step = Callable[[int, int, str], bool]
PIECE = 1024 * 1024
FILES = ("secret.key", "roost.toml")


def run(runtime: Runtime, job: jobs.Job, step: Step) -> str:
    """The job: a backup into its folder, or that of the settings."""
    folder = str(job.payload.get("folder") or runtime.settings.get("backup.folder"))
    made, removed = add(runtime, Path(folder), step)
    return f"{made.name}" + (f", {removed} older removed" if removed else "")


def add(runtime: Runtime, folder: Path, step: Step) -> tuple[Path, int]:
    """Make a backup and remove those that are too many; its folder and how many went. Another run of this machine is waited for: it names bytes that must not go."""
    lock = FileLock(str(runtime.config.data_dir / "run" / "backup.lock"))
    try:
        lock.acquire()
        made = make(runtime, folder, step)
        ledger.add_folder(runtime, folder.resolve())
        return made, forget_old(folder, int(runtime.settings.get("backup.keep")))
    finally:
        lock.close()


def make(runtime: Runtime, folder: Path, step: Step) -> Path:
    """A new backup in *folder*; its own folder. Raises MailError(NO_SPACE, NOT_PERMITTED, EXPIRED when cancelled)."""
    name = runtime.clock.now().strftime("%Y-%m-%dT%H%M%SZ")
    free = next(n for n in count(1) if not (folder / named(name, n)).exists())
    target, blobs = folder / named(name, free), folder / "blobs"
    if folder.resolve() in (runtime.config.data_dir.resolve(), *runtime.config.data_dir.resolve().parents):
        raise MailError(Reason.SYNTAX, f"{folder} holds the mail itself. Name a folder elsewhere, best on another disk.")
    try:
        (target / "tables").mkdir(parents=True, mode=0o700)
        blobs.mkdir(exist_ok=True, mode=0o700)
        counts = dump.write(runtime.store, target / "tables", lambda table, rows: step(rows, 0, f"reading {table}"))
        copied = copy_blobs(runtime, target / "tables" / "blobs.jsonl.gz", blobs, step)
        for one in FILES:
            if (runtime.config.data_dir / one).exists():
                shutil.copy2(runtime.config.data_dir / one, target / one)
        if (runtime.config.data_dir / "tls").is_dir():
            shutil.copytree(runtime.config.data_dir / "tls", target / "tls")
        manifest = {"schema": schema.HEAD, "at": runtime.clock.now().isoformat(), "host": runtime.hostname, "rows": counts, "copied_bytes": copied, "tables": digests(target / "tables")}
        whole = target / "manifest.json.part"
        whole.write_text(json.dumps(manifest, indent=1))
        with open(whole) as file:
            os.fsync(file.fileno())
        whole.rename(target / "manifest.json")
    except PermissionError as error:
        raise MailError(Reason.NOT_PERMITTED, f"{error.filename} cannot be written by the user that Roost runs as.") from error
    except OSError as error:
        shutil.rmtree(target, ignore_errors=True)
        raise MailError(Reason.NO_SPACE, f"The backup could not be written to {folder}: {error.strerror}.") from error
    except MailError:
        shutil.rmtree(target, ignore_errors=True)
        raise
    return target


def named(name: str, number: int) -> str:
    """The name of the backup *number* of one second; they sort as they were made."""
    return name if number == 1 else f"{name}-{number}"


def digests(folder: Path) -> dict[str, str]:
    """SHA-256 of every table's file, so that a restore sees a broken one before it begins."""
    return {path.name: digest(path) for path in sorted(folder.iterdir())}


def digest(path: Path) -> str:
    """SHA-256 of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_blobs(runtime: Runtime, rows: Path, folder: Path, step: Step) -> int:
    """Copy the bytes of every blob in *rows* that *folder* has not yet; how many octets were copied."""
    ends: dict[str, int] = {}
    places: dict[str, list[Locator]] = {}
    for row in dump.read(rows):
        one = Locator(segment=row["segment"], offset=row["offset"], length=row["length"])
        ends[one.segment] = max(ends.get(one.segment, 0), one.offset + one.length)
        places.setdefault(one.segment, []).append(one)
    total, done, copied = sum(ends.values()), 0, 0
    for segment, end in ends.items():
        target = folder / segment
        have = target.stat().st_size if target.exists() else 0
        if have < end:
            copied += _copy_segment(runtime, target, have, places[segment])
        done += end
        if not step(done, total, "copying mail"):
            raise MailError(Reason.EXPIRED, "The backup was cancelled.")
    return copied


def _copy_segment(runtime: Runtime, target: Path, have: int, blobs: list[Locator]) -> int:
    """Write each blob that lies behind *have* at its own place. Reads through the store, so any blob store can be backed up."""
    copied = 0
    target.parent.mkdir(parents=True, exist_ok=True)
    with open(target, "r+b" if target.exists() else "w+b") as file:
        for one in sorted(blobs, key=lambda b: b.offset):
            if one.offset + one.length <= have:
                continue
            file.seek(one.offset)
            for start in range(0, one.length, PIECE):
                file.write(runtime.store.blobs.read(one, start, min(PIECE, one.length - start)))
            copied += one.length
        file.flush()
        os.fsync(file.fileno())
    return copied


def forget_old(folder: Path, keep: int) -> int:
    """Remove all but the newest *keep* backups (0 keeps all) and segments that none of the rest names; how many backups went."""
    old = folders(folder)[keep:] if keep else []
    for one in old:
        (one / "manifest.json").unlink()
        shutil.rmtree(one, ignore_errors=True)
    if old:
        named = {row["segment"] for one in folders(folder) for row in dump.read(one / "tables" / "blobs.jsonl.gz")}
        for path in (folder / "blobs").rglob("*"):
            if path.is_file() and str(path.relative_to(folder / "blobs")) not in named:
                path.unlink()
    return len(old)


def ask_when_due(runtime: Runtime, tx: Tx, now: int) -> None:
    """Put a backup into the jobs when the settings want one and the last is old enough."""
    hours = int(runtime.settings.get("backup.every"))
    if not runtime.settings.get("backup.folder") or not hours:
        return
    last = "SELECT max(created_at) FROM jobs WHERE kind = 'backup'"
    if now - (tx.value(last) or 0) < hours * 1_000_000:
        return

    def put(write: Tx) -> None:
        if now - (write.value(last) or 0) >= hours * 1_000_000:
            write.run("DELETE FROM jobs WHERE kind = 'backup' AND created_at < :o", {"o": now - 30 * DAY})
            jobs.put(write, "backup", {}, now)

    runtime.store.write(put, bulk=True)
