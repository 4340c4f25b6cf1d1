"""Everything in one process, without a fork: for systems that have none (Windows, not yet tried), and for a debugger.

One worker and one web share a runtime and a loop. Nothing restarts what dies, and as root nothing becomes another user.
"""

import asyncio
import os
import signal
from collections.abc import Callable
from dataclasses import dataclass

from mailcore.runtime.runtime import Runtime
from mailcore.serve import web, worker
from mailcore.serve.sockets import Bound, mail_sockets, web_sockets
from mailcore.serve.supervisor import Child, Supervisor


@dataclass(slots=True, kw_only=True)
class Alone(Supervisor):
    """A supervisor that does all the work itself."""

    def choose_user(self) -> None:
        """Nobody else."""

    def prepared(self, bound: Bound) -> dict[str, object]:
        """In this process, too."""
        return self.prepare(self.config, bound)

    def live(self, bound: Bound, told: dict[str, object]) -> None:
        """Work until told to stop."""
        self.children.append(Child(name="all", run=lambda: None, pid=os.getpid()))
        self.write_status(bound, told)
        self.greet(bound, told)

        async def both(runtime: Runtime, stop: asyncio.Event) -> None:
            await asyncio.gather(
                worker.serve(runtime, mail_sockets(bound.sockets), 0, stop),
                web.serve(runtime, web_sockets(bound.sockets), web.https_port_of(bound), stop, is_shared=True),
            )

        os.environ["ROOST_DATA_DIR"] = str(self.config.data_dir)
        asyncio.run(worker.live(self.config, "all", both, when_told))


def when_told(stop: Callable[[], object]) -> None:
    """Stop by SIGTERM or Ctrl-C, on systems whose loops know no signals too."""
    for one in (signal.SIGTERM, signal.SIGINT):
        signal.signal(one, lambda *_: stop())
