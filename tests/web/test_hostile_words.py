"""Hostile words in everything that a page repeats: each is put into the store itself, past every form that might refuse it, and every page is opened.

What arrives by the wire, stands in files that are imported, or was let in by an older version meets the same templates.
"""

import contextlib
import json
import re
import smtplib
import sqlite3
from typing import Any

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from tests.scenario.server import PASSWORD, RoostServer  # noqa: E402
from tests.web.gallery.test_gallery import needs_parts  # noqa: E402
from tests.web.test_every_page import STARTS, server, walked  # noqa: E402, F401
from tests.web.test_hostile_mail import WORDS  # noqa: E402
from tests.web.test_links import share  # noqa: E402
from tests.web.test_settings import new_app_password  # noqa: E402
from tests.web.visitor import Browser, signed_in  # noqa: E402

pytestmark = [pytest.mark.browser, needs_parts]

BAIT = """ '"></title></textarea></script><img src=x: onerror=ran('W')><svg onload=ran('W')>{{7*7}}\u202e"""
"""Leaves every place where words stand: an attribute of either quote, a title, a field, a script."""
PLACES = {
    "accounts": ("display_name",), "app_passwords": ("name", "used_from"), "answer_templates": ("name", "subject"), "audit": ("actor", "ip", "target"), "bans": ("reason",), "contacts": ("name",),
    "emails": ("subject", "from_name", "preview"), "file_links": ("name",), "ip_ranges": ("name",), "labels": ("name",), "lists": ("name",), "member_groups": ("name",), "queue_items": ("subject",),
    "queue_recipients": ("detail", "remote"), "routes": ("note",), "saved_searches": ("name", "query"), "sender_rules": ("note",), "sessions": ("agent", "ip"), "sign_ins": ("login", "agent", "ip"), "signatures": ("name",),
    "traces": ("subject", "msgid", "ip"), "mailboxes": ("name",),
}  # fmt: skip
"""Tables and their columns of words that somebody else may have chosen."""
CALENDAR = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nMETHOD:REQUEST\r\nBEGIN:VEVENT\r\nUID:{0}\r\nSUMMARY:{0}\r\nLOCATION:{0} https://x.test/{0}\r\nDESCRIPTION:{0}<details open ontoggle=ran('C')>\r\nORGANIZER;CN=\"{1}\":mailto:{1}@out.test\r\nATTENDEE;CN={1};RSVP=TRUE:mailto:admin@x.test\r\nATTENDEE:javascript:ran('C')\r\nURL:javascript:ran('C')\r\nDTSTART:20261203T100000Z\r\nDTEND:20261203T110000Z\r\nSTATUS:{0}\r\nRRULE:FREQ={1}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"


def fill(one: RoostServer) -> Browser:
    """A row in each of the tables, by the ways that people have."""
    boss = signed_in(one, "admin@x.test")
    new_app_password(boss, "imap")
    for path, form in (
        ("/settings/display", {"theme": "auto", "density": "comfortable", "undo_seconds": "0", "conversations": "1", "warnings": "1"}), ("/settings/templates", {"op": "save", "id": "0", "name": "Thanks", "text": "Thank you.", "html": "", "subject": "Yes"}), ("/settings/signatures", {"op": "signature", "id": "0", "name": "Short", "text": "Ann"}),
        ("/mail/mailboxes", {"op": "create", "name": "Plans"}), ("/mail/act", {"ids": "1", "op": "label", "label": "garden", "next": "/"}),
        ("/contacts/import", {"op": "take", "text": f"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:{BAIT}\r\nN:{BAIT};;;;\r\nEMAIL:bait@out.test\r\nTEL:{BAIT}\r\nNOTE:{BAIT}\r\nORG:{BAIT}\r\nURL:javascript:ran('V')\r\nPHOTO:javascript:ran('V')\r\nEND:VCARD\r\n"}),
    ):  # fmt: skip
        boss.get("/settings/profile")
        assert boss.post(path, form).status_code == 200, path
    boss.get("/mail/search?q=plan")
    assert boss.post("/mail/searches", {"op": "keep", "name": "Plans", "q": "plan"}).status_code == 200
    share(signed_in(one, "u1@x.test"), "plan.html", b"the plan")
    one.run("ban", "add", "192.0.2.7")
    one.run("sender", "block", "bad@out.test", "--note", "spam")
    with smtplib.SMTP("127.0.0.1", one.ports["smtp"]) as client:
        head = "From: Ann <ann@out.test>\r\nTo: admin@x.test\r\nSubject: Meeting\r\nMIME-Version: 1.0\r\nContent-Type: text/calendar; charset=utf-8; method=REQUEST\r\n\r\n"
        client.sendmail("ann@out.test", ["admin@x.test"], (head + CALENDAR.format(BAIT.replace(",", ""), "<img src=x: onerror=ran>")).encode(), mail_options=["BODY=8BITMIME"])
    draft = re.search(r'data-draft="([^"]+)"', boss.get("/compose").text)
    assert draft and boss.post(f"/compose/{draft[1]}/send", {"from": "admin@x.test", "to": "far@out.test", "subject": "Waiting", "body": "x", "format": "text", "revision": "0", "op": "send"}).status_code == 200
    stranger = Browser(one)
    stranger.session.headers["User-Agent"] = BAIT.encode("ascii", "ignore").decode().strip()
    stranger.sign_in("<img src=x: onerror=ran()>@x.test", "wrong")
    return boss


