"""A mail worker: one loop with all listeners on inherited sockets, taking queue and job work by lease.

Each listener module offers `factory(bridge, connections, is_tls)`, a callable that makes a protocol for one connection. On
SIGTERM the worker stops accepting, `bridge.draining` tells every session to say goodbye, and what has not by DRAIN_SECONDS is cut.
"""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Mapping
from importlib import import_module

from mailcore.base.errors import MailError
from mailcore.config.environment import Config
from mailcore.listen.bridge import Bridge
from mailcore.listen.limits import Connections
from mailcore.policy import health
from mailcore.runtime import certificates, told
from mailcore.runtime.keys import node_id
from mailcore.runtime.runtime import Runtime, open_runtime
from mailcore.serve import start
from mailcore.serve.accept import Acceptor
from mailcore.serve.sockets import IMPLICIT_TLS, Bound, mail_sockets
from mailcore.store import changes, tallies

DRAIN_SECONDS = 3.0
HEAL_SECONDS = 1.0
"""How often a process looks whether a hint was lost."""
HEALTH_SECONDS = 20
"""How often it is looked whether scanners and DNS still answer."""
CERTIFICATE_SECONDS = 10.0
"""How often a process looks whether certificate files changed."""
AGAIN_SECONDS = 5.0
"""When work that failed begins anew."""
SWITCH_SECONDS = 0.0005
"""How long a thread may hold the interpreter while the writer waits for it."""

Work = Callable[[], Awaitable[None]]

MODULES = {
    "smtp": "mailcore.listen.smtp", "submission": "mailcore.listen.smtp", "submissions": "mailcore.listen.smtp",
    "imap": "mailcore.listen.imap", "imaps": "mailcore.listen.imap", "pop3": "mailcore.listen.pop3", "pop3s": "mailcore.listen.pop3",
    "sieve": "mailcore.listen.managesieve",
}  # fmt: skip


def run(config: Config, bound: Bound, index: int) -> None:
    """Serve until SIGTERM."""
    sys.setswitchinterval(SWITCH_SECONDS)
    with contextlib.suppress(ImportError):
        import uvloop

        asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
    asyncio.run(live(config, f"worker-{index}", lambda runtime, stop: serve(runtime, mail_sockets(bound.sockets), index, stop)))


async def live(config: Config, name: str, life: Callable[[Runtime, asyncio.Event], Awaitable[None]], when_told: Callable[[Callable[[], object]], None] | None = None) -> None:
    """Open the store, do *life* until SIGTERM (or what *when_told* says) sets its event, and close."""
    loop, stop = asyncio.get_running_loop(), asyncio.Event()
    if when_told is None:
        loop.add_signal_handler(signal.SIGTERM, stop.set)
    else:
        when_told(lambda: loop.call_soon_threadsafe(stop.set))
    runtime = open_runtime(config, name=name)
    runtime.bus.attach(loop)
    load_certificates(runtime)
    await life(runtime, stop)
    runtime.close()


async def serve(runtime: Runtime, sockets: dict[str, list[socket.socket]], index: int, stop: asyncio.Event) -> None:
    """The worker's life."""
    loop = asyncio.get_running_loop()
    bridge = Bridge(runtime)
    workers = runtime.config.workers or os.cpu_count() or 1
    connections = Connections(runtime, workers)
    servers = [server for name, group in sockets.items() for server in listen(name, group, bridge, connections, is_alone=workers == 1)]
    works = {
        "clock": lambda: heal(runtime), "certificates": lambda: watch_certificates(runtime, renews=index == 0),
        "sessions": lambda: tell_sessions(runtime, lambda: connections.open), **taking_work(runtime, index),
    }  # fmt: skip
    if index == 0:
        works["health"] = lambda: watch_health(bridge)
    background = [loop.create_task(kept_up(runtime, name, work), name=name) for name, work in works.items()]
    await stop.wait()
    for server in servers:
        server.close()
    bridge.drain()
    for task in background:
        task.cancel()
    await drain(connections)
    await asyncio.gather(*background, return_exceptions=True)
    bridge.close()


def listen(name: str, group: list[socket.socket], bridge: Bridge, connections: Connections, *, is_alone: bool) -> list[Acceptor]:
    """Accept on every socket of one listener; an unknown or absent protocol is left alone with a warning."""
    try:
        module = import_module(MODULES[name])
    except ModuleNotFoundError as error:
        bridge.runtime.log.warning("listener is not part of this build", listener=name, module=error.name)
        return []
    is_tls = name in IMPLICIT_TLS
    factory: Callable[[], asyncio.BaseProtocol] = module.factory(bridge, connections.at(name), name=name, is_tls=is_tls)
    return [Acceptor(one, factory, bridge.runtime.contexts.context if is_tls else None, is_alone=is_alone) for one in group]


