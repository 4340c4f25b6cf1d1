"""What the webmail knows about a message: did it arrive, who sent it, how one leaves a list."""

import imaplib
import re
import smtplib
import time
from collections.abc import Iterator

import pytest

from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    dns = LocalDns([("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1")])
    remote = Sink(Behaviour(rcpt={"gone@far.test": "550 5.1.1 nobody of that name", "busy@far.test": "451 4.2.1 try later"}))
    one = RoostServer(dns=dns.where, listeners=("smtp", "submission", "imap", "http"), settings={"outgoing.port": str(remote.port)})
    yield one
    one.remove()
    remote.stop()
    dns.stop()


@pytest.fixture
def person(server: RoostServer) -> Browser:
    browser = Browser(server)
    assert browser.sign_in("u1@x.test").status_code == 200
    return browser


def page_of(person: Browser, subject: str, role: str = "sent") -> str:
    """The message's page once it is there."""
    box = re.search(rf'href="(/mail/\d+)"[^>]*>(?:(?!</a>).)*?#{"send" if role == "sent" else "inbox"}"', person.get("/").text, re.DOTALL)
    assert box is not None
    place = rf'href="(/mail/\d+/\d+)"[^>]*>(?:(?!</li>).)*?{re.escape(subject)}'
    return str(eventually(lambda: re.search(place, person.get(box[1]).text, re.DOTALL))[1])  # type: ignore[index]


def shows(person: Browser, path: str, *wanted: str) -> str:
    """A page's text once it has all that is *wanted*."""
    texts: list[str] = []
    eventually(lambda: texts.append(person.get(path).text) or all(one in texts[-1] for one in wanted), lambda: [one for one in wanted if one not in texts[-1]])
    return texts[-1]


def test_each_recipient_of_a_sent_message_has_a_state_and_a_wrong_one_a_second_chance(server: RoostServer, person: Browser) -> None:
    person.get("/compose")
    draft = re.search(r'data-draft="([^"]+)"', person.get("/compose").text)[1]  # type: ignore[index]
    form = {"from": "u1@x.test", "to": "u2@x.test, bob@far.test, gone@far.test, busy@far.test", "subject": "Four ways", "body": "Hello", "format": "text", "op": "send"}
    assert person.post(f"/compose/{draft}/send", form).status_code == 200
    path = page_of(person, "Four ways")
    text = shows(person, path, "delivered here at", "accepted by mx.far.test", "not delivered: ", "waiting, because")
    assert "nobody of that name" in text and "try later" in text and "without TLS" in text
    again = re.search(r'href="(/compose/again/[^"]+)"', text)[1].replace("&amp;", "&")  # type: ignore[index]
    anew = person.get(again).text
    assert 'value="gone@far.test"' in anew and "Four ways" in anew and "Hello" in anew


def test_mail_that_a_program_sent_has_its_states_too(server: RoostServer, person: Browser) -> None:
    letter = "From: u1@x.test\r\nTo: bob@far.test\r\nSubject: From a phone\r\nMessage-ID: <phone@x.test>\r\nDate: Tue, 24 Nov 2026 10:00:00 +0000\r\n\r\nHi\r\n"
    with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as client:
        client.login("u1@x.test", PASSWORD)
        client.sendmail("u1@x.test", ["bob@far.test"], letter)
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.append("Sent", "\\Seen", None, letter.encode())
    shows(person, page_of(person, "From a phone"), "accepted by mx.far.test")


def test_nobody_else_sees_what_became_of_a_message(server: RoostServer) -> None:
    other = Browser(server)
    other.sign_in("u2@x.test")
    text = other.get(page_of(other, "Four ways", "inbox")).text
    assert "delivered here at" not in text and "gone@far.test" in text


def deliver(server: RoostServer, subject: str, *headers: str) -> None:
    data = "\r\n".join(["From: Shop <news@shop.test>", "To: u1@x.test", f"Subject: {subject}", *headers, "", "Text", ""])
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("news@shop.test", ["u1@x.test"], data)


def test_one_click_is_offered_only_when_the_sender_is_proved(server: RoostServer, person: Browser) -> None:
    way = ("List-Unsubscribe: <https://shop.test/off?u=1>, <mailto:off@shop.test>", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "List-Id: News <news.shop.test>")
    deliver(server, "Unproved news", *way, "Authentication-Results: roost; dmarc=pass header.from=shop.test")
    path = page_of(person, "Unproved news", "inbox")
    text = person.get(path).text
    assert "https://shop.test/off?u=1" in text and "/unsubscribe" not in text, "its own page is offered, and opens only when pressed"
    number = path.rsplit("/", 1)[1]
    assert person.post(f"/mail/{number}/unsubscribe", {}).status_code == 403
    assert "list=news.shop.test" in text and 'value="news.shop.test"' in person.get("/settings/rules/new?list=news.shop.test").text


