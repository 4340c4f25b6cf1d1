"""What a person does with clicks and keys in Chromium, where other tests ask the server alone: the address book, images, receipts, Bcc, what became of a message, signing out everywhere."""

import email.policy
import smtplib
import struct
import zipfile
import zlib
from collections.abc import Iterator
from email.message import EmailMessage
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.dns_server import LocalDns  # noqa: E402
from tests.scenario.server import RoostServer  # noqa: E402
from tests.scenario.sink import Behaviour, Sink  # noqa: E402
from tests.scenario.waiting import eventually  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.test_browser import signed_in  # noqa: E402
from tests.web.test_list_browser import found, letter, put, row  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
expect = playwright.expect


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    one = Sink(Behaviour(rcpt={"gone@far.test": "550 5.1.1 nobody of that name"}))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def server(sink: Sink) -> Iterator[RoostServer]:
    dns = LocalDns([("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1"), ("shop.test", "TXT", "v=spf1 ip4:127.0.0.3 -all"), ("shop.test", "MX", "10 mx.shop.test"), ("mx.shop.test", "A", "127.0.0.3"), ("_dmarc.shop.test", "TXT", "v=DMARC1; p=reject")])
    one = RoostServer(dns=dns.where, listeners=("smtp", "imap", "http"), people=7, settings={"outgoing.port": str(sink.port), "web.undo_seconds": "0"})
    yield one
    one.remove()
    dns.stop()


