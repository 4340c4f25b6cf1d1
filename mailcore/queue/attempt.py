"""One try: a session with the first server that answers, TLS where it is offered, one transaction for all recipients.

Synchronous, in a network thread; every wait has a limit. An opportunistic handshake that fails is tried once more in the clear
(RFC 7435); a relay that must have TLS never is. What the other side answered is kept word for word.
"""

import ipaddress
import re
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.mail.address import Address, ReversePath
from mailcore.mail.convert import needs_8bit, needs_smtputf8, to_7bit
from mailcore.mail.headers import scan_headers
from mailcore.net.tls import new_client_context
from mailcore.queue.route import Hop, source
from mailcore.wire.sasl import Credentials, SecretKind, login_responses, oauthbearer_response, plain_response, xoauth2_response
from mailcore.wire.smtp.client import OutRecipient, RecipientOutcome, SendOptions, SmtpClient, Stage
from mailcore.wire.smtp.commands import Ret
from mailcore.wire.smtp.ehlo import Extensions
from mailcore.wire.smtp.replies import Reply, ReplyParser

CONNECT_SECONDS = 30.0
REPLY_SECONDS = 300.0
AFTER_DOT_SECONDS = 600.0
"""RFC 5321 §4.5.3.2.6: ten minutes for the reply to the dot."""
SESSION_SECONDS = 13 * 60.0
"""A whole attempt, inside the queue's lease."""
CHUNK_BYTES = 64 * 1024
RECEIVE_BYTES = 16 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """What to send: *data* is the message as stored, Received on top."""

    sender: ReversePath
    recipients: Sequence[OutRecipient]
    data: bytes
    envid: str | None = None
    ret: Ret | None = None
    sign: Callable[[bytes], bytes] = bytes
    """Puts signatures above what is ready for the wire; `bytes` adds none."""
    is_sealed: bool = False
    """Passed on for somebody else: not a byte of it may change (POLICY, Forwarding)."""
    patience_seconds: float = AFTER_DOT_SECONDS
    """How long to wait for the reply to the dot."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What became of it, and how it went there."""

    outcomes: list[RecipientOutcome] = field(default_factory=list)
    host: str = ""
    address: str = ""
    tls: str = ""


class Gone(Exception):
    """The connection could not be made or broke before the message; the next server may be tried."""


def send(letter: Letter, hops: Sequence[Hop], own_name: str) -> Result:
    """Try *hops* in order until one gives an answer for the recipients. Raises nothing: trouble is an outcome."""
    return _send(letter, hops, own_name, time.monotonic() + SESSION_SECONDS)


def _send(letter: Letter, hops: Sequence[Hop], own_name: str, deadline: float) -> Result:
    trouble = "No server could be reached."
    last = hops[0].host if hops else ""
    for hop in hops:
        for address in hop.addresses:
            for is_plain in (False, True):
                try:
                    result = Conversation(hop, address, own_name, deadline, is_plain).deliver(letter)
                    if ":" in address and (others := [one for one in hop.addresses if ":" not in one]) and is_about_ipv6(result.outcomes):
                        return _send(letter, [replace(hop, addresses=tuple(others))], own_name, deadline)
                    return result
                except TlsFailed as error:
                    trouble, last = f"{hop.host} [{address}]: {error}", hop.host
                    if hop.security != "starttls-optional":
                        break
                except Gone as error:
                    trouble, last = f"{hop.host} [{address}]: {error}", hop.host
                    break
            if time.monotonic() > deadline:
                break
    held = next((f" IPv6 was not tried. {hop.held}" for hop in hops if hop.held), "")
    return Result(outcomes=failed(letter, 0, "4.4.1", trouble + held), host=last)


NAMELESS = frozenset({"5.7.1", "5.7.25", "5.7.26"})
"""Refusals that may be about where a connection comes from (RFC 7372)."""
_ABOUT_IPV6 = re.compile(r"\b(ptr|ipv6|reverse[ -]dns|rdns)\b", re.IGNORECASE)


def is_about_ipv6(outcomes: Sequence[RecipientOutcome]) -> bool:
    """Whether everybody was refused because this server's IPv6 address has no good name: over IPv4 it may have one."""
    return bool(outcomes) and all(o.code >= 500 and o.enhanced in NAMELESS and _ABOUT_IPV6.search(o.text) for o in outcomes)


def failed(letter: Letter, code: int, enhanced: str, text: str) -> list[RecipientOutcome]:
    """The same outcome for every recipient."""
    return [
        RecipientOutcome(address=r.address, code=code, enhanced=enhanced, text=text, stage=Stage.BEFORE_MAIL) for r in letter.recipients
    ]


class TlsFailed(Gone):
    """The handshake failed."""


