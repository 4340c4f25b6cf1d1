"""The list and the reader in a real browser, as a person uses them: conversations, many at once, later, found, live."""

import imaplib
import smtplib
from collections.abc import Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.test_browser import signed_in  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
ME = "u1@x.test"
expect = playwright.expect


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=6)
    yield one
    one.remove()


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


def row(page: Any, subject: str) -> Any:
    return page.locator("#rows .row", has_text=subject)


def test_a_conversation_is_one_row_and_opens_with_ones_own_reply_in_place(browser: Any, server: RoostServer) -> None:
    put(server, "INBOX", letter("Plums", number="p1", text="How many?"))
    put(server, "Sent", letter("Re: Plums", sender=f"Me <{ME}>", to="ann@out.test", number="p2", answers="p1", text="Nine."))
    send(server, letter("Re: Plums", number="p3", answers="p2", text="Good.\r\n\r\n> Nine.\r\n> > How many?\r\n"))
    send(server, letter("Pears", number="q1"))
    page, troubles = signed_in(browser, server, ME)
    expect(row(page, "Plums")).to_have_count(1)
    expect(row(page, "Plums").locator(".row-n")).to_have_text("3")
    expect(row(page, "Plums").locator(".row-who")).to_have_text("Ann, me")
    row(page, "Plums").locator(".row-sub > a").click()
    expect(page.locator("#reader .msg")).to_have_count(3)
    expect(page.locator("#reader .msg h2").nth(1)).to_have_text("You")
    body = page.frame_locator("#reader .msg:not(.msg-folded) iframe")
    expect(body.locator("body")).to_contain_text("Good.")
    expect(body.locator("details.quoted blockquote").first).not_to_be_visible()
    body.locator("summary").click()
    expect(body.locator("details.quoted blockquote").first).to_be_visible()
    page.locator("#reader .msg-folded a.msg-open").nth(1).click()
    expect(page.locator("#reader .msg-folded")).to_have_count(1)
    page.locator("#reader [data-fold]").first.click()
    expect(page.locator("#reader .msg.is-shut")).to_have_count(1)
    page.keyboard.press("e")
    expect(row(page, "Plums")).to_have_count(0)
    page.wait_for_selector("#toasts:has-text('2 messages')")
    assert found(server, "Archive", "SUBJECT", "Plums") == 2 and found(server, "Sent", "SUBJECT", "Plums") == 1, "one's own reply stays in Sent"
    page.keyboard.press("z")
    expect(row(page, "Plums")).to_have_count(1)
    expect(page.locator("#toasts")).to_contain_text("Taken back")
    assert found(server, "INBOX", "SUBJECT", "Plums") == 2
    assert troubles == []


def test_a_reply_takes_the_place_of_its_conversation_and_flags_of_elsewhere_show(browser: Any, server: RoostServer) -> None:
    address = "u2@x.test"
    put(server, "INBOX", letter("Figs", to=address, number="f1"), address)
    put(server, "INBOX", letter("Dates", to=address, number="d1"), address, flags="")
    page, troubles = signed_in(browser, server, address)
    expect(row(page, "Dates")).to_have_class("row row-unread")
    page.mouse.move(1200, 600)
    page.evaluate("document.activeElement.blur()")
    send(server, letter("Re: Figs", to=address, number="f2", answers="f1"), address)
    expect(row(page, "Figs").locator(".row-n")).to_have_text("2", timeout=15_000)
    expect(row(page, "Figs")).to_have_count(1)
    with imap_of(server, address) as imap:
        imap.select("INBOX")
        for number in imap.search(None, "SUBJECT", "Dates")[1][0].split():
            imap.store(number, "+FLAGS", "\\Seen")
    expect(row(page, "Dates")).to_have_class("row", timeout=15_000)
    assert troubles == []


def test_a_person_may_have_every_message_by_itself(browser: Any, server: RoostServer) -> None:
    address = "u2@x.test"
    page, _troubles = signed_in(browser, server, address)
    page.goto("/settings/display")
    page.uncheck("#conversations")
    page.click("main button[type=submit]:has-text('Save')")
    page.goto("/")
    expect(row(page, "Figs")).to_have_count(2)
    row(page, "Figs").first.locator(".row-sub > a").click()
    expect(page.locator("#reader .msg")).to_have_count(1)
