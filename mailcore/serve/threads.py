"""The web app, which is synchronous, on the loop: each request runs in a thread, and a short answer comes back in one piece.

A thread is held while the app works and never while a client takes an answer slowly: the next piece of a long one is made when the one before is on its
way. What waits for somebody else (a long upload, a picture from outside) has threads of its own and holds up nobody.
"""

import asyncio
import contextvars
import io
import threading
from collections.abc import Awaitable, Callable, Iterator, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from a2wsgi.wsgi import Body, build_environ

PIECE_BYTES = 128 * 1024
"""Of an answer, made at once."""
SMALL_BODY_BYTES = 64 * 1024
"""What comes with a request and is not longer is read before a thread is taken."""

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
WsgiApp = Callable[[Any, Any], Any]


class Answer:
    """One request in the app. `begin`, `more` and `close` run in threads, one at a time."""

    def __init__(self, app: WsgiApp, environ: Any) -> None:
        self.status, self.headers = 500, []  # type: tuple[int, list[tuple[bytes, bytes]]]
        self.is_whole = False
        self._app, self._environ = app, environ
        self._context = contextvars.copy_context()
        self._lock = threading.Lock()
        self._iterable: Any = None
        self._pieces: Iterator[bytes] = iter(())

    def begin(self) -> bytes:
        """Ask the app; the first piece of what it says."""
        with self._lock:
            return self._context.run(self._begin)

    def more(self) -> bytes:
        """The next piece."""
        with self._lock:
            return self._context.run(self._take)

    def close(self) -> None:
        """Nobody wants the rest."""
        with self._lock:
            self._context.run(self._close)

    def _begin(self) -> bytes:
        self._iterable = self._app(self._environ, self._start)
        self._pieces = iter(self._iterable)
        return self._take()

    def _start(self, status: str, headers: list[tuple[str, str]], _error: Any = None) -> None:
        self.status = int(status.split(" ", 1)[0])
        self.headers = [(name.strip().encode("latin-1").lower(), value.strip().encode("latin-1")) for name, value in headers]

    def _take(self) -> bytes:
        taken, size = [], 0
        for one in self._pieces:
            taken.append(one)
            size += len(one)
            if size >= PIECE_BYTES:
                break
        else:
            self.is_whole = True
            self._close()
        return b"".join(taken)

    def _close(self) -> None:
        iterable, self._iterable = self._iterable, None
        if hasattr(iterable, "close"):
            iterable.close()


class InThreads:
    """A WSGI app as an ASGI app. *waits* says by its path that a request asks others."""

    def __init__(self, app: WsgiApp, workers: int, patient_workers: int, waits: Callable[[str], bool]) -> None:
        self.app, self.waits = app, waits
        self.quick = ThreadPoolExecutor(workers, thread_name_prefix="web")
        self.patient = ThreadPoolExecutor(patient_workers, thread_name_prefix="web-patient")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        loop = asyncio.get_running_loop()
        body: Any = Body(loop, receive)  # type: ignore[arg-type]
        threads = self.patient if not is_small(scope) or self.waits(scope["path"]) else self.quick
        if is_small(scope):
            data = await read(receive)
            if data is None:
                return
            body = io.BytesIO(data)
        answer = Answer(self.app, build_environ(scope, body))  # type: ignore[arg-type]
        try:
            piece = await loop.run_in_executor(threads, answer.begin)
            await send({"type": "http.response.start", "status": answer.status, "headers": answer.headers})
            await send({"type": "http.response.body", "body": piece, "more_body": not answer.is_whole})
            if not answer.is_whole:
                await rest(answer, threads, receive, send)
        finally:
            if not answer.is_whole:
                threads.submit(answer.close)


async def rest(answer: Answer, threads: ThreadPoolExecutor, receive: Receive, send: Send) -> None:
    """A long answer, until its end or until the client is gone."""
    loop = asyncio.get_running_loop()
    gone = loop.create_task(told_gone(receive))
    try:
        while not answer.is_whole and not gone.done():
            piece = await loop.run_in_executor(threads, answer.more)
            await send({"type": "http.response.body", "body": piece, "more_body": not answer.is_whole})
    finally:
        gone.cancel()


def is_small(scope: Scope) -> bool:
    """Whether what comes with the request is short, and known to be."""
    headers = dict(scope["headers"])
    length = headers.get(b"content-length", b"0")
    return b"transfer-encoding" not in headers and length.isdigit() and int(length) <= SMALL_BODY_BYTES


async def read(receive: Receive) -> bytes | None:
    """All that comes with a request; None when the client has gone."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return None
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return b"".join(parts)


async def told_gone(receive: Receive) -> None:
    """Return when the client has gone."""
    while (await receive())["type"] != "http.disconnect":
        pass
