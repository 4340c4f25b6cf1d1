"""Every verb on mail, at random, on both databases, against a dict that does the same."""

import random

import pytest

from mailcore.base.errors import MailError
from mailcore.store import Store, accounts, changes, listing, mailboxes, messages
from mailcore.store.messages import DELETED, FLAGGED, SEEN, NewEmail

STEPS = 400
NOW = 1_700_000_000_000_000


class Model:
    """What the store should hold: mailbox name → {uid: (content, flags, keywords)}, and every UID ever told."""

    def __init__(self) -> None:
        self.boxes: dict[str, dict[int, tuple[bytes, int, str]]] = {}
        self.next_uid: dict[str, int] = {}
        self.gone: dict[str, set[int]] = {}

    def add_box(self, name: str) -> None:
        self.boxes[name], self.next_uid[name], self.gone[name] = {}, 1, set()

    def put(self, name: str, content: bytes, flags: int, words: str) -> int:
        uid = self.next_uid[name]
        self.next_uid[name] += 1
        self.boxes[name][uid] = (content, flags, words)
        return uid


class Run:
    """One random walk."""

    def __init__(self, store: Store, seed: int) -> None:
        self.store, self.random, self.model, self.clock = store, random.Random(seed), Model(), NOW
        self.ids: dict[str, int] = {}
        self.last_modseq = 0

        def begin(tx):
            domain = accounts.add_domain(tx, f"m{seed}.test", NOW)
            account = accounts.add_account(tx, domain, f"a@m{seed}.test", NOW)
            mailboxes.create_standard(tx, account, actor="t", now=NOW)
            return account

        self.account = store.write(begin)
        for box in mailboxes.list_all(store.read(), self.account):
            self.ids[box.name] = box.id
            self.model.add_box(box.name)

    def name(self) -> str:
        return self.random.choice(list(self.model.boxes))

    def some(self, name: str) -> list[tuple[int, int]]:
        uids = sorted(self.model.boxes[name])
        if not uids or self.random.random() < 0.1:
            return [(1, 2**32 - 1)]
        first, last = sorted(self.random.choices(uids, k=2))
        return [(first, last), (uids[0], uids[0])] if first != uids[0] else [(first, last)]

    def chosen(self, name: str, pieces: list[tuple[int, int]]) -> list[int]:
        return [uid for uid in sorted(self.model.boxes[name]) if any(f <= uid <= last for f, last in pieces)]

    def step(self) -> None:
        self.clock += 1_000_000
        verb = self.random.choice([self.append] * 5 + [self.flag] * 4 + [self.copy, self.move, self.move, self.expunge, self.expunge, self.create, self.rename, self.delete])
        verb()

    def append(self) -> None:
        name, content = self.name(), self.random.randbytes(self.random.choice([10, 300, 5000]))
        flags, words = self.random.choice([0, SEEN, FLAGGED, DELETED]), self.random.choice(["", "a", "a b"])
        staged = self.store.blobs.add(content)
        email = NewEmail(staged=staged, prefix=b"P", subject="s", msgid=f"<{self.clock}@t>")
        placed = self.store.write(
            lambda tx: messages.append(tx, self.store.blobs, self.account, self.ids[name], email, actor="t", now=self.clock, flags=flags, keywords=words)
        )
        assert placed.uid == self.model.put(name, b"P" + content, flags, words)
        assert placed.modseq > self.last_modseq
        self.last_modseq = placed.modseq

    def flag(self) -> None:
        name = self.name()
        pieces = self.some(name)
        op, flags, words = self.random.choice(["add", "remove", "replace"]), self.random.choice([0, SEEN, FLAGGED, DELETED, SEEN | FLAGGED]), self.random.choice([[], ["b"], ["a", "c"]])
        told = self.store.write(lambda tx: messages.store_flags(tx, self.account, self.ids[name], pieces, op, flags, words, actor="t", now=self.clock))
        box = self.model.boxes[name]
        changed = []
        for uid in self.chosen(name, pieces):
            content, old, old_words = box[uid]
            have, mine = set(old_words.split()), set(words)
            new = {"add": old | flags, "remove": old & ~flags, "replace": flags}[op]
            new_words = {"add": have | mine, "remove": have - mine, "replace": mine}[op]
            text = " ".join(sorted(new_words))
            if (new, text) != (old, old_words):
                changed.append((uid, new, text))
            box[uid] = (content, new, text)
        assert told.changed == changed

    def copy(self) -> None:
        name, target = self.name(), self.name()
        pieces = self.some(name)
        chosen = self.chosen(name, pieces)
        told = self.store.write(lambda tx: messages.copy(tx, self.account, self.ids[name], self.ids[target], pieces, actor="t", now=self.clock))
        assert told.source == chosen
        assert told.target == [self.model.put(target, *self.model.boxes[name][uid]) for uid in chosen]

    def move(self) -> None:
        name, target = self.name(), self.name()
        if name == target:
            return
        pieces = self.some(name)
        chosen = self.chosen(name, pieces)
        told = self.store.write(lambda tx: messages.move(tx, self.account, self.ids[name], self.ids[target], pieces, actor="t", now=self.clock))
        assert told.source == chosen
        assert told.target == [self.model.put(target, *self.model.boxes[name].pop(uid)) for uid in chosen]
        self.model.gone[name] |= set(chosen)

    def expunge(self) -> None:
        name = self.name()
        pieces, only = self.some(name), self.random.random() < 0.6
        chosen = [uid for uid in self.chosen(name, pieces) if not only or self.model.boxes[name][uid][1] & DELETED]
        gone = self.store.write(lambda tx: messages.expunge(tx, self.account, self.ids[name], pieces, actor="t", now=self.clock, only_deleted=only))
        assert gone == chosen
        for uid in chosen:
            del self.model.boxes[name][uid]
        self.model.gone[name] |= set(chosen)
        if chosen and self.random.random() < 0.4:
            self.put_back(name, chosen)

    def put_back(self, name: str, uids: list[int]) -> None:
        rows = self.store.read().all(
            "SELECT id, uid, flags, keywords FROM expunged WHERE mailbox_id = :b AND email_id IS NOT NULL ORDER BY id DESC LIMIT 1", {"b": self.ids[name]}
        )
        expunged_id, uid, flags, words = rows[0]
        content = self.content_of(expunged_id)
        placed = self.store.write(lambda tx: messages.put_back(tx, self.account, [expunged_id], target_id=None, actor="t", now=self.clock))
        assert [p.uid for p in placed] == [self.model.put(name, content, flags & ~DELETED, words)]

    def content_of(self, expunged_id: int) -> bytes:
        row = self.store.read().one(
            'SELECT e.prefix, b.segment, b."offset", b.length FROM expunged x JOIN emails e ON e.id = x.email_id JOIN blobs b ON b.id = e.blob_id WHERE x.id = :i',
            {"i": expunged_id},
        )
        assert row is not None
        from mailcore.store.blobs import Locator

        return bytes(row[0]) + self.store.blobs.read(Locator(segment=row[1], offset=row[2], length=row[3]))

    def create(self) -> None:
        name = self.random.choice(["Work", "Work/Deep", "Ä/ß", "Lists"])
        if name in self.model.boxes:
            with pytest.raises(MailError):
                self.store.write(lambda tx: mailboxes.create(tx, self.account, name, actor="t", now=self.clock))
            return
        self.store.write(lambda tx: mailboxes.create(tx, self.account, name, actor="t", now=self.clock))
        for box in mailboxes.list_all(self.store.read(), self.account):
            if box.name not in self.model.boxes:
                self.ids[box.name] = box.id
                self.model.add_box(box.name)

    def rename(self) -> None:
        name = self.name()
        new = self.random.choice(["Moved", "Moved/On", "Lists"])
        if name == "INBOX" or new in self.model.boxes or new.startswith(name + "/"):
            return
        self.store.write(lambda tx: mailboxes.rename(tx, self.account, name, new, actor="t", now=self.clock))
        for part in (self.model.boxes, self.model.next_uid, self.model.gone, self.ids):
            for old in [n for n in part if n == name or n.startswith(name + "/")]:
                part[new + old[len(name):]] = part.pop(old)  # type: ignore[index, attr-defined]
        for box in mailboxes.list_all(self.store.read(), self.account):
            if box.name not in self.model.boxes:
                self.ids[box.name] = box.id
                self.model.add_box(box.name)

    def delete(self) -> None:
        name = self.random.choice(["Lists", "Moved", "Work/Deep"])
        if name not in self.model.boxes or any(n.startswith(name + "/") for n in self.model.boxes):
            return
        self.store.write(lambda tx: mailboxes.delete(tx, self.account, name, actor="t", now=self.clock, keep_until=1))
        for part in (self.model.boxes, self.model.next_uid, self.model.gone, self.ids):
            part.pop(name)  # type: ignore[attr-defined]

    def compare(self) -> None:
        tx = self.store.read()
        total_bytes = total_count = 0
        stored = {box.name: box for box in mailboxes.list_all(tx, self.account)}
        assert set(stored) == set(self.model.boxes)
        for name, wanted in self.model.boxes.items():
            box = stored[name]
            rows = listing.flags(tx, box.id, None)
            assert {uid: (flags, words) for uid, flags, words, _ in rows} == {uid: (f, w) for uid, (_, f, w) in wanted.items()}
            assert list(listing.uids(tx, box.id)) == sorted(wanted)
            assert set(listing.expunged_since(tx, box.id, 0)) >= self.model.gone[name]
            assert box.uidnext == self.model.next_uid[name]
            assert box.message_count == len(wanted)
            assert box.unseen_count == sum(1 for _, f, _ in wanted.values() if not f & SEEN)
            assert box.deleted_count == sum(1 for _, f, _ in wanted.values() if f & DELETED)
            assert box.size_bytes == sum(len(c) for c, _, _ in wanted.values())
            total_bytes += box.size_bytes
            total_count += box.message_count
            self.compare_content(box.id, wanted)
        account = accounts.account(tx, self.account)
        assert account is not None
        assert (account.used_bytes, account.used_count) == (total_bytes, total_count)
        modseqs = [c.modseq for c in changes.after_id(tx, 0, limit=100_000) if c.account_id == self.account]
        assert max(modseqs) <= account.modseq

    def compare_content(self, mailbox_id: int, wanted: dict[int, tuple[bytes, int, str]]) -> None:
        tx = self.store.read()
        for message_id, uid in tx.all("SELECT id, uid FROM messages WHERE mailbox_id = :b", {"b": mailbox_id}):
            assert listing.content(self.store.blobs, listing.get(tx, self.account, message_id)) == wanted[uid][0]


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_the_store_does_what_a_dict_would(store: Store, seed: int) -> None:
    run = Run(store, seed)
    for number in range(STEPS):
        run.step()
        if number % 100 == 99:
            run.compare()
    run.compare()
