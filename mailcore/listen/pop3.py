"""POP3 connections: one task each, the maildrop's lock held by a lease, deletions only at QUIT.

A cut connection deletes nothing: the UPDATE state is entered by QUIT alone (RFC 1939 §6).
"""

import asyncio
import contextlib
from collections.abc import Callable
from typing import Any

from mailcore.auth.login import Attempt, is_loopback
from mailcore.base.clock import SECOND
from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.listen.bridge import Bridge
from mailcore.listen.connection import Gone, Talker
from mailcore.listen.limits import Connections
from mailcore.policy import ranges
from mailcore.sessions import pop3
from mailcore.store import access
from mailcore.wire import sasl
from mailcore.wire.imap.framing import FrameError, Line
from mailcore.wire.pop3 import commands as c
from mailcore.wire.pop3 import responses as r
from mailcore.wire.pop3.codes import code_for
from mailcore.wire.pop3.states import ALLOWED, Offer, State, capabilities
from mailcore.wire.smtp.data import DotStuffer

MAX_BAD_COMMANDS = 50
CHUNK_BYTES = 256 * 1024
NO_SUCH = "There is no such message."


def factory(bridge: Bridge, connections: Connections, *, name: str, is_tls: bool) -> Callable[[], asyncio.BaseProtocol]:
    """Makes the protocol of a connection to listener *name*."""
    return lambda: Connection(bridge, connections, is_tls=is_tls)


