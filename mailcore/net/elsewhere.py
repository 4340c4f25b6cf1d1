"""Clients of other people's POP3 and IMAP servers, for fetching: a name for each message there, its bytes, and deleting it.

POP3 is spoken here, because the library's client refuses long lines that real mail has; IMAP is the library's. Both connect to
the address that was judged, never to the name again. What goes wrong is told in words a person can act on.
"""

import base64
import contextlib
import imaplib
import re
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.net.patience import in_time
from mailcore.wire.sasl import Credentials, SecretKind, xoauth2_response

SECONDS = 60.0
"""For one answer's next bytes."""
OPEN_SECONDS = 120.0
"""For all from the greeting to the open inbox. Stops a server that answers byte by byte from holding a thread."""
LINE_BYTES = 1024 * 1024
"""Longest line of an answer. Stops a server from filling memory."""
LISTED = 200_000
"""Most messages of one mailbox that are looked at."""
NO_PASSWORDS = {
    "outlook.office365.com": "Microsoft", "outlook.com": "Microsoft", "imap-mail.outlook.com": "Microsoft", "pop-mail.outlook.com": "Microsoft",
    "imap.gmail.com": "Google", "pop.gmail.com": "Google",
}  # fmt: skip
"""Providers that take no ordinary password from programs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """Where and as whom. *security*: tls, starttls, none. *address* is the judged IP address of *host*."""

    protocol: str
    host: str
    address: str
    port: int
    security: str
    username: str
    password: str
    token: str = ""
    """An OAuth access token, in place of the password."""

    @property
    def claim(self) -> Credentials:
        """What signs in by token."""
        return Credentials(authcid=self.username, authzid="", secret=Secret(self.token), kind=SecretKind.TOKEN)


class Source(Protocol):
    """A mailbox elsewhere that is open."""

    @property
    def connection(self) -> socket.socket:
        """What it is read from."""
        ...

    def names(self) -> list[str]:
        """What its messages are called, the same in every session."""
        ...

    def read(self, name: str, limit: int) -> bytes | None:
        """A message's bytes; None when it is larger than *limit* or gone."""
        ...

    def delete(self, name: str) -> None:
        """Delete it there, at the latest when the source is closed."""
        ...

    def close(self) -> None:
        """Say goodbye; what was deleted is gone then."""
        ...


def open_source(account: Account) -> Source:
    """Connect, sign in and open the inbox. Raises MailError(NETWORK, AUTH_FAILED) in words."""
    with in_words(account.host, account.port):
        plain = socket.create_connection((account.address, account.port), timeout=SECONDS)
        try:
            with in_time(plain, OPEN_SECONDS):
                return Pop3(account, plain) if account.protocol == "pop3" else Imap(account, plain)
        except BaseException:
            plain.close()
            raise


@contextlib.contextmanager
def in_words(host: str, port: int) -> Iterator[None]:
    """Whatever goes wrong with a server elsewhere, at any command, is a MailError(NETWORK) that a person can read."""
    try:
        yield
    except MailError:
        raise
    except ssl.SSLCertVerificationError as error:
        raise MailError(Reason.NETWORK, f"The certificate of {host} is not good: {error.verify_message}.") from error
    except ssl.SSLError as error:
        raise MailError(Reason.NETWORK, f"{host} does not speak TLS on port {port}. Try another port or kind of encryption.") from error
    except TimeoutError as error:
        raise MailError(Reason.NETWORK, f"{host} did not answer on port {port}. Check the name and the port.") from error
    except (OSError, imaplib.IMAP4.error, EOFError, ValueError) as error:
        raise MailError(Reason.NETWORK, f"{host} cannot be used: {getattr(error, 'strerror', None) or error}.") from error


