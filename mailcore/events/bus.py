"""Hints from every commit to every process: one datagram socket a process in the data directory's `run` folder.

A hint is (account, mailbox): (n, m) mail of account n; (0, 0) queue or jobs; (-1, 0) settings, bans. A lost hint costs a
second: every process compares the newest log id each second (`serve` runs that clock). Subscribers are called on the loop.
"""

import asyncio
import contextlib
import os
import socket
import struct
import threading
from collections.abc import Callable, Iterable
from pathlib import Path

Hint = tuple[int, int]
Subscriber = Callable[[int, int], None]

_PAIR = struct.Struct("!qq")
HINTS_A_DATAGRAM = 200
QUEUE, SETTINGS = (0, 0), (-1, 0)
HAS_LOCAL_SOCKETS = hasattr(socket, "AF_UNIX")
"""Where there are none, all is one process, or a second late."""
ADDRESS_BYTES = 100
"""A socket's name has at most 107 bytes on Linux, 103 elsewhere; a longer path goes by way of a descriptor of its folder."""


async def woken(wake: asyncio.Event, seconds: float) -> None:
    """Wait until *wake* is set, or *seconds* are over. A cancel in the same instant counts: `asyncio.wait_for` would swallow it."""
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await wake.wait()


class Bus:
    """One process's end. Thread-safe `publish`; `subscribe` and callbacks belong to the loop that `attach` was given."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._subscribers: dict[int, set[Subscriber]] = {}
        self._loop: asyncio.AbstractEventLoop | None = None
        self._socket: socket.socket | None = None
        self._path: str = ""
        self._descriptor = -1
        self._sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) if HAS_LOCAL_SOCKETS else None
        if self._sender is not None:
            self._sender.setblocking(False)
        self._peers: tuple[int, list[str]] = (-1, [])
        self._lock = threading.Lock()

    def attach(self, loop: asyncio.AbstractEventLoop) -> None:
        """Receive hints on *loop* from now on."""
        self._loop = loop
        if self._sender is None:
            return
        self._path = str(self._folder / f"{os.getpid()}-{id(self):x}.sock")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(self._path)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024 * 1024)
        self._socket.bind(self._short(self._path))
        loop.add_reader(self._socket.fileno(), self._receive)

    def _short(self, path: str) -> str:
        """*path* as a socket's name can hold it. A data folder may lie deep."""
        if len(os.fsencode(path)) <= ADDRESS_BYTES or not os.path.isdir("/proc/self/fd"):
            return path
        if self._descriptor < 0:
            self._descriptor = os.open(self._folder, os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        return f"/proc/self/fd/{self._descriptor}/{os.path.basename(path)}"

    def subscribe(self, account_id: int, subscriber: Subscriber) -> Callable[[], None]:
        """Call *subscriber* (on the loop) for hints of an account (0 queue, -1 settings); returns how to stop."""
        self._subscribers.setdefault(account_id, set()).add(subscriber)

        def stop() -> None:
            group = self._subscribers.get(account_id)
            if group is not None:
                group.discard(subscriber)
                if not group:
                    del self._subscribers[account_id]

        return stop

    def publish(self, hints: Iterable[Hint]) -> None:
        """Tell every process, this one included. Called by the store after a commit, on any thread."""
        distinct = list(dict.fromkeys(hints))
        if self._loop is not None:
            with contextlib.suppress(RuntimeError):  # the loop has ended
                self._loop.call_soon_threadsafe(self._dispatch, distinct)
        if self._sender is None:
            return
        with self._lock:
            for start in range(0, len(distinct), HINTS_A_DATAGRAM):
                data = b"".join(_PAIR.pack(*h) for h in distinct[start : start + HINTS_A_DATAGRAM])
                for path in self._others():
                    self._send(data, path)

    def _send(self, data: bytes, path: str) -> None:
        assert self._sender is not None
        try:
            self._sender.sendto(data, self._short(path))
        except (ConnectionRefusedError, FileNotFoundError):  # that process is gone
            with contextlib.suppress(OSError):
                os.unlink(path)
        except OSError:  # its buffer is full: its own clock heals that
            pass

    def _others(self) -> list[str]:
        changed = os.stat(self._folder).st_mtime_ns
        if changed != self._peers[0]:
            names = [str(self._folder / name) for name in os.listdir(self._folder) if name.endswith(".sock")]
            self._peers = (changed, [name for name in names if name != self._path])
        return self._peers[1]

    def _receive(self) -> None:
        assert self._socket is not None
        for _ in range(64):
            try:
                data = self._socket.recv(HINTS_A_DATAGRAM * _PAIR.size)
            except (BlockingIOError, InterruptedError):
                return
            self._dispatch(list(_PAIR.iter_unpack(data[: len(data) // _PAIR.size * _PAIR.size])))

    def _dispatch(self, hints: list[Hint]) -> None:
        for account_id, mailbox_id in hints:
            for subscriber in tuple(self._subscribers.get(account_id, ())):
                subscriber(account_id, mailbox_id)

    def dispatch_local(self, hints: list[Hint]) -> None:
        """Hand hints found in the change log to this process's subscribers only (the healing clock's way in)."""
        self._dispatch(hints)

    def close(self) -> None:
        """Stop receiving and leave no socket behind."""
        if self._socket is not None and self._loop is not None:
            with contextlib.suppress(Exception):
                self._loop.remove_reader(self._socket.fileno())
            self._socket.close()
            with contextlib.suppress(OSError):
                os.unlink(self._path)
        if self._sender is not None:
            self._sender.close()
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1
