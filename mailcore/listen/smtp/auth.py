"""AUTH: the exchange by the wire's SASL machines, the judgement by the doorkeeper, in the CPU pool when it must hash."""

import asyncio
from typing import TYPE_CHECKING

from mailcore.auth.login import Attempt
from mailcore.base.errors import MailError, Reason
from mailcore.listen.smtp.mail_rcpt import may_sign_in
from mailcore.store.accounts import Account
from mailcore.wire import sasl
from mailcore.wire.smtp import commands as c
from mailcore.wire.smtp.reasons import reply_for
from mailcore.wire.smtp.replies import Reply

if TYPE_CHECKING:
    from mailcore.listen.smtp.session import Session

MAX_FAILURES = 5
"""Wrong passwords on one connection before it is closed."""
PENALTY_SECONDS = 1.0
"""How long the answer to a wrong password waits; loopback does not wait."""
NOT_HERE = Reply.of(503, "5.5.1", "This port takes no sign-ins; use the submission port.")
NEEDS_TLS = Reply.of(538, "5.7.11", "Start TLS first: a password is not taken in the clear.")
NO_MECHANISM = Reply.of(504, "5.5.4", "This mechanism is not offered.")
WELCOME = Reply.of(235, "2.7.0", "Welcome.")
SERVERS = {"PLAIN": sasl.Plain, "LOGIN": sasl.Login}


class Exchange:
    """A sign-in that is being talked over."""

    def __init__(self, session: "Session", machine: sasl.SaslServer) -> None:
        self.session = session
        self.machine = machine

    def receive(self, line: bytes) -> None:
        """The client's next line."""
        try:
            self.step(self.machine.receive(sasl.decode_response(line)))
        except sasl.SaslCancelled:
            self.end(Reply.of(501, "5.7.0", "The sign-in is cancelled."))
        except MailError:
            self.end(Reply.of(501, "5.5.2", "This is not right for the mechanism."))

    def step(self, step: sasl.Step) -> None:
        """Ask on, or judge."""
        session = self.session
        if isinstance(step, sasl.Challenge):
            session.exchange = self
            session.send(Reply(334, "", (bytes(step).decode("ascii"),)))
            return
        session.exchange = None
        if step.authzid and step.authzid != step.authcid:
            session.send(reply_for(MailError(Reason.AUTH_FAILED, "Acting for another person is not offered.")))
            return
        judge(session, step)

    def end(self, reply: Reply) -> None:
        """Give up."""
        self.session.exchange = None
        self.session.send(reply)


def begin(session: "Session", command: c.Auth) -> None:
    """AUTH mechanism [initial-response]. RFC 4954 §4."""
    if not may_sign_in(session):
        session.send(NEEDS_TLS if session.door.is_submission else NOT_HERE)
        return
    kind = SERVERS.get(command.mechanism.upper())
    if kind is None:
        session.send(NO_MECHANISM)
        return
    exchange = Exchange(session, kind())
    try:
        initial = sasl.decode_initial(command.initial) if command.initial is not None else None
        exchange.step(exchange.machine.start(initial))
    except MailError:
        exchange.end(Reply.of(501, "5.5.2", "This is not right for the mechanism."))


def judge(session: "Session", claim: sasl.Credentials) -> None:
    """Ask the doorkeeper."""
    client = session.client
    attempt = Attempt(login=claim.authcid, password=claim.secret, protocol="smtp", ip=client.ip, is_tls=client.is_tls, agent=client.helo)
    keeper = session.door.bridge.doorkeeper
    account = keeper.quick(attempt) if session.door.bridge.is_inline else None
    if account is not None:
        welcome(session, account)
        return

    async def work() -> Account | MailError:
        try:
            return await session.door.bridge.sign_in(attempt)
        except MailError as error:
            if not client.is_near:
                await asyncio.sleep(PENALTY_SECONDS)
            return error

    def then(found: Account | MailError) -> None:
        if isinstance(found, Account):
            welcome(session, found)
            return
        session.send(reply_for(found))
        session.auth_failures += 1
        if session.auth_failures >= MAX_FAILURES or found.reason is Reason.BANNED:
            session._is_closing = True

    session.wait_for(work(), then)


def welcome(session: "Session", account: Account) -> None:
    """The client is this account from now on."""
    session.client.account = account
    session.transaction.authenticated()
    session.door.runtime.counts.add("sign_ins")
    session.send(WELCOME)
