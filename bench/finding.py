"""`python -m bench.finding`: searching 100,000 messages, and a list of 1,000,000, as a browser waits for them.

Both over HTTP at the client, one person, with what HTMX asks for. The letters are imported and indexed as any; the million is made of rows as
delivery leaves them, without bytes. Takes about fifteen minutes; `--only search|million` measures one and publishes nothing.
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
from mailcore.store import mailboxes
from tests.scenario.server import PASSWORD, RoostServer

MESSAGES, LINES, MILLION = 100_000, 6, 1_000_000
ROUNDS, DELETED, BEHIND = 60, 1000, 10_000
INDEX_SECONDS = 900
SEARCHES = (
    ("a subject", lambda n: f"subject:{70_000 + n}", "15"), ("a body: one message of all", lambda n: "zanzibar", "20"), ("a body: a word in nearly all", lambda n: WORDS[n % len(WORDS)], "100"),
    ("a body: a word in none", lambda n: f"absent{n}", "100"), ("two letters", lambda n: ("za", "in", "bu")[n % 3], "100"), ("one sign of Chinese, in 2,000", lambda n: "京", "100"),
    ("two signs of Chinese, in 2,000", lambda n: "東京", "100"), ("two signs of Chinese, in one", lambda n: "稀有", "20"),
)  # fmt: skip


def mbox(path: Path) -> None:
    """Letters of everyday words; one holds the rare ones, each fiftieth some Japanese."""
    chance = random.Random(9)
    with path.open("wb") as file:
        for number in range(MESSAGES):
            body = "\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(LINES))
            more = ("zanzibar 稀有な本" if number == MESSAGES // 2 else "") + ("明日の会議は東京で行います。" if number % 50 == 0 else "")
            file.write(
                f"From a@b Tue Nov  3 10:00:00 2020\nFrom: Person {number % 97} <p{number % 97}@out.test>\nTo: u1@x.test\nSubject: {chance.choice(WORDS)} number {number}\n"
                f"Message-ID: <{number}@out.test>\nDate: Tue, 03 Nov 2020 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000\nContent-Type: text/plain; charset=utf-8\n\n{body} {more}\n\n".encode()
            )


def searching() -> list[str]:
    """The table of searches, in Markdown."""
    server = RoostServer(people=1, listeners=("http", "imap"))
    try:
        with tempfile.TemporaryDirectory() as folder:
            mbox(Path(folder) / "letters")
            server.run("import", "mail", "u1@x.test", str(Path(folder) / "letters"))
        client = Client(server.ports["http"])
        until = time.monotonic() + INDEX_SECONDS
        while index_of(server).execute("SELECT email_id FROM done").fetchone()[0] < MESSAGES and time.monotonic() < until:
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
        store = crowds.open_store(data_dir=server.folder / "data", database_url="", blob_url="", random=crowds.SystemRandom())
        account = int(store.read().value("SELECT id FROM accounts WHERE address = 'u1@x.test'"))
        box = mailboxes.by_name(store.read(), account, "INBOX")
        assert box is not None
        crowds.crowd(store, account, box.id, MILLION)
        store.close()
        server.start()
        client, inbox, chance = Client(server.ports["http"]), f"/mail/{box.id}", random.Random(5)

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
