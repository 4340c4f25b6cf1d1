"""Who guesses passwords by any protocol is kept out of all of them, and mail from there still arrives."""

import base64
import smtplib
import socket
import ssl
from collections.abc import Callable
from typing import Any

import pytest
from requests.adapters import HTTPAdapter

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser

TRUSTING = ssl.create_default_context()
TRUSTING.check_hostname, TRUSTING.verify_mode = False, ssl.CERT_NONE
USER = "u1@x.test"


server = lasting(lambda: RoostServer(listeners=("smtp", "submissions", "imaps", "pop3s", "sieve", "https"), host="0.0.0.0", people=1, settings={"signin.max_failures": "4"}))


class Line:
    """A line protocol over TLS from an address of our choice."""

    def __init__(self, server: RoostServer, listener: str, ip: str) -> None:
        plain = socket.create_connection(("127.0.0.1", server.ports[listener]), timeout=20, source_address=(ip, 0))
        self.socket: Any = plain
        if listener == "sieve":
            self.file = plain.makefile("rwb", buffering=0)
            while not self.file.readline().startswith(b"OK"):
                continue
            self.say("STARTTLS")
        self.socket = TRUSTING.wrap_socket(plain)
        self.file = self.socket.makefile("rwb", buffering=0)
        while not self.file.readline().startswith((b"* OK", b"+OK", b"220", b"OK")):
            continue

    def say(self, line: str) -> str:
        self.file.write(line.encode() + b"\r\n")
        return self.file.readline().decode()


def plain(password: str) -> str:
    return base64.b64encode(f"\0{USER}\0{password}".encode()).decode()


def by_imap(server: RoostServer, ip: str, password: str) -> bool:
    return " OK" in Line(server, "imaps", ip).say(f'a LOGIN {USER} "{password}"')


def by_pop3(server: RoostServer, ip: str, password: str) -> bool:
    line = Line(server, "pop3s", ip)
    line.say(f"USER {USER}")
    return line.say(f"PASS {password}").startswith("+OK")


def by_smtp(server: RoostServer, ip: str, password: str) -> bool:
    with smtplib.SMTP_SSL("127.0.0.1", server.ports["submissions"], context=TRUSTING, timeout=20, source_address=(ip, 0)) as client:
        client.ehlo()
        return client.docmd("AUTH", f"PLAIN {plain(password)}")[0] == 235


def by_sieve(server: RoostServer, ip: str, password: str) -> bool:
    return Line(server, "sieve", ip).say(f'AUTHENTICATE "PLAIN" "{plain(password)}"').startswith("OK")


class From(HTTPAdapter):
    def __init__(self, ip: str) -> None:
        self.ip = ip
        super().__init__()

    def init_poolmanager(self, *words: Any, **more: Any) -> None:
        super().init_poolmanager(*words, **more, source_address=(self.ip, 0))


def by_web(server: RoostServer, ip: str, password: str) -> bool:
    server.ports["http"] = server.ports["https"]
    browser = Browser(server)
    browser.base = browser.base.replace("http:", "https:")
    browser.session.verify = browser.session.trust_env = False
    browser.session.mount("https://", From(ip))
    return browser.sign_in(USER, password).status_code == 200


WAYS = {"imap": by_imap, "pop3": by_pop3, "smtp": by_smtp, "sieve": by_sieve, "web": by_web}


@pytest.mark.filterwarnings("ignore:Unverified HTTPS")
@pytest.mark.parametrize("way", WAYS)
def test_guessing_by_one_protocol_closes_all_and_mail_still_comes(server: RoostServer, way: str) -> None:
    number, ask = list(WAYS).index(way), WAYS[way]
    ip = f"127.0.0.{20 + number}"
    guesses: list[Callable[[], bool]] = [lambda n=n: ask(server, ip, f"wrong {n} guess") for n in range(4)]  # type: ignore[misc]
    assert not any(guess() for guess in guesses)
    assert [name for name, one in WAYS.items() if one(server, ip, PASSWORD)] == [], "the right password comes too late, whatever it is said to"
    assert by_imap(server, f"127.0.0.{120 + number}", PASSWORD), "somebody else is not shut out"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20, source_address=(ip, 0)) as client:
        assert client.sendmail("ann@out.test", [USER], "From: ann@out.test\r\nSubject: x\r\n\r\nx\r\n") == {}
    assert server.run("ban", "lift", ip, "--json").startswith('{"network"')
    assert ask(server, ip, PASSWORD), "and after the ban is lifted it is taken"


def test_an_address_of_a_range_above_the_bans_is_never_shut_out(server: RoostServer) -> None:
    ip, other = "127.0.0.90", "127.0.0.95"
    server.run("range", "add", "Kiosk", "127.0.0.90", "127.0.0.94", "--priority", "110")
    server.run("range", "add", "Hall", other, "--priority", "100")
    try:
        assert not any(by_imap(server, address, f"guess {n} wrong") for address in (ip, other) for n in range(5))
        assert by_imap(server, ip, PASSWORD) and not by_imap(server, other, PASSWORD)
        server.run("ban", "add", ip)
        assert by_imap(server, ip, PASSWORD), "also when the ban was made by hand"
        server.run("range", "remove", "Kiosk")
        assert not by_imap(server, ip, PASSWORD), "without the range the ban holds"
    finally:
        server.run("range", "remove", "Hall")
