"""EHLO, MAIL and RCPT: what is offered, and the policy's word on sender and recipient."""

from typing import TYPE_CHECKING

from mailcore.auth.login import network_of
from mailcore.base.errors import MailError, Reason
from mailcore.directory import resolve
from mailcore.policy import facts, intake, pipeline, ranges
from mailcore.wire.smtp import commands as c
from mailcore.wire.smtp.ehlo import Extensions
from mailcore.wire.smtp.reasons import reply_for
from mailcore.wire.smtp.replies import Reply

if TYPE_CHECKING:
    from mailcore.listen.smtp.session import Session

SENDER_OK = Reply.of(250, "2.1.0", "Sender OK.")
RECIPIENT_OK = Reply.of(250, "2.1.5", "Recipient OK.")
NEEDS_AUTH = Reply.of(530, "5.7.0", "Sign in first: this port takes mail from people with an account.")
NEEDS_TLS = Reply.of(530, "5.7.0", "Start TLS first.")
NO_BINARY = Reply.of(555, "5.5.4", "BINARYMIME is not offered.")
MECHANISMS = ("PLAIN", "LOGIN")


def may_sign_in(session: "Session") -> bool:
    """Whether AUTH is offered: on the submission ports under TLS or from real loopback; on any to a range opened for old devices."""
    client = session.client
    if session.door.is_submission and (client.is_tls or client.is_near):
        return True
    return bool(client.ip) and ranges.may_show_password(session.door.runtime, client.ip)


def greet(session: "Session", command: c.Ehlo) -> None:
    """EHLO or HELO. RFC 5321 §4.1.1.1."""
    session.transaction.accept(command)
    session.mail = None
    client = session.client
    client.helo = command.host
    client.is_extended = session.transaction.is_extended
    host = session.door.runtime.hostname
    if not client.is_extended:
        session.send(Reply.of(250, "", host))
        return
    offered = Extensions(
        size_bytes=intake.largest_limit(session.door.runtime), has_pipelining=True, has_8bitmime=True, has_smtputf8=True,
        has_starttls=not client.is_tls, has_enhanced_codes=True, has_dsn=True, has_chunking=True,
        mechanisms=MECHANISMS if may_sign_in(session) and client.account is None else (),
        recipients_max=int(session.door.runtime.settings.get("smtp.max_recipients")),
    )  # fmt: skip
    session.send(offered.reply(host))


def mail(session: "Session", command: c.Mail) -> None:
    """MAIL FROM."""
    if session.door.is_submission and session.client.account is None:
        session.send(NEEDS_AUTH if may_sign_in(session) else NEEDS_TLS)
        return
    if command.body is c.Body.BINARY_MIME:
        session.send(NO_BINARY)
        return
    made = facts.Mail(
        client=session.client, sender=command.path, size=command.size_bytes or 0, body_kind=command.body.value if command.body else "",
        is_utf8=command.has_smtputf8, envid=command.envid or "", ret=command.ret.value if command.ret else "",
    )  # fmt: skip
    try:
        pipeline.at_sender(session.door.runtime, made)
    except MailError as error:
        session.door.runtime.counts.add("refused")
        refused(session, error, str(command.path))
        return
    session.transaction.accept(command)
    session.mail = made
    session.send(SENDER_OK)


def rcpt(session: "Session", command: c.Rcpt) -> None:
    """RCPT TO: on PostgreSQL the look-up waits in the store pool."""
    try:
        check_rate(session)
    except MailError as error:
        session.door.runtime.counts.add("refused")
        refused(session, error, str(command.path))
        return
    if session.door.bridge.is_inline:
        try:
            taken(session, command, look_up(session, command))
        except MailError as error:
            refused(session, error, str(command.path))
        return

    async def work() -> "facts.Accepted | MailError":
        try:
            return await session.door.bridge.store(lambda: look_up(session, command))
        except MailError as error:
            return error

    def then(found: "facts.Accepted | MailError") -> None:
        if isinstance(found, MailError):
            refused(session, found, str(command.path))
        else:
            taken(session, command, found)

    session.wait_for(work(), then)


def check_rate(session: "Session") -> None:
    """Whether a stranger's address may name one more recipient now; nobody is counted on real loopback. Raises MailError(LIMIT)."""
    client, limit = session.client, int(session.door.runtime.settings.get("smtp.rate"))
    if client.account is None and not client.is_near and not session.door.connections.rates.take(network_of(client.ip), limit, 60):
        raise MailError(Reason.LIMIT, f"Your address may name {limit} recipients in a minute. Try again later.", temporary=True)


def look_up(session: "Session", command: c.Rcpt) -> facts.Accepted:
    """The policy's word on one recipient; a refusal counts for its domain. Raises MailError."""
    assert session.mail is not None
    runtime, address = session.door.runtime, command.path.address
    notify = ",".join(sorted(n.value for n in command.notify)) or "NEVER" if command.notify is not None else ""
    orcpt = str(command.orcpt) if command.orcpt is not None else ""
    try:
        return pipeline.at_recipient(runtime, session.mail, address, notify=notify, orcpt=orcpt)
    except MailError:
        domain = resolve.local_domain(runtime.store.read(), address.domain.lower()) if address else None
        runtime.counts.add("refused", domains=(domain.id,) if domain else ())
        raise


def taken(session: "Session", command: c.Rcpt, found: facts.Accepted) -> None:
    """The recipient is one of the message's."""
    assert session.mail is not None
    session.transaction.accept(command)
    session.mail.recipients.append(found)
    session.send(RECIPIENT_OK)


def refused(session: "Session", error: MailError, who: str) -> None:
    """Answer a refusal, and say it in the log."""
    session.send(reply_for(error))
    if error.reason is not Reason.OVER_QUOTA:
        session.door.runtime.log.info("smtp refused", ip=session.client.ip, who=who, reason=error.reason.value, detail=error.detail)
