"""`python -m mailcore.cli` for the tests, without the half second of imports each time.

One process for each pytest process has imported what the commands import, and forks for each command; what a command is
given (words, environment, folder, streams) and what it may do are as in a process begun anew.
"""

import atexit
import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path
from pkgutil import iter_modules
from typing import IO

HOME = Path(__file__).resolve().parents[2]
REQUEST_BYTES = 200_000


class Command:
    """One command that runs: the part of `subprocess.Popen` that tests use."""

    def __init__(self, reply: socket.socket) -> None:
        self.reply, self.told = reply, b""
        self.pid = int(self.line(None))
        self.returncode: int | None = None

    def line(self, timeout: float | None) -> str:
        """The next line that is told of it; "" when whoever looks after it was killed."""
        self.reply.settimeout(timeout)
        while b"\n" not in self.told:
            more = self.reply.recv(64)
            if not more:
                return ""
            self.told += more
        found, _, self.told = self.told.partition(b"\n")
        return found.decode()

    def wait(self, timeout: float | None = None) -> int:
        """Its exit code. Raises subprocess.TimeoutExpired."""
        if self.returncode is None:
            try:
                self.returncode = int(self.line(timeout) or -signal.SIGKILL)
            except TimeoutError as error:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0) from error
            self.reply.close()
        return self.returncode

    def send_signal(self, number: int) -> None:
        """Send it a signal, unless it has ended."""
        if self.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)


class Forks:
    """The process that forks, begun with the first command."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.control: socket.socket | None = None

    def begin(self) -> socket.socket:
        """The way to it."""
        with self.lock:
            if self.control is None:
                ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
                ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 2 * REQUEST_BYTES)
                environ = {k: v for k, v in os.environ.items() if not k.startswith("ROOST_")} | {"ROOST_HOME": str(HOME), "PYTHONPATH": str(HOME)}
                process = subprocess.Popen([sys.executable, "-m", "tests.scenario.forks", str(theirs.fileno())], cwd=HOME, env=environ, pass_fds=[theirs.fileno()])
                theirs.close()
                atexit.register(process.wait)
                atexit.register(ours.close)  # before the wait: it ends with its last asker
                self.control = ours
            return self.control

    def command(self, words: Sequence[str], environ: Mapping[str, str], *, stdin: IO[bytes] | int, stdout: IO[bytes], stderr: IO[bytes]) -> Command:
        """Begin a command."""
        control = self.begin()
        ours, theirs = socket.socketpair()
        with theirs:
            streams = [one if isinstance(one, int) else one.fileno() for one in (stdin, stdout, stderr)]
            socket.send_fds(control, [json.dumps([list(words), dict(environ)]).encode()], [theirs.fileno(), *streams])
        return Command(ours)


forks = Forks()


def serve(control: socket.socket) -> None:
    """Fork for each request until nobody is left who asks."""
    import_all()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        data, found, _, _ = socket.recv_fds(control, REQUEST_BYTES, 4)
        if not data:
            return
        if os.fork() == 0:
            control.close()
            look_after(json.loads(data), found)
        for one in found:
            os.close(one)


def import_all() -> None:
    """What any command imports, and `up` for all its children."""
    import mailcore.cli
    from mailcore.serve.worker import MODULES

    commands = [f"mailcore.cli.{one.name}" for one in iter_modules(mailcore.cli.__path__) if one.name != "__main__"]
    for name in dict.fromkeys(["wsgi", *MODULES.values(), *commands]):
        import_module(name)


def look_after(request: tuple[list[str], dict[str, str]], found: list[int]) -> None:
    """Fork the command itself, tell its number, and when it ends its exit code."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    reply, *streams = found
    pid = os.fork()
    if pid == 0:
        os.close(reply)
        os._exit(run(*request, streams))
    for one in streams:
        os.close(one)
    with contextlib.suppress(BrokenPipeError):
        os.write(reply, b"%d\n" % pid)
        os.write(reply, b"%d\n" % os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
    os._exit(0)


def run(words: list[str], environ: dict[str, str], streams: list[int]) -> int:
    """The command, as `python -m mailcore.cli` does it; its exit code."""
    from mailcore.cli.main import main

    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, one in enumerate(streams):
        os.dup2(one, number)
        os.close(one)
    os.environ.clear()
    os.environ.update(environ)
    sys.stdin, sys.stdout, sys.stderr = open(0, closefd=False), open(1, "w", closefd=False), open(2, "w", buffering=1, closefd=False)  # noqa: SIM115
    sys.argv = ["mailcore.cli", *words]
    try:
        code: object = main(words)
    except SystemExit as end:
        code = end.code
    except BaseException:  # noqa: BLE001 - as the interpreter does at its end
        traceback.print_exc()
        code = 1
    with contextlib.suppress(OSError):
        sys.stdout.flush()
        sys.stderr.flush()
    return code if isinstance(code, int) else int(code is not None)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as way:
        serve(way)
