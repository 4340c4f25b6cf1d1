"""What an admin allows a range of addresses, over the wire: directions, relaying, scanners, and passwords without TLS until a day."""

import contextlib
import imaplib
import smtplib
import sqlite3
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest

from tests.scenario.server import PASSWORD, RoostServer

INSIDE, RELAY, CLEAN, OLD, OTHER, WIDE = "127.0.0.21", "127.0.0.22", "127.0.0.23", "127.0.0.24", "127.0.0.25", "127.0.0.26"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "imap", "http"), people=2, settings={"outgoing.port": "1", "virus.blocked_action": "refuse", "spam.enabled": "off"})
    one.run("range", "add", "Inside", INSIDE, "--allow", "local-local local-external", "--auth", "")
    one.run("range", "add", "Programs", RELAY, "--auth", "external-external")
    one.run("range", "add", "Wide open", WIDE, "--auth", "")
    one.run("range", "add", "Scanned elsewhere", CLEAN, "--no-virus")
    one.run("range", "add", "Old devices", OLD, "--without-tls-until", "2099-12-31")
    one.settle(2.5)
    yield one
    one.remove()


def told(server: RoostServer, ip: str, sender: str, to: str, data: str = "Subject: x\r\n\r\nx\r\n") -> tuple[int, str]:
    """The answer to a message: the first that is no success, or the last."""
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], local_hostname="client.test", timeout=20, source_address=(ip, 0)) as client:
        client.ehlo()
        for code, text in (client.mail(sender), client.rcpt(to)):
            if code >= 400:
                return code, text.decode()
        code, text = client.data(f"From: {sender}\r\nTo: {to}\r\n{data}".encode())
        return code, text.decode()


def test_mail_goes_only_in_the_directions_a_range_allows(server: RoostServer) -> None:
    code, text = told(server, INSIDE, "bob@out.test", "u1@x.test")
    assert code == 550 and "external to local" in text
    assert told(server, INSIDE, "u2@x.test", "u1@x.test")[0] == 250
    assert told(server, OTHER, "bob@out.test", "u1@x.test")[0] == 250, "a range holds for its own addresses"


def test_a_named_range_relays_for_senders_of_domains_here_and_for_nobody_else(server: RoostServer) -> None:
    assert told(server, RELAY, "u1@x.test", "bob@out.test")[0] == 250
    assert told(server, RELAY, "eve@out.test", "bob@far.test")[0] == 550
    assert told(server, RELAY, "", "bob@far.test")[0] == 550, "nobody is no sender of a domain here"
    assert told(server, OTHER, "u1@x.test", "bob@out.test")[0] == 550
    assert told(server, WIDE, "u1@x.test", "bob@out.test")[0] == 250
    assert told(server, WIDE, "eve@out.test", "bob@far.test")[0] == 550, "whatever the range allows, it sends for domains here only"


def test_a_range_may_be_left_out_of_the_search_for_viruses(server: RoostServer) -> None:
    made = EmailMessage()
    made["Subject"] = "invoice"
    made.set_content("See the file")
    made.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="invoice.exe")
    data = made.as_string().replace("\n", "\r\n")
    code, text = told(server, OTHER, "bob@out.test", "u1@x.test", data)
    assert code == 550 and "invoice.exe" in text
    assert told(server, CLEAN, "bob@out.test", "u1@x.test", data)[0] == 250


def enters(server: RoostServer, ip: str) -> tuple[bool, bool]:
    """Whether a password without TLS is taken from *ip*: by IMAP, by SMTP on port 25."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) if ip == "127.0.0.1" else Near(server.ports["imap"], ip) as imap:
        try:
            by_imap = imap.login("u1@x.test", PASSWORD)[0] == "OK"
        except imaplib.IMAP4.error:
            by_imap = False
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20, source_address=(ip, 0)) as smtp:
        try:
            by_smtp = smtp.login("u1@x.test", PASSWORD)[0] == 235
        except smtplib.SMTPException:
            by_smtp = False
    return by_imap, by_smtp


class Near(imaplib.IMAP4):
    """IMAP from an address of our choice."""

    def __init__(self, port: int, ip: str) -> None:
        self.ip = ip
        super().__init__("127.0.0.1", port)

    def _create_socket(self, timeout: float | None) -> object:
        import socket

        return socket.create_connection((self.host, self.port), 20, source_address=(self.ip, 0))


def test_a_password_without_tls_is_taken_from_an_opened_range_until_its_last_day(server: RoostServer) -> None:
    assert enters(server, OLD) == (True, True)
    assert enters(server, OTHER) == (False, False)
    assert OLD in server.run("session", "without-tls"), "who still does it is listed"
    with contextlib.closing(sqlite3.connect(server.folder / "data" / "roost.db", timeout=20)) as base:
        base.execute("UPDATE ip_ranges SET expires_at = ? WHERE name = 'Old devices'", (time.time_ns() // 1000 - 1,))
        base.commit()
    server.settle(2.5)
    assert enters(server, OLD) == (False, False), "the last day is over"
