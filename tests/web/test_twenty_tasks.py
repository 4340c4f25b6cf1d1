"""Twenty common tasks as a person does them: each takes the clicks and keys that docs/twenty-tasks.md says, and no more than elsewhere.

Every click and every key that is no text counts as one; typing a text or a name counts nothing, in all three programs. Each
task begins with the Inbox open and ends when the page shows what was wanted.
"""

import re
import smtplib
from collections.abc import Callable, Iterator
from email.message import EmailMessage
from pathlib import Path
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
TABLE = Path(__file__).resolve().parents[2] / "docs" / "twenty-tasks.md"


class Hand:
    """A person at the page: *count* is the clicks and keys so far."""

    def __init__(self, page: Any) -> None:
        self.page, self.count = page, 0

    def click(self, where: str, **more: Any) -> None:
        self.count += 1
        self.page.locator(where).first.click(**more)

    def key(self, *keys: str) -> None:
        for one in keys:
            self.count += 1
            self.page.keyboard.press(one)

    def points_at(self, subject: str, act: str) -> None:
        """Press what appears under the pointer on a row."""
        self.page.locator(row(subject)).hover()
        self.click(f"#row-acts [data-row-act={act}]")

    def drags(self, subject: str, where: str) -> None:
        """Pull a row onto something: one."""
        self.count += 1
        self.page.locator(row(subject)).drag_to(self.page.locator(where).first)

    def type(self, text: str) -> None:
        """Text where the focus is."""
        self.page.keyboard.type(text)

    def sees(self, where: str, **more: Any) -> None:
        self.page.locator(where).first.wait_for(timeout=15_000, **more)

    def gone(self, where: str) -> None:
        self.page.locator(where).first.wait_for(state="detached")


def row(subject: str) -> str:
    return f"#rows .row:has-text('{subject}')"


def open_row(hand: Hand, subject: str) -> None:
    hand.click(f"{row(subject)} a")
    hand.sees("#reader iframe")


def find_an_invoice(hand: Hand) -> None:
    hand.key("/")
    hand.type("invoice october")
    hand.key("Enter")
    hand.sees(".query")
    hand.click(f"{row('Invoice for October')} a")
    hand.sees("#reader h1:has-text('Invoice for October')")


def answer_all_with_a_file(hand: Hand) -> None:
    open_row(hand, "Minutes for you both")
    hand.key("a")
    hand.sees("[role=textbox].editor:focus")
    hand.type("Here is the list.")
    with hand.page.expect_file_chooser() as chooser:
        hand.click("label[title='Attach files']")
    chooser.value.set_files({"name": "list.txt", "mimeType": "text/plain", "buffer": b"one"})
    hand.sees("[data-files] :text('list.txt')")
    hand.key("Control+Enter")
    hand.sees(".toast:has-text('Sent')")


def set_a_holiday_reply(hand: Hand) -> None:
    hand.click("a[aria-label='Settings']")
    hand.click("a:has-text('Away and forwarding')")
    hand.click("input[name=is_on]")
    hand.click("textarea[name=text]")
    hand.type("Back on Monday.")
    hand.click("button:has-text('Save auto-reply')")
    hand.sees(".away:has-text('Auto-reply on')")


def share_a_mailbox(hand: Hand) -> None:
    hand.click("#nav a:has-text('Projects')")
    hand.click("summary[aria-label='More for this list']")
    hand.click("a:has-text('Share this mailbox')")
    hand.click("input[name=person]")
    hand.type("u2@x.test")
    hand.key("Enter")
    hand.sees("#holders :text('u2@x.test')")


def undo_a_delete(hand: Hand) -> None:
    hand.points_at("Thrown away", "trash")
    hand.gone(row("Thrown away"))
    hand.click(".toast button:has-text('Undo')")
    hand.sees(row("Thrown away"))


def archive(hand: Hand) -> None:
    hand.points_at("Put away", "archive")
    hand.gone(row("Put away"))


