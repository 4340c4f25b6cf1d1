"""Answering a styled mail: its look stands in the editor and in what is sent, nothing is refused by the page's policy, nothing is asked for that is not there."""

from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import RoostServer  # noqa: E402
from tests.web.browser import row, signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import imap_of, put  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
expect = playwright.expect
ME = "u1@x.test"
HTML = (
    '<p style="color: rgb(200, 0, 0); position: fixed; top: 0; background: url(http://evil.test/x)">Red words</p><table><tr><td style="padding-left:24px">A cell</td></tr></table>'
    '<img src="cid:gone@out.test" alt="Lost"><img src="http://evil.test/p.png" alt="Far">'
)


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=2, settings={"web.undo_seconds": "0"}))


def test_a_styled_mail_with_a_missing_picture_is_answered_as_it_looks(browser: Any, server: RoostServer) -> None:
    put(server, "INBOX", f"From: Ann <u2@x.test>\r\nTo: {ME}\r\nSubject: Styled\r\nMIME-Version: 1.0\r\nContent-Type: text/html; charset=utf-8\r\nMessage-ID: <s1@x.test>\r\n\r\n{HTML}\r\n".encode(), ME)
    page, troubles = signed_in(browser, server, ME)
    refused: list[str] = []
    page.on("response", lambda answer: refused.append(f"{answer.status} {answer.url}") if answer.status >= 400 else None)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    row(page, "Styled").locator(".row-sub > a").click()
    page.locator(".reply-bar a", has_text="Reply").first.click()
    editor = page.locator(".compose [role=textbox].editor")
    words = editor.get_by_text("Red words")
    expect(words).to_have_css("color", "rgb(200, 0, 0)")
    expect(words).to_have_css("position", "static")
    expect(editor.get_by_text("A cell")).to_have_css("padding-left", "24px")
    expect(editor.locator("img")).to_have_count(2)
    editor.click()
    page.keyboard.press("Control+Home")
    page.keyboard.type("My answer")
    page.locator(".compose [name=op][value=send]").click()
    page.wait_for_selector("#toasts:has-text('Sent')")
    with imap_of(server, ME) as imap:
        imap.select("Sent", readonly=True)
        sent = imap.fetch("1", "(BODY[])")[1][0][1].decode()
    plain = sent.replace("=\r\n", "").replace(" ", "")
    assert "rgb(200,0,0)" in plain and "cid:gone@out.test" in plain, "the look and the names of pictures go on as they were"
    assert troubles == [] and refused == []
    assert not any(url.startswith("http://evil.test") for url in asked)
