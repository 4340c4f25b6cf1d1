"""Choosing and taking away: a range by Shift and a click, a whole page, and a message as the file and the paper it came as."""

import imaplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
expect = playwright.expect
ME = "u1@x.test"
COUNT = 8


def letter(number: int) -> bytes:
    odd = b"\xff\xfe, a tab\t and trailing  " if number == 3 else b""
    return b"From: Ann <ann@out.test>\r\nTo: u1@x.test\r\nSubject: Letter %d\r\nX-Long: %b\r\n\r\nOf %d %b\r\n.\r\nEnd" % (number, b"x" * 900, number, odd)


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("imap", "http"), people=1)
    with imaplib.IMAP4("127.0.0.1", one.ports["imap"]) as imap:
        imap.login(ME, PASSWORD)
        for number in range(1, COUNT + 1):
            assert imap.append("INBOX", "", None, letter(number))[0] == "OK"
    yield one
    one.remove()


def box(page: Any, number: int) -> Any:
    return page.locator("#rows .row", has_text=f"Letter {number}").locator("input[name=ids]")


def chosen(page: Any) -> list[str]:
    return list(page.evaluate("[...document.querySelectorAll('#rows input:checked')].map((one) => one.closest('.row').querySelector('.row-sub a').textContent.match(/Letter \\d/)[0])"))


def test_shift_and_a_click_tick_everything_between_and_the_bar_counts(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, ME)
    box(page, 7).check(force=True)
    box(page, 4).click(modifiers=["Shift"], force=True)
    assert chosen(page) == ["Letter 7", "Letter 6", "Letter 5", "Letter 4"]
    expect(page.locator("[data-chosen]")).to_contain_text("4")
    box(page, 6).click(modifiers=["Shift"], force=True)
    assert chosen(page) == ["Letter 7"], "a range is let go as it was taken, from the last one clicked"
    page.locator("[data-tick=all]:visible").click()
    assert len(chosen(page)) == COUNT
    page.keyboard.press("Escape")
    assert troubles == []


def test_a_star_is_its_rows_alone_also_when_all_of_the_mailbox_is_ticked(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, ME)
    box(page, 7).check(force=True)
    page.locator("input[name=scope]").check()
    star = page.locator("#rows .row", has_text="Letter 5").locator(".row-star")
    star.click()
    expect(star).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("#rows .row-star[aria-pressed=true]")).to_have_count(1)
    expect(star).to_have_attribute("aria-pressed", "true")
    assert troubles == []


@pytest.mark.parametrize("path", ["/contacts", "/compose", "/settings/profile", "/mail/mailboxes"])
def test_the_mailboxes_beside_every_page_are_open_by_a_click(browser: Any, server: RoostServer, path: str) -> None:
    page, troubles = signed_in(browser, server, ME)
    page.goto(path)
    page.locator("#nav a[data-role=inbox]").click()
    expect(page.locator("#rows .row", has_text="Letter 8")).to_be_visible()
    assert troubles == []


def test_a_message_is_kept_as_the_very_bytes_that_came_and_printed_without_what_surrounds_it(browser: Any, server: RoostServer, tmp_path: Path) -> None:
    page, troubles = signed_in(browser, server, ME)
    page.locator("#rows .row", has_text="Letter 3").locator(".row-sub > a").click()
    expect(page.locator("#reader")).to_contain_text("Letter 3")
    page.locator('#reader summary[aria-label="More for this message"]').click()
    with page.expect_download() as waiting:
        page.locator("#reader .menu-item", has_text="Download as a file").click()
    waiting.value.save_as(tmp_path / "kept.eml")
    assert (tmp_path / "kept.eml").read_bytes() == letter(3)
    assert waiting.value.suggested_filename.endswith(".eml")
    page.goto(page.url)
    page.locator('#reader summary[aria-label="More for this message"]').click()
    with page.context.expect_page() as opened:
        page.locator("#reader .menu-item", has_text="Print").click()
    paper = opened.value
    paper.wait_for_load_state()
    expect(paper.locator("body")).to_contain_text("Letter 3")
    assert paper.locator("#nav, #list, nav").count() == 0
    assert troubles == []


@pytest.mark.parametrize("way", ["allowed", "forbidden"])
def test_what_one_copies_is_copied_also_where_pages_may_not_write_the_clipboard(browser: Any, server: RoostServer, way: str) -> None:
    page, troubles = signed_in(browser, server, ME)
    page.context.grant_permissions(["clipboard-read", *(["clipboard-write"] if way == "allowed" else [])])
    page.goto("/settings/programs")
    button = page.locator("[data-copy]:visible").first
    button.click()
    expect(button).to_have_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == button.get_attribute("data-copy")
    expect(button).to_have_text("Copy")
    assert troubles == []
