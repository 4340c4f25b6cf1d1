"""CAPABILITY, NOOP, LOGOUT, ID, STARTTLS, LOGIN, ENABLE, UNAUTHENTICATE."""

from typing import TYPE_CHECKING

from mailcore.base.errors import MailError, Reason
from mailcore.sessions.imap.steps import Steps
from mailcore.store.accounts import Account
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.states import State

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

ENABLABLE = {name.upper(): name for name in ("CONDSTORE", "QRESYNC", "IMAP4rev2", "UTF8=ACCEPT")}
ONLY_BEFORE_SELECT = ("IMAP4rev2", "UTF8=ACCEPT")
"""What would change the meaning of a mailbox that is open (RFC 5161 §3.1)."""
PROGRAM_CHARACTERS = 80


def capability(session: "Session", command: c.Capability) -> Steps:
    """CAPABILITY."""
    yield r.capability(session.capabilities())
    yield from session.done(command)


def noop(session: "Session", command: c.Command) -> Steps:
    """NOOP and CHECK: a chance to hear news."""
    yield from session.done(command)


def logout(session: "Session", command: c.Logout) -> Steps:
    """LOGOUT."""
    session.is_over = True
    session.state = State.LOGOUT
    yield r.bye("Goodbye.")
    yield r.tagged(command.tag, "OK", "Done.")


def identify(session: "Session", command: c.Id) -> Steps:
    """ID: what the client is goes into the change log."""
    fields = dict(command.fields)
    name = " ".join(part for part in (fields.get("name"), fields.get("version")) if part)
    session.program = "".join(ch for ch in name if ch.isprintable())[:PROGRAM_CHARACTERS]
    yield r.identity({"name": "Roost", "support-url": None})
    yield from session.done(command)


def starttls(session: "Session", command: c.StartTls) -> Steps:
    """STARTTLS: the listener shakes hands after this answer. RFC 3501 §6.2.1."""
    if session.is_tls:
        raise MailError(Reason.BAD_SEQUENCE, "TLS is on already.")
    session.wants_tls = True
    yield r.tagged(command.tag, "OK", "Begin the handshake.")


def compress(session: "Session", command: c.Compress) -> Steps:
    """COMPRESS DEFLATE: the listener packs everything after this answer. RFC 4978 §3."""
    if session.wants_deflate:
        yield r.tagged(command.tag, "NO", "This connection is compressed already.", "COMPRESSIONACTIVE")
        return
    yield r.tagged(command.tag, "OK", "Compressed from here on.")
    session.wants_deflate = True


def login(session: "Session", command: c.Login) -> Steps:
    """LOGIN is led by the listener, which owns the doorkeeper; this answers only where it is switched off."""
    raise MailError(Reason.TLS_REQUIRED, "Start TLS first: a password is not taken in the clear.")
    yield b""


def admit(session: "Session", command: c.Command, account: Account) -> Steps:
    """The doorkeeper let *account* in."""
    if not session.may_add_account(account.id):
        raise MailError(Reason.TOO_MANY, "This account has too many IMAP connections; close some programs.")
    session.account = account
    session.state = State.AUTHENTICATED
    session.runtime.counts.add("sign_ins")
    yield r.tagged(command.tag, "OK", f"Welcome, {account.address}.", r.capability_code(session.capabilities()))


def enable(session: "Session", command: c.Enable) -> Steps:
    """ENABLE. RFC 5161; QRESYNC brings CONDSTORE with it."""
    wanted = [ENABLABLE[name] for name in command.capabilities if name in ENABLABLE]
    if session.view is not None:
        wanted = [name for name in wanted if name not in ONLY_BEFORE_SELECT]
    session.enabled.update(wanted)
    if "QRESYNC" in wanted:
        session.enabled.add("CONDSTORE")
    yield r.enabled(wanted)
    yield from session.done(command)


def unauthenticate(session: "Session", command: c.Unauthenticate) -> Steps:
    """UNAUTHENTICATE: as before LOGIN. RFC 8437."""
    session.state, session.account, session.view = State.NOT_AUTHENTICATED, None, None
    session.watch = None
    session.enabled.clear()
    yield r.tagged(command.tag, "OK", "Done.")
