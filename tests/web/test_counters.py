"""After an invitation: an older one says it is replaced and takes no answer; another time that somebody proposes is taken or not, and people are told."""

import re
import smtplib

import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.test_invitations import ANN, ME, deliver, received
from tests.web.visitor import Browser

server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=2))


@pytest.fixture(scope="module")
def person(server: RoostServer) -> Browser:
    browser = Browser(server)
    browser.sign_in(ME)
    return browser


def proposal(server: RoostServer, person: Browser, title: str, organizer: str = ME) -> str:
    """A COUNTER by Ann to an event; the path of its message."""
    events = "\r\n".join(
        [
            "BEGIN:VCALENDAR", "VERSION:2.0", "METHOD:COUNTER", "BEGIN:VEVENT", f"UID:{title}@x.test", f"SUMMARY:{title}", "SEQUENCE:3", "DTSTART:20261204T130000Z", "DTEND:20261204T140000Z",
            f"ORGANIZER;CN=Me:mailto:{organizer}", f"ATTENDEE;CN=Ann:mailto:{ANN}", f"ATTENDEE;CN=Me:mailto:{ME}", "ATTENDEE;CN=Cy:mailto:u1+cy@x.test", "END:VEVENT", "END:VCALENDAR", "",
        ]
    )  # fmt: skip
    head = f"From: Ann <{ANN}>\r\nTo: {ME}\r\nSubject: {title}\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method=COUNTER\r\n\r\n"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", [ME], (head + events).encode())
    path = re.search(rf'href="(/mail/\d+/\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>{title})', person.get("/").text)
    assert path is not None
    return path[1]


def calendar_of(server: RoostServer, subject: str) -> str:
    part = next(p for p in received(server, subject).walk() if p.get_content_type() == "text/calendar")
    return part.get_payload(decode=True).decode().replace("\r\n ", "")  # type: ignore[union-attr]


def test_an_older_invitation_is_replaced_by_a_newer_one_of_the_same_sender(server: RoostServer, person: Browser) -> None:
    older = deliver(server, person, "Grapes", "SEQUENCE:1")
    assert 'name="answer"' in person.get(older).text
    newer = deliver(server, person, "Grapes", "SEQUENCE:2")
    text = person.get(older).text
    card = text.partition('class="invite')[2]
    number = older.rpartition("/")[2]
    assert "Replaced" in text and f'href="{newer}"' in card
    assert person.post(f"/mail/{number}/answer", {"answer": "accepted"}).status_code == 403
    assert "Replaced" not in person.get(newer).text.partition(f'id="m{newer.rpartition("/")[2]}"')[2]
    assert person.post(f"/mail/{newer.rpartition('/')[2]}/answer", {"answer": "accepted"}).status_code == 200
    again = deliver(server, person, "Grapes two", "SEQUENCE:1")
    deliver(server, person, "Grapes two", "SEQUENCE:1")
    assert "Replaced" not in person.get(again).text, "the same once more replaces nothing"


def test_another_time_is_taken_and_everybody_is_asked_anew(server: RoostServer, person: Browser) -> None:
    path = proposal(server, person, "Quinces")
    assert "proposes this instead" in person.get(path).text
    told = person.post(f"/mail/{path.rpartition('/')[2]}/proposal", {"op": "take"})
    assert "2 people are told of the new time." in told.text and "You took this time" in told.text
    events = calendar_of(server, "New time: Quinces")
    assert "METHOD:REQUEST" in events and "SEQUENCE:4" in events and "DTSTART:20261204T130000Z" in events and "UID:Quinces@x.test" in events
    assert re.search(rf"ATTENDEE;[^\r\n]*PARTSTAT=ACCEPTED[^\r\n]*:mailto:{ANN}", events) and re.search(r"ATTENDEE;[^\r\n]*PARTSTAT=NEEDS-ACTION[^\r\n]*:mailto:u1\+cy@x.test", events)


def test_another_time_is_not_taken_and_who_proposed_it_is_told(server: RoostServer, person: Browser) -> None:
    path = proposal(server, person, "Medlars")
    told = person.post(f"/mail/{path.rpartition('/')[2]}/proposal", {"op": "keep"})
    assert "The time stays" in told.text and "You kept the old time" in told.text
    events = calendar_of(server, "The time stays: Medlars")
    assert "METHOD:DECLINECOUNTER" in events and "UID:Medlars@x.test" in events and f"mailto:{ANN}" in events


def test_who_is_not_the_organizer_decides_nothing(server: RoostServer, person: Browser) -> None:
    path = proposal(server, person, "Sloes", organizer="boss@far.test")
    assert "Take this time" not in person.get(path).text
    assert person.post(f"/mail/{path.rpartition('/')[2]}/proposal", {"op": "take"}).status_code == 403
