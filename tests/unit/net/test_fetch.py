"""The picture proxy: whom it asks, what it takes, and that nobody leads it into the private network or holds it up.

A table stands for DNS; a server on loopback stands for whoever has the address that was judged.
"""

import http.server
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import Answer
from mailcore.net import fetch

PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 40
OUT = "203.0.114.7"
"""A public address."""
PRIVATE = """
127.0.0.1 127.255.1.1 0.0.0.0 0.1.2.3 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 169.254.169.254 100.64.0.1 192.0.0.8 192.0.0.170 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1 224.0.0.1
240.0.0.1 255.255.255.255 ::1 :: ::127.0.0.1 ::10.0.0.1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 ::ffff:0:127.0.0.1 64:ff9b::127.0.0.1 64:ff9b::8.8.8.8 64:ff9b:1::127.0.0.1 64:ff9b:1::1 2002:7f00:1:: 2002:a00:1::
2001:0:0:0:0:0:80ff:fffe 2001::1 2001:db8::1 3fff::1 100::1 5f00::1 fc00::1 fd12:3456::1 fe80::1 fe80::1%lo fec0::1 ff02::1 ff0e::1
"""
NO_ADDRESSES = """
ftp://h.test/ file:///etc/passwd gopher://h.test/ http:///x http://h.test:25/ http://h.test:8080/ http://h.test:99999/ http://h.test:x/ http://u@h.test/ http://u:p@h.test/ http://@h.test/ http://[x/ //h.test/ h.test
"""


class Names:
    """DNS of a few names; `asked` is every question."""

    def __init__(self, table: dict[str, list[str]]) -> None:
        self.table, self.asked = table, []

    def query(self, name: str, rdtype: str) -> Answer:
        self.asked.append((name, rdtype))
        values = self.table.get(name, [])
        return Answer(values=tuple(v for v in values if (":" in v) == (rdtype == "AAAA")))


class Far:
    """A web server that has every public address: `pages` by path give (status, headers, body); `seen` is what came, `reached` the addresses that were connected to."""

    def __init__(self) -> None:
        far = self
        self.pages: dict[str, tuple[int, dict[str, str], Any]] = {}
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.reached: list[tuple[str, int]] = []
        self.said = b""

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                far.said = self.rfile.read(int(self.headers["Content-Length"]))
                self.do_GET()

            def do_GET(self) -> None:
                far.seen.append((self.path, {name.lower(): value for name, value in self.headers.items()}))
                status, headers, body = far.pages.get(self.path, (404, {}, b""))
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                try:
                    for piece in body if not isinstance(body, bytes) else [body]:
                        self.wfile.write(piece)
                except OSError:
                    far.cut.set()

            def log_message(self, *_: object) -> None:
                return

        self.cut = threading.Event()
        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, args=(0.02,), daemon=True).start()

    def connection(self, where: tuple[str, int], timeout: float) -> socket.socket:
        self.reached.append(where)
        raw = socket.socket()
        raw.settimeout(timeout)
        raw.connect(self.server.server_address)
        return raw


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    one = Far()
    monkeypatch.setattr(fetch.socket, "create_connection", one.connection)
    yield one
    one.server.shutdown()
    one.server.server_close()


def refusal(url: str, names: Names | None = None) -> Reason:
    with pytest.raises(MailError) as caught:
        fetch.picture(names or Names({"h.test": [OUT]}), url)
    return caught.value.reason


def test_a_picture_is_fetched_from_the_address_that_was_judged_without_a_word_of_who_asks(far: Far) -> None:
    far.pages["/a%C3%A9.png?x=1"] = (200, {"Content-Type": "text/html", "Set-Cookie": "a=b"}, PNG)
    names = Names({"h.test": [OUT]})
    found = fetch.picture(names, "http://h.test/a\u00e9.png?x=1")
    assert (found.data, found.mime) == (PNG, "image/png"), "what it is, not what it says it is"
    assert far.reached == [(OUT, 80)] and names.asked == [("h.test", "A"), ("h.test", "AAAA")], "asked once: a second answer could be another"
    headers = far.seen[0][1]
    assert headers["host"] == "h.test" and not {"cookie", "referer", "authorization", "origin"} & set(headers)


@pytest.mark.parametrize("address", PRIVATE.split())
def test_no_private_address_is_asked_by_name_or_as_itself(far: Far, address: str) -> None:
    far.pages["/"] = (200, {}, PNG)
    assert not fetch.is_public(address)
    assert refusal("http://h.test/", Names({"h.test": [address]})) is Reason.NOT_PERMITTED
    assert refusal("http://h.test/", Names({"h.test": [OUT, address]})) is Reason.NOT_PERMITTED, "one good address beside it does not help"
    host = f"[{address}]" if ":" in address else address
    assert refusal(f"http://{host}/") is Reason.NOT_PERMITTED
    assert far.reached == []


@pytest.mark.parametrize("host", ["2130706433", "0177.0.0.1", "0x7f.1", "0x7f000001", "127.1", "127.0.0.1.", "\u2460\u2461\u2466.0.0.1", "localhost", "\uff4cocalhost"])
def test_other_ways_to_write_a_private_address_are_names_that_dns_does_not_know(far: Far, host: str) -> None:
    assert refusal(f"http://{host}/") in (Reason.NETWORK, Reason.NOT_PERMITTED) and far.reached == []


