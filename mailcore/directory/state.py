"""How the server is right now: its processes, listeners, work in hand, store and disk. What `./roost status` tells, and the queue and jobs beside it.

What the supervisor of this machine wrote down is read from `run/status.json`; where the web runs on a machine of its own there is no such file,
and processes and listeners stay empty.
"""

import platform
import shutil
import sqlite3
import time
from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.config import process
from mailcore.runtime import told
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, outbox, schema


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """One process; *up_seconds* since it began, *memory_bytes* proportional, both 0 where the system does not tell."""

    name: str
    pid: int
    up_seconds: int
    memory_bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """One look. Sizes in bytes; *listeners*: name, places, open sessions; *tabs*: pages that hear of news; *unindexed*: messages whose text search still has to be read."""

    processes: tuple[Process, ...]
    listeners: tuple[tuple[str, str, int], ...]
    tabs: int
    health: tuple[told.Health, ...]
    notes: tuple[str, ...]
    waiting: int
    held: int
    jobs: dict[str, int]
    unindexed: int
    database: str
    schema: str
    python: str
    system: str
    disk_free: int
    disk_total: int
    reserve: int
    now: Micros


def look(runtime: Runtime, tx: Tx) -> State:
    """The state of this machine and of the store it works on."""
    status, disk = told.read(runtime.run_dir, "status") or {}, shutil.disk_usage(runtime.config.data_dir)
    named = {"supervisor": status.get("pid"), **status.get("processes", {})}
    sessions = told.sessions(runtime.run_dir, filter(None, named.values()))
    version = str(tx.value("SHOW server_version")).split(" ")[0] if tx.is_postgres else sqlite3.sqlite_version
    newest = int(tx.value("SELECT coalesce(max(id), 0) FROM emails"))
    return State(
        processes=tuple(_process(name, pid) for name, pid in named.items() if pid),
        listeners=tuple((name, ", ".join(places), sessions.get(name, 0)) for name, places in status.get("addresses", {}).items()), notes=tuple(map(str, status.get("notes", []))),
        tabs=sessions.get("live", 0), health=told.health(runtime.run_dir),
        waiting=outbox.count(tx), held=outbox.count(tx, "held"), unindexed=max(0, newest - runtime.store.fulltext.done()),
        jobs={str(state): int(count) for state, count in tx.all("SELECT state, count(*) FROM jobs WHERE state IN ('waiting', 'running', 'failed') GROUP BY state")},
        database=f"{'PostgreSQL' if tx.is_postgres else 'SQLite'} {version}", schema=schema.HEAD, python=platform.python_version(), system=f"{platform.system()} {platform.machine()}",
        disk_free=disk.free, disk_total=disk.total, reserve=int(runtime.settings.get("storage.reserve")), now=runtime.clock.micros(),
    )  # fmt: skip


def _process(name: str, pid: int) -> Process:
    began = process.began_at(pid)
    return Process(name=name, pid=pid, up_seconds=max(0, int(time.time() - began)) if began else 0, memory_bytes=process.pss_bytes(pid))
