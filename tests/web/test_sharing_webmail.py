"""Mailboxes of others in the webmail: seen, read, marked, moved and deleted as their owner allows, and shared from a page."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenario.server import RoostServer
from tests.scenario.waiting import eventually
from tests.web.browser import row
from tests.web.browser import signed_in as opened
from tests.web.mail import found, imap_of, letter, put, send
from tests.web.visitor import Browser, signed_in

OWNER, READER, WRITER, OTHER = "u1@x.test", "u2@x.test", "u3@x.test", "u4@x.test"


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=6)
    one.run("account", "set", OWNER, "--name", "Ada Vale")
    one.run("group", "add", "team@x.test")
    one.run("group", "join", "team@x.test", WRITER)
    one.run("public", "add", "Orders", "--domain", "x.test", "--anyone", "write")
    with imap_of(one, OWNER) as imap:
        imap.create("Plans")
        imap.create("Plans/Secret")
    yield one
    one.remove()


def box_id(page: str, name: str) -> str:
    """The number of a mailbox in the navigation of a page."""
    got = re.search(r'href="/mail/(\d+)"[^>]*>(?:(?!</a>).)*<span class="cut">' + re.escape(name) + "<", page, re.DOTALL)
    assert got, f"{name} is not in the navigation"
    return got[1]


def message_id(page: str, subject: str) -> str:
    """The number of a message in a list."""
    got = re.search(r'value="(\d+)" aria-label="Tick: ' + re.escape(subject), page)
    assert got, f"{subject} is not in the list"
    return got[1]


def give(server: RoostServer, box: str, who: str, rights: str) -> None:
    """Rights, by IMAP."""
    with imap_of(server, OWNER) as imap:
        assert imap.setacl(box, who, rights or '""')[0] == "OK"


def visit(server: RoostServer, who: str) -> tuple[Browser, str]:
    browser = signed_in(server, who)
    return browser, browser.get("/mail").text


def test_the_share_page_gives_what_it_says_to_people_and_groups_and_takes_it_back(server: RoostServer) -> None:
    owner, home = visit(server, OWNER)
    plans = box_id(home, "Plans")
    page = owner.get(f"/mail/{plans}/share")
    assert "Nobody but you." in page.text and "team@x.test" in page.text
    wrong = owner.post(f"/mail/{plans}/share", {"op": "give", "person": "nobody@x.test", "rights": "read"})
    assert wrong.status_code == 422 and "There is no account nobody@x.test." in wrong.text and 'value="nobody@x.test"' in wrong.text
    given = owner.post(f"/mail/{plans}/share", {"op": "give", "person": READER, "rights": "mark"}).text
    assert f"Shared with {READER}" in given
    owner.post(f"/mail/{plans}/share", {"op": "give", "group": "$team@x.test", "rights": "write", "inner": "1"})
    with imap_of(server, READER) as imap:
        assert imap.myrights(f'"Other Users/{OWNER}/Plans"')[1][0].split()[-1] == b"lrsw"
        assert imap.myrights(f'"Other Users/{OWNER}/Plans/Secret"')[0] == "NO", "what is inside is not shared with it unless one says so"
    with imap_of(server, WRITER) as imap:
        assert set("lrswite") <= set(imap.myrights(f'"Other Users/{OWNER}/Plans/Secret"')[1][0].split()[-1].decode())
    assert "shared with 2" in owner.get("/mail/mailboxes").text
    reader, theirs = visit(server, READER)
    assert "Ada Vale" in theirs and box_id(theirs, "Plans") == plans
    assert reader.get(f"/mail/{plans}/share").status_code == 403 and reader.post(f"/mail/{plans}/share", {"op": "give", "person": OTHER, "rights": "read"}).status_code == 403
    stopped = owner.post(f"/mail/{plans}/share", {"op": "stop", "holder": READER}).text
    assert "No longer shared" in stopped
    assert reader.get(f"/mail/{plans}").status_code == 404, "a right that was taken away ends with the next request"
    undo = re.search(r'name="undo" value="([^"]+)"', stopped)
    assert undo
    owner.post("/mail/undo", {"undo": undo[1]})
    assert reader.get(f"/mail/{plans}").status_code == 200
    audit = signed_in(server, "admin@x.test").get("/admin/audit?q=mailbox:shared").text
    assert READER in audit and OWNER in audit


def test_who_may_only_read_is_offered_nothing_else_and_refused_in_words(server: RoostServer) -> None:
    put(server, "Plans", letter("Bridge", to=OWNER, number="b1", text="Look at this"), OWNER, flags="")
    give(server, "Plans", READER, "lr")
    reader, home = visit(server, READER)
    plans = box_id(home, "Plans")
    listed = reader.get(f"/mail/{plans}").text
    number = message_id(listed, "Bridge")
    opened = reader.get(f"/mail/{plans}/{number}")
    assert "Shared with you to read" in opened.text
    for op in ("archive", "trash", "junk", "unread", "star", "snooze", "mute"):
        assert f'value="{op}"' not in opened.text.partition('id="reader"')[2], f"{op} is offered"
    assert found(server, "Plans", "UNSEEN", address=OWNER) >= 1, "reading without the right to mark leaves it unread for its owner"
    said = {"star": "star, label or pin", "read": "mark messages", "trash": "move or delete", "archive": "move or delete", "pin": "star, label or pin"}
    for op, words in said.items():
        refused = reader.post("/mail/act", {"op": op, "ids": number, "next": f"/mail/{plans}"}, headers={"Accept": "application/json"})
        assert refused.status_code == 403 and words in refused.json()["error"] and "Plans" in refused.json()["error"], (op, refused.text)
    inbox = box_id(home, "Inbox")
    assert reader.post("/mail/act", {"op": "move", "move": inbox, "ids": number}, headers={"Accept": "application/json"}).status_code == 403
    body = re.search(r'src="(/mail/body/[^"]+)"', opened.text)
    assert body and "Look at this" in reader.get(body[1]).text
    assert reader.get(f"/mail/{plans}/{number}/source").status_code == 200
    give(server, "Plans", READER, "")
    assert reader.get(body[1]).status_code == 404, "the body's own address ends with the right"
    assert reader.get(f"/mail/{plans}/{number}/source").status_code == 404


def test_nothing_of_mailboxes_that_are_not_shared_shows_in_a_shared_conversation(server: RoostServer) -> None:
    put(server, "Plans", letter("Budget", to=OWNER, number="g1"), OWNER)
    put(server, "Sent", letter("Re: Budget", sender=OWNER, to="boss@x.test", number="g2", answers="g1", text="Between us only"), OWNER)
    give(server, "Plans", OTHER, "lrs")
    other, home = visit(server, OTHER)
    plans = box_id(home, "Plans")
    listed = other.get(f"/mail/{plans}").text
    assert 'class="row-n"' not in listed.partition("Budget")[0].rpartition("<li")[2], "the owner's answer is not counted"
    opened = other.get(f"/mail/{plans}/{message_id(listed, 'Budget')}").text
    assert "Between us only" not in opened and opened.count('class="msg') and "boss@x.test" not in opened
    with imap_of(server, OWNER) as imap:
        imap.select("Sent")
    secret = signed_in(server, OWNER).get("/mail").text
    assert other.get(f"/mail/{box_id(secret, 'Sent')}").status_code == 404


def test_who_may_write_moves_and_deletes_and_takes_it_back(server: RoostServer) -> None:
    put(server, "Plans", letter("Gravel", to=OWNER, number="w1"), OWNER)
    put(server, "Plans", letter("Sand", to=OWNER, number="w2"), OWNER)
    give(server, "Plans", WRITER, "lrswite")
    writer, home = visit(server, WRITER)
    plans, inbox = box_id(home, "Plans"), box_id(home, "Inbox")
    listed = writer.get(f"/mail/{plans}").text
    gone = writer.post("/mail/act", {"op": "trash", "ids": message_id(listed, "Gravel")}, headers={"Accept": "application/json"}).json()
    assert found(server, "Trash", "SUBJECT", "Gravel", address=OWNER) == 1, "it goes to its owner's Trash"
    assert found(server, "Trash", "SUBJECT", "Gravel", address=WRITER) == 0
    writer.post("/mail/undo", {"undo": gone["undo"]})
    assert found(server, "Plans", "SUBJECT", "Gravel", address=OWNER) == 1
    moved = writer.post("/mail/act", {"op": "move", "move": inbox, "ids": message_id(listed, "Sand")}, headers={"Accept": "application/json"}).json()
    assert found(server, "INBOX", "SUBJECT", "Sand", address=WRITER) == 1 and found(server, "Plans", "SUBJECT", "Sand", address=OWNER) == 0
    writer.post("/mail/undo", {"undo": moved["undo"]})
    assert found(server, "INBOX", "SUBJECT", "Sand", address=WRITER) == 0 and found(server, "Plans", "SUBJECT", "Sand", address=OWNER) == 1
    put(server, "INBOX", letter("Bricks", to=WRITER, number="w3"), WRITER)
    mine = message_id(writer.get(f"/mail/{inbox}").text, "Bricks")
    into = writer.post("/mail/act", {"op": "move", "move": plans, "ids": mine}, headers={"Accept": "application/json"}).json()
    assert "Plans" in into["message"] and found(server, "Plans", "SUBJECT", "Bricks", address=OWNER) == 1
    orders = box_id(home, "Orders")
    back = message_id(writer.get(f"/mail/{plans}").text, "Bricks")
    writer.post("/mail/act", {"op": "move", "move": orders, "ids": back})
    public = writer.get(f"/mail/{orders}").text
    assert "Public, x.test" in public
    told = writer.post("/mail/act", {"op": "trash", "ids": message_id(public, "Bricks")}, headers={"Accept": "application/json"}).json()
    assert "Bricks" not in writer.get(f"/mail/{orders}").text
    writer.post("/mail/undo", {"undo": told["undo"]})
    assert "Bricks" in writer.get(f"/mail/{orders}").text, "a public mailbox has no Trash: what was removed comes back by undo"


def test_what_others_share_is_searched_too_and_nothing_else_of_theirs(server: RoostServer) -> None:
    put(server, "Plans", letter("Cedar fence", to=OWNER, number="s1", text="cedarwood"), OWNER)
    put(server, "INBOX", letter("Cedar bill", to=OWNER, number="s2", text="cedarwood"), OWNER)
    put(server, "INBOX", letter("Cedar order", to=OTHER, number="s3", text="cedarwood"), OTHER)
    give(server, "Plans", OTHER, "lr")
    other, home = visit(server, OTHER)
    plans = box_id(home, "Plans")
    every = other.get("/mail/search?q=cedarwood").text
    assert "Cedar order" in every and "Plans · Ada Vale" in every and "Cedar bill" not in every
    assert "All that match in your own mailboxes" in every
    assert other.get(f"/mail/{plans}/{message_id(every, 'Cedar fence')}?q=cedarwood").status_code == 200
    counted = other.get("/mail/search/count?q=cedarwood").text
    assert counted.startswith('<data value="2">2 ')
    mine = other.get("/mail/search?q=cedarwood+in:inbox").text
    assert "Cedar order" in mine and "Cedar fence" not in mine
    theirs = other.get('/mail/search?q=cedarwood+in:"u1@x.test/plans"').text
    assert "Cedar fence" in theirs and "Cedar order" not in theirs and "There is no mailbox" not in theirs
    assert "u1@x.test/Plans" in other.get("/mail/search/hints?q=in:pla").text
    give(server, "Plans", OTHER, "")
    assert "Cedar fence" not in other.get("/mail/search?q=cedarwood").text


def test_who_may_create_makes_a_mailbox_inside_a_shared_one(server: RoostServer) -> None:
    give(server, "Plans", WRITER, "lrswitek")
    give(server, "Plans", READER, "lr")
    writer, home = visit(server, WRITER)
    reader, _home = visit(server, READER)
    plans = box_id(home, "Plans")
    assert "Plans · Ada Vale" in writer.get("/mail/mailboxes").text and "Plans · Ada Vale" not in reader.get("/mail/mailboxes").text
    assert writer.post("/mail/mailboxes", {"op": "create", "parent": plans, "name": "Garden"}).status_code == 200
    assert box_id(writer.get("/mail").text, "Garden")
    assert "Garden" in signed_in(server, OWNER).get("/mail/mailboxes").text, "it is its owner's"
    refused = reader.post("/mail/mailboxes", {"op": "create", "parent": plans, "name": "Mine"})
    assert refused.status_code == 422 and "no right to create" in refused.text


def test_a_reply_to_a_shared_message_marks_it_where_one_may(server: RoostServer) -> None:
    put(server, "Plans", letter("Tiles", to=OWNER, number="r1"), OWNER)
    give(server, "Plans", WRITER, "lrswite")
    server.run("settings", "set", "web.undo_seconds", "0")
    writer, home = visit(server, WRITER)
    number = message_id(writer.get(f"/mail/{box_id(home, 'Plans')}").text, "Tiles")
    form = writer.get(f"/compose/reply/{number}?how=reply").text
    draft = re.search(r'action="/compose/([^"/]+)/send"', form)
    assert draft
    sent = writer.post(f"/compose/{draft[1]}/send", {"from": WRITER, "to": OTHER, "subject": "Re: Tiles", "body": "Yes", "format": "text", "op": "send"}, headers={"Accept": "application/json"})
    assert sent.status_code == 200, sent.text
    assert found(server, "Plans", "ANSWERED", "SUBJECT", "Tiles", address=OWNER) == 1


@pytest.mark.browser
def test_all_inboxes_are_one_list_that_lives(browser: Any, server: RoostServer) -> None:
    from playwright.sync_api import expect

    me, boss = "u6@x.test", "u5@x.test"
    with imap_of(server, boss) as imap:
        assert imap.setacl("INBOX", me, "lrswite")[0] == "OK"
    put(server, "INBOX", letter("Mine", to=me, number="i1"), me, flags="")
    put(server, "INBOX", letter("Theirs", to=boss, number="i2"), boss, flags="")
    page, troubles = opened(browser, server, me)
    page.locator("#nav a", has_text="All inboxes").click()
    page.wait_for_url("**/mail/inboxes")
    expect(page.locator("#rows .row")).to_have_count(2)
    expect(row(page, "Theirs").locator(".chip")).to_have_text(boss)
    link = page.locator("#nav a", has_text="All inboxes")
    expect(link.locator(".num")).to_have_text("2")
    page.mouse.move(1200, 600)
    send(server, letter("News", to=boss, number="i3"), boss)
    expect(link.locator(".num")).to_have_text("3")
    page.mouse.click(1200, 600)
    expect(page.locator("#rows .row", has_text="News").or_(page.locator("#fresh:not([hidden])"))).to_be_visible()
    row(page, "Theirs").locator(".row-sub > a").click()
    expect(page.locator("#reader h1")).to_have_text("Theirs")
    page.wait_for_url("**list=inboxes*")
    expect(link.locator(".num")).to_have_text("2")
    page.reload()
    expect(page.locator("#list-title")).to_have_text("All inboxes")
    page.keyboard.press("#")
    expect(row(page, "Theirs")).to_have_count(0)
    eventually(lambda: found(server, "Trash", "SUBJECT", "Theirs", address=boss))
    assert found(server, "Trash", "SUBJECT", "Theirs", address=boss) == 1
    with imap_of(server, boss) as imap:
        imap.create("Fresh")
        assert imap.setacl("Fresh", me, "lr")[0] == "OK"
    expect(page.locator("#nav a", has_text="Fresh")).to_be_visible()
    assert troubles == []


@pytest.mark.browser
def test_axe_has_nothing_to_say_about_sharing(browser: Any, server: RoostServer) -> None:
    from tests.web.axe import violations

    give(server, "Plans", OTHER, "lr")
    for who, scheme in ((OWNER, "light"), (OTHER, "dark")):
        page, troubles = opened(browser, server, who, color_scheme=scheme)
        plans = page.locator("#nav a", has_text="Plans").first.get_attribute("href")
        for path in (plans, f"{plans}/share" if who == OWNER else "/mail/mailboxes"):
            page.goto(path)
            assert violations(page) == [], path
        assert troubles == []