def move(hand: Hand) -> None:
    hand.drags("To be moved", "#nav a:has-text('Projects')")
    hand.gone(row("To be moved"))


def write_to_somebody(hand: Hand) -> None:
    hand.key("c")
    hand.sees("#to:focus")
    hand.type("u2@x.test")
    hand.key("Tab")
    hand.type("Lunch")
    hand.key("Tab")
    hand.type("At noon?")
    hand.key("Control+Enter")
    hand.sees(".toast:has-text('Sent')")


def star(hand: Hand) -> None:
    hand.click(f"{row('To be starred')} .row-star")
    hand.sees(f"{row('To be starred')} .row-star[aria-pressed=true]")


def archive_everything_from_one_sender(hand: Hand) -> None:
    hand.key("/")
    hand.type("from:robot@out.test")
    hand.key("Enter")
    hand.sees(".query")
    hand.click("[data-tick=all]")
    hand.key("e")
    hand.gone(row("Report 1"))


def make_a_rule_for_a_sender(hand: Hand) -> None:
    open_row(hand, "From the club")
    hand.click(".reader summary[aria-label='More for this message']")
    hand.click("a:has-text('Make a rule for such mail')")
    hand.click("input[name=a0_value]")
    hand.type("Projects")
    hand.click("button:has-text('Save rule')")
    hand.sees("text=Rule saved")


def send_tomorrow(hand: Hand) -> None:
    hand.key("c")
    hand.sees("#to:focus")
    hand.type("u2@x.test")
    hand.key("Tab")
    hand.type("Later")
    hand.click("summary[aria-label='More ways to send']")
    hand.click(".compose button.menu-item:has-text('Tomorrow morning')")
    hand.sees(".toast:has-text('Will be sent on')")


def snooze(hand: Hand) -> None:
    hand.page.locator(row("Not now")).hover()
    hand.click("#row-acts summary")
    hand.click("#row-acts button:has-text('Tomorrow morning')")
    hand.gone(row("Not now"))


def take_back_what_was_just_sent(hand: Hand) -> None:
    hand.key("c")
    hand.sees("#to:focus")
    hand.type("u2@x.test")
    hand.key("Tab")
    hand.type("Too early")
    hand.key("Control+Enter")
    hand.click(".toast button:has-text('Undo')")
    hand.sees("#subject-field")


def set_a_signature(hand: Hand) -> None:
    hand.click("a[aria-label='Settings']")
    hand.click("nav a:has-text('Signatures'), .tabs a:has-text('Signatures')")
    hand.click("details[open] [role=textbox]")
    hand.type("Una, Orchard House")
    hand.click("button:has-text('Add signature')")
    hand.sees("text=Signature saved")


def save_all_files(hand: Hand) -> None:
    open_row(hand, "Two files")
    with hand.page.expect_download() as waiting:
        hand.click("a:has-text('Download all')")
    assert waiting.value.suggested_filename.endswith(".zip")


def mark_as_unread(hand: Hand) -> None:
    hand.points_at("Invoice for October", "unread")
    hand.sees(f"{row('Invoice for October')}.row-unread")


def call_it_junk(hand: Hand) -> None:
    open_row(hand, "Buy now")
    hand.key("!")
    hand.gone(row("Buy now"))


def make_a_mailbox(hand: Hand) -> None:
    hand.click("#nav a[aria-label='Manage mailboxes']")
    hand.sees("input[name=name]:focus")
    hand.type("Garden")
    hand.key("Enter")
    hand.sees("#nav a:has-text('Garden')")


def see_whether_it_arrived(hand: Hand) -> None:
    hand.key("g", "s")
    hand.click(f"{row('Did it come')} a")
    hand.sees("text=delivered here at")


