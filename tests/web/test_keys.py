"""Every key of the `?` page, pressed in a real Chromium: what it says is what happens, also where the keyboard writes another script."""

import imaplib
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.scenario.waiting import eventually  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
expect = playwright.expect
NAMES = ("Apples", "Beans", "Carrots", "Dates", "Figs", "Grapes", "Hazels", "Leeks")


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=4))


def filled(server: RoostServer, address: str) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(address, PASSWORD)
        for box in ("Bills", "Travels"):
            imap.create(box)
        for number, name in enumerate(reversed(NAMES)):
            text = f"From: Ann <ann@out.test>\r\nTo: {address}, Bob <bob@out.test>\r\nSubject: {name}\r\nDate: Tue, 24 Nov 2026 10:{number:02}:00 +0000\r\nMessage-ID: <{name}@out.test>\r\n\r\nOf {name}\r\n"
            assert imap.append("INBOX", "", None, text.encode())[0] == "OK"


def flags(server: RoostServer, address: str, box: str, subject: str) -> str:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(address, PASSWORD)
        assert imap.select(box, readonly=True)[0] == "OK"
        numbers = imap.search(None, "SUBJECT", subject)[1][0].split()
        return str(imap.fetch(numbers[0].decode(), "(FLAGS)")[1][0]) if numbers else "gone"


def at(page: Any) -> str:
    """The subject of the row that has the focus."""
    return str(page.evaluate("document.activeElement.closest('.row')?.querySelector('.row-sub > a > span:last-of-type').textContent || ''"))


def ticked(page: Any) -> list[str]:
    return list(page.evaluate("[...document.querySelectorAll('#rows input:checked')].map((box) => box.closest('.row').querySelector('.row-sub > a > span:last-of-type').textContent)"))


def row(page: Any, subject: str) -> Any:
    return page.locator("#rows .row", has_text=subject)


def focus_first(page: Any) -> None:
    page.goto("/")
    begin(page)
    page.keyboard.press("j")


def begin(page: Any) -> None:
    """Waits until the scripts listen."""
    expect(page.locator("html.js #rows .row").first).to_be_visible()


def press_and_wait(page: Any, key: str) -> None:
    with page.expect_response(lambda answer: answer.request.method == "POST") as waiting:
        page.keyboard.press(key)
    assert waiting.value.ok, key


def test_keys_move_open_tick_and_go_to_places(browser: Any, server: RoostServer) -> None:
    filled(server, "u1@x.test")
    page, troubles = signed_in(browser, server, "u1@x.test")
    begin(page)
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    page.keyboard.press("Escape")
    focus_first(page)
    assert at(page) == "Apples"
    for key, subject in (("j", "Beans"), ("k", "Apples"), ("ArrowDown", "Beans"), ("ArrowUp", "Apples")):
        page.keyboard.press(key)
        assert at(page) == subject, key
    page.keyboard.press("x")
    assert ticked(page) == ["Apples"]
    page.keyboard.press("x")
    assert ticked(page) == []
    page.keyboard.press("Shift+J")
    page.keyboard.press("Shift+J")
    assert ticked(page) == ["Apples", "Beans", "Carrots"]
    page.keyboard.press("*")
    page.keyboard.press("a")
    assert len(ticked(page)) == len(NAMES)
    page.keyboard.press("*")
    page.keyboard.press("n")
    assert ticked(page) == []
    for key, subject in (("o", "Carrots"), ("Enter", "Carrots")):
        page.keyboard.press(key)
        expect(page.locator("body")).to_have_attribute("data-pane", "read")
        expect(page.locator("#reader #subject")).to_contain_text(subject)
        page.keyboard.press("u" if key == "o" else "Escape")
        assert page.evaluate("document.body.dataset.pane") == "list" and at(page) == subject
    for key, title in (("s", "Sent"), ("d", "Drafts"), ("a", "Archive"), ("t", "Trash"), ("i", "Inbox")):
        page.keyboard.press("g")
        page.keyboard.press(key)
        expect(page.locator("#list-title")).to_have_text(title)
    page.keyboard.press("/")
    expect(page.locator("#search")).to_be_focused()
    page.keyboard.type("je")
    assert page.input_value("#search") == "je", "no key acts while one types"
    assert troubles == []


