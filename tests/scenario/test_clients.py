"""Mail programs people use, against a whole server: mutt in its own terminal, and Debian's Roundcube over IMAP and submission."""

import contextlib
import imaplib
import os
import re
import shutil
import smtplib
import sqlite3
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer, free_ports
from tests.scenario.waiting import eventually

SECONDS = 20
ROUNDCUBE = Path("/usr/share/roundcube")
PUBLIC = Path("/var/lib/roundcube/public_html")


server = lasting(lambda: RoostServer(listeners=("smtp", "submission", "imap"), people=4))


def deliver(server: RoostServer, to: str, subject: str, text: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=SECONDS) as client:
        client.sendmail("ann@out.test", [to], f"From: Ann <ann@out.test>\r\nTo: {to}\r\nSubject: {subject}\r\n\r\n{text}\r\n")


def texts(server: RoostServer, user: str, mailbox: str, count: int = 1) -> list[bytes]:
    """The messages of a mailbox once there are *count*."""
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=SECONDS) as client:
        client.login(user, PASSWORD)
        eventually(lambda: int(client.select(mailbox)[1][0] or 0) >= count)
        return [part[1] for part in client.fetch("1:*", "(FLAGS BODY.PEEK[])")[1] if isinstance(part, tuple)]


# mutt


@pytest.fixture
def muttrc(server: RoostServer, tmp_path: Path) -> Path:
    """mutt's settings for u1: its mail over IMAP, its sending over submission, its sent copies filed over IMAP."""
    if shutil.which("mutt") is None:
        pytest.skip("mutt is not installed")
    lines = [
        'set folder="imap://u1@x.test@127.0.0.1:{imap}/"', 'set spoolfile="+INBOX"', 'set record="+Sent"', 'set smtp_url="smtp://u1@x.test@127.0.0.1:{submission}/"',
        f'set imap_pass="{PASSWORD}"', f'set smtp_pass="{PASSWORD}"', 'set from="u1@x.test"', "set ssl_starttls=no", "set ssl_force_tls=no", "set wait_key=no",
        "set use_envelope_from=yes", "set copy=yes", "set pipe_decode=yes", f'set tmpdir="{tmp_path}"', "set quit=yes", "set smtp_authenticators=plain:login",
    ]  # fmt: skip
    path = tmp_path / "muttrc"
    path.write_text("\n".join(lines).replace("{imap}", str(server.ports["imap"])).replace("{submission}", str(server.ports["submission"])) + "\n")
    return path


def mutt(rc: Path, *words: str, text: bytes | None = None) -> str:
    """Run mutt: in a terminal of its own, or in batch with *text* as the message. What it showed."""
    command = ["mutt", "-n", "-F", str(rc), *words]
    env = {"HOME": str(rc.parent), "PATH": "/usr/bin:/bin", "TERM": "xterm", "LANG": "C.UTF-8", "USER": "u1"}
    if text is not None:
        done = subprocess.run(command, input=text, capture_output=True, env=env, timeout=SECONDS, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return ""
    ours, theirs = os.openpty()
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env, start_new_session=True)
    os.close(theirs)
    shown = b""
    with contextlib.suppress(OSError):  # the terminal ends with the program
        while piece := os.read(ours, 65536):
            shown += piece
    os.close(ours)
    try:
        assert process.wait(SECONDS) == 0, shown
    finally:
        process.kill()
    return shown.decode("utf-8", "replace")


def test_mutt_opens_the_inbox_and_reads_a_message(server: RoostServer, muttrc: Path, tmp_path: Path) -> None:
    deliver(server, "u1@x.test", "For mutt", "Read me in a terminal.")
    texts(server, "u1@x.test", "INBOX")
    out = tmp_path / "read"
    mutt(muttrc, "-e", f'push "<first-entry><pipe-message>cat > {out}<enter><exit>"')
    assert "Subject: For mutt" in out.read_text() and "Read me in a terminal." in out.read_text()


