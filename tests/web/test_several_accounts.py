"""Several accounts open in one browser: each in its own place with its own session, none able to act for another; and ways out."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from mailcore.auth import sessions
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.browser import signed_in as opened
from tests.web.mail import send_short
from tests.web.visitor import Browser, signed_in

ANN, BEN, CAT = "u1@x.test", "u2@x.test", "u3@x.test"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "http"), people=9)
    one.run("account", "set", ANN, "--name", "Ann Vale")
    yield one
    one.remove()


def add(browser: Browser, address: str) -> str:
    """Sign one more account in by the menu; the start of its addresses."""
    link = re.search(r'href="(/u/\d+)/sign-in"', browser.get("/mail").text)
    assert link
    browser.get(f"{link[1]}/sign-in")
    answer = browser.post(f"{link[1]}/sign-in", {"address": address, "password": PASSWORD})
    assert answer.status_code == 200 and answer.url.startswith(f"{browser.base}{link[1]}/mail"), answer.url
    return link[1]


def me(text: str) -> str:
    """Whose page it is, as its menu says."""
    found = re.search(r'class="menu-head"><b>[^<]*</b><small>([^<]+)<', text)
    assert found
    return found[1]


def test_two_accounts_stand_side_by_side_and_their_pages_stay_theirs(server: RoostServer) -> None:
    browser = signed_in(server, ANN)
    place = add(browser, BEN)
    first, second = browser.get("/mail").text, browser.get(f"{place}/mail").text
    assert me(first) == ANN and me(second) == BEN
    assert f'href="{place}/mail"' in first and BEN in first, "the menu leads to the other one"
    assert 'href="/mail"' in second and "Ann Vale" in second
    links = set(re.findall(r'(?:href|action|hx-get)="(/[^"]*)"', second))
    strays = {link for link in links if not link.startswith((place, "/static/")) and link not in ("/mail",) and not re.match(r"/u/\d+/sign-in$", link)}
    assert strays == set(), "every address of a page keeps its account"
    kept = browser.post(f"{place}/theme", {"theme": "auto", "next": "/settings/profile"})
    assert kept.url == f"{browser.base}{place}/settings/profile"


def test_a_form_of_one_account_is_refused_by_another(server: RoostServer) -> None:
    browser = signed_in(server, ANN)
    place = add(browser, BEN)
    browser.get("/settings/profile")
    token = browser.token
    refused = browser.session.post(f"{browser.base}{place}/settings/profile", data={"csrf_token": token, "display_name": "Mallory"}, timeout=20)
    assert refused.status_code == 400
    assert "Mallory" not in browser.get(f"{place}/settings/profile").text
    body = re.search(r'href="/mail/(\d+)"', browser.get("/mail").text)
    assert body and browser.get(f"{place}/mail/{body[1]}").status_code == 404, "one account's mailbox is not there for the other"


def test_a_sign_in_makes_a_fresh_token_and_the_same_account_is_not_opened_twice(server: RoostServer) -> None:
    browser = Browser(server)
    browser.session.cookies.set("roost-1", "A" * 43, domain="127.0.0.1", path="/")
    browser.get("/u/1/sign-in")
    browser.post("/u/1/sign-in", {"address": ANN, "password": PASSWORD})
    value = browser.session.cookies.get("roost-1")
    assert value and value != "A" * 43, "a token that was planted is never taken over"
    assert "roost" not in browser.session.cookies
    browser.get("/sign-in")
    again = browser.post("/sign-in", {"address": ANN, "password": PASSWORD})
    assert again.url.startswith(f"{browser.base}/u/1/mail") and "roost" not in browser.session.cookies


def test_one_signs_out_of_this_one_or_of_all(server: RoostServer) -> None:
    browser = signed_in(server, ANN)
    place, third = add(browser, BEN), add(browser, CAT)
    browser.get(f"{place}/mail")
    out = browser.post(f"{place}/sign-out", {"op": "sign-out"})
    assert out.url.startswith(f"{browser.base}/mail"), "the next account that is open"
    assert browser.get(f"{place}/mail").url.startswith(f"{browser.base}{place}/sign-in")
    assert me(browser.get(f"{third}/mail").text) == CAT and me(browser.get("/mail").text) == ANN
    assert browser.post("/sign-out", {"op": "all"}).url == f"{browser.base}/sign-in"
    for where in ("", third):
        assert "/sign-in" in browser.get(f"{where}/mail").url


def test_signing_out_everywhere_ends_every_browser_of_that_account_alone(server: RoostServer) -> None:
    here, there = signed_in(server, ANN), signed_in(server, ANN)
    place = add(here, BEN)
    here.get("/mail")
    assert "Sign out everywhere, here too" in here.get("/settings/sign-in").text
    here.post("/sign-out", {"op": "everywhere"})
    assert "/sign-in" in here.get("/mail").url and "/sign-in" in there.get("/mail").url
    assert me(here.get(f"{place}/mail").text) == BEN
    assert "signed out everywhere" in signed_in(server, "admin@x.test").get("/admin/audit?q=signed_out").text


def test_a_browser_holds_no_more_than_its_places(server: RoostServer) -> None:
    browser = signed_in(server, ANN)
    for number in range(2, sessions.SLOTS + 1):
        add(browser, f"u{number}@x.test")
    assert "Add another account" not in browser.get("/mail").text
    assert browser.get(f"/u/{sessions.SLOTS}/sign-in").status_code == 404


@pytest.mark.browser
def test_each_tab_lives_for_its_own_account(browser: Any, server: RoostServer) -> None:
    from playwright.sync_api import expect

    page, troubles = opened(browser, server, ANN)
    page.locator(".me summary").click()
    page.locator(".me a", has_text="Add another account").click()
    expect(page.locator(".open-accounts")).to_contain_text("Ann Vale")
    page.fill("input[name=address]", BEN)
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/u/1/mail/*")
    other = page.context.new_page()
    other.goto("/mail")
    send_short(server, BEN, "For Ben")
    expect(page.locator("#rows .row", has_text="For Ben")).to_be_visible()
    expect(other.locator("#rows .row", has_text="For Ben")).to_have_count(0)
    page.locator("#rows .row .row-sub > a", has_text="For Ben").click()
    expect(page.locator("#reader h1")).to_have_text("For Ben")
    page.wait_for_url("**/u/1/mail/*/*")
    expect(page.frame_locator("#reader iframe").locator("body")).to_contain_text("hello")
    page.keyboard.press("e")
    expect(page.locator("#rows .row", has_text="For Ben")).to_have_count(0)
    page.locator(".me summary").click()
    page.locator(".me a.menu-account", has_text="Ann Vale").click()
    page.wait_for_url("**/mail/*")
    assert "/u/" not in page.url
    assert troubles == []
