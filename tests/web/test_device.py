"""The webmail on a device: a word on the desktop, an app to install with a page for being offline, twice the size, no motion, no colour."""

from typing import Any

import pytest
import requests

playwright = pytest.importorskip("playwright.sync_api")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import RoostServer  # noqa: E402
from tests.scenario.waiting import eventually  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import send_short  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
ME = "u1@x.test"
BEHIND = """
  Object.defineProperty(document, "hidden", { get: () => true });
  const told = window.told = [];
  window.Notification = class extends window.Notification { constructor(title, options) { super(title, options); told.push(options.body); } };
"""
"""A tab that is not in front, and what it tells the desktop."""
PARTS = ("#search", "#nav, [data-drawer], [aria-controls=nav]", "#rows .row a", "a.fab, .side a[href$='/compose']")


server = lasting(lambda: RoostServer(listeners=("smtp", "http"), people=2))


def test_mail_is_told_on_the_desktop_when_one_asked_for_it_and_looks_elsewhere(whole_browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(whole_browser, server, ME)
    page.context.grant_permissions(["notifications"])
    page.goto("/settings/display")
    page.click("details:has(#notify) > summary")
    page.click("#notify")
    eventually(lambda: page.get_attribute("#notify", "aria-pressed") == "true")
    page.context.add_init_script(BEHIND)
    page.goto("/")
    send_short(server, ME, "For the desktop")
    assert eventually(lambda: page.evaluate("window.told.length && window.told"))
    page.goto("/settings/display")
    page.click("details:has(#notify) > summary")
    page.click("#notify")
    eventually(lambda: page.get_attribute("#notify", "aria-pressed") == "false")
    page.goto("/")
    send_short(server, ME, "In silence")
    page.wait_for_selector("#rows .row:has-text('In silence'), #fresh:not([hidden])", timeout=15_000)
    assert page.evaluate("window.told.length") == 0
    assert troubles == []
    page.context.close()


def test_it_can_be_installed_and_says_so_when_the_server_is_out_of_reach(browser: Any, server: RoostServer) -> None:
    page, _troubles = signed_in(browser, server, ME)
    manifest = requests.get(page.url.split("/mail")[0].rstrip("/") + page.get_attribute("link[rel=manifest]", "href"), timeout=20).json()
    assert manifest["display"] == "standalone" and manifest["icons"] and manifest["protocol_handlers"][0]["protocol"] == "mailto"
    eventually(lambda: page.evaluate("navigator.serviceWorker.ready.then((one) => Boolean(one.active))"))
    page.reload()
    eventually(lambda: page.evaluate("Boolean(navigator.serviceWorker.controller)"))
    server.stop()
    try:
        page.goto("/contacts")
        assert page.inner_text("h1") == "The mail server is out of reach"
    finally:
        server.start()
    page.goto("/contacts")
    assert page.inner_text("h1") == "Contacts"
    page.context.close()


def test_at_twice_the_size_everything_is_there(browser: Any, server: RoostServer) -> None:
    """200 % of a window of 1280 by 800 is one of 640 by 400 (WCAG 1.4.4, 1.4.10)."""
    send_short(server, ME, "Large")
    page, troubles = signed_in(browser, server, ME, viewport={"width": 640, "height": 400}, device_scale_factor=2)
    page.wait_for_selector("#rows .row")
    for path in ("/", "/compose", "/settings/display", "/contacts", "/mail/mailboxes"):
        page.goto(path)
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth"), path
    page.goto("/")
    page.click("#rows .row a >> nth=0")
    page.wait_for_selector("#reader iframe")
    page.get_by_role("link", name="Reply").first.click()
    button = page.locator("button[name=op][value=send]")
    button.scroll_into_view_if_needed()
    box = button.bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= 640 and box["y"] + box["height"] <= 400
    assert troubles == []
    page.context.close()


def test_nothing_moves_for_who_asked_for_no_motion(browser: Any, server: RoostServer) -> None:
    page, _troubles = signed_in(browser, server, ME)  # asks for reduced motion
    page.keyboard.press("?")
    page.wait_for_selector("#shortcuts[open], #shortcuts:not([hidden])")
    running = page.evaluate("document.getAnimations().filter((one) => one.effect.getComputedTiming().duration > 10).length")
    assert running == 0
    page.context.close()


def test_in_forced_colours_what_is_unread_is_still_told(browser: Any, server: RoostServer) -> None:
    send_short(server, ME, "Without colour")
    page, _troubles = signed_in(browser, server, ME, forced_colors="active")
    row = page.locator("#rows .row:has-text('Without colour')")
    row.wait_for()
    assert "Unread:" in (row.text_content() or ""), "for who listens"
    weight = row.locator(".row-sub a").evaluate("(e) => Number(getComputedStyle(e).fontWeight)")
    assert weight >= 600, "bold, for who sees no colour"
    page.context.close()


OUTSIDE = """(within) => [...document.querySelectorAll(within)].filter((one) => one.checkVisibility()).filter((one) => {
  const box = one.getBoundingClientRect();
  return box.left < 0 || box.right > innerWidth || box.bottom > innerHeight;
}).map((one) => one.title || one.className)"""


@pytest.mark.parametrize("language", ["en", "de", "ar"])
def test_on_a_phone_every_tool_and_every_menu_is_on_the_screen(browser: Any, server: RoostServer, language: str) -> None:
    """The menu with snooze and move for what is ticked once stood a screen's width to the left, and the reader's ran out on the right."""
    send_short(server, "u2@x.test", "For the phone")
    send_short(server, "u2@x.test", "And one more")
    send_short(server, "u2@x.test", "And the third")
    page, troubles = signed_in(browser, server, "u2@x.test", viewport={"width": 390, "height": 780}, has_touch=True, locale=language)
    page.tap("#rows .row >> nth=1 >> .row-pick")
    assert page.evaluate("new Set([...document.querySelectorAll('.bulk .icon-btn')].map((one) => one.getBoundingClientRect().top)).size") == 1, "one line"
    for number in range(page.locator(".bulk summary").count()):
        page.locator(".bulk summary").nth(number).tap()
        assert page.evaluate(OUTSIDE, ".bulk .menu-panel, .bulk .icon-btn") == []
    page.locator(".bulk [name=move]").last.tap()
    page.wait_for_selector("#toasts .toast")
    page.tap("#rows .row >> nth=1 >> .row-sub > a")
    page.wait_for_selector("#reader[data-id]")
    for number in range(page.locator("#reader .tools summary:visible").count()):
        page.locator("#reader .tools summary:visible").nth(number).tap()
        assert page.evaluate(OUTSIDE, "#reader .tools .menu-panel, #reader .tools .icon-btn") == []
    page.locator("#reader .tools .narrow button:visible").first.tap()  # what has no room above stands in the last menu
    page.wait_for_selector("#toasts .toast:has-text('" + {"en": "Snoozed", "de": "", "ar": ""}[language] + "')")
    assert troubles == []
