"""Puts Letters into one account, each once: the same bytes in the same mailbox are not stored twice, however often an import runs."""

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from mailcore.base.errors import MailError, Reason
from mailcore.delivery.parcel import new_email
from mailcore.jobs.imports.letters import Letter, clean_name
from mailcore.mail.rolenames import role_of
from mailcore.mail.structure import summarise
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, mailboxes, messages
from mailcore.store.accounts import Account
from mailcore.store.messages import NewEmail

BATCH = 50
"""Messages in one write: few enough that a delivery never waits long behind it."""
NAMED = 20
"""Messages left out that are named one by one."""
ACTOR = "import"

Step = Callable[[int, str], bool]
"""Told how many are done and where; False cancels."""


@dataclass(slots=True, kw_only=True)
class Outcome:
    """What became of an import. *left_out* holds a sentence for each of the first NAMED."""

    brought: int = 0
    were_here: int = 0
    left_out_count: int = 0
    left_out: list[str] = field(default_factory=list)
    by_mailbox: dict[str, int] = field(default_factory=dict)
    is_cancelled: bool = False

    def leave_out(self, letter: Letter, why: str) -> None:
        """Count one that was not taken."""
        self.left_out_count += 1
        if len(self.left_out) < NAMED:
            self.left_out.append(f"{letter.source or letter.mailbox}: {why}")


def bring(runtime: Runtime, account: Account, letters: Iterable[Letter], *, into: str = "", step: Step | None = None) -> Outcome:
    """Store every letter that is not there yet; below the mailbox *into* where one is named. Raises MailError(OVER_QUOTA, STORAGE)."""
    outcome, known, batch = Outcome(), _known(runtime, account.id), list[tuple[str, Letter, NewEmail]]()
    homes = _homes(runtime, account.id)
    seen = 0
    for letter in letters:
        seen += 1
        if letter.data is None:
            outcome.leave_out(letter, "larger than this server takes")
            continue
        name = place_of(letter.mailbox, into, homes)
        key = (name, hashlib.sha256(letter.data).digest())
        if key in known:
            outcome.were_here += 1
        else:
            known.add(key)
            batch.append((name, replace(letter, data=b""), new_email(runtime.store.blobs.add(letter.data), summarise(letter.data))))
        if len(batch) >= BATCH:
            _flush(runtime, account, batch, outcome)
        if step is not None and seen % BATCH == 0 and not step(seen, name):
            outcome.is_cancelled = True
            break
    _flush(runtime, account, batch, outcome)
    return outcome


def place_of(name: str, into: str, homes: dict[str, str]) -> str:
    """The mailbox here for a mailbox there: its role's where the name says one, in any of the languages that are known."""
    name = clean_name(name)
    if into:
        return clean_name(into if name.upper() == "INBOX" else f"{into}/{name}")
    if name.upper().startswith("INBOX/") and len(name) > 6 and role_of(name[6:]):
        name = name[6:]
    return homes.get(role_of(name), name) if role_of(name) else mailboxes.canonical(name)


def _homes(runtime: Runtime, account_id: int) -> dict[str, str]:
    return {box.role: box.name for box in mailboxes.list_all(runtime.store.read(), account_id) if box.role}


def _known(runtime: Runtime, account_id: int) -> set[tuple[str, bytes]]:
    """Mailbox and SHA-256 of every message that is here. Only whole ones as they were brought: our own deliveries carry our lines."""
    rows = runtime.store.read().all(
        "SELECT x.name, b.sha256 FROM messages m JOIN mailboxes x ON x.id = m.mailbox_id JOIN emails e ON e.id = m.email_id"
        " JOIN blobs b ON b.id = e.blob_id WHERE m.account_id = :a",
        {"a": account_id},
    )
    return {(name, bytes.fromhex(sha) if isinstance(sha, str) else bytes(sha)) for name, sha in rows}


def _flush(runtime: Runtime, account: Account, batch: list[tuple[str, Letter, NewEmail]], outcome: Outcome) -> None:
    if not batch:
        return
    now, pieces = runtime.clock.micros(), list(batch)
    size = sum(email.size for _, _, email in pieces)

    def write(tx: Tx) -> None:
        quota, used = tx.one("SELECT quota_bytes, used_bytes FROM accounts WHERE id = :i", {"i": account.id}) or (0, 0)
        if quota and used + size > quota:
            raise MailError(Reason.OVER_QUOTA, f"{account.address} has no room for the rest: its quota is {quota // 1024**2} MB. Raise it and import again; what is here already is not brought twice.")
        for name, letter, email in pieces:
            box = mailboxes.by_name(tx, account.id, name)
            if box is None or box.is_noselect:
                box = mailboxes.create(tx, account.id, name, actor=ACTOR, now=now, is_subscribed=True)
            messages.append(
                tx, runtime.store.blobs, account.id, box.id, email, actor=ACTOR, now=now, flags=letter.flags & ~messages.DELETED,
                keywords=" ".join(letter.keywords), internal_date=None if letter.at is None else min(letter.at, now),
            )  # fmt: skip

    runtime.store.write(write, bulk=True)
    for name, _, _ in pieces:
        outcome.by_mailbox[name] = outcome.by_mailbox.get(name, 0) + 1
    outcome.brought += len(pieces)
    batch.clear()
