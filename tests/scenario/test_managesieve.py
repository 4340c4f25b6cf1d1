"""ManageSieve against a whole server: the wire as a client sees it, mail that a stored script files, and Debian's sieve-connect."""

import base64
import json
import re
import shutil
import smtplib
import socket
import ssl
import subprocess
from collections.abc import Iterator
from imaplib import IMAP4
from pathlib import Path

import pytest

from mailcore.sieve.grammar import EXTENSIONS
from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually

SECONDS = 20
SCRIPT = 'require ["fileinto", "mailbox"];\r\nif header :contains "subject" "crates" { fileinto :create "Crates"; }\r\n'


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(
        listeners=("smtp", "imap", "sieve"), people=4, settings={"sieve.max_scripts": "3", "sieve.max_script_bytes": "4096", "sieve.max_redirects": "2"}
    )
    yield one
    one.remove()


class Client:
    """One ManageSieve connection; `say` gives the answer up to OK, NO or BYE."""

    def __init__(self, server: RoostServer, person: str = "") -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.ports["sieve"]), SECONDS)
        self.file = self.socket.makefile("rb")
        self.greeting = self.answer()
        if person:
            assert self.sign_in(person).startswith("OK")

    def answer(self) -> str:
        """Lines and literals, until a line that begins with OK, NO or BYE."""
        found = b""
        while True:
            line = self.file.readline()
            assert line, f"cut off after {found!r}"
            found += line
            literal = re.search(rb"\{(\d+)\}\r\n\Z", line)
            if literal:
                found += self.file.read(int(literal[1]))
            elif re.match(rb"(OK|NO|BYE)\b", line):
                return found.decode()

    def say(self, text: str) -> str:
        self.socket.sendall(text.encode() + b"\r\n")
        return self.answer()

    def sign_in(self, person: str, password: str = PASSWORD) -> str:
        token = base64.b64encode(f"\0{person}\0{password}".encode()).decode()
        return self.say(f'AUTHENTICATE "PLAIN" "{token}"')

    def put(self, name: str, script: str) -> str:
        return self.say(f'PUTSCRIPT "{name}" {{{len(script.encode())}+}}\r\n{script}')

    def start_tls(self) -> str:
        assert self.say("STARTTLS").startswith("OK")
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        self.socket = context.wrap_socket(self.socket)
        self.file = self.socket.makefile("rb")
        return self.answer()

    def is_closed(self) -> bool:
        return self.file.read() == b""


def test_the_greeting_lists_what_the_engine_knows(server: RoostServer) -> None:
    lines = Client(server).greeting.splitlines()
    assert f'"SIEVE" "{" ".join(EXTENSIONS)}"' in lines and '"STARTTLS"' in lines and '"VERSION" "1.0"' in lines and '"MAXREDIRECTS" "2"' in lines
    assert lines[-1].startswith("OK")


def test_a_script_is_stored_listed_renamed_read_and_removed(server: RoostServer) -> None:
    client = Client(server, "u1@x.test")
    assert client.put("one", SCRIPT).startswith("OK")
    assert client.say('RENAMESCRIPT "one" "two"').startswith("OK")
    assert client.say('SETACTIVE "two"').startswith("OK")
    assert client.say("LISTSCRIPTS").startswith('"two" ACTIVE\r\nOK')
    assert client.say('GETSCRIPT "two"').startswith(f"{{{len(SCRIPT)}}}\r\n{SCRIPT}\r\nOK")
    assert client.say('DELETESCRIPT "two"').startswith("NO (ACTIVE)")
    assert client.say('SETACTIVE ""').startswith("OK") and client.say('DELETESCRIPT "two"').startswith("OK")
    assert client.say('GETSCRIPT "two"').startswith("NO (NONEXISTENT)")


def test_a_script_that_is_no_sieve_is_refused_with_its_line(server: RoostServer) -> None:
    client = Client(server, "u1@x.test")
    assert client.put("bad", "keep;\r\nnonsense;\r\n").startswith('NO "Line 2:')
    assert client.say("CHECKSCRIPT {5+}\r\nkeep;").startswith("OK")
    assert client.say("CHECKSCRIPT {4+}\r\nkeep").startswith('NO "Line 1:')
    assert "bad" not in client.say("LISTSCRIPTS")


