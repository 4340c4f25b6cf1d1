"""Accounts elsewhere: brought by POP3 and IMAP from a real server (another Roost), once, into a chosen mailbox, through the rules."""

import contextlib
import imaplib
import json
import poplib
import smtplib
import socket
import sqlite3
import threading

import pytest

from mailcore.config.environment import Config
from mailcore.jobs import fetch
from mailcore.runtime.runtime import open_runtime
from mailcore.store import accounts, fetched
from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser

far = lasting(lambda: RoostServer(listeners=("smtp", "imap", "pop3"), people=2))


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "http"), people=4, settings={"outgoing.private": "on"}))


def send(server: RoostServer, to: str, subject: str, text: str = "Text") -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        client.sendmail("eve@y.test", [to], f"From: Eve <eve@y.test>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{text}\r\n.dots stay\r\n")


def subjects(server: RoostServer, address: str, mailbox: str = "INBOX") -> list[str]:
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"]) as client:
        client.login(address, PASSWORD)
        state, (count,) = client.select(mailbox, readonly=True)
        if state != "OK" or count in (None, b"0"):
            return []
        _, said = client.fetch("1:*", "(BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        return sorted(part[1].decode().partition(":")[2].strip() for part in said if isinstance(part, tuple))


def add(server: RoostServer, far: RoostServer, person: str, protocol: str, *more: str, user: str = "u1@x.test") -> int:
    said = server.run(
        "fetch", "add", person, "127.0.0.1", user, "--password-stdin", "--protocol", protocol, "--port", str(far.ports[protocol]), "--security", "none", *more, "--json", input=PASSWORD + "\n"
    )
    return int(json.loads(said)["id"])


@pytest.mark.parametrize("protocol", ["imap", "pop3"])
def test_mail_comes_once_and_later_mail_too(server: RoostServer, far: RoostServer, protocol: str) -> None:
    person, user = {"imap": ("u1@x.test", "u1@x.test"), "pop3": ("u2@x.test", "u2@x.test")}[protocol]
    send(far, user, "first", "x" * 5000)
    number = add(server, far, person, protocol, "--mailbox", "Archive", user=user)
    eventually(lambda: subjects(server, person, "Archive") == ["first"])
    send(far, user, "second")
    server.run("fetch", "now", person, str(number))
    eventually(lambda: subjects(server, person, "Archive") == ["first", "second"])
    assert subjects(server, person) == [] and subjects(far, user) == ["first", "second"], "left there, and not in the inbox here"
    (row,) = json.loads(server.run("fetch", "list", person, "--json"))
    assert (row["brought"], row["trouble"]) == (2, "")


def test_mail_that_is_not_to_stay_there_is_deleted_there_after_it_came(server: RoostServer, far: RoostServer) -> None:
    far.run("account", "add", "gone@x.test", "--password-stdin", input=PASSWORD + "\n")
    send(far, "gone@x.test", "moves")
    add(server, far, "u3@x.test", "pop3", "--keep-days", "0", user="gone@x.test")
    eventually(lambda: subjects(server, "u3@x.test") == ["moves"])

    eventually(lambda: is_empty(far, "gone@x.test"))


def test_an_admin_adds_an_account_elsewhere_for_somebody(server: RoostServer, far: RoostServer) -> None:
    far.run("account", "add", "theirs@x.test", "--password-stdin", input=PASSWORD + "\n")
    send(far, "theirs@x.test", "for u4")
    admin = Browser(server)
    admin.sign_in("admin@x.test")
    here = "/admin/accounts/u4@x.test/ways"
    admin.get(here)
    form = {"op": "add", "kind": "imap none", "host": "127.0.0.1", "port": str(far.ports["imap"]), "username": "theirs@x.test", "password": "wrong words here", "mailbox": "Archive", "keep": "-1", "every": "900"}
    refused = admin.post(here, form)
    assert refused.status_code == 422 and 'value="theirs@x.test"' in refused.text
    assert admin.post(here, {**form, "password": PASSWORD}).status_code == 200
    eventually(lambda: subjects(server, "u4@x.test", "Archive") == ["for u4"])
    assert "theirs@x.test" in admin.get(here).text


def is_empty(far: RoostServer, user: str) -> bool:
    client = poplib.POP3("127.0.0.1", far.ports["pop3"])
    try:
        client.user(user)
        client.pass_(PASSWORD)
        return client.stat()[0] == 0
    except poplib.error_proto:  # the mailbox is in use for a moment
        return False
    finally:
        client.close()


def test_mail_that_stays_for_some_days_is_deleted_there_after_them(server: RoostServer, far: RoostServer) -> None:
    far.run("account", "add", "days@x.test", "--password-stdin", input=PASSWORD + "\n")
    send(far, "days@x.test", "stays a while")
    number = add(server, far, "u4@x.test", "pop3", "--keep-days", "2", user="days@x.test")
    eventually(lambda: subjects(server, "u4@x.test") == ["stays a while"])
    send(far, "days@x.test", "and another")
    server.run("fetch", "now", "u4@x.test", str(number))
    eventually(lambda: len(subjects(server, "u4@x.test")) == 2)
    assert len(subjects(far, "days@x.test")) == 2
    with contextlib.closing(sqlite3.connect(server.folder / "data" / "roost.db", timeout=30, isolation_level=None)) as db:
        db.execute("UPDATE fetched_messages SET at = at - 3 * 86400000000 WHERE fetched_id = ?", (number,))  # three days pass
    server.run("fetch", "now", "u4@x.test", str(number))
    eventually(lambda: is_empty(far, "days@x.test"))
    assert len(subjects(server, "u4@x.test")) == 2, "here it is all the same"


def test_a_mailbox_that_another_program_reads_is_looked_at_again_soon(server: RoostServer, far: RoostServer) -> None:
    far.run("account", "add", "busy@x.test", "--password-stdin", input=PASSWORD + "\n")
    number = add(server, far, "u4@x.test", "pop3", user="busy@x.test")
    reading = poplib.POP3("127.0.0.1", far.ports["pop3"], timeout=20)
    eventually(lambda: reading.user("busy@x.test").startswith(b"+OK"))
    eventually(lambda: takes(reading))
    send(far, "busy@x.test", "meanwhile")
    server.run("fetch", "now", "u4@x.test", str(number))
    eventually(lambda: "Another program is reading the mailbox" in server.run("fetch", "list", "u4@x.test", "--json"))
    reading.quit()
    eventually(lambda: "meanwhile" in subjects(server, "u4@x.test"))
    assert "Another program" not in server.run("fetch", "list", "u4@x.test", "--json")


def test_two_looks_at_once_bring_a_message_once(server: RoostServer, far: RoostServer) -> None:
    """A look that was asked for while another was under way: both have seen the message, one brings it."""
    far.run("account", "add", "twice@x.test", "--password-stdin", input=PASSWORD + "\n")
    number = add(server, far, "u3@x.test", "imap", user="twice@x.test")
    with contextlib.closing(open_runtime(Config(data_dir=server.folder / "data", dns="none", hostname="mx.x.test"), name="test")) as runtime:
        one, mine = fetched.get(runtime.store.read(), number), accounts.account_by_address(runtime.store.read(), "u3@x.test")
        assert one is not None and mine is not None
        for _ in range(2):
            fetch.deliver(runtime, one, mine, "17.4", b"From: Eve <eve@y.test>\r\nSubject: seen by both\r\n\r\nx\r\n")
    assert subjects(server, "u3@x.test").count("seen by both") == 1


def takes(client: poplib.POP3) -> bool:
    """Whether the password is taken: not while the mailbox is in use."""
    try:
        return client.pass_(PASSWORD).startswith(b"+OK")
    except poplib.error_proto:
        client.user("busy@x.test")
        return False


def test_what_is_wrong_is_said_beside_the_field_and_nothing_typed_is_lost(server: RoostServer, far: RoostServer) -> None:
    browser = Browser(server)
    browser.sign_in("u3@x.test")
    browser.get("/settings/elsewhere")
    form = {"op": "add", "kind": "imap none", "host": "127.0.0.1", "port": str(far.ports["imap"]), "username": "u1@x.test", "password": "wrong one 1", "mailbox": "INBOX", "keep": "-1", "every": "900"}
    answer = browser.post("/settings/elsewhere", form)
    assert answer.status_code == 422 and "refused the user name or password" in answer.text and 'value="u1@x.test"' in answer.text
    assert "wrong one 1" not in answer.text
    answer = browser.post("/settings/elsewhere", {**form, "kind": "imap tls"})
    assert answer.status_code == 422 and "does not speak TLS" in answer.text
    answer = browser.post("/settings/elsewhere", {**form, "port": "1"})
    assert answer.status_code == 422 and "cannot be used" in answer.text
    answer = browser.post("/settings/elsewhere", {**form, "password": PASSWORD})
    assert answer.status_code == 200 and "It works." in answer.text and "u1@x.test · 127.0.0.1" in answer.text
    number = next(str(r["id"]) for r in json.loads(server.run("fetch", "list", "u3@x.test", "--json")) if r["user"] == "u1@x.test")
    other = Browser(server)
    other.sign_in("u2@x.test")
    other.get("/settings/elsewhere")
    assert other.post("/settings/elsewhere", {"op": "remove", "id": number}).status_code == 422, "somebody else's"
    browser.get("/settings/elsewhere")
    assert "u1@x.test · 127.0.0.1" not in browser.post("/settings/elsewhere", {"op": "remove", "id": number}).text


@pytest.mark.parametrize("host", ["127.0.0.1", "::1", "10.0.0.1", "169.254.169.254", "::ffff:10.0.0.1", "100.64.0.1"])
def test_a_private_address_is_refused_unless_an_admin_allows_it(far: RoostServer, host: str) -> None:
    said = far.run("fetch", "add", "u1@x.test", host, "u1", "--password-stdin", "--json", input="pass word 1\n", is_checked=False)
    assert "private network" in said and "An admin can allow that" in said


class Endless:
    """A POP3 server that never ends what it says."""

    def __init__(self, said: bytes) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port, self.said = self.socket.getsockname()[1], said
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            with connection:
                try:
                    connection.sendall(b"+OK\r\n")
                    for _ in range(3):
                        connection.recv(1000)
                        connection.sendall(b"+OK\r\n")
                    for _ in range(200):
                        connection.sendall(self.said)
                except OSError:
                    continue


@pytest.mark.parametrize("said", [b"x" * 100_000, b"1 1\r\n" * 1000, b"a b\r\n. \r\n" * 100])
def test_a_server_that_never_ends_is_left_with_words(server: RoostServer, said: bytes) -> None:
    hostile = Endless(said)
    answer = server.run("fetch", "add", "u1@x.test", "127.0.0.1", "u", "--password-stdin", "--protocol", "pop3", "--security", "none", "--port", str(hostile.port), "--json", input="pass word 1\n", is_checked=False)
    hostile.socket.close()
    assert "lines without end" in answer or "closed" in answer


class Stumbling:
    """An IMAP server that takes the sign-in and then answers one command as told; "" hangs up."""

    def __init__(self, at: str, answer: str) -> None:
        self.at, self.answer = at, answer
        self.door = socket.create_server(("127.0.0.1", 0))
        self.port = self.door.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                wire = self.door.accept()[0]
            except OSError:
                return
            with wire, wire.makefile("rwb", buffering=0) as file, contextlib.suppress(OSError):
                file.write(b"* OK [CAPABILITY IMAP4rev1] here\r\n")
                while line := file.readline().decode():
                    tag, _, rest = line.strip().partition(" ")
                    if self.at in rest:
                        if not self.answer:
                            break
                        file.write(f"{tag} {self.answer}\r\n".encode())
                    elif rest.startswith("SELECT"):
                        file.write(f"* 1 EXISTS\r\n* OK [UIDVALIDITY 1] here\r\n{tag} OK done\r\n".encode())
                    else:
                        file.write(f"* CAPABILITY IMAP4rev1\r\n{tag} OK done\r\n".encode())


@pytest.mark.parametrize(("at", "answer", "words"), [("SELECT", "NO [SERVERBUG] Internal error", "Internal error"), ("SEARCH", "NO too busy now", "too busy now"), ("SEARCH", "BAD what", "BAD"), ("SEARCH", "", "cannot be used")])
def test_a_server_that_stumbles_while_it_is_tried_is_told_in_words(server: RoostServer, at: str, answer: str, words: str) -> None:
    """Under load a server elsewhere says NO or hangs up after the sign-in: the person reads it and can try again."""
    one, before = Stumbling(at, answer), len(json.loads(server.run("fetch", "list", "u4@x.test", "--json")))
    try:
        browser = Browser(server)
        browser.sign_in("u4@x.test")
        browser.get("/settings/elsewhere")
        form = {"op": "add", "kind": "imap none", "host": "127.0.0.1", "port": str(one.port), "username": "ann", "password": "x", "mailbox": "INBOX", "keep": "-1", "every": "900"}
        said = browser.post("/settings/elsewhere", form)
        assert said.status_code == 422 and words in said.text and "127.0.0.1" in said.text
    finally:
        one.door.close()
    assert len(json.loads(server.run("fetch", "list", "u4@x.test", "--json"))) == before
