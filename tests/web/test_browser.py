"""The real pages in a real browser: axe finds nothing, scripts run without an error, new mail appears without asking, undo brings back."""

import contextlib
import json
import socket
import subprocess
import sys
import time
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")
axe_playwright = pytest.importorskip("axe_playwright_python.sync_playwright")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import HOME, PASSWORD, RoostServer, free_ports  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import send_short  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]


server = lasting(lambda: RoostServer(listeners=("smtp", "http"), people=2))


TRIES = """() => Object.fromEntries([
  ["address", (script) => { script.src = "/mail/1/1/part/2"; }],
  ["elsewhere", (script) => { script.src = "https://other.test/static/x.js"; }],
  ["text", (script) => { script.text = "window.ran = 1"; }],
  ["handler", (script) => { script.setAttribute("onload", "window.ran = 1"); }],
  ["code", () => setTimeout("window.ran = 1")],
  ["ours", (script) => { script.src = "/static/vendor/htmx.js"; }],
].map(([name, act]) => {
  try { act(document.createElement("script")); return [name, "taken"]; } catch (error) { return [name, error.name]; }
}))"""


STRANGER = """() => new Promise((tell) => {
  document.addEventListener("securitypolicyviolation", (event) => tell(event.effectiveDirective), { once: true });
  const script = Object.assign(document.createElement("script"), { src: "/static/vendor/htmx.js", onload: () => tell("ran") });
  document.head.append(script);
})"""


def test_no_string_becomes_code_or_the_address_of_a_foreign_script(browser: Any, server: RoostServer) -> None:
    page, _troubles = signed_in(browser, server, "admin@x.test")
    for path in ("/", "/admin"):
        page.goto(path)
        refused = dict.fromkeys(("address", "elsewhere", "text", "handler", "code"), "TypeError")
        assert page.evaluate(TRIES) == refused | {"ours": "taken"}, path
        assert page.evaluate("window.ran === undefined")
        assert page.evaluate(STRANGER) == "script-src-elem", "a file of ours runs only where the answer itself asks for it"


def test_the_first_sign_in_tells_the_zone_of_the_browser(browser: Any, server: RoostServer) -> None:
    signed_in(browser, server, "u2@x.test", timezone_id="Asia/Tokyo")
    assert json.loads(server.run("account", "show", "u2@x.test", "--json"))["time_zone"] == "Asia/Tokyo"


def test_new_mail_appears_by_itself_even_in_an_empty_list(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, "u1@x.test")
    page.wait_for_timeout(500)
    for subject in ("The first", "The second"):
        send_short(server, "u1@x.test", subject)
        page.wait_for_selector(f"#rows .row:has-text('{subject}'), #fresh:not([hidden])", timeout=15_000)
    assert troubles == []


