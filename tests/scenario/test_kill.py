"""Processes are killed at any moment while mail pours in: what was answered 250 is in its mailbox, or in the queue."""

import contextlib
import imaplib
import os
import pathlib
import random
import signal
import smtplib
import sqlite3
import threading
import time
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.waiting import eventually

SENDERS = 4


@pytest.fixture
def sink() -> Iterator[Sink]:
    one = Sink()
    yield one
    one.stop()


@pytest.fixture
def server(sink: Sink) -> Iterator[RoostServer]:
    chosen = {"relay.host": "127.0.0.1", "relay.port": str(sink.port), "relay.security": "none", "queue.first_retry": "30"}
    one = RoostServer(listeners=("smtp", "submission", "imap"), people=2, settings=chosen)
    yield one
    one.remove()


class Sender(threading.Thread):
    """Sends numbered letters over one connection after another; `acknowledged` are those that got their 250."""

    def __init__(self, server: RoostServer, number: int, amount: int) -> None:
        super().__init__(daemon=True)
        self.server, self.number, self.amount = server, number, amount
        self.acknowledged: set[str] = set()
        self.is_over = False

    @property
    def recipient(self) -> str:
        """One sender in four writes to somebody elsewhere, so that mail leaves by the queue meanwhile."""
        return "bob@far.test" if self.number == 0 else "u1@x.test"

    def connected(self) -> smtplib.SMTP:
        """A connection: signed in where mail is to leave."""
        if self.number:
            return smtplib.SMTP("127.0.0.1", self.server.ports["smtp"], timeout=20)
        client = smtplib.SMTP("127.0.0.1", self.server.ports["submission"], timeout=20)
        client.login("u2@x.test", PASSWORD)
        return client

    def run(self) -> None:
        client: smtplib.SMTP | None = None
        sender = "a@y.test" if self.number else "u2@x.test"
        for count in range(self.amount):
            name = f"{self.number}-{count}"
            data = f"From: {sender}\r\nTo: {self.recipient}\r\nSubject: {name}\r\nMessage-ID: <{name}@y.test>\r\n\r\nText {name}\r\n".encode()
            while name not in self.acknowledged:
                if self.is_over:
                    return
                try:
                    client = client or self.connected()
                    client.sendmail(sender, [self.recipient], data)
                    self.acknowledged.add(name)
                except (OSError, smtplib.SMTPException):
                    with contextlib.suppress(Exception):
                        if client is not None:
                            client.close()
                    client = None
                    time.sleep(0.1)