def refused(account: Account, said: str) -> MailError:
    """The sign-in did not work, and what that may mean."""
    if "[in-use]" in said.lower():  # RFC 2449 §8.1.1
        return MailError(Reason.IN_USE, f"Another program is reading the mailbox at {account.host}.", temporary=True)
    if account.token:
        return MailError(Reason.AUTH_FAILED, f"{account.host} did not take the permission you gave. It says: {said[:200].rstrip('. ')}. Check the user name, and that IMAP or POP3 is switched on there.")
    provider = NO_PASSWORDS.get(account.host.lower())
    more = f" {provider} takes no ordinary passwords from other programs: make an app password there if your account offers it, or forward your mail from there." if provider else ""
    return MailError(Reason.AUTH_FAILED, f"{account.host} refused the user name or password. It says: {said[:200].rstrip('. ')}.{more}")


def _wrapped(account: Account, plain: socket.socket) -> ssl.SSLSocket:
    return ssl.create_default_context().wrap_socket(plain, server_hostname=account.host)


class Pop3:
    """RFC 1939, RFC 2449, RFC 2595."""

    def __init__(self, account: Account, plain: socket.socket) -> None:
        self.account = account
        self.socket: socket.socket = plain
        if account.security == "tls":
            self.socket = _wrapped(account, self.socket)
        self.file = self.socket.makefile("rb")
        self._answer()
        if account.security == "starttls":
            self.ask("STLS")
            self.socket = _wrapped(account, self.socket)
            self.file = self.socket.makefile("rb")
        try:
            if account.token:
                self._sign_in_by_token()
            else:
                self.ask(f"USER {account.username}")
                self.ask(f"PASS {account.password}")
        except MailError as error:
            self.socket.close()
            raise refused(account, error.detail) from error
        self._numbers: dict[str, tuple[int, int]] = {}

    @property
    def connection(self) -> socket.socket:
        return self.socket

    def names(self) -> list[str]:
        self.ask("LIST")
        sizes = {int(words[0]): int(words[1]) for words in self._pairs()}
        self.ask("UIDL")
        self._numbers = {words[1].decode("ascii", "replace"): (int(words[0]), sizes.get(int(words[0]), 0)) for words in self._pairs()}
        return list(self._numbers)

    def read(self, name: str, limit: int) -> bytes | None:
        number, size = self._numbers[name]
        if size > limit:
            return None
        self.ask(f"RETR {number}")
        lines, total = [], 0
        while (line := self._line()) != b".\r\n":
            total += len(line)
            if total > limit + limit // 8 + LINE_BYTES:
                raise MailError(Reason.NETWORK, f"{self.account.host} sends more than it announced.")
            lines.append(line[1:] if line.startswith(b".") else line)
        return b"".join(lines)

    def delete(self, name: str) -> None:
        self.ask(f"DELE {self._numbers[name][0]}")

    def close(self) -> None:
        with contextlib.suppress(MailError, OSError):
            self.ask("QUIT")
        self.socket.close()

    def _sign_in_by_token(self) -> None:
        """AUTH XOAUTH2 in two steps, as a line is at most 255 bytes (RFC 5034 §4); a refusal is a challenge that wants an empty line."""
        self.socket.sendall(b"AUTH XOAUTH2\r\n")
        line = self._line()
        if not _is_challenge(line):
            raise MailError(Reason.NETWORK, "it knows no sign-in by token (XOAUTH2)")
        self.socket.sendall(xoauth2_response(self.account.claim) + b"\r\n")
        line = self._line()
        if _is_challenge(line):
            self.socket.sendall(b"\r\n")
            line = self._line()
        self._good(line)

    def ask(self, line: str) -> bytes:
        """One command. Raises MailError(NETWORK) for what is not +OK."""
        if any(ord(c) < 32 for c in line):
            raise MailError(Reason.SYNTAX, "A user name or password has no control characters.")
        self.socket.sendall(line.encode() + b"\r\n")
        return self._answer()

    def _answer(self) -> bytes:
        return self._good(self._line())

    def _good(self, line: bytes) -> bytes:
        if not line.startswith(b"+OK"):
            raise MailError(Reason.NETWORK, line.decode("utf-8", "replace").strip().removeprefix("-ERR").strip() or "the connection was closed")
        return line

    def _pairs(self) -> list[list[bytes]]:
        found: list[list[bytes]] = []
        while (line := self._line()) != b".\r\n":
            words = line.split()
            if len(words) >= 2 and words[0].isdigit() and len(words[0]) < 10 and len(found) < LISTED:
                found.append(words)
        return [words for words in found if words[1]]

    def _line(self) -> bytes:
        line = self.file.readline(LINE_BYTES + 1)
        if len(line) > LINE_BYTES:
            raise MailError(Reason.NETWORK, f"{self.account.host} sends lines without end.")
        if not line.endswith(b"\n"):
            raise MailError(Reason.NETWORK, "the connection was closed")
        return line if line.endswith(b"\r\n") else line[:-1] + b"\r\n"


