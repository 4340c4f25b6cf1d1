"""The two walls before hostile HTML, each alone: the sanitiser with no policy and no sandbox, and the policy with no sanitiser.

With both away the same harness sees the attacks, so its silence means something.
"""

import http.server
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import flask
import pytest
from markupsafe import Markup

playwright = pytest.importorskip("playwright.sync_api")

from mailcore.mail.html import sanitise  # noqa: E402
from mailcore.mail.quotes import fold  # noqa: E402
from tests.web.hostile import snippets  # noqa: E402
from web.policy import page_policy  # noqa: E402
from webmail.bodies import BODY_POLICY  # noqa: E402
from webmail.marking import marked_body, phrases_of  # noqa: E402

pytestmark = pytest.mark.browser
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FINE = ("http:", "https:", "mailto:", "about:blank", "chrome-error:", ":")
"""Where a pressed link may lead: a window of its own on the web, or none."""
FRAMES = 60
"""Snippets in one page."""
PRESS = "for (const one of Document.prototype.querySelectorAll.call(document, 'a, area, button, input[type=submit], input[type=image], summary, text, mi, ms, maction')) one.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
COVERED = """[...Document.prototype.querySelectorAll.call(document, 'body *')].filter(e => { const s = getComputedStyle(e); const n = v => parseFloat(v) || 0;
  return !['static', 'relative'].includes(s.position) || s.zIndex !== 'auto' || s.transform !== 'none' || s.translate !== 'none' || n(s.marginTop) < 0 || n(s.marginLeft) < 0 || e.scrollHeight > 5000 && e.textContent.length < 1000 }).length"""


class Web:
    """A web server on loopback: `pages` by path, with the headers of the lists and of all others; `asked` holds the first letters of every path, `opened` of those in a window of their own, `referrers` who led here, `connections` how many came."""

    def __init__(self) -> None:
        web = self
        self.pages: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.list_headers: dict[str, str] = {}
        self.asked: set[str] = set()
        self.opened: set[str] = set()
        self.referrers: set[str] = set()
        self.connections = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.headers.get("Sec-Fetch-Dest") == "document" and self.command == "GET":
                    web.opened.add(self.path.strip("/")[:3])
                else:
                    web.asked.add(self.path.strip("/")[:3])
                web.referrers |= {self.headers["Referer"]} if "Referer" in self.headers else set()
                page = web.pages.get(self.path)
                self.send_response(200 if page is not None else 204)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                for name, value in (web.list_headers if self.path.startswith("/list/") else web.headers).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write((page or "").encode("utf-8", "replace"))

            do_POST = do_GET  # noqa: N815

            def log_message(self, *_: object) -> None:
                return

            def setup(self) -> None:
                web.connections += 1
                super().setup()

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.where = f"127.0.0.1:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@dataclass
class Seen:
    """What got through."""

    ran: set[str] = field(default_factory=set)
    asked: set[str] = field(default_factory=set)
    connections: int = 0
    moved: list[str] = field(default_factory=list)
    covers: int = 0


@pytest.fixture(scope="module")
def trap() -> Iterator[Web]:
    """Who nobody may ask."""
    made = Web()
    yield made
    made.stop()


def document(text: str) -> str:
    """The template of a message's body with *text* in it."""
    app = flask.Flask("hostile", template_folder=str(TEMPLATES))
    with app.app_context():
        return flask.render_template("webmail/body.html", body=Markup(text), is_text=False, theme="light", title="Message", language="", has_own_colours=False)


def around() -> str:
    """The policy of the page that holds the frame: where its own cannot say no, to a link that leads on inside it, this one does."""
    with flask.Flask("around").app_context():
        return page_policy()