def taking_work(runtime: Runtime, index: int) -> dict[str, Work]:
    """What takes work that waits: the queue's runner, the jobs' runner, the index, the fetching."""
    from mailcore.jobs import fetch
    from mailcore.jobs import index as indexer
    from mailcore.jobs import runner as jobs_runner
    from mailcore.queue import runner as queue_runner

    owner = f"{node_id(runtime.config.data_dir)}/{index}/{os.getpid()}"
    return {
        "queue": lambda: queue_runner.run(runtime, owner), "jobs": lambda: jobs_runner.run(runtime, owner),
        "index": lambda: indexer.run(runtime), "fetch": lambda: fetch.run(runtime),
    }  # fmt: skip


async def kept_up(runtime: Runtime, name: str, work: Work) -> None:
    """*work* until cancelled, begun anew where a fault of ours ends it: without it the worker would look alive and lack its clock or its queue."""
    while True:
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - see above
            runtime.log.error("work in the background failed", work=name, error=f"{type(error).__name__}: {error}")
        await asyncio.sleep(AGAIN_SECONDS)


async def drain(connections: Connections) -> None:
    """Wait until every session has said goodbye, or time is up."""
    deadline = asyncio.get_running_loop().time() + DRAIN_SECONDS
    while sum(connections.total.values()) and asyncio.get_running_loop().time() < deadline:
        await asyncio.sleep(0.05)


async def heal(runtime: Runtime) -> None:
    """Each second: if the log has rows no hint told of, tell our own subscribers; renew the settings if they changed."""
    seen = changes.newest_id(runtime.store.read())
    while True:
        await asyncio.sleep(HEAL_SECONDS)
        try:
            tx = runtime.store.read()
            newest = changes.newest_id(tx)
            if newest > seen:
                found = changes.after_id(tx, seen)
                runtime.bus.dispatch_local(list(dict.fromkeys((c.account_id, c.container) for c in found)))
                seen = found[-1].id if found else newest
            runtime.settings.refresh()
            write_counts(runtime)
        except MailError as error:
            runtime.log.warning("the store does not answer", detail=error.detail)


async def tell_sessions(runtime: Runtime, count: Callable[[], Mapping[str, int]]) -> None:
    """Write down how many sessions are open, when that has changed."""
    last: dict[str, int] | None = None
    while True:
        now = {name: number for name, number in count().items() if number}
        if now != last:
            with contextlib.suppress(OSError):
                told.write_sessions(runtime.run_dir, now)
                last = now
        await asyncio.sleep(HEAL_SECONDS)


async def watch_health(bridge: Bridge) -> None:
    """Write down how the programs do that checks ask, now and then and when the settings name others."""
    runtime = bridge.runtime
    found: list[told.Health] = []
    while True:
        asked = health.asked(runtime)
        with contextlib.suppress(MailError, OSError):
            found = await bridge.network(lambda last=found: health.look(runtime, last))  # type: ignore[misc]
            told.write_health(runtime.run_dir, found)
        for _ in range(HEALTH_SECONDS):
            await asyncio.sleep(HEAL_SECONDS)
            if health.asked(runtime) != asked:
                break


def write_counts(runtime: Runtime) -> None:
    """Add what was counted in the last second to the hourly counters."""
    amounts = runtime.counts.take()
    if amounts:
        now = runtime.clock.micros()
        runtime.store.submit(lambda tx: tallies.count_up(tx, amounts, now), bulk=True)


def load_certificates(runtime: Runtime) -> None:
    """Use the certificates of the database and those that stand in the data directory."""
    certificates.lay_out(runtime)
    folder = runtime.config.data_dir / "tls"
    named = {
        chain.stem.replace("_wildcard", "*"): (chain, chain.with_suffix(".key"))
        for chain in sorted((folder / "names").glob("*.pem"))
        if chain.with_suffix(".key").exists()
    }  # fmt: skip
    runtime.contexts.replace((folder / "leaf.pem", folder / "leaf.key"), named)


async def watch_certificates(runtime: Runtime, *, renews: bool = False) -> None:
    """Load the certificates again when a file changed, and with *renews* keep the own one young and complete: no restart is needed."""
    folder = runtime.config.data_dir / "tls"

    def stamp() -> list[tuple[str, int]]:
        return sorted((str(p), p.stat().st_mtime_ns) for pattern in ("*.pem", "names/*.pem") for p in folder.glob(pattern))

    last = stamp()
    while True:
        await asyncio.sleep(CERTIFICATE_SECONDS)
        with contextlib.suppress(OSError, MailError):
            if renews:
                start.renew_own(runtime.config, runtime.settings, runtime.store.read(), runtime.clock.now())
            certificates.lay_out(runtime)
            now = stamp()
            if now != last:
                load_certificates(runtime)
                last = now
                runtime.log.info("certificates loaded again")
