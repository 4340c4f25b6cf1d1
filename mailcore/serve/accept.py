"""Takes the connections of a listening socket that several processes share, so that each gets its part of a rush.

The loops' own servers take all that wait at one wake, and the process that woke first had all fifty people. Here one is taken,
and the next a moment later, in which the others wake; a process that is busy comes back later and takes fewer.
"""

import asyncio
import errno
import socket
import ssl
from collections.abc import Callable

PAUSE_SECONDS = 0.001
"""Between two connections of one process, where it is not alone."""
FULL_SECONDS = 1.0
"""A process that has no file numbers left tries again after this."""
FULL = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})
HANDSHAKE_SECONDS = 30.0


class Acceptor:
    """Accepts on *listening* until `close`; *make* gives the protocol of a connection."""

    def __init__(self, listening: socket.socket, make: Callable[[], asyncio.BaseProtocol], context: ssl.SSLContext | None = None, *, is_alone: bool = True) -> None:
        self.loop = asyncio.get_running_loop()
        self.listening, self.make, self.context, self.is_alone = listening, make, context, is_alone
        self.pause: asyncio.TimerHandle | None = None
        self.beginning: set[asyncio.Task[None]] = set()
        self.loop.add_reader(listening.fileno(), self.accept)

    def accept(self) -> None:
        """Take one connection that waits, if another process has not."""
        try:
            taken, _ = self.listening.accept()
        except OSError as error:
            if error.errno in FULL:
                self.rest(FULL_SECONDS)
            return
        taken.setblocking(False)
        task = self.loop.create_task(self.begin(taken))
        self.beginning.add(task)
        task.add_done_callback(self.beginning.discard)
        if not self.is_alone:
            self.rest(PAUSE_SECONDS)

    def rest(self, seconds: float) -> None:
        """Look away from the socket for *seconds*."""
        self.loop.remove_reader(self.listening.fileno())
        self.pause = self.loop.call_later(seconds, self.go_on)

    def go_on(self) -> None:
        """Look again."""
        self.pause = None
        self.loop.add_reader(self.listening.fileno(), self.accept)

    async def begin(self, taken: socket.socket) -> None:
        """Give a connection its protocol, after the handshake; one that fails is nobody's trouble but its own."""
        try:
            await self.loop.connect_accepted_socket(
                self.make, taken, ssl=self.context, ssl_handshake_timeout=HANDSHAKE_SECONDS if self.context else None
            )
        except (OSError, asyncio.CancelledError):
            taken.close()

    def close(self) -> None:
        """Take no more. What has begun goes on."""
        if self.pause:
            self.pause.cancel()
        else:
            self.loop.remove_reader(self.listening.fileno())
        self.listening.close()

    async def wait_closed(self) -> None:
        """Nothing is left to wait for; uvicorn asks."""
