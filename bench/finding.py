"""`python -m bench.finding`: searching 100,000 messages, and a list of 1,000,000, as a browser waits for them.

Both over HTTP at the client, one person, with what HTMX asks for. The newest tenth of the 100,000 is imported and indexed as any mail; the rest, and the
million, are rows as delivery leaves them (and their words in the index), without bytes. Takes about six minutes; `--only search|million` measures one
and publishes nothing.
"""

import argparse
import imaplib
import random
import re
import sqlite3
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from bench import store as crowds
from bench.page import machine, publish
from bench.webmail import PANES, ROWS, WORDS, Client, told, waits
from mailcore.config.system import FileLock
from mailcore.store.phrases import Document
from tests.scenario.server import PASSWORD, RoostServer

MESSAGES, IMPORTED, LINES, MILLION = 100_000, 10_000, 6, 1_000_000
ROUNDS, DELETED, BEHIND, CHUNK = 60, 1000, 10_000, 1000
INDEX_SECONDS = 900
SEARCHES = (
    ("a subject", lambda n: f"subject:{70_000 + n}", "15"), ("a body: one message of all", lambda n: "zanzibar", "20"), ("a body: a word in nearly all", lambda n: WORDS[n % len(WORDS)], "100"),
    ("a body: a word in none", lambda n: f"absent{n}", "100"), ("two letters", lambda n: ("za", "in", "bu")[n % 3], "100"), ("one sign of Chinese, in 2,000", lambda n: "京", "100"),
    ("two signs of Chinese, in 2,000", lambda n: "東京", "100"), ("two signs of Chinese, in one", lambda n: "稀有", "20"),
)  # fmt: skip