class Connection(Talker):
    """One client."""

    def __init__(self, bridge: Bridge, connections: Connections, *, is_tls: bool) -> None:
        super().__init__(bridge, connections, is_tls=is_tls)
        self.state = State.AUTHORIZATION
        self.drop: pop3.Maildrop | None = None
        self.user = ""
        self.bad_commands = 0
        self.fetched: list[int] = []
        self.owner = ""
        self.locked: int | None = None
        self.keeper: asyncio.Task[None] | None = None

    def farewell(self) -> bytes:
        """For a server that goes down."""
        return r.err("This server is going down; connect again in a minute.", "SYS/TEMP")

    @property
    def actor(self) -> str:
        """Who writes, for the change log."""
        return f"pop3:{self.ip}"

    @property
    def may_login(self) -> bool:
        """Whether a password is taken: under TLS or from real loopback."""
        return self.is_tls or is_loopback(self.ip) or ranges.may_show_password(self.runtime, self.ip)

    async def serve(self) -> None:
        """From greeting to goodbye; the connection's one catch."""
        self.owner = self.runtime.new_trace_id()
        refusal = self.connections.enter("pop3", self.ip)
        try:
            if refusal is not None:
                self.transport.write(r.err(refusal, "SYS/TEMP"))
                return
            self.transport.write(r.ok("Roost is ready."))
            while not self.is_over:
                await self.command(await self.line())
        except (Gone, OSError, asyncio.CancelledError):
            pass
        except Exception as error:  # noqa: BLE001 - a fault of ours ends this connection and no other
            self.runtime.log.error("pop3 session failed", ip=self.ip, error=f"{type(error).__name__}: {error}")
            with contextlib.suppress(Exception):
                self.transport.write(r.err("Something went wrong here; try again later.", "SYS/TEMP"))
        finally:
            if refusal is None:
                self.connections.leave("pop3", self.ip)
            self.unlock()
            if not self.is_gone:
                self.transport.close()

    async def line(self) -> bytes:
        """The next line. Raises Gone when nothing comes for too long."""
        while True:
            event = self.framer.next_line()
            if isinstance(event, Line):
                return event.data
            if isinstance(event, FrameError):
                await self.send(r.err("The line is too long."))
                raise Gone
            if not await self.wait(float(self.runtime.settings.get("pop3.timeout"))):
                raise Gone  # RFC 1939 §3: no UPDATE, no answer

    async def command(self, line: bytes) -> None:
        """One command."""
        try:
            command = c.parse_command(line)
            if type(command) not in ALLOWED[self.state]:
                raise c.Pop3SyntaxError("Not now: sign in first." if self.state is State.AUTHORIZATION else "Not after signing in.")
            if self.drop is not None and not await self.may_stay(self.drop.account.id):
                await self.send(r.err("This account was switched off.", "AUTH"))
                raise Gone
            await HANDLERS[type(command)](self, command)
        except c.Pop3SyntaxError as error:
            self.bad_commands += 1
            await self.send(r.err(error.detail))
            self.is_over = self.is_over or self.bad_commands > MAX_BAD_COMMANDS
        except MailError as error:
            await self.send(r.err(error.detail, code_for(error)))

    # The lock

    async def lock(self, account_id: int) -> None:
        """Take the account's one POP3 lock, or renew it. Raises MailError(IN_USE)."""
        now = self.runtime.clock.micros()
        until = now + pop3.LEASE_SECONDS * SECOND
        self.locked = account_id
        if not await self.bridge.write(lambda tx: access.take_pop3_lock(tx, account_id, self.owner, now, until)):
            self.locked = None
            raise MailError(Reason.IN_USE, "Another program is fetching this mailbox by POP3.")

    async def keep_lock(self, account_id: int) -> None:
        """Renew the lease for as long as the session lives, whatever it does; a session that has lost it ends and deletes nothing."""
        while True:
            await asyncio.sleep(pop3.LEASE_SECONDS / 3)
            try:
                await self.lock(account_id)
            except MailError as error:
                if error.reason is Reason.IN_USE:
                    self.is_gone = True
                    self.transport.abort()
                    self.wake()
                    return
                self.locked = account_id  # the store is busy: the lease lasts for two more tries

    def unlock(self) -> None:
        """Give the lock back."""
        if self.keeper is not None:
            self.keeper.cancel()
            self.keeper = None
        self.drop = None
        account_id, self.locked = self.locked, None
        if account_id is not None:
            with contextlib.suppress(MailError):
                self.runtime.store.submit(lambda tx: access.free_pop3_lock(tx, account_id, self.owner))

    # Signing in

    async def sign_in(self, user: str, password: Secret) -> None:
        """Ask the doorkeeper, take the lock, take the picture."""
        attempt = Attempt(login=user, password=password, protocol="pop3", ip=self.ip, is_tls=self.is_tls)
        found = await self.admitted(attempt)
        await self.lock(found.id)
        try:
            self.drop = await self.bridge.long_read(lambda tx: pop3.open_maildrop(tx, found))
        except BaseException:
            self.unlock()
            raise
        self.keeper = asyncio.get_running_loop().create_task(self.keep_lock(found.id))
        self.state = State.TRANSACTION
        self.runtime.counts.add("sign_ins")
        await self.send(r.ok(f"{len(self.drop.entries)} messages."))

    async def user_name(self, command: c.User) -> None:
        self.need_tls()
        self.user = command.name
        await self.send(r.ok("And the password?"))

    async def password(self, command: c.Pass) -> None:
        self.need_tls()
        if not self.user:
            raise c.Pop3SyntaxError("USER first.")
        user, self.user = self.user, ""
        await self.sign_in(user, command.password)

    def need_tls(self) -> None:
        """Raises MailError where a password may not be taken."""
        if not self.may_login:
            raise MailError(Reason.TLS_REQUIRED, "Start TLS first: a password is not taken in the clear.")

    async def auth(self, command: c.Auth) -> None:
        if command.mechanism is None:
            await self.send(r.many("", ["PLAIN", "LOGIN"] if self.may_login else []))
            return
        self.need_tls()
        kind = {"PLAIN": sasl.Plain, "LOGIN": sasl.Login}.get(command.mechanism.upper())
        if kind is None:
            raise c.Pop3SyntaxError("This mechanism is not offered.")
        machine: sasl.SaslServer = kind()
        step = machine.start(sasl.decode_initial(command.initial) if command.initial is not None else None)
        while isinstance(step, sasl.Challenge):
            await self.send(r.challenge(bytes(step)))
            step = machine.receive(sasl.decode_response(await self.line()))
        if step.authzid and step.authzid != step.authcid:
            raise MailError(Reason.AUTH_FAILED, "Acting for another person is not offered.")
        await self.sign_in(step.authcid, step.secret)

    async def stls(self, command: c.Stls) -> None:
        if self.is_tls:
            raise c.Pop3SyntaxError("TLS is on already.")
        await self.send(r.ok("Begin the handshake."))
        self.user = ""
        await self.upgrade()

    async def capa(self, command: c.Capa) -> None:
        offer = Offer(is_tls=self.is_tls, can_starttls=True, can_login=self.may_login, mechanisms=("PLAIN", "LOGIN"))
        await self.send(r.many("", capabilities(self.state, offer)))

    async def utf8(self, command: c.Utf8) -> None:
        await self.send(r.ok("UTF-8 is welcome."))

    # The maildrop

    def entry(self, number: int) -> pop3.Entry:
        """Message *number*. Raises MailError(NOT_FOUND)."""
        assert self.drop is not None
        found = self.drop.entry(number)
        if found is None:
            raise MailError(Reason.NOT_FOUND, NO_SUCH)
        return found

    async def stat(self, command: c.Stat) -> None:
        assert self.drop is not None
        left = self.drop.left()
        await self.send(r.stat(len(left), sum(e.size for _, e in left)))

    async def list_(self, command: c.List) -> None:
        assert self.drop is not None
        if command.number is not None:
            await self.send(r.list_one(command.number, self.entry(command.number).size))
        else:
            await self.send(r.list_all((n, e.size) for n, e in self.drop.left()))

    async def uidl(self, command: c.Uidl) -> None:
        drop = self.drop
        assert drop is not None
        if command.number is not None:
            await self.send(r.uidl_one(command.number, drop.unique_id(self.entry(command.number))))
        else:
            await self.send(r.uidl_all((n, drop.unique_id(e)) for n, e in drop.left()))

    async def retr(self, command: c.Retr) -> None:
        entry, drop = self.entry(command.number), self.drop
        assert drop is not None
        data = await self.bridge.store(lambda: pop3.content(self.runtime, drop, entry))
        if data is None:
            raise MailError(Reason.NOT_FOUND, "Another program has removed this message.")
        self.fetched.append(entry.uid)
        await self.stuffed(f"{len(data)} octets", data)

    async def top(self, command: c.Top) -> None:
        entry, drop = self.entry(command.number), self.drop
        assert drop is not None
        data = await self.bridge.store(lambda: pop3.content(self.runtime, drop, entry))
        if data is None:
            raise MailError(Reason.NOT_FOUND, "Another program has removed this message.")
        await self.stuffed("", r.top(data, command.lines))

    async def stuffed(self, text: str, data: bytes) -> None:
        """A multi-line answer of a message, byte-stuffed. RFC 1939 §3."""
        stuffer = DotStuffer()
        await self.send(r.ok(text))
        for start in range(0, len(data), CHUNK_BYTES):
            await self.send(stuffer.feed(data[start : start + CHUNK_BYTES]))
        await self.send(stuffer.end())

    async def dele(self, command: c.Dele) -> None:
        assert self.drop is not None
        self.entry(command.number)
        self.drop.deleted.add(command.number)
        await self.send(r.ok("Marked; it goes at QUIT."))

    async def noop(self, command: c.Noop) -> None:
        await self.send(r.ok())

    async def rset(self, command: c.Rset) -> None:
        assert self.drop is not None
        self.drop.deleted.clear()
        await self.send(r.ok("Nothing is marked."))

    async def quit(self, command: c.Quit) -> None:
        """QUIT: in TRANSACTION the UPDATE state. RFC 1939 §6."""
        self.is_over = True
        drop = self.drop
        if drop is not None:
            now, get, account = self.runtime.clock.micros(), self.runtime.settings.get, drop.account
            scope = {"account_id": account.id, "domain_id": account.domain_id}
            action, marks = str(get("pop3.delete_action", **scope)), bool(get("pop3.marks_seen", **scope))

            def update(tx: Any) -> int:
                chosen = pop3.chosen(tx, drop, now) if action == "auto" else action
                if marks and self.fetched:
                    pop3.mark_seen(tx, drop, self.fetched, self.actor, now)
                return pop3.update(tx, drop, chosen, self.actor, now)

            try:
                await self.bridge.write(update)
            except MailError:
                await self.send(r.err("Some messages could not be removed; they are still here.", "SYS/TEMP"))
                return
        await self.send(r.ok("Goodbye."))


HANDLERS: dict[type[c.Command], Callable[[Connection, Any], Any]] = {
    c.User: Connection.user_name, c.Pass: Connection.password, c.Auth: Connection.auth, c.Stls: Connection.stls, c.Capa: Connection.capa,
    c.Utf8: Connection.utf8, c.Stat: Connection.stat, c.List: Connection.list_, c.Uidl: Connection.uidl, c.Retr: Connection.retr, c.Top: Connection.top,
    c.Dele: Connection.dele, c.Noop: Connection.noop, c.Rset: Connection.rset, c.Quit: Connection.quit,
}  # fmt: skip
"""One handler for every command the wire knows."""
