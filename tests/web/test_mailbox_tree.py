"""Mailboxes as a person keeps them in a browser: made, renamed, moved, hidden from programs, given a role, deleted; how full the account is."""

import imaplib
import re
from collections.abc import Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import send_short  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
ME = "u1@x.test"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=2, settings={"web.undo_seconds": "0"}))


@pytest.fixture
def page(browser: Any, server: RoostServer) -> Iterator[Any]:
    page, troubles = signed_in(browser, server, ME, viewport={"width": 1440, "height": 900})
    yield page
    page.context.close()
    assert troubles == []


def listed(server: RoostServer) -> dict[str, str]:
    """Every mailbox by IMAP, with its attributes."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(ME, PASSWORD)
        lines = [line.decode() for line in imap.list()[1] if isinstance(line, bytes)]
    return {found[2].strip('"'): found[1] for line in lines if (found := re.match(r'\((.*?)\) "/" (.+)', line))}


def menu(page: Any, name: str) -> Any:
    page.click(f"[aria-label='Change {name}']")
    return page.locator("#boxes details[open]")


def test_one_is_made_renamed_moved_and_deleted_and_every_program_sees_it(page: Any, server: RoostServer) -> None:
    page.goto("/mail/mailboxes")
    for name in ("Garden", "Plants"):
        page.fill("input[name=name] >> nth=0", name)
        page.keyboard.press("Enter")
        page.wait_for_selector(f"#boxes a:text-is('{name}')")
    menu(page, "Plants").locator("input[name=name]").fill("Roses")
    page.keyboard.press("Enter")
    page.wait_for_selector("#boxes a:text-is('Roses')")
    inside = menu(page, "Roses")
    inside.locator("select[name=parent]").select_option(label="Garden")
    inside.locator("button[value=into]").click()
    page.wait_for_selector("#boxes .depth-1 a:text-is('Roses')")
    assert {"Garden", "Garden/Roses"} <= listed(server).keys()
    menu(page, "Garden").locator("button[value=delete]").click()
    playwright.expect(page.locator("#boxes a:text-is('Garden')")).to_have_count(0)
    assert not [name for name in listed(server) if name.startswith("Garden")]


def test_one_that_is_switched_off_is_hidden_from_programs(page: Any, server: RoostServer) -> None:
    page.goto("/mail/mailboxes")
    with page.expect_response("**/mail/mailboxes"):
        page.locator("[aria-label='Show Archive in mail programs']").click()
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(ME, PASSWORD)
        shown = b"\n".join(line for line in imap.lsub()[1] if isinstance(line, bytes))
    assert b"Archive" not in shown and b"Sent" in shown


def test_a_role_goes_to_another_mailbox_and_what_one_sends_is_filed_there(page: Any, server: RoostServer) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(ME, PASSWORD)
        imap.create("Gesendet")
    page.goto("/mail/mailboxes")
    chosen = menu(page, "Gesendet")
    chosen.locator("select[name=role]").select_option("sent")
    chosen.locator("button[value=role]").click()
    page.wait_for_selector("[aria-label='Change Sent']")
    found = listed(server)
    assert "\\Sent" in found["Gesendet"] and "\\Sent" not in found["Sent"]
    page.goto("/compose")
    page.wait_for_selector("[role=textbox].editor")
    page.fill("#to", "u2@x.test")
    page.fill("#subject-field", "To be filed")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector("#list")
    server.run("account", "use", ME, "Sent", "sent")
    assert "\\Sent" in listed(server)["Sent"]
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(ME, PASSWORD)
        imap.select("Gesendet")
        assert imap.search(None, "SUBJECT", "filed")[1][0]
    server.run("account", "use", ME, "INBOX", "sent", is_checked=False)
    assert "\\Sent" not in listed(server)["INBOX"]


def test_the_bar_tells_how_full_the_account_is(page: Any, server: RoostServer) -> None:
    assert page.locator("#nav .quota, .quota").count() == 0, "no limit, nothing to tell"
    server.run("account", "set", ME, "--quota", "20K")
    for number in range(3):
        send_short(server, ME, "x" * 900 + str(number))
    page.goto("/mail")
    page.wait_for_selector(".quota")
    assert re.search(r"of 20(\.0)? KB", page.inner_text(".quota"))
    assert page.locator(".quota [role=meter], .quota meter, .quota progress, .quota [aria-valuenow]").count() == 1
