"""What an admin looks with: logs, real dialogues with another server, bans, a message to everybody; and the commands beside them."""

import contextlib
import imaplib
import json
import socket
import threading
from collections.abc import Iterator

import pytest

from mailcore.auth.login import network_of
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.sink import Behaviour, Sink
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser


@pytest.fixture(scope="module")
def sink() -> Iterator[Sink]:
    one = Sink(Behaviour(rcpt={"nobody@far.test": "550 5.1.1 No such user"}))
    yield one
    one.stop()


@pytest.fixture(scope="module")
def server(sink: Sink) -> Iterator[RoostServer]:
    dns = LocalDns([("far.test", "MX", "10 mx.far.test."), ("mx.far.test", "A", "127.0.0.1"), ("null.test", "MX", "0 .")])
    one = RoostServer(listeners=("smtp", "imap", "http"), people=3, dns=dns.where, settings={"outgoing.port": str(sink.port), "log.level": "info"}, ROOST_LOG="info")
    yield one
    one.remove()
    dns.stop()


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    browser = Browser(server)
    assert browser.sign_in("admin@x.test").status_code == 200
    return browser


def test_a_wrong_password_stands_in_the_log_and_the_password_does_not(server: RoostServer, admin: Browser) -> None:
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    with pytest.raises(imaplib.IMAP4.error):
        client.login("u1@x.test", "hunter2 hunter2")
    client.shutdown()
    page = admin.get("/admin/logs?level=warning&q=sign-in").text
    assert "sign-in failed" in page and "u1@x.test" in page and "hunter2" not in page
    assert "sign-in failed" not in admin.get("/admin/logs?level=error").text
    assert "No line matches" in admin.get("/admin/logs?q=no+such+words").text
    lines = json.loads(server.run("logs", "--contains", "sign-in", "--json"))
    assert lines and all("sign-in" in line for line in lines)
    day = lines[-1][:10]
    assert "sign-in failed" in admin.get(f"/admin/logs?day={day}&download=1").text
    assert admin.get("/admin/logs?day=../../secret.key").status_code == 404


def test_a_program_that_keeps_sending_an_old_password_is_named_to_its_owner_and_the_admin(server: RoostServer, admin: Browser) -> None:
    person = Browser(server)
    assert person.sign_in("u2@x.test").status_code == 200
    for tries in range(5):
        assert "keeps sending an old password" not in person.get("/settings/sign-in").text, tries
        with contextlib.closing(socket.create_connection(("127.0.0.1", server.ports["imap"]), timeout=60)) as one:
            one.recv(4096)
            one.sendall(b'a ID ("name" "Old Phone")\r\nb LOGIN u2@x.test "the password of last year"\r\n')
            while b"b NO" not in one.recv(4096):
                pass
    assert "Old Phone at 127.0.0.1 keeps sending an old password: 5 times" in person.get("/settings/sign-in").text
    page = admin.get("/admin").text
    assert "Old Phone at 127.0.0.1 keeps sending an old password" in page and "/admin/accounts/u2@x.test" in page
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=60) as client:
        client.login("u2@x.test", PASSWORD)
    assert "keeps sending" not in person.get("/settings/sign-in").text, "it has learned the new one"


def test_a_real_dialogue_is_shown_and_nothing_is_delivered(server: RoostServer, admin: Browser, sink: Sink) -> None:
    admin.get("/admin/diagnostics")
    page = admin.post("/admin/diagnostics", {"op": "dialogue", "address": "bob@far.test"}).text
    assert "It takes mail for this address." in page and "RCPT TO:&lt;bob@far.test&gt;" in page and "220 sink.test" in page
    page = admin.post("/admin/diagnostics", {"op": "dialogue", "address": "nobody@far.test"}).text
    assert "It refuses this address." in page and "No such user" in page
    assert sink.taken == []
    assert admin.post("/admin/diagnostics", {"op": "dialogue", "address": "no address"}).status_code == 422
    assert "null MX" in admin.post("/admin/diagnostics", {"op": "dialogue", "address": "a@null.test"}).text
    assert "mx.far.test" in admin.post("/admin/diagnostics", {"op": "mx", "domain": "far.test"}).text
    said = json.loads(server.run("diagnose", "bob@far.test", "--json"))
    assert said[-1]["good"] and any("RSET" in line for line in said[-1]["said"])


@pytest.mark.parametrize("injected", ["a@far.test\r\nDATA", "a@far.test>\r\nRCPT TO:<b@far.test", "\"x\r\n\"@far.test"])
def test_a_line_end_in_an_address_reaches_no_wire(admin: Browser, sink: Sink, injected: str) -> None:
    admin.get("/admin/diagnostics")
    before = len(sink.lines)
    for form in ({"op": "dialogue", "address": injected}, {"op": "dialogue", "address": "bob@far.test", "sender": injected}):
        admin.post("/admin/diagnostics", form)
    assert not any(line.startswith(("DATA", "RCPT TO:<b@")) for line in sink.lines[before:])


