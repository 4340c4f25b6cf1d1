"""What a browser that keeps nothing yet is sent for the first page, and that nothing on it moves."""

import imaplib
from collections.abc import Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import letter  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
ME, LETTERS = "u1@x.test", 40
MOST_BYTES, MOST_REQUESTS, SLOWER = 122_880, 8, 4
SHIFTS = """window.shifts = [];
new PerformanceObserver((list) => { for (const one of list.getEntries()) shifts.push([one.value, ...one.sources.map((s) => s.node?.outerHTML?.slice(0, 80))]); }).observe({ type: "layout-shift", buffered: true });"""
expect = playwright.expect


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("imap", "http"), people=1)
    with imaplib.IMAP4("127.0.0.1", one.ports["imap"]) as imap:
        imap.login(ME, PASSWORD)
        for number in range(LETTERS):
            assert imap.append("INBOX", "", None, letter(f"Letter {number}", number=f"n{number}"))[0] == "OK"
    yield one
    one.remove()


def visit(browser: Any, server: RoostServer, **facts: Any) -> tuple[Any, list[str], dict[str, int]]:
    """The first page in a browser that was never here: the page, the addresses it asked for, and the bytes that came for each."""
    known, _troubles = signed_in(browser, server, ME)
    context = browser.new_context(viewport={"width": 1440, "height": 900}, base_url=f"http://127.0.0.1:{server.ports['http']}", **facts)
    context.add_cookies(known.context.cookies())
    context.add_init_script(SHIFTS)
    page = context.new_page()
    network = context.new_cdp_session(page)
    network.send("Network.enable")
    network.send("Emulation.setCPUThrottlingRate", {"rate": SLOWER})  # so that a half page would be painted, if it could
    asked: dict[str, str] = {}
    came: dict[str, int] = {}
    network.on("Network.requestWillBeSent", lambda event: asked.__setitem__(event["requestId"], event["request"]["url"]))
    network.on("Network.loadingFinished", lambda event: came.__setitem__(asked.get(event["requestId"], ""), event["encodedDataLength"]))
    page.goto("/mail")
    return page, [url for url in asked.values() if not url.endswith("/events") and not url.startswith("data:")], came


def test_the_first_page_is_small_and_nothing_on_it_moves(browser: Any, server: RoostServer) -> None:
    page, asked, came = visit(browser, server)
    expect(page.locator("#rows .row")).to_have_count(LETTERS)
    page.evaluate("document.fonts.ready.then(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))))")
    assert page.evaluate("shifts") == []
    assert len(asked) <= MOST_REQUESTS, asked
    assert sum(came.values()) <= MOST_BYTES, came
    last = page.locator("#rows .row", has_text="Letter 0").last
    last.scroll_into_view_if_needed()
    expect(last.locator(".row-who")).to_be_visible()


def test_writing_comes_with_the_first_movement_and_opens_at_the_first_click(browser: Any, server: RoostServer) -> None:
    page, asked, _came = visit(browser, server)
    assert not any("later.js" in url for url in asked)
    with page.expect_request("**/later.js*"):
        page.keyboard.press("c")
    expect(page.locator("#compose-slot [data-compose-form]")).to_be_visible()


def test_without_the_later_scripts_the_links_still_lead_to_writing(browser: Any, server: RoostServer) -> None:
    page, _asked, _came = visit(browser, server)
    page.route("**/later.js*", lambda route: route.abort())
    page.locator("#nav a[data-compose]").click()
    expect(page.locator(".compose-page [name=subject]")).to_be_visible()


def test_without_script_there_are_no_buttons_that_need_it(browser: Any, server: RoostServer) -> None:
    page, _asked, _came = visit(browser, server, java_script_enabled=False)
    expect(page.locator("[data-tick=all]:visible")).to_have_count(0)
    expect(page.locator("#rows .row").nth(LETTERS - 1).locator(".row-who")).to_be_visible()
