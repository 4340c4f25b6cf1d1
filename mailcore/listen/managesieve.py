"""ManageSieve connections (RFC 5804): one task each, IMAP's framing underneath, every literal without waiting.

A literal that waits for an invitation is no ManageSieve; the connection ends, because what follows could be a script's text
and must not be read as commands.
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from mailcore.auth.login import Attempt, is_loopback
from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.listen.bridge import Bridge
from mailcore.listen.connection import Gone, Talker
from mailcore.listen.limits import Connections
from mailcore.policy import ranges
from mailcore.sessions import managesieve
from mailcore.store import scripts
from mailcore.store.accounts import Account
from mailcore.wire import sasl
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.framing import Frame, FrameError, LiteralWanted, NeedMore
from mailcore.wire.imap.lexer import Cursor
from mailcore.wire.managesieve import commands as c
from mailcore.wire.managesieve import responses as r
from mailcore.wire.managesieve.states import ALLOWED, State

LOGIN_SECONDS = 60.0
"""How long a connection may stay without signing in."""
MAX_BAD_COMMANDS = 50


def factory(bridge: Bridge, connections: Connections, *, name: str, is_tls: bool) -> Callable[[], asyncio.BaseProtocol]:
    """Makes the protocol of a connection to listener *name*."""
    return lambda: Connection(bridge, connections, is_tls=is_tls)


class Connection(Talker):
    """One client."""

    def __init__(self, bridge: Bridge, connections: Connections, *, is_tls: bool) -> None:
        super().__init__(bridge, connections, is_tls=is_tls)
        self.framer.limits = c.BEFORE_LOGIN
        self.account: Account | None = None
        self.bad_commands = 0

    def farewell(self) -> bytes:
        """For a server that goes down."""
        return r.status("BYE", "This server is going down; connect again in a minute.", "TRYLATER")

    @property
    def state(self) -> State:
        """RFC 5804 §1.4."""
        return State.NOT_AUTHENTICATED if self.account is None else State.AUTHENTICATED

    @property
    def may_login(self) -> bool:
        """Whether a password is taken: under TLS or from real loopback."""
        return self.is_tls or is_loopback(self.ip) or ranges.may_show_password(self.runtime, self.ip)

    @property
    def person(self) -> Account:
        """Who has signed in; the state table lets nobody else come this far."""
        assert self.account is not None
        return self.account

    async def serve(self) -> None:
        """From greeting to goodbye; the connection's one catch."""
        refusal = self.connections.enter("sieve", self.ip)
        try:
            if refusal is not None:
                self.transport.write(r.status("BYE", refusal, "TRYLATER"))
                return
            await self.greet("Roost is ready.")
            while not self.is_over:
                await self.next()
        except (Gone, OSError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 - a fault of ours ends this connection and no other
            self.runtime.log.error("managesieve session failed", ip=self.ip, error=f"{type(error).__name__}: {error}")
            with contextlib.suppress(Exception):
                self.transport.write(r.status("BYE", "Something went wrong here; try again later.", "TRYLATER"))
        finally:
            if refusal is None:
                self.connections.leave("sieve", self.ip)
            if not self.is_gone:
                self.transport.close()

    async def greet(self, text: str) -> None:
        """The capabilities and OK, as at the start and after TLS. RFC 5804 §1.7, §2.2."""
        owner = self.account.address if self.account is not None else ""
        lines = managesieve.capabilities(self.runtime, is_tls=self.is_tls, may_login=self.may_login, owner=owner)
        await self.send(r.capability(lines) + r.status("OK", text))

    async def frame(self) -> Frame | None:
        """The next whole command; None when its literal was refused and answered. Raises Gone."""
        while True:
            event = self.framer.next()
            if isinstance(event, Frame):
                return event
            if isinstance(event, FrameError):
                await self.end(event.text)
            elif isinstance(event, NeedMore):
                limit = LOGIN_SECONDS if self.account is None else float(self.runtime.settings.get("sieve.timeout"))
                if not await self.wait(limit):
                    await self.end("Nothing came for too long.")
            elif isinstance(event, LiteralWanted):
                if event.is_sync:
                    await self.end("A literal is announced as {n+} here.")
                if not event.fits:
                    self.framer.refuse()
                    self.bad_commands += 1
                    await self.send(r.status("NO", "This is too long.", "QUOTA/MAXSIZE"))
                    return None
                self.framer.accept()

    async def end(self, text: str) -> None:
        """Say BYE. Raises Gone."""
        await self.send(r.status("BYE", text))
        raise Gone

    async def next(self) -> None:
        """One command."""
        frame = await self.frame()
        if frame is None or frame.segments == (b"",):
            return
        try:
            command = c.parse_command(frame)
            if type(command) not in ALLOWED[self.state]:
                raise c.SieveProtocolError("Sign in first." if self.account is None else "Not after signing in.")
            if self.account is not None and not await self.may_stay(self.account.id):
                await self.end("This account was switched off.")
            await HANDLERS[type(command)](self, command)
        except c.SieveProtocolError as error:
            self.bad_commands += 1
            await self.send(r.status("NO", error.detail))
        except MailError as error:
            await self.send(r.status("NO", error.detail, r.code_for(error)))
        if self.bad_commands > MAX_BAD_COMMANDS:
            await self.end("Too many wrong commands.")

    # Signing in

    async def authenticate(self, command: c.Authenticate) -> None:
        """AUTHENTICATE. RFC 5804 §2.1."""
        if not self.may_login:
            raise MailError(Reason.TLS_REQUIRED, "Start TLS first: a password is not taken in the clear.")
        kind = {"PLAIN": sasl.Plain, "LOGIN": sasl.Login}.get(command.mechanism)
        if kind is None:
            raise c.SieveProtocolError("This mechanism is not offered.")
        machine: sasl.SaslServer = kind()
        step = machine.start(sasl.decode_initial(command.initial) if command.initial is not None else None)
        while isinstance(step, sasl.Challenge):
            await self.send(r.challenge(bytes(step)))
            step = machine.receive(sasl.decode_response(await self.answer()))
        if step.authzid and step.authzid != step.authcid:
            raise MailError(Reason.AUTH_FAILED, "Acting for another person is not offered.")
        await self.sign_in(step.authcid, step.secret)

    async def answer(self) -> bytes:
        """The client's answer to a challenge: one string. Raises SieveProtocolError."""
        frame = await self.frame()
        if frame is None:
            raise Gone
        try:
            cursor = Cursor(frame)
            found = cursor.string()
            cursor.end()
        except ImapSyntaxError as error:
            raise c.SieveProtocolError(error.detail) from None
        return found

    async def sign_in(self, user: str, password: Secret) -> None:
        """Ask the doorkeeper."""
        attempt = Attempt(login=user, password=password, protocol="sieve", ip=self.ip, is_tls=self.is_tls)
        self.account = await self.admitted(attempt)
        self.framer.limits = c.AFTER_LOGIN
        self.runtime.counts.add("sign_ins")
        await self.send(r.status("OK", "Welcome."))

    async def unauthenticate(self, command: c.Unauthenticate) -> None:
        self.account = None
        self.framer.limits = c.BEFORE_LOGIN
        await self.send(r.status("OK", "Nobody is signed in."))

    async def starttls(self, command: c.StartTls) -> None:
        if self.is_tls:
            raise c.SieveProtocolError("TLS is on already.")
        await self.send(r.status("OK", "Begin the handshake."))
        await self.upgrade()
        await self.greet("TLS is on.")

    # Scripts

    async def capability(self, command: c.Capability) -> None:
        await self.greet("")

    async def havespace(self, command: c.HaveSpace) -> None:
        account, limits = self.person, managesieve.space(self.runtime, self.person)
        await self.bridge.read(lambda tx: managesieve.has_space(tx, account.id, limits, command.name, command.size_bytes))
        await self.send(r.status("OK", "There is room."))

    async def putscript(self, command: c.PutScript) -> None:
        account, limits, now = self.person, managesieve.space(self.runtime, self.person), self.runtime.clock.micros()
        await self.bridge.read(lambda tx: managesieve.has_space(tx, account.id, limits, command.name, len(command.script)))
        content = await self.bridge.cpu(lambda: managesieve.check(command.script))
        await self.bridge.write(lambda tx: managesieve.put(tx, account.id, limits, command.name, content, now))
        await self.send(r.status("OK", "Stored."))

    async def checkscript(self, command: c.CheckScript) -> None:
        limits = managesieve.space(self.runtime, self.person)
        if len(command.script) > limits.script_bytes:
            raise MailError(Reason.TOO_BIG, f"A script has at most {limits.script_bytes} bytes.")
        await self.bridge.cpu(lambda: managesieve.check(command.script))
        await self.send(r.status("OK", "This is Sieve."))

    async def listscripts(self, command: c.ListScripts) -> None:
        account = self.person
        found = await self.bridge.read(lambda tx: scripts.list_all(tx, account.id))
        await self.send(r.scripts((one.name, one.is_active) for one in found) + r.status("OK"))

    async def getscript(self, command: c.GetScript) -> None:
        account = self.person
        content = await self.bridge.read(lambda tx: managesieve.content_of(tx, account.id, command.name))
        await self.send(r.script(content) + r.status("OK"))

    async def setactive(self, command: c.SetActive) -> None:
        account, now = self.person, self.runtime.clock.micros()
        await self.bridge.write(lambda tx: scripts.activate(tx, account.id, command.name, now))
        await self.send(r.status("OK", "It filters what comes from now on." if command.name else "No script is active."))

    async def deletescript(self, command: c.DeleteScript) -> None:
        account, now = self.person, self.runtime.clock.micros()
        await self.bridge.write(lambda tx: scripts.remove(tx, account.id, command.name, now))
        await self.send(r.status("OK", "Removed."))

    async def renamescript(self, command: c.RenameScript) -> None:
        account, now = self.person, self.runtime.clock.micros()
        await self.bridge.write(lambda tx: scripts.rename(tx, account.id, command.name, command.target, now))
        await self.send(r.status("OK", "Renamed."))

    async def noop(self, command: c.Noop) -> None:
        await self.send(r.status("OK", "Done.", "TAG" if command.tag is not None else "", command.tag))

    async def logout(self, command: c.Logout) -> None:
        self.is_over = True
        await self.send(r.status("OK", "Goodbye."))


HANDLERS: dict[type[c.Command], Callable[[Connection, Any], Any]] = {
    c.Authenticate: Connection.authenticate, c.StartTls: Connection.starttls, c.Logout: Connection.logout, c.Capability: Connection.capability,
    c.HaveSpace: Connection.havespace, c.PutScript: Connection.putscript, c.ListScripts: Connection.listscripts, c.SetActive: Connection.setactive,
    c.GetScript: Connection.getscript, c.DeleteScript: Connection.deletescript, c.RenameScript: Connection.renamescript,
    c.CheckScript: Connection.checkscript, c.Noop: Connection.noop, c.Unauthenticate: Connection.unauthenticate,
}  # fmt: skip
"""One handler for every command the wire knows."""