def test_a_ban_is_made_shown_and_lifted(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/bans")
    assert "192.0.2.7" in admin.post("/admin/bans", {"op": "ban", "address": "192.0.2.7", "hours": "3"}).text
    assert admin.post("/admin/bans", {"op": "ban", "address": "nowhere"}).status_code == 422
    assert [b["network"] for b in json.loads(server.run("ban", "list", "--json"))] == [network_of("192.0.2.7")]
    admin.get("/admin/bans")
    assert "Nobody is kept out" in admin.post("/admin/bans", {"op": "lift", "network": "192.0.2.7"}).text


def test_a_program_without_tls_is_named(server: RoostServer, admin: Browser) -> None:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login("u2@x.test", PASSWORD)
    page = admin.get("/admin/bans").text
    assert "u2@x.test" in page and "IMAP" in page


def test_an_announcement_reaches_who_fits_and_nobody_else(server: RoostServer, admin: Browser) -> None:
    admin.get("/admin/announcement")
    form = {"op": "send", "to": "u*@x.test", "sender": "admin@x.test", "name": "The admin", "subject": "Tonight", "text": "We move. Grüße\n"}
    assert admin.post("/admin/announcement", {**form, "sender": "eve@elsewhere.test"}).status_code == 422
    assert admin.post("/admin/announcement", {**form, "subject": "A\r\nBcc: x@y.test"}).status_code == 422
    assert admin.post("/admin/announcement", form).status_code == 200
    eventually(lambda: "3 people have it" in admin.get("/admin/announcement").text)

    def inbox(address: str) -> int:
        with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
            client.login(address, PASSWORD)
            client.select("INBOX", readonly=True)
            return len(client.search(None, "SUBJECT", "Tonight", "FROM", "admin@x.test")[1][0].split())

    assert [inbox(a) for a in ("u1@x.test", "u2@x.test", "u3@x.test", "admin@x.test")] == [1, 1, 1, 0]


@pytest.mark.parametrize("path", ["/admin/logs", "/admin/diagnostics", "/admin/bans", "/admin/announcement", "/admin/routes", "/admin/routes/new"])
def test_these_pages_are_for_admins(server: RoostServer, admin: Browser, path: str) -> None:
    person = Browser(server)
    person.sign_in("u1@x.test")
    assert admin.get(path).status_code == 200 and person.get(path).status_code == 403


def test_status_tells_processes_listeners_and_work_in_hand_and_renews_itself(server: RoostServer, admin: Browser) -> None:
    text = admin.get("/admin/status").text
    told = server.pids()
    assert told and all(f"<b>{name}</b>" in text and f">{pid}<" in text for name, pid in told.items())
    assert all(f":{port}" in text for port in server.ports.values())
    assert "SQLite" in text and 'hx-trigger="every 5s"' in text
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]), imaplib.IMAP4("127.0.0.1", server.ports["imap"]):
        eventually(lambda: json.loads(server.run("status", "--json"))["sessions"].get("imap") == 2)
        assert 'data-label="Open sessions">2<' in admin.get("/admin/status").text, "those of all worker processes together"
    eventually(lambda: "imap" not in json.loads(server.run("status", "--json"))["sessions"])
    block = admin.get("/admin/status", headers={"HX-Request": "true", "HX-Target": "results"}).text
    assert block.lstrip().startswith('<div id="results"') and "<html" not in block


def test_a_scanner_that_stops_answering_is_named_by_status_and_home(server: RoostServer, admin: Browser) -> None:
    scanner = socket.create_server(("127.0.0.1", 0))
    where = f"127.0.0.1:{scanner.getsockname()[1]}"

    def answer() -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = scanner.accept()
                connection.recv(100)
                connection.sendall(b"ClamAV 9.9.9/1\0")
                connection.close()

    threading.Thread(target=answer, daemon=True).start()
    server.run("settings", "set", "virus.clamd", where)
    server.run("settings", "set", "virus.scanner", "clamd")
    eventually(lambda: ("ClamAV", "well", "ClamAV 9.9.9/1") in seen(server))
    text = admin.get("/admin/status").text
    assert where in text and "ClamAV 9.9.9/1" in text and "ClamAV does not answer" not in admin.get("/admin").text
    scanner.shutdown(socket.SHUT_RDWR)
    scanner.close()
    server.run("settings", "set", "virus.command", "x")  # a change of whom to ask is a reason to look again
    eventually(lambda: ("ClamAV", "down", "") in seen(server))
    assert "does not answer" in admin.get("/admin/status").text and "ClamAV does not answer" in admin.get("/admin").text
    server.run("settings", "set", "virus.scanner", "off")
    eventually(lambda: not any(name == "ClamAV" for name, _, _ in seen(server)))


def seen(server: RoostServer) -> list[tuple[str, str, str]]:
    """What `./roost status` says of the programs that checks ask."""
    return [(one["name"], one["state"], one["version"]) for one in json.loads(server.run("status", "--json"))["health"]]
