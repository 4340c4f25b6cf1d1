"""DATA and BDAT: the message streams into the blob spool; one commit; then `250` with the trace id.

A bare CR or LF refuses the whole message and closes the connection, so that nothing behind it is read as a command. A refused
or oversize message is swallowed to its end, so that the session stays in step.
"""

import contextlib
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

from mailcore.base.errors import MailError, Reason
from mailcore.delivery import accept, sift, submit
from mailcore.delivery.parcel import Parcel
from mailcore.listen.smtp import mail_rcpt
from mailcore.mail.headers import scan_headers
from mailcore.mail.structure import summarise
from mailcore.policy import facts, intake, pipeline
from mailcore.store.blobs import Spool, Staged
from mailcore.wire.smtp import commands as c
from mailcore.wire.smtp.data import BareScanner, DotDecoder
from mailcore.wire.smtp.reasons import reply_for
from mailcore.wire.smtp.replies import Reply

if TYPE_CHECKING:
    from mailcore.listen.smtp.session import Session

INLINE_BYTES = 256 * 1024
"""A message up to this is parsed on the loop; a larger one in the CPU pool."""
GO_AHEAD = Reply.of(354, "", "Send the message; end with a dot on a line of its own.")
CHUNK_OK = Reply.of(250, "2.0.0", "Chunk taken.")


class Incoming:
    """A message that is being received. `take` consumes input and gives back what is not the message's."""

    is_handed_over = False

    def take(self, chunk: bytes) -> bytes:
        """Consume *chunk*; what is left belongs to the next command."""
        raise NotImplementedError

    def abort(self) -> None:
        """The connection is gone."""


class Spooled(Incoming):
    """Bytes on their way into the spool, with the limit and the trouble met so far."""

    def __init__(self, session: "Session") -> None:
        self.session = session
        self.spool: Spool | None = session.door.runtime.store.blobs.spool()
        self.trouble: MailError | None = None
        account = session.client.account
        self.limit = intake.size_limit(session.door.runtime, account.domain_id if account is not None else None)

    def write(self, data: bytes) -> None:
        """Keep *data*, unless there is trouble already."""
        if self.spool is None or not data:
            return
        try:
            if self.spool.size + len(data) > self.limit:
                raise intake.too_big(self.limit)
            self.spool.write(data)
        except MailError as error:
            self.trouble = error
            self.abort()

    def abort(self) -> None:
        if self.spool is not None:
            self.spool.abort()
            self.spool = None

    def refuse(self, error: MailError, *, closes: bool = False) -> None:
        """End the transaction with a refusal."""
        session = self.session
        self.abort()
        if session.mail is not None:
            count_refused(session, session.mail)
        session.end_transaction()
        session.send(reply_for(error))
        session._is_closing = session._is_closing or closes

    def finish(self, scanner: "BareScanner | DotDecoder") -> None:
        """The whole message is here: hand it on, or say why not."""
        if scanner.has_bare_cr or scanner.has_bare_lf:
            self.refuse(MailError(Reason.BARE_LINE_ENDING, "The message has a CR or LF that is not part of CRLF; nothing is stored."), closes=True)
        elif self.trouble is not None or self.spool is None:
            self.refuse(self.trouble or MailError(Reason.STORAGE))
        else:
            self.is_handed_over = True
            hand_on(self.session, self.spool)


class Dotted(Spooled):
    """DATA: until CRLF.CRLF."""

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.decoder = DotDecoder()

    def take(self, chunk: bytes) -> bytes:
        self.write(self.decoder.feed(chunk))
        if not self.decoder.is_done:
            return b""
        rest = self.decoder.rest
        self.session.message = None
        self.finish(self.decoder)
        return rest


class Chunked(Spooled):
    """BDAT: so many octets, until LAST."""

    def __init__(self, session: "Session") -> None:
        super().__init__(session)
        self.scanner = BareScanner()
        self.left = 0
        self.is_last = False

    def expect(self, command: c.Bdat) -> None:
        """The next chunk has so many octets."""
        self.left, self.is_last = command.size_bytes, command.is_last
        if self.left == 0:
            self.chunk_done()

    def take(self, chunk: bytes) -> bytes:
        data, rest = chunk[: self.left], chunk[self.left :]
        self.left -= len(data)
        self.scanner.feed(data)
        self.write(data)
        if self.left == 0:
            self.chunk_done()
        return rest

    def chunk_done(self) -> None:
        """A chunk is complete; the session reads commands again."""
        self.session.message = None
        if self.is_last:
            self.session.chunks = None
            with contextlib.suppress(MailError):  # `finish` below looks at what it found
                self.scanner.finish()
            self.finish(self.scanner)
        elif self.trouble is not None:
            trouble = self.trouble
            self.session.chunks = None
            self.refuse(trouble)
        else:
            self.session.chunks = self
            self.session.send(CHUNK_OK)


