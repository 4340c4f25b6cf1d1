"""The lines of POLICY on places and time, clause by clause: zones, clocks, certificates, and what set-up finds out by itself."""

import contextlib
import imaplib
import json
import re
import smtplib
import socket
import sqlite3
import struct
import threading
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from mailcore.config.environment import Config
from mailcore.directory import verbs
from mailcore.queue import diagnose
from mailcore.runtime.runtime import open_runtime
from mailcore.store import scripts
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.test_certificates import pair
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser, signed_in

EAST, WEST = "Pacific/Kiritimati", "Pacific/Pago_Pago"
"""Twenty-five hours apart: it is never the same day in both."""


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
        eventually(lambda a=address, t=is_there: "Which day" in subjects(server, a, '"Today there"' if t else "INBOX"))  # type: ignore[misc]


def test_an_auto_reply_begins_with_the_day_of_the_accounts_zone(server: RoostServer) -> None:
    today = datetime.now(ZoneInfo(EAST)).date().isoformat()
    for address in PEOPLE:
        server.run("account", "away", address, "--text", "Away.", "--subject", f"Away: {address}", "--from", today)
    server.settle()
    for address in PEOPLE:
        send(server, address, f"Are you there {address}")
    eventually(lambda: {s for s in subjects(server, "u4@x.test") if s.startswith("Away")} == {f"Away: {a}" for a, is_there in PEOPLE.items() if is_there})
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
    eventually(lambda: numbers.extend(values(server, MESSAGE, address, "Put off")) or numbers)
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


@contextlib.contextmanager
def clock_off_by(seconds: float) -> Iterator[int]:
    """A time server whose clock is off; its port."""
    door = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    door.bind(("127.0.0.1", 0))

    def serve() -> None:
        with contextlib.suppress(OSError):
            while True:
                asked, peer = door.recvfrom(512)
                now = time.time() + seconds + 2_208_988_800
                stamp = struct.pack("!II", int(now), int(now % 1 * 2**32))
                door.sendto(bytes((0x24, 2)) + bytes(22) + asked[40:48] + stamp + stamp, peer)

    threading.Thread(target=serve, daemon=True).start()
    yield door.getsockname()[1]
    door.close()


@pytest.mark.parametrize(("off", "words"), [(95.0, "95 seconds behind"), (-3600.0, "3600 seconds ahead of"), (2.0, "")])
def test_doctor_compares_the_clock_with_its_peers(server: RoostServer, off: float, words: str) -> None:
    with clock_off_by(off) as port:
        server.run("settings", "set", "server.time_peers", f"127.0.0.1:{port} 127.0.0.1:1")
        said = server.run("doctor", is_checked=False)
    assert (words in said) if words else ("The clock" not in said)


# Set-up: what the wizard finds out by itself

PUBLIC = "203.0.113.5"


@contextlib.contextmanager
def fresh(*, is_open: bool, **environ: str) -> Iterator[tuple[RoostServer, Browser, LocalDns]]:
    """A server nobody has set up, before an Internet whose well-known servers answer or not; and a browser with the link."""
    sink = Sink(Behaviour(ehlo=(f"at your service, [10.0.0.9] seen as [{PUBLIC}]", "8BITMIME")))
    dns = LocalDns([(host, "A", "127.0.0.1") for host in diagnose.WELL_KNOWN])
    one = RoostServer(listeners=("smtp", "imap", "http"), workers=1, is_set_up=False, dns=dns.where, **environ)
    try:
        one.run("settings", "set", "outgoing.port", str(sink.port) if is_open else "1")
        browser = Browser(one)
        eventually(lambda: browser.get(f"/setup?token={(one.folder / 'data' / 'setup-token').read_text().strip()}").url.endswith("/setup/welcome"))
        one.settle()
        yield one, browser, dns
    finally:
        one.remove()
        sink.stop()
        dns.stop()


def finished(browser: Browser) -> str:
    done = browser.post("/setup/admin", {"address": "ann", "password": PASSWORD, "password_again": PASSWORD, "zone": "Asia/Tokyo"})
    assert done.url.endswith("/setup/done"), done.url
    return done.text


