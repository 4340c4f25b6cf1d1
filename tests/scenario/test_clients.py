"""Programs people use, against a running server."""

import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.scenario.server import PASSWORD, RoostServer


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submission", "submissions", "imap", "imaps", "pop3"), people=2)
    yield one
    one.remove()


def run(program: str, *words: str) -> str:
    """What a program printed, which must end well; skips where it is not installed."""
    if shutil.which(program) is None:
        pytest.skip(f"{program} is not installed")
    done = subprocess.run([program, *words], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-1500:] + done.stderr[-1500:]
    return done.stdout


def test_swaks_sends_with_starttls_and_with_tls(server: RoostServer) -> None:
    for port, how in ((server.ports["submission"], "-tls"), (server.ports["submissions"], "-tlsc")):
        said = run(
            "swaks", "--server", "127.0.0.1", "--port", str(port), how, "--auth", "PLAIN", "--auth-user", "u1@x.test", "--auth-password", PASSWORD,
            "--from", "u1@x.test", "--to", "u2@x.test", "--header", "Subject: by swaks",
        )  # fmt: skip
        assert "250 2.0.0" in said


def test_curl_lists_and_fetches_by_imaps(server: RoostServer) -> None:
    base = f"imaps://127.0.0.1:{server.ports['imaps']}"
    login = ("-sk", "--user", f"u2@x.test:{PASSWORD}")
    assert "INBOX" in run("curl", *login, base + "/")
    assert "Subject: by swaks" in run("curl", *login, base + "/INBOX;MAILINDEX=1")


def test_mbsync_brings_a_mailbox_here_and_a_local_message_there(server: RoostServer, tmp_path: Path) -> None:
    (tmp_path / "mail").mkdir()
    (tmp_path / "rc").write_text(
        f"IMAPAccount r\nHost 127.0.0.1\nPort {server.ports['imap']}\nUser u2@x.test\nPass \"{PASSWORD}\"\nSSLType None\nAuthMechs LOGIN PLAIN\n\n"
        f"IMAPStore far\nAccount r\n\nMaildirStore near\nPath {tmp_path}/mail/\nInbox {tmp_path}/mail/INBOX\nSubFolders Verbatim\n\n"
        "Channel c\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nExpunge Both\nSync All\nSyncState *\n"
    )
    run("mbsync", "-c", str(tmp_path / "rc"), "c")
    inbox = tmp_path / "mail" / "INBOX"
    came = [p for box in ("new", "cur") for p in (inbox / box).iterdir()]
    assert len(came) == 2
    (inbox / "cur" / "1.local:2,S").write_text("From: u2@x.test\nSubject: from the maildir\n\nhello\n")
    run("mbsync", "-c", str(tmp_path / "rc"), "c")
    said = run("curl", "-s", "--user", f"u2@x.test:{PASSWORD}", f"imap://127.0.0.1:{server.ports['imap']}/INBOX", "-X", 'SEARCH SUBJECT "from the maildir"')
    assert said.strip() == "* SEARCH 3"


def test_fetchmail_takes_mail_by_pop3(server: RoostServer, tmp_path: Path) -> None:
    rc = tmp_path / "rc"
    rc.write_text(
        f'poll 127.0.0.1 service {server.ports["pop3"]} proto pop3 user "u2@x.test" password "{PASSWORD}" keep fetchall no rewrite sslproto "" mda "cat >> {tmp_path}/got"\n'
    )
    rc.chmod(0o700)
    run("fetchmail", "-f", str(rc), "--pidfile", str(tmp_path / "pid"), "-i", str(tmp_path / "ids"))
    assert (tmp_path / "got").read_text().count("Subject: by swaks") == 2

