"""Brings a part of a backup back into a running server: a domain, an account, a mailbox. What is here stays, and what was there comes once.

Who was removed is made again with the old password; mailboxes and messages get new numbers, as any mail that comes.
"""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.delivery.parcel import new_email
from mailcore.directory import list_verbs, sharing_verbs, verbs
from mailcore.directory.actor import Actor
from mailcore.jobs import ledger, restore_shared, restore_things
from mailcore.jobs.restore import chosen
from mailcore.mail.structure import summarise
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, dump, groups, jobs, mailboxes, messages, sharing

Row = dict[str, Any]
Step = Callable[[int, int, str], bool]
TELL_SECONDS = 0.5
"""How often progress is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What to bring back: *what* is a domain or an address; *mailbox* one mailbox of the account."""

    what: str
    mailbox: str = ""

    def holds(self, address: str) -> bool:
        """Whether an account of the backup is meant."""
        return address == self.what if "@" in self.what else address.rpartition("@")[2] == self.what


@dataclass(slots=True, kw_only=True)
class Back:
    """What was done: messages put back and those that were here, addresses that were made again, rights in mailboxes, accounts elsewhere."""

    put: int = 0
    here: int = 0
    made: list[str] = field(default_factory=list)
    rights: int = 0
    fetched: int = 0

    def text(self) -> str:
        """For people."""
        again = f" Made again: {', '.join(self.made)}." if self.made else ""
        more = f" Rights in mailboxes: {self.rights}. Accounts elsewhere: {self.fetched}." if self.rights or self.fetched else ""
        return f"{self.put} messages put back, {self.here} were here already.{again}{more}"


def run(runtime: Runtime, job: jobs.Job, step: Step) -> str:
    """The job that the panel asks for. Raises MailError."""
    source = chosen(Path(str(runtime.settings.get("backup.folder"))) / str(job.payload["backup"]))
    actor = Actor(name=str(job.payload["actor"]), role="server-admin")
    back = bring(runtime, source, Wanted(what=str(job.payload["what"]), mailbox=str(job.payload["mailbox"])), actor, step)
    runtime.store.write(lambda tx: jobs.remember(tx, job.id, dict(job.payload) | {"report": asdict(back)}), bulk=True)
    return back.text()


def bring(runtime: Runtime, source: Path, wanted: Wanted, actor: Actor, step: Step) -> Back:
    """Put back what *wanted* had in the backup *source* and has no more. Raises MailError(NOT_FOUND, EXPIRED when cancelled)."""
    tables, back = source / "tables", Back()
    old = {row["id"]: row for row in dump.read(tables / "accounts.jsonl.gz") if row["deleted_at"] is None and wanted.holds(row["address"])}
    if not old and restore_things.domain_row(tables, wanted.what) is None:
        raise MailError(Reason.NOT_FOUND, f"{wanted.what} is not in this backup.")
    again = restore_shared.Again()
    _domain(runtime, actor, tables, wanted.what.rpartition("@")[2], back)
    mine = {row["id"]: account.id for row in old.values() if (account := _account(runtime, actor, row, back, tables, again)) is not None}
    boxes = {row["id"]: row for row in dump.read(tables / "mailboxes.jsonl.gz") if row["account_id"] in mine and (not wanted.mailbox or row["name"] == wanted.mailbox)}
    if wanted.mailbox and not boxes:
        raise MailError(Reason.NOT_FOUND, f"{wanted.what} had no mailbox {wanted.mailbox} then.")
    if "@" not in wanted.what:
        for row in dump.read(tables / "aliases.jsonl.gz"):
            if wanted.holds(row["address"]):
                _alias(runtime, actor, row, back)
        _lists_and_groups(runtime, actor, tables, wanted.what, mine, back)
    if not wanted.mailbox:
        restore_shared.make_mailboxes(runtime, boxes, mine, again)
    _mail(runtime, source, boxes, mine, back, step)
    again.groups = set(back.made)
    for note, part in _PARTS.items():
        if not step(1, 1, note):
            raise MailError(Reason.EXPIRED, "Cancelled. What was put back stays.")
        part(runtime, tables, again, back)
    return back


def _rights(runtime: Runtime, tables: Path, again: restore_shared.Again, back: Back) -> None:
    back.rights = restore_shared.give_rights(runtime, tables, again)


def _elsewhere(runtime: Runtime, tables: Path, again: restore_shared.Again, back: Back) -> None:
    back.fetched = restore_shared.bring_fetched(runtime, tables, again.people)


def _words(runtime: Runtime, tables: Path, again: restore_shared.Again, back: Back) -> None:
    restore_shared.bring_words(runtime, tables, again.people)


_PARTS = {"rights in mailboxes": _rights, "accounts elsewhere": _elsewhere, "words of the spam filter": _words}
"""What comes after the mail, by what is told of it."""


def _domain(runtime: Runtime, actor: Actor, tables: Path, name: str, back: Back) -> None:
    """The domain *name*, made again with what it had where it is gone."""
    if accounts.domain(runtime.store.read(), name) is not None:
        return
    was, now = restore_things.domain_row(tables, name), runtime.clock.micros()

    def write(tx: Tx) -> None:
        made = verbs.add_domain(tx, actor, name, now)
        if was is not None:
            restore_things.fill_domain(tx, tables, was, made, now)

    runtime.store.write(write, bulk=True)
    back.made.append(name)