@pytest.mark.parametrize("url", NO_ADDRESSES.split())
def test_only_ordinary_web_addresses_are_asked(far: Far, url: str) -> None:
    assert refusal(url) is Reason.NOT_PERMITTED and far.reached == []


@pytest.mark.parametrize("target", ["http://127.0.0.1/x.png", "http://inner.test/x.png", "//[::ffff:10.0.0.1]/x.png", "file:///etc/passwd", "http://h.test:22/", "http://169.254.169.254/latest"])
def test_a_redirect_is_judged_as_the_first_address_was(far: Far, target: str) -> None:
    far.pages["/a"] = (302, {"Location": target}, b"")
    assert refusal("http://h.test/a", Names({"h.test": [OUT], "inner.test": ["10.0.0.1"]})) is Reason.NOT_PERMITTED
    assert far.reached == [(OUT, 80)]


def test_redirects_end(far: Far) -> None:
    far.pages["/a"] = (302, {"Location": "/a"}, b"")
    assert refusal("http://h.test/a") is Reason.NETWORK and len(far.reached) == fetch.REDIRECTS + 1
    far.pages |= {"/b": (301, {"Location": "//g.test/c"}, b""), "/c": (200, {}, PNG)}
    assert fetch.picture(Names({"h.test": [OUT], "g.test": [OUT]}), "http://h.test/b").data == PNG


@pytest.mark.parametrize("body", [b"<svg xmlns='http://www.w3.org/2000/svg'><script>x</script></svg>", b"<html>", b"", b"GIF8", b"%PDF-1.7", b"RIFF0000AVI ", b"\x89PNG"])
def test_what_is_no_raster_picture_is_none_whatever_it_calls_itself(far: Far, body: bytes) -> None:
    far.pages["/a.png"] = (200, {"Content-Type": "image/png"}, body)
    assert refusal("http://h.test/a.png") is Reason.NETWORK


def test_a_picture_has_an_end(far: Far, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fetch, "PICTURE_BYTES", 200_000)
    far.pages |= {"/big": (200, {}, PNG + b"x" * 200_000), "/endless": (200, {}, (PNG if n == 0 else b"x" * 65_536 for n in range(10_000))), "/missing": (404, {}, PNG)}
    assert [refusal(f"http://h.test/{name}") for name in ("big", "endless", "missing")] == [Reason.NETWORK] * 3
    assert far.cut.wait(10), "who sends without end is hung up on"


QUESTIONS: dict[str, Callable[[Names], object]] = {
    "picture": lambda names: fetch.picture(names, "http://h.test/a"), "policy": lambda names: fetch.sts_policy(names, "h.test", port=443, is_private_fine=False),
    "form": lambda names: fetch.post_form(names, "http://127.0.0.1/token", {"a": "b"}),
}  # fmt: skip


@pytest.mark.parametrize("question", QUESTIONS)
@pytest.mark.parametrize("where", ["headers", "body"])
def test_who_sends_byte_by_byte_is_hung_up_on(far: Far, monkeypatch: pytest.MonkeyPatch, where: str, question: str) -> None:
    gone, stopped = threading.Event(), threading.Event()

    def drip(client: socket.socket) -> None:
        try:
            client.recv(1000)
            client.sendall(b"HTTP/1.1 200 OK\r\n" + (b"X: " if where == "headers" else b"\r\n"))
            while not gone.wait(0.02):
                client.sendall(b"x")
        except OSError:
            stopped.set()

    ours, theirs = socket.socketpair()
    monkeypatch.setattr(fetch, "SECONDS", 0.3)
    monkeypatch.setattr(fetch.socket, "create_connection", lambda where, timeout: ours)
    monkeypatch.setattr(fetch.ssl.SSLContext, "wrap_socket", lambda context, raw, server_hostname: raw)
    threading.Thread(target=drip, args=(theirs,), daemon=True).start()
    with pytest.raises(MailError) as caught:
        QUESTIONS[question](Names({"h.test": [OUT], "mta-sts.h.test": [OUT]}))
    assert caught.value.reason is Reason.NETWORK
    assert stopped.wait(10), "a thread is not held by one who is never done"
    gone.set()
    theirs.close()


def test_a_list_is_left_by_one_post_that_says_nothing_else(far: Far) -> None:
    """RFC 8058 §3.1: the form, no cookie, no redirect, and no private address."""
    names = Names({"list.test": [OUT], "inside.test": ["127.0.0.1"]})
    far.pages["/off?u=1"] = (200, {"Set-Cookie": "a=b"}, b"")
    fetch.one_click(names, "http://list.test/off?u=1")
    headers = far.seen[0][1]
    assert far.said == b"List-Unsubscribe=One-Click" and headers["content-type"] == "application/x-www-form-urlencoded"
    assert far.reached == [(OUT, 80)] and not {"cookie", "referer", "authorization", "origin"} & set(headers)
    far.pages["/moved"] = (302, {"Location": "/off?u=1"}, b"")
    for url, reason in (("http://list.test/moved", Reason.NETWORK), ("http://list.test/none", Reason.NETWORK), ("http://inside.test/off", Reason.NOT_PERMITTED), ("http://nowhere.test/off", Reason.NETWORK)):
        with pytest.raises(MailError) as caught:
            fetch.one_click(names, url)
        assert caught.value.reason is reason, url
    assert len(far.reached) == 3