def test_a_name_that_shows_another_address_is_marked(server: RoostServer, person: Browser) -> None:
    data = 'From: "service@bank.test" <crook@evil.test>\r\nTo: u1@x.test\r\nSubject: Your account\r\n\r\nx\r\n'
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("crook@evil.test", ["u1@x.test"], data)
    assert "The name shows service@bank.test, but the mail came from crook@evil.test." in person.get(page_of(person, "Your account", "inbox")).text


def compose(person: Browser, subject: str, op: str, to: str = "u2@x.test", **more: str) -> str:
    """Send or schedule a message; the page that follows."""
    draft = re.search(r'data-draft="([^"]+)"', person.get("/compose").text)[1]  # type: ignore[index]
    return person.post(f"/compose/{draft}/send", {"from": "u1@x.test", "to": to, "subject": subject, "body": "x", "format": "text", "op": op, **more}).text


def subjects(server: RoostServer, address: str, box: str = "INBOX") -> list[str]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(address, PASSWORD)
        imap.select(box, readonly=True)
        found = imap.search(None, "ALL")[1][0].split()
        return [imap.fetch(n, "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1][0][1].decode().strip() for n in found]


def test_a_message_just_sent_can_be_taken_back_and_edited(server: RoostServer, person: Browser) -> None:
    after = compose(person, "Too quick", "send")
    token = re.search(r'name="undo" value="([^"]+)"', after)[1]  # type: ignore[index]
    back = person.post("/mail/undo", {"undo": token})
    assert "/compose/" in back.url and "Too quick" in back.text
    time.sleep(1.5)
    assert not any("Too quick" in s for s in subjects(server, "u2@x.test")) and any("Too quick" in s for s in subjects(server, "u1@x.test", "Drafts"))
    assert "It has been sent already." in person.post("/mail/undo", {"undo": token}).text


def test_a_scheduled_message_leaves_at_its_time_unless_its_draft_is_gone(server: RoostServer, person: Browser) -> None:
    person.get("/settings/display")
    person.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "2"})
    for subject in ("Leaves by itself", "Removed by a phone"):
        compose(person, subject, "send")
    assert "Choose a day and a time" in compose(person, "No time", "schedule", when="soon")
    assert "Will be sent on" in compose(person, "Next year", "schedule", when=time.strftime("%Y-%m-%dT08:00", time.localtime(time.time() + 30 * 86_400)))
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.select("Drafts")
        for number in imap.search(None, "SUBJECT", '"Removed by a phone"')[1][0].split():
            imap.store(number, "+FLAGS", "\\Deleted")
        imap.expunge()
    eventually(lambda: any("Leaves by itself" in s for s in subjects(server, "u2@x.test")))
    time.sleep(1)
    there = subjects(server, "u2@x.test")
    assert not any("Removed by a phone" in s or "Next year" in s for s in there)
    assert sum("Leaves by itself" in s for s in subjects(server, "u1@x.test", "Sent")) == 1
    assert not any("Leaves by itself" in s for s in subjects(server, "u1@x.test", "Drafts"))
    assert "scheduled" in person.get(re.search(r'href="(/mail/\d+)"[^>]*>(?:(?!</a>).)*?#draft"', person.get("/").text, re.DOTALL)[1]).text  # type: ignore[index]


def test_a_wrong_recipient_is_told_at_once_not_when_the_time_comes(person: Browser) -> None:
    assert "does not exist here" in compose(person, "Nobody", "send", to="nobody@x.test")


def test_a_label_stands_on_the_message_for_every_program_and_is_searched_and_taken_back(server: RoostServer, person: Browser) -> None:
    deliver(server, "To be labelled")
    path = page_of(person, "To be labelled", "inbox")
    person.get(path)
    number = path.rsplit("/", 1)[1]
    after = person.post("/mail/act", {"ids": number, "op": "label", "label": "tax 2026", "next": "/"})
    assert "1 message labelled" in after.text and "label:tax-2026" in after.text
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.select("INBOX", readonly=True)
        assert len(imap.search(None, "KEYWORD", "tax-2026")[1][0].split()) == 1
    assert "To be labelled" in person.get("/mail/search?q=label:tax-2026").text
    person.get(path)
    person.post("/mail/act", {"ids": number, "unlabel": "tax-2026", "next": "/"})
    assert "To be labelled" not in person.get("/mail/search?q=label:tax-2026").text
    person.get(path)
    assert person.post("/mail/act", {"ids": number, "op": "label", "label": "schön", "next": "/"}).status_code == 422


