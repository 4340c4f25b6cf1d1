"""What a reader should look at twice is said in a line above the message, once and calmly; lists, friends and those who do not want it are left alone."""

import re
import smtplib
from typing import Any

import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.axe import violations
from tests.web.browser import signed_in
from tests.web.gallery.test_gallery import needs_parts
from tests.web.visitor import Browser

LINK = '<p><a href="https://evil.test/x">https://bank.test/login</a></p>'
FIRST, LIKE, ELSEWHERE, LEADS = "This seems to be the first mail from", "looks like x.test, which you know", "An answer would go to", "A link shows bank.test but leads to evil.test"


server = lasting(lambda: RoostServer(listeners=("smtp", "http"), people=2))


@pytest.fixture(scope="module")
def person(server: RoostServer) -> Browser:
    browser = Browser(server)
    browser.sign_in("u1@x.test")
    return browser


def opened(server: RoostServer, person: Browser, subject: str, sender: str, *more: str, html: str = "<p>Hello</p>") -> str:
    """The page of a message from *sender*."""
    lines = [f"From: {sender}", "To: u1@x.test", f"Subject: {subject}", *more, "MIME-Version: 1.0", "Content-Type: text/html", "", html, ""]
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail(sender, ["u1@x.test"], "\r\n".join(lines).encode())
    path = re.search(rf'href="(/mail/\d+/\d+)"(?=[^>]*>(?:<span[^<]*</span>)?<span>{subject})', person.get("/").text)
    assert path is not None
    return person.get(path[1]).text


def test_a_first_mail_is_said_once(server: RoostServer, person: Browser) -> None:
    assert f"{FIRST} ann@far.test" in opened(server, person, "Hello there", "ann@far.test")
    assert FIRST not in opened(server, person, "Once more", "ann@far.test")


def test_a_look_alike_answers_elsewhere_and_a_lying_link_are_said(server: RoostServer, person: Browser) -> None:
    text = opened(server, person, "Pay now", f"boss@xn--{chr(0x445).encode('punycode').decode()}.test", "Reply-To: money@else.test", html=LINK)
    assert f"{ELSEWHERE} money@else.test" in text and LEADS in text and LIKE in text


def test_a_list_is_left_alone(server: RoostServer, person: Browser) -> None:
    text = opened(server, person, "News", "news@list.test", "List-Id: <news.list.test>", "Reply-To: talk@other.test", html=LINK)
    assert not any(said in text for said in (FIRST, ELSEWHERE, LEADS))


def test_who_does_not_want_them_sees_none(server: RoostServer, person: Browser) -> None:
    person.get("/settings/display")
    form = {"theme": "auto", "density": "comfortable", "undo_seconds": "10", "conversations": "1", "shortcuts": "1"}
    assert person.post("/settings/display", form).status_code == 200
    assert not any(said in opened(server, person, "Quiet", "new@quiet.test", "Reply-To: a@b.test", html=LINK) for said in (FIRST, ELSEWHERE, LEADS))
    person.post("/settings/display", {**form, "warnings": "1"})
    assert FIRST in opened(server, person, "Loud again", "new@loud.test")


@pytest.mark.browser
@needs_parts
def test_the_lines_are_read_in_a_browser(browser: Any, server: RoostServer, person: Browser) -> None:

    opened(server, person, "In sight", "stranger@shore.test", html=LINK)
    page, troubles = signed_in(browser, server, "u1@x.test")
    page.locator("#rows .row", has_text="In sight").locator(".row-sub > a").click()
    page.locator(".note-amber", has_text=f"{FIRST} stranger@shore.test").wait_for()
    assert violations(page) == [] and troubles == []