class Conversation:
    """A connection to one address of one hop."""

    def __init__(self, hop: Hop, address: str, own_name: str, deadline: float, is_plain: bool) -> None:
        self.hop, self.address, self.own_name, self.deadline, self.is_plain = hop, address, own_name, deadline, is_plain
        self.parser = ReplyParser()
        self.extensions = Extensions()
        self.tls = ""
        self.connection: socket.socket | None = None

    def deliver(self, letter: Letter) -> Result:
        """The whole dialogue. Raises Gone, TlsFailed."""
        try:
            self.connection = socket.create_connection((self.address, self.hop.port), timeout=CONNECT_SECONDS, source_address=source(self.hop, self.address))
            refusal = self.greet()
            if refusal is None:
                refusal = self.sign_in()
            if refusal is not None:
                outcomes = failed(letter, refusal.code, refusal.enhanced, str(refusal))
            else:
                outcomes = self.transaction(letter)
            self.quit()
        except (TimeoutError, ConnectionError, OSError) as error:
            raise Gone(words(error)) from error
        except MailError as error:
            raise Gone(error.detail) from error
        finally:
            if self.connection is not None:
                self.connection.close()
        return Result(outcomes=outcomes, host=self.hop.host, address=self.address, tls=self.tls)

    # Dialogue

    def greet(self) -> Reply | None:
        """Greeting, EHLO (HELO where it is refused), STARTTLS, EHLO again; a refusal that ends it, or None."""
        if self.hop.security == "tls":
            self.start_tls()
        greeting = self.reply(CONNECT_SECONDS * 4)
        if greeting.code != 220:
            return greeting
        refusal = self.hello()
        if refusal is not None or self.hop.security in ("none", "tls") or self.is_plain:
            return refusal
        if not self.extensions.has_starttls:
            if self.hop.security == "starttls":
                return Reply.of(454, "4.7.0", f"{self.hop.host} offers no TLS, and its policy or the settings demand it.")
            return None
        answer = self.ask(b"STARTTLS\r\n")
        if answer.code != 220:
            return None if self.hop.security == "starttls-optional" else answer
        self.parser = ReplyParser()
        self.start_tls()
        return self.hello()

    def hello(self) -> Reply | None:
        """EHLO, or HELO for who does not know it."""
        answer = self.ask(f"EHLO {self.own_name}\r\n".encode())
        if answer.code == 250:
            self.extensions = Extensions.parse(answer)
            return None
        if answer.code in (500, 501, 502, 504, 550):
            answer = self.ask(f"HELO {self.own_name}\r\n".encode())
            self.extensions = Extensions()
        return None if answer.code == 250 else answer

    def start_tls(self) -> None:
        """Wrap the connection; the certificate is judged only where the settings demand TLS."""
        assert self.connection is not None
        context = new_client_context(is_verified=self.hop.must_verify and not _is_address(self.hop.host))
        try:
            wrapped = context.wrap_socket(self.connection, server_hostname=None if _is_address(self.hop.host) else self.hop.host)
        except (ssl.SSLError, ConnectionError, TimeoutError, OSError) as error:
            raise TlsFailed(f"The TLS handshake failed: {words(error)}") from error
        self.connection = wrapped
        cipher = wrapped.cipher()
        self.tls = f"{wrapped.version()} {cipher[0]}" if cipher else "TLS"

    def sign_in(self) -> Reply | None:
        """AUTH at the relay, if it has a user."""
        if not self.hop.user:
            return None
        if self.hop.token:
            return self.sign_in_by_token()
        claim = Credentials(authcid=self.hop.user, authzid="", secret=Secret(self.hop.password))
        if "PLAIN" in self.extensions.mechanisms:
            answer = self.ask(b"AUTH PLAIN " + plain_response(claim) + b"\r\n")
        elif "LOGIN" in self.extensions.mechanisms:
            name, password = login_responses(claim)
            answer = self.ask(b"AUTH LOGIN\r\n")
            for line in (name, password):
                if answer.code == 334:
                    answer = self.ask(line + b"\r\n")
        else:
            return Reply.of(454, "4.7.0", f"{self.hop.host} offers no way to sign in that Roost knows (PLAIN, LOGIN).")
        if answer.code == 235:
            return None
        # A wrong relay password is the admin's to mend: the mail waits for it.
        return Reply.of(454, "4.7.8", f"{self.hop.host} refused the relay's user name or password: {answer}")

    def sign_in_by_token(self) -> Reply | None:
        """AUTH with an access token; what is wrong with it comes in a challenge that wants one more line (RFC 7628 §3.2.3)."""
        if not self.tls and not ipaddress.ip_address(self.address).is_loopback:
            return Reply.of(454, "4.7.0", f"{self.hop.host} has no TLS, and a token is shown over TLS only.")
        claim = Credentials(authcid=self.hop.user, authzid="", secret=Secret(self.hop.token), kind=SecretKind.TOKEN)
        if "XOAUTH2" in self.extensions.mechanisms:
            answer, last = self.ask(b"AUTH XOAUTH2 " + xoauth2_response(claim) + b"\r\n"), b"\r\n"
        elif "OAUTHBEARER" in self.extensions.mechanisms:
            answer, last = self.ask(b"AUTH OAUTHBEARER " + oauthbearer_response(claim, self.hop.host, self.hop.port) + b"\r\n"), b"AQ==\r\n"
        else:
            return Reply.of(454, "4.7.0", f"{self.hop.host} offers no sign-in by token (XOAUTH2, OAUTHBEARER). Use a password there.")
        if answer.code == 334:
            answer = self.ask(last)
        if answer.code == 235:
            return None
        self.hop.refused()
        return Reply.of(454, "4.7.8", f"{self.hop.host} did not take the token: {answer}")

    def transaction(self, letter: Letter) -> list[RecipientOutcome]:
        """MAIL to the dot; the outcomes by recipient."""
        headers = scan_headers(letter.data)
        try:
            data = letter.sign(fitted(letter.data, self.extensions, is_sealed=letter.is_sealed))
        except MailError as error:
            return failed(letter, 554, "5.6.3", error.detail)
        options = SendOptions(
            size_bytes=len(data), has_8bit=needs_8bit(data) and self.extensions.has_8bitmime, needs_smtputf8=needs_smtputf8(headers), ret=letter.ret, envid=letter.envid
        )
        client = SmtpClient(letter.sender, letter.recipients, options, self.extensions)
        try:
            self.write(client.start())
            while not client.is_done:
                if client.wants_body:
                    for start in range(0, len(data), CHUNK_BYTES):
                        self.write(client.body(data[start : start + CHUNK_BYTES]))
                    self.write(client.end_body())
                    self.write(client.receive(self.reply(letter.patience_seconds)))
                else:
                    self.write(client.receive(self.reply(REPLY_SECONDS)))
        except (TimeoutError, ConnectionError, OSError) as error:
            client.lost(f"{self.hop.host}: {words(error)}")
        except MailError as error:
            client.lost(f"{self.hop.host}: {error.detail}")
        return list(client.outcomes)

    def quit(self) -> None:
        """Say goodbye without waiting long."""
        try:
            self.write(b"QUIT\r\n")
            self.reply(2.0)
        except (OSError, MailError):
            return

    # Bytes

    def ask(self, line: bytes) -> Reply:
        """Send a line, wait for its reply."""
        self.write(line)
        return self.reply(REPLY_SECONDS)

    def write(self, data: bytes) -> None:
        """Send all of *data*."""
        if data:
            assert self.connection is not None
            self.connection.settimeout(self.left(REPLY_SECONDS))
            self.connection.sendall(data)

    def reply(self, seconds: float) -> Reply:
        """The next reply. Raises TimeoutError, ConnectionError, MailError(REMOTE) for what is no SMTP."""
        assert self.connection is not None
        until = time.monotonic() + self.left(seconds)
        while True:
            found = self.parser.next()
            if found is not None:
                return found
            left = until - time.monotonic()
            if left <= 0:
                raise TimeoutError("no reply in time")
            self.connection.settimeout(left)
            chunk = self.connection.recv(RECEIVE_BYTES)
            if not chunk:
                raise ConnectionResetError("the connection was closed")
            self.parser.receive(chunk)

    def left(self, seconds: float) -> float:
        """*seconds*, or what is left of the attempt."""
        left = min(seconds, self.deadline - time.monotonic())
        if left <= 0:
            raise TimeoutError("the attempt took too long")
        return left


