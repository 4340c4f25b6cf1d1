"""Every page there is, on a running server, found by following its links: axe has nothing to say in two looks, nothing is wider than the screen, no script fails.

A page that no link leads to and that is not named here makes the test fail, so a new page is looked at by being there.
"""

import smtplib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit

import flask
import pytest

playwright = pytest.importorskip("playwright.sync_api")

import admin  # noqa: E402
import webmail  # noqa: E402
from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.axe import violations  # noqa: E402
from tests.web.gallery.test_gallery import WIDTHS, needs_parts  # noqa: E402
from tests.web.test_links import share  # noqa: E402
from tests.web.visitor import signed_in  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]

STARTS = (
    "/mail", "/admin", "/compose", "/contacts", "/settings/profile", "/offline", "/mail/search?q=plan", "/mail/search?q=nowhere", "/contacts/doubles", "/contacts/gather", "/contacts/import", "/settings/rules/new",
    "/admin/rules/new", "/admin/domains/x.test/rules/new", "/admin/domains/x.test/accounts-in", "/admin/accounts/u1@x.test/rules/new", "/admin/server-messages/bounce.failed?language=ar", "/admin?range=7d", "/admin/find?q=u",
    "/admin/accounts?q=none", "/admin/settings?show=changed", "/admin/settings?q=zzz", "/admin/routes/sign-in", "/lists/leave/none",
)  # fmt: skip
"""Where to begin, and what no link leads to."""
ALONE = ("domain", "tab", "section", "view", "state")
"""What makes a page of the same address another page."""
NO_PAGES = {
    "static", "session.get_file", "compose.listed", "compose.people", "compose.picture", "compose.stand_in", "compose.token", "contacts.export", "contacts.photo", "settings.apple", "admin.account_apple", "admin.accounts_out",
    "mail.all_parts", "mail.body", "mail.image", "mail.manifest", "mail.packed_file", "mail.part", "mail.pdf_frame", "mail.poll", "mail.search_count", "mail.search_hints", "mail.worker",
    *(f"discovery.{name}" for name in ("authority", "autoconfig", "challenge", "mta_sts", "outlook_json")),
}  # fmt: skip
"""Files, parts of pages and answers to programs."""
ELSEWHERE = {
    "setup.start": "test_wizard_browser", "setup.step": "test_wizard_browser", "setup.done": "test_wizard_browser", "session.sign_in": "the gallery", "session.totp": "the gallery", "admin.queue_item": "the gallery",
    "mail.mailto": "leads on to compose", "compose.again": "compose with a form filled in", "compose.edit": "compose with a form filled in", "compose.reply": "compose with a form filled in", "settings.oauth_back": "test_oauth", "settings.elsewhere_granted": "test_oauth",
    "admin.route_granted": "test_oauth", "mail.work": "test_list_browser", "mail.enclosed": "test_files", "mail.pdf": "test_pdf",
}  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "http"), people=2)
    one.run("list", "add", "team@x.test", "--member", "u1@x.test")
    one.run("alias", "add", "info@x.test", "u1@x.test")
    one.run("route", "add", "branch.test", "127.0.0.1", "--note", "The branch")
    one.run("range", "add", "Office", "192.0.2.0", "192.0.2.255")
    for of in ([], ["x.test"], ["u1@x.test"], ["admin@x.test"]):
        one.run("rule", "add", *of, "--name", "Plans", "--if", "subject", "contains", "plan", "--do", "flag")
    boss = signed_in(one, "admin@x.test")
    boss.get("/admin/groups")
    assert boss.post("/admin/groups", {"localpart": "crew", "domain": "x.test", "name": "Crew"}).status_code == 200
    boss.get("/admin/shared")
    assert boss.post("/admin/shared", {"op": "add", "name": "Notices", "domain": "x.test"}).status_code == 200
    boss.get("/contacts/new")
    assert boss.post("/contacts/new", {"name": "Ann", "addresses": "ann@out.test"}).status_code == 200
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "Ann <ann@out.test>", "admin@x.test", "The plan"
    letter.set_content("Hello, the plan is https://out.test/plan.\n\n-- \nAnn")
    letter.add_attachment("the plan", filename="plan.txt")
    with smtplib.SMTP("127.0.0.1", one.ports["smtp"]) as client:
        client.send_message(letter, "ann@out.test", ["admin@x.test"])
    yield one
    one.remove()


