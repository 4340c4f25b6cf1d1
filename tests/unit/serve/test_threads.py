"""The app in threads: whole answers, long ones, slow clients and clients that leave."""

import asyncio
import threading
from collections.abc import Callable, Iterator, MutableMapping
from typing import Any

from mailcore.serve.threads import PIECE_BYTES, SMALL_BODY_BYTES, InThreads

LONG = 3 * PIECE_BYTES


class Client:
    """One request: what it sends, and what came back. `takes` is asked before each piece is taken."""

    def __init__(self, path: str, *, body: tuple[bytes, ...] = (), length: int | None = None) -> None:
        self.scope: dict[str, Any] = {
            "type": "http", "method": "GET", "path": path, "query_string": b"", "http_version": "1.1", "scheme": "http", "client": ("127.0.0.1", 1),
            "headers": [] if length is None else [(b"content-length", b"%d" % length)],
        }  # fmt: skip
        self.says: asyncio.Queue[MutableMapping[str, Any]] = asyncio.Queue()
        for at, part in enumerate(body or (b"",)):
            self.says.put_nowait({"type": "http.request", "body": part, "more_body": at + 1 < len(body)})
        self.heard: list[MutableMapping[str, Any]] = []
        self.takes = asyncio.Event()
        self.takes.set()

    async def send(self, message: MutableMapping[str, Any]) -> None:
        await self.takes.wait()
        self.heard.append(message)

    def leave(self) -> None:
        self.says.put_nowait({"type": "http.disconnect"})

    @property
    def text(self) -> bytes:
        return b"".join(m.get("body", b"") for m in self.heard)


class App:
    """Says how long what it was sent is; at /long it makes a long answer and remembers whether that was ended."""

    def __init__(self) -> None:
        self.ended, self.told = threading.Event(), threading.Event()

    def pieces(self) -> Iterator[bytes]:
        try:
            for _ in range(LONG // 1024):
                yield b"x" * 1024
        finally:
            self.ended.set()

    def __call__(self, environ: dict[str, Any], start: Callable[..., Any]) -> Any:
        if environ["PATH_INFO"] == "/outside":
            self.told.wait(10)
        if environ["PATH_INFO"] == "/broken":
            raise ValueError("broken")
        start("200 OK", [("Content-Type", "text/plain")])
        return self.pieces() if environ["PATH_INFO"] == "/long" else [b"%d " % len(environ["wsgi.input"].read()), b"bytes"]


def run(work: Callable[[InThreads, App], Any]) -> None:
    app = App()
    asyncio.run(asyncio.wait_for(work(InThreads(app, 1, 1, lambda path: path == "/outside"), app), 20))


def test_a_short_answer_comes_in_one_piece() -> None:
    async def work(flask: InThreads, _app: App) -> None:
        client = Client("/", body=(b"ab", b"c"), length=3)
        await flask(client.scope, client.says.get, client.send)
        assert [m["type"] for m in client.heard] == ["http.response.start", "http.response.body"]
        assert (client.heard[0]["status"], client.heard[0]["headers"], client.heard[1]["more_body"]) == (200, [(b"content-type", b"text/plain")], False)
        assert client.text == b"3 bytes"

    run(work)


def test_what_is_long_or_of_unknown_length_is_read_as_the_app_wants_it() -> None:
    async def work(flask: InThreads, _app: App) -> None:
        parts = (b"x" * SMALL_BODY_BYTES, b"y" * 10)
        known, unknown = Client("/", body=parts, length=SMALL_BODY_BYTES + 10), Client("/", body=parts)
        unknown.scope["headers"] = [(b"transfer-encoding", b"chunked")]
        for client in (known, unknown):
            await flask(client.scope, client.says.get, client.send)
            assert client.text == b"%d bytes" % (SMALL_BODY_BYTES + 10)

    run(work)


def test_a_client_that_takes_its_time_holds_no_thread() -> None:
    async def work(flask: InThreads, app: App) -> None:
        slow, quick = Client("/long"), Client("/")
        slow.takes.clear()
        waiting = asyncio.create_task(flask(slow.scope, slow.says.get, slow.send))
        await flask(quick.scope, quick.says.get, quick.send)
        assert quick.text == b"0 bytes"
        slow.takes.set()
        await waiting
        assert slow.text == b"x" * LONG
        assert app.ended.is_set()

    run(work)


def test_what_waits_for_others_holds_up_nobody() -> None:
    async def work(flask: InThreads, app: App) -> None:
        outside, upload, quick = Client("/outside"), Client("/", body=(b"x",), length=SMALL_BODY_BYTES + 1), Client("/")
        waiting = [asyncio.create_task(flask(one.scope, one.says.get, one.send)) for one in (outside, upload)]
        await flask(quick.scope, quick.says.get, quick.send)
        assert quick.text == b"0 bytes" and not any(task.done() for task in waiting)
        app.told.set()
        await asyncio.gather(*waiting)
        assert (outside.text, upload.text) == (b"0 bytes", b"1 bytes")

    run(work)


def test_the_rest_is_not_made_for_a_client_that_left() -> None:
    async def work(flask: InThreads, app: App) -> None:
        client = Client("/long")
        client.leave()
        await flask(client.scope, client.says.get, client.send)
        assert len(client.text) < LONG
        assert await asyncio.to_thread(app.ended.wait, 10)

    run(work)


def test_an_app_that_breaks_gives_its_thread_back() -> None:
    async def work(flask: InThreads, _app: App) -> None:
        broken, next_one = Client("/broken"), Client("/")
        try:
            await flask(broken.scope, broken.says.get, broken.send)
        except ValueError as error:
            assert str(error) == "broken"
        assert broken.heard == []
        await flask(next_one.scope, next_one.says.get, next_one.send)
        assert next_one.text == b"0 bytes"

    run(work)
