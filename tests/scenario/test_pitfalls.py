"""The pitfalls that became other servers' CVEs, each tried from outside. What has a test of its own elsewhere is named here.

1 smuggling: test_smtp (bare ends, smuggled end). 6 bombs: unit/policy (zip), wire. 12, 13 web: test_corpus_browser, unit/mail/test_html.
14 SSRF: test_fetch (accounts elsewhere), test_routes (policies), unit/net. The others stand below, and 1 once more by BDAT.
"""

import contextlib
import imaplib
import io
import json
import smtplib
import socket
import ssl
import threading
import time
import zipfile
from pathlib import Path

import pytest
import requests

from tests.lasting import lasting
from tests.scenario.proxy import proxy
from tests.scenario.server import PASSWORD, RoostServer
from tests.web.visitor import Browser

server = lasting(lambda: RoostServer(people=4, settings={"virus.blocked_action": "refuse"}))


def dial(server: RoostServer, listener: str) -> socket.socket:
    made = socket.create_connection(("127.0.0.1", server.ports[listener]), 20)
    made.recv(4096)
    return made


def said(connection: socket.socket, data: bytes) -> bytes:
    connection.sendall(data)
    return connection.recv(65_536)


def imap(server: RoostServer, user: str = "u1@x.test") -> imaplib.IMAP4:
    client = imaplib.IMAP4("127.0.0.1", server.ports["imap"])
    client.login(user, PASSWORD)
    return client


def until(connection: socket.socket, tag: bytes) -> bytes:
    """What comes until the line that *tag* begins."""
    found = b""
    while not any(line.startswith(tag + b" ") for line in found.splitlines()):
        chunk = connection.recv(65_536)
        assert chunk, found[-300:]
        found += chunk
    return found


def memory(server: RoostServer) -> int:
    """KiB of all processes."""
    total = 0
    for pid in server.pids().values():
        with contextlib.suppress(OSError):
            total += next(int(line.split()[1]) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if line.startswith("VmRSS"))
    return total


def test_1_a_message_hidden_behind_a_chunk_is_none(server: RoostServer) -> None:
    with contextlib.closing(dial(server, "smtp")) as one:
        said(one, b"EHLO y.test\r\n")
        said(one, b"MAIL FROM:<a@y.test>\r\n")
        said(one, b"RCPT TO:<u1@x.test>\r\n")
        body = b"Subject: one\r\n\r\nText\n.\nMAIL FROM:<admin@x.test>\r\n"
        answer = said(one, b"BDAT %d LAST\r\n" % len(body) + body)
    assert answer.startswith(b"550")


@pytest.mark.parametrize("listener", ["smtp", "submission", "imap", "pop3", "sieve"])
def test_2_nothing_sent_before_tls_is_read_after_it(server: RoostServer, listener: str) -> None:
    start, behind = {
        "smtp": (b"STARTTLS\r\n", b"NOOP\r\n"), "submission": (b"STARTTLS\r\n", b"NOOP\r\n"), "imap": (b"a STARTTLS\r\n", b"b NOOP\r\n"),
        "pop3": (b"STLS\r\n", b"CAPA\r\n"), "sieve": (b"STARTTLS\r\n", b"NOOP\r\n"),
    }[listener]  # fmt: skip
    plain = dial(server, listener)
    if listener in ("smtp", "submission"):
        said(plain, b"EHLO y.test\r\n")
    plain.sendall(start + behind)
    plain.recv(4096)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with contextlib.closing(context.wrap_socket(plain, server_hostname="mx.x.test")) as secret:
        secret.settimeout(1)
        if listener == "sieve":  # capabilities come by themselves after TLS (RFC 5804 §2.2)
            assert b"NOOP" not in secret.recv(65_536)
        with pytest.raises(TimeoutError):
            secret.recv(4096)


