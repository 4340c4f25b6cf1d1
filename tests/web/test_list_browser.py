"""The list and the reader in a real browser, as a person uses them: conversations, many at once, later, found, live."""

from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.lasting import lasting  # noqa: E402
from tests.scenario.server import RoostServer  # noqa: E402
from tests.scenario.waiting import eventually  # noqa: E402
from tests.web.browser import row, signed_in  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.mail import ME, found, imap_of, letter, put, send  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]
expect = playwright.expect


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=10))


def test_a_conversation_is_one_row_and_opens_with_ones_own_reply_in_place(browser: Any, server: RoostServer) -> None:
    put(server, "INBOX", letter("Plums", number="p1", text="How many?"))
    put(server, "Sent", letter("Re: Plums", sender=f"Me <{ME}>", to="ann@out.test", number="p2", answers="p1", text="Nine."))
    send(server, letter("Re: Plums", number="p3", answers="p2", text="Good.\r\n\r\n> Nine.\r\n> > How many?\r\n"))
    send(server, letter("Pears", number="q1"))
    page, troubles = signed_in(browser, server, ME)
    expect(row(page, "Plums")).to_have_count(1)
    expect(row(page, "Plums").locator(".row-n")).to_have_text("3")
    expect(row(page, "Plums").locator(".row-who")).to_have_text("Ann, me")
    row(page, "Plums").locator(".row-sub > a").click()
    expect(page.locator("#reader .msg")).to_have_count(3)
    expect(page.locator("#reader .msg h2").nth(1)).to_have_text("You")
    body = page.frame_locator("#reader .msg:not(.msg-folded) iframe")
    expect(body.locator("body")).to_contain_text("Good.")
    expect(body.locator("details.quoted blockquote").first).not_to_be_visible()
    body.locator("summary").click()
    expect(body.locator("details.quoted blockquote").first).to_be_visible()
    page.locator("#reader .msg-folded a.msg-open").nth(1).click()
    expect(page.locator("#reader .msg-folded")).to_have_count(1)
    page.locator("#reader [data-fold]").first.click()
    expect(page.locator("#reader .msg.is-shut")).to_have_count(1)
    page.keyboard.press("e")
    expect(row(page, "Plums")).to_have_count(0)
    page.wait_for_selector("#toasts:has-text('2 messages')")
    assert found(server, "Archive", "SUBJECT", "Plums") == 2 and found(server, "Sent", "SUBJECT", "Plums") == 1, "one's own reply stays in Sent"
    page.keyboard.press("z")
    expect(row(page, "Plums")).to_have_count(1)
    expect(page.locator("#toasts")).to_contain_text("Taken back")
    assert found(server, "INBOX", "SUBJECT", "Plums") == 2
    assert troubles == []


def test_a_reply_takes_the_place_of_its_conversation_and_flags_of_elsewhere_show(browser: Any, server: RoostServer) -> None:
    address = "u2@x.test"
    put(server, "INBOX", letter("Figs", to=address, number="f1"), address)
    put(server, "INBOX", letter("Dates", to=address, number="d1"), address, flags="")
    page, troubles = signed_in(browser, server, address)
    expect(row(page, "Dates")).to_have_class("row row-unread")
    page.mouse.move(1200, 600)
    page.evaluate("document.activeElement.blur()")
    send(server, letter("Re: Figs", to=address, number="f2", answers="f1"), address)
    expect(row(page, "Figs").locator(".row-n")).to_have_text("2")
    expect(row(page, "Figs")).to_have_count(1)
    with imap_of(server, address) as imap:
        imap.select("INBOX")
        for number in imap.search(None, "SUBJECT", "Dates")[1][0].split():
            imap.store(number, "+FLAGS", "\\Seen")
    expect(row(page, "Dates")).to_have_class("row")
    assert troubles == []


