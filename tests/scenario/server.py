"""A whole Roost for the tests: the real supervisor on free loopback ports, with a data directory of its own."""

import contextlib
import fcntl
import hashlib
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from tests.scenario.forks import Command, forks

HOME = Path(__file__).resolve().parents[2]
PASSWORD = "correct horse 1"
LISTENERS = ("smtp", "submission", "submissions", "imap", "imaps", "pop3", "pop3s", "sieve", "http", "https")
START_SECONDS = 40
KEPT = "ROOST_TEST_KEPT"
"""Environment: the test run's folder of data directories as they are after set-up."""


def free_ports(count: int) -> list[int]:
    """Ports that nobody listens on, all different, and below those that the system gives to outgoing connections."""
    found: list[int] = []
    while len(found) < count:
        port = random.SystemRandom().randrange(15_000, 32_000)
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", port))
            found += [port] if port not in found else []
    return found


class RoostServer:
    """Set up with people u1@x.test … and admin@x.test, started, stopped. `ports` maps listener names to ports."""

    def __init__(self, *, people: int = 3, dns: str = "none", workers: int = 2, listeners: tuple[str, ...] = LISTENERS, settings: dict[str, str] | None = None, host: str = "127.0.0.1", is_set_up: bool = True, **environ: str) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="roost-test-"))
        self.ports = dict(zip(listeners, free_ports(len(listeners)), strict=True))
        listen = ",".join(f"{name}={host}:{port}" for name, port in self.ports.items())
        self.environ = {k: v for k, v in os.environ.items() if not k.startswith("ROOST_")} | {
            "ROOST_DATA_DIR": str(self.folder / "data"), "ROOST_LISTEN": listen, "ROOST_DNS": dns, "ROOST_WORKERS": str(workers), "ROOST_LOG": "warning",
            "ROOST_HOME": str(HOME), "PYTHONPATH": str(HOME), **environ,
        }  # fmt: skip
        if is_set_up:
            self.set_up(people, settings or {}, is_shared=not environ)
        self.process: Command | None = None
        self.start()

    def set_up(self, people: int, settings: dict[str, str], *, is_shared: bool) -> None:
        """The admin, the people and the settings, before the first start; made once in a test run for all servers that begin with the same."""
        kept = os.environ.get(KEPT)
        if not (kept and is_shared):
            return self.make(people, settings)
        data = Path(kept) / hashlib.sha256(repr((people, sorted(settings.items()))).encode()).hexdigest()
        with open(f"{data}.lock", "w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not data.exists():
                self.make(people, settings)
                shutil.copytree(self.folder / "data", data)
                return None
        shutil.copytree(data, self.folder / "data")
        return None

    def make(self, people: int, settings: dict[str, str]) -> None:
        """Set up by the commands that an admin would give."""
        self.run("setup", "--admin", "admin@x.test", "--password-stdin", "--hostname", "mx.x.test", "--mode", "internet", input=PASSWORD + "\n")
        for number in range(1, people + 1):
            self.run("account", "add", f"u{number}@x.test", "--password-stdin", input=PASSWORD + "\n")
        for name, value in settings.items():
            self.run("settings", "set", name, value)

    def run(self, *words: str, input: str = "", is_checked: bool = True) -> str:
        """One command of `./roost`; what it printed."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as wrong:
            given.write(input.encode())
            given.seek(0)
            code = forks.command(words, self.environ, stdin=given, stdout=said, stderr=wrong).wait()
            for one in (said, wrong):
                one.seek(0)
            text = said.read().decode()
            assert code == 0 or not is_checked, f"{words}: {text}{wrong.read().decode()}"
        return text

    def settle(self, seconds: float = 1.5) -> None:
        """Until every process has looked again at what was set: settings and filters are believed for a second, ranges for two."""
        time.sleep(seconds)

    def start(self) -> None:
        """Start every process and wait until all listeners answer."""
        self.log = open(self.folder / "log", "ab")  # noqa: SIM115
        self.process = forks.command(["up"], self.environ, stdin=0, stdout=self.log, stderr=self.log)
        said = self.run("status", "--wait", str(START_SECONDS), "--json", is_checked=False)
        assert json.loads(said).get("up"), said + self.log_text()[-3000:]

    def stop(self) -> None:
        """Drain and end; the data stays until `remove`."""
        if self.process is not None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()

    def remove(self) -> None:
        """Stop and leave nothing."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def pids(self) -> dict[str, int]:
        """The processes by name."""
        found = json.loads((self.folder / "data" / "run" / "status.json").read_text())
        return {"supervisor": found["pid"], **found["processes"]}

    def log_text(self) -> str:
        """What the processes have written so far."""
        return (self.folder / "log").read_text(errors="replace")