class Swallow(Incoming):
    """Octets of a BDAT that may not come: they are read away, then the refusal is sent."""

    def __init__(self, session: "Session", size: int, reply: Reply) -> None:
        self.session, self.left, self.reply = session, size, reply
        if size == 0:
            session.send(reply)

    def take(self, chunk: bytes) -> bytes:
        if self.left == 0:
            self.session.message = None
            return chunk
        rest = chunk[self.left :]
        self.left -= len(chunk) - len(rest)
        if self.left == 0:
            self.session.send(self.reply)
            self.session.message = None
        return rest


def begin(session: "Session", command: c.Data) -> None:
    """DATA."""
    session.message = Dotted(session)
    session.send(GO_AHEAD)


def chunk(session: "Session", command: c.Bdat) -> None:
    """BDAT."""
    current = session.chunks or Chunked(session)
    session.transaction.accept(command)
    session.message = current
    current.expect(command)


def hand_on(session: "Session", spool: Spool) -> None:
    """Parse, judge and commit; the session reads no further command until the reply is decided."""
    mail = session.mail
    assert mail is not None
    try:
        data, staged = staged_of(session, mail, spool)
    except MailError as error:
        session.end_transaction()
        session.send(reply_for(error))
        return
    trace_id = session.door.runtime.new_trace_id()
    mail.until = session.door.runtime.clock.monotonic() + session.door.runtime.settings.get("smtp.judgement")
    is_examined = pipeline.is_examined(session.door.runtime, mail)
    if len(data) <= INLINE_BYTES and session.door.bridge.is_inline and not is_examined and not is_filtered(session, mail):
        try:
            future = judged(session, mail, Parcel(trace_id=trace_id, staged=staged, summary=summarise(data), data=data), data)
        except MailError as error:
            session.end_transaction()
            count_refused(session, mail)
            mail_rcpt.refused(session, error, str(mail.sender))
            return
        waiting: Any = session.door.bridge.done(future)
    else:

        async def work() -> None:
            bridge, runtime = session.door.bridge, session.door.runtime
            kept, place = data, staged
            if is_examined:
                kept = await bridge.network(lambda: pipeline.examine(runtime, mail, data, trace_id))
                place = staged if kept is data else await bridge.store(lambda: runtime.store.blobs.add(kept))
            summary = await bridge.cpu(lambda: summarise(kept))
            parcel = Parcel(trace_id=trace_id, staged=place, summary=summary, data=kept)
            future = await bridge.store(lambda: judged(session, mail, parcel, kept))
            await session.door.bridge.done(future)

        async def counted() -> None:
            try:
                await work()
            except MailError:
                count_refused(session, mail)
                raise

        waiting = counted()
    session.wait_for(waiting, lambda _: stored(session, trace_id))


def count_refused(session: "Session", mail: facts.Mail) -> None:
    """One more refusal, for the server and for the domains it was meant for."""
    session.door.runtime.counts.add("refused", domains=mail.domain_ids)


def staged_of(session: "Session", mail: facts.Mail, spool: Spool) -> tuple[bytes, Staged]:
    """The message and where it lies, without lines that a stranger wrote in our name. Raises MailError."""
    data = spool.contents()
    clean = pipeline.cleaned(session.door.runtime, mail, data)
    if clean is data:
        return data, spool.finish()
    spool.abort()
    return clean, session.door.runtime.store.blobs.add(clean)


def is_filtered(session: "Session", mail: facts.Mail) -> bool:
    """Whether filters will run over the message, which the loop has no time for."""
    runtime = session.door.runtime
    targets = [target for one in mail.recipients if one.recipient is not None for target in one.recipient.local]
    return sift.is_needed(runtime, runtime.store.read(), targets)


def judged(session: "Session", mail: facts.Mail, parcel: Parcel, data: bytes) -> "Future[Any]":
    """Run the message's checks and begin its commit. Raises MailError."""
    runtime = session.door.runtime
    headers = scan_headers(data)
    pipeline.at_message(runtime, mail, parcel.summary.size, headers)
    if mail.is_dropped:
        return accept.drop(runtime, mail, parcel)
    if mail.client.account is not None:
        return submit.from_program(runtime, mail, parcel, data, headers)
    return accept.accept(runtime, mail, parcel)


def stored(session: "Session", trace_id: str) -> None:
    """It is on disk: say so."""
    session.end_transaction()
    session.send(Reply.of(250, "2.0.0", f"Stored as {trace_id}"))
