"""A person's real browser: signed in, with what goes wrong in it."""

from typing import Any

from tests.scenario.server import PASSWORD, RoostServer


def signed_in(browser: Any, server: RoostServer, address: str, **look: Any) -> tuple[Any, list[str]]:
    """A page of *address*'s mail in a context of its own, and the errors of its scripts as they come."""
    page = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", reduced_motion="reduce", **look).new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.goto("/")
    page.fill("input[name=address]", address)
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#nav", state="attached")
    page.wait_for_load_state()  # keys are heard from then on
    return page, troubles


def row(page: Any, subject: str) -> Any:
    """The row of the list that says *subject*."""
    return page.locator("#rows .row", has_text=subject)