def test_mutt_sends_by_submission_and_files_its_copy_in_sent(server: RoostServer, muttrc: Path) -> None:
    mutt(muttrc, "-s", "From mutt", "u2@x.test", text=b"Written in a terminal: gr\xc3\xbc\xc3\x9fe.\n")
    for user, mailbox in (("u2@x.test", "INBOX"), ("u1@x.test", "Sent")):
        [text] = texts(server, user, mailbox)
        assert b"Subject: From mutt\r\n" in text and b"Written in a terminal" in text


# Roundcube


class Roundcube:
    """Debian's Roundcube under PHP's own web server, and one person's browser session in it."""

    def __init__(self, server: RoostServer, folder: Path) -> None:
        self.folder = folder
        for name in ("config", "logs", "temp"):
            (folder / name).mkdir()
        for name in ("defaults.inc.php", "mimetypes.php"):
            shutil.copy(Path("/etc/roundcube") / name, folder / "config" / name)
        database = sqlite3.connect(folder / "rc.db")
        database.executescript((ROUNDCUBE / "SQL" / "sqlite.initial.sql").read_text())
        database.close()
        settings = {
            "db_dsnw": f"sqlite:///{folder}/rc.db?mode=0640", "imap_host": f"127.0.0.1:{server.ports['imap']}", "smtp_host": f"127.0.0.1:{server.ports['submission']}",
            "smtp_user": "%u", "smtp_pass": "%p", "des_key": "twenty-four-characters!!", "log_dir": f"{folder}/logs", "temp_dir": f"{folder}/temp",
            "language": "en_US", "skin": "elastic",
        }  # fmt: skip
        php = "".join(f"$config['{name}'] = '{value}';\n" for name, value in settings.items())
        (folder / "config" / "config.inc.php").write_text(f"<?php\n$config = ['plugins' => []];\n{php}")
        [port] = free_ports(1)
        self.base = f"http://127.0.0.1:{port}/"
        self.log = open(folder / "php.log", "wb")  # noqa: SIM115
        self.process = subprocess.Popen(
            ["php", "-S", f"127.0.0.1:{port}", "-t", str(PUBLIC)], env={"PATH": "/usr/bin:/bin", "ROUNDCUBE_CONFIG_DIR": str(folder / "config")}, stdout=self.log, stderr=self.log
        )
        self.browser = requests.Session()
        self.token = ""
        self.wait()

    def wait(self) -> None:
        """Until PHP answers."""
        end = time.monotonic() + SECONDS
        while True:
            try:
                requests.get(self.base + "index.php", timeout=SECONDS)
                return
            except requests.ConnectionError:
                assert time.monotonic() < end and self.process.poll() is None, self.said()
                time.sleep(0.1)

    def said(self) -> str:
        """What it wrote into its logs."""
        return "\n".join(path.read_text(errors="replace") for path in (*self.folder.glob("logs/*"), self.folder / "php.log") if path.is_file())

    def get(self, **query: str) -> requests.Response:
        return self.browser.get(self.base, params={f"_{name}": value for name, value in query.items()}, timeout=SECONDS)

    def act(self, action: str, **data: str) -> requests.Response:
        """What its script sends when something is clicked."""
        head = {"X-Roundcube-Request": self.token, "X-Requested-With": "XMLHttpRequest"}
        form = {f"_{name}": value for name, value in data.items()} | {"_remote": "1"}
        return self.browser.post(self.base, params={"_task": "mail", "_action": action}, data=form, headers=head, timeout=SECONDS)

    def sign_in(self, user: str) -> None:
        page = self.browser.get(self.base, timeout=SECONDS).text
        token = re.search(r'name="_token" value="([^"]+)"', page)
        assert token is not None, page[:500] + self.said()
        form = {"_token": token[1], "_task": "login", "_action": "login", "_timezone": "UTC", "_url": "", "_user": user, "_pass": PASSWORD}
        page = self.browser.post(self.base, params={"_task": "login"}, data=form, timeout=SECONDS).text
        found = re.search(r'"request_token":"([^"]+)"', page)
        assert found is not None, self.said()
        self.token = found[1]

    def uid_of(self, mailbox: str, subject: str) -> str:
        """The UID of a message in the list it shows."""
        answer = self.browser.get(
            self.base, params={"_task": "mail", "_action": "list", "_mbox": mailbox, "_remote": "1"}, headers={"X-Roundcube-Request": self.token, "X-Requested-With": "XMLHttpRequest"}, timeout=SECONDS
        ).json()["exec"]
        row = re.search(r"add_message_row\((\d+),[^;]*?" + re.escape(subject), answer)
        assert row is not None, answer + self.said()
        return row[1]

    def send(self, to: str, subject: str, text: str) -> requests.Response:
        page = self.get(task="mail", action="compose").text
        fields = [field for field in re.findall(r"<input[^>]*>", page) if 'type="checkbox"' not in field or "checked" in field]
        values = dict(re.findall(r'<input[^>]*?name="(_[a-z_]+)"[^>]*?value="([^"]*)"', "".join(fields)))
        sender = re.search(r'<select[^>]*name="_from".*?<option value="(\d+)"', page, re.DOTALL)
        compose = re.search(r'"compose_id":"([^"]+)"', page)
        assert sender is not None and compose is not None, page[:2000] + self.said()
        values |= {
            "_token": self.token, "_task": "mail", "_action": "send", "_id": compose[1], "_from": sender[1], "_to": to, "_subject": subject, "_message": text, "_is_html": "0",
            "_store_target": "Sent", "_framed": "1", "_attachments": "", "_draft_saveid": "", "_draft": "",
        }  # fmt: skip
        return self.browser.post(self.base, params={"_task": "mail", "_framed": "1"}, data=values, timeout=SECONDS)

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.log.close()


