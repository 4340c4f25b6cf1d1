"""`python -m bench.store`: the store's figures (appends, a slow disk, an interactive write beside bulk ones, large mailboxes), on SQLite.

Prints a Markdown table and puts it into docs/performance.md. Takes about two minutes; the slow disk needs `strace`.
`--only WORD` measures the rows whose name holds WORD, and publishes nothing.
"""

import argparse
import asyncio
import contextlib
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path

from bench.page import HOME, machine, publish
from mailcore.delivery.parcel import new_email
from mailcore.mail.structure import Summary, summarise
from mailcore.store import Store, Tx, accounts, listing, mailboxes, messages, open_store, schema, write

NOW = 1_790_000_000_000_000
PEOPLE = 20
SECONDS = 5.0
LINE = b"The quick brown fox jumps over the lazy dog, again and again and again.\r\n"
DELAY = "inject=fsync,fdatasync:delay_exit=5000"
"""Five milliseconds more for every fsync, as strace says it."""


class SystemRandom:
    """Bytes from the operating system."""

    def bytes(self, count: int) -> bytes:
        """*count* of them."""
        return os.urandom(count)


def letter(number: int | str) -> bytes:
    """A message of 5 KB that no other is equal to."""
    head = f"From: Ann <ann@y.test>\r\nTo: u@x.test\r\nSubject: Number {number}\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}@y.test>\r\n\r\n"
    return head.encode() + LINE * 66


SUMMARY: Summary = summarise(letter("one"))
"""Parsing is not what is measured here, so it is done once; its outcome is stored with every message."""


def open_at(folder: str) -> Store:
    """The store in *folder*."""
    return open_store(data_dir=Path(folder), database_url="", blob_url="", random=SystemRandom())


@contextlib.contextmanager
def fresh() -> Iterator[tuple[str, Store]]:
    """A store with PEOPLE accounts, removed at the end."""
    with tempfile.TemporaryDirectory(prefix="roost-bench-") as folder:
        store = open_at(folder)
        schema.migrate(store.database, now_text="bench")

        def people(tx: Tx) -> None:
            domain = accounts.add_domain(tx, "x.test", NOW)
            for number in range(1, PEOPLE + 1):
                mailboxes.create_standard(tx, accounts.add_account(tx, domain, f"u{number}@x.test", NOW), actor="bench", now=NOW)

        store.write(people)
        try:
            yield folder, store
        finally:
            store.close()


def inbox(store: Store, account: int) -> int:
    """The INBOX of an account."""
    box = mailboxes.by_name(store.read(), account, "INBOX")
    assert box is not None
    return box.id


def append(store: Store, account: int, box: int, name: str) -> None:
    """One message, on disk when this returns."""
    email = new_email(store.blobs.add(letter(name)), SUMMARY)
    store.write(lambda tx: messages.append(tx, store.blobs, account, box, email, actor="bench", now=NOW))


def appends(writers: int, seconds: float = SECONDS) -> float:
    """Messages a second that *writers* tasks of one loop, each waiting for its own, make durable: what one worker does."""
    with fresh() as (_folder, store):
        done, end = [0] * writers, time.monotonic() + seconds
        boxes = [inbox(store, account) for account in range(1, PEOPLE + 1)]

        async def work(number: int) -> None:
            account = number % PEOPLE
            while time.monotonic() < end:
                email = new_email(store.blobs.add(letter(f"{number}.{done[number]}")), SUMMARY)
                await asyncio.wrap_future(store.submit(lambda tx, e=email: messages.append(tx, store.blobs, account + 1, boxes[account], e, actor="bench", now=NOW)))  # type: ignore[misc]
                done[number] += 1

        async def crew() -> None:
            await asyncio.gather(*(work(number) for number in range(writers)))

        begin = time.monotonic()
        asyncio.run(crew())
        return sum(done) / (time.monotonic() - begin)


def on_a_slow_disk(writers: int, batch: int) -> float:
    """`appends` in a process of its own whose every fsync takes 5 ms more; *batch* 1 is one commit each."""
    command = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=fsync,fdatasync", "-e", DELAY, "-o", "/dev/null"]
    done = subprocess.run([*command, sys.executable, "-m", "bench.store", "--appends", str(writers), str(batch)], capture_output=True, text=True, check=True, cwd=HOME)
    return float(done.stdout.split()[-1])


def times_better(writers: int) -> float:
    """How many times as many messages a slow disk takes with shared commits as with one commit each."""
    together, alone = on_a_slow_disk(writers, write.BATCH_ENTRIES), on_a_slow_disk(writers, 1)
    print(f"  slow disk, {writers} writers: {together:,.0f}/s together, {alone:,.0f}/s one commit each", flush=True)
    return together / alone


