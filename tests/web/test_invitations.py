"""Invitations in the webmail: told in the reader's own time, answered to the organizer, by a form and in a browser; never from Junk."""

import email
import imaplib
import re
import smtplib
from typing import Any

import pytest

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.browser import signed_in
from tests.web.gallery.test_gallery import needs_parts
from tests.web.visitor import Browser

ME, ANN = "u1@x.test", "u2@x.test"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=2))


@pytest.fixture(scope="module")
def person(server: RoostServer) -> Browser:
    browser = Browser(server)
    browser.sign_in(ME)
    return browser


def invitation(title: str, *lines: str, method: str = "REQUEST", guest: str = ME) -> bytes:
    own = [
        f"UID:{title.replace(' ', '-')}@x.test", f"SUMMARY:{title}", "DTSTART;TZID=Europe/Berlin:20261203T100000", "DTEND;TZID=Europe/Berlin:20261203T113000",
        "LOCATION:Orchard gate https://meet.far.test/plums", f"ORGANIZER;CN=Ann Miller:mailto:{ANN}", f"ATTENDEE;CN=Me;PARTSTAT=NEEDS-ACTION;RSVP=TRUE:mailto:{guest}",
        "ATTENDEE;CN=Bo;PARTSTAT=ACCEPTED:mailto:bo@far.test", "DESCRIPTION:Bring <b>baskets</b>", *lines,
    ]  # fmt: skip
    events = "\r\n".join(["BEGIN:VCALENDAR", "VERSION:2.0", f"METHOD:{method}", "BEGIN:VEVENT", *own, "END:VEVENT", "END:VCALENDAR", ""])
    head = f"From: Ann Miller <ann@out.test>\r\nTo: {ME}\r\nSubject: {title}\r\nMIME-Version: 1.0\r\nContent-Type: multipart/alternative; boundary=b\r\n\r\n--b\r\n\r\nYou are invited.\r\n"
    return (head + f"--b\r\nContent-Type: text/calendar; charset=utf-8; method={method}\r\n\r\n{events}--b--\r\n").encode()


def deliver(server: RoostServer, person: Browser, title: str, *lines: str, method: str = "REQUEST", guest: str = ME) -> str:
    """The path of the message once it is there."""
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [ME], invitation(title, *lines, method=method, guest=guest))
    path = re.search(rf'href="(/mail/\d+/\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>{title})', person.get("/").text)
    assert path is not None
    return path[1]


def received(server: RoostServer, subject: str) -> email.message.Message:
    """What the organizer got."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(ANN, PASSWORD)
        found = eventually(lambda: imap.select("INBOX", readonly=True) and imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split())
        return email.message_from_bytes(imap.fetch(found[-1], "(BODY[])")[1][0][1])


def test_the_event_is_told_in_the_readers_own_time(server: RoostServer, person: Browser) -> None:
    path = deliver(server, person, "Own time")
    text = person.get(path).text
    assert "Thursday, 3 December 2026, 09:00 – 10:30" in text and "Bring &lt;b&gt;baskets" in text and "Ann Miller" in text
    assert re.search(r'href="https://meet.far.test/plums" target="_blank" rel="noopener noreferrer"', text)
    assert "comes" in text and "no answer yet" in text


def test_an_answer_reaches_the_organizer_as_a_reply_and_is_remembered(server: RoostServer, person: Browser) -> None:
    path = deliver(server, person, "Plum harvest", "SEQUENCE:2")
    assert "Changed invitation" in person.get(path).text
    assert person.post(f"/mail/{path.rpartition('/')[2]}/answer", {"answer": "tentative"}).status_code == 200
    got = received(server, "Perhaps: Plum harvest")
    assert got.get_content_type() == "multipart/alternative"
    part = next(p for p in got.walk() if p.get_content_type() == "text/calendar")
    events = part.get_payload(decode=True).decode().replace("\r\n ", "")  # type: ignore[union-attr]
    assert part.get_param("method") == "REPLY" and "METHOD:REPLY" in events and "UID:Plum-harvest@x.test" in events and "SEQUENCE:2" in events
    assert re.search(r"ATTENDEE;PARTSTAT=TENTATIVE[^\r\n]*:mailto:u1@x.test", events) and "bo@far.test" not in events
    again = person.get(path).text
    assert re.search(r'value="tentative" aria-pressed="true"', again) and 'value="accepted" aria-pressed="false"' in again
    ann = Browser(server)
    ann.sign_in(ANN)
    row = re.search(r'href="(/mail/\d+/\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>Perhaps: Plum harvest)', ann.get("/").text)
    assert row is not None and "may come." in ann.get(row[1]).text


def test_an_answer_may_be_changed(server: RoostServer, person: Browser) -> None:
    path = deliver(server, person, "Pear harvest")
    number = path.rpartition("/")[2]
    for answer in ("accepted", "declined"):
        person.post(f"/mail/{number}/answer", {"answer": answer})
    text = person.get(path).text
    assert 'value="declined" aria-pressed="true"' in text and 'value="accepted" aria-pressed="false"' in text
    received(server, "Declined: Pear harvest")


@pytest.mark.parametrize(("method", "said"), [("CANCEL", "called this off"), ("PUBLISH", "Event"), ("REPLY", "Me answered"), ("COUNTER", "proposes this instead")])
def test_what_asks_nothing_offers_no_answer_and_takes_none(server: RoostServer, person: Browser, method: str, said: str) -> None:
    path = deliver(server, person, f"Nothing asked {method}", method=method)
    text = person.get(path).text
    assert said in text and 'name="answer"' not in text
    assert person.post(f"/mail/{path.rpartition('/')[2]}/answer", {"answer": "accepted"}).status_code == 403


def test_junk_is_not_answered(server: RoostServer, person: Browser) -> None:
    path = deliver(server, person, "Win plums")
    number = path.rpartition("/")[2]
    person.post("/mail/act", {"ids": number, "op": "junk"})
    home = person.get("/").text
    junk = re.search(r'href="(/mail/\d+)"[^>]*>(?:(?!</a>).)*?#junk"', home, re.DOTALL)
    assert junk is not None
    moved = re.search(r'href="(/mail/\d+/\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>Win plums)', person.get(junk[1]).text)
    assert moved is not None
    text = person.get(moved[1]).text
    assert 'name="answer"' not in text and "Move it back to answer it" in text
    assert person.post(f"/mail/{moved[1].rpartition('/')[2]}/answer", {"answer": "accepted"}).status_code == 403


def test_who_was_not_invited_by_name_is_told_which_address_answers(server: RoostServer, person: Browser) -> None:
    path = deliver(server, person, "By a list", guest="list@x.test")
    assert "The answer comes from u1@x.test" in person.get(path).text


@pytest.mark.browser
@needs_parts
def test_in_a_browser_one_click_answers(browser: Any, server: RoostServer, person: Browser) -> None:
    from tests.web.axe import violations

    path = deliver(server, person, "Apple harvest")
    page, troubles = signed_in(browser, server, ME)
    page.goto(path)
    assert violations(page) == []
    page.get_by_role("button", name="Accept").click()
    page.get_by_role("button", name="Accept", pressed=True).wait_for()
    assert "You accepted" in page.locator("#toasts").inner_text()
    assert received(server, "Accepted: Apple harvest")["From"] == ME
    assert troubles == []