def test_the_address_follows_a_message_whose_row_changed_while_it_was_on_its_way(browser: Any, server: RoostServer) -> None:
    """The row's link was drawn anew under the request, whose answer then left the list's address where it was."""
    me = "u10@x.test"
    put(server, "INBOX", letter("Changes", to=me), me)
    page, troubles = signed_in(browser, server, me)
    expect(row(page, "Changes")).to_be_visible()
    held: list[Any] = []
    page.route("**/mail/*/*", lambda route: held.append(route) if route.request.resource_type == "xhr" else route.continue_())
    row(page, "Changes").locator(".row-sub > a").click()
    eventually(lambda: page.evaluate("1") and held)
    with page.expect_response(lambda answer: "since=" in answer.url) as fresh, imap_of(server, me) as imap:
        imap.select("INBOX")
        imap.store(imap.search(None, "SUBJECT", "Changes")[1][0].decode(), "+FLAGS", "\\Flagged")
    assert "star" in fresh.value.text()
    page.evaluate("new Promise((done) => setTimeout(done))")
    held[0].continue_()
    expect(page.locator("#reader #subject")).to_have_text("Changes")
    eventually(lambda: page.url.rpartition("/")[2] == row(page, "Changes").get_attribute("data-id"))
    page.context.close()
    assert troubles == []


def test_a_person_may_have_every_message_by_itself(browser: Any, server: RoostServer) -> None:
    address = "u2@x.test"
    page, _troubles = signed_in(browser, server, address)
    page.goto("/settings/display")
    page.uncheck("#conversations")
    page.click("main button[type=submit]:has-text('Save')")
    page.goto("/")
    expect(row(page, "Figs")).to_have_count(2)
    row(page, "Figs").first.locator(".row-sub > a").click()
    expect(page.locator("#reader .msg")).to_have_count(1)


def test_all_that_match_are_moved_in_the_background_and_brought_back(browser: Any, server: RoostServer) -> None:
    address = "u3@x.test"
    with imap_of(server, address) as imap:
        for number in range(70):
            imap.append("INBOX", "\\Seen", None, letter(f"Report {number:02}", to=address))
        imap.append("INBOX", "\\Seen", None, letter("Other", to=address))
    page, troubles = signed_in(browser, server, address)
    row(page, "Report 69").locator(".row-pick").click()
    page.check("#list input[name=scope]")
    page.keyboard.press("e")
    expect(page.locator("h1")).to_have_text("71 messages done", timeout=20_000)
    assert found(server, "Archive", "ALL", address=address) == 71
    page.click("main button:has-text('Undo')")
    expect(page.locator("h1")).to_have_text("71 messages done", timeout=20_000)
    assert found(server, "INBOX", "ALL", address=address) == 71
    page.goto("/mail/search?q=subject:report")
    row(page, "Report 69").locator(".row-pick").click()
    page.check("#list input[name=scope]")
    page.click("#list .bulk button[value=trash]")
    expect(page.locator("h1")).to_have_text("70 messages done", timeout=20_000)
    assert found(server, "INBOX", "ALL", address=address) == 1 and found(server, "Trash", "ALL", address=address) == 70
    assert troubles == []


def test_snoozed_mail_leaves_the_list_and_comes_back_unread_at_the_top(browser: Any, server: RoostServer) -> None:
    address = "u4@x.test"
    for subject in ("Old bill", "Newer"):
        put(server, "INBOX", letter(subject, to=address), address)
    page, _troubles = signed_in(browser, server, address)
    row(page, "Old bill").locator(".row-pick").click()
    page.click("#list .bulk .menu summary[aria-label*='More for']")
    page.click("#list .bulk button:has-text('Tomorrow morning')")
    expect(page.locator("#toasts")).to_contain_text("Moved to Snoozed")
    expect(row(page, "Old bill")).to_have_count(0)
    assert found(server, "Snoozed", "KEYWORD", "$Snoozed", address=address) == 1
    with page.context.new_page() as other:
        other.goto(page.url.partition("/mail")[0] + "/")
        other.click("#nav a:has-text('Snoozed')")
        expect(row(other, "Old bill").locator(".row-labels")).to_contain_text("snoozed until")
        expect(row(other, "Old bill").locator(".row-labels")).to_contain_text("08:00")
    page.click("#toasts button:has-text('Undo')")
    expect(row(page, "Old bill")).to_have_count(1)
    assert found(server, "INBOX", "KEYWORD", "$Snoozed", address=address) == 0
    german, _same = signed_in(browser, server, address, locale="de")
    expect(german.locator("#nav")).to_contain_text("Zurückgestellt")
    soon = page.evaluate("new Date(Date.now() + 4000).toISOString().slice(0, 19)")
    row(page, "Old bill").locator(".row-sub > a").click()
    page.wait_for_selector("#reader[data-id]")
    page.evaluate("soon => document.querySelector('#reader button[name=snooze]').value = soon", soon)
    page.click("#reader summary[aria-label='Snooze']")
    page.click("#reader button[name=snooze] >> nth=0")
    expect(row(page, "Old bill")).to_have_count(0)
    page.mouse.move(1200, 600)
    expect(page.locator("#rows .row").first).to_contain_text("Old bill", timeout=20_000)
    expect(page.locator("#rows .row").first).to_have_class("row row-unread")


