"""Templates of answers: made and changed in settings, put into a draft, kept from what one wrote."""

import re
from typing import Any

import pytest

from mailcore.store import templates as store
from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.browser import row
from tests.web.browser import signed_in as opened
from tests.web.mail import letter, put
from tests.web.visitor import Browser, signed_in

ME, OTHER = "u1@x.test", "u2@x.test"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=3))


def add(browser: Browser, name: str, text: str, **more: str) -> Any:
    browser.get("/settings/templates")
    return browser.post("/settings/templates", {"op": "save", "id": "0", "name": name, "text": text, "html": "", **more})


def draft_of(page: str) -> str:
    found = re.search(r'data-draft="([^"]+)"', page)
    assert found
    return found[1]


def test_a_template_is_added_changed_and_removed_and_is_ones_own(server: RoostServer) -> None:
    me, other = signed_in(server, ME), signed_in(server, OTHER)
    assert "Template saved" in add(me, "Thanks", "Thank you, we look into it.", subject="Your question").text
    double = add(me, "Thanks", "Another text")
    assert double.status_code == 422 and "already" in double.text and "Another text" in double.text, "what was typed stays"
    assert add(me, "", "No name").status_code == 422 and add(me, "Empty", " \n ").status_code == 422
    page = me.get("/settings/templates").text
    number = re.search(r'name="id" value="([1-9]\d*)"', page)
    assert number
    me.post("/settings/templates", {"op": "save", "id": number[1], "name": "Thank you", "text": "Thanks a lot.", "html": "<b>Thanks</b> a lot.<script>x()</script>"})
    page = me.get("/settings/templates").text
    assert "Thank you" in page and "&lt;b&gt;Thanks&lt;/b&gt;" in page and "x()" not in page
    assert "Thank you" not in other.get("/settings/templates").text
    other.post("/settings/templates", {"op": "remove", "id": number[1]})
    assert "Thank you" in me.get("/settings/templates").text, "nobody removes another's"
    me.post("/settings/templates", {"op": "remove", "id": number[1]})
    assert "Thank you" not in me.get("/settings/templates").text


def test_without_scripts_a_template_goes_above_what_stands_there(server: RoostServer) -> None:
    me = signed_in(server, ME)
    add(me, "Hours", "We are open from nine to five.", subject="Opening hours")
    page = me.get("/compose").text
    number = re.search(r'name="insert" value="(\d+)"', page)
    assert number
    made = me.post(f"/compose/{draft_of(page)}/template", {"from": ME, "to": OTHER, "subject": "", "body": "Best wishes", "format": "text", "revision": "0", "insert": number[1]})
    assert "We are open from nine to five.\nBest wishes" in made.text and 'value="Opening hours"' in made.text and OTHER in made.text
    again = me.post(f"/compose/{draft_of(made.text)}/template", {"from": ME, "to": OTHER, "subject": "Mine", "body": "x", "format": "text", "revision": "9", "insert": "999999"})
    assert again.status_code == 404


def test_what_one_wrote_becomes_a_template_without_signature_and_quote(server: RoostServer) -> None:
    me = signed_in(server, ME)
    page = me.get("/compose").text
    body = "We send it on Monday.\n\nOn Tuesday Ann wrote:\n> When?\n\n-- \nAda, sales"
    kept = me.post(f"/compose/{draft_of(page)}/template", {"from": ME, "subject": "Re: When", "body": body, "format": "text", "template_name": "Monday"}, headers={"Accept": "application/json"})
    assert kept.status_code == 200 and "Monday" in kept.json()["message"]
    shown = me.get("/settings/templates").text.partition("Monday")[2]
    assert "We send it on Monday." in shown and "When?" not in shown and "Ada, sales" not in shown and "Ann wrote" not in shown
    empty = me.post(f"/compose/{draft_of(page)}/template", {"from": ME, "body": "> only a quote", "format": "text", "template_name": "Nothing"}, headers={"Accept": "application/json"})
    assert empty.status_code == 422 and "no text" in empty.json()["error"]


def test_there_is_an_end_to_how_many_one_may_keep(server: RoostServer, monkeypatch: pytest.MonkeyPatch) -> None:
    from mailcore.base.errors import MailError

    class Rows:
        def __init__(self) -> None:
            self.rows = [(n, f"T{n}") for n in range(store.MOST)]

        def all(self, *_what: object) -> list[tuple[int, str]]:
            return self.rows

    with pytest.raises(MailError, match=str(store.MOST)):
        store.save(Rows(), 1, store.Template(id=0, name="One more", text="x"))  # type: ignore[arg-type]
    with pytest.raises(MailError, match="characters"):
        store.save(Rows(), 1, store.Template(id=0, name="Long", text="x" * (store.TEXT_CHARACTERS + 1)))  # type: ignore[arg-type]


@pytest.mark.browser
def test_a_template_is_put_in_at_the_cursor_and_by_the_palette_and_kept_from_the_draft(browser: Any, server: RoostServer) -> None:
    from playwright.sync_api import expect

    add(signed_in(server, "u3@x.test"), "Greeting", "Good morning from all of us.", subject="Hello")
    put(server, "INBOX", letter("Delivery", to="u3@x.test", number="d1", text="When will it come?"), "u3@x.test")
    page, troubles = opened(browser, server, "u3@x.test")
    row(page, "Delivery").locator(".row-sub > a").click()
    page.locator(".reply-bar a", has_text="Reply").first.click()
    editor = page.locator(".compose [role=textbox].editor")
    editor.click()
    page.keyboard.press("Control+Home")
    page.locator(".compose summary[aria-label='Templates'], .compose details:has(#template-name) > summary").first.click()
    page.locator(".compose [name=insert]", has_text="Greeting").click()
    expect(editor).to_contain_text("Good morning from all of us.")
    expect(editor).to_contain_text("When will it come?")
    expect(page.locator("#subject-field")).to_have_value("Re: Delivery")
    page.locator(".compose details:has(#template-name) > summary").click()
    page.fill("#template-name", "Morning")
    page.keyboard.press("Enter")
    page.wait_for_selector("#toasts:has-text('Morning')")
    expect(page.locator(".compose")).to_be_visible()
    assert "When will it come?" not in signed_in(server, "u3@x.test").get("/settings/templates").text
    page.goto("/compose")
    page.locator(".compose [role=textbox].editor").wait_for()
    page.locator("#subject-field").focus()
    page.keyboard.press("Control+k")
    page.fill("#palette-input", "morning")
    page.keyboard.press("Enter")
    expect(page.locator(".compose [role=textbox].editor")).to_contain_text("Good morning")
    assert troubles == []