def poison(one: RoostServer) -> None:
    """The bait behind what stands in each of the places."""
    with contextlib.closing(sqlite3.connect(one.folder / "data" / "roost.db", timeout=20)) as base, base:
        for table, columns in PLACES.items():
            where = " WHERE role IS NULL OR role = ''" if table == "mailboxes" else ""
            changed = base.execute(f"UPDATE {table} SET {', '.join(f'{c} = {c} || ? || rowid' for c in columns)}{where}", [BAIT] * len(columns)).rowcount
            assert changed > 0, f"nothing stands in {table}"
        base.execute("UPDATE audit SET old = ?, new = ?", [json.dumps({BAIT: BAIT})] * 2)
        for number, data in base.execute("SELECT rowid, data FROM trace_events").fetchall():
            told = {key: value + BAIT if isinstance(value, str) else value for key, value in json.loads(data).items()}
            base.execute("UPDATE trace_events SET data = ? WHERE rowid = ?", (json.dumps(told), number))


def test_no_words_of_others_are_more_than_words_on_any_page(browser: Any, server: RoostServer) -> None:  # noqa: F811
    boss = fill(server)
    letters = sorted(set(re.findall(r'href="(/mail/\d+/\d+)"', boss.get("/mail").text)))
    assert len(letters) > 1, "the letter and the invitation"
    poison(server)
    context = browser.new_context(base_url=f"http://127.0.0.1:{server.ports['http']}", reduced_motion="reduce")
    wrong: list[str] = []
    context.expose_function("ran", lambda number="?": wrong.append(f"ran {number}"))
    page = context.new_page()
    page.on("dialog", lambda one: (wrong.append("dialog"), one.dismiss()))
    page.on("response", lambda one: wrong.append(f"{one.status} {one.url}") if one.status >= 500 else None)
    page.goto("/sign-in")
    page.fill("input[name=address]", "admin@x.test")
    page.fill("input[type=password]", PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_selector("#nav", state="attached")
    seen, repeats, found = set(), set(), []
    for endpoint, path in walked(page, [*STARTS, *letters]):
        seen.add(endpoint)
        found += [f"{path}: {one}" for one in (*wrong, *page.evaluate(WORDS), *page.evaluate("[...document.querySelectorAll('a[href], form[action], img[src]')].flatMap((e) => [e.href, e.action, e.src]).filter((u) => /^(javascript|data:text)/i.test(u))"))]
        wrong.clear()
        if "onerror=ran(" in page.inner_text("body") or page.evaluate("document.body.innerHTML").count("onerror=ran("):
            repeats.add(endpoint)
    context.close()
    assert found == []
    assert len(seen) > 70 and len(repeats) > 65, f"the bait stands in {sorted(repeats)}"
