"""Read receipts: asked about and never sent by themselves; sent once, from nobody, to where the message came from; and who is not asked about."""

import email
import re
import smtplib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.scenario.server import RoostServer
from tests.scenario.waiting import eventually
from tests.web.mail import found, imap_of, put
from tests.web.test_sharing_webmail import box_id, message_id
from tests.web.visitor import Browser, signed_in

ME, ASKER = "u1@x.test", "u2@x.test"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=3)
    one.run("account", "set", ME, "--name", "Ada Vale")
    yield one
    one.remove()


def letter(subject: str, more: str = "", to: str = ASKER, back: str = ASKER) -> bytes:
    head = f"Return-Path: <{back}>\r\nFrom: Ben <{ASKER}>\r\nTo: {ME}\r\nSubject: {subject}\r\nMessage-ID: <{subject.lower()}@x.test>\r\nDisposition-Notification-To: <{to}>\r\n"
    return f"{head}{more}\r\nPlease tell me\r\n".encode()


def opened(browser: Browser, subject: str, box: str = "Inbox") -> tuple[str, str]:
    """The page of a message, and its number."""
    inbox = box_id(browser.get("/mail").text, box)
    number = message_id(browser.get(f"/mail/{inbox}").text, subject)
    return browser.get(f"/mail/{inbox}/{number}").text, number


def test_a_receipt_is_sent_when_one_says_so_and_asked_for_once(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [ME], b"From: Ann <ann@out.test>\r\nTo: u1@x.test\r\nSubject: Outside\r\nDisposition-Notification-To: ann@out.test\r\nMessage-ID: <o@out.test>\r\n\r\nhello\r\n")
    put(server, "INBOX", letter("Tell"), ME)
    me = signed_in(server, ME)
    page, number = opened(me, "Tell")
    assert f"{ASKER} asks to be told" in page
    assert found(server, "INBOX", "ALL", address=ASKER) == 0, "opening it tells nobody"
    sent = me.post(f"/mail/{number}/receipt", {"op": "send"})
    assert f"The receipt is sent to {ASKER}" in sent.text and "asks to be told" not in sent.text
    eventually(lambda: found(server, "INBOX", "ALL", address=ASKER))
    with imap_of(server, ASKER) as imap:
        imap.select("INBOX")
        told = email.message_from_bytes(imap.fetch("1", "(BODY[])")[1][0][1])
    assert told["Return-Path"] == "<>" and told.get_content_type() == "multipart/report" and told.get_param("report-type") == "disposition-notification"
    human, machine, original = told.get_payload()
    fields = machine.get_payload()[0] if isinstance(machine.get_payload(), list) else email.message_from_string(machine.get_payload())
    assert fields["Final-Recipient"] == f"rfc822; {ME}" and fields["Original-Message-ID"] == "<tell@x.test>"
    assert fields["Disposition"] == "manual-action/MDN-sent-manually; displayed"
    assert "Ada Vale" in human.get_payload(decode=True).decode() and "Subject: Tell" in str(original.get_payload())
    assert me.post(f"/mail/{number}/receipt", {"op": "send"}).status_code == 403, "once is enough"
    assert found(server, "INBOX", "KEYWORD", "$MDNSent", address=ME) == 1 and found(server, "Sent", "ALL", address=ME) == 0
    assert "ann@out.test asks to be told" in opened(me, "Outside")[0], "mail from outside carries the path it came by"


def test_two_clicks_at_once_send_one_receipt(server: RoostServer) -> None:
    put(server, "INBOX", letter("Twice"), ME)
    me = signed_in(server, ME)
    number = opened(me, "Twice")[1]
    others = [signed_in(server, ME) for _ in range(4)]
    for one in others:
        one.get("/mail/mailboxes")
    with ThreadPoolExecutor() as pool:
        codes = list(pool.map(lambda one: one.post(f"/mail/{number}/receipt", {"op": "send"}).status_code, others))
    assert codes.count(200) == 1, codes
    eventually(lambda: found(server, "INBOX", "TEXT", "<twice@x.test>", address=ASKER))
    assert found(server, "INBOX", "TEXT", "<twice@x.test>", address=ASKER) == 1


def test_one_can_say_no_and_never(server: RoostServer) -> None:
    put(server, "INBOX", letter("Refuse"), ME)
    put(server, "INBOX", letter("Again"), ME)
    me = signed_in(server, ME)
    page, number = opened(me, "Refuse")
    assert "asks to be told" in page
    assert "asks to be told" not in me.post(f"/mail/{number}/receipt", {"op": "no"}).text
    me.get("/settings/display")
    me.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "0", "conversations": "1", "warnings": "1"})
    assert "asks to be told" not in opened(me, "Again")[0]
    me.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "0", "conversations": "1", "warnings": "1", "receipts": "1"})
    assert "asks to be told" in opened(me, "Again")[0]


def test_nobody_is_asked_for_lists_robots_junk_and_who_wants_it_elsewhere(server: RoostServer) -> None:
    me = signed_in(server, ME)
    cases = {
        "Listed": letter("Listed", "List-Id: <l.x.test>\r\n"), "Robot": letter("Robot", "Auto-Submitted: auto-generated\r\n"), "Bulk": letter("Bulk", "Precedence: bulk\r\n"),
        "Elsewhere": letter("Elsewhere", to="spy@far.test"), "Nobody": letter("Nobody", back=""), "Two": letter("Two", f"Disposition-Notification-To: <{ASKER}>\r\n"),
    }  # fmt: skip
    for subject, data in cases.items():
        put(server, "INBOX", data, ME)
        page, number = opened(me, subject)
        assert "asks to be told" not in page, subject
        assert me.post(f"/mail/{number}/receipt", {"op": "send"}).status_code == 403, subject
    put(server, "Junk", letter("Junky"), ME)
    page, number = opened(me, "Junky", "Junk")
    assert "asks to be told" not in page and me.post(f"/mail/{number}/receipt", {"op": "send"}).status_code == 403
    assert re.search("Send a receipt", page) is None
