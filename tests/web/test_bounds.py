"""Messages without measure: each opens in the webmail within two seconds, or its page says what it left out; IMAP answers for it in bounds."""

import imaplib
import re
import smtplib
import time
from collections.abc import Iterator

import pytest

from tests.scenario.server import PASSWORD, RoostServer
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
    "a line of a megabyte": b"\r\nThe small text\r\n" + b"x" * 1_000_000 + b"\r\n",
    "a tag of a megabyte": HTML + b"<p title='" + b"x" * 1_000_000 + b"'>The small text</p>\r\n",
    "quoted without end": b"\r\nThe small text\r\n" + b">" * 100_000 + b" x\r\n" * 10_000,
}  # fmt: skip


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


@pytest.mark.parametrize("name", LETTERS)
def test_it_opens_in_two_seconds_or_says_what_it_left_out(person: Browser, name: str) -> None:
    number = list(LETTERS).index(name) + 1
    box = re.search(r"/mail/(\d+)", person.get("/").url)[1]  # type: ignore[index]
    start = time.monotonic()
    page = person.get(f"/mail/{box}/{number}")
    took = time.monotonic() - start
    assert page.status_code == 200 and name in page.text
    bodies = re.findall(r'src="(/mail/body/[^"]+)"', page.text)
    start = time.monotonic()
    body = person.get(bodies[-1]).text
    took += time.monotonic() - start
    assert took < SECONDS * TOLERANCE, f"{took:.1f} s"
    assert len(page.text) < 1_000_000 and len(body) < 12_000_000
    assert "The small text" in body or "left out" in body
    if name in ("fifty megabytes of text", "five thousand tags", "five thousand tables"):
        assert "The rest of this message is left out here" in body, "it says so"
    if name == "ten thousand parts":
        assert re.search(r"[1-9]\d{3,}|[1-9],\d{3}", re.sub(r"<[^>]+>", " ", page.text.partition("class=\"files\"")[2])), "it says how many more files there are"


@pytest.mark.parametrize("name", LETTERS)
def test_imap_answers_in_bounds(server: RoostServer, name: str) -> None:
    number = str(list(LETTERS).index(name) + 1)
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=60) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.select("INBOX", readonly=True)
        start = time.monotonic()
        state, found = imap.fetch(number, "(ENVELOPE BODYSTRUCTURE RFC822.SIZE)")
        took = time.monotonic() - start
        size = sum(len(piece) for one in found for piece in (one if isinstance(one, tuple) else (one,)) if piece)
        assert state == "OK" and took < SECONDS * TOLERANCE, f"{took:.1f} s"
        assert size < 4_000_000, size
        assert imap.fetch(number, "BODY.PEEK[TEXT]<0.100>")[0] == "OK"
