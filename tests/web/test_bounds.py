"""Messages without measure: each opens in the browser within two seconds, or its page says what it left out; so do answering, passing on, printing and the source. IMAP answers in bounds."""

import contextlib
import imaplib
import os
import re
import smtplib
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.gallery.test_gallery import needs_parts
from tests.web.visitor import Browser

SECONDS = 2.0
TOLERANCE = 2.0
"""Times as long on a machine that does other work meanwhile."""
BOX = b"Content-Type: multipart/mixed; boundary=b\r\n\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n\r\n"
LETTERS = {
    "fifty megabytes": BOX + b"--b\r\n\r\nThe small text\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: attachment; filename=big.bin\r\nContent-Transfer-Encoding: base64\r\n\r\n"
    + (b"QUJD" * 19 + b"\r\n") * 630_000 + b"--b--\r\n",
    "fifty megabytes of text": b"\r\n" + b"The small text of a long letter goes on and on.\r\n" * 1_000_000,
    "ten thousand parts": BOX + b"--b\r\n\r\nThe small text\r\n" + b"".join(b"--b\r\nContent-Type: image/png; name=p%d.png\r\n\r\nx\r\n" % n for n in range(10_000)) + b"--b--\r\n",
    "hundred thousand recipients": b"Cc: " + b",\r\n ".join(b"Person %d <p%d@b.test>" % (n, n) for n in range(40_000)) + b"\r\nBcc: " + b",\r\n ".join(b"p%d@c.test" % n for n in range(60_000)) + b"\r\n\r\nThe small text\r\n",
    "five thousand tags": HTML + b"<div>" * 5_000 + b"The small text" + b"</div>" * 5_000 + b"\r\n",
    "five thousand tables": HTML + b"<table><tr><td>" * 5_000 + b"The small text\r\n",
    "hundred thousand breaks": HTML + b"The small text<br>" * 100_000 + b"\r\n",
    "a line of a megabyte": b"\r\nThe small text\r\n" + b"x" * 1_000_000 + b"\r\n",
    "a tag of a megabyte": HTML + b"<p title='" + b"x" * 1_000_000 + b"'>The small text</p>\r\n",
    "quoted without end": b"\r\nThe small text\r\n" + b">" * 100_000 + b" x\r\n" * 10_000,
}  # fmt: skip


LONG = {"fifty megabytes of text", "hundred thousand breaks", "a line of a megabyte", "a tag of a megabyte"}
"""What is longer than a page shows and an answer quotes."""
DEEP = {"five thousand tags", "five thousand tables"}
"""What is deeper than a page shows."""
PAINTED = "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


@contextlib.contextmanager
def quick(server: RoostServer) -> Iterator[None]:
    """Fails when what stands inside took too long by the clock, and by what the server and the browser worked: on a busy machine both wait for others."""
    begun, worked = time.monotonic(), work(server)
    yield
    took = min(time.monotonic() - begun, work(server) - worked)
    assert took < SECONDS * TOLERANCE, f"{took:.1f} s"


def work(server: RoostServer) -> float:
    """Seconds of a processor that the server's processes, this one and its children have had so far."""
    parents, spent = {}, {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = stat.read_text().rpartition(")")[2].split()
            parents[int(stat.parent.name)], spent[int(stat.parent.name)] = int(fields[1]), int(fields[11]) + int(fields[12])
    ours = {os.getpid(), *server.pids().values()}
    while more := {one for one, parent in parents.items() if parent in ours} - ours:
        ours |= more
    return sum(spent.get(one, 0) for one in ours) / os.sysconf("SC_CLK_TCK")


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=1, settings={"smtp.message_size": "80M"})
    try:
        for name, body in LETTERS.items():
            with smtplib.SMTP("127.0.0.1", one.ports["smtp"], timeout=120) as client:
                client.sendmail("a@y.test", ["u1@x.test"], f"From: a@y.test\r\nTo: u1@x.test\r\nSubject: {name}\r\n".encode() + body)
        yield one
    finally:
        one.remove()


@pytest.fixture(scope="module")
def person(server: RoostServer) -> Browser:
    browser = Browser(server)
    assert browser.sign_in("u1@x.test").status_code == 200
    return browser