TASKS: dict[str, Callable[[Hand], None]] = {
    "Find last month's invoice": find_an_invoice, "Answer all with a file": answer_all_with_a_file, "Set a holiday reply": set_a_holiday_reply, "Share a mailbox": share_a_mailbox,
    "Undo a delete": undo_a_delete, "Archive a message": archive, "Write to somebody": write_to_somebody, "Star a message": star,
    "Archive everything from one sender": archive_everything_from_one_sender, "Make a rule for a sender": make_a_rule_for_a_sender, "Send it tomorrow morning": send_tomorrow,
    "Put a message off until tomorrow": snooze, "Take back what was just sent": take_back_what_was_just_sent, "Set a signature": set_a_signature, "Save all files of a message": save_all_files,
    "Mark a message as unread": mark_as_unread, "Call a message junk": call_it_junk, "Move a message into a mailbox": move, "Make a mailbox": make_a_mailbox, "See whether a message arrived": see_whether_it_arrived,
}  # fmt: skip


def letter(subject: str, *, sender: str = "ann@out.test", to: str = "u1@x.test", files: int = 0, **fields: str) -> EmailMessage:
    made = EmailMessage()
    made["From"], made["To"], made["Subject"] = sender, to, subject
    for name, value in fields.items():
        made[name.replace("_", "-")] = value
    made.set_content("Text of the letter.")
    for number in range(files):
        made.add_attachment(b"x", maintype="application", subtype="octet-stream", filename=f"file{number}.bin")
    return made


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "http", "imap"), people=2)
    import imaplib

    with imaplib.IMAP4("127.0.0.1", one.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.create("Projects")
    with smtplib.SMTP("127.0.0.1", one.ports["smtp"]) as client:
        for made in (
            letter("Invoice for October"), letter("Minutes for you both", to="u1@x.test, u2@x.test"), letter("Thrown away"), letter("Put away"), letter("To be moved"),
            letter("To be starred"), letter("Report 1", sender="robot@out.test"), letter("Report 2", sender="robot@out.test"), letter("From the club", sender="club@out.test"), letter("Not now"),
            letter("Two files", files=2), letter("Buy now"),
        ):  # fmt: skip
            client.send_message(made, to_addrs=["u1@x.test"])
    with smtplib.SMTP("127.0.0.1", one.ports["submission"]) as client:
        client.login("u1@x.test", PASSWORD)
        sent = letter("Did it come", sender="u1@x.test", to="u2@x.test", Message_ID="<did@x.test>", Date="Tue, 24 Nov 2026 10:00:00 +0000")
        client.send_message(sent)
    with imaplib.IMAP4("127.0.0.1", one.ports["imap"]) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.append("Sent", "\\Seen", None, sent.as_bytes())
    yield one
    one.remove()


@pytest.fixture(scope="module")
def page(browser: Any, server: RoostServer) -> Iterator[Any]:
    found = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", reduced_motion="reduce", viewport={"width": 1440, "height": 900}).new_page()
    found.goto("/")
    found.fill("input[name=address]", "u1@x.test")
    found.fill("input[type=password]", PASSWORD)
    found.keyboard.press("Enter")
    found.wait_for_selector("#nav")
    yield found


def promised() -> dict[str, tuple[int, list[int]]]:
    """What the page says each task takes: in Roost, and in those of the others that can do it."""
    rows = re.findall(r"^\| ([A-Z][^|]+) \| [^|]+ \| (\d+) \| ([^|]+) \| ([^|]+) \|$", TABLE.read_text(), re.MULTILINE)
    return {name.strip(): (int(own), [int(one) for one in others if one.isdigit()]) for name, own, *others in rows}


@pytest.mark.parametrize("name", TASKS)
def test_a_task_takes_the_clicks_and_keys_that_the_page_says(page: Any, name: str) -> None:
    page.goto("/")
    page.wait_for_selector("#rows .row")
    hand = Hand(page)
    TASKS[name](hand)
    print(f"{hand.count} {name}")
    assert hand.count == promised()[name][0]


def test_no_task_takes_more_than_elsewhere() -> None:
    table = promised()
    assert table.keys() == TASKS.keys() and len(table) == 20
    assert {name: (own, others) for name, (own, others) in table.items() if any(own > one for one in others)} == {}