def test_pinned_stands_on_top_and_a_muted_conversation_stays_out_of_the_inbox(browser: Any, server: RoostServer) -> None:
    address = "u5@x.test"
    for number, subject in enumerate(("Noise", "Important", "Latest")):
        put(server, "INBOX", letter(subject, to=address, number=f"n{number}"), address)
    page, _troubles = signed_in(browser, server, address)
    row(page, "Important").locator(".row-sub > a").click()
    page.wait_for_selector("#reader[data-id]")
    page.click("#reader summary[aria-label='More for this message']")
    page.click("#reader button:has-text('Pin to the top')")
    expect(page.locator("#rows .row").first).to_contain_text("Important")
    expect(page.locator("#rows .row")).to_have_count(3)
    page.locator("#rows .row", has_text="Noise").locator(".row-sub > a").focus()
    page.keyboard.press("m")
    expect(page.locator("#toasts")).to_contain_text("Muted")
    send(server, letter("Re: Noise", to=address, answers="n0"), address)
    eventually(lambda: found(server, "Archive", "SEEN", "SUBJECT", "Noise", address=address) == 1)
    assert found(server, "INBOX", "SUBJECT", "Noise", address=address) == 1


def test_a_search_is_kept_and_the_palette_finds_it_and_what_one_can_do(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, "u5@x.test")
    page.fill("#search", "subject:important")
    page.press("#search", "Enter")
    page.click(".keep summary")
    page.fill(".keep input[name=name]", "Weighty")
    page.press(".keep input[name=name]", "Enter")
    page.wait_for_selector("#nav a:has-text('Weighty')")
    page.goto("/")
    page.keyboard.press("Control+k")
    page.keyboard.type("weig")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mail/search?q=subject*")
    expect(page.locator("#rows .row")).to_have_count(1)
    page.keyboard.press("Control+k")
    page.keyboard.type("drafts")
    page.keyboard.press("Enter")
    expect(page.locator("#list-title")).to_have_text("Drafts")
    page.keyboard.press("Control+k")
    page.keyboard.type("from:nobody at all")
    page.keyboard.press("Enter")
    page.wait_for_url("**/mail/search?q=from*")
    assert troubles == []


def test_the_tab_counts_offline_says_so_and_a_mail_link_opens_a_message(browser: Any, server: RoostServer) -> None:
    address = "u6@x.test"
    page, troubles = signed_in(browser, server, address)
    send(server, letter("One", to=address), address)
    playwright.expect(page).to_have_title("(1) Inbox · Roost")
    row(page, "One").locator(".row-sub > a").click()
    playwright.expect(page).to_have_title("One · Roost")
    page.goto("/mailto?url=mailto%3Abob%40far.test%3Fsubject%3DHello%2520there")
    expect(page.locator("input[name=subject]")).to_have_value("Hello there")
    page.evaluate("navigator.serviceWorker.ready.then(() => true)")
    kept = page.evaluate("caches.keys().then((names) => Promise.all(names.map((n) => caches.open(n).then((c) => c.keys())))).then((all) => all.flat().map((r) => new URL(r.url).pathname))")
    assert kept and not [path for path in kept if path.startswith("/mail")]
    page.goto("/")
    page.context.set_offline(True)
    page.goto("/mail/search?q=x")
    expect(page.locator("h1")).to_have_text("The mail server is out of reach")
    page.context.set_offline(False)
    assert [t for t in troubles if "ERR_INTERNET_DISCONNECTED" not in t and "Failed to fetch" not in t] == []


