"""Mail with a blocked attachment waits in quarantine: found there with its reason, released into the mailbox, or deleted; no mail on its way."""

import imaplib
import json
import re
import smtplib
from email.message import EmailMessage

import pytest

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

HERE = "/admin/quarantine"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=1, settings={"virus.blocked_action": "quarantine"}))


@pytest.fixture
def admin(server: RoostServer) -> Browser:
    return signed_in(server, "admin@x.test")


def send(server: RoostServer, subject: str) -> None:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = "ann@out.test", "u1@x.test", subject
    made.set_content("see file")
    made.add_attachment(b"MZ", maintype="application", subtype="octet-stream", filename="invoice.exe")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as smtp:
        smtp.send_message(made)


def inbox(server: RoostServer) -> int:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        return int(imap.select("INBOX", readonly=True)[1][0] or 0)


def number(text: str, subject: str) -> str:
    found = re.search(rf'name="ids" value="(\d+)" aria-label="Tick {subject}"', text)
    assert found, subject
    return found[1]


def test_a_held_message_tells_why_and_is_released_into_the_mailbox(server: RoostServer, admin: Browser) -> None:
    send(server, "Pay")
    text = admin.get(HERE).text
    assert "invoice.exe" in text and "One message is held. Nobody was told." in text and "u1@x.test" in text
    assert inbox(server) == 0 and "Pay" not in admin.get("/admin/queue").text
    assert "in quarantine" in admin.get("/admin/messages?q=Pay").text
    assert [row["subject"] for row in json.loads(server.run("quarantine", "list", "--json"))] == ["Pay"]
    released = admin.post(HERE, {"op": "release", "ids": number(text, "Pay")}).text
    assert "Released; it is delivered now" in released
    eventually(lambda: inbox(server) != 0)
    assert inbox(server) == 1 and json.loads(server.run("quarantine", "list", "--json")) == []
    assert "queue release" in admin.get("/admin/audit?q=queue").text


def test_a_deleted_one_is_gone_and_nobody_is_told(server: RoostServer, admin: Browser) -> None:
    before = inbox(server)
    send(server, "Worse")
    text = admin.get(HERE + "?q=worse").text
    which = number(text, "Worse")
    assert "Deleted; nobody is told" in admin.post(HERE, {"op": "delete", "ids": which}).text
    assert admin.post(HERE, {"op": "release", "ids": which}).status_code == 404
    assert inbox(server) == before and "Nothing is held" in admin.get(HERE).text


def test_the_timeline_of_a_refused_message_tells_where_it_came_from(server: RoostServer, admin: Browser) -> None:
    server.run("settings", "set", "virus.blocked_action", "refuse")
    server.settle()
    with pytest.raises(smtplib.SMTPDataError):
        send(server, "Pay at once")
    server.run("settings", "set", "virus.blocked_action", "quarantine")
    server.settle()
    (row,) = json.loads(server.run("trace", "Pay at once", "--json"))
    text = admin.get(f"/admin/messages/{row['trace_id']}").text
    assert "Arrived from 127.0.0.1" in text and text.index("Arrived from") < text.index("Refused")
