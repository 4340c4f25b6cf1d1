"""One SMTP connection: bytes in, the wire's commands out, replies written together.

The class is aiosmtpd's, for its connection, STARTTLS and time-out handling; its envelope is never read and its constructor
is not run (it inspects itself for a quarter of a millisecond). Commands are handled at once while nothing is awaited; while
a sign-in, a handshake or a commit is under way the input waits in the buffer, and reading stops when that is full. A commit is
never cancelled by a lost connection: the store finishes it, whether anyone still listens or not.
"""

import asyncio
import contextlib
import ssl
from collections.abc import Awaitable, Callable
from typing import Any

from aiosmtpd.smtp import SMTP

from mailcore.base.errors import MailError, Reason
from mailcore.listen.bridge import Bridge
from mailcore.listen.limits import Connections
from mailcore.listen.smtp import auth, data, mail_rcpt
from mailcore.policy import facts
from mailcore.wire.smtp import commands as c
from mailcore.wire.smtp.parser import AUTH_LINE_MAX_BYTES, LINE_MAX_BYTES, SmtpSyntaxError, parse_command
from mailcore.wire.smtp.reasons import reply_for
from mailcore.wire.smtp.replies import Reply
from mailcore.wire.smtp.transaction import Transaction

BUFFER_BYTES = 256 * 1024
"""Input that may wait while something is awaited; beyond it the socket is not read."""
BAD_LINE = Reply.of(500, "5.5.2", "The line is too long.")
CLOSING = Reply.of(421, "4.3.2", "This server is going down; try again in a minute.")
TIMED_OUT = Reply.of(421, "4.4.2", "Nothing came for too long.")
TOO_MANY_ERRORS = Reply.of(421, "4.7.0", "Too many wrong commands.")
GOODBYE = Reply.of(221, "2.0.0", "Goodbye.")
OK = Reply.of(250, "2.0.0", "OK")


class Door:
    """What every connection of one listener shares."""

    def __init__(self, bridge: Bridge, connections: Connections, *, name: str, is_tls: bool) -> None:
        self.bridge = bridge
        self.runtime = bridge.runtime
        self.connections = connections
        self.name = name
        self.is_tls = is_tls
        self.is_submission = name != "smtp"
        self.sessions: set[Session] = set()
        self.loop = asyncio.get_running_loop()
        self.loop.create_task(self._say_goodbye())

    async def _say_goodbye(self) -> None:
        await self.bridge.draining.wait()
        for session in tuple(self.sessions):
            session.drain_now()

    def greeting(self) -> Reply:
        """The first line."""
        text = self.runtime.settings.get("smtp.greeting") or "Roost"
        return Reply.of(220, "", f"{self.runtime.hostname} ESMTP {text}")


