"""A browser with scripts switched off: what one can do with mail, one does by links and forms, and the server answers with whole pages."""

import imaplib
import smtplib
from collections.abc import Callable, Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=2, settings={"web.undo_seconds": "0"}))


@pytest.fixture
def page(browser: Any, server: RoostServer) -> Iterator[Any]:
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", java_script_enabled=False, viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.goto("/")
    page.fill("input[name=address]", "u1@x.test")
    page.fill("input[type=password]", PASSWORD)
    led(page, lambda: page.keyboard.press("Enter"))
    yield page
    context.close()


def led(page: Any, act: Callable[[], object]) -> None:
    """Do what leads to another page, and wait until that is there."""
    with page.expect_navigation():
        act()


def send(server: RoostServer, subject: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", ["u1@x.test"], f"From: Ann <ann@out.test>\r\nTo: u1@x.test\r\nSubject: {subject}\r\n\r\nhello\r\n")


def subjects(page: Any, path: str) -> str:
    page.goto(path)
    return str(page.locator("#list").text_content())


def opened(page: Any, server: RoostServer, subject: str) -> Any:
    send(server, subject)
    page.goto("/mail")
    page.click(f".row a:has-text('{subject}')")
    page.wait_for_selector(f"#reader h1:has-text('{subject}'), #reader h2:has-text('{subject}')")
    return page.locator("#reader")


def mailbox(page: Any, name: str) -> str:
    return str(page.locator(f"#nav a:has-text('{name}')").first.get_attribute("href"))


@pytest.mark.parametrize(("button", "where"), [("Archive", "Archive"), ("Move to Trash", "Trash"), ("Junk", "Junk")])
def test_a_message_goes_where_a_button_says(page: Any, server: RoostServer, button: str, where: str) -> None:
    subject = f"For {where}"
    reader = opened(page, server, subject)
    led(page, lambda: reader.locator(f"button[aria-label='{button}']").first.click())
    assert subject not in subjects(page, "/mail")
    assert subject in subjects(page, mailbox(page, where))


def test_one_moves_stars_labels_snoozes_and_marks_by_the_readers_menus(page: Any, server: RoostServer) -> None:
    reader = opened(page, server, "A plain letter")
    led(page, lambda: reader.locator("button[aria-label='Star']").first.click())
    page.goto("/mail")
    page.click(".row a:has-text('A plain letter')")
    page.locator("#reader summary[aria-label^='Label']").first.click()
    page.locator("#reader details[open] input[name=label]").first.fill("Errands")
    led(page, lambda: page.locator("#reader details[open] button[value=label]").first.click())
    assert "Errands" in subjects(page, "/mail")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("u1@x.test", PASSWORD)
        client.select("INBOX", readonly=True)
        assert client.search(None, "SUBJECT", '"A plain letter"', "FLAGGED", "KEYWORD", "Errands")[1][0]
    page.click(".row a:has-text('A plain letter')")
    page.locator("#reader summary[aria-label^='Snooze']").first.click()
    led(page, lambda: page.locator("#reader details[open] button").first.click())
    assert "A plain letter" not in subjects(page, "/mail")


def test_one_answers_with_a_file_and_it_arrives(page: Any, server: RoostServer) -> None:
    opened(page, server, "A question").get_by_role("link", name="Reply", exact=True).first.click()
    page.fill("textarea[name=body]", "The answer.")
    page.set_input_files("input[type=file][name=files], input[type=file] >> nth=-1", {"name": "plan.txt", "mimeType": "text/plain", "buffer": b"the plan"})
    page.fill("input[name=to]", "u2@x.test")
    led(page, lambda: page.press("input[name=subject]", "Enter"))  # keeps the draft, sends nothing and makes no link
    led(page, lambda: page.locator("button[name=op][value=send]").click())
    page.wait_for_selector("#list")
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("u2@x.test", PASSWORD)
        client.select("INBOX")
        found = client.search(None, "SUBJECT", '"Re: A question"')[1][0].split()
        assert len(found) == 1
        whole = client.fetch(found[0].decode(), "(RFC822)")[1][0][1]  # type: ignore[index]
        assert b"The answer." in whole and b"plan.txt" in whole


def test_one_searches_and_makes_a_mailbox_a_contact_and_a_signature(page: Any, server: RoostServer) -> None:
    send(server, "Needle of today")
    page.goto("/mail")
    page.fill("input[name=q]", "needle")
    led(page, lambda: page.keyboard.press("Enter"))
    assert "Needle of today" in page.locator("#list").text_content()
    page.goto("/mail/mailboxes")
    page.locator("form:has(button[value=create]) input[name=name]").fill("Garden")
    led(page, lambda: page.locator("button[value=create]").click())
    page.goto("/mail")
    assert page.locator("#nav a:has-text('Garden')").count() == 1
    page.goto("/settings/signatures")
    page.fill("input[name=name] >> nth=0", "Short")
    page.fill("textarea[name=text] >> nth=0", "Yours, U")
    led(page, lambda: page.locator("button:has-text('Add signature')").click())
    page.goto("/compose")
    assert "Yours, U" in page.input_value("textarea[name=body]")
