"""What POP3 does to the mailbox, account by account: deleting, reading, and passwords with blanks."""

import imaplib
import poplib
import smtplib
import sqlite3

import pytest

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in

ODD_PASSWORD = "two  blanks and one behind "


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "pop3", "http"), people=6))


def stored(server: RoostServer, address: str) -> dict[str, tuple[str, int, str]]:
    """(mailbox, flags, keywords) of each message by subject, read without signing in."""
    with sqlite3.connect(server.folder / "data" / "roost.db", timeout=20) as database:
        rows = database.execute(
            "SELECT e.subject, b.name, m.flags, m.keywords FROM messages m JOIN emails e ON e.id = m.email_id JOIN mailboxes b ON b.id = m.mailbox_id"
            " JOIN accounts a ON a.id = b.account_id WHERE a.address = ?", (address,),
        )  # fmt: skip
        return {row[0]: (row[1], row[2], row[3]) for row in rows}


def send(server: RoostServer, to: str, *subjects: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        for subject in subjects:
            client.sendmail("ann@out.test", [to], f"From: ann@out.test\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nText\r\n")
    eventually(lambda: set(subjects) <= set(stored(server, to)))


def opened(server: RoostServer, address: str, password: str = PASSWORD) -> poplib.POP3:
    client = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=20)
    client.user(address)
    client.pass_(password)
    return client


@pytest.mark.parametrize(
    ("number", "also", "setting", "box"),
    [(1, "", "", "Trash"), (2, "imap", "", "Archive"), (3, "web", "", "Archive"), (4, "imap", "delete", "Trash"), (5, "", "archive", "Archive"), (6, "", "hide", "INBOX")],
    ids=["only POP3", "IMAP too", "webmail too", "set to delete", "set to archive", "set to hide"],
)
def test_what_is_deleted_goes_where_the_account_says_and_else_to_where_somebody_sees_it(server: RoostServer, number: int, also: str, setting: str, box: str) -> None:
    address = f"u{number}@x.test"
    if also == "imap":
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
            imap.login(address, PASSWORD)
    elif also == "web":
        signed_in(server, address)
    if setting:
        server.run("settings", "set", "pop3.delete_action", setting, "--account", address)
        server.settle()
    send(server, address, "Goes", "Stays")
    client = opened(server, address)
    client.dele(1)
    client.quit()
    found = stored(server, address)
    assert found["Goes"][0] == box and found["Stays"][0] == "INBOX"
    assert ("$Pop3Hidden" in found["Goes"][2]) is (setting == "hide")
    client = opened(server, address)
    assert client.stat()[0] == 1
    client.quit()


@pytest.mark.parametrize("is_on", [True, False])
def test_retr_marks_as_read_where_the_account_wants_it_and_top_never(server: RoostServer, is_on: bool) -> None:
    server.run("settings", "set", "pop3.marks_seen", "on" if is_on else "off", "--account", "u5@x.test")
    server.settle()
    send(server, "u5@x.test", f"Read {is_on}", f"Looked at {is_on}")
    client = opened(server, "u5@x.test")
    count = client.stat()[0]
    client.retr(count - 1)
    client.top(count, 0)
    client.quit()
    found = stored(server, "u5@x.test")
    assert (bool(found[f"Read {is_on}"][1] & 1), bool(found[f"Looked at {is_on}"][1] & 1)) == (is_on, False)


def test_the_password_is_the_rest_of_the_line_with_every_blank(server: RoostServer) -> None:
    server.run("account", "add", "odd@x.test", "--password", ODD_PASSWORD)
    client = opened(server, "odd@x.test", ODD_PASSWORD)
    assert client.stat()[0] == 0
    client.quit()
    for wrong in (ODD_PASSWORD.strip(), ODD_PASSWORD.replace("  ", " ")):
        with pytest.raises(poplib.error_proto):
            opened(server, "odd@x.test", wrong)
