"""Scanners of others, played by small servers here: what they answer, and what happens when they do not."""

import http.server
import io
import json
import socket
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.delivery import accept
from mailcore.delivery.parcel import parcel_of
from mailcore.policy import attachments, outside, viruses
from tests.scenario.server import free_ports
from tests.unit.policy.conftest import LETTER, Desk


@contextmanager
def answering(say: Callable[[bytes], bytes], until: bytes) -> Iterator[str]:
    """A server that reads up to *until*, then answers; its address."""
    server = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            try:
                connection, _ = server.accept()
            except OSError:
                return
            with connection:
                got = b""
                while until not in got and (chunk := connection.recv(65_536)):
                    got += chunk
                connection.sendall(say(got))

    threading.Thread(target=serve, daemon=True).start()
    try:
        yield f"127.0.0.1:{server.getsockname()[1]}"
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


def clamd(got: bytes) -> bytes:
    return b"stream: Roost.Test FOUND\0" if b"virus-bytes" in got else b"stream: OK\0"


def infected(disposition: str = 'attachment; filename="a.bin"') -> bytes:
    return (
        b"From: eve@far.test\r\nTo: ann@x.test\r\nSubject: Two parts\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
        b"--b\r\nContent-Type: text/plain\r\n\r\nThe text stays.\r\n--b\r\nContent-Type: application/octet-stream\r\nContent-Disposition: "
        + disposition.encode() + b"\r\n\r\nvirus-bytes\r\n--b--\r\n"
    )  # fmt: skip


@pytest.mark.parametrize(
    ("action", "refused", "is_held", "is_dropped"), [("refuse", True, False, False), ("quarantine", False, True, False), ("delete", False, False, True), ("pass", False, False, False)]
)
def test_a_virus_meets_the_action_that_is_set(desk: Desk, action: str, refused: bool, is_held: bool, is_dropped: bool) -> None:
    with answering(clamd, b"\0\0\0\0") as where:
        for name, value in (("virus.scanner", "clamd"), ("virus.clamd", where), ("virus.action", action)):
            desk.set(name, value)
        if refused:
            with pytest.raises(MailError) as error:
                desk.arrive(infected())
            assert error.value.reason is Reason.VIRUS and "Roost.Test" in error.value.detail
            return
        desk.arrive(infected())
    assert desk.mail is not None
    assert (desk.mail.is_held, desk.mail.is_dropped, desk.mail.is_junk) == (is_held, is_dropped, action == "pass")


def test_strip_keeps_the_text_and_says_what_is_gone(desk: Desk) -> None:
    with answering(clamd, b"\0\0\0\0") as where:
        for name, value in (("virus.scanner", "clamd"), ("virus.clamd", where), ("virus.action", "strip")):
            desk.set(name, value)
        desk.arrive(infected())
    assert b"The text stays." in desk.stored and b"virus-bytes" not in desk.stored
    assert b"a.bin was taken off this message: a virus was found" in desk.stored
    assert desk.stored.endswith(b"\r\n--b--\r\n")


@pytest.mark.parametrize(("down", "reason"), [("later", Reason.VIRUS), ("pass", None)])
def test_a_scanner_that_is_down_means_later_or_pass_as_set(desk: Desk, down: str, reason: Reason | None) -> None:
    for name, value in (("virus.scanner", "clamd"), ("virus.clamd", f"127.0.0.1:{free_ports(1)[0]}"), ("virus.down", down)):
        desk.set(name, value)
    if reason is None:
        desk.arrive()
        return
    with pytest.raises(MailError) as later:
        desk.arrive()
    assert later.value.reason is reason and later.value.temporary


@pytest.mark.parametrize(("answer", "result"), [(b"stream: OK\0", ""), (b"INSTREAM size limit exceeded. ERROR\0", None), (b"", None), (b"x" * 100_000, None)])
def test_what_clamd_says_is_read_with_care(answer: bytes, result: str | None) -> None:
    with answering(lambda _: answer, b"\0\0\0\0") as where:
        if result is None:
            with pytest.raises(MailError):
                viruses.scan_clamd(where, b"hello")
        else:
            assert viruses.scan_clamd(where, b"hello") == result


@pytest.mark.parametrize(("code", "found"), [(0, ""), (1, "found: evil"), (3, None)])
def test_a_program_of_ones_own_tells_by_its_return_value(code: int, found: str | None) -> None:
    command = f"{sys.executable} -c \"import sys; assert open(sys.argv[1], 'rb').read() == b'mail'; print('found: evil'); sys.exit({code})\" %FILE%"
    if found is None:
        with pytest.raises(MailError):
            viruses.scan_command(command, 1, b"mail")
    else:
        assert viruses.scan_command(command, 1, b"mail") == found


