"""The client's side of one mail transaction, without I/O: commands out, replies in, an outcome for every recipient.

Drive it so: send `start()`; give each reply to `receive`, send what it returns; when `wants_body`, send the message through
`body` and `end_body`; when `is_done`, read `outcomes`. Connection, TLS and AUTH come before it and are the caller's. A
connection lost while the last reply is awaited is told apart (`Stage.AFTER_BODY`): the message may have arrived.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from mailcore.mail.address import Address, ForwardPath, ReversePath
from mailcore.wire.smtp.commands import Body, Data, Mail, Notify, OriginalRecipient, Rcpt, Ret
from mailcore.wire.smtp.data import DotStuffer
from mailcore.wire.smtp.ehlo import Extensions
from mailcore.wire.smtp.replies import Reply

PIPELINE_MAX = 100
"""Commands sent ahead of their replies; stops both sides waiting with full buffers (RFC 2920 §3.1)."""


class Stage(Enum):
    """When a recipient's fate was decided."""

    BEFORE_MAIL = "before mail"
    MAIL = "mail"
    RCPT = "rcpt"
    DATA = "data"
    BODY = "body"
    AFTER_BODY = "after body"


@dataclass(frozen=True, slots=True, kw_only=True)
class OutRecipient:
    """A recipient and what his bounce needs (RFC 3461)."""

    address: Address
    notify: frozenset[Notify] | None = None
    orcpt: OriginalRecipient | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SendOptions:
    """What the message is like: *has_8bit* after all conversion, *needs_smtputf8* for its headers."""

    size_bytes: int
    has_8bit: bool = False
    needs_smtputf8: bool = False
    ret: Ret | None = None
    envid: str | None = None
    is_lmtp: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RecipientOutcome:
    """What became of one recipient. *code* 0: no reply came; `is_uncertain`: it may have arrived all the same."""

    address: Address
    code: int
    enhanced: str
    text: str
    stage: Stage

    @property
    def is_delivered(self) -> bool:
        """The remote server has taken it."""
        return 200 <= self.code < 300

    @property
    def is_temporary(self) -> bool:
        """Worth another try."""
        return self.code == 0 or 400 <= self.code < 500

    @property
    def is_uncertain(self) -> bool:
        """The whole message went out and no reply came."""
        return self.code == 0 and self.stage is Stage.AFTER_BODY


