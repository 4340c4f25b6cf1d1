"""Runtime: the store, settings, bus, resolver, clock, randomness and log of one process, made after fork.

Everything above this layer takes a Runtime (or the part of it that it needs) as an argument; nothing is global.
"""

from dataclasses import dataclass, field
from pathlib import Path

from mailcore.base.clock import Clock
from mailcore.base.ids import Random, trace_id
from mailcore.base.resolver import Resolver
from mailcore.config.environment import Config, host_name
from mailcore.events.bus import Bus
from mailcore.net.dns import DnsResolver
from mailcore.net.tls import ServerContexts
from mailcore.runtime.counts import Counts
from mailcore.runtime.keys import key_for
from mailcore.runtime.log import DayFiles, Log
from mailcore.runtime.machine import SystemClock, SystemRandom
from mailcore.settings.values import Settings
from mailcore.store import Store, open_store


@dataclass(slots=True, kw_only=True)
class Runtime:
    """What a process works with."""

    config: Config
    store: Store
    settings: Settings
    bus: Bus
    resolver: Resolver
    clock: Clock
    random: Random
    log: Log
    contexts: ServerContexts = field(default_factory=ServerContexts)
    counts: Counts = field(default_factory=Counts)

    @property
    def hostname(self) -> str:
        """The server's public name: the setting, else the machine's."""
        return str(self.settings.get("server.hostname")) or host_name(self.config)

    caches: dict[str, object] = field(default_factory=dict)
    """What a layer above keeps for the life of the process, by its module's name; all of it can be made again."""

    def key(self, purpose: str) -> bytes:
        """A secret key for one *purpose*, the same in every process of this data directory."""
        return key_for(self.config.data_dir, purpose)

    @property
    def run_dir(self) -> Path:
        """Where sockets and pid files of this data directory stand."""
        return self.config.data_dir / "run"

    def new_trace_id(self) -> str:
        """A fresh public id for a message's way through the server."""
        return trace_id(self.clock.micros(), self.random)

    def close(self) -> None:
        """Finish writes, then let go of everything."""
        self.store.close()
        self.bus.close()


def open_runtime(config: Config, *, name: str) -> Runtime:
    """The Runtime of this process. The schema must be current. Raises MailError with what to do."""
    clock, random = SystemClock(), SystemRandom()
    store = open_store(
        data_dir=config.data_dir, database_url=config.database_url, blob_url=config.blob_url, random=random, blob_options=dict(config.blob_options)
    )
    settings = Settings(store)
    settings.refresh()
    bus = Bus(config.data_dir / "run")
    store.on_commit(bus.publish)
    log = Log(name, [config.log if config.log in ("error", "warning", "info", "debug") else settings.get("log.level")], files=DayFiles(config.data_dir / "logs"))
    runtime = Runtime(
        config=config, store=store, settings=settings, bus=bus, resolver=DnsResolver(config.dns, clock), clock=clock, random=random, log=log
    )
    bus.subscribe(-1, lambda _account, _mailbox: _renew(settings))
    return runtime


def _renew(settings: Settings) -> None:
    settings.refresh()
