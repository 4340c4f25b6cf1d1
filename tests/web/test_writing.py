"""Writing in a real browser: the editor, answers and forwards, and that nothing typed is ever lost."""

import base64
import contextlib
import email
import email.policy
import imaplib
import re
import smtplib
import struct
import time
import zlib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.visitor import Browser  # noqa: E402


def dot() -> bytes:
    """A picture of one pixel."""
    chunks = [(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)), (b"IDAT", zlib.compress(b"\0\0")), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(struct.pack(">I", len(d)) + k + d + struct.pack(">I", zlib.crc32(k + d)) for k, d in chunks)


pytestmark = [pytest.mark.browser, needs_parts]
DOT = dot()
DROP = """([where, name, type, data]) => {
  const bytes = Uint8Array.from(atob(data), (c) => c.charCodeAt(0));
  const bag = new DataTransfer();
  bag.items.add(new File([bytes], name, { type }));
  document.querySelector(where).dispatchEvent(new DragEvent("drop", { bubbles: true, cancelable: true, dataTransfer: bag }));
}"""
PASTE = """(html) => {
  const bag = new DataTransfer();
  bag.setData("text/html", html);
  bag.setData("text/plain", "x");
  document.querySelector("[role=textbox].editor").dispatchEvent(new ClipboardEvent("paste", { bubbles: true, cancelable: true, clipboardData: bag }));
}"""


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "http", "imap", "submission"), people=6, settings={"web.undo_seconds": "0"})
    one.run("alias", "add", "sales@x.test", "u1@x.test")
    yield one
    one.remove()


@pytest.fixture()
def tab(browser: Any, server: RoostServer) -> Iterator[Any]:
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", reduced_motion="reduce")
    yield context  # left to the module's browser: closing one beside a page that still sends has waited five minutes for Chromium
    for page in context.pages:
        with contextlib.suppress(playwright.Error):
            page.goto("about:blank", timeout=5_000)


def signed_in(context: Any, address: str) -> Any:
    page = context.new_page()
    page.goto("/sign-in")
    page.fill("input[name=address]", address)
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#nav")
    return page


def writing(page: Any, path: str = "/compose") -> Any:
    page.goto(path)
    return page.wait_for_selector("[role=textbox].editor")


def saved(page: Any) -> None:
    page.wait_for_selector("[data-saved]:has-text('Draft saved')", timeout=15_000)


def shows(page: Any, condition: str) -> None:
    """Wait for a condition in the page; its content policy lets no text be run there by itself."""
    until(lambda: page.evaluate(condition))


def folder(server: RoostServer, address: str, box: str = "INBOX") -> list[EmailMessage]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as imap:
        imap.login(address, PASSWORD)
        imap.select(box, readonly=True)
        found = imap.search(None, "ALL")[1][0].split()
        return [email.message_from_bytes(imap.fetch(n, "BODY.PEEK[]")[1][0][1], policy=email.policy.default) for n in found]  # type: ignore[index,misc,arg-type]


def until(what: Callable[[], Any]) -> Any:
    deadline = time.monotonic() + 25
    while True:
        found = what()
        if found:
            return found
        assert time.monotonic() < deadline
        time.sleep(0.1)


def letter(server: RoostServer, address: str, subject: str, box: str = "INBOX") -> EmailMessage:
    return until(lambda: next((m for m in folder(server, address, box) if m["subject"] == subject), None))  # type: ignore[no-any-return]


def drafts(server: RoostServer, address: str, subject: str) -> list[EmailMessage]:
    return [m for m in folder(server, address, "Drafts") if m["subject"] == subject]


def text_of(message: EmailMessage, kind: str = "plain") -> str:
    return message.get_body((kind,)).get_content()  # type: ignore[union-attr,no-any-return]


def deliver(server: RoostServer, message: EmailMessage) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("ann@out.test", ["u1@x.test"], message.as_bytes(policy=email.policy.SMTP))