def bulk(folder: str) -> None:
    """Append for ever as bulk work, twenty at a time: an import."""
    store = open_at(folder)
    account = os.getpid() % PEOPLE + 1
    box = inbox(store, account)
    for number in count():
        emails = [new_email(store.blobs.add(letter(f"{os.getpid()}.{number}.{n}")), SUMMARY) for n in range(20)]
        futures = [store.submit(lambda tx, e=email: messages.append(tx, store.blobs, account, box, e, actor="bulk", now=NOW), bulk=True) for email in emails]  # type: ignore[misc]
        for future in futures:
            future.result()


def interactive_beside_bulk() -> float:
    """p99 in milliseconds of one append at a time, while two other processes import."""
    with fresh() as (folder, store):
        box, others = inbox(store, 1), [subprocess.Popen([sys.executable, "-m", "bench.store", "--bulk", folder], cwd=HOME) for _ in range(2)]
        spent = []
        try:
            time.sleep(2)
            before = int(store.read().value("SELECT count(*) FROM messages"))
            end = time.monotonic() + 2 * SECONDS
            while time.monotonic() < end:
                begin = time.monotonic()
                append(store, 1, box, f"own.{len(spent)}")
                spent.append((time.monotonic() - begin) * 1000)
                time.sleep(0.005)
            after = int(store.read().value("SELECT count(*) FROM messages"))
        finally:
            for other in others:
                other.terminate()
                other.wait()
        print(f"  beside it, the two others stored {(after - before - len(spent)) / SECONDS / 2:,.0f}/s; p50 {statistics.median(spent):.1f} ms, {len(spent)} writes", flush=True)
        return statistics.quantiles(spent, n=100)[98]


def crowd_inbox(store: Store, address: str, total: int) -> tuple[int, int]:
    """Fill a person's inbox; the account's and the mailbox's number."""
    account = int(store.read().value("SELECT id FROM accounts WHERE address = :a", {"a": address}))
    box = mailboxes.by_name(store.read(), account, "INBOX")
    assert box is not None
    crowd(store, account, box.id, total)
    return account, box.id


