"""Lines of docs/policy.md that no other test holds, against a whole server."""

import contextlib
import imaplib
import poplib
import smtplib
import sqlite3
import time
from collections.abc import Iterator

import pytest

from mailcore.base.clock import DAY
from mailcore.base.resolver import Answer
from mailcore.config.environment import Config
from mailcore.directory import verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.address import Address, ReversePath
from mailcore.queue import attempt, route
from mailcore.runtime.runtime import open_runtime
from mailcore.store import Tx, jobs, scripts
from mailcore.wire.smtp.client import OutRecipient
from tests.scenario.server import PASSWORD, RoostServer, free_ports
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.waiting import eventually


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
    return eventually(lambda: found if subject in (found := subjects(server, address, box)) else [], lambda: subjects(server, address, box))


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
    server.settle()
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


REJECT = 'require ["reject"]; reject "Not for me.";'


def refuse(server: RoostServer, *addresses: str, text: str = REJECT) -> None:
    """Give people a script that refuses all mail; "" takes it away again."""
    with contextlib.closing(open_runtime(Config(data_dir=server.folder / "data", dns="none", hostname="mx.x.test"), name="test")) as runtime:
        now = runtime.clock.micros()

        def put(tx: Tx) -> None:
            for address in addresses:
                person = verbs.find_account(tx, address).id
                scripts.put(tx, person, "no", text or "keep;", now)
                scripts.activate(tx, person, "no" if text else "", now)

        runtime.store.write(put)


def test_a_reader_of_a_list_who_refuses_holds_up_nobody_else(server: RoostServer) -> None:
    """The list's mail was taken long ago: the refusing reader's copy is junk, and the other readers get theirs."""
    server.run("list", "add", "team@x.test", "--member", "u5@x.test", "--member", "out@far.test", "--member", "out@near.test")
    refuse(server, "u5@x.test")
    send(server, ["team@x.test"], "To the team")
    until(server, "u5@x.test", "To the team", "Junk")
    refuse(server, "u5@x.test", text="")
    eventually(lambda: all(address in server.run("queue", "list", "--json") for address in ("out@far.test", "out@near.test")))
    assert "ann@out.test" not in server.run("queue", "list", "--json"), "and nothing of it waits here any more"


def test_many_recipients_have_one_reply_also_when_they_are_served_by_and_by(server: RoostServer) -> None:
    """More than a hundred are served after the reply. Whoever refuses then has it in Junk, be it the first hundred or the last one alone."""
    people = [f"many{number:03}@x.test" for number in range(101)]
    with contextlib.closing(open_runtime(Config(data_dir=server.folder / "data", dns="none", hostname="mx.x.test"), name="test")) as runtime:
        runtime.store.write(lambda tx: [verbs.add_account(tx, COMMAND_LINE, one, runtime.clock.micros()) for one in people])
    server.run("alias", "add", "many@x.test", *people)
    for refusing, other in ((people[:100], people[100]), (people[100:], people[0])):
        refuse(server, *refusing)
        send(server, ["many@x.test"], f"From nobody to {other}", sender="")
        for address, box in ((other, "INBOX"), (refusing[-1], "Junk")):
            eventually(lambda: f"From nobody to {other}" in stored_in(server, address, box))
        refuse(server, *refusing, text="")


def stored_in(server: RoostServer, address: str, box: str) -> list[str]:
    """Subjects in a mailbox, as the store has them."""
    with contextlib.closing(sqlite3.connect(f"file:{server.folder / 'data' / 'roost.db'}?mode=ro", uri=True)) as base:
        rows = base.execute(
            "SELECT e.subject FROM messages m JOIN emails e ON e.id = m.email_id JOIN mailboxes b ON b.id = m.mailbox_id JOIN accounts a ON a.id = b.account_id"
            " WHERE a.address = ? AND b.name = ?", (address, box),
        )  # fmt: skip
        return [row[0] for row in rows]


def test_what_a_program_sends_is_filed_by_the_server_only_where_the_account_wants_it(server: RoostServer) -> None:
    def submit(subject: str) -> None:
        with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=20) as client:
            client.login("u4@x.test", PASSWORD)
            client.sendmail("u4@x.test", ["u3@x.test", "u2@x.test"], f"From: u4@x.test\r\nTo: u3@x.test\r\nBcc: u2@x.test\r\nSubject: {subject}\r\n\r\nText\r\n")
        until(server, "u3@x.test", subject)

    submit("Not filed")
    server.run("settings", "set", "submission.keep_sent", "on", "--account", "u4@x.test")
    server.settle()
    submit("Filed")
    assert subjects(server, "u4@x.test", "Sent") == ["Filed"]
    for address, box, has_bcc in (("u4@x.test", "Sent", True), ("u3@x.test", "INBOX", False)):
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as imap:
            imap.login(address, PASSWORD)
            imap.select(box, readonly=True)
            (number,) = imap.search(None, "SUBJECT", '"Filed"', "NOT", "SUBJECT", '"Not"')[1][0].split()
            data = imap.fetch(number, "BODY.PEEK[]")[1][0][1]
        assert (b"Bcc: u2@x.test" in data, b"Message-ID:" in data) == (has_bcc, True), (address, data)


def test_trash_and_junk_empty_themselves_after_thirty_days_unless_the_account_says_never(server: RoostServer) -> None:
    server.run("settings", "set", "trash.days", "0", "--account", "u5@x.test")
    for address in ("u5@x.test", "u6@x.test"):
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as imap:
            imap.login(address, PASSWORD)
            for box in ("Trash", "Junk", "Archive"):
                for subject in ("Old", "New"):
                    assert imap.append(box, "", None, f"Subject: {subject}\r\n\r\nx\r\n".encode())[0] == "OK"
    with contextlib.closing(open_runtime(Config(data_dir=server.folder / "data", dns="none", hostname="mx.x.test"), name="test")) as runtime:
        now = runtime.clock.micros()

        def later(tx: Tx) -> None:
            tx.run("UPDATE messages SET save_date = :d WHERE email_id IN (SELECT id FROM emails WHERE subject = 'Old')", {"d": now - 31 * DAY})
            tx.run("UPDATE messages SET save_date = :d WHERE email_id IN (SELECT id FROM emails WHERE subject = 'New')", {"d": now - 29 * DAY})
            jobs.put(tx, "sweep", {}, now)

        runtime.store.write(later)
    eventually(lambda: "Old" not in stored_in(server, "u6@x.test", "Trash") + stored_in(server, "u6@x.test", "Junk"))
    for address, box, kept in (("u6@x.test", "Trash", 1), ("u6@x.test", "Junk", 1), ("u6@x.test", "Archive", 2), ("u5@x.test", "Trash", 2)):
        found = [one for one in stored_in(server, address, box) if one in ("Old", "New")]
        assert "New" in found and len(found) == kept, (address, box, found)