def text_of(number: int) -> str:
    """A letter of everyday words; one holds the rare ones, each fiftieth some Japanese."""
    chance = random.Random(number)
    more = ("zanzibar 稀有な本" if number == MESSAGES // 2 else "") + ("明日の会議は東京で行います。" if number % 50 == 0 else "")
    return "\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(LINES)) + f" {more}"


def subject_of(number: int) -> str:
    """Its subject."""
    return f"{WORDS[number % len(WORDS)]} number {number}"


def crowd_with_words(server: RoostServer) -> None:
    """All but the newest tenth: rows, and their words in the index."""
    store = crowds.open_at(str(server.folder / "data"))
    count = MESSAGES - IMPORTED
    account, _box = crowds.crowd_inbox(store, "u1@x.test", count)
    first = int(store.read().value("SELECT min(id) FROM emails WHERE account_id = :a", {"a": account}))
    for start in range(0, count, CHUNK):
        part = range(start, min(start + CHUNK, count))
        subjects = [{"s": subject_of(number), "i": first + number} for number in part]
        store.write(lambda tx, s=subjects: tx.many("UPDATE emails SET subject = :s WHERE id = :i", s))  # type: ignore[misc]
        found = [Document(email_id=first + n, account_id=account, subject=subject_of(n), sender="Ann ann@y.test", rcpt="u1@x.test", body=text_of(n)) for n in part]
        store.fulltext.add(found, first + part[-1])
    store.close()


def mbox(path: Path) -> None:
    """The newest tenth."""
    with path.open("wb") as file:
        for number in range(MESSAGES - IMPORTED, MESSAGES):
            body = text_of(number)
            file.write(
                f"From a@b Tue Nov  3 10:00:00 2026\nFrom: Person {number % 97} <p{number % 97}@out.test>\nTo: u1@x.test\nSubject: {subject_of(number)}\n"
                f"Message-ID: <{number}@out.test>\nDate: Tue, 03 Nov 2026 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000\nContent-Type: text/plain; charset=utf-8\n\n{body}\n\n".encode()
            )


def searching() -> list[str]:
    """The table of searches, in Markdown."""
    server = RoostServer(people=1, listeners=("http", "imap"))
    try:
        server.stop()
        crowd_with_words(server)
        server.start()
        with tempfile.TemporaryDirectory() as folder:
            mbox(Path(folder) / "letters")
            server.run("import", "mail", "u1@x.test", str(Path(folder) / "letters"))
        client = Client(server.ports["http"])
        until = time.monotonic() + INDEX_SECONDS
        while index_of(server).execute("SELECT email_id FROM done").fetchone()[0] < MESSAGES - 1 and time.monotonic() < until:
            time.sleep(2)
        first = measured(client)
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
            imap.login("u1@x.test", PASSWORD)
            imap.select("INBOX")
            imap.store(f"{MESSAGES - 3 * DELETED}:{MESSAGES - 2 * DELETED - 1}", "+FLAGS.SILENT", "\\Deleted")
            imap.expunge()
        second = measured(client)
        server.stop()
        index = index_of(server)
        index.execute("UPDATE done SET email_id = email_id - ?", (BEHIND,))
        index.commit()
        held = FileLock(str(server.folder / "data" / "search.lock"))  # so that no worker goes on with the index
        assert held.acquire(is_blocking=False)
        server.start()
        client = Client(server.ports["http"])
        tries, start = 0, time.perf_counter()
        while "not indexed yet" in client.get("/mail/search?q=zanzibar", PANES):
            tries += 1
        settled = time.perf_counter() - start
        third = measured(client)
        held.release()
    finally:
        server.remove()
    rows = [f"| {name} | {wanted} | {told(a)} | {told(b)} | {told(c)} |" for (name, _q, wanted), a, b, c in zip(SEARCHES, first, second, third, strict=True)]
    return [
        "| search of 100,000 messages | at most (p50) | all indexed | after 1,000 deletes | index 10,000 behind |", "|---|--:|--:|--:|--:|", *rows, "",
        f"Behind by 10,000, the first {tries} searches said that they left some out; after {settled:.1f} s of them all had been read.",
    ]  # fmt: skip


def index_of(server: RoostServer) -> sqlite3.Connection:
    """The full-text index's file."""
    return sqlite3.connect(server.folder / "data" / "search.db")


def measured(client: Client) -> list[list[float]]:
    """The waits of each kind of search."""
    return [waits(lambda n, q=query: client.get(f"/mail/search?q={quoted(q(n))}", PANES), ROUNDS) for _name, query, _wanted in SEARCHES]  # type: ignore[misc]


def quoted(text: str) -> str:
    """A query in an address."""
    from urllib.parse import quote

    return quote(text)


def million() -> list[str]:
    """The table of the long list, in Markdown."""
    server = RoostServer(people=1, listeners=("http",))
    try:
        server.stop()
        store = crowds.open_at(str(server.folder / "data"))
        _account, box = crowds.crowd_inbox(store, "u1@x.test", MILLION)
        store.close()
        server.start()
        client, inbox, chance = Client(server.ports["http"]), f"/mail/{box}", random.Random(5)

        def cursor(number: int) -> str:
            return f"{inbox}?cursor={crowds.NOW + number * 1_000_000}.{1 << 60}"

        place = [inbox]

        def scroll(_n: int) -> None:
            text = client.get(place[-1], ROWS)
            after = re.findall(r'hx-get="([^"]+cursor=[^"]+)"', text)
            if text.count('<li class="row') != 50 or not after:
                raise ValueError(f"the list broke off at {place[-1]}")
            place.append(after[-1].replace("&amp;", "&"))

        works: list[tuple[str, Callable[[int], object], int]] = [
            ("scrolling on from the top, 10,000 rows", scroll, 200), ("50 rows anywhere", lambda n: client.get(cursor(chance.randrange(100, MILLION)), ROWS), 300),
            ("50 rows at the very end", lambda n: client.get(cursor(60 + n), ROWS), 100), ("the mailbox, both panes", lambda n: client.get(inbox, PANES), 100),
            ("the oldest first", lambda n: client.get(f"{inbox}?sort=oldest", ROWS), 100), ("upwards from anywhere", lambda n: client.get(cursor(chance.randrange(100, MILLION)).replace("cursor=", "cursor=a"), ROWS), 100),
        ]  # fmt: skip
        rows = [f"| {name} | {told(waits(work, times))} |" for name, work, times in works]
    finally:
        server.remove()
    return ["| list of 1,000,000 messages | p50 · p95 |", "|---|--:|", *rows]


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("search", "million"))
    only = parser.parse_args().only
    parts = [part() for name, part in (("search", searching), ("million", million)) if only in (None, name)]
    text = "\n\n".join([f"{machine()}. Milliseconds at the client, p50 · p95.", *("\n".join(part) for part in parts)])
    print(text)
    if only is None:
        publish("finding", text)
