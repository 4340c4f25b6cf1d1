"""`python -m bench.stalled`: a client asks for 10,000 whole messages and stops reading; 10,000 more arrive. How large does the WAL grow?

A read that stayed open for the stalled client would keep SQLite from its checkpoint, and the log would grow with all that is written.
"""

import time
from pathlib import Path

from bench.letters import send
from bench.page import machine, publish
from bench.roost import Roost
from bench.run import Imap

MESSAGES, PEOPLE, SESSIONS = 10_000, 1, 20
LIMIT_MIB = 64


def main() -> None:
    """Fill, stall, fill, look."""
    server = Roost(1, recipients=PEOPLE)
    wal = Path(f"{server.database}-wal")
    try:
        server.server.run("account", "set", "p1@x.test", "--password-stdin", input=server.password + "\n")
        send(server.smtp, sessions=SESSIONS, amount=MESSAGES, people=PEOPLE)
        imap = Imap(server.imap, "p1@x.test", server.password)
        imap.ask(b"SELECT INBOX")
        imap.socket.sendall(b"t FETCH 1:* (BODY.PEEK[])\r\n")
        imap.file.readline()
        largest, before = 0, server.stored()
        begin = time.monotonic()
        for _ in range(20):
            send(server.smtp, sessions=SESSIONS, amount=MESSAGES // 20, people=PEOPLE)
            largest = max(largest, wal.stat().st_size)
        spent, arrived = time.monotonic() - begin, server.stored() - before
        if arrived != MESSAGES:
            raise ValueError(f"{arrived} of {MESSAGES} arrived")
        if not imap.file.read(1 << 20):
            raise ValueError("the stalled client was cut off")
    finally:
        server.remove()
    lines = [
        f"{machine()}, 2 workers, SQLite.", "", "| what | figure | asked for | met |", "|---|--:|--:|---|",
        f"| largest WAL while {MESSAGES:,} messages arrive beside a stalled `FETCH 1:* (BODY.PEEK[])` of {MESSAGES:,} | {largest / 1024**2:.1f} MiB | under {LIMIT_MIB} MiB | {'yes' if largest < LIMIT_MIB * 1024**2 else 'no'} |",
        "", f"They arrived at {arrived / spent:,.0f} a second, and the stalled client read on afterwards.",
    ]  # fmt: skip
    print("\n".join(lines))
    publish("stalled", "\n".join(lines))


if __name__ == "__main__":
    main()