def zipped(*names: str, inner: bytes = b"") -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, inner or b"x")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "found"),
    [
        (zipped("a.txt"), ""),
        (zipped("a.txt", "b/run.EXE"), "run.EXE"),
        (zipped("more.zip", inner=zipped("run.exe")), "more.zip/run.exe"),
        (zipped("more.zip", inner=zipped("deep.zip", inner=zipped("run.exe"))), ""),
        (b"PK\x03\x04 not an archive", ""),
    ],
)
def test_archives_are_looked_into_two_levels_deep(content: bytes, found: str) -> None:
    assert attachments.blocked_in_zip(content, ["*.exe"]) == found


@pytest.mark.parametrize("name", ["a.exe", "A.EXE", "a.exe. ", "invoice.pdf.exe"])
def test_a_blocked_name_is_known_however_it_is_written(name: str) -> None:
    assert attachments.blocked_in(infected(f'attachment; filename="{name}"'), ["*.exe"])


def test_only_the_blocked_attachment_is_stripped(desk: Desk) -> None:
    desk.set("virus.blocked_action", "strip")
    two = infected('attachment; filename="a.exe"').replace(b"--b--", b"--b\r\nContent-Type: image/png; name=b.png\r\n\r\npicture\r\n--b--")
    desk.arrive(two)
    assert b"virus-bytes" not in desk.stored and b"picture" in desk.stored


def test_a_message_that_is_itself_the_attachment_keeps_its_header(desk: Desk) -> None:
    desk.set("virus.blocked_action", "strip")
    desk.arrive(b"From: eve@far.test\r\nSubject: Hi\r\nContent-Type: application/x-msdownload; name=a.exe\r\n\r\nMZ")
    assert desk.stored.startswith(b"From: eve@far.test\r\nSubject: Hi\r\nContent-Type: text/plain") and b"MZ" not in desk.stored


def test_a_message_without_blocked_attachments_is_stored_as_it_came(desk: Desk) -> None:
    desk.set("virus.blocked_action", "strip")
    desk.arrive()
    assert desk.stored == LETTER


SPAMD = b"SPAMD/1.1 0 EX_OK\r\nContent-length: 5\r\nSpam: True ; 9.7 / 5.0\r\n\r\nA,B\r\n"


@pytest.mark.parametrize(("merge", "score"), [(False, 5), (True, 9)])
def test_spamassassins_word_adds_a_score_or_its_points(desk: Desk, merge: bool, score: int) -> None:
    with answering(lambda _: SPAMD, b"\r\n\r\nBuy") as where:
        desk.set("spam.spamassassin", where)
        desk.set("spam.spamassassin_merge", merge)
        desk.arrive()
    assert desk.points() == score


@pytest.mark.parametrize("answer", [b"", b"HTTP/1.1 200 OK\r\n\r\n", b"SPAMD/1.1 76 EX_PROTOCOL\r\n\r\n"])
def test_a_spam_scanner_that_makes_no_sense_scores_nothing(desk: Desk, answer: bytes) -> None:
    with answering(lambda _: answer, b"\r\n\r\nBuy") as where:
        desk.set("spam.spamassassin", where)
        desk.arrive()
    assert desk.points() == 0


@pytest.mark.parametrize(("action", "score"), [("no action", 0), ("greylist", 0), ("add header", 5), ("reject", 20)])
def test_rspamds_action_becomes_a_score(desk: Desk, action: str, score: int) -> None:
    seen: dict[str, str] = {}

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            seen.update(self.headers.items())
            self.rfile.read(int(self.headers["Content-Length"]))
            body = json.dumps({"action": action, "score": 7.5}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            return

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
    found = outside.ask_rspamd(f"127.0.0.1:{server.server_port}", "pw", LETTER, ip="192.0.2.9", helo="mx\r\nX: y", sender="eve@far.test", recipients=["ann@x.test"])
    desk.set("spam.rspamd", f"127.0.0.1:{server.server_port}")
    if score < 20:
        desk.arrive()
        assert desk.points() == score
    server.shutdown()
    server.server_close()
    assert found == (action, 7.5) and seen["IP"] == "192.0.2.9" and "X" not in seen


def test_filters_that_have_no_time_left_put_the_message_off(desk: Desk) -> None:
    desk.arrive()
    assert desk.mail is not None
    desk.mail.until = desk.runtime.clock.monotonic() - 1
    parcel = parcel_of("t1", desk.runtime.store.blobs.add(desk.stored), desk.stored)
    with pytest.raises(MailError) as late:
        accept.accept(desk.runtime, desk.mail, parcel)
    assert late.value.temporary
    assert desk.runtime.store.read().value("SELECT count(*) FROM messages") == 0


def test_what_nobody_can_be_refused_goes_to_junk_without_the_virus(desk: Desk) -> None:
    with answering(clamd, b"\0\0\0\0") as where:
        for name, value in (("virus.scanner", "clamd"), ("virus.clamd", where), ("virus.action", "refuse")):
            desk.set(name, value)
        desk.arrive(infected(), is_fetched=True)
    assert desk.mail is not None and desk.mail.is_junk and not desk.mail.is_held
    assert b"virus-bytes" not in desk.stored and b"The text stays." in desk.stored