def hammered(server: RoostServer, amount: int, seconds: float, pause: tuple[float, float] = (0.2, 0.9), supervisor: float = 0.0) -> tuple[set[str], int]:
    """Send, and kill a worker or the web each *pause* of so many seconds, or all by the *supervisor* with that chance; what was acknowledged, and how many kills."""
    rng, kills = random.Random(7), 0
    senders = [Sender(server, n, amount // SENDERS) for n in range(SENDERS)]
    for one in senders:
        one.start()
    end = time.monotonic() + seconds
    while any(one.is_alive() for one in senders) and time.monotonic() < end:
        time.sleep(rng.uniform(*pause))
        pids = {name: pid for name, pid in server.pids().items() if pid > 1}  # 0 is one that is being started
        if rng.random() < supervisor:
            kill_all(server, pids)
        else:
            with contextlib.suppress(ProcessLookupError, IndexError):
                os.kill(rng.choice([pid for name, pid in pids.items() if name != "supervisor"]), signal.SIGKILL)
        kills += 1
    for one in senders:
        one.is_over = True
    for one in senders:
        one.join(60)
    return set().union(*(one.acknowledged for one in senders)), kills


def kill_all(server: RoostServer, pids: dict[str, int]) -> None:
    """Kill the supervisor: its children end by themselves, and it is started again."""
    assert server.process is not None
    server.process.kill()
    server.process.wait(20)
    deadline = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{pid}") for pid in pids.values()):
        assert time.monotonic() < deadline, "processes outlive their supervisor"
        time.sleep(0.05)
    server.start()


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


def left(sink: Sink, wanted: set[str]) -> list[str]:
    """What came to the other server, once all of *wanted* is there or nothing more comes."""
    deadline, seen = time.monotonic() + 120, -1
    while True:
        names = [one.data.partition(b"Subject: ")[2].partition(b"\r\n")[0].decode() for one in list(sink.taken)]
        if wanted <= set(names) or (len(names) == seen and time.monotonic() > deadline):
            return names
        seen = len(names)
        time.sleep(1)


def held(server: RoostServer, sink: Sink, acknowledged: set[str], kills: int) -> tuple[int, int]:
    """Nothing acknowledged is missing or torn, here or at the other server, and twice is rare; how many are here and there."""
    outside = {name for name in acknowledged if name.startswith("0-")}
    here, there = arrived(server), left(sink, outside)
    assert acknowledged - outside - set(here) == set() and outside - set(there) == set()
    assert len(here) - len(set(here)) <= kills * SENDERS, "twice only where the answer was cut off"
    assert len(there) - len(set(there)) <= kills * 2 * 20, "twice only what was on the wire when a worker died: queue.concurrency a worker"
    return len(here), len(there)


def test_mail_that_was_acknowledged_survives_kills(server: RoostServer, sink: Sink) -> None:
    acknowledged, kills = hammered(server, 4_000, 20)
    assert kills >= 10 and len(acknowledged) > 100
    held(server, sink, acknowledged, kills)


def test_what_a_killed_worker_had_in_hand_leaves_with_the_next(server: RoostServer, sink: Sink) -> None:
    sink.behaviour = Behaviour(silent_seconds=60, is_well_after=1)
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=20) as client:
        client.login("u2@x.test", PASSWORD)
        client.sendmail("u2@x.test", ["bob@far.test"], "From: u2@x.test\r\nTo: bob@far.test\r\nSubject: 0-0\r\n\r\nText\r\n")
    deadline = time.monotonic() + 20
    while sink.lines.count("DATA") < 1:
        assert time.monotonic() < deadline
        time.sleep(0.05)
    for name, pid in server.pids().items():
        if name.startswith("worker"):
            os.kill(pid, signal.SIGKILL)
    eventually(lambda: sink.taken)
    assert [one.recipients for one in sink.taken] == [["bob@far.test"]]


def test_a_program_whose_worker_is_killed_runs_again_with_the_next(server: RoostServer) -> None:
    folder, seen = server.folder / "data" / "programs", server.folder / "data" / "seen"
    folder.mkdir(mode=0o755)
    (folder / "slow").write_text(f'#!/bin/sh\necho "begun $ROOST_TRACE $$" >> "{seen}"\nwhile [ ! -e "{seen}.go" ]; do sleep 0.1; done\necho "done $ROOST_TRACE" >> "{seen}"\n')
    (folder / "slow").chmod(0o755)
    seen.touch()
    seen.chmod(0o666)
    server.run("rule", "add", "--if", "subject", "contains", "for the program", "--do", "program", "slow")
    server.settle()
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        client.sendmail("a@y.test", ["u1@x.test"], "From: a@y.test\r\nTo: u1@x.test\r\nSubject: for the program\r\n\r\nText\r\n")

    def lines(count: int) -> list[str]:
        eventually(lambda: len(seen.read_text().splitlines()) >= count)
        return seen.read_text().splitlines()

    lines(1)
    for name, pid in server.pids().items():
        if name.startswith("worker"):
            os.kill(pid, signal.SIGKILL)
    first = pathlib.Path("/proc") / lines(1)[0].split()[2]
    eventually(lambda: not first.exists())
    with contextlib.closing(sqlite3.connect(server.folder / "data" / "roost.db", timeout=30, isolation_level=None)) as db:
        db.execute("UPDATE jobs SET lease_until = 0 WHERE kind = 'program'")  # the minute is over that a dead worker's job waits
    assert [one.split()[0] for one in lines(2)] == ["begun", "begun"]
    pathlib.Path(f"{seen}.go").touch()
    trace = lines(3)[0].split()[1]
    assert {one.split()[1] for one in seen.read_text().splitlines()} == {trace}, "the same message, as its trace says"
    deadline = time.monotonic() + 20
    while '"state": "done"' not in (told := server.run("trace", trace, "--json")):
        assert time.monotonic() < deadline, told
        time.sleep(0.2)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_twenty_thousand_messages_survive_kills(server: RoostServer, sink: Sink) -> None:
    # Twice a second would kill each worker as it comes up, until the supervisor waits five seconds between starts: few messages, long waits.
    acknowledged, kills = hammered(server, 20_000, 2_700, pause=(0.5, 6.0), supervisor=0.05)
    here, there = held(server, sink, acknowledged, kills)
    print(f"{len(acknowledged)} acknowledged, {here} stored, {there} sent on, {kills} kills")
    assert len(acknowledged) == 20_000
