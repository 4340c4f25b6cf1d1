"""SASL as small state machines, for SMTP, IMAP, POP3 and ManageSieve alike (RFC 4422, 4616, 7628).

The server's side reads a client's claims into Credentials and judges none of them; `auth.login` does. Base64 is strict,
so that one claim has one spelling. The client's side makes the responses for relays and fetched accounts.
"""

import base64
import binascii
import re
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import Enum

from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret

RESPONSE_MAX_BYTES = 12288
"""Longest base64 response (RFC 4954 §4 asks for 12288); stops memory floods before login."""

_SEPARATOR = "\x01"
_BEARER = re.compile(r"bearer ([A-Za-z0-9._~+/-]+=*)\Z", re.IGNORECASE)


class SecretKind(Enum):
    """What the secret is."""

    PASSWORD = "password"
    TOKEN = "token"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """Who the client says it is (*authcid*), whom it wants to act as (*authzid*, "" for the same), and its proof."""

    authcid: str
    authzid: str
    secret: Secret
    kind: SecretKind = SecretKind.PASSWORD


@dataclass(frozen=True, slots=True)
class Challenge:
    """Bytes to send to the client; the wire writes them in base64."""

    data: bytes

    def __bytes__(self) -> bytes:
        return base64.b64encode(self.data)


class SaslError(MailError):
    """The exchange is malformed."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.SYNTAX, detail)


class SaslCancelled(MailError):
    """The client sent `*`."""

    def __init__(self) -> None:
        super().__init__(Reason.AUTH_FAILED, "The client gave up signing in.")


Step = Challenge | Credentials


def decode_response(line: bytes) -> bytes:
    """The octets of a client's line (without its end). Raises SaslCancelled on `*`, SaslError on wrong base64."""
    if line == b"*":
        raise SaslCancelled
    if len(line) > RESPONSE_MAX_BYTES:
        raise SaslError("The response is too long.")
    try:
        data = binascii.a2b_base64(line, strict_mode=True) if line else b""
    except binascii.Error:
        raise SaslError("The response is not base64.") from None
    # Bits under the padding are the last way to write one thing twice.
    if binascii.b2a_base64(data, newline=False) != line:
        raise SaslError("The response is not base64.")
    return data


def decode_initial(word: bytes) -> bytes:
    """The octets of an initial response, in which `=` stands for none (RFC 4954 §4, RFC 4959 §3)."""
    return b"" if word == b"=" else decode_response(word)


class SaslServer(ABC):
    """One exchange: `start` with the decoded initial response or None, then `receive` each decoded response."""

    __slots__ = ()

    def start(self, initial: bytes | None) -> Step:
        """The first step: a challenge, or credentials at once. Raises SaslError."""
        return self.receive(initial) if initial is not None else Challenge(b"")

    @abstractmethod
    def receive(self, response: bytes) -> Step:
        """The next step. Raises SaslError."""


class Plain(SaslServer):
    """PLAIN (RFC 4616): authzid NUL authcid NUL password in one response."""

    __slots__ = ()

    def receive(self, response: bytes) -> Step:
        pieces = _utf8(response).split("\0")
        if len(pieces) != 3 or not pieces[1] or not pieces[2]:
            raise SaslError("PLAIN wants a user name and a password.")
        return Credentials(authzid=pieces[0], authcid=pieces[1], secret=Secret(pieces[2]))


class Login(SaslServer):
    """LOGIN: two questions. Never standardised; Outlook and many devices know nothing else."""

    __slots__ = ("_user",)

    def __init__(self) -> None:
        self._user: str | None = None

    def start(self, initial: bytes | None) -> Step:
        return self.receive(initial) if initial else Challenge(b"Username:")

    def receive(self, response: bytes) -> Step:
        text = _utf8(response)
        if "\0" in text or not text:
            raise SaslError("LOGIN wants a user name and a password.")
        if self._user is None:
            self._user = text
            return Challenge(b"Password:")
        return Credentials(authcid=self._user, authzid="", secret=Secret(text))


class XOAuth2(SaslServer):
    """XOAUTH2: `user=... ^A auth=Bearer ... ^A ^A`. Google's and Microsoft's, before RFC 7628."""

    __slots__ = ()

    def receive(self, response: bytes) -> Step:
        fields = _fields(_utf8(response))
        return Credentials(authcid=fields.get("user", ""), authzid="", secret=_token(fields), kind=SecretKind.TOKEN)


class OAuthBearer(SaslServer):
    """OAUTHBEARER (RFC 7628 §3.1): a GS2 header with the user, then key=value pairs."""

    __slots__ = ()

    def receive(self, response: bytes) -> Step:
        header, separator, rest = _utf8(response).partition(_SEPARATOR)
        words = header.split(",")
        if not separator or len(words) != 3 or words[0] not in ("n", "y") or words[2]:
            raise SaslError("The GS2 header is wrong.")
        user = ""
        if words[1]:
            if not words[1].startswith("a="):
                raise SaslError("The GS2 header is wrong.")
            user = words[1][2:].replace("=2C", ",").replace("=3D", "=")
        return Credentials(authcid=user, authzid="", secret=_token(_fields(rest)), kind=SecretKind.TOKEN)


SERVERS: dict[str, type[SaslServer]] = {
    "PLAIN": Plain,
    "LOGIN": Login,
    "XOAUTH2": XOAuth2,
    "OAUTHBEARER": OAuthBearer,
}
"""The mechanisms there are; which are offered is the listener's."""


def _utf8(data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise SaslError("The response is not UTF-8.") from None


def _fields(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for word in text.split(_SEPARATOR):
        name, equals, value = word.partition("=")
        if equals:
            fields[name.lower()] = value
        elif word:
            raise SaslError("A field of the response has no value.")
    return fields


def _token(fields: dict[str, str]) -> Secret:
    found = _BEARER.match(fields.get("auth", ""))
    if found is None:
        raise SaslError("The response holds no bearer token.")
    return Secret(found.group(1))


def plain_response(credentials: Credentials) -> bytes:
    """The client's PLAIN response in base64. RFC 4616 §2."""
    text = f"{credentials.authzid}\0{credentials.authcid}\0{credentials.secret.reveal()}"
    return base64.b64encode(text.encode("utf-8"))


def xoauth2_response(credentials: Credentials) -> bytes:
    """The client's XOAUTH2 response in base64."""
    text = f"user={credentials.authcid}\x01auth=Bearer {credentials.secret.reveal()}\x01\x01"
    return base64.b64encode(text.encode("utf-8"))


def oauthbearer_response(credentials: Credentials, host: str, port: int) -> bytes:
    """The client's OAUTHBEARER response in base64. RFC 7628 §3.1."""
    user = credentials.authcid.replace("=", "=3D").replace(",", "=2C")
    text = f"n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {credentials.secret.reveal()}\x01\x01"
    return base64.b64encode(text.encode("utf-8"))


def login_responses(credentials: Credentials) -> tuple[bytes, bytes]:
    """The client's two LOGIN responses in base64: name, then password."""
    return (
        base64.b64encode(credentials.authcid.encode("utf-8")),
        base64.b64encode(credentials.secret.reveal().encode("utf-8")),
    )