def fitted(data: bytes, extensions: Extensions, *, is_sealed: bool = False) -> bytes:
    """*data* as this server can take it: 7-bit where it knows no 8BITMIME, no line over 998. Raises MailError(NOT_SUPPORTED).

    What *is_sealed* goes as it is, its long lines too, which most servers take; it does not go where its eight bits would be lost.
    """
    if is_sealed:
        if needs_8bit(data) and not extensions.has_8bitmime:
            raise MailError(Reason.NOT_SUPPORTED, "A redirected message is not changed, and the next server takes no 8-bit text.")
        return data
    if extensions.has_8bitmime and not _has_long_line(data):
        return data
    return to_7bit(data) or data


def _has_long_line(data: bytes) -> bool:
    from mailcore.mail.convert import has_long_line

    return has_long_line(data)


def _is_address(host: str) -> bool:
    return host.replace(".", "").isdigit() or ":" in host or host.startswith("[")


def words(error: BaseException) -> str:
    """A network error in words a person understands."""
    if isinstance(error, TimeoutError):
        return "no answer in time"
    if isinstance(error, ConnectionRefusedError):
        return "the connection was refused"
    if isinstance(error, ConnectionResetError):
        return "the connection was closed"
    if isinstance(error, ssl.SSLError):
        return f"TLS: {error.reason or error}"
    return getattr(error, "strerror", None) or str(error) or type(error).__name__


def address_of(text: str) -> Address:
    """A queued recipient's address. Raises MailError(SYNTAX)."""
    try:
        return Address.parse(text)
    except MailError as error:
        raise MailError(Reason.SYNTAX, f"{text} is no address.") from error
