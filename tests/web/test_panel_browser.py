"""Pages of the panel on a running server in a real browser: axe finds nothing, nothing is wider than the screen, no script fails."""

from collections.abc import Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.gallery.test_gallery import AXE, WIDTHS, needs_parts  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
PAGES = ("/admin/status", "/admin/accounts/u1@x.test/away", "/admin/accounts/u1@x.test/rules", "/admin/accounts/u1@x.test/ways", "/admin/accounts/u1@x.test/signatures", "/admin/accounts/u1@x.test/activity", "/admin/rules/new", "/admin/domains/x.test/dns", "/admin/messages", "/admin/shared", "/admin/quarantine", "/admin/import", "/admin?range=7d", "/admin/domains/x.test?tab=traffic", "/admin/domains", "/admin/settings", "/admin/settings?show=changed", "/admin/server-messages", "/admin/server-messages/bounce.failed?language=ar")


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "http"), people=1)
    yield one
    one.remove()


def opened(browser: Any, server: RoostServer, theme: str = "light", width: str = "wide") -> tuple[Any, list[str]]:
    """A page of a signed-in admin, and what went wrong on it so far."""
    wide, high = WIDTHS[width]
    page = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", viewport={"width": wide, "height": high}, color_scheme=theme, reduced_motion="reduce").new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.goto("/sign-in")
    page.fill("input[name=address]", "admin@x.test")
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#nav", state="attached")
    return page, troubles


@pytest.mark.parametrize(("theme", "width"), [("light", "wide"), ("dark", "phone"), ("light", "tablet")])
def test_axe_has_nothing_to_say_at_any_width(browser: Any, server: RoostServer, theme: str, width: str) -> None:
    page, troubles = opened(browser, server, theme, width)
    wrong: list[str] = []
    for path in PAGES:
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            wrong.append(f"{path}: wider than the screen")
        for one in axe_playwright.Axe().run(page, options=AXE).response["violations"]:
            wrong.append(f"{path}: {one['id']}: {one['nodes'][0]['html'][:140]}")
    page.context.close()
    assert wrong + troubles == []