def test_the_wizard_finds_the_public_address_and_an_open_port_25() -> None:
    with fresh(is_open=True) as (server, browser, _dns):
        page = browser.post("/setup/welcome", {"reach": "internet"}).text
        assert "3 of three well-known servers answered" in page and f"They see this server at {PUBLIC}" in page and "A router stands in between" in page
        assert browser.post("/setup/domain", {"domain": "home.test", "host_name": "mail.home.test"}).url.endswith("/setup/admin")
        done = finished(browser)
        assert f"<code>mail.home.test  A  {PUBLIC}</code>" in done, "the record of the server's own name"
        assert done.count("._domainkey.home.test") >= 2, "keys were made with the domain"
        assert server.run("settings", "get", "server.address").strip() == PUBLIC
        assert json.loads(server.run("account", "show", "ann@home.test", "--json"))["time_zone"] == "Asia/Tokyo"
        server.run("domain", "add", "another.test")
        browser.get("/admin/domains/new")
        browser.post("/admin/domains/new", {"name": "third.test"})
        for name in ("another.test", "third.test"):
            assert f"._domainkey.{name}" in server.run("dns", "check", name), "and with every later one"


def test_a_blocked_port_25_leads_to_the_relay_which_is_tried(tmp_path: Path) -> None:
    pair(tmp_path, "relay", "127.0.0.1")
    relay = Sink(Behaviour(password="let me out"), (str(tmp_path / "relay.pem"), str(tmp_path / "relay.key")))
    with fresh(is_open=False) as (server, browser, _dns):
        assert "None of three well-known servers answered on port 25" in browser.post("/setup/welcome", {"reach": "internet"}).text
        page = browser.post("/setup/domain", {"domain": "home.test", "host_name": "mail.home.test"})
        assert page.url.endswith("/setup/relay") and "Port 25 is closed from here" in page.text and "Go on without a relay" in page.text
        typed = {"relay_host": "127.0.0.1", "relay_port": str(relay.port), "relay_user": "us"}
        wrong = browser.post("/setup/relay", {**typed, "relay_password": "wrong"})
        assert wrong.status_code == 422 and "It does not send for us" in wrong.text and "Keep it untested" in wrong.text
        assert browser.post("/setup/relay", {**typed, "relay_password": "let me out"}).url.endswith("/setup/admin")
        finished(browser)
        assert [server.run("settings", "get", name).strip() for name in ("server.mode", "relay.host", "relay.user")] == ["relay", "127.0.0.1", "us"]
        assert relay.taken == [], "the try sends nothing"
    relay.stop()


def test_who_goes_on_without_a_relay_sends_directly() -> None:
    with fresh(is_open=False) as (server, browser, _dns):
        browser.post("/setup/welcome", {"reach": "internet"})
        browser.post("/setup/domain", {"domain": "home.test", "host_name": "mail.home.test"})
        assert browser.post("/setup/relay", {"op": "none"}).url.endswith("/setup/admin")
        finished(browser)
        assert server.run("settings", "get", "server.mode").strip() == "internet" and not server.run("settings", "get", "relay.host").strip()


def test_a_network_of_its_own_takes_names_nobody_registered_and_asks_no_dns() -> None:
    with fresh(is_open=False) as (server, browser, dns):
        browser.post("/setup/welcome", {"reach": "network"})
        dns.table.asked.clear()
        assert browser.post("/setup/domain", {"domain": "office.lan", "host_name": "server.office.lan"}).url.endswith("/setup/admin")
        assert "DNS records" not in finished(browser)
        home = browser.get("/admin/").text
        assert "office.lan" in home and "to fix" not in home
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"], local_hostname="printer", timeout=20, source_address=("127.0.0.9", 0)) as client:
            client.sendmail("scan@printer.lan", ["ann@office.lan"], "From: scan@printer.lan\r\nTo: ann@office.lan\r\nSubject: A scan\r\n\r\nx\r\n")
        eventually(lambda: subjects(server, "ann@office.lan") == ["A scan"])
        assert [name for name, _ in dns.table.asked if not name.endswith((".l.google.com", ".outlook.com", ".icloud.com")) and name] == []
