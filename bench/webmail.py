"""`python -m bench.webmail`: what a browser waits for in a mailbox of 10,000 messages, by one person and by fifty at once.

Times are at the client, over HTTP on loopback, a connection each that stays open, and are put into docs/performance.md. Takes about four minutes.
"""

import argparse
import contextlib
import http.client
import imaplib
import os
import random
import re
import statistics
import tempfile
import time
import urllib.parse
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from bench.crowd import Load, load, request
from bench.page import machine, publish
from tests.scenario.server import PASSWORD, RoostServer

MESSAGES, LINES = 10_000, 60
ROUNDS, CROWD, CROWD_ROUNDS = 200, 50, 20
HUMAN_ROUNDS, HUMAN_SECONDS = 8, 2.0
"""People who read: each asks for something every two seconds."""
INDEX_SECONDS = 120
LARGE = 60
"""Letters of 1 MB of HTML, as shops write it, each opened once."""
WORDS = ["invoice", "meeting", "budget", "travel", "garden", "school", "project", "weather", "holiday", "report", "ticket", "family", "summer", "winter", "letter", "answer"]
ROWS, PANES, READER = ({"HX-Request": "true", "HX-Target": target} for target in ("more", "panes", "reader"))
"""What HTMX sends, and so what a browser is sent: the rows that scrolling asks for, both panes for another mailbox or a search, a message."""


def mbox(path: Path) -> None:
    """A mailbox of everyday letters: two of a thousand words are rare, one letter alone holds the rarest."""
    chance = random.Random(7)
    with path.open("wb") as file:
        for number in range(MESSAGES):
            body = "\n".join(" ".join(chance.choices(WORDS, k=12)) for _ in range(LINES))
            rare = "zanzibar" if number == MESSAGES // 2 else ""
            file.write(
                f"From a@b Tue Nov  3 10:00:00 2020\nFrom: Person {number % 97} <p{number % 97}@out.test>\nTo: u1@x.test\nSubject: {chance.choice(WORDS)} number {number}\n"
                f"Message-ID: <{number}@out.test>\nDate: Tue, 03 Nov 2020 {number // 3600 % 24:02}:{number // 60 % 60:02}:{number % 60:02} +0000\n\n{body} {rare}\n\n".encode()
            )


def catalogue(number: int) -> bytes:
    """A letter of 1 MB of HTML: tables, styles, links and pictures from elsewhere."""
    chance, items, size = random.Random(number), [], 0
    while size < 1_000_000:
        words, item = " ".join(chance.choices(WORDS, k=25)), len(items)
        items.append(
            f'<table width="600" cellpadding="0" style="border-collapse:collapse;color:#333333"><tr><td style="padding:12px 24px;font-size:14px"><p style="margin:0 0 12px">{words}</p>'
            f'<a href="https://shop.test/{number}/{item}?utm=mail" style="color:#0a58ca">See it</a> <img src="https://cdn.test/{item}.jpg" width="120" alt="Item {item}"></td></tr></table>\r\n'
        )
        size += len(items[-1])
    return f"From: shop@out.test\r\nTo: u1@x.test\r\nSubject: Catalogue {number}\r\nContent-Type: text/html; charset=utf-8\r\n\r\n".encode() + "".join(items).encode()


