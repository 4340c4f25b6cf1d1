"""SMTP commands as values: verbs, paths and ESMTP parameters (RFC 5321 §4.1, 3461, 3030, 4954, 6531).

A command that does not parse raises SmtpSyntaxError, which holds the very reply to send. Whether a command may come now is
`transaction`'s; whether an address exists is nobody's here.
"""

from dataclasses import dataclass
from enum import Enum

from mailcore.mail.address import ForwardPath, ReversePath
from mailcore.wire.line import Command as Command
from mailcore.wire.smtp.xtext import encode_unitext, encode_xtext


@dataclass(frozen=True, slots=True, kw_only=True)
class Ehlo(Command):
    """EHLO (RFC 5321 §4.1.1.1); *host* as the client wrote it."""

    host: str

    def __bytes__(self) -> bytes:
        return f"{type(self).__name__.upper()} {self.host}\r\n".encode("utf-8", "replace")


@dataclass(frozen=True, slots=True, kw_only=True)
class Helo(Ehlo):
    """HELO: no extensions (RFC 5321 §4.1.1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lhlo(Ehlo):
    """LHLO: EHLO for LMTP (RFC 2033 §4.1)."""


class Body(Enum):
    """The BODY parameter (RFC 6152 §2, RFC 3030 §3)."""

    SEVEN_BIT = "7BIT"
    EIGHT_BIT_MIME = "8BITMIME"
    BINARY_MIME = "BINARYMIME"


class Ret(Enum):
    """How much of the message a bounce shall hold (RFC 3461 §4.3)."""

    FULL = "FULL"
    HEADERS = "HDRS"


class Notify(Enum):
    """When the sender wants to hear (RFC 3461 §4.1)."""

    SUCCESS = "SUCCESS"
    FAILURE = "FAILURE"
    DELAY = "DELAY"


NEVER: frozenset[Notify] = frozenset()
"""NOTIFY=NEVER; a recipient without NOTIFY has None."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail(Command):
    """MAIL FROM (RFC 5321 §4.1.1.2). *auth* is RFC 4954 §5's identity, "" for `<>`; *envid* keeps its case."""

    path: ReversePath
    size_bytes: int | None = None
    body: Body | None = None
    has_smtputf8: bool = False
    ret: Ret | None = None
    envid: str | None = None
    auth: str | None = None

    def __bytes__(self) -> bytes:
        pieces = [f"MAIL FROM:{self.path}"]
        if self.size_bytes is not None:
            pieces.append(f"SIZE={self.size_bytes}")
        if self.body is not None:
            pieces.append(f"BODY={self.body.value}")
        if self.has_smtputf8:
            pieces.append("SMTPUTF8")
        if self.ret is not None:
            pieces.append(f"RET={self.ret.value}")
        if self.envid is not None:
            pieces.append(f"ENVID={encode_xtext(self.envid)}")
        if self.auth is not None:
            pieces.append(f"AUTH={encode_xtext(self.auth) if self.auth else '<>'}")
        return " ".join(pieces).encode("utf-8") + b"\r\n"


@dataclass(frozen=True, slots=True)
class OriginalRecipient:
    """ORCPT: the address type, lower case, and the address it was sent to at first (RFC 3461 §4.2)."""

    kind: str
    address: str

    def __str__(self) -> str:
        encode = encode_unitext if self.kind == "utf-8" else encode_xtext
        return f"{self.kind};{encode(self.address)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rcpt(Command):
    """RCPT TO (RFC 5321 §4.1.1.3)."""

    path: ForwardPath
    notify: frozenset[Notify] | None = None
    orcpt: OriginalRecipient | None = None

    def __bytes__(self) -> bytes:
        pieces = [f"RCPT TO:{self.path}"]
        if self.notify is not None:
            wanted = ",".join([when.value for when in Notify if when in self.notify])
            pieces.append(f"NOTIFY={wanted or 'NEVER'}")
        if self.orcpt is not None:
            pieces.append(f"ORCPT={self.orcpt}")
        return " ".join(pieces).encode("utf-8") + b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Data(Command):
    """DATA (RFC 5321 §4.1.1.4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bdat(Command):
    """BDAT (RFC 3030 §2): *size_bytes* octets follow at once."""

    size_bytes: int
    is_last: bool = False

    def __bytes__(self) -> bytes:
        return b"BDAT %d%b\r\n" % (self.size_bytes, b" LAST" if self.is_last else b"")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rset(Command):
    """RSET (RFC 5321 §4.1.1.5)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noop(Command):
    """NOOP (RFC 5321 §4.1.1.9)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Quit(Command):
    """QUIT (RFC 5321 §4.1.1.10)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vrfy(Command):
    """VRFY (RFC 5321 §4.1.1.6)."""

    argument: str

    def __bytes__(self) -> bytes:
        return f"{type(self).__name__.upper()} {self.argument}".rstrip().encode("utf-8", "replace") + b"\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Expn(Vrfy):
    """EXPN (RFC 5321 §4.1.1.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Help(Vrfy):
    """HELP (RFC 5321 §4.1.1.8)."""

    argument: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTls(Command):
    """STARTTLS (RFC 3207 §4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Auth(Command):
    """AUTH (RFC 4954 §4); *initial* is base64, undecoded, `=` for an empty response."""

    mechanism: str
    initial: bytes | None = None

    def __bytes__(self) -> bytes:
        tail = b" " + self.initial if self.initial is not None else b""
        return b"AUTH " + self.mechanism.encode("ascii") + tail + b"\r\n"
