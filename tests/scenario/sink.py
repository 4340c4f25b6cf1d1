"""A remote mail server for the tests: a thread that speaks SMTP from a script, on 127.0.0.1, and keeps what it was sent."""

import contextlib
import socket
import socketserver
import ssl
import threading
import time
from collections.abc import Container
from dataclasses import dataclass, field

EHLO = ("PIPELINING", "SIZE 50000000", "8BITMIME", "SMTPUTF8", "DSN", "ENHANCEDSTATUSCODES")


@dataclass
class Taken:
    """One message the sink took."""

    sender: str
    recipients: list[str]
    data: bytes
    is_tls: bool = False
    login: str = ""


@dataclass
class Behaviour:
    """How the sink answers. *rcpt* maps an address to a reply; the rest stand for the whole session."""

    greeting: str = "220 sink.test ESMTP"
    ehlo: tuple[str, ...] = EHLO
    mail: str = "250 2.1.0 ok"
    rcpt: dict[str, str] = field(default_factory=dict)
    data_end: str = "250 2.0.0 taken"
    drops_in_data: bool = False
    hangs_after_dot: bool = False
    silent_seconds: float = 0
    """After the dot it says nothing for so long, and keeps nothing."""
    is_well_after: int = 0
    """After so many connections everything is taken; 0: never."""
    knows_ehlo: bool = True
    password: str = ""
    tokens: Container[str] | None = None
    """Access tokens that are good; None: XOAUTH2 is not offered."""
    breaks_tls: bool = False


class Sink:
    """Start with a Behaviour; `taken` is what came, `sessions` how many connections there were, `peers` from where, `lines` every command."""

    def __init__(self, behaviour: Behaviour | None = None, certificate: tuple[str, str] | None = None, *, where: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.behaviour = behaviour or Behaviour()
        self.taken: list[Taken] = []
        self.lines: list[str] = []
        self.sessions = 0
        self.peers: list[str] = []
        self.certificate = certificate
        sink = self

        class Handler(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                sink.sessions += 1
                sink.peers.append(self.client_address[0])
                with contextlib.suppress(OSError, ssl.SSLError):
                    Dialogue(sink, self.request).run()

        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
            address_family = socket.AF_INET6 if ":" in where[0] else socket.AF_INET
            daemon_threads = True

        self.server = Server(where, Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        """End it."""
        self.server.shutdown()
        self.server.server_close()


class Dialogue:
    """One connection."""

    def __init__(self, sink: Sink, connection: socket.socket) -> None:
        how = sink.behaviour
        self.sink, self.how, self.connection = sink, Behaviour() if 0 < how.is_well_after < sink.sessions else how, connection
        self.file = connection.makefile("rb")
        self.is_tls = False
        self.login = ""

    def say(self, text: str) -> None:
        self.connection.sendall(text.encode() + b"\r\n")

    def run(self) -> None:
        self.say(self.how.greeting)
        sender, recipients = "", []
        while line := self.file.readline():
            text = line.decode().rstrip("\r\n")
            self.sink.lines.append(text)
            verb = text.split(" ")[0].upper()
            if verb == "EHLO":
                self.ehlo()
            elif verb == "HELO":
                self.say("250 sink.test")
            elif verb == "STARTTLS":
                self.starttls()
            elif verb == "AUTH":
                self.auth(text)
            elif verb == "MAIL":
                sender = text.partition("<")[2].partition(">")[0]
                recipients = []
                self.say(self.how.mail)
            elif verb == "RCPT":
                address = text.partition("<")[2].partition(">")[0]
                answer = self.how.rcpt.get(address, "250 2.1.5 ok") if self.how.mail.startswith("2") else "503 5.5.1 no MAIL was taken"
                if answer.startswith("2"):
                    recipients.append(address)
                self.say(answer)
            elif verb == "DATA":
                if not self.data(sender, recipients):
                    return
            elif verb == "QUIT":
                self.say("221 bye")
                return
            else:
                self.say("500 what")

    def ehlo(self) -> None:
        if not self.how.knows_ehlo:
            self.say("502 no EHLO here")
            return
        lines = ["sink.test", *self.how.ehlo]
        if self.sink.certificate and not self.is_tls:
            lines.append("STARTTLS")
        if self.how.password and (self.is_tls or not self.sink.certificate):
            lines.append("AUTH PLAIN LOGIN")
        if self.how.tokens is not None:
            lines.append("AUTH XOAUTH2")
        for number, line in enumerate(lines):
            self.say(f"250{'-' if number + 1 < len(lines) else ' '}{line}")

    def starttls(self) -> None:
        self.say("220 go")
        if self.how.breaks_tls:
            self.connection.sendall(b"this is no handshake\r\n")
            raise OSError
        assert self.sink.certificate is not None
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.sink.certificate)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.file = self.connection.makefile("rb")
        self.is_tls = True

    def auth(self, text: str) -> None:
        import base64

        words = text.split(" ")
        if words[1] == "XOAUTH2" and self.how.tokens is not None:
            user, _, bearer = base64.b64decode(words[2]).decode().rstrip("\1").partition("\1auth=Bearer ")
            if bearer in self.how.tokens:
                self.login = user.removeprefix("user=")
                self.say("235 2.7.0 Accepted")
                return
            self.say("334 " + base64.b64encode(b'{"status":"400","schemes":"Bearer"}').decode())
            assert self.file.readline() == b"\r\n"
            self.say("535 5.7.8 Username and Password not accepted")
            return
        login, password = base64.b64decode(words[2]).split(b"\0")[1:] if words[1].upper() == "PLAIN" else (b"", b"")
        if password.decode() == self.how.password:
            self.login = login.decode()
            self.say("235 ok")
        else:
            self.say("535 5.7.8 wrong")

    def data(self, sender: str, recipients: list[str]) -> bool:
        if not recipients:
            self.say("554 nobody")
            return True
        self.say("354 go")
        pieces = []
        while (line := self.file.readline()) not in (b".\r\n", b""):
            pieces.append(line[1:] if line.startswith(b".") else line)
            if self.how.drops_in_data:
                return False
        if self.how.silent_seconds:
            time.sleep(self.how.silent_seconds)
            return False
        self.sink.taken.append(Taken(sender, list(recipients), b"".join(pieces), self.is_tls, self.login))
        if self.how.hangs_after_dot:
            return False
        self.say(self.how.data_end)
        return True