def test_there_is_room_for_as_many_and_as_long_scripts_as_the_settings_say(server: RoostServer) -> None:
    client = Client(server, "u2@x.test")
    assert client.say('HAVESPACE "a" 4096').startswith("OK") and client.say('HAVESPACE "a" 4097').startswith("NO (QUOTA/MAXSIZE)")
    assert client.put("long", "keep;" + " " * 4096).startswith("NO (QUOTA/MAXSIZE)")
    assert all(client.put(name, "keep;").startswith("OK") for name in "abc")
    assert client.put("d", "keep;").startswith("NO (QUOTA/MAXSCRIPTS)") and client.say('HAVESPACE "d" 1').startswith("NO (QUOTA/MAXSCRIPTS)")
    assert client.put("a", "stop;").startswith("OK") and client.say('RENAMESCRIPT "a" "b"').startswith("NO (ALREADYEXISTS)")


def test_a_literal_past_every_limit_is_swallowed_and_refused(server: RoostServer) -> None:
    client = Client(server, "u1@x.test")
    assert client.put("huge", "#" * (1024 * 1024 + 1)).startswith("NO (QUOTA/MAXSIZE)")
    assert client.say("NOOP").startswith("OK")


def test_a_literal_that_waits_ends_the_connection(server: RoostServer) -> None:
    client = Client(server, "u1@x.test")
    assert client.say('PUTSCRIPT "x" {7}').startswith("BYE") and client.is_closed()


def test_nothing_of_scripts_before_signing_in_and_after_unauthenticate(server: RoostServer) -> None:
    client = Client(server)
    assert client.say("LISTSCRIPTS").startswith("NO") and client.sign_in("u1@x.test").startswith("OK")
    assert '"OWNER" "u1@x.test"' in client.say("CAPABILITY")
    assert client.say("UNAUTHENTICATE").startswith("OK") and client.say("LISTSCRIPTS").startswith("NO")
    assert client.say('NOOP "tag"').startswith('OK (TAG "tag")') and client.say("LOGOUT").startswith("OK") and client.is_closed()


def test_a_wrong_password_is_refused(server: RoostServer) -> None:
    client = Client(server)
    assert client.sign_in("u3@x.test", "wrong").startswith("NO") and client.say("LISTSCRIPTS").startswith("NO")


def test_login_asks_twice(server: RoostServer) -> None:
    client = Client(server)
    client.socket.sendall(b'AUTHENTICATE "LOGIN"\r\n')
    assert client.file.readline().startswith(b'"')
    client.socket.sendall(b'"' + base64.b64encode(b"u1@x.test") + b'"\r\n')
    assert client.file.readline().startswith(b'"')
    secret = base64.b64encode(PASSWORD.encode()).decode()
    assert client.say(f"{{{len(secret)}+}}\r\n{secret}").startswith("OK")


def test_what_is_sent_behind_starttls_is_thrown_away(server: RoostServer) -> None:
    client = Client(server)
    client.socket.sendall(b'STARTTLS\r\nNOOP "smuggled"\r\n')
    assert client.answer().startswith("OK")
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    client.socket = context.wrap_socket(client.socket)
    client.file = client.socket.makefile("rb")
    assert '"STARTTLS"' not in client.answer()
    assert client.say('NOOP "mine"').startswith('OK (TAG "mine")')


def test_mail_goes_where_the_active_script_says(server: RoostServer) -> None:
    client = Client(server, "u3@x.test")
    assert client.put("filter", SCRIPT).startswith("OK") and client.say('SETACTIVE "filter"').startswith("OK")
    assert "Crates" in json.loads(server.run("rule", "list", "u3@x.test", "--json"))["script"], "the admin sees what runs after the rules"
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=SECONDS) as smtp:
        smtp.sendmail("ann@out.test", ["u3@x.test"], "From: ann@out.test\r\nTo: u3@x.test\r\nSubject: Two crates\r\n\r\nHello\r\n")
    with IMAP4("127.0.0.1", server.ports["imap"], timeout=SECONDS) as imap:
        imap.login("u3@x.test", PASSWORD)
        eventually(lambda: imap.select("Crates")[1] == [b"1"])


