"""Brings a whole backup back into an empty data directory; a part of one into a running server is `restore_part`'s.

After a full restore the queue waits on hold (the mail may have left after the backup), and every mailbox gets a new UIDVALIDITY: what was
removed since the backup is back under a UID that programs know as gone, and a cache that trusts it would be wrong (RFC 3501 §2.3.1.1).
Old messages keep their UIDs and new ones begin far above all that were ever given, so that programs which compare messages find theirs again.
Auto-replies, bans and spent codes are taken from the `ledger`, not from the backup.
"""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.jobs import ledger
from mailcore.jobs.backup import digest
from mailcore.sessions import webmail_held
from mailcore.store import Store, Tx, dump, jobs, messages, schema
from mailcore.store.keeping import folders

Say = Callable[[str], None]
PIECE = 1024 * 1024
LEAVING = (webmail_held.KIND, "announce", jobs.APART)
"""Kinds of jobs that write to somebody or run a program."""
UID_LEAP_UNTIL = 2**31
"""No leap above it: UIDs have 32 bits."""


def chosen(folder: Path) -> Path:
    """The backup that *folder* is, or the newest in it. Raises MailError(NOT_FOUND, CONFLICT, SYNTAX) for none, a newer or a broken one."""
    one = folder if (folder / "manifest.json").exists() else next(iter(folders(folder)), None)
    if one is None:
        raise MailError(Reason.NOT_FOUND, f"There is no whole backup in {folder}.")
    manifest = json.loads((one / "manifest.json").read_text())
    if manifest["schema"] not in schema.KNOWN:
        raise MailError(Reason.CONFLICT, f"The backup was made by a newer Roost (schema {manifest['schema']}). Restore it with that version.")
    for name, wanted in manifest["tables"].items():
        if not (one / "tables" / name).exists() or digest(one / "tables" / name) != wanted:
            raise MailError(Reason.SYNTAX, f"{one.name}: {name} is not as it was written. Take another backup.")
    return one


def everything(store: Store, data_dir: Path, source: Path, now: Micros, say: Say) -> None:
    """Fill an empty store and data directory. Raises MailError(CONFLICT) when there is mail already."""
    if store.read().value("SELECT count(*) FROM accounts"):
        raise MailError(Reason.CONFLICT, "There are accounts here already. Restore into an empty data directory, or restore an account or a domain.")
    known = ledger.newest(data_dir, source.parent)
    validity = max(1, now // 1_000_000, known.uidvalidity + 1)

    def change(table: str, row: dict[str, Any]) -> dict[str, Any]:
        if table == "mailboxes":
            top = max(row["uidnext"], known.uidnext)
            return {**row, "uidvalidity": max(validity, row["uidvalidity"] + 1), "uidnext": top + (ledger.GAP if top < UID_LEAP_UNTIL else 0)}
        if table == "accounts":
            spent = max(row.get("totp_last_step") or 0, ledger.last_totp_step(now)) if row.get("totp_secret") else 0
            return {**row, "uidvalidity": max(validity, row["uidvalidity"]) + 1, "totp_last_step": spent}
        if table == "queue_items" and row["state"] == "waiting":
            return {**row, "state": "held", "lease_until": 0, "lease_owner": ""}
        return row

    def step(table: str, count: int) -> bool:
        say(f"{table}: {count}")
        return True

    copy_blobs(store, source, say)
    dump.load(store, source / "tables", step, change)
    store.write(lambda tx: ledger.apply(tx, known, now))
    store.write(lambda tx: put_aside(tx, now))
    for name in ("secret.key", "roost.toml"):
        if (source / name).exists() and not (data_dir / name).exists():
            shutil.copy2(source / name, data_dir / name)
    if (source / "tls").is_dir():
        shutil.copytree(source / "tls", data_dir / "tls", dirs_exist_ok=True)


def put_aside(tx: Tx, now: Micros) -> None:
    """Stop what was due to leave before *now*: it may have left after the backup. A scheduled message is a draft again, for its owner to look at."""
    marks = ", ".join(f"'{kind}'" for kind in LEAVING)
    due = tx.all(f"SELECT id FROM jobs WHERE kind IN ({marks}) AND state IN ('waiting', 'running') AND next_at <= :n", {"n": now})
    for job in [found for (job_id,) in due if (found := jobs.get(tx, job_id)) is not None]:
        jobs.cancel(tx, job.id, now)
        draft = job.payload.get("message_id") if job.kind == webmail_held.KIND else None
        row = tx.one("SELECT account_id, mailbox_id, uid FROM messages WHERE id = :i", {"i": draft}) if draft else None
        if row is not None:
            messages.store_flags(tx, row[0], row[1], [(row[2], row[2])], "remove", 0, (webmail_held.KEYWORD,), actor="restore", now=now)


def copy_blobs(store: Store, source: Path, say: Say) -> None:
    """Bring the bytes that the backup's rows name back under their own names."""
    named = {row["segment"] for row in dump.read(source / "tables" / "blobs.jsonl.gz")}
    for number, segment in enumerate(sorted(named), 1):
        path = source.parent / "blobs" / segment
        if not path.exists():
            raise MailError(Reason.NOT_FOUND, f"The backup lacks {segment}.")
        store.blobs.bring(segment, path)
        say(f"mail: {number} of {len(named)}")
