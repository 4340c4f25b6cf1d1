"""What line protocols with a task a connection share: the socket's side, waiting with limits, back-pressure, STARTTLS.

The subclass has a framer and a `serve` coroutine; it never touches the socket but by `send`, and never waits but by `wait`.
"""

import asyncio
import contextlib
import socket
import zlib
from typing import Any

from mailcore.auth.login import Attempt, is_loopback
from mailcore.base.errors import MailError, Reason
from mailcore.listen.bridge import Bridge
from mailcore.listen.deflate import Deflate
from mailcore.listen.limits import Connections
from mailcore.runtime.runtime import Runtime
from mailcore.store.accounts import Account
from mailcore.wire.imap.framing import Framer

BUFFER_BYTES = 256 * 1024
"""Input that may wait; beyond it the socket is not read."""

SEND_SECONDS = 300.0
"""How long a client may leave what it was sent unread; stops one that asks and never reads from holding memory and locks."""
MAX_FAILURES = 5
"""Wrong passwords of one connection."""
PENALTY_SECONDS = 2.0
"""What a wrong password takes. Slows guessing."""
CHECK_EVERY_SECONDS = 1.0
"""How often it is looked up whether an account may still be here, where a look costs a trip to another server."""
QUICK_ACK: int | None = getattr(socket, "TCP_QUICKACK", None)
"""Linux has it; elsewhere the delay stays."""


class Gone(Exception):
    """The other side has left, or the server goes down."""


SWITCHED_ON = "SELECT count(*) FROM accounts a JOIN domains d ON d.id = a.domain_id WHERE a.id = :a AND a.is_enabled = 1 AND d.is_enabled = 1"


