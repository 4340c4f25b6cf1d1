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

from mailcore.mail.html import sanitise
from tests.web.hostile import snippets
from webmail.bodies import BODY_POLICY

pytestmark = pytest.mark.browser
TEMPLATES = Path(__file__).resolve().parents[2] / "templates"
FINE = ("http:", "https:", "mailto:", "about:blank", "chrome-error:", ":")
"""Where a pressed link may lead: a window of its own on the web, or none."""
FRAMES = 30
"""Snippets in one page."""
PRESS = "for (const one of document.querySelectorAll('a, area, button, input[type=submit], input[type=image], summary, text, mi, maction')) one.dispatchEvent(new MouseEvent('click', {bubbles: true, cancelable: true}))"
COVERED = """[...document.querySelectorAll('body *')].filter(e => { const s = getComputedStyle(e); const n = v => parseFloat(v) || 0;
  return !['static', 'relative'].includes(s.position) || s.zIndex !== 'auto' || s.transform !== 'none' || s.translate !== 'none' || n(s.marginTop) < 0 || n(s.marginLeft) < 0 || e.scrollHeight > 5000 && e.textContent.length < 1000 }).length"""


class Web:
    """A web server on loopback: `pages` by path, with the headers of all but the lists; `asked` holds the first letters of every path, `connections` how many came."""

    def __init__(self) -> None:
        web = self
        self.pages: dict[str, str] = {}
        self.headers: dict[str, str] = {}
        self.asked: set[str] = set()
        self.connections = 0

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                web.asked.add(self.path.strip("/")[:3])
                page = web.pages.get(self.path)
                self.send_response(200 if page is not None else 204)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                for name, value in () if self.path.startswith("/list/") else web.headers.items():
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


def shown(browser: Any, trap: Web, bodies: dict[str, str], *, policy: str, presses: bool) -> Seen:
    """Every body in a frame without a sandbox of its own, under *policy*; what happened."""
    seen, site, numbers = Seen(), Web(), sorted(bodies)
    site.pages = {f"/{number}": document(text) for number, text in bodies.items()}
    for start in range(0, len(numbers), FRAMES):
        site.pages[f"/list/{start}"] = "<!doctype html><title>list</title>" + "".join(f'<iframe src="/{n}" width=600 height=60></iframe>' for n in numbers[start : start + FRAMES])
    site.headers = {"X-DNS-Prefetch-Control": "off"} | ({"Content-Security-Policy": policy} if policy else {})
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
            if presses:
                frame.evaluate(PRESS)
        page.wait_for_timeout(300)
        seen.moved += [] if page.url == f"{home}list/{start}" else [page.url]
        seen.moved += [one.url for one in context.pages if one != page and not one.url.startswith(FINE)]
        for one in context.pages:
            one.close()
    context.close()
    site.stop()
    return seen


def clean(text: str) -> str:
    return sanitise(text, cid_url=lambda cid: None, remote_url=None).html


def test_the_harness_sees_the_attacks_when_both_walls_are_away(browser: Any, trap: Web) -> None:
    seen = shown(browser, trap, snippets(trap.where), policy="", presses=False)
    count = {letter: sum(number[0] == letter for number in seen.ran) for letter in "ABCDE"}
    assert count["A"] >= 15 and count["B"] >= 2 and count["C"] >= 5 and count["D"] >= 5 and count["E"] >= 1, count
    asked = {letter: sum(number[0] == letter for number in seen.asked) for letter in "BCFGH"}
    assert asked["F"] >= 12 and asked["H"] >= 12 and asked["B"] >= 1 and asked["C"] >= 1, asked
    assert seen.covers >= 5


def test_the_sanitiser_alone_holds(browser: Any, trap: Web) -> None:
    bodies = {number: clean(text) for number, text in snippets(trap.where).items()}
    seen = shown(browser, trap, bodies, policy="", presses=True)
    assert (seen.ran, seen.asked, seen.connections, seen.moved, seen.covers) == (set(), set(), 0, [], 0)


def test_the_policy_alone_holds(browser: Any, trap: Web) -> None:
    seen = shown(browser, trap, snippets(trap.where), policy=BODY_POLICY, presses=True)
    assert (seen.ran, seen.asked, seen.moved) == (set(), set(), []) and seen.covers, "it covers its own frame alone"


def test_what_the_sanitiser_made_is_its_own_fixpoint(trap: Web) -> None:
    for number, text in snippets(trap.where).items():
        once = clean(text)
        assert clean(once) == once, number