class Session(SMTP):
    """The protocol of one connection; see the module's first lines."""

    def __init__(self, door: Door) -> None:  # the base class's constructor is left out on purpose
        self.door = door
        self.loop = door.loop
        self.transport: Any = None
        self.client = facts.Client(ip="", listener=door.name, is_tls=door.is_tls)
        self.transaction = Transaction(is_tls=door.is_tls)
        self.mail: facts.Mail | None = None
        self.message: data.Incoming | None = None
        self.chunks: data.Chunked | None = None
        self.exchange: auth.Exchange | None = None
        self.errors = 0
        self.auth_failures = 0
        self._buffer = b""
        self._out: list[bytes] = []
        self._is_busy = False
        self._is_closing = False
        self._is_counted = False
        self._is_reading = True
        self._timeout_handle: asyncio.TimerHandle | None = None
        self._timeout_duration = float(door.runtime.settings.get("smtp.timeout"))
        self._last_input = 0.0
        self._original_transport: Any = None

    def __del__(self) -> None:
        """The base class looks for a future here that this one does not have."""

    # Connection

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """A connection was accepted (or came back from its handshake)."""
        self.transport = transport
        peer = transport.get_extra_info("peername")
        self.client.ip = str(peer[0]).removeprefix("::ffff:") if peer else ""
        if self.door.is_tls:
            self.client.tls_text = tls_text(transport)
        self._last_input = self.loop.time()
        self._timeout_handle = self.loop.call_later(self._timeout_duration, self._timeout_cb)
        refusal = self.door.connections.enter("smtp", self.client.ip)
        if refusal is not None:
            self.send(Reply.of(421, "4.7.0", refusal))
            self.close()
            return
        self._is_counted = True
        self.door.sessions.add(self)
        if self.door.bridge.draining.is_set():
            self.drain_now()
            return
        self.send(self.door.greeting())
        self.flush()

    def connection_lost(self, error: Exception | None) -> None:
        """The other side is gone. What is being committed goes on."""
        if self._timeout_handle is not None:
            self._timeout_handle.cancel()
        self._is_closing = True
        self.door.sessions.discard(self)
        if self._is_counted:
            self._is_counted = False
            self.door.connections.leave("smtp", self.client.ip)
        for unfinished in (self.message, self.chunks):
            if unfinished is not None and not unfinished.is_handed_over:
                unfinished.abort()
        self.message = self.chunks = None

    def eof_received(self) -> bool:
        """The other side sends no more; an answer that is still due is sent before closing."""
        self._is_closing = True
        if not self._is_busy:
            self.close()
        return self._is_busy and self.transport.get_extra_info("ssl_object") is None

    def _timeout_cb(self) -> None:
        idle = self.loop.time() - self._last_input
        if idle < self._timeout_duration or self._is_busy:
            wait = max(1.0, self._timeout_duration - idle)
            self._timeout_handle = self.loop.call_later(wait, self._timeout_cb)
            return
        self.send(TIMED_OUT)
        self.close()

    def pause_writing(self) -> None:
        """The other side does not read its replies: we stop reading its commands."""
        self._pause()

    def resume_writing(self) -> None:
        """It reads again."""
        self._resume()

    def drain_now(self) -> None:
        """The server is going down: say so unless a message is being taken."""
        if self._is_busy or self.message is not None:
            self._is_closing = True
            return
        self.send(CLOSING)
        self.close()

    def close(self) -> None:
        """Send what is to be sent, then close."""
        self.flush()
        self._is_closing = True
        if self.transport is not None:
            self.transport.close()

    def send(self, reply: Reply) -> None:
        """Put a reply into the next write."""
        self._out.append(bytes(reply))
        if reply.code >= 500:
            self.errors += 1

    def flush(self) -> None:
        """Write all replies at once."""
        if self._out and self.transport is not None and not self.transport.is_closing():
            self.transport.write(b"".join(self._out))
        self._out.clear()

    # Input

    def data_received(self, chunk: bytes) -> None:
        """Bytes came."""
        self._last_input = self.loop.time()
        self._buffer = self._buffer + chunk if self._buffer else chunk
        if self._is_busy:
            if len(self._buffer) > BUFFER_BYTES:
                self._pause()
            return
        self.pump()

    def pump(self) -> None:
        """Handle what is in the buffer until it is empty or something is awaited."""
        try:
            while self._buffer and not self._is_busy and not self._is_closing:
                if self.message is not None:
                    # The buffer is empty while a message takes from it: after a fault nothing of it is read as a command.
                    chunk, self._buffer = self._buffer, b""
                    self._buffer = self.message.take(chunk)
                elif not self._one_line():
                    break
        except Exception as error:  # noqa: BLE001 - the session's one catch: a fault of ours is 451, a log line, and the end
            self.fault(error)
            self._is_closing = True
        if self._is_closing and not self._is_busy:
            self.close()
        else:
            self.flush()

    def _one_line(self) -> bool:
        end = self._buffer.find(b"\n")
        limit = AUTH_LINE_MAX_BYTES if self.exchange is not None or self._buffer[:5].upper() == b"AUTH " else LINE_MAX_BYTES
        if end < 0:
            if len(self._buffer) > limit:
                self.send(BAD_LINE)
                self._is_closing = True
            return False
        line, self._buffer = self._buffer[: end + 1], self._buffer[end + 1 :]
        if len(line) > limit:
            self.send(BAD_LINE)
        elif self.exchange is not None:
            self.exchange.receive(line.rstrip(b"\r\n"))
        else:
            self._command(line[:-2] if line.endswith(b"\r\n") else line[:-1])
        if self.errors > self.door.runtime.settings.get("smtp.max_errors"):
            self.send(TOO_MANY_ERRORS)
            self._is_closing = True
        return True

    def _command(self, line: bytes) -> None:
        try:
            command = parse_command(line)
        except SmtpSyntaxError as error:
            self.send(error.reply)
            if line[:4].upper() == b"BDAT":  # octets follow that nobody can count: nothing behind may be read as a command
                self._is_closing = True
            return
        refusal = self.transaction.check(command)
        if refusal is not None:
            if isinstance(command, c.Bdat):
                self.message = data.Swallow(self, command.size_bytes, refusal)
            else:
                self.send(refusal)
            return
        HANDLERS[type(command)](self, command)

    def fault(self, error: BaseException) -> None:
        """Something of ours failed: 451, a line in the log, the connection lives."""
        self.door.runtime.log.error("smtp session failed", ip=self.client.ip, error=f"{type(error).__name__}: {error}")
        self.send(reply_for(MailError(Reason.INTERNAL, "Something went wrong here; try again later.")))

    # Waiting

    def wait_for(self, work: Awaitable[Any], then: Callable[[Any], None]) -> None:
        """Handle no further input until *work* is done; then call *then* with its result, or answer its error."""
        self._is_busy = True
        task = asyncio.ensure_future(work)
        task.add_done_callback(lambda done: self._waited(done, then))

    def _waited(self, done: "asyncio.Future[Any]", then: Callable[[Any], None]) -> None:
        self._is_busy = False
        try:
            then(done.result())
        except MailError as error:
            self.end_transaction()
            self.send(reply_for(error))
        except (asyncio.CancelledError, OSError):
            self._is_closing = True
        except Exception as error:  # noqa: BLE001 - as in pump
            self.end_transaction()
            self.fault(error)
        if self.door.bridge.draining.is_set():
            self.send(CLOSING)
            self._is_closing = True
        self._resume()
        self.pump()

    def _pause(self) -> None:
        if self._is_reading and self.transport is not None:
            self._is_reading = False
            with contextlib.suppress(RuntimeError, AttributeError):
                self.transport.pause_reading()

    def _resume(self) -> None:
        if not self._is_reading and self.transport is not None and len(self._buffer) <= BUFFER_BYTES:
            self._is_reading = True
            with contextlib.suppress(RuntimeError, AttributeError):
                self.transport.resume_reading()

    # State

    def end_transaction(self) -> None:
        """Forget sender and recipients, after a message well or not, RSET, or a greeting."""
        self.transaction.reset()
        self.mail = None
        self.message = None
        if self.chunks is not None:
            self.chunks.abort()
            self.chunks = None

    # STARTTLS

    def start_tls(self) -> None:
        """Answer 220, throw away what came behind STARTTLS, and shake hands. RFC 3207 §4, §6."""
        self._buffer = b""
        self.transport.pause_reading()  # what comes from here on is the handshake's, not ours
        self.send(Reply.of(220, "2.0.0", "Go ahead."))
        self.flush()
        self.transaction.start_tls()
        self.mail = None
        self.client.helo, self.client.is_extended, self.client.account = "", False, None
        self._original_transport = self.transport
        context = self.door.runtime.contexts.context
        handshake = self.loop.start_tls(self.transport, self, context, server_side=True, ssl_handshake_timeout=30.0)
        self.wait_for(handshake, self._tls_started)

    def _tls_started(self, transport: Any) -> None:
        if transport is None:
            raise ConnectionResetError
        self.transport = transport  # the buffer may hold what came through TLS already
        self.client.is_tls = True
        self.client.tls_text = tls_text(transport)


