"""What a restore must not take back, kept in a file outside the database: who had an auto-reply, who is banned, which recovery codes are spent, and
the highest numbers ever given.

Written every ten seconds when it changed, beside the database and into the folders of backups; a restore takes the newest. Codes stay when their
account goes: it may come back from a backup that has them as good ones. Numbers given after
its last line are covered by GAP. A TOTP code needs no line: after a restore only codes of later moments count.
"""

import contextlib
import json
import os
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path

from mailcore.auth import second_step
from mailcore.base.clock import SECOND, Micros
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, access, accounts, dump, filters

FILE = "ledger.json"
EVERY: Micros = 10 * SECOND
REPLIES = 50_000
"""Auto-replies that are kept, the newest. Bounds the file, as the next two do."""
CODES = 20_000
FOLDERS = 8
"""Folders backups went to, the latest."""
GAP = 1_000_000
"""Numbers that are left out after the highest known: more than can be given between two lines, or since a backup where there is no file."""
NUMBERED = ("emails", "mailboxes", "messages")
"""Tables whose row numbers programs keep (EMAILID and MAILBOXID, RFC 8474)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ledger:
    """*replies* are (account, handle, address, at), *bans* (network, reason, since, until), *codes* hashes of spent recovery codes; *folders* are where backups went."""

    at: Micros = 0
    uidnext: int = 0
    uidvalidity: int = 0
    numbers: dict[str, int] = field(default_factory=dict)
    replies: list[tuple[str, str, str, Micros]] = field(default_factory=list)
    bans: list[tuple[str, str, Micros, Micros]] = field(default_factory=list)
    codes: list[str] = field(default_factory=list)
    folders: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """When a process last looked, and what it saw."""

    at: Micros
    state: tuple[object, ...]


def keep_when_due(runtime: Runtime, tx: Tx, now: Micros) -> None:
    """Write the file when the last look of this process is EVERY ago and something changed since."""
    last = runtime.caches.get(__name__)
    if isinstance(last, Look) and now - last.at < EVERY:
        return
    look = Look(at=now, state=_state(tx, now))
    if not isinstance(last, Look) or look.state != last.state:
        write(runtime, collected(tx, now, known(runtime)))
    runtime.caches[__name__] = look


def known(runtime: Runtime) -> Ledger:
    """What was written last, here or where backups go."""
    folder = str(runtime.settings.get("backup.folder"))
    return newest(runtime.config.data_dir, *([Path(folder)] if folder else []))


def add_folder(runtime: Runtime, folder: Path) -> None:
    """Backups went to *folder*: from now on the file stands there too."""
    last = known(runtime)
    folders = [*(one for one in last.folders if one != str(folder)), str(folder)][-FOLDERS:]
    write(runtime, collected(runtime.store.read(), runtime.clock.micros(), replace(last, folders=folders)))


def _state(tx: Tx, now: Micros) -> tuple[object, ...]:
    """What the file depends on, cheap to ask."""
    return (
        highest(tx), tx.one("SELECT count(*), max(at) FROM replied"), tx.one("SELECT count(*), max(until) FROM bans WHERE until > :n", {"n": now}),
        tx.value("SELECT count(*) FROM recovery_codes WHERE used_at IS NOT NULL"),
    )  # fmt: skip


def highest(tx: Tx) -> tuple[int, int, dict[str, int]]:
    """The highest UIDNEXT and UIDVALIDITY, and the last row number of each table of NUMBERED."""
    box = tx.one("SELECT max(uidnext), max(uidvalidity) FROM mailboxes") or (0, 0)
    account = tx.value("SELECT max(uidvalidity) FROM accounts") or 0
    return box[0] or 0, max(box[1] or 0, account), {table: dump.last_number(tx, table) for table in NUMBERED}


def collected(tx: Tx, now: Micros, last: Ledger) -> Ledger:
    """The ledger as of now; *last* is the one before."""
    uidnext, uidvalidity, numbers = highest(tx)
    replies = tx.all("SELECT a.address, r.handle, r.address, r.at FROM replied r JOIN accounts a ON a.id = r.account_id ORDER BY r.at DESC LIMIT :n", {"n": REPLIES})
    codes = tx.all("SELECT code_hash FROM recovery_codes WHERE used_at IS NOT NULL ORDER BY id")
    return Ledger(
        at=now, uidnext=uidnext, uidvalidity=uidvalidity, numbers=numbers, replies=[(r[0], r[1], r[2], r[3]) for r in replies], bans=access.bans(tx, now),
        codes=list(dict.fromkeys([*last.codes, *(r[0] for r in codes)]))[-CODES:], folders=last.folders,
    )  # fmt: skip


def write(runtime: Runtime, ledger: Ledger) -> None:
    """Put it beside the database, and where backups go; a folder that cannot be written, or whose disk is away, is no trouble of the mail's."""
    text, folder = json.dumps(asdict(ledger)), str(runtime.settings.get("backup.folder"))
    others = [Path(one) for one in ledger.folders if one != folder and (Path(one) / "blobs").is_dir()]
    for place in (runtime.config.data_dir, *([Path(folder)] if folder else []), *others):
        with contextlib.suppress(OSError):
            part = place / f"{FILE}.{os.getpid()}.part"
            with open(part, "w", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            part.replace(place / FILE)


def newest(*folders: Path) -> Ledger:
    """The newest that stands in *folders*; an empty one where none does."""
    found = [Ledger()]
    for folder in folders:
        with contextlib.suppress(OSError, ValueError, TypeError):
            found.append(Ledger(**json.loads((folder / FILE).read_text())))
    return max(found, key=lambda one: one.at)


def apply(tx: Tx, ledger: Ledger, now: Micros) -> None:
    """Say again what the restored database has forgotten."""
    for address, handle, to, at in ledger.replies:
        account = accounts.account_by_address(tx, address)
        if account is not None and (filters.last_reply(tx, account.id, handle, to) or 0) < at:
            filters.note_reply(tx, account.id, handle, to, at)
    for network, reason, since, until in ledger.bans:
        if until > now:
            access.put_ban(tx, network, reason, since, until)
    tx.many("UPDATE recovery_codes SET used_at = :n WHERE code_hash = :h AND used_at IS NULL", [{"n": now, "h": one} for one in ledger.codes])
    for table in NUMBERED:
        dump.raise_number(tx, table, max(dump.last_number(tx, table), ledger.numbers.get(table, 0)) + GAP)


def last_totp_step(now: Micros) -> int:
    """The step after which TOTP codes count again: none that anybody may have seen by *now*."""
    return now // SECOND // second_step.STEP_SECONDS + second_step.WINDOW