def png() -> bytes:
    """A green picture of eight by eight."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 8, 8, 8, 2, 0, 0, 0)) + chunk(b"IDAT", zlib.compress(b"".join(b"\0" + b"\x30\x90\x60" * 8 for _ in range(8)))) + chunk(b"IEND", b"")


def opened(page: Any, subject: str) -> Any:
    """The reader with a message of the inbox."""
    page.goto("/")
    page.locator("#rows .row-sub > a", has=page.get_by_text(subject, exact=True)).click()
    expect(page.locator("#reader h1")).to_have_text(subject)
    page.locator("#reader iframe").first.wait_for()
    return page.locator("#reader")


def write(page: Any, to: str, subject: str) -> None:
    """A letter, typed; the cursor stands in its text."""
    page.keyboard.press("c")
    expect(page.locator("#to")).to_be_focused()
    page.keyboard.type(to)
    page.keyboard.press("Tab")
    page.keyboard.type(subject)
    page.keyboard.press("Tab")
    page.keyboard.type("Hello")


def test_a_person_of_the_address_book_is_added_with_a_photo_and_shown_by_it_beside_their_mail(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, "u1@x.test")
    put(server, "INBOX", letter("With a face", to="u1@x.test"), "u1@x.test")
    expect(opened(page, "With a face").locator(".msg-head span.avatar")).to_have_text("AM")
    page.get_by_role("link", name="Contacts").click()
    page.get_by_role("link", name="New contact").click()
    page.get_by_label("Name", exact=True).fill("Ann Miller")
    page.get_by_label("Addresses, one a line, the usual one first").fill("ann@out.test\nann@home.test")
    page.get_by_label("Groups, between commas").fill("Friends")
    page.get_by_label("Note").fill("likes quinces")
    page.get_by_label("Photo").set_input_files({"name": "ann.png", "mimeType": "image/png", "buffer": png()})
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".toast")).to_contain_text("Contact added")
    page.locator(".book-find input").fill("quinces")
    page.keyboard.press("Enter")
    expect(page.locator(".book li")).to_have_count(1)
    photo = opened(page, "With a face").locator(".msg-head img.avatar")
    expect(photo).to_be_visible()
    assert photo.evaluate("(one) => one.naturalWidth") == 8
    assert troubles == []


def test_a_file_of_people_comes_in_doubles_become_one_and_a_csv_goes_out(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, "u2@x.test")
    card = "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:{}\r\nEMAIL:{}\r\nTEL:+49 170 5550000\r\nEND:VCARD\r\n"
    page.goto("/contacts/import")
    page.locator("input[type=file]").set_input_files({"name": "people.vcf", "mimeType": "text/vcard", "buffer": (card.format("Jo Berg", "jo@far.test") + card.format("J. Berg", "jo@work.test")).encode()})
    page.get_by_role("button", name="Look into it").click()
    expect(page.get_by_text("2 new, 0 changed")).to_be_visible()
    page.get_by_role("button", name="Take them in").click()
    expect(page.locator(".book li")).to_have_count(2)
    page.goto("/contacts/doubles")
    page.get_by_role("button", name="Make one of them").click()
    page.goto("/contacts")
    expect(page.locator(".book li")).to_have_count(1)
    page.locator("main summary").first.click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="CSV").click()
    assert b"jo@far.test" in saved.value.path().read_bytes() and b"jo@work.test" in saved.value.path().read_bytes()
    assert troubles == []


def test_images_of_one_sender_are_shown_once_or_always_and_asked_about_again_when_one_says_so(browser: Any, server: RoostServer) -> None:
    page, _troubles = signed_in(browser, server, "u3@x.test")
    for subject, sender in (("One", "Shop <news@shop.test>"), ("Two", "Shop <news@shop.test>"), ("Three", "Other <x@other.test>")):
        put(server, "INBOX", letter(subject, sender, "u3@x.test", '<p>Look <img src="http://pics.test/a.png"></p>', more="MIME-Version: 1.0\r\nContent-Type: text/html"), "u3@x.test")
    asks = page.get_by_text("was not loaded")
    opened(page, "One").get_by_role("button", name="Show images").click()
    expect(asks).to_have_count(0)
    opened(page, "One")
    expect(asks).to_have_count(1)
    page.get_by_role("button", name="Always from this sender").click()
    expect(asks).to_have_count(0)
    opened(page, "Two")
    expect(asks).to_have_count(0)
    opened(page, "Three")
    expect(asks).to_have_count(1)
    page.goto("/settings/display")
    expect(page.get_by_label("Senders whose images are shown")).to_have_value("news@shop.test")
    page.get_by_label("Senders whose images are shown").fill("")
    page.get_by_role("button", name="Save").click()
    opened(page, "Two")
    expect(asks).to_have_count(1)


def test_a_receipt_is_sent_by_a_click_and_asked_for_once(browser: Any, server: RoostServer) -> None:
    put(server, "INBOX", letter("Tell me", "Asker <u5@x.test>", "u4@x.test", more="Return-Path: <u5@x.test>\r\nDisposition-Notification-To: u5@x.test"), "u4@x.test")
    page, troubles = signed_in(browser, server, "u4@x.test")
    opened(page, "Tell me").get_by_role("button", name="Send a receipt").click()
    expect(page.locator(".toast")).to_contain_text("The receipt is sent to u5@x.test")
    eventually(lambda: found(server, "INBOX", "ALL", address="u5@x.test") == 1)
    expect(opened(page, "Tell me").get_by_text("asks to be told")).to_have_count(0)
    assert troubles == []


def test_a_blind_copy_arrives_and_its_name_is_on_no_other(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, "u4@x.test")
    page.keyboard.press("c")
    expect(page.locator("#to")).to_be_focused()
    page.keyboard.type("u6@x.test,")
    page.get_by_role("button", name="Cc", exact=True).click()
    page.keyboard.type("u1@x.test,")
    page.get_by_role("button", name="Bcc", exact=True).click()
    page.keyboard.type("u7@x.test,")
    page.fill("[name=subject]", "Blind")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("Sent")
    for address in ("u6@x.test", "u1@x.test", "u7@x.test"):
        eventually(lambda address=address: found(server, "INBOX", "SUBJECT", "Blind", address=address) == 1)  # type: ignore[misc]
        assert found(server, "INBOX", "HEADER", "Cc", "u1@x.test", "SUBJECT", "Blind", address=address) == 1
        assert found(server, "INBOX", "TEXT", "u7@x.test", "SUBJECT", "Blind", "NOT", "HEADER", "Delivered-To", "u7@x.test", address=address) == 0
    assert found(server, "Sent", "HEADER", "Bcc", "u7@x.test", address="u4@x.test") == 1
    assert troubles == []


def test_a_sent_message_says_what_became_of_it_and_the_wrong_address_gets_it_again_corrected(browser: Any, server: RoostServer, sink: Sink) -> None:
    page, troubles = signed_in(browser, server, "u6@x.test")
    write(page, "u5@x.test, gone@far.test, bob@far.test", "Which way")
    page.keyboard.press("Control+Enter")
    expect(page.locator(".toast")).to_contain_text("Sent")
    reader = page.locator("#reader")

    def has_arrived() -> bool:
        page.get_by_role("link", name="Sent").first.click()
        row(page, "Which way").locator(".row-sub > a").first.click()
        reader.locator(".arrivals").wait_for()
        text = reader.inner_text()
        return "delivered here at" in text and "accepted by mx.far.test" in text and "nobody of that name" in text

    eventually(has_arrived)
    reader.get_by_role("link", name="Correct the address and send again").click()
    pill = page.locator(".pill", has_text="gone@far.test")
    expect(pill).to_be_visible()
    pill.get_by_role("button").click()
    page.locator("#to").click()
    page.keyboard.type("gina@far.test,")
    page.keyboard.press("Control+Enter")
    eventually(lambda: any("gina@far.test" in str(one) for one in sink.taken))
    assert troubles == []


def test_signing_out_everywhere_ends_the_other_browser_too(browser: Any, server: RoostServer) -> None:
    here, _troubles = signed_in(browser, server, "u7@x.test")
    there, _others = signed_in(browser, server, "u7@x.test")
    here.goto("/settings/sign-in")
    here.get_by_role("button", name="Sign out everywhere, here too").click()
    expect(here.locator("input[name=address]")).to_be_visible()
    there.goto("/mail")
    expect(there.locator("input[name=address]")).to_be_visible()


def test_a_badge_says_in_one_word_whether_a_sender_is_proved(browser: Any, server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], local_hostname="mx.shop.test", source_address=("127.0.0.3", 0)) as client:
        client.sendmail("news@shop.test", ["u5@x.test"], letter("Proved", "Shop <news@shop.test>", "u5@x.test"))
        client.sendmail("news@shop.test", ["u5@x.test"], letter("Not proved", "Ann <ann@out.test>", "u5@x.test"))
    page, troubles = signed_in(browser, server, "u5@x.test")
    expect(row(page, "Proved")).to_have_count(2)
    expect(opened(page, "Proved").locator(".msg-head .chip")).to_have_text("verified shop.test")
    page.goto("/")
    expect(opened(page, "Not proved").locator(".msg-head .chip")).to_have_text("sender not verified")
    assert troubles == []


def test_a_list_of_a_proved_sender_is_left_by_one_press_and_what_came_of_it_is_told(browser: Any, server: RoostServer) -> None:
    """The list's server stands in no public place here: the server asks DNS for it, finds it inside, and says so; what is posted is in tests/unit/net/test_fetch.py."""
    ways = "List-Unsubscribe: <https://mx.shop.test/off?u=1>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], local_hostname="mx.shop.test", source_address=("127.0.0.3", 0)) as client:
        client.sendmail("news@shop.test", ["u6@x.test"], letter("Our news", "Shop <news@shop.test>", "u6@x.test", more=ways))
    page, troubles = signed_in(browser, server, "u6@x.test")
    asked: list[str] = []
    page.on("request", lambda one: asked.append(one.url))
    opened(page, "Our news").get_by_role("button", name="Unsubscribe").click()
    expect(page.locator("#toasts")).to_contain_text("You are not off the list yet. That address is inside a private network.")
    assert not [url for url in asked if "shop.test" in url], "the browser itself tells the list nothing"
    expect(page.locator("#subject")).to_contain_text("Our news")