class Talker(asyncio.Protocol):
    """One client's connection."""

    def __init__(self, bridge: Bridge, connections: Connections, *, is_tls: bool) -> None:
        self.bridge = bridge
        self.runtime: Runtime = bridge.runtime
        self.connections = connections
        self.is_tls = is_tls
        self.ip = ""
        self.framer = Framer()
        self.deflate: Deflate | None = None
        self.transport: Any = None
        self.task: asyncio.Task[None] | None = None
        self.is_gone = False
        self.has_ended = False
        self.failures = 0
        self.is_over = False
        self._checked_at = 0.0
        self._checked_version: int | None = None
        self._deadline = 0.0
        self._is_late = False
        self._timer: asyncio.TimerHandle | None = None
        self._wake = asyncio.Event()
        self._can_write = asyncio.Event()
        self._can_write.set()
        self._is_reading = True

    async def serve(self) -> None:
        """The life of the connection."""
        raise NotImplementedError

    def farewell(self) -> bytes:
        """What is said when the server goes down."""
        raise NotImplementedError

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection was accepted, or came back from its handshake."""
        self.transport = transport
        if self.task is not None:
            return
        peer = transport.get_extra_info("peername")
        self.ip = str(peer[0]).removeprefix("::ffff:") if peer else ""
        self.task = asyncio.get_running_loop().create_task(self.serve())

    def connection_lost(self, error: Exception | None) -> None:
        """The other side is gone."""
        self.is_gone = True
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wake.set()
        self._can_write.set()

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        has_more = False
        if self.deflate is not None:
            try:
                data = self.deflate.unpack(data, BUFFER_BYTES - self.framer.pending_bytes)
            except zlib.error:
                self.transport.abort()
                return
            has_more = self.deflate.has_more
        self.framer.receive(data)
        self._wake.set()
        if (has_more or self.framer.pending_bytes > BUFFER_BYTES) and self._is_reading:
            self._is_reading = False
            self.transport.pause_reading()

    def eof_received(self) -> bool:
        """The other side sends no more; what it has sent is still carried out. TLS has no half-closed state."""
        self.has_ended = True
        self._wake.set()
        return not self.is_tls

    def pause_writing(self) -> None:
        """The client does not read: wait with more."""
        self._can_write.clear()

    def resume_writing(self) -> None:
        """It reads again."""
        self._can_write.set()

    def resume_reading(self) -> None:
        """There is room for input again."""
        if not self._is_reading:
            self._is_reading = True
            self.transport.resume_reading()

    def wake(self) -> None:
        """End a `wait` from outside."""
        self._wake.set()

    async def wait(self, seconds: float) -> bool:
        """Wait for input or `wake`; False when time is up. Raises Gone."""
        self.check_alive()
        if self.deflate is not None and self.deflate.has_more:
            self.data_received(b"")
            return True
        if self.has_ended:
            raise Gone
        self.resume_reading()
        self._wake.clear()
        if self.bridge.draining.is_set():
            await self.send(self.farewell())
            raise Gone
        self._arm(seconds)
        with self.bridge.woken_by_drain(self._wake):
            await self._wake.wait()
        self.check_alive()
        if self._is_late:
            self._is_late = False
            return False
        if self.bridge.draining.is_set():
            await self.send(self.farewell())
            raise Gone
        return True

    def acknowledge_now(self) -> None:
        """Let the kernel acknowledge without delay what comes next: a client that writes a literal and its line end apart waits 40 ms else."""
        sock = self.transport.get_extra_info("socket")
        if QUICK_ACK is not None and sock is not None:
            with contextlib.suppress(OSError):
                sock.setsockopt(socket.IPPROTO_TCP, QUICK_ACK, 1)

    def _arm(self, seconds: float) -> None:
        """Let `wait` end after *seconds*. One timer is kept from wait to wait and only moves on when it rings: a timer a command is dear."""
        loop = asyncio.get_running_loop()
        self._is_late, self._deadline = False, loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._deadline:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = loop.call_at(self._deadline, self._ring)

    def _ring(self) -> None:
        loop = asyncio.get_running_loop()
        self._timer = None
        if self.is_gone:
            return
        if loop.time() < self._deadline:
            self._timer = loop.call_at(self._deadline, self._ring)
        elif not self._wake.is_set():
            self._is_late = True
            self._wake.set()

    def check_alive(self) -> None:
        """Raises Gone when the other side has left."""
        if self.is_gone:
            raise Gone

    async def send(self, data: bytes) -> None:
        """Write, and wait while the client does not read. Raises Gone."""
        if not data:
            return
        self.check_alive()
        self.write(data)
        if not self._can_write.is_set():
            try:
                async with asyncio.timeout(SEND_SECONDS):
                    await self._can_write.wait()
            except TimeoutError:
                self.transport.abort()
                raise Gone from None
            self.check_alive()

    def write(self, data: bytes) -> None:
        """Write without waiting, compressed where that was agreed."""
        self.transport.write(data if self.deflate is None else self.deflate.pack(data))

    def compress(self) -> None:
        """From here on everything is compressed, both ways (RFC 4978 §3)."""
        rest, self.deflate = self.framer.take_rest(), Deflate()
        if rest:
            self.data_received(rest)

    async def may_stay(self, account_id: int) -> bool:
        """Whether the account and its domain are still switched on."""
        version = self.runtime.store.read().version() if self.bridge.is_inline else None
        now = asyncio.get_running_loop().time()
        if now - self._checked_at < CHECK_EVERY_SECONDS if version is None else version == self._checked_version:
            return True
        self._checked_at, self._checked_version = now, version
        return bool(await self.bridge.read(lambda tx: tx.value(SWITCHED_ON, {"a": account_id})))

    async def admitted(self, attempt: Attempt) -> Account:
        """Who signs in by *attempt*. A wrong one takes its time, and the last of too many ends the connection. Raises MailError."""
        try:
            found = self.bridge.doorkeeper.quick(attempt) if self.bridge.is_inline else None
            return await self.bridge.sign_in(attempt) if found is None else found
        except MailError as error:
            self.failures += 1
            self.is_over = self.failures >= MAX_FAILURES or error.reason is Reason.BANNED
            if not is_loopback(self.ip):
                await asyncio.sleep(PENALTY_SECONDS)
            raise

    async def upgrade(self) -> None:
        """Shake hands; what was pipelined before it is thrown away (RFC 3501 §6.2.1, RFC 2595 §4). Raises Gone, OSError."""
        self.transport.pause_reading()
        self.framer.take_rest()
        loop = asyncio.get_running_loop()
        self.transport = await loop.start_tls(self.transport, self, self.runtime.contexts.context, server_side=True, ssl_handshake_timeout=30.0)
        if self.transport is None:
            raise Gone
        self._is_reading = True
        self.is_tls = True