def test_the_list_is_as_wide_as_one_drags_it_by_pointer_and_keys_and_stays_so(browser: Any, server: RoostServer) -> None:
    page, troubles = signed_in(browser, server, "u5@x.test")
    page.set_viewport_size({"width": 1400, "height": 800})

    def width() -> int:
        return round(page.locator("#list").bounding_box()["width"])

    divider = page.locator("#divider")
    at = divider.bounding_box()
    before = width()
    page.mouse.move(at["x"] + 5, 400)
    page.mouse.down()
    page.mouse.move(at["x"] + 125, 400, steps=4)
    page.mouse.up()
    wide = width()
    assert abs(wide - before - 120) <= 10
    expect(divider).to_have_attribute("aria-valuenow", str(wide))
    page.reload()
    assert width() == wide
    divider.focus()
    page.keyboard.press("ArrowLeft")
    assert width() == wide - 20
    page.keyboard.press("Home")
    assert width() == 280
    page.keyboard.press("Enter")
    assert width() == before
    assert troubles == []


def test_with_the_list_alone_a_message_opens_over_the_full_width_and_back_leads_to_the_list(browser: Any, server: RoostServer) -> None:
    put(server, "INBOX", letter("Wide one", to="u5@x.test"), "u5@x.test")
    page, troubles = signed_in(browser, server, "u5@x.test")
    page.set_viewport_size({"width": 1400, "height": 800})
    page.click("#list .list-head .menu summary")
    page.click("#list button[name=layout]")
    expect(page.locator("#reader")).to_be_hidden()
    row(page, "Wide one").locator(".row-sub > a").click()
    expect(page.locator("#subject")).to_have_text("Wide one")
    expect(page.locator("#list")).to_be_hidden()
    assert page.locator("#reader").bounding_box()["width"] > 1100
    page.keyboard.press("u")
    expect(page.locator("#list")).to_be_visible()
    page.click("#list .list-head .menu summary")
    page.click("#list button[name=layout]")
    expect(page.locator("#reader")).to_be_visible()
    assert troubles == []


@pytest.mark.parametrize("language", ["en", "ar"])
def test_messages_are_dragged_onto_a_mailbox_and_a_mailbox_into_another(browser: Any, server: RoostServer, language: str) -> None:
    address = "u6@x.test"
    with imap_of(server, address) as imap:
        for name in (f"Outer-{language}", f"Inner-{language}"):
            imap.create(name)
        for number in (1, 2, 3, 4):
            imap.append("INBOX", "\\Seen", None, letter(f"Drag {language} {number}", to=address, number=f"{language}{number}"))
    page, troubles = signed_in(browser, server, address)
    page.goto("/settings/profile")
    page.select_option("select[name=language]", language)
    page.click("main button[type=submit]")
    page.goto("/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl" if language == "ar" else "ltr")
    for number in (1, 2):
        row(page, f"Drag {language} {number}").locator(".row-pick").click()
    row(page, f"Drag {language} 2").drag_to(page.locator("#nav a", has_text=f"Outer-{language}"))
    expect(row(page, f"Drag {language}")).to_have_count(2)
    eventually(lambda: found(server, f"Outer-{language}", "ALL", address=address) == 2)
    row(page, f"Drag {language} 3").drag_to(page.locator("#nav a", has_text=f"Outer-{language}"))
    eventually(lambda: found(server, f"Outer-{language}", "ALL", address=address) == 3)
    with page.expect_navigation():
        page.locator("#nav a", has_text=f"Inner-{language}").drag_to(page.locator("#nav a", has_text=f"Outer-{language}"))
    with imap_of(server, address) as imap:
        assert f"Outer-{language}/Inner-{language}" in str(imap.list())
    page.goto("/mail/mailboxes")
    line = page.locator(f"tr:has(.row-link:text-is('Inner-{language}'))")
    line.locator("summary").click()
    line.locator("select[name=parent]").select_option("")
    line.locator("button[value=into]").click()
    with imap_of(server, address) as imap:
        assert f"Outer-{language}/Inner-{language}" not in str(imap.list()), "the menu does what the pointer does"
    page.goto("/settings/profile")
    page.select_option("select[name=language]", "en")
    page.click("main button[type=submit]")
    assert troubles == []


