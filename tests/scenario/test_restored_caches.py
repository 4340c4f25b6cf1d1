"""What mail programs remember from before a restore: mbsync's state and a QRESYNC client are right again after it, and nothing is mixed up.

Between the backup and the loss one more message came. Its UID is given anew afterwards, so a cache that trusted old numbers
would show one message's text under another's; the new UIDVALIDITY is what forbids it.
"""

import imaplib
import re
import shutil
import smtplib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenario.server import HOME, PASSWORD, RoostServer


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "imap"), people=1)
    yield one
    one.remove()


def send(server: RoostServer, *subjects: str) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"]) as client:
        for subject in subjects:
            client.sendmail("ann@out.test", ["u1@x.test"], f"From: ann@out.test\r\nTo: u1@x.test\r\nSubject: {subject}\r\nMessage-ID: <{subject}@out.test>\r\n\r\nText of {subject}\r\n")


def lose_all_and_restore(server: RoostServer, backup: Path) -> None:
    """The data directory is gone; the backup takes its place, and the server starts."""
    server.stop()
    shutil.rmtree(server.folder / "data")
    done = subprocess.run([sys.executable, "-m", "mailcore.cli", "restore", str(backup)], env=server.environ, cwd=HOME, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    server.start()


def signed_in(server: RoostServer) -> imaplib.IMAP4:
    imap = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    imap.login("u1@x.test", PASSWORD)
    return imap


def on_server(server: RoostServer) -> list[str]:
    with signed_in(server) as imap:
        imap.select("INBOX", readonly=True)
        return sorted(re.findall(r"Subject: (\w+)", " ".join(part[1].decode() for part in imap.fetch("1:*", "BODY.PEEK[]")[1] if isinstance(part, tuple))))


def test_mbsyncs_state_is_right_after_a_restore(server: RoostServer, tmp_path: Path) -> None:
    if shutil.which("mbsync") is None:
        pytest.skip("mbsync (isync) is not installed")
    near, config = tmp_path / "mail", tmp_path / "mbsyncrc"
    near.mkdir()
    config.write_text(
        f"IMAPAccount r\nHost 127.0.0.1\nPort {server.ports['imap']}\nUser u1@x.test\nPass \"{PASSWORD}\"\nSSLType None\nAuthMechs LOGIN\n\nIMAPStore far\nAccount r\n\n"
        f"MaildirStore near\nPath {near}/\nInbox {near}/INBOX\nSubFolders Verbatim\n\nChannel c\nFar :far:\nNear :near:\nPatterns INBOX\nCreate Both\nExpunge Both\nSync All\n"
    )

    def sync() -> str:
        done = subprocess.run(["mbsync", "-c", str(config), "-a"], capture_output=True, text=True, check=False, env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"})
        assert done.returncode == 0, done.stderr
        return done.stderr

    def here() -> list[str]:
        return sorted(re.findall(r"^Subject: (\w+)", "\n".join(path.read_text() for path in (near / "INBOX").glob("[nc][eu][wr]/*")), re.MULTILINE))

    send(server, *(f"m{n}" for n in range(10)))
    server.run("backup", str(tmp_path / "keep"))
    send(server, "lost")
    sync()
    assert here() == sorted(["lost", *(f"m{n}" for n in range(10))])
    lose_all_and_restore(server, tmp_path / "keep")
    send(server, "later")
    sync()
    sync()
    assert here() == on_server(server), "both sides hold the same"
    assert [name for name in here() if name != "lost"] == sorted(["later", *(f"m{n}" for n in range(10))]), "each once, none for another"


def test_a_qresync_client_is_told_that_its_numbers_are_of_before(server: RoostServer, tmp_path: Path) -> None:
    send(server, "m1", "m2")
    server.run("backup", str(tmp_path / "keep"))
    send(server, "lost")
    with signed_in(server) as imap:
        imap.enable("QRESYNC")
        imap.select("INBOX")
        imap.store("1", "+FLAGS", "(\\Seen)")
        old = imap.status("INBOX", "(UIDVALIDITY HIGHESTMODSEQ UIDNEXT)")[1][0].decode()
    numbers = {name: int(re.search(rf"{name} (\d+)", old)[1]) for name in ("UIDVALIDITY", "HIGHESTMODSEQ", "UIDNEXT")}  # type: ignore[index]
    lose_all_and_restore(server, tmp_path / "keep")
    send(server, "later")
    with signed_in(server) as imap:
        imap.enable("QRESYNC")
        said = raw(imap, f"a SELECT INBOX (QRESYNC ({numbers['UIDVALIDITY']} {numbers['HIGHESTMODSEQ']} 1:{numbers['UIDNEXT']}))")
        new = int(re.search(r"UIDVALIDITY (\d+)", said)[1])  # type: ignore[index]
        assert new > numbers["UIDVALIDITY"], "a cache of before is thrown away, never trusted"
        assert "VANISHED" not in said and " FETCH (" not in said, "and nothing is told on the old numbers' account"
        whole = raw(imap, "b UID FETCH 1:* (FLAGS BODY.PEEK[HEADER.FIELDS (SUBJECT)])")
        assert re.findall(r"Subject: (\w+)", whole) == ["m1", "m2", "later"]
        again = raw(imap, f"c SELECT INBOX (QRESYNC ({new} {re.search(r'HIGHESTMODSEQ ([0-9]+)', said)[1]} 1:*))")  # type: ignore[index]
        assert f"UIDVALIDITY {new}" in again and "VANISHED" not in again, "from here on it trusts again"


def raw(imap: imaplib.IMAP4, line: str) -> str:
    """What the server says to one line, up to its tagged answer."""
    imap.send(line.encode() + b"\r\n")
    said = b""
    while not re.search(rb"(?m)^" + line[:1].encode() + rb" \w+", said):
        said += imap.readline()
    assert re.search(rb"(?m)^" + line[:1].encode() + rb" OK", said), said
    return said.decode()
