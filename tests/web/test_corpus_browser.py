"""Every real message of the corpus, opened in the webmail in Chromium: no error, no script, nothing that leaves the machine."""

import re
import smtplib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.scenario.test_corpus import FILES, SECONDS, wire_form  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts, pytest.mark.skipif(not FILES, reason="the corpora are not here: real messages are not opened")]
LOCAL = ("data", "about", "blob")
ACTIVE = "document.querySelectorAll('script, object, embed, form[action], iframe, frame, meta[http-equiv], link').length + [...document.querySelectorAll('*')].filter(e => [...e.attributes].some(a => a.name.startsWith('on') || /^\\s*javascript:/i.test(a.value))).length"
"""What could act in a page, counted in the browser's own tree after it has parsed it."""


class Witness:
    """One signed-in page, and everything in it that should not have happened since the last look."""

    def __init__(self, browser: Any, server: RoostServer) -> None:
        self.host = f"127.0.0.1:{server.ports['http']}"
        self.context = browser.new_context(base_url=f"http://{self.host}", reduced_motion="reduce")
        self.page = self.context.new_page()
        self.troubles: list[str] = []
        self.page.on("pageerror", lambda error: self.troubles.append(f"error: {error}"))
        self.page.on("console", lambda line: self.troubles.append(f"console: {line.text}") if line.type in ("error", "warning") else None)
        self.page.on("dialog", self.dialog)
        self.context.on("page", lambda _: self.troubles.append("a window was opened"))
        self.context.on("request", self.request)
        self.context.on("response", lambda answer: self.troubles.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
        self.page.goto("/")
        self.page.fill("input[name=address]", "u1@x.test")
        self.page.fill("input[type=password]", PASSWORD)
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector("#nav")
        found = re.search(r"/mail/(\d+)$", self.page.url)
        assert found is not None
        self.mailbox = found[1]

    def dialog(self, dialog: Any) -> None:
        self.troubles.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def request(self, request: Any) -> None:
        url = urlsplit(request.url)
        if url.netloc != self.host and url.scheme not in LOCAL:
            self.troubles.append(f"request to {url.netloc or url.scheme}")

    def open(self, number: int) -> list[str]:
        """Open a message; what was wrong."""
        self.troubles.clear()
        self.page.goto(f"/mail/{self.mailbox}/{number}", wait_until="load")
        frames = [frame for frame in self.page.frames if "/mail/body/" in frame.url]
        if not frames:
            return [*self.troubles, "no body is shown"]
        for frame in frames:
            count = frame.evaluate(ACTIVE)
            if count:
                self.troubles.append(f"{count} active elements in the body")
        return list(self.troubles)


@pytest.fixture(scope="module")
def witness(browser: Any) -> Iterator[Witness]:
    server = RoostServer(listeners=("smtp", "http"), people=1)
    try:
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=SECONDS) as client:
            for path in FILES:
                client.sendmail("a@out.test", ["u1@x.test"], wire_form(path), mail_options=["BODY=8BITMIME"])
        yield Witness(browser, server)
    finally:
        server.remove()


def judged(witness: Witness, files: list[tuple[int, Path]]) -> dict[str, list[str]]:
    return {path.name: found for number, path in files if (found := witness.open(number))}


EVERY = list(enumerate(FILES, 1))
SAMPLE = EVERY[::3]
"""What an ordinary run opens; a page takes about 0.2 s."""


def test_the_witness_sees_what_must_not_happen(witness: Witness) -> None:
    witness.open(1)
    witness.page.evaluate("alert('seen')")
    witness.page.evaluate("void fetch('http://198.51.100.1/', {mode: 'no-cors'}).catch(() => 0)")
    witness.page.wait_for_timeout(200)
    assert "dialog: seen" in witness.troubles and any("198.51.100.1" in trouble for trouble in witness.troubles), witness.troubles


def test_messages_of_the_corpus_open_in_chromium_without_error_script_or_request_outside(witness: Witness) -> None:
    assert judged(witness, SAMPLE) == {}


@pytest.mark.long
def test_all_messages_of_the_corpus_open_in_chromium_without_error_script_or_request_outside(witness: Witness) -> None:
    assert judged(witness, [one for one in EVERY if one not in SAMPLE]) == {}