class SmtpClient:
    """One transaction with a server that offered *extensions*."""

    def __init__(self, sender: ReversePath, recipients: Sequence[OutRecipient], options: SendOptions, extensions: Extensions) -> None:
        self._sender = sender
        self._recipients = list(recipients)
        self._options = options
        self._extensions = extensions
        self._outcomes: list[RecipientOutcome | None] = [None] * len(self._recipients)
        self._accepted: deque[int] = deque()
        self._to_send: deque[tuple[Stage, int, bytes]] = deque()
        self._awaited: deque[tuple[Stage, int]] = deque()
        self._stuffer = DotStuffer()
        self._stage = Stage.BEFORE_MAIL
        self.wants_body = False
        self.is_done = False

    @property
    def outcomes(self) -> tuple[RecipientOutcome, ...]:
        """One outcome a recipient, in the order given; complete when `is_done`."""
        return tuple([outcome for outcome in self._outcomes if outcome is not None])

    @property
    def has_accepted(self) -> bool:
        """Whether a recipient is accepted and waits for the message."""
        return bool(self._accepted)

    def start(self) -> bytes:
        """The first commands; empty when nothing can be sent (`is_done`, with the outcomes that say why)."""
        trouble = self._local_trouble()
        if trouble is not None:
            self._fail_all(trouble, Stage.BEFORE_MAIL)
            return b""
        sender = self._sender.address
        path = ReversePath(self._fit(sender)) if sender is not None else self._sender
        needs_utf8 = self._options.needs_smtputf8 or (path.address is not None and not path.address.is_ascii)
        for at, recipient in enumerate(self._recipients):
            fitted = self._fit(recipient.address)
            if fitted.is_ascii or self._extensions.has_smtputf8:
                needs_utf8 = needs_utf8 or not fitted.is_ascii
                self._to_send.append((Stage.RCPT, at, bytes(self._rcpt(recipient, fitted))))
            else:
                self._set(at, _NEEDS_UTF8, Stage.BEFORE_MAIL)
        if not self._to_send:
            self.is_done = True
            return b""
        self._to_send.appendleft((Stage.MAIL, -1, bytes(self._mail(path, needs_utf8=needs_utf8))))
        self._to_send.append((Stage.DATA, -1, bytes(Data())))
        self._stage = Stage.MAIL
        return self._pump()

    def receive(self, reply: Reply) -> bytes:
        """Take the next reply; the bytes to send now, maybe none."""
        if not self._awaited:
            if not self.is_done:
                self.lost("The remote server spoke out of turn.")
            return b""
        stage, at = self._awaited.popleft()
        if reply.code == 421:
            return self._closing(reply, stage, at)
        if stage is Stage.MAIL:
            return self._after_mail(reply)
        if stage is Stage.RCPT:
            self._after_rcpt(reply, at)
        elif stage is Stage.DATA:
            return self._after_data(reply)
        else:
            self._after_body(reply)
        return self._pump()

    def body(self, chunk: bytes) -> bytes:
        """The next piece of the message, as DATA carries it."""
        self._stage = Stage.BODY
        return self._stuffer.feed(chunk)

    def end_body(self) -> bytes:
        """The end mark; from here on the message may count as taken, so only a reply tells."""
        self.wants_body = False
        self._stage = Stage.AFTER_BODY
        count = len(self._accepted) if self._options.is_lmtp else 1
        self._awaited.extend([(Stage.AFTER_BODY, -1)] * count)
        return self._stuffer.end()

    def lost(self, text: str) -> None:
        """The connection ended or timed out: everyone without an outcome gets one, without a code."""
        self._to_send.clear()
        self._awaited.clear()
        for at, outcome in enumerate(self._outcomes):
            if outcome is None:
                self._outcomes[at] = RecipientOutcome(
                    address=self._recipients[at].address, code=0, enhanced="4.4.2", text=text, stage=self._stage
                )
        self.wants_body = False
        self.is_done = True

    def _pump(self) -> bytes:
        """As many commands as may be sent ahead: one without PIPELINING."""
        window = PIPELINE_MAX if self._extensions.has_pipelining else 1
        out: list[bytes] = []
        while self._to_send and len(self._awaited) < window:
            stage, at, data = self._to_send[0]
            if stage is Stage.DATA and not self._accepted and not self._rcpts_open:
                # Every recipient was refused before DATA went out: leave it unsaid.
                self._to_send.clear()
                self.is_done = not self._awaited
                break
            self._to_send.popleft()
            self._awaited.append((stage, at))
            out.append(data)
        return b"".join(out)

    @property
    def _rcpts_open(self) -> bool:
        return any(stage is Stage.RCPT for stage, _ in self._awaited)

    def _after_mail(self, reply: Reply) -> bytes:
        if reply.code // 100 == 2:
            self._stage = Stage.RCPT
            return self._pump()
        self._to_send.clear()
        for at, outcome in enumerate(self._outcomes):
            if outcome is None:
                self._set(at, reply, Stage.MAIL)
        # Replies to what was sent ahead still come; they change nothing.
        self.is_done = not self._awaited
        return b""

    def _after_rcpt(self, reply: Reply, at: int) -> None:
        if self._outcomes[at] is None:
            if reply.code // 100 == 2:
                self._accepted.append(at)
            else:
                self._set(at, reply, Stage.RCPT)
        if not self._awaited and not self._to_send and not self._accepted:
            self.is_done = True

    def _after_data(self, reply: Reply) -> bytes:
        self._stage = Stage.DATA
        if reply.code == 354:
            if self._accepted:
                self.wants_body = True
                return b""
            # The server wants a message for nobody (RFC 2920 §3.1): end it at once.
            self._awaited.append((Stage.AFTER_BODY, -1))
            return b".\r\n"
        while self._accepted:
            self._set(self._accepted.popleft(), reply, Stage.DATA)
        self.is_done = True
        return b""

    def _after_body(self, reply: Reply) -> None:
        if self._options.is_lmtp and self._accepted:
            self._set(self._accepted.popleft(), reply, Stage.AFTER_BODY)
        else:
            while self._accepted:
                self._set(self._accepted.popleft(), reply, Stage.AFTER_BODY)
        self.is_done = not self._awaited

    def _closing(self, reply: Reply, stage: Stage, at: int) -> bytes:
        """421: the server closes, whatever it was asked (RFC 5321 §3.8)."""
        self._to_send.clear()
        self._awaited.clear()
        self._fail_all(reply, stage)
        return b""

    def _fail_all(self, reply: Reply, stage: Stage) -> None:
        for at, outcome in enumerate(self._outcomes):
            if outcome is None:
                self._set(at, reply, stage)
        self._accepted.clear()
        self.wants_body = False
        self.is_done = True

    def _set(self, at: int, reply: Reply, stage: Stage) -> None:
        # A 2xx or 3xx where a refusal was due is no delivery: only the reply to the body is.
        is_wrong = reply.is_positive and not (stage is Stage.AFTER_BODY and reply.code // 100 == 2)
        self._outcomes[at] = RecipientOutcome(
            address=self._recipients[at].address,
            code=451 if is_wrong else reply.code,
            enhanced="4.5.0" if is_wrong else reply.enhanced,
            text=f"Unexpected reply: {reply}" if is_wrong else reply.text,
            stage=stage,
        )

    def _local_trouble(self) -> Reply | None:
        """Why this server need not be asked at all."""
        limit = self._extensions.size_bytes
        if limit and self._options.size_bytes > limit:
            return Reply(552, "5.3.4", (f"The remote server takes at most {limit} octets.",))
        if self._options.has_8bit and not self._extensions.has_8bitmime:
            return Reply(554, "5.6.3", ("The remote server does not take 8-bit messages.",))
        sender = self._sender.address
        needs_utf8 = self._options.needs_smtputf8 or (sender is not None and not self._fit(sender).is_ascii)
        if needs_utf8 and not self._extensions.has_smtputf8:
            return _NEEDS_UTF8
        return None

    def _fit(self, address: Address) -> Address:
        """The address as this server can take it: an IDN domain goes as A-labels unless it speaks SMTPUTF8."""
        return address if address.is_ascii or self._extensions.has_smtputf8 else address.with_ascii_domain()

    def _mail(self, path: ReversePath, *, needs_utf8: bool) -> Mail:
        offered, options = self._extensions, self._options
        return Mail(
            path=path,
            size_bytes=options.size_bytes if offered.size_bytes is not None else None,
            body=Body.EIGHT_BIT_MIME if options.has_8bit else None,
            has_smtputf8=needs_utf8,
            ret=options.ret if offered.has_dsn else None,
            envid=options.envid if offered.has_dsn else None,
        )

    def _rcpt(self, recipient: OutRecipient, fitted: Address) -> Rcpt:
        has_dsn = self._extensions.has_dsn
        return Rcpt(
            path=ForwardPath(fitted),
            notify=recipient.notify if has_dsn else None,
            orcpt=recipient.orcpt if has_dsn else None,
        )


_NEEDS_UTF8 = Reply(553, "5.6.7", ("The remote server does not take addresses outside ASCII.",))
QUIT = b"QUIT\r\n"
RSET = b"RSET\r\n"
