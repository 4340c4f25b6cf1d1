"""`./roost up` becomes this: it imports everything, opens nothing, binds, forks workers and web, restarts what dies.

Started by root it stays the binder: it parses no input, and every child becomes ROOST_USER before it opens the store. What
must be done before the children (migration, secrets, certificates) is done by a first child that ends. SIGTERM and SIGINT
drain for DRAIN_SECONDS; children also end with their parent by the kernel's own signal.
"""

import contextlib
import gc
import json
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from mailcore.base.errors import MailError, Reason
from mailcore.config import process
from mailcore.config.environment import FULL_DISK, Config, prepare_data_dir
from mailcore.config.system import FileLock
from mailcore.serve import sockets as socket_room
from mailcore.serve.sockets import Bound
from mailcore.store.write import as_storage_error

HOME = Path(__file__).resolve().parents[2]
VENV = Path(sys.prefix)
DRAIN_SECONDS = 4.0
RESTART_SECONDS = (0.1, 0.5, 2.0, 5.0)
"""Waits before a process that died is started again; the last repeats."""
WATCH_SECONDS = 0.2
STEADY_SECONDS = 60.0
"""A process that lived this long starts its waits afresh."""


@dataclass(slots=True, kw_only=True)
class Child:
    """One child and how to make it again."""

    name: str
    run: Callable[[], None]
    pid: int = 0
    started: float = 0.0
    deaths: int = 0
    due: float = 0.0
    """When a child that died is started again, on the monotonic clock; 0 while it lives."""


