"""Files too large for a message: kept here, fetched by whoever has the link, until it expires or is ended. One person's limits stand here.

The token is the key: 32 random bytes. A password, if wanted, is asked for on top, and guessing it is stopped for each link by itself,
because the people who fetch have no account that could be banned.
"""

import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from mailcore.auth import passwords
from mailcore.base.clock import DAY, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.directory.actor import Actor
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, file_links, records
from mailcore.store.accounts import Account
from mailcore.store.blobs import Staged, rows
from mailcore.store.file_links import FileLink

PIECE = 1024 * 1024
USUAL_DAYS = 14
"""How long a link lives where nobody chose."""
NAME_CHARACTERS = 150
PASSWORD_CHARACTERS = 4
MOST = 500
"""Files of one person."""
_UNFIT = re.compile(r'[\x00-\x1f\x7f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a person may keep: bytes of one file, of all, and how long at most."""

    is_on: bool
    file_bytes: int
    total_bytes: int
    days: int


def limits(runtime: Runtime, account: Account) -> Limits:
    """The limits of *account*."""

    def get(name: str) -> int:
        return int(runtime.settings.get(name, account_id=account.id, domain_id=account.domain_id))

    return Limits(is_on=bool(get("links.enabled")), file_bytes=get("links.file_size"), total_bytes=get("links.total"), days=get("links.days"))


def keep(runtime: Runtime, account: Account, stream: BinaryIO) -> Staged:
    """Read a file to its end into the store. Raises MailError(NOT_PERMITTED, TOO_BIG, OVER_QUOTA, NO_SPACE, SYNTAX)."""
    may = limits(runtime, account)
    if not may.is_on:
        raise MailError(Reason.NOT_PERMITTED, "Links for large files are switched off here.")
    room = may.total_bytes - file_links.used_bytes(runtime.store.read(), account.id)
    reserve, spool = int(runtime.settings.get("storage.reserve")), runtime.store.blobs.spool()
    try:
        while piece := stream.read(PIECE):
            spool.write(piece)
            if spool.size > may.file_bytes:
                raise MailError(Reason.TOO_BIG, f"A file behind a link may have {may.file_bytes // 1024**2} MB.")
            if spool.size > room:
                raise MailError(Reason.OVER_QUOTA, f"Your files behind links may have {may.total_bytes // 1024**2} MB together. Remove one in the settings first.")
            if shutil.disk_usage(runtime.config.data_dir).free < reserve + PIECE:
                raise MailError(Reason.NO_SPACE, "The server has no room for this file now.")
        if not spool.size:
            raise MailError(Reason.SYNTAX, "The file is empty.")
    except BaseException:
        spool.abort()
        raise
    return spool.finish()


def hashed(password: str) -> str:
    """What is stored of a link's password; "" for none. Raises MailError(SYNTAX)."""
    if not password:
        return ""
    if len(password) < PASSWORD_CHARACTERS or len(password.encode()) > passwords.MAX_BYTES:
        raise MailError(Reason.SYNTAX, f"The password of a link has at least {PASSWORD_CHARACTERS} characters.")
    return passwords.hash_password(Secret(password))


def until(runtime: Runtime, account: Account, days: int) -> Micros:
    """When a link made or prolonged now ends, *days* held to the limit."""
    return runtime.clock.micros() + max(1, min(days, limits(runtime, account).days)) * DAY


def add(runtime: Runtime, actor: Actor, account: Account, staged: Staged, *, name: str, days: int, password_hash: str) -> FileLink:
    """Put a file that was kept behind a link. Raises MailError(LIMIT, OVER_QUOTA, STORAGE)."""
    token, ends, now, size = secrets.token_urlsafe(32), until(runtime, account, days), runtime.clock.micros(), staged.locator.length
    name = _UNFIT.sub("", name.replace("\\", "/").rpartition("/")[2]).strip(". ")[-NAME_CHARACTERS:] or "file"
    most = limits(runtime, account).total_bytes

    def write(tx: Tx) -> int:
        if len(file_links.of_account(tx, account.id)) >= MOST:
            raise MailError(Reason.LIMIT, f"There are {MOST} files behind links already. Remove one first.")
        if file_links.used_bytes(tx, account.id) + size > most:
            raise MailError(Reason.OVER_QUOTA, f"Your files behind links may have {most // 1024**2} MB together. Remove one in the settings first.")
        blob = rows.claim(tx, staged, now, runtime.store.blobs)
        _note(tx, actor, account, "account:file_link_added", name, now, {"size": size, "has_password": bool(password_hash)})
        return file_links.add(tx, account.id, token=token, name=name, size=size, blob_id=blob, password_hash=password_hash, expires_at=ends, now=now)

    runtime.store.write(write)
    found = file_links.by_token(runtime.store.read(), token)
    assert found is not None
    return found


def change(tx: Tx, actor: Actor, account: Account, link_id: int, *, ends: Micros, password_hash: str | None, now: Micros) -> None:
    """Until when; *password_hash* None keeps the password. An end of now ends the link. Raises MailError(NOT_FOUND)."""
    one = file_links.get(tx, account.id, link_id)
    file_links.change(tx, one.id, expires_at=ends, password_hash=one.password_hash if password_hash is None else password_hash)
    _note(tx, actor, account, "account:file_link_changed", one.name, now, {"is_ended": ends <= now})


def remove(tx: Tx, actor: Actor, account: Account, link_id: int, now: Micros) -> None:
    """Forget a file at once. Raises MailError(NOT_FOUND)."""
    one = file_links.get(tx, account.id, link_id)
    file_links.remove(tx, one.id)
    _note(tx, actor, account, "account:file_link_removed", one.name, now, {})


def _note(tx: Tx, actor: Actor, account: Account, what: str, name: str, now: Micros, new: dict[str, object]) -> None:
    records.audit(tx, what, account.address, actor=actor.name, ip=actor.ip, now=now, new={"file": name, **new}, domain_id=account.domain_id)


def open_link(runtime: Runtime, token: str) -> FileLink:
    """The link of *token* while it lives. Raises MailError(NOT_FOUND)."""
    tx = runtime.store.read()
    found = file_links.by_token(tx, token)
    owner = accounts.account(tx, found.account_id) if found is not None else None
    if found is None or owner is None or not owner.is_enabled or found.expires_at <= runtime.clock.micros() or not limits(runtime, owner).is_on:
        raise MailError(Reason.NOT_FOUND, "This file is no longer here. Its link has ended, or never was.")
    return found


def check_password(runtime: Runtime, one: FileLink, password: str) -> None:
    """Raises MailError(AUTH_FAILED, BANNED) unless it is the link's."""
    now = runtime.clock.micros()
    if one.wrong >= file_links.WRONG_PASSWORDS and now - one.wrong_at < file_links.WRONG_WINDOW:
        raise MailError(Reason.BANNED, "Too many wrong passwords were tried. Wait a quarter of an hour.")
    if one.password_hash and not passwords.Verifier().verify(one.password_hash, Secret(password[: passwords.MAX_BYTES]), runtime.clock.monotonic()):
        runtime.store.write(lambda tx: file_links.count_wrong(tx, one.id, now))
        raise MailError(Reason.AUTH_FAILED, "That is not the password of this file.")


def contents(runtime: Runtime, one: FileLink) -> Iterator[bytes]:
    """The file's bytes, piece by piece; counted as a download when they begin. Raises MailError(STORAGE)."""
    place = rows.locate(runtime.store.read(), one.blob_id)
    if place is None:
        raise MailError(Reason.STORAGE, "The bytes of this file are missing.")
    runtime.store.write(lambda tx: file_links.count_download(tx, one.id, runtime.clock.micros()))
    return (runtime.store.blobs.read(place, start, min(PIECE, place.length - start)) for start in range(0, place.length, PIECE))