def tls_text(transport: asyncio.BaseTransport) -> str:
    """The agreed protocol and cipher, for Received and the trace."""
    connection = transport.get_extra_info("ssl_object")
    if not isinstance(connection, (ssl.SSLObject, ssl.SSLSocket)) and connection is None:
        return ""
    cipher = connection.cipher()
    return f"{connection.version() or 'TLS'} with cipher {cipher[0]}" if cipher else str(connection.version() or "TLS")


def _rset(session: Session, command: c.Command) -> None:
    session.end_transaction()
    session.send(OK)


def _noop(session: Session, command: c.Command) -> None:
    session.send(OK)


def _quit(session: Session, command: c.Command) -> None:
    session.send(GOODBYE)
    session._is_closing = True


def _help(session: Session, command: c.Command) -> None:
    session.send(Reply.of(214, "2.0.0", "EHLO HELO MAIL RCPT DATA BDAT RSET NOOP QUIT VRFY HELP STARTTLS AUTH. See RFC 5321."))


def _vrfy(session: Session, command: c.Command) -> None:
    session.send(Reply.of(252, "2.5.0", "Addresses are not confirmed here; send the message and see."))


def _expn(session: Session, command: c.Command) -> None:
    session.send(Reply.of(502, "5.5.1", "Lists are not expanded here."))


def _starttls(session: Session, command: c.Command) -> None:
    session.start_tls()


HANDLERS: dict[type[c.Command], Callable[[Session, Any], None]] = {
    c.Ehlo: mail_rcpt.greet, c.Helo: mail_rcpt.greet, c.Lhlo: mail_rcpt.greet, c.Mail: mail_rcpt.mail, c.Rcpt: mail_rcpt.rcpt, c.Data: data.begin,
    c.Bdat: data.chunk, c.Rset: _rset, c.Noop: _noop, c.Quit: _quit, c.Help: _help, c.Vrfy: _vrfy, c.Expn: _expn, c.StartTls: _starttls,
    c.Auth: auth.begin,
}  # fmt: skip
"""One handler for every command the wire knows."""