def shown(browser: Any, trap: Web, bodies: dict[str, str], *, policy: str, is_guarded: bool = True) -> Seen:
    """Every body in a frame without a sandbox of its own, under *policy* and, if *is_guarded*, in our document; what happened."""
    seen, site, numbers = Seen(), Web(), sorted(bodies)
    site.pages = {f"/{number}": document(text) if is_guarded else text for number, text in bodies.items()}
    for start in range(0, len(numbers), FRAMES):
        site.pages[f"/list/{start}"] = "<!doctype html><title>list</title>" + "".join(f'<iframe src="/{n}" width=600 height=60></iframe>' for n in numbers[start : start + FRAMES])
    site.headers = {"X-DNS-Prefetch-Control": "off"} | ({"Content-Security-Policy": policy} if policy else {})
    site.list_headers = {"Content-Security-Policy": around()} if policy else {}
    context = browser.new_context()
    context.expose_function("ran", lambda number: seen.ran.add(number[:3]))
    for start in range(0, len(numbers), FRAMES):
        trap.asked.clear()
        trap.connections = 0
        page, home = context.new_page(), f"http://{site.where}/"
        page.goto(f"{home}list/{start}", wait_until="load")
        page.wait_for_timeout(400)
        seen.asked |= trap.asked
        seen.connections += trap.connections
        for frame in page.main_frame.child_frames:
            if not frame.url.startswith(home):
                seen.moved.append(frame.url)
                continue
            seen.covers += frame.evaluate(COVERED)
        for frame in page.main_frame.child_frames:
            try:
                frame.evaluate(PRESS)
            except playwright.Error:  # the page went away under it
                seen.moved.append(frame.url)
        page.wait_for_timeout(300)
        seen.asked |= trap.asked
        seen.moved += [frame.url for frame in page.main_frame.child_frames if not frame.url.startswith((home, "chrome-error:"))]
        seen.moved += [] if page.url == f"{home}list/{start}" else [page.url]
        seen.moved += [one.url for one in context.pages if one != page and not one.url.startswith(FINE)]
        for one in context.pages:
            one.close()
    context.close()
    site.stop()
    return seen


def clean(text: str) -> str:
    return sanitise(text, cid_url=lambda cid: None, remote_url=None).html


def shaped(text: str) -> str:
    """As the reader sees it: sanitised, quotes folded, what was searched for marked."""
    return marked_body(fold(clean(text), '"><img src=x: onerror=ran()>'), phrases_of("press x script img quot amp lt gt 117 onerror ran cover"))


def test_the_harness_sees_the_attacks_when_both_walls_are_away(browser: Any, trap: Web) -> None:
    stay = {number: text for number, text in snippets(trap.where).items() if "target=_top" not in text and "target=_parent" not in text}
    seen = shown(browser, trap, stay, policy="", is_guarded=False)
    count = {letter: sum(number[0] == letter for number in seen.ran) for letter in "ABCDE"}
    asked = {letter: sum(number[0] == letter for number in seen.asked) for letter in "BCFGH"}
    assert count["A"] >= 24 and count["B"] >= 15 and count["C"] >= 10 and count["D"] >= 14 and count["E"] >= 2, count
    assert asked["F"] >= 40 and asked["H"] >= 38 and asked["B"] >= 6 and asked["C"] >= 5 and asked["G"] >= 1, asked
    assert seen.covers >= 30 and seen.moved


def test_the_sanitiser_alone_holds(browser: Any, trap: Web) -> None:
    bodies = {number: shaped(text) for number, text in snippets(trap.where).items()}
    seen = shown(browser, trap, bodies, policy="")
    assert (seen.ran, seen.asked, seen.connections, seen.moved, seen.covers) == (set(), set(), 0, [], 0)


def test_the_policy_alone_holds(browser: Any, trap: Web) -> None:
    seen = shown(browser, trap, snippets(trap.where), policy=BODY_POLICY)
    assert (seen.ran, seen.asked, seen.moved) == (set(), set(), []) and seen.covers, "it covers its own frame alone"


def test_what_the_sanitiser_made_is_its_own_fixpoint(trap: Web) -> None:
    for number, text in snippets(trap.where).items():
        once = clean(text)
        assert clean(once) == once, number


READ_AGAIN = """(texts) => texts.map((text) => { const read = (html) => new DOMParser().parseFromString(html, "text/html").body; const once = read(text).innerHTML; return [once === read(once).innerHTML, %s]; })"""
LIVE = "((d) => d.querySelectorAll('script,style,object,embed,form,input,button,iframe,frame,meta,link,base,svg,math,template,video,audio,[id],[name]').length + [...d.querySelectorAll('*')].filter((e) => [...e.attributes].some((a) => a.name.startsWith('on') || a.name === 'ping' || /^\\s*(javascript|data:text)/i.test(a.value))).length)(read(text))"


def test_the_browser_reads_what_the_sanitiser_made_the_same_way_again_and_again(browser: Any, trap: Web) -> None:
    bodies = {number: shaped(text) for number, text in snippets(trap.where).items()}
    page = browser.new_page()
    found = dict(zip(bodies, page.evaluate(READ_AGAIN % LIVE, list(bodies.values())), strict=True))
    assert {number: one for number, one in found.items() if one != [True, 0]} == {}
    raw = page.evaluate(READ_AGAIN % LIVE, list(snippets(trap.where).values()))
    assert sum(live > 0 for _same, live in raw) > 150 and not all(same for same, _live in raw), "what was not sanitised is seen"
    page.close()
