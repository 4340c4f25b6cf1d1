"""The page of the server's settings: default, effect, what was changed, undo, and the way there by hMailServer's names."""

import json
import re
from typing import Any

import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.browser import signed_in as opened
from tests.web.test_browser import needs_parts, playwright
from tests.web.visitor import Browser, signed_in

SIZE = "smtp.message_size"


server = lasting(lambda: RoostServer(listeners=("http",), people=1, workers=1))


@pytest.fixture
def admin(server: RoostServer) -> Browser:
    return signed_in(server, "admin@x.test")


def row(text: str, name: str) -> str:
    """The row of a setting as people read it."""
    found = re.search(rf'<form[^>]*id="row-{name.replace(".", "-")}".*?</form>', text, re.DOTALL)
    assert found, name
    return " ".join(re.sub(r"<[^>]+>", " ", found[0]).split())


def value(server: RoostServer, name: str = SIZE) -> Any:
    return json.loads(server.run("settings", "get", name, "--json"))["value"]


def put(admin: Browser, name: str, op: str, typed: str = "") -> str:
    return admin.post("/admin/settings", {"name": name, "op": op, "value": typed}).text


def test_a_row_tells_its_default_its_effect_and_its_old_name(admin: Browser) -> None:
    told = row(admin.get("/admin/settings?group=smtp").text, SIZE)
    assert "default: 50M" in told and "holds at once" in told and "in hMailServer: Max message size" in told
    assert "Undo" not in told and "Back to the default" not in told


def test_a_change_is_marked_and_undone_step_by_step_and_the_undo_can_be_undone(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/settings")
    put(admin, SIZE, "set", "40M")
    told = row(put(admin, SIZE, "set", "30M"), SIZE)
    assert "changed" in told and "Undo: 40M again" in told and "changed by admin@x.test" in told
    told = row(put(admin, SIZE, "undo"), SIZE)
    assert value(server) == 40 * 1024**2 and "Undo: 30M again" in told
    put(admin, SIZE, "undo")
    assert value(server) == 30 * 1024**2
    told = row(put(admin, SIZE, "reset"), SIZE)
    assert value(server) == 50 * 1024**2 and "Undo: 30M again" in told and "Back to the default" not in told
    assert admin.get("/admin/audit?q=smtp.message_size").text.count("setting changed") >= 5
    put(admin, SIZE, "undo")
    assert value(server) == 30 * 1024**2
    put(admin, SIZE, "reset")


def test_what_was_changed_stands_on_one_page(server: RoostServer, admin: Browser) -> None:
    server.run("settings", "set", "imap.greeting", "Hello")
    page = admin.get("/admin/settings?show=changed").text
    assert 'id="row-imap-greeting"' in page and 'id="row-smtp-timeout"' not in page
    assert {s["name"] for s in json.loads(server.run("settings", "list", "--changed", "--json"))} >= {"imap.greeting", "server.hostname"}
    assert json.loads(server.run("settings", "undo", "imap.greeting", "--json"))["value"] == ""


def test_settings_are_found_by_the_name_they_had_in_hmailserver(admin: Browser) -> None:
    assert 'id="row-relay-host"' in admin.get("/admin/settings?q=smtp relayer").text
    assert 'id="row-signin-max_failures"' in admin.get("/admin/settings?q=Max invalid logon").text
    assert "No setting matches" in admin.get("/admin/settings?q=zzzz").text


def test_a_secret_is_never_shown_and_never_undone(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/settings")
    put(admin, "relay.password", "set", "first secret")
    told = put(admin, "relay.password", "set", "second secret")
    assert "first secret" not in told and "second secret" not in told and "Undo" not in row(told, "relay.password")
    wrong = server.run("settings", "undo", "relay.password", "--json", is_checked=False)
    assert "no change that can be undone" in json.loads(wrong)["error"]


@pytest.mark.browser
@needs_parts
def test_in_a_browser_a_row_answers_in_place_and_undo_is_reached_by_keyboard(browser: Any, server: RoostServer) -> None:
    page, troubles = opened(browser, server, "admin@x.test")
    page.goto("/admin/settings?group=imap")
    for words in ("Good day", "Good night"):
        page.fill("#imap-greeting", words)
        page.press("#imap-greeting", "Enter")
        page.wait_for_selector("#row-imap-greeting .chip")
        playwright.expect(page.locator("#imap-greeting")).to_have_value(words)
    undo = page.locator("#row-imap-greeting button[value=undo]")
    playwright.expect(undo).to_contain_text("Undo: Good day again")
    assert value(server, "imap.greeting") == "Good night"
    undo.focus()
    page.keyboard.press("Enter")
    playwright.expect(page.locator("#imap-greeting")).to_have_value("Good day")
    assert value(server, "imap.greeting") == "Good day"
    page.fill("input[type=search][name=q] >> nth=1", "welcome message")
    page.wait_for_selector("#row-smtp-greeting")
    assert "q=welcome" in page.url.replace("%20", "+")
    page.context.close()
    assert troubles == []