@pytest.mark.parametrize("opening", [b"a LOGIN {2147483647+}\r\n", b"", b"a LIST (", b"a SEARCH ("])
def test_3_strangers_do_not_fill_memory(server: RoostServer, opening: bytes) -> None:
    before, filler = memory(server), (b"(" if opening.endswith(b"(") else b"x") * 65_536
    for _ in range(10):
        with contextlib.suppress(OSError), contextlib.closing(dial(server, "imap")) as one:
            one.sendall(opening)
            for _ in range(80):
                one.sendall(filler)
    assert memory(server) - before < 50_000


def test_4_a_literal_that_lies_about_its_length_keeps_the_parser_in_step(server: RoostServer) -> None:
    with contextlib.closing(dial(server, "imap")) as one:
        assert b"OK" in said(one, f'a LOGIN u1@x.test "{PASSWORD}"\r\n'.encode())
        assert b"[TOOBIG]" in said(one, b"b APPEND INBOX {99999999999}\r\n")
        one.sendall(b"c APPEND INBOX {5+}\r\n1234567\r\nd NOOP\r\n")
        found = b""
        while b"d OK" not in found and b"d BAD" not in found:
            chunk = one.recv(4096)
            assert chunk
            found += chunk
    assert b"c BAD" in found and b"d OK" in found


def nested(depth: int) -> bytes:
    return b"".join(b'Content-Type: multipart/mixed; boundary="%d"\r\n\r\n--%d\r\n' % (n, n) for n in range(depth))


@pytest.mark.parametrize(
    "data",
    [
        nested(10_000), b"Content-Type: multipart/mixed; boundary=b\r\n\r\n" + b"--b\r\n\r\nx\r\n" * 100_000 + b"--b--\r\n",
        b"To: " + b"a@b.test, " * 200_000 + b"c@d.test\r\n\r\nText\r\n",
        b"Content-Type: text/plain" + b"".join(b";\r\n name*%d=x" % n for n in range(10_000)) + b"\r\n\r\nText\r\n",
        b"X-Long: " + b"y" * 998 + b"\r\n" + b"X-More: z\r\n" * 200_000 + b"\r\nText\r\n", b"Content-Type: message/rfc822\r\n\r\n" * 5_000 + b"Text\r\n",
    ],
    ids=["nested", "parts", "addresses", "parameters", "fields", "enclosed"],
)  # fmt: skip
def test_5_huge_and_nested_mail_stays_bounded(server: RoostServer, data: bytes) -> None:
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=60) as client:
        with contextlib.suppress(smtplib.SMTPResponseException):
            client.sendmail("a@y.test", ["u2@x.test"], b"From: a@y.test\r\nSubject: odd\r\n" + data)
    with imap(server, "u2@x.test") as reader:
        reader.select("INBOX")
        state, found = reader.fetch("*", "(ENVELOPE BODYSTRUCTURE)")
        assert state == "OK" and found
        assert reader.search(None, "TEXT", "odd")[0] == "OK"


def test_6_a_zip_that_grows_without_end_costs_little_and_the_worker_lives(server: RoostServer) -> None:
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("zeros.txt", b"\0" * 200_000_000)
    import email.message

    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = "a@y.test", "u3@x.test", "bomb"
    message.set_content("see the file")
    message.add_attachment(inner.getvalue(), maintype="application", subtype="zip", filename="a.zip")
    pids = server.pids()
    with smtplib.SMTP("127.0.0.1", server.ports["smtp"], timeout=60) as client:
        with contextlib.suppress(smtplib.SMTPResponseException):
            client.send_message(message)
        assert client.noop()[0] == 250
    assert server.pids() == pids


def test_7_a_line_end_in_a_name_makes_no_header(server: RoostServer) -> None:
    browser = Browser(server)
    browser.sign_in("u3@x.test")
    browser.get("/settings/profile")
    browser.post("/settings/profile", {"display_name": "Ann\r\nBcc: eve@y.test", "language": "en", "time_zone": "UTC"})
    server.run("account", "set", "u3@x.test", "--name", "Ann\r\nBcc: eve@y.test", is_checked=False)
    name = json.loads(server.run("account", "show", "u3@x.test", "--json"))["name"]
    assert not any(ord(c) < 32 for c in name)