def test_under_a_plain_wsgi_server_pages_ask_for_news(browser: Any, server: RoostServer) -> None:
    port = free_ports(1)[0]
    code = f"from werkzeug.serving import run_simple; from wsgi import app; run_simple('127.0.0.1', {port}, app, threaded=True)"
    plain = subprocess.Popen([sys.executable, "-c", code], env=server.environ, cwd=HOME, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for_port(port)
        context = browser.new_context(base_url=f"http://127.0.0.1:{port}", reduced_motion="reduce")
        context.route("**/", lambda route: route.fulfill(response=(answer := route.fetch()), body=answer.text().replace('data-poll-seconds="30"', 'data-poll-seconds="1"')))
        page = context.new_page()
        page.goto("/sign-in")
        page.fill("input[name=address]", "u1@x.test")
        page.fill("input[type=password]", PASSWORD)
        page.keyboard.press("Enter")
        page.wait_for_selector("#nav", state="attached")
        page.goto("/")
        send_short(server, "u1@x.test", "Asked for")
        page.wait_for_selector("#rows .row:has-text('Asked for'), #fresh:not([hidden])", timeout=15_000)
        context.close()
    finally:
        plain.kill()
        plain.wait()


def wait_for_port(port: int) -> None:
    """Until somebody listens."""
    deadline = time.monotonic() + 20
    while True:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
            return
        assert time.monotonic() < deadline, "the plain server did not start"
        time.sleep(0.1)


def test_a_key_throws_a_message_away_and_undo_brings_it_back(browser: Any, server: RoostServer) -> None:
    send_short(server, "u1@x.test", "Keep me")
    page, _troubles = signed_in(browser, server, "u1@x.test")
    page.wait_for_selector("#rows .row:has-text('Keep me')")
    page.click("#rows .row:has-text('Keep me') a >> nth=0")
    page.wait_for_selector("iframe")
    page.keyboard.press("#")
    page.wait_for_selector("#rows .row:has-text('Keep me')", state="detached")
    page.click(".toast button:has-text('Undo')")
    page.wait_for_selector("#rows .row:has-text('Keep me')")


def test_news_that_were_asked_for_before_an_undo_do_not_take_its_row_away_again(browser: Any, server: RoostServer) -> None:
    for subject in ("Stays here", "Comes back"):
        send_short(server, "u1@x.test", subject)
    page, _troubles = signed_in(browser, server, "u1@x.test")
    held: list[Any] = []

    def pass_on(route: Any) -> None:
        answer = route.fetch()
        if "Comes back" in answer.text() or held:
            route.fulfill(response=answer)
        else:
            held.append((route, answer))  # the server has answered; the page will hear of it later

    page.route(lambda url: "since=" in url, pass_on)
    page.click("#rows .row:has-text('Comes back') a >> nth=0")
    page.wait_for_selector("iframe")
    page.keyboard.press("#")
    page.wait_for_selector("#rows .row:has-text('Comes back')", state="detached")
    while not held:
        page.wait_for_timeout(50)
    page.click(".toast button:has-text('Undo')")
    page.wait_for_selector("#rows .row:has-text('Comes back')")
    page.focus("input[name=q]")  # a row that holds the focus is never taken away
    page.wait_for_timeout(2500)  # the undo's own news are here, if they do not wait for the first
    route, answer = held.pop(0)
    with page.expect_response(lambda reply: "since=" in reply.url):
        route.fulfill(response=answer)
    page.wait_for_timeout(200)
    assert page.is_visible("#rows .row:has-text('Comes back')")


def test_news_that_were_asked_for_before_a_star_do_not_take_it_off_again(browser: Any, server: RoostServer) -> None:
    send_short(server, "u1@x.test", "Gets a star")
    page, _troubles = signed_in(browser, server, "u1@x.test")
    held: list[Any] = []

    def pass_on(route: Any) -> None:
        held.append((route, route.fetch()))  # the server has answered; the page will hear of it later

    star = page.locator("#rows .row:has-text('Gets a star') .row-star")
    page.route(lambda url: "since=" in url, pass_on, times=1)
    page.locator("#rows .row:has-text('Gets a star') .row-sub > a").focus()
    page.keyboard.press("Shift+I")
    while not held:
        page.wait_for_timeout(50)
    with page.expect_response(lambda answer: answer.request.method == "POST"):
        page.keyboard.press("s")
    page.evaluate("""() => { window.unstarred = false; const star = document.querySelector('#rows .row:has(.row-star[aria-pressed=true]) .row-marks');
        new MutationObserver(() => { window.unstarred ||= !document.querySelector('#rows .row-star[aria-pressed=true]'); }).observe(star.closest('.row'), { subtree: true, childList: true, attributes: true }); }""")
    route, answer = held[0]
    with page.expect_response(lambda reply: "since=" in reply.url and reply.request != route.request):  # it asks once more
        route.fulfill(response=answer)
    page.wait_for_timeout(200)
    assert star.get_attribute("aria-pressed") == "true" and not page.evaluate("window.unstarred")


def test_a_form_with_an_editor_is_judged_field_by_field_and_sent(browser: Any, server: RoostServer) -> None:
    """The editor looks like a field and is none: judging it ended the judging of the form with a fault."""
    page, troubles = signed_in(browser, server, "u1@x.test")
    page.goto("/settings/signatures")
    page.fill("[name=name]", "Work")
    page.locator("main [contenteditable=true]").first.click()
    page.keyboard.type("Una, of the farm")
    page.get_by_role("button", name="Add signature").click()
    page.get_by_text("Signature saved").first.wait_for()
    assert troubles == []


def test_a_button_stays_under_the_pointer_when_the_field_before_it_is_mended(browser: Any, server: RoostServer) -> None:
    """The message beside a field went as the button was pressed: the button moved away from under the pointer, and nothing was sent."""
    page, _ = signed_in(browser, server, "admin@x.test", viewport={"width": 1440, "height": 1000})
    page.goto("/admin/lists/new")
    page.fill("[name=localpart]", "news")
    page.select_option("[name=mode]", "announcement")
    page.get_by_role("button", name="Add the list").click()
    page.get_by_text("An announcement list needs the address").wait_for()
    page.fill("[name=owner]", "u1@x.test")
    page.get_by_role("button", name="Add the list").click()
    page.wait_for_url("**/admin/lists/news@x.test")


def test_a_row_of_a_rule_asks_for_what_its_choice_needs(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, "admin@x.test")
    page.goto("/settings/rules/new")
    field, kind = page.locator("select[name=c0_field]"), page.locator("select[name=a0_kind]")
    for chosen, is_shown in (("any", False), ("subject", True), ("attachment", False)):
        field.select_option(chosen)
        assert page.locator("[name=c0_value]").is_visible() is is_shown, chosen
    assert page.locator("[name=c0_operator]").input_value() == "equals", "what has no value is or is not"
    assert page.locator("[name=c0_operator] option:enabled").count() == 2
    field.select_option("date")
    page.fill("[name=c0_value]", "2026-12-24")
    page.locator("select[name=c0_operator]").select_option("greater")
    kind.select_option("flag")
    assert not page.locator("[name=a0_value]").is_visible()
    kind.select_option("reply")
    page.fill("textarea[name=a0_value]", "One line\nand another")
    page.fill("[name=a0_name]", "Away")
    page.get_by_role("button", name="Save rule").click()
    page.wait_for_url("**/settings/rules")
    page.click(".rule-list a")
    assert page.locator("textarea[name=a0_value]").input_value() == "One line\nand another"
    assert page.locator("[name=c0_value]").input_value() == "2026-12-24"
    page.go_back()
    page.get_by_role("button", name="Remove").click()
    assert troubles == []
    page.context.close()