def crowd(store: Store, account: int, box: int, total: int) -> None:
    """Fill a mailbox with rows as delivery would leave them, without their bytes; every tenth UID is missing, a third is unread."""
    columns = [row[1] for row in store.read().all("PRAGMA table_info(emails)")]

    def rows(tx: Tx, first: int, last: int) -> None:
        common = dict.fromkeys(columns, 0) | {
            "account_id": account, "prefix": b"", "size": 5000, "subject": "A subject of some words", "base_subject": "a subject of some words", "from_name": "Ann", "from_addr": "ann@y.test",
            "to_display": "u@x.test", "preview": "The quick brown fox jumps over the lazy dog, again and again", "msgid": "", "in_reply_to": "", "trace_id": "", "envelope": SUMMARY.envelope,
            "body": SUMMARY.body, "bodystructure": SUMMARY.bodystructure, "parts": SUMMARY.parts, "extra": "",
        }  # fmt: skip
        base = int(tx.value("SELECT coalesce(max(id), 0) FROM emails"))
        names = ", ".join(columns)
        tx.many(f"INSERT INTO emails ({names}) VALUES ({', '.join(':' + name for name in columns)})", [common | {"id": base + n - first + 1, "thread_id": base + n - first + 1} for n in range(first, last)])
        tx.many(
            "INSERT INTO messages (account_id, mailbox_id, uid, email_id, thread_id, modseq, flags, keywords, size, internal_date, save_date) VALUES (:a, :b, :u, :e, :e, 1, :f, '', 5000, :d, :d)",
            [{"a": account, "b": box, "u": n + n // 9 + 1, "e": base + n - first + 1, "f": int(n % 3 > 0), "d": NOW + n * 1_000_000} for n in range(first, last)],
        )

    for first in range(0, total, 20_000):
        store.write(lambda tx, f=first: rows(tx, f, min(total, f + 20_000)))  # type: ignore[misc]
    store.write(lambda tx: tx.run("UPDATE mailboxes SET uidnext = :u, message_count = :n, unseen_count = :n / 3, modseq = 1 WHERE id = :b", {"u": total * 2, "n": total, "b": box}))
    store.write(lambda tx: tx.run("ANALYZE"))


def median_ms(work: Callable[[int], object], times: int) -> float:
    """The median of so many calls, in milliseconds."""
    spent = []
    for number in range(times):
        begin = time.monotonic()
        work(number)
        spent.append((time.monotonic() - begin) * 1000)
    return statistics.median(spent)


def page_of_a_million() -> float:
    """A page of 50 rows somewhere in a mailbox of a million messages."""
    with fresh() as (_folder, store):
        box = inbox(store, 1)
        crowd(store, 1, box, 1_000_000)
        tx = store.read()
        return median_ms(lambda n: len(listing.page(tx, box, before=(NOW + n * 9_999 * 1_000_000 + 60_000_000, 1 << 60))), 100)


def select_of_100_000() -> float:
    """What SELECT reads: the mailbox, its UIDs with gaps, the first unseen one, the keywords."""
    with fresh() as (_folder, store):
        box = inbox(store, 1)
        crowd(store, 1, box, 100_000)
        tx = store.read()
        return median_ms(lambda _n: (mailboxes.get(tx, box), len(listing.uids(tx, box)), listing.first_unseen(tx, box), listing.keywords_used(tx, box)), 20)


def flag_on_10_000() -> float:
    """\\Flagged set on, then taken from, 10,000 messages, durably."""
    with fresh() as (_folder, store):
        box = inbox(store, 1)
        crowd(store, 1, box, 20_000)
        uids = [row[0] for row in store.read().all("SELECT uid FROM messages WHERE mailbox_id = :b ORDER BY uid LIMIT 10000", {"b": box})]

        def mark(number: int) -> None:
            told = store.write(lambda tx: messages.store_flags(tx, 1, box, [(uids[0], uids[-1])], "remove" if number % 2 else "add", messages.FLAGGED, actor="bench", now=NOW))
            assert len(told.changed) == 10_000

        return median_ms(mark, 6)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figure:
    """One row: what is measured, how, and what it must be (at least, or at most)."""

    name: str
    measure: Callable[[], float]
    unit: str
    target: float
    is_at_most: bool = False


FIGURES = (
    Figure(name="durable appends of 5 KB, 20 writers", measure=lambda: appends(20), unit="/s", target=5000),
    Figure(name="the same with 200 writers", measure=lambda: appends(200), unit="/s", target=5000),
    Figure(name="slow disk (+5 ms a fsync), 20 writers: times one commit each", measure=lambda: times_better(20), unit="×", target=5),
    Figure(name="slow disk (+5 ms a fsync), 200 writers: times one commit each", measure=lambda: times_better(200), unit="×", target=20),
    Figure(name="interactive write beside two bulk writers in other processes, p99", measure=interactive_beside_bulk, unit=" ms", target=20, is_at_most=True),
    Figure(name="page of 50 out of 1,000,000 messages, median", measure=page_of_a_million, unit=" ms", target=5, is_at_most=True),
    Figure(name="SELECT state of 100,000 messages, median", measure=select_of_100_000, unit=" ms", target=50, is_at_most=True),
    Figure(name="a flag on 10,000 messages, median", measure=flag_on_10_000, unit=" ms", target=300, is_at_most=True),
)


def row(figure: Figure) -> str:
    """Measure one; its line of the table."""
    value = figure.measure()
    shown = f"{value:,.0f}" if value >= 100 else f"{value:.1f}"
    is_met = value <= figure.target if figure.is_at_most else value >= figure.target
    line = f"| {figure.name} | {shown}{figure.unit} | {'at most' if figure.is_at_most else 'at least'} {figure.target:,.0f}{figure.unit} | {'yes' if is_met else 'no'} |"
    print(line, flush=True)
    return line


def main() -> None:
    """Measure all, or what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="")
    parser.add_argument("--appends", nargs=2, type=int, metavar=("WRITERS", "BATCH"), help=argparse.SUPPRESS)
    parser.add_argument("--bulk", metavar="FOLDER", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.bulk:
        bulk(given.bulk)
    elif given.appends:
        write.BATCH_ENTRIES = given.appends[1]
        print(appends(given.appends[0]))
    else:
        chosen = [figure for figure in FIGURES if given.only in figure.name]
        if shutil.which("strace") is None:
            print("Without strace there is no slow disk; those rows are left out.")
            chosen = [figure for figure in chosen if "slow disk" not in figure.name]
        lines = [row(figure) for figure in chosen]
        if not given.only:
            publish("store", "\n".join([f"{machine()}; SQLite.", "", "| what | figure | asked for | met |", "|---|--:|--:|---|", *lines]))


if __name__ == "__main__":
    main()