def test_with_the_oldest_first_new_mail_stands_under_all_others(browser: Any, server: RoostServer) -> None:
    address = "u9@x.test"
    for subject in ("First", "Second"):
        put(server, "INBOX", letter(subject, to=address), address)
    page, troubles = signed_in(browser, server, address)
    page.get_by_label("More for this list").click()
    page.get_by_role("link", name="Oldest first").click()
    expect(page.locator("#rows .row-sub")).to_have_text(["First", "Second"])
    send(server, letter("Third", to=address), address)
    expect(page.locator("#rows .row-sub")).to_have_text(["First", "Second", "Unread: Third"])
    assert page.locator("#rows .day, #rows .row").last.locator(".row-sub").inner_text().endswith("Third")
    assert troubles == []


def test_all_of_a_mailbox_is_marked_read_by_one_choice_and_taken_back(browser: Any, server: RoostServer) -> None:
    address = "u9@x.test"
    for subject in ("Unread one", "Unread two"):
        put(server, "INBOX", letter(subject, to=address), address, flags="")
    before = found(server, "INBOX", "UNSEEN", address=address)
    assert before >= 2
    page, troubles = signed_in(browser, server, address)
    page.get_by_label("More for this list").click()
    page.get_by_role("button", name="Mark all as read").click()
    eventually(lambda: found(server, "INBOX", "UNSEEN", address=address) == 0)
    expect(page.locator("#rows .row-unread")).to_have_count(0)
    page.locator(".toast button", has_text="Undo").click()
    eventually(lambda: found(server, "INBOX", "UNSEEN", address=address) == before)
    assert troubles == []


def test_an_empty_list_fills_and_empties_without_the_page_loading_anew(browser: Any, server: RoostServer) -> None:
    person = "u7@x.test"
    page, troubles = signed_in(browser, server, person)
    expect(page.locator("#list .picture h2")).to_have_text("Nothing here")
    page.evaluate("document.body.dataset.kept = 'yes'")
    send(server, letter("First", to=person), person)
    expect(row(page, "First")).to_be_visible()
    row(page, "First").locator(".row-sub > a").focus()
    page.keyboard.press("e")
    expect(page.locator("#list .picture h2")).to_have_text("Nothing here")
    page.locator(".toast button").click()
    expect(row(page, "First")).to_be_visible()
    page.locator("#list .list-head summary").click()
    page.locator("[data-density][value=compact]").click()
    expect(page.locator("body.compact")).to_be_attached()
    expect(row(page, "First").locator(".row-pre")).to_be_hidden()
    assert page.evaluate("document.body.dataset.kept") == "yes", "it is the same page"
    page.reload()  # at once: the choice is on its way, and arrives
    eventually(lambda: page.reload() and page.locator("body.compact [data-density][value=compact][aria-pressed=true]").count())
    assert troubles == []


def test_a_message_with_its_own_colours_is_turned_in_the_dark_and_shown_as_sent_when_asked(browser: Any, server: RoostServer) -> None:
    address = "u2@x.test"
    data = letter("Coloured", to=address, more="Content-Type: text/html", text='<table bgcolor="#ffffff"><tr><td style="color:#000000">Ink</td></tr></table>')
    put(server, "INBOX", data, address)
    page, troubles = signed_in(browser, server, address)
    row(page, "Coloured").locator(".row-sub > a").click()
    expect(page.locator("#reader iframe")).to_be_visible()
    expect(page.locator(".as-sent")).to_be_hidden()
    page.emulate_media(color_scheme="dark")
    inside = page.frame_locator("#reader iframe").locator("body")
    assert "invert" in inside.evaluate("body => getComputedStyle(body).filter")
    page.click(".as-sent")
    expect(page.locator(".as-sent")).to_have_attribute("aria-pressed", "true")
    expect(inside).to_contain_text("Ink")
    assert inside.evaluate("body => getComputedStyle(body).filter") == "none"
    assert troubles == []


