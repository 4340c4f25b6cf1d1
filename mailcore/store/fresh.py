"""Mail the index has not reached yet: read through and kept as words, so that a search is exact at any moment and the next key costs little.

What was read stays in the process until the index has it. A search that must not wait gives a time; what it could not read in
that time is counted, and the next search goes on from there.
"""

import threading
import time
from bisect import bisect_left
from collections.abc import Sequence

from mailcore.mail.part import load_parts
from mailcore.mail.searchtext import search_text
from mailcore.mail.searchwords import words
from mailcore.store.blobs import BlobStore, Locator
from mailcore.store.engine import Row, Tx
from mailcore.store.phrases import FIELDS, Document, Phrase

SCANNED = 20_000
"""Messages that are not indexed yet and that one search reads."""
SCAN_BYTES = 1024 * 1024
"""Bytes of a message that are looked at."""
KEPT_CHARACTERS = 48_000_000
"""Words of messages that were read and are kept, of all accounts together."""
CHUNK = 50
WHOLE_ACCOUNTS = 16
"""Accounts whose words are at hand as they were found last, while nothing came or went."""

COLUMNS = "e.id, e.account_id, e.subject, e.from_name, e.from_addr, e.parts, b.segment, b.\"offset\", b.length"
_SOURCE = "FROM emails e JOIN blobs b ON b.id = e.blob_id WHERE"

Words = dict[str, str]
"""By field: each word between two spaces."""


class Fresh:
    """What one process has read of mail that is not indexed."""

    def __init__(self) -> None:
        self._kept: dict[int, Words] = {}
        self._characters = 0
        self._holders: dict[str, list[int]] = {}
        self._ordered: list[str] = []
        self._whole: dict[int, tuple[tuple[int, int, int], dict[int, Words]]] = {}
        self._lock = threading.Lock()

    def words(self, tx: Tx, blobs: BlobStore, account_id: int, done: int, seconds: float | None) -> tuple[dict[int, Words], int]:
        """The words of an account's emails past *done*, newest first, reading for at most *seconds*; and how many were left out."""
        until = None if seconds is None else time.monotonic() + seconds
        count, total = tx.one("SELECT count(*), coalesce(sum(id), 0) FROM emails WHERE account_id = :a AND id > :i", {"a": account_id, "i": done}) or (0, 0)
        mark, (known, whole) = (done, int(count), int(total)), self._whole.get(account_id, ((0, 0, 0), {}))
        if mark == known:
            return whole, 0
        ids = [r[0] for r in tx.all("SELECT id FROM emails WHERE account_id = :a AND id > :i ORDER BY id DESC", {"a": account_id, "i": done})]
        with self._lock:
            kept = {i: self._kept[i] for i in ids[:SCANNED] if i in self._kept}
            if len(kept) == len(ids):
                if (len(ids), sum(ids)) == mark[1:]:
                    self._whole = {**({} if len(self._whole) >= WHOLE_ACCOUNTS else self._whole), account_id: (mark, kept)}
                return kept, 0
        found: dict[int, Words] = {}
        for start in range(0, min(len(ids), SCANNED), CHUNK):
            wanted = ids[start : start + CHUNK]
            found |= {i: kept[i] for i in wanted if i in kept}
            unread = [i for i in wanted if i not in found]
            if unread and (until is None or time.monotonic() < until):
                read = {r[0]: _words_of(document_of(blobs, r)) for r in tx.all(f"SELECT {COLUMNS} {_SOURCE} e.id IN ({', '.join(map(str, unread))})")}
                found |= read
                self._keep(read, done)
        return found, len(ids) - len(found)

    def _keep(self, read: dict[int, Words], done: int) -> None:
        with self._lock:
            if self._characters > KEPT_CHARACTERS:  # what is indexed by now goes
                rest = {i: one for i, one in self._kept.items() if i > done}
                self._kept, self._characters, self._holders, self._whole = {}, 0, {}, {}
                self._enter(rest)
            if self._characters <= KEPT_CHARACTERS:
                self._enter({i: one for i, one in read.items() if i not in self._kept})

    def _enter(self, some: dict[int, Words]) -> None:
        self._kept |= some
        self._characters += sum(map(_size, some.values()))
        self._ordered = []
        for email_id, text in some.items():
            for word in set(" ".join(text.values()).split()):
                self._holders.setdefault(word, []).append(email_id)

    def fitting(self, there: dict[int, Words], clauses: Sequence[Sequence[Phrase]]) -> set[int]:
        """Those of the emails *there* that fit: only those are looked through that hold a phrase's rarest word."""
        found = set(there)
        for clause in clauses:
            found = set().union(*(self._having(there, found, phrase) for phrase in clause))
        return found

    def _having(self, there: dict[int, Words], among: set[int], phrase: Phrase) -> set[int]:
        with self._lock:
            known = [self._with(word, is_whole=phrase.is_whole or at + 1 < len(phrase.words)) for at, word in enumerate(phrase.words)]
            unknown = among - self._kept.keys()
        rarest = min(known, key=len) if known else list(among)
        held = among.intersection(rarest)
        if len(phrase.words) != 1 or phrase.field:
            held = {i for i in held if holds(there[i], phrase)}
        return held | {i for i in unknown if holds(there[i], phrase)}

    def _with(self, word: str, *, is_whole: bool) -> list[int]:
        """Emails that hold *word*, or one that begins with it."""
        if is_whole:
            return self._holders.get(word, [])
        if not self._ordered:
            self._ordered = sorted(self._holders)
        start, end = bisect_left(self._ordered, word), bisect_left(self._ordered, word + "\U0010ffff")
        return [i for one in self._ordered[start:end] for i in self._holders[one]]


def _size(text: Words) -> int:
    return sum(map(len, text.values()))


def _words_of(document: Document) -> Words:
    return {name: f" {' '.join(words(getattr(document, name)))} " for name in FIELDS}


def holds(text: Words, phrase: Phrase) -> bool:
    """Whether *phrase* stands in a message that was read."""
    wanted = " " + " ".join(phrase.words) + (" " if phrase.is_whole else "")
    return any(wanted in text[name] for name in ((phrase.field,) if phrase.field else FIELDS))


def document_of(blobs: BlobStore, row: Row) -> Document:
    """An email (COLUMNS) as the index takes it."""
    root = load_parts(bytes(row[5]))
    data = blobs.read(Locator(segment=row[6], offset=row[7], length=row[8]), 0, root.body_start + SCAN_BYTES)
    text = search_text(data, root)
    return Document(email_id=row[0], account_id=row[1], subject=row[2], sender=f"{row[3]} {row[4]}", rcpt=text.rcpt, body=text.body)


def next_documents(tx: Tx, blobs: BlobStore, after: int, limit: int) -> tuple[list[Document], int]:
    """The next emails to index, and the id up to which they reach (*after* when there is nothing)."""
    rows = tx.all(f"SELECT {COLUMNS} {_SOURCE} e.id > :i ORDER BY e.id LIMIT :n", {"i": after, "n": limit})
    return [document_of(blobs, r) for r in rows], rows[-1][0] if rows else after
