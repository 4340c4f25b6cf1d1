"""IMAP connections: frames in, a session's steps carried out in order, bytes out with back-pressure.

One task a connection. Commands wait in the framer while one runs; the socket is not read past BUFFER_BYTES. LOGIN,
AUTHENTICATE and IDLE talk on, so they are led from here; everything else is the session's.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from mailcore.auth.login import Attempt
from mailcore.base.errors import MailError
from mailcore.base.secret import Secret
from mailcore.listen.bridge import Bridge
from mailcore.listen.connection import Gone, Talker
from mailcore.listen.limits import Connections
from mailcore.sessions.imap import append, enter, notify
from mailcore.sessions.imap.session import MAX_BAD_COMMANDS, Session
from mailcore.sessions.imap.steps import Asking, Compute, LongRead, Pause, Read, Write
from mailcore.store.blobs import Spool
from mailcore.wire import sasl
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.codes import refusal_for
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.framing import AFTER_LOGIN, BEFORE_LOGIN, Event, Frame, FrameError, Line, LiteralChunk, LiteralWanted, NeedMore
from mailcore.wire.imap.mutf7 import Spelling
from mailcore.wire.imap.parser import parse_command
from mailcore.wire.imap.states import State

LOGIN_SECONDS = 60.0
"""How long a connection may stay without signing in."""
CHECK_SECONDS = 60.0
"""How often an idle session looks whether its account still may enter."""


def factory(bridge: Bridge, connections: Connections, *, name: str, is_tls: bool) -> Callable[[], asyncio.BaseProtocol]:
    """Makes the protocol of a connection to listener *name*."""
    return lambda: Connection(bridge, connections, is_tls=is_tls)


class Connection(Talker):
    """One client."""

    def __init__(self, bridge: Bridge, connections: Connections, *, is_tls: bool) -> None:
        super().__init__(bridge, connections, is_tls=is_tls)
        self.session: Session | None = None
        self._unsubscribe: Callable[[], None] | None = None
        self._counted_account: int | None = None

    def farewell(self) -> bytes:
        """BYE for a server that goes down."""
        return r.bye("This server is going down; connect again in a minute.")

    # The life of a connection

    async def serve(self) -> None:
        """From greeting to goodbye; the connection's one catch."""
        protocol, ip = "imap", self.ip
        self.session = Session(self.runtime, ip=ip, is_tls=self.is_tls)
        self.session.may_add_account = self.count_account
        refusal = self.connections.enter(protocol, ip)
        try:
            if refusal is not None:
                self.transport.write(r.bye(refusal))
                return
            self.transport.write(self.session.greeting())
            await self.talk(self.session)
        except (Gone, OSError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 - a fault of ours ends this connection and no other
            self.runtime.log.error("imap session failed", ip=ip, error=f"{type(error).__name__}: {error}")
            with contextlib.suppress(Exception):
                self.write(r.bye("Something went wrong here; connect again."))
        finally:
            if refusal is None:
                self.connections.leave(protocol, ip)
            self.forget_account()
            if not self.is_gone:
                self.transport.close()

    async def talk(self, session: Session) -> None:
        """Commands until the end."""
        while not session.is_over:
            event = self.framer.next()
            if isinstance(event, NeedMore):
                await self.more(session)
                if session.watch is not None and not self.framer.pending_bytes:
                    await self.drive(notify.pushed(session))
            elif isinstance(event, FrameError):
                await self.send(r.tagged(event.tag, "BAD", event.text) if event.tag else b"" + r.bye(event.text))
                return
            elif isinstance(event, LiteralWanted):
                await self.literal(session, event)
            elif isinstance(event, Frame):
                await self.command(session, event)
            if session.bad_commands > MAX_BAD_COMMANDS:
                await self.send(r.bye("Too many wrong commands."))
                return

    async def more(self, session: Session) -> None:
        """Wait for input, no longer than the settings say; say goodbye when the server goes down. Raises Gone."""
        limit = LOGIN_SECONDS if session.state is State.NOT_AUTHENTICATED else float(self.runtime.settings.get("imap.timeout"))
        if not await self.wait(limit):
            await self.send(r.bye("Nothing came for too long."))
            raise Gone

    # Commands

    async def command(self, session: Session, frame: Frame) -> None:
        """One whole command."""
        if frame.segments == (b"",):
            return
        try:
            command = parse_command(frame, session.spelling)
        except ImapSyntaxError as error:
            session.bad_commands += 1
            await self.send(r.tagged(error.tag, error.status, error.detail, error.code) if error.tag else r.untagged("BAD", error.detail))
            return
        await self.check_account(session)
        if isinstance(command, c.Login) and session.state is State.NOT_AUTHENTICATED and session.may_login:
            await self.sign_in(session, command, command.user, command.password)
        elif isinstance(command, c.Authenticate) and session.state is State.NOT_AUTHENTICATED:
            await self.authenticate(session, command)
        elif isinstance(command, c.Idle) and session.state in (State.AUTHENTICATED, State.SELECTED):
            await self.idle(session, command)
        else:
            await self.drive(session.run(command))
            if session.wants_tls:
                session.wants_tls = False
                await self.upgrade()
                session.is_tls = True
            if session.wants_deflate and self.deflate is None:
                self.compress()
            if session.account is None:
                self.forget_account()
                self.framer.limits = BEFORE_LOGIN

    async def drive(self, steps: Asking[Any]) -> None:
        """Carry out what a handler asks for, in order."""
        answer: Any = None
        error: BaseException | None = None
        while True:
            try:
                step = steps.throw(error) if error is not None else steps.send(answer)
            except StopIteration:
                return
            answer, error = None, None
            try:
                if isinstance(step, bytes):
                    await self.send(step)
                elif isinstance(step, Read):
                    answer = await self.bridge.read(step.fn)
                elif isinstance(step, Write):
                    answer = await self.bridge.write(step.fn)
                elif isinstance(step, LongRead):
                    answer = await self.bridge.long_read(step.fn)
                elif isinstance(step, Compute):
                    answer = await self.bridge.cpu(step.call)
                elif isinstance(step, Pause):
                    await asyncio.sleep(step.seconds)
            except MailError as failed:
                error = failed

    async def literal(self, session: Session, wanted: LiteralWanted) -> None:
        """A literal is announced: keep it, stream it into the store (APPEND), or refuse it."""
        command: c.Command | None = None
        if session.state is not State.NOT_AUTHENTICATED:
            with contextlib.suppress(ImapSyntaxError):
                command = parse_command(wanted.frame, session.spelling)
        if isinstance(command, c.Append) and len(command.messages) == 1:
            await self.append(session, command, wanted)
            return
        if wanted.fits:
            if wanted.is_sync:
                await self.send(r.continuation("Go ahead."))
            self.framer.accept()
            return
        tag = getattr(command, "tag", None) or tag_of(wanted)
        self.framer.refuse()
        session.bad_commands += 1
        await self.send(r.tagged(tag, "NO" if tag != "*" else "BAD", "The literal is too long.", "TOOBIG"))

    async def append(self, session: Session, command: c.Append, wanted: LiteralWanted) -> None:
        """APPEND: judge each message by its head, then stream it into the blob spool; none is kept unless all came. RFC 3502."""
        await self.check_account(session)
        spools: list[Spool] = []
        try:
            event: Event = wanted
            while isinstance(event, LiteralWanted):
                command = appended(event, command, session.spelling)
                await self.drive(append.refusal(session, command, event.size, sum(spool.size for spool in spools)))
                if event.is_sync:
                    await self.send(r.continuation("Send the message."))
                self.framer.stream()
                spools.append(self.runtime.store.blobs.spool())
                event = await self.streamed(session, spools[-1])
            if isinstance(event, Frame) and event.segments[-1] != (b")" if command.messages[-1].is_utf8 else b""):
                raise ImapSyntaxError(command.tag, "Something stands behind the message.")
            if isinstance(event, Frame):
                await self.drive(append.store(session, command, spools))
                spools = []
        except MailError as error:
            if self.framer.waits_for_decision:
                self.framer.refuse()
            answer = refusal_for(error)
            session.bad_commands += answer.status == "BAD"
            await self.send(r.tagged(command.tag, answer.status, error.detail, answer.code))
        finally:
            for spool in spools:
                spool.abort()

    async def streamed(self, session: Session, spool: Spool) -> Event:
        """Write the announced literal into *spool*; what comes behind it. Raises MailError after its last byte when it cannot be kept, Gone."""
        trouble: MailError | None = None
        while True:
            event = self.framer.next()
            if isinstance(event, LiteralChunk):
                try:
                    if trouble is None:
                        spool.write(event.data)
                except MailError as error:
                    trouble = error
            elif isinstance(event, NeedMore):
                self.acknowledge_now()
                await self.more(session)
            elif trouble is not None:
                raise trouble
            else:
                return event

    # Signing in

    async def authenticate(self, session: Session, command: c.Authenticate) -> None:
        """AUTHENTICATE PLAIN and LOGIN. RFC 3501 §6.2.2, RFC 4959."""
        kind = {"PLAIN": sasl.Plain, "LOGIN": sasl.Login}.get(command.mechanism.upper())
        if not session.may_login:
            await self.send(r.tagged(command.tag, "NO", "Start TLS first: a password is not taken in the clear.", "PRIVACYREQUIRED"))
            return
        if kind is None:
            await self.send(r.tagged(command.tag, "NO", "This mechanism is not offered."))
            return
        machine: sasl.SaslServer = kind()
        try:
            step = machine.start(sasl.decode_initial(command.initial) if command.initial is not None else None)
            while isinstance(step, sasl.Challenge):
                await self.send(r.challenge(bytes(step)))
                step = machine.receive(sasl.decode_response(await self.line(session)))
        except MailError as error:
            session.bad_commands += 1
            await self.send(r.tagged(command.tag, "BAD", error.detail))
            return
        if step.authzid and step.authzid != step.authcid:
            await self.send(r.tagged(command.tag, "NO", "Acting for another person is not offered.", "AUTHORIZATIONFAILED"))
            return
        await self.sign_in(session, command, step.authcid, step.secret)

    async def line(self, session: Session) -> bytes:
        """The next line that is not a command. Raises Gone."""
        while True:
            event = self.framer.next_line()
            if isinstance(event, Line):
                return event.data
            if isinstance(event, FrameError):
                await self.send(r.bye(event.text))
                raise Gone
            await self.more(session)

    async def sign_in(self, session: Session, command: c.Command, user: str, password: Secret) -> None:
        """Ask the doorkeeper."""
        attempt = Attempt(login=user, password=password, protocol="imap", ip=session.ip, is_tls=session.is_tls, agent=session.program)
        try:
            found = await self.admitted(attempt)
            await self.drive(enter.admit(session, command, found))
        except MailError as error:
            answer = refusal_for(error)
            await self.send(r.tagged(command.tag, answer.status, error.detail, answer.code))
            if self.is_over:
                await self.send(r.bye("Too many wrong passwords."))
                session.is_over = True
            return
        self.framer.limits = AFTER_LOGIN
        self._unsubscribe = self.runtime.bus.subscribe(found.id, self.hint)

    def count_account(self, account_id: int) -> bool:
        """Count this connection for its account; False when there are too many."""
        limit = int(self.runtime.settings.get("imap.max_connections_per_account"))
        if not self.connections.enter_account("imap", account_id, limit):
            return False
        self._counted_account = account_id
        return True

    def forget_account(self) -> None:
        """The session is nobody's any more."""
        if self._unsubscribe is not None:
            self._unsubscribe()
            self._unsubscribe = None
        if self._counted_account is not None:
            self.connections.leave_account("imap", self._counted_account)
            self._counted_account = None

    def hint(self, account_id: int, mailbox_id: int) -> None:
        """Something changed in the account; only IDLE listens for it."""
        session = self.session
        if session is not None and (session.watch is not None or session.view is None or mailbox_id in (session.view.mailbox_id, 0)):
            self.wake()

    # IDLE and STARTTLS

    async def idle(self, session: Session, command: c.Idle) -> None:
        """IDLE: tell news as it comes until DONE. RFC 2177."""
        view = session.view
        stop = self.runtime.bus.subscribe(view.account_id, self.hint) if view is not None and not view.is_own else lambda: None
        try:
            await self.wait_for_done(session, command)
        finally:
            stop()

    async def wait_for_done(self, session: Session, command: c.Idle) -> None:
        """IDLE until DONE, the end of the session or its time."""
        await self.send(r.continuation("Waiting."))
        loop = asyncio.get_running_loop()
        deadline = loop.time() + float(self.runtime.settings.get("imap.timeout"))
        while True:
            await self.drive(session.news())
            if session.is_over:
                return
            event = self.framer.next_line()
            if isinstance(event, Line):
                break
            if isinstance(event, FrameError):
                raise Gone
            if not await self.wait(min(CHECK_SECONDS, deadline - loop.time())):
                if loop.time() >= deadline:
                    await self.send(r.bye("Nothing came for too long."))
                    raise Gone
                await self.check_account(session)
        if event.data.strip().upper() == b"DONE":
            await self.drive(session.done(command))
        else:
            session.bad_commands += 1
            await self.send(r.tagged(command.tag, "BAD", "DONE was expected."))

    async def check_account(self, session: Session) -> None:
        """End the session of an account that was disabled or removed."""
        if session.account is not None and not await self.may_stay(session.account.id):
            await self.send(r.bye("This account was switched off."))
            raise Gone


def appended(wanted: LiteralWanted, command: c.Append, spelling: Spelling) -> c.Append:
    """The APPEND so far, the announced message its last. Raises ImapSyntaxError."""
    found = parse_command(wanted.frame, spelling)
    if not isinstance(found, c.Append):
        raise ImapSyntaxError(command.tag, "Something stands behind the message.")
    return found


def tag_of(wanted: LiteralWanted) -> str:
    """The tag of a command that is cut short, "*" when it has none."""
    first = wanted.segments[0] if wanted.segments else b""
    word = first.split(b" ", 1)[0] if isinstance(first, bytes) else b""
    return word.decode("ascii") if word.isalnum() else "*"
