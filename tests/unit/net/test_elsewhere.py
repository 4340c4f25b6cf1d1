"""A mailbox elsewhere whose server answers, but byte by byte, and never to the end."""

import socket
import threading
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from mailcore.base.errors import MailError, Reason
from mailcore.jobs import fetch
from mailcore.net import elsewhere

GREETING = {"pop3": b"+OK hello\r\n", "imap": b"* OK [CAPABILITY IMAP4rev1] hello\r\n"}


@pytest.fixture
def pair(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    monkeypatch.setattr(elsewhere.socket, "create_connection", lambda where, timeout: ours)
    yield ours, theirs
    theirs.close()


def drip(client: socket.socket, first: bytes, stopped: threading.Event) -> None:
    try:
        client.sendall(first)
        while True:
            client.sendall(b"x")
            threading.Event().wait(0.01)
    except OSError:
        stopped.set()


@pytest.mark.parametrize("begins", ["greeting", "answer"])
@pytest.mark.parametrize("protocol", GREETING)
def test_who_greets_or_answers_byte_by_byte_is_hung_up_on(monkeypatch: pytest.MonkeyPatch, pair: tuple[socket.socket, socket.socket], protocol: str, begins: str) -> None:
    stopped = threading.Event()
    monkeypatch.setattr(elsewhere, "OPEN_SECONDS", 0.3)
    threading.Thread(target=drip, args=(pair[1], b"" if begins == "greeting" else GREETING[protocol], stopped), daemon=True).start()
    account = elsewhere.Account(protocol=protocol, host="slow.test", address="192.0.2.1", port=1, security="none", username="u", password="p")
    with pytest.raises(MailError) as caught:
        elsewhere.open_source(account)
    assert caught.value.reason in (Reason.NETWORK, Reason.AUTH_FAILED) and stopped.wait(10)


def test_a_look_ends_wherever_it_is(monkeypatch: pytest.MonkeyPatch, pair: tuple[socket.socket, socket.socket]) -> None:
    stopped, told = threading.Event(), []
    monkeypatch.setattr(fetch, "LOOK_SECONDS", 0.2)
    source = SimpleNamespace(connection=pair[0], close=pair[0].close)

    def bring(_runtime: Any, _one: Any, found: Any) -> str:
        while found.connection.recv(1):
            continue
        return ""

    monkeypatch.setattr(fetch, "bring", bring)
    monkeypatch.setattr(fetch.fetching, "opened", lambda *_: source)
    monkeypatch.setattr(fetch.fetched, "told", lambda _tx, _id, trouble, _now: told.append(trouble))
    threading.Thread(target=drip, args=(pair[1], b"", stopped), daemon=True).start()
    runtime: Any = SimpleNamespace(clock=SimpleNamespace(micros=lambda: 0), store=SimpleNamespace(write=lambda fn, bulk: fn(None)), log=SimpleNamespace(warning=lambda *_, **__: None))
    fetch.look_into(runtime, SimpleNamespace(id=1, host="slow.test"))  # type: ignore[arg-type]
    assert told == ["slow.test broke off: TimeoutError."] and stopped.wait(10)