@dataclass(slots=True, kw_only=True)
class Supervisor:
    """The parent of all. `run` returns the exit code."""

    config: Config
    say: Callable[[str], None]
    prepare: Callable[[Config, Bound], dict[str, object]]
    work: Callable[[Config, Bound, int], None]
    web: Callable[[Config, Bound], None]
    children: list[Child] = field(default_factory=list)
    is_stopping: bool = False
    user: tuple[int, int] | None = None

    def run(self) -> int:
        """Start everything and stay until told to stop. Raises MailError when the start is not possible."""
        prepare_data_dir(self.config)
        lock = FileLock(str(self.config.data_dir / "run" / "up.lock"))
        if not lock.acquire(is_blocking=False):
            raise MailError(Reason.IN_USE, f"Roost already runs on {self.config.data_dir}. See ./roost status, or stop it first.")
        self.clear_run_folder()
        self.choose_user()
        bound = socket_room.bind_all(self.config)
        told = self.prepared(bound)
        try:
            self.live(bound, told)
        finally:
            socket_room.close(bound)
            self.clear_run_folder()
            lock.close()
        return 0

    def live(self, bound: Bound, told: dict[str, object]) -> None:
        """Start the children, and watch over them until told to stop."""
        gc.collect()
        gc.freeze()
        workers = self.config.workers or os.cpu_count() or 1
        if socket_room.mail_sockets(bound.sockets):
            for index in range(workers):
                self.children.append(Child(name=f"worker-{index}", run=lambda index=index: self.work(self.config, bound, index)))  # type: ignore[misc]
        if socket_room.web_sockets(bound.sockets):
            for index in range(self.config.web_processes):
                self.children.append(Child(name=f"web-{index}", run=lambda: self.web(self.config, bound)))
        signal.signal(signal.SIGTERM, self.stop)
        signal.signal(signal.SIGINT, self.stop)
        for child in self.children:
            self.start(child)
        self.write_status(bound, told)
        self.greet(bound, told)
        self.watch(bound, told)

    def clear_run_folder(self) -> None:
        """Sockets and status of a start that ended badly mislead; they go."""
        for name in os.listdir(self.config.data_dir / "run"):
            if name.endswith((".sock", ".json")):
                with contextlib.suppress(OSError):
                    os.unlink(self.config.data_dir / "run" / name)

    def choose_user(self) -> None:
        """As root: the user all else runs as, who then owns the data directory."""
        if not process.is_root():
            return
        uid, gid = process.ensure_user(self.config.user)
        # the data folder itself is given away below; of the others the folder counts too
        for what, inside in (("its data", self.config.data_dir), ("the program", HOME / "x"), ("Python", Path(os.__file__)), ("Python's packages", VENV / "x")):
            closed = process.shut_out_at(inside, uid, gid)
            if closed is not None:
                self.say(f"Warning: user {self.config.user} may not enter {closed}, where {what} is, so Roost goes on as root. See ./roost doctor.")
                return
        process.give(self.config.data_dir, uid, gid, but="programs")
        self.user = (uid, gid)

    def prepared(self, bound: Bound) -> dict[str, object]:
        """What must stand before the children start, done by a child of its own; what it told."""
        reader, writer = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.close(reader)
            code = 1
            try:
                self.settle_in()
                answer: dict[str, object] = self.prepare(self.config, bound)
                code = 0
            except Exception as error:  # noqa: BLE001 - what is no disk's or database's fault shows where it happened
                known = as_storage_error(error)
                if not isinstance(known, MailError):
                    traceback.print_exc()
                    known = MailError(Reason.STORAGE, "The start failed; the lines above say why.")
                answer = {"error": FULL_DISK.format(self.config.data_dir) if known.reason is Reason.NO_SPACE else known.detail}
            with os.fdopen(writer, "w") as pipe:
                pipe.write(json.dumps(answer))
            os._exit(code)
        os.close(writer)
        with os.fdopen(reader) as pipe:
            text = pipe.read()
        os.waitpid(pid, 0)
        answer = json.loads(text) if text else {"error": "The start failed; the lines above say why."}
        if "error" in answer:
            raise MailError(Reason.STORAGE, str(answer["error"]))
        return answer

    def settle_in(self) -> None:
        """In a child: another user, default signals, and the parent's end is ours."""
        parent = os.getppid()
        if self.user is not None:
            process.become(*self.user)
        os.umask(0o077)
        process.end_with_parent(parent)

    def start(self, child: Child) -> None:
        """Fork *child*."""
        sys.stdout.flush()
        sys.stderr.flush()
        pid = os.fork()
        if pid:
            child.pid, child.started = pid, time.monotonic()
            return
        code = 0
        try:
            signal.signal(signal.SIGTERM, signal.SIG_DFL)
            signal.signal(signal.SIGINT, signal.SIG_IGN)
            self.settle_in()
            child.run()
        except MailError as error:
            sys.stderr.write(f"{child.name}: {error.detail}\n")
            code = 1
        except BaseException:  # noqa: BLE001 - the child's last line of defence: say it, and let the parent restart it
            traceback.print_exc()
            code = 1
        finally:
            sys.stderr.flush()
            os._exit(code)

    def stop(self, *_: object) -> None:
        """Tell every child to drain."""
        self.is_stopping = True
        for child in self.children:
            if child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGTERM)

    def watch(self, bound: Bound, told: dict[str, object]) -> None:
        """Restart what dies until told to stop; then wait for the drain, and end what does not."""
        while not self.is_stopping:
            self.reap(bound, told)
            time.sleep(WATCH_SECONDS)
        deadline = time.monotonic() + DRAIN_SECONDS
        while any(c.pid for c in self.children) and time.monotonic() < deadline:
            self.collect()
            time.sleep(0.02)
        for child in self.children:
            if child.pid:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(child.pid, signal.SIGKILL)
                with contextlib.suppress(ChildProcessError):
                    os.waitpid(child.pid, 0)

    def collect(self) -> list[Child]:
        """Children that have ended."""
        ended = []
        for child in self.children:
            if not child.pid:
                continue
            try:
                pid, _ = os.waitpid(child.pid, os.WNOHANG)
            except ChildProcessError:
                pid = child.pid
            if pid:
                child.pid = 0
                ended.append(child)
        return ended

    def reap(self, bound: Bound, told: dict[str, object]) -> None:
        """Start again what died, each after its wait."""
        now = time.monotonic()
        for child in self.collect():
            lived = now - child.started
            child.deaths = 1 if lived > STEADY_SECONDS else child.deaths + 1
            wait = RESTART_SECONDS[min(child.deaths, len(RESTART_SECONDS)) - 1]
            child.due = now + wait
            self.say(f"{child.name} ended after {lived:.1f} s; it starts again in {wait} s.")
        for child in self.children:
            if child.due and now >= child.due and not self.is_stopping:
                child.due = 0.0
                self.start(child)
                self.write_status(bound, told)

    def write_status(self, bound: Bound, told: dict[str, object]) -> None:
        """What `roost status` reads."""
        status = {
            "pid": os.getpid(),
            "data_dir": str(self.config.data_dir),
            "addresses": bound.addresses,
            "processes": {c.name: c.pid for c in self.children},
            "notes": bound.notes,
            **told,
        }
        path = self.config.data_dir / "run" / "status.json"
        temporary = path.with_suffix(".tmp")
        temporary.write_text(json.dumps(status, indent=1))
        os.chmod(temporary, 0o600)
        if self.user is not None:
            os.chown(temporary, *self.user)
        os.replace(temporary, path)

    def greet(self, bound: Bound, told: dict[str, object]) -> None:
        """The screen after a start: where everything is, and what to do next."""
        self.say("")
        self.say(f"Roost is up. Data: {self.config.data_dir}")
        for name, where in bound.addresses.items():
            self.say(f"  {name:<12} {', '.join(where)}")
        for note in bound.notes:
            self.say(f"  ! {note}")
        if told.get("demo"):
            self.say("")
            self.say(f"This is a sample and goes when it stops. {told['demo']}.")
        if told.get("setup_link"):
            self.say("")
            self.say("Finish set-up in a browser with this link (it works once, until set-up is done):")
            self.say(f"  {told['setup_link']}")
        self.say("")
        self.say("Ctrl-C stops it.")
        sys.stdout.flush()