@pytest.fixture(scope="module")
def roundcube(server: RoostServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Roundcube]:
    if shutil.which("php") is None or not PUBLIC.is_dir():
        pytest.skip("Roundcube is not installed (Debian: roundcube-core roundcube-sqlite3 php-cli)")
    deliver(server, "u3@x.test", "For Roundcube", "Read me in another webmail.")
    texts(server, "u3@x.test", "INBOX")
    one = Roundcube(server, tmp_path_factory.mktemp("roundcube"))
    try:
        one.sign_in("u3@x.test")
        yield one
    finally:
        one.close()


def test_roundcube_lists_and_shows_a_message(roundcube: Roundcube) -> None:
    uid = roundcube.uid_of("INBOX", "For Roundcube")
    page = roundcube.get(task="mail", action="show", uid=uid, mbox="INBOX").text
    assert "Read me in another webmail." in page, roundcube.said()


def test_roundcube_sends_by_submission_and_files_its_copy(roundcube: Roundcube, server: RoostServer) -> None:
    answer = roundcube.send("u4@x.test", "From Roundcube", "Written in another webmail.")
    assert "sent_successfully" in answer.text, answer.text + roundcube.said()
    for user, mailbox in (("u4@x.test", "INBOX"), ("u3@x.test", "Sent")):
        [text] = texts(server, user, mailbox)
        assert b"Subject: From Roundcube\r\n" in text and b"Written in another webmail." in text


def test_roundcube_files_a_message_in_a_mailbox_it_makes(roundcube: Roundcube, server: RoostServer) -> None:
    deliver(server, "u3@x.test", "To be filed", "x")
    texts(server, "u3@x.test", "INBOX", 2)
    head = {"X-Roundcube-Request": roundcube.token, "X-Requested-With": "XMLHttpRequest"}
    form = {"_token": roundcube.token, "_name": "Projects", "_parent": "", "_mbox": "", "_framed": "1"}
    roundcube.browser.post(roundcube.base, params={"_task": "settings", "_action": "save-folder"}, data=form, headers=head, timeout=SECONDS)
    roundcube.act("move", uid=roundcube.uid_of("INBOX", "To be filed"), mbox="INBOX", target_mbox="Projects")
    [text] = texts(server, "u3@x.test", "Projects")
    assert b"Subject: To be filed\r\n" in text
    assert len(texts(server, "u3@x.test", "INBOX")) == 1
