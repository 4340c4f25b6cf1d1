"""Finding mail in a real browser: results and hints as one types, every operator, every script, matches marked, plain words for what means nothing."""

import email
import email.policy
from collections.abc import Iterator
from datetime import UTC, datetime
from datetime import date as day_of
from email.message import EmailMessage
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import RoostServer  # noqa: E402
from tests.web.browser import signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import imap_of  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
expect = playwright.expect
ME = "u1@x.test"


def letter(subject: str, sender: str, text: str, *, date: str = "Tue, 24 Nov 2026 10:00:00 +0000", to: str = ME, cc: str = "", file: tuple[str, bytes] | None = None, html: str = "", answers: str = "") -> bytes:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"], made["Date"] = sender, to, subject, date
    made["Message-ID"] = f"<{abs(hash((subject, text)))}@out.test>"
    if cc:
        made["Cc"] = cc
    if answers:
        made["In-Reply-To"] = answers
    made.set_content(text)
    if html:
        made.add_alternative(html, subtype="html")
    if file:
        made.add_attachment(file[1], maintype="text", subtype="plain", filename=file[0])
    return made.as_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


LETTERS = (
    ("INBOX", "\\Seen", '"24-Nov-2026 10:00:00 +0000"', letter("Invoice for October", "Ann Miller <ann@orchard.test>", "Please find 240 crates of plums.", file=("prices.txt", b"quinces cost nothing"))),
    ("INBOX", "", '"20-Nov-2026 10:00:00 +0000"', letter("Harbour walk", "José Álvarez <jose@sail.test>", "El café está listo. Bring an umbrella.", cc="Bob Stone <bob@far.test>")),
    ("INBOX", "\\Flagged", '"01-Mar-2026 10:00:00 +0000"', letter("会議のお知らせ", "田中 <tanaka@jp.test>", "明日の会議は東京で行います。", date="Sun, 01 Mar 2026 10:00:00 +0000")),
    ("INBOX", "\\Seen Kitchen", '"02-Feb-2026 10:00:00 +0000"', letter("Tiles", "Bob Stone <bob@far.test>", "word " * 60_000, date="Mon, 02 Feb 2026 10:00:00 +0000")),
    ("Archive", "\\Seen", '"05-Jan-2026 10:00:00 +0000"', letter("Old crates", "Bob Stone <bob@far.test>", "the crates of last year", html='<p style="color:#111;background:#fff">the <b>crates</b> of last year &amp; more</p>')),
)  # fmt: skip



def subject_of(data: bytes) -> str:
    """A letter's subject as it is read."""
    return str(email.message_from_bytes(data, policy=email.policy.default)["Subject"])


def days_since(month: int, day: int) -> int:
    """Days since a day of 2026, as older_than: and newer_than: are told."""
    return (datetime.now(UTC).date() - day_of(2026, month, day)).days


FINDS = (
    ("crates", {"Invoice for October", "Old crates"}), ('"240 crates"', {"Invoice for October"}), ('"crates 240"', set()), ("from:ann", {"Invoice for October"}), ("from:bob", {"Tiles", "Old crates"}),
    ("to:u1", {subject_of(one[3]) for one in LETTERS}), ("to:bob", {"Harbour walk"}), ("to:ann", set()), ("cc:bob", {"Harbour walk"}), ("subject:crates", {"Old crates"}), ("in:archive", {"Old crates"}), ("in:archive crates", {"Old crates"}), ("label:kitchen", {"Tiles"}),
    ("has:attachment", {"Invoice for October"}), ("filename:prices", {"Invoice for October"}), ("quinces", {"Invoice for October"}), ("larger:100K", {"Tiles"}), ("smaller:100K crates", {"Invoice for October", "Old crates"}),
    ("before:2026-02-01", {"Old crates"}), ("after:2026-03-01 before:2026-03-02", {"会議のお知らせ"}), (f"older_than:{days_since(1, 20)}d", {"Old crates"}), (f"newer_than:{days_since(2, 20)}d", {"会議のお知らせ", "Harbour walk", "Invoice for October"}), ("is:unread", {"Harbour walk", "会議のお知らせ"}),
    ("is:starred", {"会議のお知らせ"}), ("umbrella OR quinces", {"Harbour walk", "Invoice for October"}), ("crates -invoice", {"Old crates"}), ("-from:bob -会議", {"Harbour walk", "Invoice for October"}),
    ("京", {"会議のお知らせ"}), ("東京", {"会議のお知らせ"}), ("京東", set()), ("議", {"会議のお知らせ"}), ("cafe", {"Harbour walk"}), ("alvarez", {"Harbour walk"}),
)  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=2)
    with imap_of(one) as imap:
        for box, flags, date, data in LETTERS:
            assert imap.append(box, flags, date, data)[0] == "OK"
    yield one
    one.remove()


def subjects(page: Any) -> set[str]:
    return set(page.locator("#rows .row-sub > a > span:last-of-type").all_text_contents())


def asked(page: Any, query: str) -> set[str]:
    """What the page shows after *query* was typed, without Enter."""
    with page.expect_response(lambda r: "/mail/search?" in r.url and "hints" not in r.url and "count" not in r.url) as answer:
        page.fill("#search", query)
    assert answer.value.ok
    expect(page.locator(".list-form input[name=q]")).to_have_value(query)
    return subjects(page)


