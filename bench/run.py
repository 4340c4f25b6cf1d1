"""`python -m bench.run`: mail taken in over SMTP and IMAP commands a second, Roost beside Postfix and Dovecot.

Prints a Markdown table and puts it between the marks in docs/performance.md. Takes about two minutes.
"""

import datetime
import os
import platform
import re
import socket
import subprocess
import time
from collections.abc import Callable
from itertools import count
from pathlib import Path

from bench.others import Others
from bench.roost import Roost

PAGE = Path(__file__).resolve().parents[1] / "docs" / "performance.md"
MARKS = ("<!-- measured: begin -->", "<!-- measured: end -->")
SESSIONS = (1, 10, 50)
SMTP_SECONDS, IMAP_SECONDS, PATIENCE = 5, 3, 60
WARM_UP, MESSAGES = 200, 1000
PEOPLE = len(SESSIONS) + 1  # a fresh mailbox for each number of sessions, and one for IMAP
LINE = b"The quick brown fox jumps over the lazy dog, again and again and again.\r\n"


class Imap:
    """One plain connection, logged in; answers are read whole, literals included."""

    def __init__(self, port: int, user: str, password: str) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.file = self.socket.makefile("rb", 1 << 16)
        self.file.readline()
        self.ask(b'LOGIN "%s" "%s"' % (user.encode(), password.encode()))

    def ask(self, command: bytes) -> list[bytes]:
        """The untagged answers to one command, which must end in OK."""
        self.socket.sendall(b"t " + command + b"\r\n")
        answers: list[bytes] = []
        while not (line := self.file.readline()).startswith(b"t "):
            if not line:
                raise ConnectionError("the server hung up")
            answer = line
            while found := re.search(rb"\{(\d+)\}\r\n\Z", line):
                line = self.file.readline() if not int(found[1]) else self.file.read(int(found[1])) + self.file.readline()
                answer += line
            answers.append(answer)
        if not line.startswith(b"t OK"):
            raise ValueError(f"{command[:60]!r}: {line!r}")
        return answers

    def messages(self) -> int:
        """How many are in INBOX."""
        return int(re.search(rb"MESSAGES (\d+)", b"".join(self.ask(b"STATUS INBOX (MESSAGES)")))[1])


def smtp_rate(server: Roost | Others, sessions: int, user: str) -> float:
    """Messages a second from the first connection until IMAP shows the last one in the mailbox: a short round to warm up, then the measured one."""
    imap, total, rate, amount = Imap(server.imap, user, server.password), 0, 0.0, WARM_UP
    for _ in range(2):
        total += amount
        begin = time.monotonic()
        subprocess.run(
            ["smtp-source", "-s", str(sessions), "-m", str(amount), "-l", "5000", "-f", "a@y.test", "-t", user, f"127.0.0.1:{server.smtp}"],
            timeout=PATIENCE, check=True,
        )  # fmt: skip
        while imap.messages() < total:
            if time.monotonic() > begin + PATIENCE:
                raise TimeoutError(f"{server.name}: {imap.messages()} of {total} arrived")
            time.sleep(0.02)
        rate = amount / (time.monotonic() - begin)
        amount = max(WARM_UP, int(rate * SMTP_SECONDS))
    return rate


def fill(imap: Imap) -> float:
    """APPEND MESSAGES different messages of 5 KB; how many a second."""
    begin = time.monotonic()
    for number in range(1, MESSAGES + 1):
        head = f"From: Ann <a{number % 50}@y.test>\r\nTo: u@x.test\r\nSubject: Number {number}\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nMessage-ID: <{number}@y.test>\r\n\r\n"
        text = head.encode() + LINE * 68
        imap.ask(b"APPEND INBOX {%d+}\r\n%s" % (len(text), text))
    return MESSAGES / (time.monotonic() - begin)


def imap_rate(imap: Imap, command: Callable[[int], bytes], answers: int) -> float:
    """How many a second over one connection, one after another; each must bring at least that many answers."""
    begin = time.monotonic()
    for done in count(1):
        if len(imap.ask(command(done % MESSAGES + 1))) < answers:
            raise ValueError(f"{command(1)!r}: too few answers")
        if (spent := time.monotonic() - begin) > IMAP_SECONDS:
            break
    return done / spent


IMAP_WORK: tuple[tuple[str, Callable[[int], bytes], int], ...] = (
    ("NOOP", lambda _: b"NOOP", 0),
    ("STATUS of the same mailbox", lambda _: b"STATUS INBOX (MESSAGES UIDNEXT UNSEEN)", 1),
    ("UID FETCH 1:20 (FLAGS ENVELOPE)", lambda _: b"UID FETCH 1:20 (FLAGS ENVELOPE)", 20),
    ("UID FETCH of one whole body, 5 KB", lambda uid: b"UID FETCH %d (BODY.PEEK[])" % uid, 1),
)


def measure(servers: list[Roost | Others]) -> list[tuple[str, list[float]]]:
    """Every kind of work, the servers by turns."""
    rows = []
    for number, sessions in enumerate(SESSIONS, 1):
        name = f"SMTP to mailbox, {sessions} session{'s' * (sessions > 1)}, messages/s"
        rows.append((name, [smtp_rate(server, sessions, f"u{number}@x.test") for server in servers]))
    imaps = [Imap(server.imap, f"u{PEOPLE}@x.test", server.password) for server in servers]
    rows.append(("IMAP APPEND, 5 KB, /s", [fill(imap) for imap in imaps]))
    for imap in imaps:
        imap.ask(b"SELECT INBOX")
    rows.extend((f"IMAP {name}, /s", [imap_rate(imap, command, answers) for imap in imaps]) for name, command, answers in IMAP_WORK)
    return rows


def report(servers: list[Roost | Others], rows: list[tuple[str, list[float]]], problem: str) -> str:
    """The table and what it was measured on, as Markdown."""
    today = datetime.datetime.now(datetime.UTC).date()
    versions = "; ".join(server.version() for server in servers)
    lines = [f"Measured {today} on {os.cpu_count()} cores ({platform.system()}, Python {platform.python_version()}); {versions}.", ""]
    if len(servers) == 1:
        lines += [f"Postfix and Dovecot were not measured in this run ({problem}), so these are Roost's figures alone.", "", "| work | Roost |", "|---|--:|"]
        return "\n".join(lines + [f"| {name} | {rates[0]:,.0f} |" for name, rates in rows])
    lines += ["| work | Roost | Postfix/Dovecot | ratio |", "|---|--:|--:|--:|"]
    lines += [f"| {name} | {ours:,.0f} | {theirs:,.0f} | {ours / theirs:.2f} |" for name, (ours, theirs) in rows]
    slower = [f"{name.rpartition(', ')[0]} ({ours / theirs:.2f})" for name, (ours, theirs) in rows if ours < theirs]
    return "\n".join([*lines, "", f"Roost was slower in this run at: {'; '.join(slower) or 'none of these'}."])


def main() -> None:
    """Start, measure, stop, write."""
    servers: list[Roost | Others] = [Roost(PEOPLE)]
    problem = ""
    try:
        try:
            servers.append(Others())
        except (OSError, subprocess.SubprocessError) as error:
            print("Postfix and Dovecot:", error)
            problem = "they could not be started"
        text = report(servers, measure(servers), problem)
    finally:
        for server in servers:
            server.remove()
    print(text)
    page = PAGE.read_text()
    before, after = page.split(MARKS[0])[0], page.split(MARKS[1])[1]
    PAGE.write_text(f"{before}{MARKS[0]}\n{text}\n{MARKS[1]}{after}")


if __name__ == "__main__":
    main()
