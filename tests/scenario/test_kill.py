"""Processes are killed at any moment while mail pours in: what was answered 250 is in its mailbox, or in the queue."""

import contextlib
import imaplib
import os
import random
import signal
import smtplib
import threading
import time
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer, free_ports

SENDERS = 4


@pytest.fixture
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "imap"), people=2, settings={"outgoing.port": str(free_ports(1)[0])})
    yield one
    one.remove()


class Sender(threading.Thread):
    """Sends numbered letters over one connection after another; `acknowledged` are those that got their 250."""

    def __init__(self, server: RoostServer, number: int, amount: int) -> None:
        super().__init__(daemon=True)
        self.server, self.number, self.amount = server, number, amount
        self.acknowledged: set[str] = set()
        self.is_over = False

    def run(self) -> None:
        client: smtplib.SMTP | None = None
        for count in range(self.amount):
            if self.is_over:
                return
            name = f"{self.number}-{count}"
            data = f"From: a@y.test\r\nTo: u1@x.test\r\nSubject: {name}\r\nMessage-ID: <{name}@y.test>\r\n\r\nText {name}\r\n".encode()
            for _ in range(40):
                try:
                    client = client or smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=20)
                    client.sendmail("a@y.test", ["u1@x.test"], data)
                    self.acknowledged.add(name)
                    break
                except (OSError, smtplib.SMTPException):
                    with contextlib.suppress(Exception):
                        if client is not None:
                            client.close()
                    client = None
                    time.sleep(0.1)


def hammered(server: RoostServer, amount: int, seconds: float, pause: tuple[float, float] = (0.2, 0.9)) -> tuple[set[str], int]:
    """Send, and kill a worker or the web each *pause* of so many seconds; what was acknowledged, and how many kills there were."""
    rng, kills = random.Random(7), 0
    senders = [Sender(server, n, amount // SENDERS) for n in range(SENDERS)]
    for one in senders:
        one.start()
    end = time.monotonic() + seconds
    while any(one.is_alive() for one in senders) and time.monotonic() < end:
        time.sleep(rng.uniform(*pause))
        victims = [pid for name, pid in server.pids().items() if name != "supervisor" and pid > 1]  # 0 is one that is being started
        with contextlib.suppress(ProcessLookupError, IndexError):
            os.kill(rng.choice(victims), signal.SIGKILL)
            kills += 1
    for one in senders:
        one.is_over = True
    for one in senders:
        one.join(60)
    return set().union(*(one.acknowledged for one in senders)), kills


def arrived(server: RoostServer) -> list[str]:
    deadline = time.monotonic() + 40
    while True:
        try:
            with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as client:
                client.login("u1@x.test", PASSWORD)
                state, (count,) = client.select("INBOX", readonly=True)
                assert state == "OK" and count is not None
                found = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)] BODY.PEEK[TEXT])")[1] if count != b"0" else []
            break
        except (OSError, imaplib.IMAP4.error):
            assert time.monotonic() < deadline
            time.sleep(0.5)
    parts = [part for part in found if isinstance(part, tuple)]
    names = [p[1].decode().partition(":")[2].strip() for p in parts if b"HEADER" in p[0]]
    texts = [p[1].decode().strip() for p in parts if b"HEADER" not in p[0]]
    assert texts == [f"Text {name}" for name in names], "a message is torn"
    return names


def test_mail_that_was_acknowledged_survives_kills(server: RoostServer) -> None:
    acknowledged, kills = hammered(server, 4_000, 20)
    names = arrived(server)
    assert kills >= 10 and len(acknowledged) > 100
    assert acknowledged - set(names) == set()
    assert len(names) - len(set(names)) <= kills * SENDERS, "twice only where the answer was cut off"


@pytest.mark.long
@pytest.mark.timeout(1800)
def test_twenty_thousand_messages_survive_kills(server: RoostServer) -> None:
    # Twice a second would kill each worker as it comes up, until the supervisor waits five seconds between starts: few messages, long waits.
    acknowledged, kills = hammered(server, 20_000, 900, pause=(0.5, 6.0))
    names = arrived(server)
    print(f"{len(acknowledged)} acknowledged, {len(names)} stored, {kills} kills")
    assert acknowledged - set(names) == set() and len(acknowledged) == 20_000