def test_a_long_conversation_shows_its_newest_and_the_earlier_ones_on_request(server: RoostServer) -> None:
    person = Browser(server)
    person.sign_in("u2@x.test")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u2@x.test", PASSWORD)
        for number in range(46):
            letter = f"From: Ann <ann@far.test>\r\nTo: u2@x.test\r\nSubject: Endless\r\nMessage-ID: <end{number}@far.test>\r\nReferences: <end0@far.test>\r\n\r\nAnswer number {number}.\r\n"
            imap.append("INBOX", "\\Seen", None, letter.encode())
    path = re.findall(r'href="(/mail/\d+/\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>Endless)', person.get("/").text)[0]
    text = person.get(path).text
    assert text.count("<article") == 40 and "46 messages" in text and "Show 6 earlier messages" in text and "Answer number 2." not in text
    text = person.get(path + "?earlier=1").text
    assert text.count("<article") == 46 and "earlier messages" not in text and "Answer number 2." in text


def test_what_the_webmail_sends_counts_in_the_rate_of_the_account(server: RoostServer) -> None:
    """Whoever has somebody's password can send no more by the webmail than by a program."""
    server.run("settings", "set", "submission.rate", "3")
    try:
        person = Browser(server)
        person.sign_in("u3@x.test")
        person.get("/settings/display")
        person.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "0"})
        with smtplib.SMTP("127.0.0.1", server.ports["submission"]) as smtp:
            smtp.login("u3@x.test", PASSWORD)
            smtp.sendmail("u3@x.test", ["u2@x.test"], b"From: u3@x.test\r\nSubject: By a program\r\n\r\nx\r\n")
        compose(person, "Two more", "send", to="u1@x.test, u2@x.test")
        eventually(lambda: any("Two more" in one for one in subjects(server, "u2@x.test")))
        assert "3 recipients in an hour" in compose(person, "One too many", "send", to="u2@x.test")
    finally:
        server.run("settings", "set", "submission.rate")
    assert not any("One too many" in one for one in subjects(server, "u2@x.test"))


def test_held_mail_is_not_sent_once_a_program_says_so_or_the_account_is_locked_and_its_owner_is_told(server: RoostServer) -> None:
    owner = Browser(server)
    owner.sign_in("u3@x.test")
    owner.get("/settings/display")
    owner.post("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "4"})
    compose(owner, "Stopped by keyword", "send")
    compose(owner, "Stopped by the lock", "send")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login("u3@x.test", PASSWORD)
        imap.select("Drafts")
        (number,) = imap.search(None, "SUBJECT", '"Stopped by keyword"', "KEYWORD", "$Scheduled")[1][0].split()
        imap.store(number, "-FLAGS", "($Scheduled)")
    server.run("account", "set", "u3@x.test", "--enabled", "off")
    time.sleep(6)  # both are due by now
    server.run("account", "set", "u3@x.test", "--enabled", "on")
    eventually(lambda: any("Stopped by the lock" in one for one in subjects(server, "u3@x.test")))
    assert not any("Stopped" in one for one in subjects(server, "u2@x.test")) and not any("Stopped" in one for one in subjects(server, "u3@x.test", "Sent"))
    assert sum("Stopped" in one for one in subjects(server, "u3@x.test", "Drafts")) == 2, "what was written is kept"
    assert sum("Stopped" in one for one in subjects(server, "u3@x.test")) == 1, "one note, for the one that could not be sent"


def test_a_message_is_saved_byte_for_byte_as_it_lies_here(server: RoostServer, person: Browser) -> None:
    sent = b"From: Ann <ann@out.test>\r\nTo: u1@x.test\r\nSubject: As it came\r\nX-Odd:  two  blanks\t\r\n\r\nraw \xe9 and a tail\r\n\r\n"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", ["u1@x.test"], sent)
    path = page_of(person, "As it came", role="inbox")
    saved = person.get(f"{path}/source?view=file")
    assert saved.headers["Content-Disposition"].startswith("attachment") and saved.content.endswith(sent)