def catalogues(server: RoostServer, client: "Client") -> list[str]:
    """Addresses of LARGE such letters in a mailbox of their own, when Roost has made them safe."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.create("Catalogues")
        for number in range(LARGE):
            imap.append("Catalogues", None, None, catalogue(number))  # type: ignore[arg-type]
    until, made = time.monotonic() + 5 * INDEX_SECONDS, server.folder / "data" / "made"
    while len(list(made.glob("*"))) < LARGE and time.monotonic() < until:
        client.get("/mail")  # a connection that rests too long is closed
        time.sleep(1)
    box = next(link for link in dict.fromkeys(re.findall(r'href="(/mail/\d+)"', client.get("/mail"))) if "Catalogue 0<" in client.get(link) or f"Catalogue {LARGE - 1}<" in client.get(link))
    return list(dict.fromkeys(re.findall(rf'{box}/\d+(?=")', client.get(box))))


class Client:
    """A signed-in browser without pictures: one connection, its cookies, its form token."""

    def __init__(self, port: int, address: str = "u1@x.test") -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self.cookies: dict[str, str] = {}
        self.token = ""
        self.get("/sign-in")
        self.post("/sign-in", {"address": address, "password": PASSWORD})

    def ask(self, method: str, path: str, body: str | None = None, headers: dict[str, str] | None = None) -> str:
        more = {"Cookie": "; ".join(f"{k}={v}" for k, v in self.cookies.items()), **(headers or {})}
        if body is not None:
            more |= {"Content-Type": "application/x-www-form-urlencoded", "X-CSRFToken": self.token}
        self.connection.request(method, path, body, more)
        answer = self.connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
        for name, value in answer.getheaders():
            if name.lower() == "set-cookie":
                key, _, rest = value.partition("=")
                self.cookies[key] = rest.partition(";")[0]
        found = re.search(r'csrf-token" content="([^"]+)"', text) or re.search(r'name="csrf_token" value="([^"]+)"', text)
        self.token = found[1] if found else self.token
        if answer.status >= 400:
            raise ValueError(f"{method} {path}: {answer.status} {text[:200]}")
        return self.ask("GET", answer.getheader("Location", "/")) if answer.status in (302, 303) else text

    def get(self, path: str, headers: dict[str, str] | None = None) -> str:
        return self.ask("GET", path, headers=headers)

    def act(self, op: str, message_id: str, **more: str) -> str:
        """What the page's script does: a form, and JSON for an answer."""
        body = urllib.parse.urlencode({"csrf_token": self.token, "op": op, "ids": message_id, **more})
        return self.ask("POST", "/mail/act", body, {"Accept": "application/json"})

    def post(self, path: str, form: dict[str, str]) -> str:
        return self.ask("POST", path, urllib.parse.urlencode({"csrf_token": self.token, **form}))


def waits(work: Callable[[int], object], rounds: int) -> list[float]:
    """Milliseconds of each round."""
    found = []
    for number in range(rounds):
        start = time.perf_counter()
        work(number)
        found.append((time.perf_counter() - start) * 1000)
    return found


def told(found: list[float]) -> str:
    """p50 and p95."""
    return f"{statistics.median(found):.1f} · {statistics.quantiles(found, n=20)[18]:.1f}"


class Crowd:
    """CROWD people, each with a session, and what they ask."""

    def __init__(self, port: int) -> None:
        self.port, self.people = port, [Client(port) for _ in range(CROWD)]

    def asks(self, path: Callable[[], str], headers: dict[str, str], rounds: int) -> list[list[bytes]]:
        """*rounds* addresses each."""
        return [[request("GET", path(), who.cookies, headers) for _ in range(rounds)] for who in self.people]

    def acts(self, op: Callable[[], str], message_id: Callable[[], str], rounds: int) -> list[list[bytes]]:
        """*rounds* acts each, as the page's script sends them."""

        def one(who: Client) -> bytes:
            body = urllib.parse.urlencode({"csrf_token": who.token, "op": op(), "ids": message_id()})
            return request("POST", "/mail/act", who.cookies, {"X-CSRFToken": who.token, "Accept": "application/json"}, body)

        return [[one(who) for _ in range(rounds)] for who in self.people]

    def measured(self, works: Callable[[int], list[list[bytes]]]) -> tuple[Load, Load]:
        """As fast as they can, and as people do."""
        load(self.port, works(2))
        return load(self.port, works(CROWD_ROUNDS)), load(self.port, works(HUMAN_ROUNDS), HUMAN_SECONDS)


def pages(client: Client, inbox: str) -> list[str]:
    """Addresses of lists, each the next of the one before."""
    found, path = [inbox], inbox
    while len(found) < 40:
        text = client.get(path, PANES)
        after = re.findall(rf'{inbox}\?cursor=[0-9.]+', text)
        if not after or after[-1] in found:
            break
        found.append(path := after[-1])
    return found


def indexed(client: Client) -> None:
    """Wait until all is in the index: no search says that it left something out."""
    until = time.monotonic() + INDEX_SECONDS
    while ("number 5000" not in (text := client.get("/mail/search?q=zanzibar")) or "not indexed yet" in text) and time.monotonic() < until:
        time.sleep(1)


class Mailbox(NamedTuple):
    """A server with the letters in an INBOX, all indexed: where it answers, one who is signed in, the lists' addresses, the messages' numbers, the addresses of large letters."""

    port: int
    client: Client
    inbox: str
    lists: list[str]
    ids: list[str]
    large: list[str]