def test_a_script_redirects_only_to_an_address_that_has_said_yes(server: RoostServer) -> None:
    client = Client(server, "u4@x.test")
    assert client.put("away", 'redirect "me@elsewhere.test";\r\n').startswith("OK") and client.say('SETACTIVE "away"').startswith("OK")
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=SECONDS) as smtp:
        smtp.sendmail("ann@out.test", ["u4@x.test"], "From: ann@out.test\r\nTo: u4@x.test\r\nSubject: Kept here\r\n\r\nHello\r\n")
    with IMAP4("127.0.0.1", server.ports["imap"], timeout=SECONDS) as imap:
        imap.login("u4@x.test", PASSWORD)
        eventually(lambda: imap.select("INBOX") and imap.search(None, "SUBJECT", '"Kept here"')[1][0])
    assert "me@elsewhere.test" not in server.run("queue", "list", "--json"), "nobody there was asked"
    client.say('SETACTIVE ""')
    client.say('DELETESCRIPT "away"')


def test_a_script_that_stumbles_keeps_the_mail_and_tells_its_owner_once(server: RoostServer) -> None:
    client = Client(server, "u1@x.test")
    client.say('SETACTIVE ""')
    names = [line.split('"')[1] for line in client.say("LISTSCRIPTS").splitlines() if line.startswith('"')]
    for name in names:
        client.say(f'DELETESCRIPT "{name}"')
    wide = "".join(f'redirect "u{n}@x.test";\r\n' for n in (2, 3, 4))  # sieve.max_redirects is two here
    assert client.put("wide", wide).startswith("OK") and client.say('SETACTIVE "wide"').startswith("OK")

    def inbox(subject: str) -> int:
        with IMAP4("127.0.0.1", server.ports["imap"], timeout=SECONDS) as imap:
            imap.login("u1@x.test", PASSWORD)
            imap.select("INBOX", readonly=True)
            return len(imap.search(None, "SUBJECT", f'"{subject}"')[1][0].split())

    for number in (1, 2):
        with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=SECONDS) as smtp:
            smtp.sendmail("ann@out.test", ["u1@x.test"], f"From: ann@out.test\r\nTo: u1@x.test\r\nSubject: Too wide {number}\r\n\r\nHello\r\n")
        eventually(lambda: inbox(f"Too wide {number}"))
    assert inbox("Your filters stumbled") == 1
    client.say('SETACTIVE ""')


def test_sieve_connect_uploads_lists_and_downloads(server: RoostServer, tmp_path: Path) -> None:
    if shutil.which("sieve-connect") is None:
        pytest.skip("sieve-connect is not installed")
    (tmp_path / "mine.sieve").write_text("keep;\n")
    (tmp_path / "bad.sieve").write_text("nonsense;\n")

    def connect(*words: str) -> str:
        command = ["sieve-connect", "--server", "127.0.0.1", "--port", str(server.ports["sieve"]), "--user", "u4@x.test", "--notlsverify", "--passwordfd", "0", *words]
        done = subprocess.run(command, input=PASSWORD + "\n", capture_output=True, text=True, timeout=SECONDS, check=False, cwd=tmp_path)
        return done.stdout + done.stderr

    connect("--localsieve", "mine.sieve", "--remotesieve", "mine", "--upload")
    connect("--remotesieve", "mine", "--activate")
    assert re.search(r'"mine"\s+ACTIVE', connect("--list"))
    assert "there is no command nonsense" in connect("--localsieve", "bad.sieve", "--remotesieve", "bad", "--upload")
    connect("--remotesieve", "mine", "--localsieve", "back.sieve", "--download")
    assert (tmp_path / "back.sieve").read_text().strip() == "keep;"
