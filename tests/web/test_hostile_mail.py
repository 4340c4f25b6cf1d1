"""Hostile mail through the whole server: received by SMTP, opened, answered and printed in Chromium as a person would.

One letter for each class of HTML, one for plain text, and some whose headers and file names are the attack.
"""

import base64
import re
import smtplib
from collections.abc import Iterator
from email.header import Header
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import RoostServer  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.hostile import ECHOES, HANDLERS, TEXTS, snippets  # noqa: E402
from tests.web.test_corpus_browser import Witness  # noqa: E402
from tests.web.test_hostile_walls import PRESS, Web  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
PIXEL = base64.b64encode(b"<html><script>top.ran('K')</script></html>").decode()
FILES = ("page.html", "page.svg", "page.xml", "page.xhtml", "x.png", "<img src=x: onerror=ran('K')>.txt", "../../etc/passwd", 'a"; filename="b.html', "page.html.", "=?utf-8?b?YeKArmduci5odG1s?=", "page.hta", "page.mht", "")
TYPES = ("text/html", "image/svg+xml", "text/xml", "application/xhtml+xml", "image/png", "text/plain", "application/pdf", "text/html; charset=utf-7", "application/octet-stream", "image/jpeg", "image/gif", "multipart/x-none", "image/webp; name=\"x.html\"")
WORDS = "[...document.querySelectorAll('[onerror], [onload], [onclick], [onmouseover], [ontoggle], script:not([nonce]):not([src]):not([type])')].map(e => e.outerHTML.slice(0, 200))"
"""What of a message would stand in our own page as more than text."""


def letters(trap: str) -> list[tuple[str, bytes]]:
    """(subject, message): all on the wire as an attacker would send them."""
    made, every = [], snippets(trap)
    for letter in HANDLERS:
        for half in (0, 1):
            body = "<p>Hello</p>" + "\n".join(text.replace("\0", "") for number, text in every.items() if number[0] == letter and int(number[1:]) % 2 == half)
            made.append((f"Class {letter}{half}", f"Content-Type: text/html; charset=utf-8\r\n\r\n{body}\r\n".replace("\r\n", "\n").replace("\n", "\r\n").encode()))
    text = "\r\n".join(text.replace("RAN", "ran('I')").replace("\n", "\r\n") for text in TEXTS) + "\r\n" + "x" * 100_000 + "\r\n"
    for kind in ("plain; charset=utf-8", "plain; charset=utf-8; format=flowed", "enriched", "calendar", "x-amp-html", "markdown"):
        made.append((f"Text {kind}", f"Content-Type: text/{kind}\r\n\r\n{text}".encode()))
    for count, echo in enumerate(ECHOES):
        echo = echo.replace("RAN", "ran(/J/.source)")
        coded = Header(echo, "utf-8", maxlinelen=400).encode()
        name = base64.b64encode(echo.encode()).decode()
        made.append((f"Echo {count}", (
            f"List-Id: {coded} <l.test>\r\nList-Unsubscribe: <javascript:ran()>, <https://x.test/\">\r\nAuthentication-Results: mx.x.test; dmarc=pass header.from={echo[:1]}\r\n"
            f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n--b\r\nContent-Type: application/x-{count}; name=\"=?utf-8?b?{name}?=\"\r\n"
            f"Content-Disposition: attachment; filename*=utf-8''{''.join(f'%{c:02x}' for c in echo.encode())}\r\n\r\nfile\r\n--b--\r\n"
        ).encode()))  # fmt: skip
    parts = "".join(f'--b\r\nContent-Type: {mime}\r\nContent-Disposition: inline; filename="{name}"\r\nContent-Transfer-Encoding: base64\r\n\r\n{PIXEL}\r\n' for name, mime in zip(FILES, TYPES, strict=True))
    made.append(("Files", f"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\nContent-Type: text/plain\r\n\r\nHello\r\n{parts}--b--\r\n".encode()))
    return made


@pytest.fixture(scope="module")
def trap() -> Iterator[Web]:
    made = Web()
    yield made
    made.stop()


@pytest.fixture(scope="module")
def witness(browser: Any, trap: Web) -> Iterator[Witness]:
    server = RoostServer(listeners=("smtp", "http"), people=1)
    try:
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
            for count, (subject, body) in enumerate(letters(trap.where)):
                echo = ECHOES[count % len(ECHOES)].replace("RAN", "ran(/J/.source)")
                name, shown = (Header(text, "utf-8", maxlinelen=400).encode() for text in (echo, subject + (" " + echo if subject.startswith("Echo") else "")))
                head = f"From: {name} <evil@out.test>\r\nTo: {name} <u1@x.test>\r\nCc: {name} <u1@x.test>\r\nSubject: {shown}\r\nMessage-ID: <{count}@out.test>\r\nMIME-Version: 1.0\r\n".encode()
                client.sendmail("evil@out.test", ["u1@x.test"], head + body, mail_options=["BODY=8BITMIME"])
        made = Witness(browser, server)
        made.context.expose_function("ran", lambda number="?": made.troubles.append(f"ran {number}"))
        yield made
    finally:
        server.remove()


def count_of(trap: Web) -> int:
    return len(letters(trap.where))