def test_each_act_has_its_key_on_the_row_with_the_focus_and_z_takes_it_back(browser: Any, server: RoostServer) -> None:
    me = "u2@x.test"
    filled(server, me)
    page, troubles = signed_in(browser, server, me)
    for key, box in (("e", "Archive"), ("#", "Trash"), ("Delete", "Trash"), ("!", "Junk")):
        focus_first(page)
        page.keyboard.press(key)
        expect(row(page, "Apples")).to_have_count(0)
        expect(page.locator("#toasts")).to_contain_text(box)
        assert flags(server, me, box, "Apples") != "gone" and at(page) == "Beans", key
        page.keyboard.press("z")
        expect(row(page, "Apples")).to_have_count(1)
        expect(page.locator("#toasts")).to_contain_text("Taken back")
        assert flags(server, me, "INBOX", "Apples") != "gone", key
    focus_first(page)
    for key, mark, is_there in (("Shift+I", "\\Seen", True), ("Shift+U", "\\Seen", False), ("s", "\\Flagged", True), ("s", "\\Flagged", False)):
        press_and_wait(page, key)
        assert (mark in flags(server, me, "INBOX", "Apples")) == is_there, (key, mark)
    page.keyboard.press("m")
    expect(page.locator("#toasts")).to_contain_text("Muted")
    page.keyboard.press("z")
    expect(page.locator("#toasts")).to_contain_text("Taken back")
    assert troubles == []


def test_news_of_the_row_with_the_focus_leave_the_focus_there(browser: Any, server: RoostServer) -> None:
    """What changed was drawn anew, and the next key acted on nothing."""
    me = "u2@x.test"
    page, _troubles = signed_in(browser, server, me)
    focus_first(page)
    subject = at(page)
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(me, PASSWORD)
        imap.select("INBOX")
        imap.store(imap.search(None, "SUBJECT", subject)[1][0].split()[0].decode(), "+FLAGS", "(\\Flagged \\Seen)")
    expect(row(page, subject).locator(".row-star")).to_have_attribute("aria-pressed", "true")
    assert at(page) == subject
    press_and_wait(page, "e")
    assert flags(server, me, "Archive", subject) != "gone"


