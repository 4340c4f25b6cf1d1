"""Lines of docs/policy.md that no other test holds, against a whole server."""

import imaplib
import poplib
import smtplib
import time
from collections.abc import Iterator

import pytest

from mailcore.base.resolver import Answer
from mailcore.mail.address import Address, ReversePath
from mailcore.queue import attempt, route
from mailcore.wire.smtp.client import OutRecipient
from tests.scenario.server import PASSWORD, RoostServer, free_ports
from tests.scenario.sink import Behaviour, Sink


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "imap", "pop3", "http"), people=6, settings={"outgoing.port": str(free_ports(1)[0])})
    one.run("alias", "add", "also@x.test", "u1@x.test")
    yield one
    one.remove()


def send(server: RoostServer, to: list[str], subject: str, sender: str = "ann@out.test", message_id: str = "") -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        client.sendmail(sender, to, f"From: {sender or 'ann@out.test'}\r\nTo: {to[0]}\r\nSubject: {subject}\r\nMessage-ID: <{message_id or subject.replace(' ', '.')}@out.test>\r\n\r\nText\r\n")


def subjects(server: RoostServer, address: str, box: str = "INBOX") -> list[str]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as imap:
        imap.login(address, PASSWORD)
        assert imap.select(box, readonly=True)[0] == "OK"
        found = imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1] if imap.search(None, "ALL")[1][0] else []
    return [part[1].decode().partition(":")[2].strip() for part in found if isinstance(part, tuple)]


def until(server: RoostServer, address: str, subject: str, box: str = "INBOX") -> list[str]:
    deadline = time.monotonic() + 10
    while subject not in (found := subjects(server, address, box)):
        assert time.monotonic() < deadline, found
        time.sleep(0.1)
    return found


def test_a_person_reached_twice_in_one_transaction_gets_one_copy_and_in_two_gets_two(server: RoostServer) -> None:
    send(server, ["u1@x.test", "also@x.test"], "Once")
    assert until(server, "u1@x.test", "Once").count("Once") == 1
    send(server, ["u1@x.test"], "Twice", message_id="same")
    send(server, ["also@x.test"], "Twice", message_id="same")
    until(server, "u1@x.test", "Twice")
    time.sleep(0.5)
    assert subjects(server, "u1@x.test").count("Twice") == 2, "a Message-ID is never believed"


@pytest.mark.parametrize("address", ["postmaster", "postmaster@x.test", "abuse@x.test", "Postmaster@X.TEST"])
def test_postmaster_and_abuse_lead_to_the_admin(server: RoostServer, address: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        client.sendmail("", [address], f"From: a@out.test\r\nTo: {address}\r\nSubject: For {address}\r\n\r\nText\r\n")
    until(server, "admin@x.test", f"For {address}")


@pytest.mark.parametrize(("action", "box"), [("delete", "Trash"), ("archive", "Archive"), ("hide", "INBOX")])
def test_what_pop3_deletes_goes_where_the_setting_says(server: RoostServer, action: str, box: str) -> None:
    server.run("settings", "set", "pop3.delete_action", action)
    time.sleep(1.2)  # settings are read again each second
    subject = f"Dropped {action}"
    send(server, ["u2@x.test"], subject)
    until(server, "u2@x.test", subject)
    client = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
    client.user("u2@x.test")
    client.pass_(PASSWORD)
    for number in range(1, client.stat()[0] + 1):
        client.dele(number)
    client.quit()
    until(server, "u2@x.test", subject, box)
    client = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
    client.user("u2@x.test")
    client.pass_(PASSWORD)
    assert client.stat()[0] == 0, "and POP3 does not show it again"
    client.quit()


def test_a_password_may_hold_spaces_in_pop3(server: RoostServer) -> None:
    assert " " in PASSWORD
    client = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
    client.user("u2@x.test")
    assert client.pass_(PASSWORD).startswith(b"+OK")
    client.quit()


def test_ipv4_comes_first_unless_the_setting_says_otherwise() -> None:
    class Names:
        def query(self, name: str, rdtype: str) -> Answer:
            return Answer(values=("192.0.2.1",) if rdtype == "A" else ("2001:db8::1",))

    assert route.addresses_of(Names(), "mx.far.test", False) == ("192.0.2.1", "2001:db8::1")  # type: ignore[arg-type]
    assert route.addresses_of(Names(), "mx.far.test", True) == ("2001:db8::1", "192.0.2.1")  # type: ignore[arg-type]


@pytest.mark.parametrize(("said", "is_tried_again"), [("550 5.7.25 The IPv6 sender has no PTR record", True), ("550 5.7.1 Mailbox is closed", False), ("550 5.1.1 No such IPv6 user", False)])
def test_a_refusal_about_our_ipv6_address_is_tried_once_more_over_ipv4(said: str, is_tried_again: bool) -> None:
    old = Sink(Behaviour())
    new = Sink(Behaviour(rcpt={"bob@far.test": said}), where=("::1", old.port))
    try:
        letter = attempt.Letter(sender=ReversePath(Address.parse("ann@x.test")), recipients=[OutRecipient(address=Address.parse("bob@far.test"))], data=b"From: ann@x.test\r\n\r\nx\r\n")
        result = attempt.send(letter, [route.Hop(host="mx.far.test", addresses=("::1", "127.0.0.1"), port=old.port)], "mx.x.test")
        assert (new.sessions, len(old.taken)) == (1, int(is_tried_again))
        assert result.outcomes[0].is_delivered == is_tried_again and result.address == ("127.0.0.1" if is_tried_again else "::1")
    finally:
        old.stop()
        new.stop()


def test_the_date_a_message_came_is_ours_and_not_the_senders(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        client.sendmail("a@out.test", ["u4@x.test"], "From: a@out.test\r\nTo: u4@x.test\r\nDate: Mon, 1 Jan 1990 00:00:00 +0000\r\nSubject: Old\r\n\r\nx\r\n")
    until(server, "u4@x.test", "Old")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as imap:
        imap.login("u4@x.test", PASSWORD)
        imap.select("INBOX", readonly=True)
        assert b"1990" not in imap.fetch("1", "INTERNALDATE")[1][0]


def test_a_server_for_this_network_only_sends_nothing_outside() -> None:
    one = RoostServer(listeners=("smtp", "submission", "imap"), people=2, workers=1, settings={"server.mode": "lan"})
    try:
        with smtplib.SMTP("127.0.0.1", one.ports["submission"], timeout=20) as client:
            client.login("u1@x.test", PASSWORD)
            client.sendmail("u1@x.test", ["u2@x.test"], "From: u1@x.test\r\nTo: u2@x.test\r\nSubject: Inside\r\n\r\nText\r\n")
            with pytest.raises(smtplib.SMTPRecipientsRefused, match="inside its own network"):
                client.sendmail("u1@x.test", ["ann@out.test"], "From: u1@x.test\r\nTo: ann@out.test\r\nSubject: Outside\r\n\r\nText\r\n")
        until(one, "u2@x.test", "Inside")
    finally:
        one.remove()
