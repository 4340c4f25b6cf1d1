"""A rule run on the mail that is here: seen at work, done in the background, taken back as one; work that is cancelled; rows ticked from one to another."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import RoostServer  # noqa: E402
from tests.scenario.waiting import eventually  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import found, imap_of, send_short  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
ME = "u1@x.test"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=3)
    with imap_of(one, ME) as imap:
        imap.create("Bills")
    for subject in ("Invoice 1", "A letter", "Invoice 2"):
        send_short(one, ME, subject)
    yield one
    one.remove()


def test_a_rule_is_run_on_the_inbox_and_taken_back(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, ME)
    page.goto("/settings/rules/new")
    page.locator("select[name=c0_field]").select_option("subject")
    page.fill("[name=c0_value]", "Invoice")
    page.locator("select[name=a0_kind]").select_option("move")
    page.fill("[name=a0_value]:visible", "Bills")
    page.get_by_role("button", name="Save and run on the Inbox").click()
    page.wait_for_url("**/mail/work/*")
    page.get_by_role("heading", name="2 messages done").wait_for(timeout=20_000)
    assert found(server, "Bills", "ALL", address=ME) == 2 and found(server, "INBOX", "ALL", address=ME) == 1
    page.get_by_role("button", name="Undo").click()
    eventually(lambda: found(server, "INBOX", "ALL", address=ME) == 3)
    assert found(server, "Bills", "ALL", address=ME) == 0
    page.goto("/settings/rules")
    assert page.get_by_text("Invoice").count(), "the rule was saved as well"
    send_short(server, ME, "Invoice 3")
    eventually(lambda: found(server, "Bills", "ALL", address=ME) == 1)
    assert troubles == []


def test_a_rule_that_only_sends_is_not_run_on_old_mail(browser: Any, server: RoostServer) -> None:
    page, _troubles = signed_in(browser, server, "u2@x.test")
    page.goto("/settings/rules/new")
    page.locator("select[name=c0_field]").select_option("any")
    page.locator("select[name=a0_kind]").select_option("keep")
    page.get_by_role("button", name="Save and run on the Inbox").click()
    page.get_by_text("nothing to do to mail that is here").wait_for()


def test_work_that_waits_is_cancelled_on_its_page_and_nothing_was_done(browser: Any, server: RoostServer) -> None:
    page, _troubles = signed_in(browser, server, "u2@x.test")
    for number in range(3):
        send_short(server, "u2@x.test", f"Stays {number}")
    eventually(lambda: found(server, "INBOX", "SUBJECT", "Stays", address="u2@x.test") == 3)
    page.goto("/")
    workers = [pid for name, pid in server.pids().items() if name.startswith("worker")]
    for pid in workers:
        os.kill(pid, signal.SIGSTOP)  # whoever would do the work sleeps
    try:
        page.locator("#rows .row .row-pick").first.click()
        page.check("#list input[name=scope]")
        page.keyboard.press("e")
        page.get_by_role("button", name="Cancel").click()
        page.get_by_text("Stopped after 0").wait_for()
    finally:
        for pid in workers:
            os.kill(pid, signal.SIGCONT)
    assert found(server, "INBOX", "SUBJECT", "Stays", address="u2@x.test") == 3
    page.get_by_role("link", name="Back to the list").click()
    page.locator("#rows .row:has-text('Stays 0')").wait_for()


def test_shift_and_a_click_tick_all_rows_between(browser: Any, server: RoostServer) -> None:
    for number in range(6):
        send_short(server, "u3@x.test", f"Row {number}")
    page, _troubles = signed_in(browser, server, "u3@x.test")
    picks = page.locator("#rows .row .row-pick")
    playwright.expect(picks).to_have_count(6)
    picks.nth(1).click()
    picks.nth(4).click(modifiers=["Shift"])
    assert page.locator("#rows .row .row-pick input:checked, #rows .row input.row-pick:checked").count() == 4
    page.keyboard.press("s")
    eventually(lambda: found(server, "INBOX", "FLAGGED", address="u3@x.test") == 4)