PATHS = (
    '<"a@x.test"@evil.test>', "<@x.test,@y.test:c@evil.test>", "<c%evil.test@x.test>", "<evil.test!c@x.test>", "<c@[192.0.2.1]>", "<c@[IPv6:2001:db8::1]>",
    "<c@evil.test\x00@x.test>", "<c@x\uff0etest.evil.test>", '<""@x.test>', "<c@x.test@evil.test>", "<c@evil.test>", "<\"\\\"@x.test>",
)  # fmt: skip


def relays(one: socket.socket, path: str) -> bool:
    said(one, b"EHLO y.test\r\n")
    said(one, b"MAIL FROM:<a@y.test> SMTPUTF8\r\n")
    return not said(one, f"RCPT TO:{path}\r\n".encode()).startswith(b"5")


@pytest.mark.parametrize("path", PATHS)
def test_8_no_way_of_writing_an_address_relays(server: RoostServer, path: str) -> None:
    with contextlib.closing(dial(server, "smtp")) as one:
        assert not relays(one, path)


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_8_nobody_behind_a_proxy_on_loopback_relays(host: str) -> None:
    written = f"[{host}]" if ":" in host else host
    one = RoostServer(listeners=("smtp",), people=1, workers=1, host=written)
    try:
        with proxy(host, (host, one.ports["smtp"])) as port:
            for path in PATHS:
                with contextlib.closing(socket.create_connection((host, port), timeout=20)) as wire:
                    wire.recv(4096)
                    assert not relays(wire, path), path
            with contextlib.closing(socket.create_connection((host, port), timeout=20)) as wire:
                wire.recv(4096)
                assert relays(wire, "<u1@x.test>"), "mail for people here comes in all the same"
    finally:
        one.remove()


@pytest.mark.parametrize("name", ["../../escape", "..\\\\escape", "%2e%2e/escape", "&AC8-escape", "a/../../escape", "x" * 60_000, "a\\0b"])
def test_9_no_mailbox_name_leads_outside(server: RoostServer, name: str) -> None:
    before = set(server.folder.rglob("*escape*")) | set(server.folder.parent.glob("*escape*"))
    with contextlib.closing(dial(server, "imap")) as one:
        said(one, f'a LOGIN u1@x.test "{PASSWORD}"\r\n'.encode())
        one.sendall(f'b CREATE "{name}"\r\nc LIST "" "*"\r\n'.encode())
        found = b""
        while b"c OK" not in found:
            chunk = one.recv(65_536)
            if not chunk:
                break
            found += chunk
    assert set(server.folder.rglob("*escape*")) | set(server.folder.parent.glob("*escape*")) == before


@pytest.mark.parametrize("command", ['LIST "" "' + "%*" * 500 + '"', "SEARCH " + "OR SEEN " * 45 + "ALL", "SEARCH " + "NOT OR SEEN " * 22 + "ALL", "SEARCH " + "OR BODY x OR SEEN NOT " * 12 + "ALL", "SEARCH " + "NOT " * 5_000 + "ALL", "SEARCH " + "(" * 5_000 + "ALL" + ")" * 5_000])
def test_10_no_pattern_or_search_holds_up_others(server: RoostServer, command: str) -> None:
    slow, quick = dial(server, "imap"), dial(server, "imap")
    for one in (slow, quick):
        one.sendall(f'a LOGIN u1@x.test "{PASSWORD}"\r\nb SELECT INBOX\r\n'.encode())
        until(one, b"b")
    slow.sendall(b"c " + command.encode() + b"\r\n")
    assert b"d OK" in said(quick, b"d NOOP\r\n")
    assert until(slow, b"c").splitlines()[-1].startswith((b"c OK", b"c BAD", b"c NO"))
    slow.close()
    quick.close()


