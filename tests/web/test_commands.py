"""Commands beside the panel's pages: the queue in bulk, the timeline by day, the audit, sessions, bans as hMailServer made them."""

import contextlib
import json
import re
import smtplib
import sqlite3
from datetime import UTC, datetime

import pytest

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser

server = lasting(lambda: RoostServer(listeners=("smtp", "submission", "http"), people=2, workers=1))


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    browser = Browser(server)
    browser.sign_in("admin@x.test")
    return browser


def told(server: RoostServer, *words: str) -> list[dict[str, object]]:
    return list(json.loads(server.run(*words, "--json")))


def test_the_queue_is_changed_in_bulk_by_words_or_numbers(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=20) as client:
        client.login("u1@x.test", PASSWORD)
        for name in ("a@north.test", "b@north.test", "c@south.test"):
            client.sendmail("u1@x.test", [name], f"From: u1@x.test\r\nTo: {name}\r\nSubject: To {name}\r\n\r\nx\r\n")
    server.run("queue", "hold", "--matching", "north.test")
    held = told(server, "queue", "list", "--state", "held")
    assert sorted(row["subject"] for row in held) == ["To a@north.test", "To b@north.test"]
    assert [row["subject"] for row in told(server, "queue", "list", "--contains", "south")] == ["To c@south.test"]
    assert "Give numbers" in server.run("queue", "remove", "--json", is_checked=False)
    server.run("queue", "remove", *(str(row["id"]) for row in held))
    server.run("queue", "bounce", "--all")
    eventually(lambda: not told(server, "queue", "list"))
    assert {"queue:hold", "queue:delete", "queue:bounce"} <= {row["name"] for row in told(server, "audit", "list", "--contains", "queue")}


def test_what_left_the_queue_meanwhile_stops_nothing_of_what_is_ticked(server: RoostServer, admin: Browser) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=20) as client:
        client.login("u1@x.test", PASSWORD)
        for name in ("a@east.test", "b@east.test"):
            client.sendmail("u1@x.test", [name], f"From: u1@x.test\r\nTo: {name}\r\nSubject: To {name}\r\n\r\nx\r\n")
    ids = [str(row["id"]) for row in told(server, "queue", "list", "--contains", "east.test")]
    admin.get("/admin/queue")
    server.run("queue", "remove", ids[0])
    seen = admin.session.post(admin.base + "/admin/queue", data=[("csrf_token", admin.token), ("op", "hold"), *(("ids", one) for one in ids)], timeout=20).text
    assert "Done with one message · One message had left already" in seen
    assert [row["state"] for row in told(server, "queue", "list", "--contains", "east.test")] == ["held"]
    server.run("queue", "remove", ids[1])
    assert "One message had left already" in admin.post("/admin/queue", {"op": "hold", "ids": ids[1]}).text


def test_a_message_that_came_back_and_its_report_lead_to_each_other(server: RoostServer, admin: Browser) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=20) as client:
        client.login("u1@x.test", PASSWORD)
        client.sendmail("u1@x.test", ["a@west.test"], "From: u1@x.test\r\nTo: a@west.test\r\nSubject: Lost\r\n\r\nx\r\n")
    server.run("queue", "bounce", "--all")
    eventually(lambda: not told(server, "queue", "list"))

    def linked(page: str, words: str) -> str:
        found = re.search(rf'href="(/admin/messages/[^"]+)">{words}<', page)
        assert found is not None, page
        return found[1]

    here = linked(admin.get("/admin/messages?q=west.test").text, "Lost")
    there = linked(admin.get(here).text, "See the report")
    page = admin.get(there).text
    assert "A report about another message" in page and "Delivered to u1@x.test" in page and linked(page, "See that message") == here


def test_the_timeline_is_found_by_day(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        client.sendmail("ann@out.test", ["u2@x.test"], "From: ann@out.test\r\nSubject: Today\r\n\r\nx\r\n")
    today = datetime.now(UTC).date()
    assert "ann@out.test" in {row["sender"] for row in told(server, "trace", "--day", today.isoformat())}
    assert told(server, "trace", "--day", "2020-01-01") == []


def test_the_audit_is_listed_and_a_change_of_it_is_seen(server: RoostServer) -> None:
    server.run("settings", "set", "smtp.max_errors", "30")
    row = told(server, "audit", "list", "--contains", "smtp.max_errors")[0]
    assert row["actor"] == "command line" and "30" in str(row["new"])
    assert json.loads(server.run("audit", "check", "--json"))["whole"] is True
    with contextlib.closing(sqlite3.connect(server.folder / "data" / "roost.db", isolation_level=None)) as thief:
        for actor in ("nobody", "command line"):
            thief.execute("UPDATE audit SET actor = ? WHERE id = ?", (actor, row["id"]))
            found = json.loads(server.run("audit", "check", "--json", is_checked=False))
            assert found["first_broken"] == (row["id"] if actor == "nobody" else None)


def test_a_browser_is_signed_out_by_command(server: RoostServer) -> None:
    person = Browser(server)
    person.sign_in("u2@x.test")
    (mine,) = told(server, "session", "list", "u2@x.test")
    assert mine["account"] == "u2@x.test" and person.get("/settings/profile").status_code == 200
    server.run("session", "end", str(mine["id"]))
    assert 'autocomplete="current-password"' in person.get("/settings/profile").text and told(server, "session", "list", "u2@x.test") == []
    assert "No session has the number 999" in server.run("session", "end", "999", "--json", is_checked=False)


def test_programs_without_tls_are_listed(server: RoostServer) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["submission"], timeout=20) as client:
        client.login("u1@x.test", PASSWORD)
    assert ("u1@x.test", "smtp") in {(row["account"], str(row["protocol"])[:4]) for row in told(server, "session", "without-tls")}


@pytest.mark.parametrize("by", ["panel", "command"])
def test_bans_as_hmailserver_made_them_come_by_one_button(server: RoostServer, admin: Browser, by: str) -> None:
    server.run("settings", "set", "signin.max_failures", "10")
    if by == "panel":
        assert "Ban as hMailServer does" in admin.get("/admin/bans").text
        admin.post("/admin/bans", {"op": "preset"})
    else:
        server.run("ban", "hmailserver")
    seen = [json.loads(server.run("settings", "get", name, "--json"))["value"] for name in ("signin.max_failures", "signin.window", "signin.ban")]
    assert [str(value) for value in seen] in (["3", "1800", "3600"], ["3", "30m", "1h"])