@contextlib.contextmanager
def filled(*, has_large: bool = False, **server_facts: Any) -> Iterator[Mailbox]:
    """Start a server and fill it; gone afterwards."""
    server = RoostServer(people=1, listeners=("http", "imap"), **server_facts)
    try:
        with tempfile.TemporaryDirectory() as folder:
            mbox(Path(folder) / "letters")
            server.run("import", "mail", "u1@x.test", str(Path(folder) / "letters"))
        client = Client(server.ports["http"])
        inbox = re.search(r'href="(/mail/\d+)"', client.get("/mail"))[1]  # type: ignore[index]
        indexed(client)
        lists = pages(client, inbox)
        ids = list(dict.fromkeys(re.findall(rf'{inbox}/(\d+)"', "".join(client.get(page, ROWS) for page in lists))))
        yield Mailbox(server.ports["http"], client, inbox, lists, ids, catalogues(server, client) if has_large else [])
    finally:
        server.remove()


def measure(messages: int = MESSAGES) -> str:
    """The table, in Markdown."""
    with filled(has_large=True) as (port, client, inbox, lists, ids, large):
        chance = random.Random(1)
        rows = [
            ("list: 50 rows, anywhere in the first 2,000", waits(lambda n: client.get(lists[n % len(lists)], ROWS), ROUNDS)),
            ("list: another mailbox, both panes", waits(lambda n: client.get(lists[n % len(lists)], PANES), ROUNDS)),
            ("list: the whole page", waits(lambda n: client.get(lists[n % len(lists)]), ROUNDS)),
            ("open a message for the first time", waits(lambda n: client.get(f"{inbox}/{ids[n]}", READER), ROUNDS)),
            ("open 1 MB of HTML for the first time", waits(lambda n: client.get(large[n], READER), len(large))),
            ("open it again", waits(lambda n: client.get(f"{inbox}/{ids[n]}", READER), ROUNDS)),
            ("star", waits(lambda n: client.act("star", chance.choice(ids)), ROUNDS)),
            ("move to Archive", waits(lambda n: client.act("archive", ids[n]), ROUNDS)),
            ("delete (to Trash)", waits(lambda n: client.act("trash", ids[ROUNDS + n]), ROUNDS)),
            ("search: a subject", waits(lambda n: client.get(f"/mail/search?q=subject:{n + 5000}", PANES), ROUNDS // 2)),
            ("search: one message of all", waits(lambda n: client.get("/mail/search?q=zanzibar", PANES), ROUNDS // 2)),
            ("search: two letters", waits(lambda n: client.get("/mail/search?q=za", PANES), ROUNDS // 2)),
            ("search: a word in nearly all", waits(lambda n: client.get(f"/mail/search?q={WORDS[n % len(WORDS)]}", PANES), ROUNDS // 4)),
            ("search: a word in none", waits(lambda n: client.get(f"/mail/search?q=absent{n}", PANES), ROUNDS // 2)),
        ]
        crowd, left = Crowd(port), ids[2 * ROUNDS :]  # what was moved has another number: each goes once, and last
        many = {
            "list: 50 rows": crowd.measured(lambda n: crowd.asks(lambda: chance.choice(lists), ROWS, n)),
            "open it again": crowd.measured(lambda n: crowd.asks(lambda: f"{inbox}/{chance.choice(ids[2 * ROUNDS :])}", READER, n)),
            "search: a subject": crowd.measured(lambda n: crowd.asks(lambda: f"/mail/search?q=subject:{chance.randrange(5000, 9999)}", PANES, n)),
            "star": crowd.measured(lambda n: crowd.acts(lambda: chance.choice(["star", "unstar"]), lambda: chance.choice(ids[2 * ROUNDS :]), n)),
            "move to Archive": crowd.measured(lambda n: crowd.acts(lambda: "archive", lambda: left.pop(), n)),
        }
    head = f"{machine()}, load {os.getloadavg()[0]:.0f}; {messages:,} messages in INBOX. Milliseconds at the client, p50 · p95."
    lines = [head, "", f"| work | one person | fifty, each every {HUMAN_SECONDS:.0f} s | fifty without a pause | of these a second |", "|---|--:|--:|--:|--:|"]
    for name, found in rows:
        fast, human = next((loads for work, loads in many.items() if name.startswith(work)), (None, None))
        more = f"{told(human.waits)} | {told(fast.waits)} | {fast.rate:.0f}" if fast and human else " |  | "
        lines.append(f"| {name} | {told(found)} | {more} |")
    return "\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--print", action="store_true", help="print only")
    text = measure()
    print(text)
    if not parser.parse_args().print:
        publish("webmail", text)