def _is_challenge(line: bytes) -> bool:
    return line.startswith(b"+") and not line.startswith(b"+OK")


class _Pinned(imaplib.IMAP4):
    """The library's client, on a connection of ours."""

    def __init__(self, account: Account, plain: socket.socket) -> None:
        self._account, self._plain = account, plain
        super().__init__(account.host, account.port, timeout=SECONDS)

    def _create_socket(self, timeout: float | None) -> socket.socket:
        return _wrapped(self._account, self._plain) if self._account.security == "tls" else self._plain


class Imap:
    """RFC 3501, as far as fetching needs it. A message is called UIDVALIDITY.UID."""

    def __init__(self, account: Account, plain: socket.socket) -> None:
        self.account = account
        self.client: Any = _Pinned(account, plain)
        if account.security == "starttls":
            self.client.starttls(ssl.create_default_context())
        try:
            if account.token:
                steps = iter((base64.b64decode(xoauth2_response(account.claim)),))
                self.client.authenticate("XOAUTH2", lambda _challenge: next(steps, b""))
            else:
                self.client.login(account.username, account.password)
        except (imaplib.IMAP4.error, UnicodeError) as error:
            self.client.shutdown()
            raise refused(account, str(error).strip("b'")) from error
        self._good(*self.client.select("INBOX"))
        self.validity = (self.client.response("UIDVALIDITY")[1] or [b"0"])[0].decode()

    @property
    def connection(self) -> socket.socket:
        return self.client.socket()  # type: ignore[no-any-return]

    def names(self) -> list[str]:
        found = self._good(*self.client.uid("SEARCH", "UNDELETED"))
        return [f"{self.validity}.{int(uid)}" for line in found for uid in (line or b"").split()][:LISTED]

    def read(self, name: str, limit: int) -> bytes | None:
        uid = name.partition(".")[2]
        _, said = self.client.uid("FETCH", uid, "(RFC822.SIZE)")
        size = re.search(rb"RFC822\.SIZE (\d{1,15})", b" ".join(part if isinstance(part, bytes) else part[0] for part in said if part))
        if size is None or int(size[1]) > limit:
            return None
        _, said = self.client.uid("FETCH", uid, "(BODY.PEEK[])")
        return next((bytes(part[1]) for part in said if isinstance(part, tuple)), None)

    def delete(self, name: str) -> None:
        self.client.uid("STORE", name.partition(".")[2], "+FLAGS.SILENT", "(\\Deleted)")

    def _good(self, state: str, said: list[Any]) -> list[Any]:
        """What an answer holds. Raises MailError(NETWORK) for what is not OK, with the server's words."""
        if state != "OK":
            words = b" ".join(one for one in said if isinstance(one, bytes)).decode("utf-8", "replace")[:200]
            raise MailError(Reason.NETWORK, f"{self.account.host} cannot be used: {words or state}.", temporary=True)
        return said

    def close(self) -> None:
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self.client.expunge()
            self.client.logout()