def _account(runtime: Runtime, actor: Actor, row: Row, back: Back, tables: Path, again: restore_shared.Again) -> accounts.Account | None:
    """The account of a row, made again where it was removed."""
    found = accounts.account_by_address(runtime.store.read(), row["address"])
    if found is not None:
        return found
    now = runtime.clock.micros()
    spent = {*ledger.known(runtime).codes, *ledger.newest(tables.parent.parent).codes}

    def write(tx: Tx) -> None:
        if row["kind"] != "person":  # it owns the domain's public mailboxes
            again.people[row["id"]] = sharing.make_public_account(tx, accounts.domain(tx, row["address"].rpartition("@")[2]), now).id
            return
        made = verbs.add_account(
            tx, actor, row["address"], now, password_hash=row["password_hash"], display_name=row["display_name"], quota_bytes=row["quota_bytes"], role=row["role"]
        )
        if not row["is_enabled"]:
            verbs.set_account(tx, actor, made, {"is_enabled": False}, now)
        restore_things.fill_account(tx, tables, row, made, now, spent)
        again.people[row["id"]] = made

    runtime.store.write(write, bulk=True)
    back.made += [row["address"]] if row["kind"] == "person" else []
    return accounts.account_by_address(runtime.store.read(), row["address"])


def _alias(runtime: Runtime, actor: Actor, row: Row, back: Back) -> None:
    _again(runtime, row["address"], back, lambda tx: verbs.add_alias(tx, actor, row["address"], row["targets"].split("\n"), runtime.clock.micros()))


def _lists_and_groups(runtime: Runtime, actor: Actor, tables: Path, domain: str, mine: dict[int, int], back: Back) -> None:
    """Lists and groups of a domain that are here no more."""
    was = restore_things.domain_row(tables, domain)
    if was is None:
        return
    now, limit = runtime.clock.micros(), int(runtime.settings.get("lists.members"))
    for row, readers in restore_things.lists_of(tables, was["id"]):
        fields = {name: row[name] for name in ("name", "mode", "owner", "reply_to", "needs_sign_in", "is_enabled")}
        _again(runtime, row["address"], back, lambda tx, r=row, p=readers, f=fields: list_verbs.add(tx, actor, r["address"], now, members=p, limit=limit, **f))  # type: ignore[misc]
    for row, members in restore_things.groups_of(tables, was["id"]):

        def group(tx: Tx, row: Row = row, members: list[int] = members) -> None:
            made = sharing_verbs.add_group(tx, actor, row["address"], now, name=row["name"])
            for one in members:
                if one in mine:
                    groups.join(tx, made, mine[one])

        _again(runtime, row["address"], back, group)


def _again(runtime: Runtime, address: str, back: Back, make: Callable[[Tx], object]) -> None:
    """Make an address again, unless it leads somewhere already."""
    try:
        runtime.store.write(make, bulk=True)
        back.made.append(address)
    except MailError as error:
        if error.reason is not Reason.ALREADY_EXISTS:
            raise


def _mail(runtime: Runtime, source: Path, boxes: dict[int, Row], mine: dict[int, int], back: Back, step: Step) -> None:
    """Every message of *boxes* that is not in its mailbox here."""
    tables, told = source / "tables", 0.0
    wanted: dict[int, list[Row]] = defaultdict(list)
    for row in dump.read(tables / "messages.jsonl.gz"):
        if row["mailbox_id"] in boxes:
            wanted[boxes[row["mailbox_id"]]["account_id"]].append(row)
    total = sum(map(len, wanted.values()))
    emails = {row["email_id"] for rows in wanted.values() for row in rows}
    by_email = {row["id"]: row for row in dump.read(tables / "emails.jsonl.gz") if row["id"] in emails}
    named = {row["blob_id"] for row in by_email.values()}
    places = {row["id"]: row for row in dump.read(tables / "blobs.jsonl.gz") if row["id"] in named}
    for old, rows in wanted.items():
        have = set(_held(runtime, mine[old]))
        for row in sorted(rows, key=lambda r: (r["mailbox_id"], r["uid"])):
            email, name = by_email[row["email_id"]], boxes[row["mailbox_id"]]["name"]
            place = places[email["blob_id"]]
            if (name, place["sha256"]) in have:
                back.here += 1
            else:
                _put(runtime, mine[old], name, row, email, _bytes(source, place))
                back.put += 1
            if time.monotonic() - told > TELL_SECONDS:
                told = time.monotonic()
                if not step(back.put + back.here, total, f"{back.put + back.here} of {total} messages"):
                    raise MailError(Reason.EXPIRED, "Cancelled. What was put back stays.")


def _held(runtime: Runtime, account_id: int) -> Iterator[tuple[str, bytes]]:
    """(mailbox, hash) of every message an account has."""
    rows = runtime.store.read().all(
        "SELECT x.name, b.sha256 FROM messages m JOIN mailboxes x ON x.id = m.mailbox_id JOIN emails e ON e.id = m.email_id JOIN blobs b ON b.id = e.blob_id WHERE m.account_id = :a",
        {"a": account_id},
    )
    return ((name, bytes(sha)) for name, sha in rows)


def _bytes(source: Path, place: Row) -> bytes:
    with open(source.parent / "blobs" / place["segment"], "rb") as file:
        file.seek(place["offset"])
        return file.read(place["length"])


def _put(runtime: Runtime, account_id: int, name: str, row: Row, email: Row, data: bytes) -> None:
    made = new_email(runtime.store.blobs.add(data), summarise(data), email["prefix"], email["trace_id"])
    now = runtime.clock.micros()

    def write(tx: Tx) -> None:
        box = mailboxes.by_name(tx, account_id, name) or mailboxes.create(tx, account_id, name, actor="restore", now=now, is_subscribed=True)
        messages.append(
            tx, runtime.store.blobs, account_id, box.id, made, actor="restore", now=now, flags=row["flags"] & ~messages.DELETED, keywords=row["keywords"],
            internal_date=row["internal_date"],
        )  # fmt: skip

    runtime.store.write(write, bulk=True)
