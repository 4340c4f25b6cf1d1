"""The lines of POLICY on places and time, clause by clause: zones, clocks, certificates, and what set-up finds out by itself."""

import contextlib
import imaplib
import json
import re
import smtplib
import sqlite3
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from mailcore.config.environment import Config
from mailcore.directory import verbs
from mailcore.runtime.runtime import open_runtime
from mailcore.store import scripts
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser, signed_in

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
"""Twenty-five hours apart: it is never the same day in both."""


def until(is_true: Callable[[], object], seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap", "http"), people=4, workers=1)
    one.run("account", "set", "u1@x.test", "--time-zone", EAST)
    one.run("account", "set", "u2@x.test", "--time-zone", WEST)
    one.run("domain", "add", "east.test")
    one.run("account", "add", "ann@east.test", "--password-stdin", input=PASSWORD + "\n")
    one.run("settings", "set", "server.time_zone", EAST, "--domain", "east.test")
    yield one
    one.remove()


def send(server: RoostServer, to: str, subject: str, sender: str = "u4@x.test") -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=20) as client:
        client.sendmail(sender, [to], f"From: {sender}\r\nTo: {to}\r\nSubject: {subject}\r\n\r\nText\r\n")


def subjects(server: RoostServer, address: str, box: str = "INBOX") -> list[str]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as imap:
        imap.login(address, PASSWORD)
        if imap.select(box, readonly=True)[0] != "OK" or not imap.search(None, "ALL")[1][0]:
            return []
        return [part[1].decode().partition(":")[2].strip() for part in imap.fetch("1:*", "BODY.PEEK[HEADER.FIELDS (SUBJECT)]")[1] if isinstance(part, tuple)]


def values(server: RoostServer, sql: str, *given: object) -> list[int]:
    with contextlib.closing(sqlite3.connect(f"file:{server.folder / 'data' / 'roost.db'}?mode=ro", uri=True)) as base:
        return [row[0] for row in base.execute(sql, given)]


MESSAGE = "SELECT m.id FROM messages m JOIN emails e ON e.id = m.email_id JOIN accounts a ON a.id = m.account_id WHERE a.address = ? AND e.subject = ?"
PEOPLE = {"u1@x.test": True, "u2@x.test": False, "ann@east.test": True}
"""Who lives where today is that of EAST; ann by her domain's default."""


def test_sieves_dates_are_of_the_accounts_zone_or_its_domains(server: RoostServer) -> None:
    today = datetime.now(ZoneInfo(EAST)).date().isoformat()
    with contextlib.closing(open_runtime(Config(data_dir=server.folder / "data", dns="none", hostname="mx.x.test"), name="test")) as runtime:
        now = runtime.clock.micros()
        text = f'require ["date", "fileinto", "mailbox"]; if currentdate :is "date" "{today}" {{ fileinto :create "Today there"; }}'
        for address in PEOPLE:
            one = verbs.find_account(runtime.store.read(), address).id
            runtime.store.write(lambda tx, a=one: (scripts.put(tx, a, "day", text, now), scripts.activate(tx, a, "day", now)))  # type: ignore[misc]
    for address, is_there in PEOPLE.items():
        send(server, address, "Which day")
        until(lambda a=address, t=is_there: "Which day" in subjects(server, a, '"Today there"' if t else "INBOX"))  # type: ignore[misc]


def test_an_auto_reply_begins_with_the_day_of_the_accounts_zone(server: RoostServer) -> None:
    today = datetime.now(ZoneInfo(EAST)).date().isoformat()
    for address in PEOPLE:
        server.run("account", "away", address, "--text", "Away.", "--subject", f"Away: {address}", "--from", today)
    time.sleep(1.2)
    for address in PEOPLE:
        send(server, address, f"Are you there {address}")
    until(lambda: {s for s in subjects(server, "u4@x.test") if s.startswith("Away")} == {f"Away: {a}" for a, is_there in PEOPLE.items() if is_there})
    trace = json.loads(server.run("trace", "Are you there u2@x.test", "--json"))[0]["trace_id"]
    assert "vacation" not in server.run("trace", trace, "--json")


@pytest.mark.parametrize(("address", "zone"), [("u1@x.test", EAST), ("u2@x.test", WEST), ("ann@east.test", EAST)])
def test_a_time_that_is_typed_is_the_wall_clocks_of_the_account(server: RoostServer, address: str, zone: str) -> None:
    """For what is snoozed and for what is sent later."""
    person = signed_in(server, address)
    wall = (datetime.now(ZoneInfo(zone)) + timedelta(days=9)).replace(hour=8, minute=0, second=0, microsecond=0)
    meant = int(wall.timestamp()) * 1_000_000
    typed = wall.strftime("%Y-%m-%dT%H:%M")
    draft = re.search(r'data-draft="([^"]+)"', person.get("/compose").text)[1]  # type: ignore[index]
    assert "08:00" in person.post(f"/compose/{draft}/send", {"to": "u4@x.test", "subject": "Later", "body": "x", "format": "text", "op": "schedule", "when": typed}).text
    send(server, address, "Put off")
    numbers: list[int] = []
    until(lambda: numbers.extend(values(server, MESSAGE, address, "Put off")) or numbers)
    number = numbers[0]
    person.get("/")
    person.post("/mail/act", {"ids": str(number), "op": "snooze", "snooze": typed})
    due = values(server, "SELECT next_at FROM jobs WHERE kind IN ('wake', 'send') AND state = 'waiting' AND account_id = (SELECT id FROM accounts WHERE address = ?)", address)
    assert due == [meant, meant]


def test_the_first_sign_in_keeps_the_browsers_zone_and_later_ones_do_not_change_it(server: RoostServer) -> None:
    def zone_after(sent: str) -> str:
        browser = Browser(server)
        browser.get("/sign-in")
        assert browser.post("/sign-in", {"address": "u3@x.test", "password": PASSWORD, "zone": sent}).status_code == 200
        return str(json.loads(server.run("account", "show", "u3@x.test", "--json"))["time_zone"])

    assert [zone_after(one) for one in ("Mars/Olympus", "", "Asia/Tokyo", "Europe/Rome")] == ["", "", "Asia/Tokyo", "Asia/Tokyo"]


def test_the_default_of_a_domain_is_set_in_the_panel_and_must_be_a_zone(server: RoostServer) -> None:
    server.run("domain", "add", "west.test")
    admin = signed_in(server, "admin@x.test")
    admin.get("/admin/domains/west.test?tab=limits")
    assert admin.post("/admin/domains/west.test?tab=limits", {"op": "limits", "time_zone": "Nowhere/Else"}).status_code == 422
    assert admin.post("/admin/domains/west.test?tab=limits", {"op": "limits", "time_zone": WEST}).status_code == 200
    assert server.run("settings", "get", "server.time_zone", "--domain", "west.test").strip() == WEST


def test_what_is_stored_is_utc(server: RoostServer) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=20) as imap:
        imap.login("u1@x.test", PASSWORD)
        imap.append("Archive", "", '"01-Jan-2027 09:00:00 +1400"', b"Subject: stored\r\n\r\nx\r\n")
    (stored,) = values(server, "SELECT m.internal_date FROM messages m JOIN emails e ON e.id = m.email_id WHERE e.subject = 'stored'")
    assert stored == int(datetime(2026, 12, 31, 19, tzinfo=UTC).timestamp()) * 1_000_000