def addresses() -> Any:
    """The map of every address the site answers to."""
    app = flask.Flask("map")
    for blueprint in (*webmail.BLUEPRINTS, *admin.BLUEPRINTS):
        app.register_blueprint(blueprint)
    return app.url_map


DEAD = """() => [["hx-target", (v) => v], ["hx-include", (v) => v], ["hx-indicator", (v) => v], ["data-open", (v) => "#" + v], ["href", (v) => v]].flatMap(([name, place]) =>
  [...document.querySelectorAll(`[${name}]`)].map((one) => [one, place(one.getAttribute(name))]).filter(([, where]) => /^#[\\w-]+$/.test(where) && !document.querySelector(where)).map(([one, where]) => `${name} leads to ${where}, which is not there: ${one.outerHTML.slice(0, 160)}`))"""
"""What a press would do nothing for: HTMX and dialogs whose place is not on the page."""


def faults(page: Any, path: str) -> list[str]:
    """What is wrong with a page that is open, in a light wide window and a dark narrow one."""
    found = [f"{path}: {one}" for one in page.evaluate(DEAD)]
    for theme, width in (("light", "wide"), ("dark", "phone")):
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.set_viewport_size(dict(zip(("width", "height"), WIDTHS[width], strict=True)))
        found += [f"{path} ({theme}, {width}): {one}" for one in violations(page)]
    for width in (*(wide for wide, _high in WIDTHS.values()), 320):
        page.set_viewport_size({"width": width, "height": 900})
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{path}: wider than {width}")
    return found


def walked(page: Any, starts: list[str]) -> Iterator[tuple[str, str]]:
    """(endpoint, path) of each page that is open now, from *starts* by every link that leads to another; no endpoint where there is none."""
    known, seen, waiting = addresses().bind("127.0.0.1"), set(), list(starts)
    while waiting:
        path = waiting.pop(0)
        parts = urlsplit(path)
        try:
            endpoint, values = known.match(parts.path)
        except Exception:  # noqa: BLE001 # a link that leads nowhere is a fault of its own
            if not parts.path.startswith("/u/"):  # another account's place in this browser
                yield "", path
            continue
        kept = {k: v for k, v in values.items() if k in ALONE} | {k: v for k, v in (one.partition("=")[::2] for one in parts.query.split("&")) if k in ALONE}
        key = (endpoint, *sorted(kept.items())) if path not in starts else (endpoint, path)
        if key in seen or endpoint in NO_PAGES or endpoint.startswith("session.sign_"):
            continue
        seen |= {key, (endpoint, *sorted(kept.items()))}
        try:
            page.goto(path, wait_until="load")
        except playwright.Error as error:
            if "Download is starting" in str(error):
                continue
            raise
        yield endpoint, path
        waiting += page.evaluate("[...document.querySelectorAll('a[href]:not([download])')].filter((a) => a.origin === location.origin).map((a) => a.pathname + a.search)")


def test_every_page_that_links_lead_to_is_free_of_faults(browser: Any, server: RoostServer) -> None:
    page = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", reduced_motion="reduce").new_page()
    troubles: list[str] = []
    page.on("pageerror", lambda error: troubles.append(str(error)))
    page.on("console", lambda line: troubles.append(line.text) if line.type == "error" else None)
    page.goto("/sign-in")
    page.fill("input[name=address]", "admin@x.test")
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#nav", state="attached")
    wrong, seen = [], set()
    for endpoint, path in walked(page, [*STARTS, share(signed_in(server, "u1@x.test"), "plan.html", b"the plan"), share(signed_in(server, "u1@x.test"), "locked.html", b"the plan", password="orchard")]):
        if not endpoint:
            wrong.append(f"{path}: no such address")
            continue
        seen.add(endpoint)
        wrong += faults(page, path)
        wrong += [f"{path}: {one}" for one in troubles if endpoint != "session.leave"]  # its word is unknown here, and the browser says so
        troubles.clear()
    page.context.close()
    assert not wrong, "\n".join(wrong)
    unseen = {rule.endpoint for rule in addresses().iter_rules() if "GET" in (rule.methods or ())} - seen - NO_PAGES - set(ELSEWHERE)
    assert unseen == set()
