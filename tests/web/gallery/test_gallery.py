"""Every page of the gallery, both themes: no axe violation, no script error, nothing refused by the content policy, nothing wider than the
screen; and the first page stays light. One browser for the module."""

import gzip
import json
import threading
from collections.abc import Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
werkzeug = pytest.importorskip("werkzeug.serving")

from tests.web.axe import violations  # noqa: E402
from tests.web.gallery.app import PAGES, ROOT, create_gallery  # noqa: E402

WIDTHS = {"wide": (1440, 900), "tablet": (768, 1024), "phone": (390, 844)}
FIRST_PAGE_BYTES = 120_000
FIRST_PAGE_REQUESTS = 8

needs_parts = pytest.mark.skipif(not (ROOT / "node_modules").is_dir(), reason="the front-end parts are not installed (npm ci)")
pytestmark = [pytest.mark.browser, needs_parts]


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    server = werkzeug.make_server("127.0.0.1", 0, create_gallery(), threaded=True)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()


def _open(browser: Any, theme: str, width: str) -> tuple[Any, list[str]]:
    wide, high = WIDTHS[width]
    page = browser.new_page(viewport={"width": wide, "height": high}, color_scheme=theme, reduced_motion="reduce")
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    return page, troubles


@pytest.mark.parametrize(("theme", "width"), [("light", "wide"), ("dark", "phone")])
def test_every_page_is_free_of_axe_violations_and_script_errors(browser: Any, address: str, theme: str, width: str) -> None:
    page, troubles = _open(browser, theme, width)
    wrong: list[str] = []
    for path in PAGES:
        page.goto(address + path, wait_until="load")
        page.wait_for_timeout(60)
        wrong.extend(f"{path}: {one}" for one in violations(page))
        wrong.extend(f"{path}: {trouble}" for trouble in troubles)
        troubles.clear()
    page.close()
    assert not wrong, "\n".join(wrong)


def test_no_page_is_wider_than_its_screen_at_any_width(browser: Any, address: str) -> None:
    page, _troubles = _open(browser, "light", "wide")
    wrong: list[str] = []
    for path in PAGES:
        page.goto(address + path, wait_until="load")
        for width in (*(wide for wide, _high in WIDTHS.values()), 320):
            page.set_viewport_size({"width": width, "height": 900})
            if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{path}: wider than {width}")
    page.close()
    assert not wrong, "\n".join(wrong)


def test_the_first_page_is_light(browser: Any, address: str) -> None:
    page, _troubles = _open(browser, "light", "wide")
    sizes: dict[str, int] = {}

    def weigh(response: Any) -> None:
        body = response.body()
        sizes[response.url.removeprefix(address)] = len(body) if response.url.endswith("woff2") else len(gzip.compress(body))

    page.on("requestfinished", lambda request: weigh(request.response()) if "/events" not in request.url else None)
    page.goto(address + "/mail/1", wait_until="networkidle")
    page.close()
    first = {url: size for url, size in sizes.items() if "cursor=" not in url}
    assert len(first) <= FIRST_PAGE_REQUESTS, json.dumps(first, indent=1)
    assert sum(first.values()) <= FIRST_PAGE_BYTES, json.dumps(first, indent=1)


def test_keys_move_open_and_archive_and_the_toast_takes_it_back(browser: Any, address: str) -> None:
    page, troubles = _open(browser, "light", "wide")
    page.goto(address + "/mail/1", wait_until="networkidle")
    count = page.locator("#rows .row").count()
    page.keyboard.press("j")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    page.wait_for_selector("#reader[data-id]")
    assert page.url.endswith("/mail/1/m2")
    page.go_back(wait_until="networkidle")
    page.wait_for_url("**/mail/1")
    page.locator("#rows .row a").first.focus()
    page.keyboard.press("x")
    page.keyboard.press("Shift+J")
    page.keyboard.press("e")
    page.wait_for_selector("#toasts .toast")
    assert page.locator("#rows .row").count() == count - 2
    page.keyboard.press("z")
    playwright.expect(page.locator("#rows .row")).to_have_count(count)
    page.close()
    assert not troubles


def test_no_key_acts_while_typing_or_when_switched_off(browser: Any, address: str) -> None:
    page, _troubles = _open(browser, "light", "wide")
    page.goto(address + "/mail/1", wait_until="networkidle")
    page.keyboard.press("/")
    page.keyboard.type("c?")
    assert page.locator("#search").input_value() == "c?"
    page.locator("#rows .row a").first.focus()
    page.keyboard.press("?")
    page.get_by_role("button", name="Switch single keys off").click()
    playwright.expect(page.locator("#shortcuts")).to_be_hidden()
    page.keyboard.press("c")
    assert page.locator("#compose-slot .compose").count() == 0
    page.close()


def test_compose_floats_makes_chips_and_saves_by_itself(browser: Any, address: str) -> None:
    page, troubles = _open(browser, "light", "wide")
    page.goto(address + "/mail/1", wait_until="networkidle")
    page.keyboard.press("c")
    page.wait_for_selector("#compose-slot .editor[contenteditable=true]")
    assert page.locator(".pill").count() == 3
    assert page.locator(".pill-bad").count() == 1
    page.locator(".compose [role=combobox]").first.fill("Ana <ana@cardoso.test>,")
    assert page.locator(".pill").count() == 4
    assert "ana@cardoso.test" in page.locator("input[name=to]").input_value()
    with page.expect_response("**/draft") as saved:
        page.locator(".editor[contenteditable=true]").press_sequentially("x")
    assert saved.value.ok
    page.close()
    assert not troubles


def test_the_message_frame_takes_the_height_of_its_text(browser: Any, address: str) -> None:
    page, _troubles = _open(browser, "light", "wide")
    page.goto(address + "/mail/1/m1", wait_until="networkidle")
    inside = page.frames[1].evaluate("document.body.scrollHeight")
    assert abs(page.locator("iframe").bounding_box()["height"] - inside) <= 12
    page.close()


def test_without_script_the_pages_still_work(browser: Any, address: str) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + "/mail/1")
    page.get_by_role("link", name="Minutes of 12 November").click()
    assert page.url.endswith("/mail/1/m2")
    page.locator("#reader button[aria-label=Archive]").first.click()  # a row has one too, under the pointer
    assert page.url.endswith("/mail/1")
    page.locator("#nav").get_by_role("link", name="New message").click()
    assert page.locator("textarea[name=body]").is_visible()
    context.close()
