"""A small life of a store, for the crash and power-cut tests: it says aloud what it was told is stored.

Run as a program: `workload.py FOLDER SEED`; each acknowledgement is one line on standard output, written after the store's own.
"""

import hashlib
import os
import random
import sys
from pathlib import Path

from mailcore.base.clock import Micros
from mailcore.store import Store, accounts, changes, listing, mailboxes, messages, open_store, schema
from mailcore.store.blobs.segments import SPOOL_MEMORY_BYTES
from mailcore.store.messages import NewEmail

NOW: Micros = 1_700_000_000_000_000


class SystemRandom:
    def bytes(self, count: int) -> bytes:
        return os.urandom(count)


def open_at(folder: str) -> Store:
    return open_store(data_dir=Path(folder), database_url="", blob_url="", random=SystemRandom())


def prepare(folder: str) -> None:
    """A migrated store with one account."""
    store = open_at(folder)
    schema.migrate(store.database, now_text="t")
    account = store.write(lambda tx: accounts.add_account(tx, accounts.add_domain(tx, "x.test", NOW), "a@x.test", NOW))
    store.write(lambda tx: mailboxes.create_standard(tx, account, actor="t", now=NOW))
    store.close()


def content(name: str, size: int) -> bytes:
    """The bytes of message *name*: known from its name alone."""
    return hashlib.shake_128(name.encode()).digest(size)


def live(folder: str, seed: int, say, steps: int = 10**9) -> None:  # noqa: ANN001
    """Append, flag, move and expunge for ever; *say* each thing that is stored."""
    store, rng = open_at(folder), random.Random(seed)
    tx = store.read()
    boxes = [b.id for b in mailboxes.list_all(tx, 1)]
    for step in range(steps):
        name = f"{seed}.{step}.{os.getpid()}"
        size = rng.choice([40, 900, 5000, 5000, SPOOL_MEMORY_BYTES + 5000 if rng.random() < 0.2 else 70])
        futures = []
        for k in range(rng.choice([1, 1, 3])):
            spool = store.blobs.spool()
            data = content(f"{name}.{k}", size)
            for start in range(0, size, 65_536):
                spool.write(data[start : start + 65_536])
            staged, box = spool.finish(), rng.choice(boxes)
            email = NewEmail(staged=staged, subject=f"{name}.{k}", msgid=f"<{name}.{k}>")
            futures.append((k, store.submit(lambda tx, e=email, b=box: messages.append(tx, store.blobs, 1, b, e, actor="t", now=NOW))))
        for k, future in futures:
            placed = future.result()
            say(f"stored {placed.message_id} {name}.{k} {size} {placed.mailbox_id} {placed.uid} {placed.modseq}")
        box, other = rng.choice(boxes), rng.choice(boxes)
        if rng.random() < 0.3:
            told = store.write(lambda tx: messages.store_flags(tx, 1, box, None, "add", messages.SEEN, actor="t", now=NOW))
            say(f"modseq {told.modseq}")
        if rng.random() < 0.2 and box != other:
            moved = store.write(lambda tx: messages.move(tx, 1, box, other, [(1, 3)], actor="t", now=NOW))
            for uid in moved.target:
                say(f"uid {other} {uid}")


def check(folder: str, lines: list[str]) -> int:
    """Open what is left and hold it against what was said; how many messages were checked."""
    store = open_at(folder)
    tx = store.read()
    assert tx.value("PRAGMA integrity_check") == "ok"
    account = accounts.account(tx, 1)
    assert account is not None
    checked = 0
    told_uid: dict[int, int] = {}
    for line in lines:
        words = line.split()
        if words[0] == "stored":
            _, message_id, name, size, box, uid, modseq = words
            stored = listing.get(tx, 1, int(message_id))
            assert listing.content(store.blobs, stored) == content(name, int(size)), f"{name} is torn"
            told_uid[int(box)] = max(told_uid.get(int(box), 0), int(uid))
            assert account.modseq >= int(modseq), "a MODSEQ that was told may be told again"
            checked += 1
        elif words[0] == "uid":
            told_uid[int(words[1])] = max(told_uid.get(int(words[1]), 0), int(words[2]))
        elif words[0] == "modseq":
            assert account.modseq >= int(words[1])
    for box in mailboxes.list_all(tx, 1):
        assert box.uidnext > told_uid.get(box.id, 0), "a UID that was told may be told again"
        assert box.message_count == len(listing.uids(tx, box.id))
    for (message_id,) in tx.all("SELECT id FROM messages"):
        stored = listing.get(tx, 1, message_id)
        assert listing.content(store.blobs, stored) == content(stored.row.subject, stored.row.size), "a message nobody was told of is torn"
    assert account.used_count == tx.value("SELECT count(*) FROM messages")
    assert changes.newest_id(tx) >= 0
    store.close()
    return checked


if __name__ == "__main__":
    live(sys.argv[1], int(sys.argv[2]), lambda text: os.write(1, (text + "\n").encode()), steps=int(sys.argv[3]))