def texts_asked_for(page: Any) -> int:
    """How many texts the page has loaded. (Playwright's own waiting needs eval, which the page's policy refuses.)"""
    return int(page.evaluate("performance.getEntriesByType('resource').filter((one) => one.name.includes('/mail/body/')).length"))


def test_the_next_message_is_there_before_its_key_and_unread_until_it_is_shown(browser: Any, server: RoostServer) -> None:
    me = "u8@x.test"
    for name in ("Third", "Second", "First"):
        put(server, "INBOX", letter(name, to=me, text=f"Text of {name}"), address=me, flags="")
    page, troubles = signed_in(browser, server, me)
    asked: list[str] = []
    page.on("request", lambda request: asked.append(("ahead " if "x-ahead" in request.headers else "") + request.resource_type))
    with page.expect_response(lambda answer: "x-ahead" in answer.request.headers):
        row(page, "First").click()
    expect(page.frame_locator("#reader iframe").locator("body")).to_contain_text("Text of First")
    eventually(lambda: texts_asked_for(page) >= 2)
    assert found(server, "INBOX", "UNSEEN", address=me) == 2
    expect(page.locator("iframe")).to_have_count(1)
    asked.clear()
    page.keyboard.press("j")
    expect(page.locator("#reader #subject")).to_have_text("Second")
    assert "ahead xhr" not in asked and "xhr" not in asked
    expect(page.frame_locator("#reader iframe").locator("body")).to_contain_text("Text of Second")
    expect(row(page, "Second")).to_have_class("row row-open")
    assert page.url.endswith(row(page, "Second").locator(".row-sub > a").get_attribute("href") or "?")
    eventually(lambda: found(server, "INBOX", "UNSEEN", address=me) == 1)
    # What changed elsewhere in the meantime is on the page that opens.
    eventually(lambda: texts_asked_for(page) >= 3)
    with imap_of(server, me) as imap:
        imap.select("INBOX")
        number = imap.search(None, "SUBJECT", "Third")[1][0].decode()
        ahead: list[Any] = []
        page.on("response", lambda answer: ahead.append(answer) if "x-ahead" in answer.request.headers else None)
        imap.store(number, "+FLAGS", "\\Flagged")
        eventually(lambda: page.evaluate("1") and any('value="unstar"' in answer.text() for answer in ahead))  # asking the page lets its answers come in
    page.keyboard.press("j")
    expect(page.locator("#reader #subject")).to_have_text("Third")
    expect(page.locator("#reader .tools .star")).to_have_attribute("aria-pressed", "true")
    page.go_back()
    expect(page.locator("#reader #subject")).to_have_text("Second")
    assert not troubles
    page.context.close()


@pytest.mark.parametrize(("language", "width"), [("en", 1280), ("de", 1280), ("de", 390), ("ar", 1024)])
def test_the_bar_of_ticked_messages_stays_one_line_and_its_menu_stands_where_it_can_be_used(browser: Any, server: RoostServer, language: str, width: int) -> None:
    """With one button more the last went into a line of its own, and its menu opened behind the mailboxes."""
    page, _troubles = signed_in(browser, server, "u1@x.test", locale=language, viewport={"width": width, "height": 844})
    for number in range(12):
        send(server, f"From: ann@out.test\r\nSubject: Ticked {number}\r\n\r\nx\r\n".encode())
    page.goto("/")
    expect(page.locator("#rows .row").nth(11)).to_be_visible()
    page.evaluate("for (const one of [...document.querySelectorAll('#rows input[name=ids]')].slice(0, 12)) one.click()")
    bar = page.locator("#list .bulk")
    assert len({round(one.bounding_box()["y"]) for one in bar.locator(":scope > .icon-btn, :scope > .menu > summary").all() if one.is_visible()}) == 1
    assert bar.locator(".chosen").evaluate("(one) => one.scrollWidth <= one.clientWidth"), "and says how many in full"
    bar.locator("summary").last.click()
    page.locator("#list .bulk button[name=snooze]").first.click(trial=True)