def test_every_operator_finds_as_one_types_in_every_script(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, ME)
    wrong = {}
    for query, wanted in FINDS:
        found = asked(page, query)
        if wanted is not None and found != wanted:
            wrong[query] = found
    assert wrong == {}
    page.keyboard.press("Escape")
    asked(page, "crates")
    assert "q=crates" in page.url
    page.go_back()
    expect(page.locator("#list-title")).to_have_text("Inbox"), "what was typed is one step of the history"
    assert troubles == []


def test_what_was_asked_is_marked_in_the_list_and_in_the_message_and_a_reload_keeps_both(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, ME)
    asked(page, "crates -invoice")
    row = page.locator("#rows .row", has_text="Old crates")
    expect(row.locator(".row-sub mark")).to_have_text("crates")
    row.locator(".row-sub > a").click()
    body = page.frame_locator("#reader iframe")
    expect(body.locator("mark")).to_have_text("crates")
    expect(body.locator("body")).to_contain_text("the crates of last year & more")
    expect(page.locator("#subject mark")).to_have_text("crates")
    page.reload()
    expect(page.locator("#rows .row")).to_have_count(1)
    expect(page.frame_locator("#reader iframe").locator("mark")).to_have_text("crates")
    assert troubles == []


def test_a_part_that_means_nothing_is_said_in_plain_words(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, ME)
    for query, words in (
        ("before:soon", "before: wants a date like 2026-03-01"), ("newer_than:week", "newer_than: wants an age like 3d, 2w, 6m or 1y"), ("larger:huge", "larger: wants a size like 5M or 200K"),
        ("is:blue", "is: knows unread"), ("in:nowhere", "There is no mailbox “nowhere”"), ("form:ann", "Did you mean from:?"),
    ):  # fmt: skip
        asked(page, query)
        expect(page.locator(".query .note").first).to_contain_text(words)
    asked(page, "crates https://x.test 10:30")
    expect(page.locator(".query .note")).to_have_count(0)
    assert troubles == []


def test_hints_offer_operators_people_mailboxes_and_labels_by_keyboard(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, ME)
    page.locator("#search").press_sequentially("from:bo")
    option = page.locator("#hints [role=option]", has_text="Bob Stone")
    expect(option).to_be_visible()
    expect(page.locator("#search")).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.locator("#search")).to_have_value("from:bob@far.test ")
    expect(page.locator("#rows .row")).to_have_count(2)
    page.locator("#search").press_sequentially("in:arch")
    expect(page.locator("#hints [role=option]")).to_have_text(["in:Archive"])
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Tab")
    expect(page.locator("#search")).to_have_value("from:bob@far.test in:Archive ")
    expect(page.locator("#rows .row")).to_have_count(1)
    page.locator("#search").press_sequentially("is:")
    expect(page.locator("#hints [role=option]").first).to_have_text("is:unread")
    page.keyboard.press("Escape")
    expect(page.locator("#hints")).to_be_hidden()
    page.fill("#search", "bef")
    expect(page.locator("#hints [role=option]").first).to_contain_text("before a day")
    page.fill("#search", "")
    expect(page.locator("#list-title")).to_have_text("Inbox")
    assert troubles == []


def test_an_operator_keeps_its_colon_behind_it_in_arabic_pages(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, ME, locale="ar")
    page.locator("#search").press_sequentially("fr")
    label = page.locator("#hints [role=option] .cut").first
    expect(label).to_have_text("from:")
    places = label.evaluate("""(label) => [0, 4].map((at) => {
      const text = document.createTreeWalker(label, NodeFilter.SHOW_TEXT).nextNode(), range = document.createRange();
      range.setStart(text, at); range.setEnd(text, at + 1);
      return range.getBoundingClientRect().left;
    })""")
    assert places[0] < places[1], "from: is read as it is typed"
    assert troubles == []


def test_a_conversation_is_found_once_and_the_number_of_all_is_told(browser: Any, server: RoostServer) -> None:
    address = "u2@x.test"
    with imap_of(server, address) as imap:
        for number in range(62):
            assert imap.append("INBOX", "\\Seen", f'"24-Nov-2026 10:00:{number % 60:02} +0000"', letter(f"Report {number:02}", "Ann <ann@orchard.test>", "weekly numbers", to=address))[0] == "OK"
        root = letter("Budget", "Ann <ann@orchard.test>", "weekly plan", to=address)
        made = root.split(b"Message-ID: ")[1].split(b"\r\n")[0].decode()
        imap.append("INBOX", "\\Seen", '"23-Nov-2026 10:00:00 +0000"', root)
        imap.append("INBOX", "\\Seen", '"24-Nov-2026 11:00:00 +0000"', letter("Re: Budget", "Cid <cid@far.test>", "weekly again", to=address, answers=made))
    page, troubles = signed_in(browser, server, address)
    asked(page, "weekly")
    expect(page.locator("#rows .row").first.locator(".row-who")).to_have_text("Ann, Cid")
    expect(page.locator("#rows .row").first.locator(".row-n")).to_have_text("2")
    expect(page.locator("[data-count]")).to_have_text("63 conversations")
    page.locator("#rows .list-more").scroll_into_view_if_needed()
    expect(page.locator("#rows .row")).to_have_count(63)
    assert len(subjects(page)) == 63, "none twice"
    page.locator("#rows .row").first.locator(".row-sub > a").focus()
    page.keyboard.press("e")
    expect(page.locator("#toasts")).to_contain_text("2 messages moved to Archive")
    assert troubles == []