def test_nothing_of_any_class_runs_asks_or_stands_in_our_page(witness: Witness, trap: Web) -> None:
    found: dict[int, list[str]] = {}
    for number in range(1, count_of(trap) + 1):
        trap.connections = 0
        troubles = witness.open(number)
        troubles += [f"in our page: {one}" for one in witness.page.evaluate(WORDS)]
        troubles += ["the trap was asked"] if trap.connections else []
        if troubles:
            found[number] = troubles
    assert found == {}


@pytest.mark.parametrize("where", ["/mail/{box}", "/mail/search?q=hello", "/mail/search?q=%3Cimg+src%3Dx:+onerror%3Dran()%3E"])
def test_lists_show_hostile_names_as_text(witness: Witness, trap: Web, where: str) -> None:
    witness.troubles.clear()
    witness.page.goto(where.format(box=witness.mailbox), wait_until="load")
    witness.page.wait_for_timeout(200)
    assert witness.troubles == [] and witness.page.evaluate(WORDS) == [] and trap.asked == set()
    assert "evil@out.test" in witness.page.content() or "onerror" in witness.page.inner_text("body")


@pytest.mark.parametrize("way", ["source", "source?view=headers", "print"])
def test_other_looks_at_a_message_show_hostile_text_as_text(witness: Witness, trap: Web, way: str) -> None:
    first = next(n for n, (subject, _) in enumerate(letters(trap.where), 1) if subject == "Echo 0")
    for number in (1, 9, first, first + 1, first + 3, count_of(trap)):
        witness.troubles.clear()
        answer = witness.page.goto(f"/mail/{witness.mailbox}/{number}/{way}", wait_until="load")
        assert answer is not None and answer.status == 200
        assert witness.troubles == [] and witness.page.evaluate(WORDS) == []


def test_answering_and_passing_on_put_nothing_that_acts_into_the_editor(witness: Witness, trap: Web) -> None:
    first = next(n for n, (subject, _) in enumerate(letters(trap.where), 1) if subject == "Echo 0")
    for number in (*range(1, 17), first, first + 1, count_of(trap)):
        for kind in ("reply", "forward"):
            witness.troubles.clear()
            trap.asked.clear()
            answer = witness.page.goto(f"/compose/reply/{number}?how={kind}", wait_until="load")
            assert answer is not None and answer.status == 200, (kind, number, answer and answer.status)
            witness.page.wait_for_timeout(100)
            troubles = [one for one in witness.troubles if one.startswith(("ran", "dialog", "request", "a window", "error"))]  # not: a picture it lacks, a style our page refuses
            assert troubles == [] and witness.page.evaluate(WORDS) == [] and trap.asked == set(), (kind, number)


def test_no_file_of_a_message_runs_where_it_is_opened(witness: Witness, trap: Web) -> None:
    witness.open(count_of(trap))
    hrefs = set(re.findall(r'"(/mail/part/[^"]+)"', witness.page.content()))
    assert len(hrefs) >= len(FILES) - 1, "all but the one that has no parts"
    for href in hrefs:
        answer = witness.context.request.get(href.replace("&amp;", "&"))
        head = answer.headers
        assert head["content-security-policy"].startswith("sandbox; default-src 'none'") and head["x-content-type-options"] == "nosniff", href
        assert head["content-type"].split(";")[0] in ("application/octet-stream", "text/plain"), "HTML that says it is a picture is none"
        assert "\n" not in head["content-disposition"] and "etc/" not in head["content-disposition"] and "%E2%80%AE" not in head["content-disposition"]


def test_a_pressed_link_opens_apart_and_leaves_our_page_where_it_was(witness: Witness, trap: Web) -> None:
    number = next(n for n, (subject, _) in enumerate(letters(trap.where), 1) if subject == "Class B0")
    witness.open(number)
    trap.asked.clear()
    trap.referrers.clear()
    here = witness.page.url
    for frame in [one for one in witness.page.frames if "/mail/body/" in one.url]:
        frame.evaluate(PRESS)
    witness.page.wait_for_timeout(500)
    assert witness.page.url == here and not any(trouble.startswith(("ran", "dialog")) for trouble in witness.troubles)
    for page in [one for one in witness.context.pages if one != witness.page]:
        assert page.url.startswith(("http", "about:blank", "chrome-error:", ":"))
        page.close()
    assert trap.opened and trap.asked == trap.referrers == set(), "a link is followed, no ping is sent, and nobody learns where it stood"


def test_pictures_load_only_after_consent_and_then_only_through_us(witness: Witness, trap: Web) -> None:
    number = next(n for n, (subject, _) in enumerate(letters(trap.where), 1) if subject == "Class H0")
    trap.connections = 0
    witness.open(number)
    assert trap.connections == 0
    asked: list[str] = []
    witness.page.on("request", lambda request: asked.append(request.url))
    witness.page.click("button[value=show-images] >> nth=0")
    witness.page.wait_for_timeout(800)
    assert any("/mail/image/" in url for url in asked), "the proxy is asked"
    assert trap.connections == 0, "and refuses an address in a private network"
    assert not any(trap.where in url for url in asked)


def test_a_forged_proxy_or_part_address_is_refused(witness: Witness) -> None:
    for path in ("/mail/image/forged", "/mail/image/aHR0cDovLzEyNy4wLjAuMS8.x.y", "/mail/part/forged/x.png", "/mail/body/forged"):
        assert witness.context.request.get(path).status in (400, 403, 404), path
