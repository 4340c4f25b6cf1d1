"""`python -m bench.tabs`: 1,000 open tabs of twenty people. What do they cost, and how long until the last tab of a person hears of new mail?

Memory is the proportional set of all processes (PSS), threads are the web processes' own; both before and after the tabs are open.
"""

import asyncio
import contextlib
import json
import re
import smtplib
import statistics
import time
from pathlib import Path

from bench.page import machine, publish
from bench.webmail import Client
from tests.scenario.server import RoostServer

TABS, PEOPLE, LETTERS = 1_000, 20, 60
TAB_KIB, NEWS_SECONDS = 100, 1.0
SETTLE_SECONDS = 5


class Tab:
    """One stream, and when it last heard of a change."""

    def __init__(self) -> None:
        self.heard: list[float] = []
        self.is_ready = asyncio.Event()

    async def live(self, port: int, cookie: str) -> None:
        """Read events until cancelled."""
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(f"GET /events HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nCookie: {cookie}\r\nAccept: text/event-stream\r\n\r\n".encode())
        with contextlib.closing(writer):
            async for line in reader:
                if line.startswith(b"HTTP/1.1") and b" 200 " not in line:
                    raise ValueError(f"refused: {line!r}")
                if line.startswith(b"data: "):
                    self.is_ready.set()
                    if "mailbox" in json.loads(line[6:]):
                        self.heard.append(time.perf_counter())


def memory(server: RoostServer) -> int:
    """KiB of all processes, what they share counted once."""
    found = [re.search(r"^Pss:\s+(\d+)", Path(f"/proc/{pid}/smaps_rollup").read_text(), re.M) for pid in server.pids().values()]
    return sum(int(one[1]) for one in found if one)


def threads(server: RoostServer) -> int:
    """Threads of the web processes."""
    return sum(len(list(Path(f"/proc/{pid}/task").iterdir())) for name, pid in server.pids().items() if name.startswith("web"))


def letter(server: RoostServer, to: str) -> None:
    """One message from outside."""
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [to], f"From: ann@out.test\r\nTo: {to}\r\nSubject: hello\r\n\r\nhello\r\n")


async def measure(server: RoostServer) -> tuple[list[str], list[list[str]]]:
    """What the tabs cost, and what each letter's tabs waited."""
    cookies = []
    for number in range(1, PEOPLE + 1):
        client = Client(server.ports["http"], f"u{number}@x.test")
        client.get("/mail")
        cookies.append("; ".join(f"{k}={v}" for k, v in client.cookies.items()))
        letter(server, f"u{number}@x.test")
    await asyncio.sleep(SETTLE_SECONDS)
    before, few = memory(server), threads(server)
    tabs = [Tab() for _ in range(TABS)]
    tasks = [asyncio.create_task(tab.live(server.ports["http"], cookies[number % PEOPLE])) for number, tab in enumerate(tabs)]
    await asyncio.gather(*(tab.is_ready.wait() for tab in tabs))
    await asyncio.sleep(SETTLE_SECONDS)
    after, many = memory(server), threads(server)
    first, last = [], []
    for number in range(LETTERS):
        who = number % PEOPLE
        mine = tabs[who::PEOPLE]
        for tab in mine:
            tab.heard.clear()
        await asyncio.to_thread(letter, server, f"u{who + 1}@x.test")
        taken = time.perf_counter()
        while not all(tab.heard for tab in mine):
            await asyncio.sleep(0.005)
            if time.perf_counter() - taken > 30:
                raise ValueError("a tab heard nothing for 30 seconds")
        waits = [tab.heard[0] - taken for tab in mine]
        first.append(min(waits))
        last.append(max(waits))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    each = (after - before) / TABS
    return [f"{before / 1024:.0f} MiB before, {after / 1024:.0f} MiB with them"], [
        ["memory of one tab", f"{each:.0f} KiB", f"{TAB_KIB} KiB", "yes" if each <= TAB_KIB else "no"],
        [f"threads more with {TABS:,} tabs (pools that fill)", f"{many - few}", "none each", "yes" if many - few < TABS // 50 else "no"],
        ["a letter's `250` to the first of its person's tabs, median", f"{statistics.median(first) * 1000:.0f} ms", "", ""],
        [f"to the last of their {TABS // PEOPLE}, median", f"{statistics.median(last) * 1000:.0f} ms", "1 s", "yes" if statistics.median(last) <= NEWS_SECONDS else "no"],
        [f"to the last of their {TABS // PEOPLE}, longest of {LETTERS}", f"{max(last) * 1000:.0f} ms", "1 s", "yes" if max(last) <= NEWS_SECONDS else "no"],
    ]


def main() -> None:
    """Open, weigh, send, publish."""
    server = RoostServer(listeners=("smtp", "http"), people=PEOPLE)
    try:
        said, rows = asyncio.run(measure(server))
    finally:
        server.remove()
    lines = [f"{machine()}, two mail and two web processes; {TABS:,} tabs of {PEOPLE} people. All processes: {said[0]}.", "", "| what | figure | at most | met |", "|---|--:|--:|---|"]
    lines += [f"| {' | '.join(row)} |" for row in rows]
    print("\n".join(lines))
    publish("tabs", "\n".join(lines))


if __name__ == "__main__":
    main()
