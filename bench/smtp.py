"""`python -m bench.smtp`: mail of 5 KB to 200 people's mailboxes, durable, end to end: Roost and Postfix with Dovecot by turns, five runs.

Prints a Markdown table and puts it into docs/performance.md. Takes about five minutes.
"""

import argparse
import statistics
import subprocess
import time

from bench.letters import Sent, send
from bench.others import Others
from bench.page import machine, publish
from bench.roost import Roost

SESSIONS = (1, 10, 50)
PEOPLE, RUNS, SECONDS, PATIENCE = 200, 5, 4.0, 60.0
WARM_UP = 300
Server = Roost | Others


def measure(server: Server, sessions: int, amount: int) -> tuple[float, Sent]:
    """Letters a second until the last one lies in its mailbox, and what the sender saw."""
    before, begin = server.stored(), time.monotonic()
    sent = send(server.smtp, sessions=sessions, amount=amount, people=PEOPLE, host=server.host)
    while server.stored() - before < amount:
        if time.monotonic() > begin + PATIENCE:
            raise TimeoutError(f"{server.name}: {server.stored() - before} of {amount} arrived")
        time.sleep(0.02)
    return amount / (time.monotonic() - begin), sent


def runs(servers: list[Server], sessions: int, times: int) -> list[list[tuple[float, Sent]]]:
    """Each server's runs, one server after the other."""
    sizes = [max(WARM_UP, int(measure(server, sessions, WARM_UP)[0] * SECONDS)) for server in servers]
    found: list[list[tuple[float, Sent]]] = [[] for _ in servers]
    for number in range(times):
        for server, size, mine in zip(servers, sizes, found, strict=True):
            mine.append(measure(server, sessions, size))
            rate, sent = mine[-1]
            print(f"{sessions} sessions, run {number + 1}, {server.name}: {rate:,.0f}/s, dot to reply p50 {sent.p50:.1f} ms, p99 {sent.p99:.1f} ms", flush=True)
    return found


def cells(mine: list[tuple[float, Sent]]) -> list[str]:
    """The median rate with its spread, and the medians of p50 and p99."""
    rates = [rate for rate, _ in mine]
    p50, p99 = (statistics.median(getattr(sent, name) for _, sent in mine) for name in ("p50", "p99"))
    return [f"{statistics.median(rates):,.0f} ({min(rates):,.0f}–{max(rates):,.0f})", f"{p50:.1f} / {p99:.1f}"]


def row(sessions: int, found: list[list[tuple[float, Sent]]]) -> str:
    """A line of the table."""
    text = [str(sessions), *(cell for mine in found for cell in cells(mine))]
    if len(found) == 2:
        ours, theirs = (statistics.median(rate for rate, _ in mine) for mine in found)
        text.append(f"{ours / theirs:.2f}")
    return "| " + " | ".join(text) + " |"


def main() -> None:
    """Start, measure, stop, write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS)
    parser.add_argument("--alone", action="store_true", help="Roost only, nothing published")
    given = parser.parse_args()
    servers: list[Server] = [Roost(1, recipients=PEOPLE)]
    try:
        try:
            if not given.alone:
                servers.append(Others())
        except (OSError, subprocess.SubprocessError) as error:
            print("Postfix and Dovecot:", error)
        names = [server.name for server in servers]
        head = ["sessions", *(f"{name}, {what}" for name in names for what in ("messages/s", "dot to reply p50 / p99, ms")), *(["ratio"] if len(names) == 2 else [])]
        lines = ["| " + " | ".join(head) + " |", "|" + "--:|" * len(head)]
        lines += [row(sessions, runs(servers, sessions, given.runs)) for sessions in SESSIONS]
        versions = "; ".join(server.version() for server in servers[1:])
    finally:
        for server in servers:
            server.remove()
    text = "\n".join([f"{machine()}, 2 workers, SQLite; {versions}. Medians of {given.runs} runs taken in turn, lowest and highest in brackets.", "", *lines])
    print(text)
    if not given.alone:
        publish("smtp", text)


if __name__ == "__main__":
    main()
