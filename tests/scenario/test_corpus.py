"""Every real message of the corpus goes in by SMTP and comes back byte for byte from IMAP, POP3 and the webmail's source."""

import imaplib
import poplib
import re
import smtplib
import socket
from pathlib import Path

import pytest

from tests.conftest import CORPORA
from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser

FILES = sorted(p for p in (CORPORA / "messages").rglob("*") if p.is_file() and p.suffix not in (".md", ".txt.license")) if CORPORA.is_dir() else []
pytestmark = pytest.mark.skipif(not FILES, reason="the corpora are not here: real messages are not sent through")
SECONDS = 60
poplib._MAXLINE = 1 << 20  # type: ignore[attr-defined]


def wire_form(path: Path) -> bytes:
    """CRLF line ends and a final one; an mbox "From " line dropped."""
    data = re.sub(rb"\r\n|\r|\n", b"\r\n", path.read_bytes())
    if data.startswith(b"From "):
        data = data.partition(b"\r\n")[2]
    return data if data.endswith(b"\r\n") else data + b"\r\n"


server = lasting(lambda: RoostServer(listeners=("smtp", "imap", "pop3", "http"), people=1))


@pytest.fixture(scope="module")
def sent(server: RoostServer) -> list[bytes]:
    """All of them, sent in order; the server must take each."""
    letters, refused = [wire_form(path) for path in FILES], []
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=SECONDS) as client:
        client.ehlo("corpus.test")
        for path, data in zip(FILES, letters, strict=True):
            client.docmd("MAIL", "FROM:<a@out.test> BODY=8BITMIME")
            client.docmd("RCPT", "TO:<u1@x.test>")
            client.docmd("DATA")
            client.send(re.sub(rb"(?m)^\.", b"..", data) + b".\r\n")
            code, text = client.getreply()
            if code != 250:
                refused.append(f"{path.name}: {code} {text!r}")
                client.docmd("RSET")
    assert refused == []
    return letters


def test_every_message_comes_back_the_same_by_imap(server: RoostServer, sent: list[bytes]) -> None:
    wrong = []
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=SECONDS) as client:
        client.login("u1@x.test", PASSWORD)
        assert client.select()[1] == [str(len(sent)).encode()]
        for number, data in enumerate(sent, 1):
            pieces = [x for x in client.fetch(str(number), "(RFC822.SIZE BODYSTRUCTURE BODY.PEEK[])")[1] if isinstance(x, tuple)]
            head, got = pieces[0][0], pieces[-1][1]  # a structure with 8-bit names comes as literals of its own
            size = re.search(rb"RFC822.SIZE (\d+)", head)
            if not got.endswith(data) or size is None or int(size[1]) != len(got) or not is_prefix(got[: len(got) - len(data)]):
                wrong.append(FILES[number - 1].name)
    assert wrong == []


def is_prefix(lines: bytes) -> bool:
    """Whether *lines* are whole header fields that the server puts on top."""
    return lines.endswith(b"\r\n") and lines.startswith((b"Return-Path:", b"Received:", b"Delivered-To:")) and b"\r\n\r\n" not in lines


def test_every_message_comes_back_the_same_by_pop3(server: RoostServer, sent: list[bytes]) -> None:
    client = poplib.POP3("127.0.0.1", server.ports["pop3"], timeout=SECONDS)
    client.user("u1@x.test")
    client.pass_(PASSWORD)
    wrong = [FILES[n - 1].name for n, data in enumerate(sent, 1) if not (b"\r\n".join(client.retr(n)[1]) + b"\r\n").endswith(data)]
    client.quit()
    assert wrong == []


def test_every_message_opens_in_the_webmail_and_its_source_is_the_same(server: RoostServer, sent: list[bytes]) -> None:
    reader = Browser(server)
    reader.sign_in("u1@x.test")
    box = re.search(r"/mail/(\d+)$", reader.get("/").url)
    assert box is not None
    wrong = []
    for number, data in enumerate(sent, 1):
        page = reader.get(f"/mail/{box[1]}/{number}")
        frames = [reader.get(f.replace("&amp;", "&")) for f in re.findall(r'<iframe[^>]*src="([^"]+)"', page.text)]
        source = reader.get(f"/mail/{box[1]}/{number}/source?download=1")
        if page.status_code != 200 or any(f.status_code != 200 for f in frames) or not source.content.endswith(data):
            wrong.append(f"{FILES[number - 1].name}: {page.status_code} {[f.status_code for f in frames]} {source.status_code}")
        if any("<script" in f.text.lower() or " onclick=" in f.text.lower() for f in frames):
            wrong.append(f"{FILES[number - 1].name}: script in the body")
    assert wrong == []


def test_messages_with_bare_line_feeds_are_refused_whole(server: RoostServer, sent: list[bytes]) -> None:
    """With LF alone for line ends: `550 5.5.2` after the end, nothing stored, the connection closed."""
    taken = []
    for path in FILES:
        bare = wire_form(path).replace(b"\r\n", b"\n")
        with socket.create_connection(("127.0.0.1", server.ports["smtp"]), SECONDS) as wire:
            answers = wire.makefile("rb")
            for command in (b"", b"EHLO c.test\r\n", b"MAIL FROM:<a@out.test> BODY=8BITMIME\r\n", b"RCPT TO:<u1@x.test>\r\n", b"DATA\r\n"):
                wire.sendall(command)
                while answers.readline()[3:4] == b"-":
                    pass
            wire.sendall(re.sub(rb"(?m)^\.", b"..", bare) + b"\r\n.\r\n")
            answer = answers.readline()
            if not answer.startswith(b"550 5.5.2") or answers.read() != b"":
                taken.append(f"{path.name}: {answer!r}")
    assert taken == []
    with imaplib.IMAP4("127.0.0.1", server.ports["imap"], timeout=SECONDS) as client:
        client.login("u1@x.test", PASSWORD)
        assert client.select()[1] == [str(len(sent)).encode()]