def test_files_are_looked_at_opened_inside_one_another_and_saved_together(browser: Any, server: RoostServer) -> None:
    inner, outer = EmailMessage(), EmailMessage()
    inner["From"], inner["Subject"] = "Bob <bob@far.test>", "The inner one"
    inner.set_content("words inside")
    inner.add_attachment(b"a note of the inner one", maintype="text", subtype="plain", filename="inner.txt")
    outer["From"], outer["To"], outer["Subject"] = "Ann <ann@out.test>", "u2@x.test", "Files in files"
    outer.set_content("see")
    outer.add_attachment(png(), maintype="image", subtype="png", filename="green.png")
    outer.add_attachment(b"plain words", maintype="text", subtype="plain", filename="words.txt")
    outer.add_attachment(inner)
    put(server, "INBOX", outer.as_bytes(policy=email.policy.SMTP), "u2@x.test")
    page, troubles = signed_in(browser, server, "u2@x.test")
    reader = opened(page, "Files in files")
    expect(reader.locator("img[src*='/mail/part/']")).to_have_count(1)
    for name, shown in (("green.png", "img"), ("words.txt", "text=plain words")):
        with page.context.expect_page() as tab:
            reader.get_by_role("link", name=name).first.click()
        expect(tab.value.locator(shown).first).to_be_visible()
        tab.value.close()
    with page.expect_download() as saved:
        reader.get_by_role("link", name="Download all").click()
    names = zipfile.ZipFile(saved.value.path()).namelist()
    assert {"green.png", "words.txt"} <= set(names) and len(names) == 3
    with page.context.expect_page() as tab:
        reader.locator(".file-open").last.click()
    expect(tab.value.get_by_role("heading", name="The inner one")).to_be_visible()
    expect(tab.value.get_by_text("inner.txt")).to_be_visible()
    expect(tab.value.frame_locator("iframe").first.get_by_text("words inside")).to_be_visible()
    assert troubles == []