@pytest.fixture(scope="module")
def page(browser: Any, server: RoostServer) -> Any:
    made = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", reduced_motion="reduce").new_page()
    made.goto("/sign-in")
    made.fill("input[name=address]", "u1@x.test")
    made.fill("input[type=password]", PASSWORD)
    made.keyboard.press("Enter")
    made.wait_for_selector("#nav", state="attached")
    return made


def place(person: Browser, name: str) -> str:
    """The address of a letter."""
    return f"{person.get('/').url.removeprefix(person.base)}/{list(LETTERS).index(name) + 1}"


@pytest.mark.parametrize("name", LETTERS)
def test_its_page_is_small_and_says_what_it_left_out(person: Browser, name: str) -> None:
    page = person.get(place(person, name))
    assert page.status_code == 200 and name in page.text
    body = person.get(re.findall(r'src="(/mail/body/[^"]+)"', page.text)[-1]).text
    assert len(page.text) < 200_000 and len(body) < 2_000_000
    assert "The small text" in body or name in DEEP | {"a tag of a megabyte"}
    assert ("The rest of this message is left out here" in body) == (name in LONG | DEEP)
    if name == "ten thousand parts":
        assert re.search(r"[1-9]\d{3,}|[1-9],\d{3}", re.sub(r"<[^>]+>", " ", page.text.partition('class="files"')[2])), "it says how many more files there are"


@pytest.mark.parametrize("way", ["", "/source", "/source?view=headers", "/print", "reply", "all", "forward", "attached"])
@pytest.mark.parametrize("name", LETTERS)
def test_every_way_to_look_at_it_and_answer_it_is_quick_and_small(server: RoostServer, person: Browser, name: str, way: str) -> None:
    there = place(person, name)
    with quick(server):
        answer = person.get(f"/compose/reply/{there.rpartition('/')[2]}?how={way}" if way.isalpha() else there + way)
    assert answer.status_code == 200 and len(answer.text) < 1_000_000


@pytest.mark.parametrize("name", sorted(LONG | {"ten thousand parts"}))
def test_a_reply_says_what_it_does_not_quote_and_a_forward_goes_whole_as_one_file(person: Browser, name: str) -> None:
    number = place(person, name).rpartition("/")[2]
    reply, forward = (person.get(f"/compose/reply/{number}?how={how}").text for how in ("reply", "forward"))
    assert ("The rest of this message is left out here." in reply) == (name in LONG)
    assert f"{name}.eml" in forward and len(forward) < 50_000 and "The small text" not in forward


def test_a_search_knows_what_their_pages_show(server: RoostServer, person: Browser) -> None:
    eventually(lambda: person.get("/mail/search?q=small+text").text.count(' class="row') >= len(LETTERS) - len(DEEP))
    with quick(server):
        found = person.get("/mail/search?q=small+text").text
    assert {name for name in LETTERS if name not in found} == DEEP


@pytest.mark.browser
@needs_parts
@pytest.mark.parametrize("name", LETTERS)
def test_it_stands_on_the_screen_in_two_seconds(server: RoostServer, page: Any, person: Browser, name: str) -> None:
    where = place(person, name)
    with quick(server):
        page.goto(where, wait_until="load")
        page.evaluate(PAINTED)
    with quick(server):
        page.goto(f"/compose/reply/{where.rpartition('/')[2]}?how=all", wait_until="load")
        page.locator("[contenteditable=true]").wait_for()
        page.locator("input[name=subject]").press("End")
        page.evaluate(PAINTED)


@pytest.mark.parametrize("name", LETTERS)
def test_imap_answers_in_bounds(server: RoostServer, name: str) -> None:
    number = str(list(LETTERS).index(name) + 1)
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=60) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.select("INBOX", readonly=True)
        with quick(server):
            state, found = imap.fetch(number, "(ENVELOPE BODYSTRUCTURE RFC822.SIZE)")
        size = sum(len(piece) for one in found for piece in (one if isinstance(one, tuple) else (one,)) if piece)
        assert state == "OK"
        assert size < 4_000_000, size
        assert imap.fetch(number, "BODY.PEEK[TEXT]<0.100>")[0] == "OK"