def test_a_letter_with_form_a_picture_in_the_text_and_a_file_arrives_as_it_was_written(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u2@x.test")
    writing(page)
    page.fill("#to", "u3@x.test")
    page.fill("#subject-field", "With all")
    page.click("[role=textbox].editor")
    page.keyboard.type("Plain and ")
    page.click("[data-command=bold]")
    page.keyboard.type("strong")
    page.evaluate(PASTE, '<p onclick="x()">pasted<script>bad()</script><img src=x onerror=bad()></p>')
    page.keyboard.press("Enter")
    page.click("[data-command=direction]")
    page.wait_for_selector("[data-command=direction][aria-pressed=true]")
    page.evaluate(DROP, ["[role=textbox].editor", "dot.png", "image/png", base64.b64encode(DOT).decode()])
    shows(page, "[...document.querySelectorAll('.editor img')].some((i) => i.src.includes('/picture/') && i.complete && i.naturalWidth === 1)")
    page.evaluate(DROP, [".compose-bar", "list.csv", "text/csv", base64.b64encode(b"a,b\n" * 1000).decode()])
    page.wait_for_selector(".files-total")
    assert "of" in page.inner_text(".files-total")
    saved(page)
    page.goto(page.get_attribute("[data-expand], [data-close-page]", "href") or "/")
    draft = drafts(server, "u2@x.test", "With all")
    assert len(draft) == 1
    page.goto("/")
    page.click("#nav a:has-text('Drafts')")
    page.click(".row a:has-text('With all')")
    shows(page, "document.querySelector('[role=textbox].editor')?.innerText.includes('strong')")
    shows(page, "[...document.querySelectorAll('.editor img')].some((i) => i.complete && i.naturalWidth === 1)")
    page.click(".compose-bar button[value=send]")
    page.wait_for_selector("#nav")
    got = letter(server, "u3@x.test", "With all")
    html = text_of(got, "html")
    assert "<b>strong</b>" in html and "pasted" in html and 'dir="rtl"' in html
    assert "onclick" not in html and "script" not in html and "onerror" not in html
    picture = next(p for p in got.walk() if p.get_content_type() == "image/png")
    assert f"cid:{picture['content-id'][1:-1]}" in html and picture.get_content() == DOT
    assert [p.get_filename() for p in got.iter_attachments()] == ["list.csv"]


def incoming(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["To"], message["Cc"] = "Ann <ann@out.test>", "Sales <sales@x.test>, u2@x.test", "Bob <bob@out.test>"
    message["Subject"], message["Message-ID"], message["References"] = subject, f"<{subject.replace(' ', '.')}@out.test>", "<first@out.test>"
    message.set_content("Grüße,\nAnn", charset="iso-8859-1", cte="quoted-printable")
    message.add_alternative('<p>Grüße, <b>Ann</b> <img src="cid:dot@out"> <img src="https://out.test/far.png"></p>', subtype="html", charset="iso-8859-1", cte="quoted-printable")
    message.get_payload()[1].add_related(DOT, "image", "png", cid="<dot@out>", filename="dot.png")  # type: ignore[index,union-attr]
    message.add_attachment(b"a,b\n", maintype="text", subtype="csv", filename="tabelle ä.csv")
    return message


def opened(page: Any, server: RoostServer, subject: str) -> None:
    deliver(server, incoming(subject))
    page.goto("/")
    page.click(f".row a:has-text('{subject}')", timeout=20_000)
    page.wait_for_selector(".reply-bar")


def test_a_reply_to_all_leaves_oneself_out_and_quotes_and_its_signature_follows_the_sender(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u1@x.test")
    page.goto("/settings/signatures")
    page.evaluate("""async () => {
      const send = (fields) => { const data = new FormData(); for (const [k, v] of Object.entries(fields)) data.set(k, v); return fetch("/settings/signatures", { method: "POST", body: data, headers: { "X-CSRFToken": document.querySelector('meta[name="csrf-token"]').content, Accept: "application/json" } }); };
      for (const name of ["Mine", "Sales"]) await send({ op: "signature", id: "0", name, text: `Greetings from ${name}`, html: "" });
    }""")
    page.reload()
    page.click("summary:has-text('sales@x.test')")
    page.select_option("details[open] select[name=reply_signature]", label="Sales")
    page.click("details[open] button:has-text('Save')")
    opened(page, server, "Ask all")
    page.click(".reply-bar a:has-text('Reply to all')")
    shows(page, "document.querySelector('[role=textbox].editor')?.innerText.includes('Grüße')")
    assert page.eval_on_selector("#from", "e => e.value") == "sales@x.test"
    assert page.eval_on_selector("[name=to]", "e => e.value") == "Ann <ann@out.test>"
    assert "u2@x.test" in page.eval_on_selector("[name=cc]", "e => e.value") and "sales" not in page.eval_on_selector("[name=cc]", "e => e.value")
    shows(page, "[...document.querySelectorAll('.editor img')].filter((i) => i.complete && i.naturalWidth === 1).length === 1")
    page.click("[role=textbox].editor")
    page.keyboard.press("Control+Home")
    page.keyboard.type("My answer")
    shows(page, "document.querySelector('[role=textbox].editor').innerText.includes('Greetings from Sales')")
    page.select_option("#from", "u1@x.test")
    shows(page, "((t) => t.includes('Greetings from Mine') && !t.includes('Greetings from Sales'))(document.querySelector('[role=textbox].editor').innerText)")
    page.select_option("#from", "sales@x.test")
    saved(page)
    made = until(lambda: drafts(server, "u1@x.test", "Re: Ask all"))[0]
    assert made["in-reply-to"] == "<Ask.all@out.test>" and made["references"].split() == ["<first@out.test>", "<Ask.all@out.test>"]
    html = text_of(made, "html")
    assert "My answer" in html and '<blockquote type="cite">' in html and 'src="cid:dot@out"' in html and 'src="https://out.test/far.png"' in html
    assert "> Grüße" in text_of(made) and "Greetings from Sales" in html and "Greetings from Mine" not in html


def test_a_forward_keeps_files_and_pictures_and_the_whole_message_goes_as_a_file(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u1@x.test")
    opened(page, server, "Pass on")
    page.click(".reply-bar a:has-text('Forward')")
    page.wait_for_selector(".files b:has-text('tabelle ä.csv')")
    page.fill("#to", "u4@x.test")
    page.click(".compose-bar button[value=send]")
    got = letter(server, "u4@x.test", "Fwd: Pass on")
    assert [p.get_filename() for p in got.iter_attachments()] == ["tabelle ä.csv"]
    assert "cid:dot@out" in text_of(got, "html") and "Forwarded message" in text_of(got) and any(p["content-id"] == "<dot@out>" for p in got.walk())
    page.goto("/")
    page.click(".row a:has-text('Pass on')")
    page.click("summary[aria-label='More for this message']")
    page.click("a:has-text('Forward as an attachment')")
    page.wait_for_selector(".files b:has-text('Pass on.eml')")
    page.fill("#to", "u4@x.test")
    page.fill("#subject-field", "Enclosed")
    page.click(".compose-bar button[value=send]")
    inner = next(p for p in letter(server, "u4@x.test", "Enclosed").walk() if p.get_content_type() == "message/rfc822")
    assert inner.get_payload()[0]["subject"] == "Pass on"  # type: ignore[index]


def test_a_forgotten_file_and_an_empty_subject_are_asked_about_once(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u2@x.test")
    writing(page)
    page.fill("#to", "u5@x.test")
    page.click("[role=textbox].editor")
    page.keyboard.type("See the attached list")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".error:has-text('no subject')")
    page.fill("#subject-field", "Forgot")
    page.keyboard.press("Control+Enter")
    page.wait_for_selector(".error:has-text('no file is attached')")
    page.click("summary[aria-label='More ways to send']")
    page.select_option("#priority", "high")
    page.check("input[name=receipt]")
    page.keyboard.press("Escape")
    page.click("button:has-text('Send anyway')")
    got = letter(server, "u5@x.test", "Forgot")
    assert got["importance"] == "high" and got["disposition-notification-to"] == "u2@x.test"


def test_enter_in_a_field_keeps_the_draft_and_sends_nothing(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u2@x.test")
    writing(page)
    page.fill("#to", "u3@x.test")
    page.fill("#subject-field", "Entered")
    page.press("#subject-field", "Enter")
    saved(page)
    assert page.locator(".error").count() == 0
    assert page.url.rstrip("/").rpartition("/")[0].endswith("/compose") or page.url.endswith("/compose")
    until(lambda: drafts(server, "u2@x.test", "Entered"))
    assert not [m for m in folder(server, "u3@x.test") if m["subject"] == "Entered"]


def test_a_delivery_report_comes_back_when_one_asks_for_it(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u4@x.test")
    writing(page)
    page.fill("#to", "u3@x.test")
    page.fill("#subject-field", "Tell me")
    page.click("[aria-label^='More ways to send']")
    page.check("input[name=report]")
    page.keyboard.press("Escape")
    page.click("button[name=op][value=send]")
    letter(server, "u3@x.test", "Tell me")
    report = until(lambda: next((m for m in folder(server, "u4@x.test") if m.get_content_type() == "multipart/report"), None))
    told = report.as_string()
    assert "Action: delivered" in told and "u3@x.test" in told


def test_two_tabs_never_write_over_each_other(tab: Any, server: RoostServer) -> None:
    first = signed_in(tab, "u3@x.test")
    writing(first)
    first.fill("#subject-field", "Twice open")
    saved(first)
    path = "/compose/" + first.get_attribute("[data-draft]", "data-draft")
    second = tab.new_page()
    writing(second, path)
    first.click("[role=textbox].editor")
    first.keyboard.type("what the first says")
    until(lambda: "what the first says" in text_of(drafts(server, "u3@x.test", "Twice open")[0]))
    second.click("[role=textbox].editor")
    second.keyboard.type("what the second says")
    second.wait_for_selector("[data-saved]:has-text('kept here as another draft')", timeout=15_000)
    second.keyboard.type(" and more")
    saved(second)
    texts = sorted(text_of(m).strip() for m in drafts(server, "u3@x.test", "Twice open"))
    assert texts == ["what the first says", "what the second says and more"]


def test_what_is_typed_while_offline_is_offered_after_the_browser_was_closed(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u4@x.test")
    writing(page)
    tab.set_offline(True)
    page.fill("#to", "u5@x.test")
    page.fill("#subject-field", "In the tunnel")
    page.click("[role=textbox].editor")
    page.keyboard.type("No net here")
    page.wait_for_selector("[data-saved]:has-text('Kept in this browser')", timeout=15_000)
    page.close()
    tab.set_offline(False)
    page = tab.new_page()
    page.goto("/")
    page.click(".kept:has-text('In the tunnel') a:has-text('Go on writing')")
    shows(page, "document.querySelector('[role=textbox].editor')?.innerText.includes('No net here')")
    assert page.eval_on_selector("[name=to]", "e => e.value") == "u5@x.test"
    saved(page)
    assert "No net here" in text_of(drafts(server, "u4@x.test", "In the tunnel")[0])
    page.goto("/")
    page.wait_for_selector("#nav")
    assert page.query_selector(".kept") is None


def test_a_sign_out_elsewhere_loses_nothing_and_somebody_else_is_not_offered_it(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u5@x.test")
    writing(page)
    other = tab.new_page()
    other.goto("/")
    other.click("details:has(form[action$='/sign-out']) > summary")
    other.click("button:has-text('Sign out')")
    other.wait_for_selector("input[type=password]")
    page.fill("#subject-field", "Signed out")
    page.wait_for_selector("[data-saved]:has-text('You are signed out')", timeout=15_000)
    signed_in(tab, "u6@x.test").close()
    page.fill("#subject-field", "Signed out still")
    page.wait_for_selector("[data-saved]:has-text('Somebody else')", timeout=15_000)
    tab.clear_cookies()
    back = signed_in(tab, "u5@x.test")
    page.bring_to_front()
    page.fill("#subject-field", "Signed out and in")
    saved(page)
    until(lambda: drafts(server, "u5@x.test", "Signed out and in"))
    assert drafts(server, "u6@x.test", "Signed out still") == []
    back.goto("/")
    back.wait_for_selector("#nav")
    assert back.query_selector(".kept") is None


def test_a_save_for_which_there_is_no_room_says_so_and_keeps_the_text(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u6@x.test")
    writing(page)
    server.run("account", "set", "u6@x.test", "--quota", "1K")
    page.fill("#subject-field", "No room")
    page.click("[role=textbox].editor")
    page.evaluate("(text) => document.execCommand('insertText', false, text)", "long " * 1000)
    page.wait_for_selector("[data-saved]:has-text('Kept in this browser')", timeout=15_000)
    assert "full" in page.inner_text("[data-saved]").lower() or "room" in page.inner_text("[data-saved]").lower()
    server.run("account", "set", "u6@x.test", "--quota", "1G")
    page.goto("/")
    page.click(".kept a:has-text('Go on writing')")
    saved(page)
    assert "long long" in text_of(drafts(server, "u6@x.test", "No room")[0])


def test_mail_to_answer_later_stands_in_a_list_until_it_is_answered(server: RoostServer) -> None:
    deliver(server, incoming("Think first"))
    person = Browser(server)
    person.sign_in("u1@x.test")
    path = until(lambda: re.search(r'href="(/mail/\d+/(\d+))[^"]*"(?:(?!</a>).)*Think first', person.get("/").text, re.DOTALL))
    assert 'name="label" value="reply-later"' in person.get(path[1]).text
    person.post("/mail/act", {"ids": path[2], "label": "reply-later", "next": "/"})
    assert "Think first" in person.get("/mail/search?q=label:reply-later").text
    draft = re.search(r'data-draft="([^"]+)"', person.get(f"/compose/reply/{path[2]}?how=reply").text)[1]  # type: ignore[index]
    person.post(f"/compose/{draft}/send", {"from": "u1@x.test", "to": "u2@x.test", "subject": "Re: Think first", "body": "Yes", "format": "text", "op": "send"})
    assert "Think first" not in person.get("/mail/search?q=label:reply-later").text.partition('id="rows"')[2]


@pytest.mark.parametrize("field", ["subject", "to", "from", "priority"])
def test_no_field_can_forge_a_header(server: RoostServer, field: str) -> None:
    person = Browser(server)
    person.sign_in("u2@x.test")
    person.get("/compose")
    name = f"nforge{field}"
    form = {"from": "u2@x.test", "to": "u3@x.test", "subject": f"Forge {field}", "body": "x", "format": "text", "op": "send", "sure": "1"}
    form[field] = form.get(field, "high") + "\r\nX-Forged: yes\r\n\r\nbody"
    files = {"files": ("evil\r\nX-Forged: yes.txt", b"x", "text/plain")}
    person.session.post(f"{person.base}/compose/{name}/send", data={"csrf_token": person.token, **form}, files=files, timeout=20)
    deliveries = [*folder(server, "u3@x.test"), *folder(server, "u2@x.test", "Sent"), *folder(server, "u2@x.test", "Drafts")]
    assert all("X-Forged" not in part for m in deliveries for part in m.walk())


def test_an_address_that_nobody_here_has_is_said_on_its_chip(tab: Any, server: RoostServer) -> None:
    page = signed_in(tab, "u1@x.test")
    writing(page)
    page.fill("#to", "u2@x.test, nobody@x.test, someone@far.test, u3+tag@x.test, postmaster@x.test,")
    page.wait_for_selector(".pill-bad:has-text('nobody@x.test: no such address here')")
    assert page.locator(".pill").count() == 5 and page.locator(".pill-bad").count() == 1
    page.locator(".pill-bad button").click()
    assert page.locator(".pill-bad").count() == 0


def test_plain_text_says_its_language_to_the_browser_and_each_line_runs_its_own_way(tab: Any, server: RoostServer) -> None:
    """`dir=auto` would give all lines the first one's way, and takes Chromium 300 ms for ten thousand lines at each change."""
    page = signed_in(tab, "u1@x.test")
    writing(page)
    assert page.get_attribute("[role=textbox].editor", "lang") == "en" and page.get_attribute("[role=textbox].editor", "spellcheck") == "true"
    page.fill("#to", "u2@x.test,")
    page.fill("[name=subject]", "Two ways")
    page.get_by_label("More ways to send").click()
    page.get_by_role("button", name="Plain text only").click()
    text = page.locator("textarea.editor")
    text.fill("One line\nمرحبا بك")
    assert text.get_attribute("lang") == "en" and text.evaluate("(one) => getComputedStyle(one).unicodeBidi") == "plaintext"
    page.keyboard.press("Control+Enter")
    assert text_of(letter(server, "u2@x.test", "Two ways")).split() == ["One", "line", "مرحبا", "بك"]
