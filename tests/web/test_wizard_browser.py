"""Set-up as a person does it in a browser, up to reading the first letter."""

import smtplib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenario.server import PASSWORD, RoostServer

pytestmark = pytest.mark.browser


@pytest.fixture
def fresh() -> Iterator[RoostServer]:
    server = RoostServer(listeners=("smtp", "imaps", "http"), is_set_up=False)
    yield server
    server.remove()


def test_three_pages_and_the_first_letter_is_read(fresh: RoostServer, browser: Any) -> None:
    page = browser.new_page()
    token = (fresh.folder / "data" / "setup-token").read_text().strip()
    base = f"http://localhost:{fresh.ports['http']}"
    page.goto(f"{base}/setup?token={token}")
    page.get_by_label("This network only").check()
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Domain").fill("home.test")
    page.get_by_label("Host name").fill("mail.home.test")
    page.get_by_role("button", name="Continue").click()
    page.get_by_label("Address").fill("ann")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Once more").fill(PASSWORD)
    page.get_by_role("button", name="Finish").click()
    page.get_by_role("heading", name="home.test is ready").wait_for()
    assert "ann@home.test" in page.inner_text("main")
    with smtplib.SMTP("127.0.0.1", fresh.ports["smtp"], timeout=20) as client:
        client.sendmail("bob@far.example", ["ann@home.test"], "From: Bob <bob@far.example>\r\nTo: ann@home.test\r\nSubject: First letter\r\nMessage-ID: <1@far.example>\r\n\r\nIt works.\r\n")
    page.get_by_role("link", name="Open your mail").click()
    page.goto(f"{base}/mail")
    page.get_by_text("First letter").first.click()
    page.frame_locator("#reader iframe").get_by_text("It works.").wait_for()
