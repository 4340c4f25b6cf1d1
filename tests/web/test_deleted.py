"""What another program marked for removal: struck through, not counted as unread, removed now or kept."""

import re

import pytest

from tests.lasting import lasting
from tests.scenario.server import RoostServer
from tests.web.mail import found, imap_of, letter, put
from tests.web.test_sharing_webmail import box_id, message_id
from tests.web.visitor import Browser, signed_in

ME = "u1@x.test"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=1))


@pytest.fixture
def marked(server: RoostServer) -> tuple[Browser, str]:
    """An inbox with one unread message as it should be, and two that another program marked."""
    with imap_of(server, ME) as imap:
        if imap.select("INBOX")[1][0] != b"0":
            imap.store("1:*", "+FLAGS", "\\Deleted")
            imap.expunge()
    for subject in ("Stays", "Goes", "Goes too"):
        put(server, "INBOX", letter(subject, to=ME, number=subject.replace(" ", "")), ME, flags="")
    with imap_of(server, ME) as imap:
        imap.select("INBOX")
        imap.store("2:3", "+FLAGS", "\\Deleted")
    browser = signed_in(server, ME)
    return browser, f"/mail/{box_id(browser.get('/mail').text, 'Inbox')}"


def test_it_is_struck_through_and_not_unread(server: RoostServer, marked: tuple[Browser, str]) -> None:
    browser, inbox = marked
    text = browser.get(inbox).text
    rows = {subject: kind for kind, subject in re.findall(r'<li class="(row[^"]*)"(?:(?!</li>).)*?<span>(Stays|Goes too|Goes)</span>', text, re.DOTALL)}
    assert "row-deleted" in rows["Goes"] and "row-unread" not in rows["Goes"] and "row-deleted" in rows["Goes too"]
    assert "row-unread" in rows["Stays"] and "row-deleted" not in rows["Stays"]
    assert ">1 unread<" in text and "2 messages here are marked for removal" in text
    assert browser.get("/mail/poll").json()["counts"][inbox.rpartition("/")[2]] == 1
    assert found(server, "INBOX", "UNSEEN", address=ME) == 3, "IMAP goes on counting as it does"


def test_one_is_removed_now_or_kept_and_the_removal_can_be_taken_back(server: RoostServer, marked: tuple[Browser, str]) -> None:
    browser, inbox = marked
    listed = browser.get(inbox).text
    number = message_id(listed, "Goes too")
    opened = browser.get(f"{inbox}/{number}").text
    assert "marked this for removal" in opened
    browser.post("/mail/act", {"op": "keep", "ids": number, "next": inbox})
    assert "marked this for removal" not in browser.get(f"{inbox}/{number}").text and found(server, "INBOX", "DELETED", address=ME) == 1
    other = message_id(listed, "Goes")
    told = browser.post("/mail/act", {"op": "remove-now", "ids": other, "next": inbox}, headers={"Accept": "application/json"}).json()
    assert found(server, "INBOX", "SUBJECT", "Goes", address=ME) == 1 and found(server, "Trash", "ALL", address=ME) == 0
    browser.post("/mail/undo", {"undo": told["undo"]})
    assert found(server, "INBOX", "SUBJECT", "Goes", address=ME) == 2


def test_all_that_is_marked_in_a_mailbox_goes_by_one_button(server: RoostServer, marked: tuple[Browser, str]) -> None:
    browser, inbox = marked
    browser.get(inbox)
    browser.post("/mail/act", {"op": "remove-marked", "mailbox": inbox.rpartition("/")[2], "next": inbox})
    assert found(server, "INBOX", "ALL", address=ME) == 1 and "marked for removal" not in browser.get(inbox).text
