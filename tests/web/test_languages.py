"""The pages in the person's language: words, errors of the server, dates, and the direction of the script."""

import re
import smtplib
from typing import Any

import pytest

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser

server = lasting(lambda: RoostServer(listeners=("http",), people=2, workers=1))


@pytest.mark.parametrize(("asked", "word", "direction"), [("de-AT,de;q=0.9", "Anmelden", "ltr"), ("ar", "تسجيل الدخول", "rtl"), ("fr", "Sign in", "ltr")])
def test_the_sign_in_page_speaks_what_the_browser_asks_for(server: RoostServer, asked: str, word: str, direction: str) -> None:
    browser = Browser(server)
    browser.session.headers["Accept-Language"] = asked
    page = browser.get("/sign-in").text
    assert word in page and f'dir="{direction}"' in page


def test_a_wrong_password_is_said_in_german(server: RoostServer) -> None:
    browser = Browser(server)
    browser.session.headers["Accept-Language"] = "de"
    browser.get("/sign-in")
    assert "Der Benutzername oder das Passwort ist falsch." in browser.post("/sign-in", {"address": "u1@x.test", "password": "wrong"}).text


def test_who_chose_no_language_keeps_the_browsers_when_the_name_is_saved(server: RoostServer) -> None:
    """The form once showed English then, and saved it."""
    browser = Browser(server)
    browser.session.headers["Accept-Language"] = "de"
    browser.sign_in("u1@x.test")
    page = browser.get("/settings/profile").text
    chosen = re.findall(r'<option value="(\w+)" selected', page)
    assert chosen[0] == "de"
    assert 'lang="de"' in browser.post("/settings/profile", {"display_name": "U", "language": chosen[0], "zone": ""}).text


def test_the_chosen_language_stands_over_the_browsers(server: RoostServer) -> None:
    browser = Browser(server)
    browser.session.headers["Accept-Language"] = "de"
    browser.sign_in("u2@x.test")
    browser.get("/settings/profile")
    browser.post("/settings/profile", {"display_name": "U", "language": "ar", "zone": "Europe/Berlin"})
    page = browser.get("/mail").text
    assert "البريد الوارد" in page and 'dir="rtl"' in page and 'lang="ar"' in page
    browser.get("/settings/away")
    answer = browser.post("/settings/away", {"op": "away", "on": "1", "text": "", "days": "7"}).text
    assert "Write what the auto-reply says." not in answer


def test_a_sentence_with_values_is_known_by_its_shape() -> None:
    from pathlib import Path

    from babel.support import Translations

    from web import sentences

    german = Translations.load(str(Path(__file__).resolve().parents[2] / "translations"), ["de"])
    assert sentences.said("A password has at least 8 characters.", german, "de") == "Ein Passwort hat mindestens 8 Zeichen."
    assert sentences.said("An auto-reply has at most 9 characters.", german, "de").endswith("höchstens 9 Zeichen.")
    assert sentences.said("Something nobody translated.", german, "de") == "Something nobody translated."
    assert sentences.said("A password has at least 8 characters.", german, "en") == "A password has at least 8 characters."


def test_arabic_mail_stands_on_the_right_in_english_pages(browser: Any) -> None:
    one = RoostServer(listeners=("smtp", "http"), people=1, workers=1)
    try:
        with smtplib.SMTP("127.0.0.1", one.ports["smtp"]) as client:
            text = "From: bob@out.test\r\nTo: u1@x.test\r\nSubject: x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nمرحبا، هذه رسالة.\r\n"
            client.sendmail("bob@out.test", ["u1@x.test"], text.encode())
        page = browser.new_page()
        page.goto(f"http://127.0.0.1:{one.ports['http']}/sign-in")
        page.fill("input[name=address]", "u1@x.test")
        page.fill("input[name=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_url("**/mail/**")
        page.keyboard.press("j")
        page.keyboard.press("Enter")
        frame = page.frame_locator("iframe").first
        frame.locator("body").wait_for()
        assert frame.locator("body").evaluate("b => getComputedStyle(b).direction") == "rtl"
    finally:
        one.remove()