def test_v_and_l_lead_into_their_menus_and_escape_leads_back(browser: Any, server: RoostServer) -> None:
    """Both once opened a menu without going in: the arrows went on in the list behind it, and Escape left it open."""
    me = "u3@x.test"
    filled(server, me)
    page, troubles = signed_in(browser, server, me)
    focus_first(page)
    page.keyboard.press("v")
    expect(page.locator(".bulk details[open] [name=move]:focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("details[data-menu][open]")).to_have_count(0)
    assert at(page) == "Apples"
    page.keyboard.press("v")
    page.keyboard.press("t")
    page.keyboard.press("t")
    expect(page.locator(".bulk details[open] :focus")).to_have_text("Travels")
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Travels")
    assert flags(server, me, "Travels", "Apples") != "gone" and at(page) == "Beans"
    page.keyboard.press("o")
    expect(page.locator("#reader[data-id]")).to_be_visible()
    page.keyboard.press("v")
    page.keyboard.press("b")
    page.keyboard.press("Enter")
    expect(page.locator("#toasts")).to_contain_text("Bills")
    assert flags(server, me, "Bills", "Beans") != "gone"
    expect(page.locator("#reader #subject")).to_contain_text("Carrots")
    page.keyboard.press("l")
    page.keyboard.type("Kitchen")
    page.keyboard.press("Enter")
    expect(page.locator("#reader .chip", has_text="Kitchen").first).to_be_visible()
    assert "Kitchen" in flags(server, me, "INBOX", "Carrots")
    page.keyboard.press("l")
    expect(page.locator("#reader details[open] .menu-item:focus")).to_contain_text("Kitchen")
    page.keyboard.press("Escape")
    expect(page.locator("details[data-menu][open]")).to_have_count(0)
    assert troubles == []


def test_with_the_list_alone_the_row_one_came_back_to_still_takes_keys(browser: Any, server: RoostServer) -> None:
    me = "u4@x.test"
    filled(server, me)
    page, _troubles = signed_in(browser, server, me, viewport={"width": 700, "height": 800})
    focus_first(page)
    page.keyboard.press("o")
    expect(page.locator("#reader #subject")).to_contain_text("Apples")
    page.keyboard.press("u")
    assert at(page) == "Apples"
    press_and_wait(page, "e")
    expect(row(page, "Apples")).to_have_count(0)
    assert flags(server, me, "Archive", "Apples") != "gone"


def test_a_message_is_answered_passed_on_and_sent_by_keys_of_an_arabic_keyboard(browser: Any, server: RoostServer) -> None:
    """Letters that the keyboard does not have count by where they lie."""
    me = "u4@x.test"
    page, troubles = signed_in(browser, server, me)
    begin(page)

    def press(key: str, code: str, **held: bool) -> None:
        page.evaluate("([key, code, held]) => document.activeElement.dispatchEvent(new KeyboardEvent('keydown', { key, code, bubbles: true, cancelable: true, ...held }))", [key, code, held])

    press("؟", "Slash", shiftKey=True)
    expect(page.locator("#shortcuts")).to_be_visible()
    focus_first(page)
    press("ت", "KeyJ")
    subject = at(page)
    assert subject and subject == page.locator("#rows .row-sub > a > span:last-of-type").nth(1).text_content()
    press("خ", "KeyO")
    expect(page.locator("#reader #subject")).to_contain_text(subject)
    for key, code, title in (("ق", "KeyR", "Reply"), ("ش", "KeyA", "Reply"), ("ب", "KeyF", "Forward")):
        press(key, code)
        expect(page.locator(".compose #compose-title")).to_contain_text(title)
        expect(page.locator(".compose :focus")).to_have_count(1)
        page.locator(".compose [data-shut]").click()
        expect(page.locator(".compose")).to_have_count(0)
    eventually(lambda: page.locator("#reader iframe").first.evaluate("(one) => Boolean(one.contentDocument?.roostAdopted)"))
    page.locator("#reader iframe").first.evaluate("(one) => one.contentDocument.body.dispatchEvent(new KeyboardEvent('keydown', { key: 'ق', code: 'KeyR', bubbles: true, cancelable: true }))")
    expect(page.locator(".compose #compose-title")).to_contain_text("Reply")
    page.locator(".compose [data-shut]").click()
    expect(page.locator(".compose")).to_have_count(0)
    page.evaluate("document.activeElement.blur()")
    press("ن", "KeyK", ctrlKey=True)
    expect(page.locator("#palette")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator("#palette")).to_be_hidden()
    assert troubles == []


def test_the_first_key_after_the_palette_counts(browser: Any, server: RoostServer) -> None:
    """Its field has the focus for a moment longer than it is seen."""
    page, troubles = signed_in(browser, server, "u1@x.test")
    begin(page)
    for _ in range(20):
        page.keyboard.press("Control+k")
        expect(page.locator("#palette-input")).to_be_focused()
        page.keyboard.press("Escape")
        page.keyboard.press("?")
        expect(page.locator("#shortcuts")).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.locator("#shortcuts")).to_be_hidden()
    here = page.url
    page.keyboard.press("Control+k")
    page.keyboard.type("contacts")
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    page.keyboard.press("?")
    expect(page.locator("#shortcuts")).to_be_visible()
    assert page.url == here and troubles == [], "what was shut runs nothing"
