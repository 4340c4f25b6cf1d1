"""The server's SMTP transaction: where it is, what may come next, and what it has been told (RFC 5321 §4.1.4).

Every question is one of a table from phase to commands, never of whether some field is empty: the null sender is a sender.
`check` says why a command may not come; `accept` moves on, after the session has decided that it likes the command.
"""

from enum import Enum

from mailcore.wire.smtp import commands as c
from mailcore.wire.smtp.replies import Reply


class Phase(Enum):
    """How far the client is."""

    CONNECTED = "connected"
    READY = "ready"
    MAIL = "mail"
    RECIPIENTS = "recipients"
    CHUNKS = "chunks"


_ALWAYS: frozenset[type[c.Command]] = frozenset({c.Ehlo, c.Helo, c.Lhlo, c.Rset, c.Noop, c.Quit, c.Help, c.Vrfy, c.Expn})
ALLOWED: dict[Phase, frozenset[type[c.Command]]] = {
    Phase.CONNECTED: _ALWAYS,
    Phase.READY: _ALWAYS | {c.Mail, c.StartTls, c.Auth},
    Phase.MAIL: _ALWAYS | {c.Rcpt},
    Phase.RECIPIENTS: _ALWAYS | {c.Rcpt, c.Data, c.Bdat},
    Phase.CHUNKS: frozenset({c.Bdat, c.Rset, c.Noop, c.Quit, c.Ehlo, c.Helo, c.Lhlo, c.Help}),
}

_WHY: dict[tuple[Phase, type[c.Command]], str] = {
    (Phase.MAIL, c.Mail): "A sender is given already.",
    (Phase.RECIPIENTS, c.Mail): "A sender is given already.",
    (Phase.MAIL, c.Data): "No recipient is accepted yet.",
    (Phase.MAIL, c.Bdat): "No recipient is accepted yet.",
    (Phase.READY, c.Rcpt): "Send MAIL first.",
    (Phase.READY, c.Data): "Send MAIL first.",
    (Phase.READY, c.Bdat): "Send MAIL first.",
    (Phase.CHUNKS, c.Data): "DATA cannot follow BDAT.",
}


class Transaction:
    """One connection's state. The fields are for reading; only `accept` and the end of a message change them."""

    __slots__ = ("phase", "greeting", "mail", "recipients", "is_tls", "is_authenticated", "is_lmtp", "chunk_bytes")

    def __init__(self, *, is_lmtp: bool = False, is_tls: bool = False) -> None:
        self.phase = Phase.CONNECTED
        self.greeting: c.Ehlo | None = None
        self.mail: c.Mail | None = None
        self.recipients: list[c.Rcpt] = []
        self.is_tls = is_tls
        self.is_authenticated = False
        self.is_lmtp = is_lmtp
        self.chunk_bytes = 0

    @property
    def is_extended(self) -> bool:
        """Whether the client spoke EHLO (or LHLO) and may use extensions."""
        return self.greeting is not None and type(self.greeting) is not c.Helo

    def check(self, command: c.Command) -> Reply | None:
        """Why *command* may not come now, or None. RFC 5321 §4.1.4, RFC 3207 §4.2, RFC 4954 §4, RFC 3030 §2."""
        kind = type(command)
        if kind not in ALLOWED[self.phase]:
            if self.phase is Phase.CONNECTED:
                return Reply.of(503, "5.5.1", f"Send {'LHLO' if self.is_lmtp else 'EHLO'} first.")
            return Reply.of(503, "5.5.1", _WHY.get((self.phase, kind), "Not in the middle of a transaction."))
        if isinstance(command, c.Ehlo) and (kind is c.Lhlo) != self.is_lmtp:
            return Reply.of(500, "5.5.1", "LMTP wants LHLO." if self.is_lmtp else "This is SMTP, not LMTP.")
        if kind is c.StartTls and self.is_tls:
            return Reply.of(503, "5.5.1", "TLS is on already.")
        if kind is c.Auth and self.is_authenticated:
            return Reply.of(503, "5.5.1", "Already signed in.")
        if kind is c.Data and self.mail is not None and self.mail.body is c.Body.BINARY_MIME:
            return Reply.of(503, "5.5.1", "BODY=BINARYMIME is sent by BDAT.")
        if isinstance(command, c.Rcpt) and not command.path.address.is_ascii and not (self.mail and self.mail.has_smtputf8):
            return Reply.of(553, "5.6.7", "This address needs SMTPUTF8.")
        return None

    def accept(self, command: c.Command) -> None:
        """Move on by *command*, which `check` let pass and the session wants."""
        if isinstance(command, c.Ehlo):
            self.greeting = command
            self.reset()
        elif isinstance(command, c.Rcpt):
            self.recipients.append(command)
            self.phase = Phase.RECIPIENTS
        elif isinstance(command, c.Mail):
            self.mail = command
            self.phase = Phase.MAIL
        elif isinstance(command, c.Bdat):
            self.chunk_bytes += command.size_bytes
            self.phase = Phase.CHUNKS
        elif isinstance(command, c.Rset):
            self.reset()
        elif isinstance(command, c.StartTls):
            self.start_tls()

    def reset(self) -> None:
        """Forget sender, recipients and chunks: RSET, EHLO, or the end of a message, well or not. RFC 5321 §4.1.1.5."""
        self.mail = None
        self.recipients = []
        self.chunk_bytes = 0
        self.phase = Phase.CONNECTED if self.greeting is None else Phase.READY

    def start_tls(self) -> None:
        """Forget everything the client said in the clear. RFC 3207 §4.2."""
        self.greeting = None
        self.is_authenticated = False
        self.is_tls = True
        self.reset()

    def authenticated(self) -> None:
        """The client has signed in."""
        self.is_authenticated = True