@pytest.mark.parametrize("user", ["' OR 1=1--", "*)(uid=*", "u1@x.test\x01", "u1@x.test' --", "a" * 5_000])
def test_11_no_user_name_is_more_than_a_name(server: RoostServer, user: str) -> None:
    browser = Browser(server)
    browser.sign_in(user, PASSWORD)
    assert "/sign-in" in browser.get("/settings/profile").url


def test_11_garbage_on_one_connection_does_not_keep_another_out(server: RoostServer) -> None:
    stop = threading.Event()

    def garbage() -> None:
        while not stop.is_set():
            with contextlib.suppress(OSError), contextlib.closing(dial(server, "imap")) as one:
                one.sendall(b"a AUTHENTICATE PLAIN\r\n!!!!\r\n\xff\xfe\r\n")
                one.recv(1000)

    thread = threading.Thread(target=garbage, daemon=True)
    thread.start()
    try:
        for _ in range(5):
            with imap(server) as client:
                assert client.noop()[0] == "OK"
    finally:
        stop.set()
        thread.join()


def test_11_who_is_switched_off_is_out_at_once(server: RoostServer) -> None:
    browser = Browser(server)
    browser.sign_in("u4@x.test")
    assert browser.get("/settings/profile").status_code == 200
    client = imap(server, "u4@x.test")
    server.run("account", "set", "u4@x.test", "--enabled", "off")
    deadline, is_out = time.monotonic() + 20, False
    while not is_out and time.monotonic() < deadline:
        try:
            is_out = client.noop()[0] != "OK"
        except imaplib.IMAP4.abort:
            is_out = True
        time.sleep(0.1)
    server.run("account", "set", "u4@x.test", "--enabled", "on")
    assert is_out and "/sign-in" in browser.get("/settings/profile").url


@pytest.mark.parametrize("headers", [{"Origin": "https://evil.test"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "cross-site", "HX-Request": "true"}])
def test_15_a_form_of_another_site_changes_nothing(server: RoostServer, headers: dict[str, str]) -> None:
    browser = Browser(server)
    browser.sign_in("u1@x.test")
    page = browser.get("/settings/away").text
    answer = browser.session.post(browser.base + "/settings/away", data={"op": "forward", "is_forwarding": "1", "targets": "eve@evil.test"}, headers=headers, timeout=20, allow_redirects=False)
    assert answer.status_code in (400, 403) and "eve@evil.test" not in browser.get("/settings/away").text and page


def test_15_the_session_is_new_at_every_sign_in_and_host_names_are_not_believed(server: RoostServer) -> None:
    browser = Browser(server)
    browser.get("/sign-in")
    early = dict(browser.session.cookies)
    browser.sign_in("u1@x.test")
    late = dict(browser.session.cookies)
    assert any(late.get(name) != value for name, value in early.items()) or set(late) - set(early)
    stolen = requests.get(browser.base + "/settings/profile", cookies=early, timeout=20)
    assert "/sign-in" in stolen.url
    asked = requests.get(browser.base + "/sign-in", headers={"Host": "evil.test", "X-Forwarded-Host": "evil.test"}, timeout=20)
    assert "evil.test/" not in asked.text


@pytest.mark.parametrize("text", ['"\r\nA1 DELETE INBOX', "x\r\na DELETE Sent", '") OR ("', "a\x00b"])
def test_15_words_of_a_search_are_only_words(server: RoostServer, text: str) -> None:
    browser = Browser(server)
    browser.sign_in("u1@x.test")
    assert browser.get("/search", params={"q": text}).status_code in (200, 400, 404, 422)
    with imap(server) as client:
        assert client.select("INBOX")[0] == "OK" and client.select("Sent")[0] == "OK"
