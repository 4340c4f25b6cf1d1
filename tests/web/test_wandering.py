"""Somebody who presses whatever is there, types whatever comes to mind and goes back and forth: no script fails, nothing answers 500, no press leads nowhere.

What one wanders is known from its seed, so that a fault is found again: `./roost test --all tests/web/test_wandering.py -k SEED`.
"""

import contextlib
import imaplib
import random
import time
from collections.abc import Iterator
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.timeout(600), needs_parts]
SECONDS = 60
BOSS = "admin@x.test"
PRESSED = "a[href]:visible, button:visible, summary:visible, input[type=checkbox]:visible, label:visible"
FIELDS = "input[type=text]:visible, input[type=search]:visible, input[type=email]:visible, textarea:visible, [contenteditable]:visible"
TYPED = ("u1@x.test", "x", "from:ann", '"', "<b>é</b>", "0", "99999999999", "2026-11-30", "*", "u1@x.test, u2@x.test", "")
KEYS = (*"jkxoue#srafclvz/?mbg*an!", "Escape", "Escape", "Enter", "Tab", "ArrowDown", "ArrowUp", "Shift+J", "Control+k")
EXPECTED = ("status of 400", "status of 401", "status of 404", "status of 422")
"""What the browser says of an answer that tells a person what was wrong with what they typed."""
WHERE = "(one) => (one.closest('form')?.action || '') + ' ' + (one.closest('form')?.id || '') + ' ' + (one.href || '')"
KEPT = ("sign-out", "sign-in", "setup_done")
"""Presses that would end the walk, by where they lead."""


@pytest.fixture
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=3)
    with imaplib.IMAP4("127.0.0.1", one.ports["imap"]) as imap:
        imap.login(BOSS, PASSWORD)
        for number in range(60):
            text = f"From: Ann <ann{number % 5}@out.test>\r\nTo: {BOSS}\r\nSubject: Letter {number // 2}\r\nMessage-ID: <{number}@out.test>\r\n\r\nhttps://out.test/{number}\r\n"
            assert imap.append(("INBOX", "Archive", "Junk")[number % 3], "", None, text.encode())[0] == "OK"
    yield one
    one.remove()


class Walker:
    """One who wanders over the pages from *start*, and what went wrong."""

    def __init__(self, page: Any, start: str, seed: int) -> None:
        self.page, self.start, self.chance = page, start, random.Random(seed)
        self.steps: list[str] = []
        self.wrong: dict[str, str] = {}
        page.on("pageerror", lambda error: self.note(str(error)))
        page.on("console", lambda line: self.note(line.text) if line.type == "error" else None)
        page.on("response", lambda answer: self.note(f"{answer.status} {answer.request.method} {answer.url}") if answer.status >= 500 else None)
        page.on("dialog", lambda dialog: dialog.accept())

    def note(self, text: str) -> None:
        if not any(one in text for one in EXPECTED):
            self.wrong.setdefault(text[:300], f"at {self.page.url} after {self.steps[-6:]}")

    def step(self) -> None:
        """Press, type, use a key, or go somewhere."""
        what = self.chance.random()
        if what < 0.25 and "/admin" not in self.page.url:
            key = self.chance.choice(KEYS)
            self.steps.append(f"key {key}")
            self.page.keyboard.press(key)
        elif what < 0.35:
            fields, text = self.page.locator(FIELDS).all(), self.chance.choice(TYPED)
            if fields:
                self.steps.append(f"type {text}")
                self.chance.choice(fields).fill(text, timeout=800)
        elif what < 0.40:
            self.steps.append("back" if what < 0.37 else "begin again")
            self.page.go_back(timeout=2000) if what < 0.37 else self.page.goto(self.start)
        else:
            there = self.page.locator(PRESSED).all()[:150]
            one = self.chance.choice(there)
            name = (one.inner_text(timeout=500) or one.get_attribute("aria-label") or "").strip()
            where = one.evaluate(WHERE)
            if not any(word in where for word in KEPT):
                self.steps.append(f"press {name[:40]}")
                one.click(timeout=800)

    def wander(self, until: float) -> None:
        self.page.goto(self.start)
        while time.monotonic() < until:
            with contextlib.suppress(playwright.TimeoutError, playwright.Error, IndexError):  # what was there is gone, or lies under something
                self.step()
            for other in self.page.context.pages[1:]:
                other.close()
            if not self.page.url.startswith("http://127.0.0.1"):
                self.page.goto(self.start)


@pytest.mark.parametrize(("start", "width", "language"), [("/mail", 1440, "en"), ("/mail", 390, "de"), ("/compose", 768, "ar"), ("/contacts", 1440, "de"), ("/settings/profile", 768, "en"), ("/admin", 1440, "en"), ("/admin/settings", 390, "ar")])
def test_wherever_one_wanders_nothing_breaks(browser: Any, server: RoostServer, start: str, width: int, language: str) -> None:
    page, _troubles = signed_in(browser, server, BOSS, viewport={"width": width, "height": 850}, locale=language)
    walker = Walker(page, start, seed=width + len(start))
    walker.wander(time.monotonic() + SECONDS)
    page.context.close()
    assert len(walker.steps) > 50
    assert walker.wrong == {}
