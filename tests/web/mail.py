"""Mail for the pages to show: letters sent by a stranger or put into a mailbox, and how many lie there."""

import imaplib
import smtplib

from tests.scenario.server import PASSWORD, RoostServer

ME = "u1@x.test"


def letter(subject: str, sender: str = "Ann Miller <ann@out.test>", to: str = ME, text: str = "Hello", number: str = "", answers: str = "", more: str = "") -> bytes:
    lines = [f"From: {sender}", f"To: {to}", f"Subject: {subject}", "Date: Tue, 24 Nov 2026 10:00:00 +0000", f"Message-ID: <{number or subject.replace(' ', '-')}@out.test>"]
    lines += [f"In-Reply-To: <{answers}@out.test>"] if answers else []
    lines += [more] if more else []
    return ("\r\n".join(lines) + f"\r\n\r\n{text}\r\n").encode()


def send(server: RoostServer, data: bytes, to: str = ME) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [to], data)


def imap_of(server: RoostServer, address: str = ME) -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    imap.login(address, PASSWORD)
    return imap


def put(server: RoostServer, box: str, data: bytes, address: str = ME, flags: str = "\\Seen") -> None:
    with imap_of(server, address) as imap:
        assert imap.append(box, flags, None, data)[0] == "OK"


def found(server: RoostServer, box: str, *criteria: str, address: str = ME) -> int:
    with imap_of(server, address) as imap:
        assert imap.select(box, readonly=True)[0] == "OK"
        return len(imap.search(None, *criteria)[1][0].split())


def send_short(server: RoostServer, to: str, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [to], f"From: Ann <ann@out.test>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nhello\r\n")
