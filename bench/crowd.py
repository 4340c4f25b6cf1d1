"""Fifty people at once: each with a session and a connection, from one loop that costs the server little of its cores.

Either each asks again as soon as the answer is there (what the machine can do), or now and then, as people do (what they wait for).
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What came of it: milliseconds of each request, and requests a second."""

    waits: list[float]
    rate: float


class Person(asyncio.Protocol):
    """One connection that stays open; one request at a time."""

    def __init__(self, holds: bytes = b"") -> None:
        self.buffer, self.holds = bytearray(), holds
        self.answer: asyncio.Future[None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        end = self.buffer.find(b"\r\n\r\n")
        if end < 0 or self.answer is None:
            return
        head = bytes(self.buffer[:end]).lower()
        if b"transfer-encoding: chunked" in head:
            is_whole = self.buffer.endswith(b"\r\n0\r\n\r\n")
        else:
            is_whole = len(self.buffer) >= end + 4 + int(head.partition(b"content-length:")[2].partition(b"\r\n")[0])
        if not is_whole:
            return
        is_good = head.split(b" ", 2)[1] == b"200" and self.holds in self.buffer
        told = bytes(self.buffer[:300])
        self.buffer.clear()
        if is_good:
            self.answer.set_result(None)
        else:
            self.answer.set_exception(ValueError(told.decode("utf-8", "replace")))

    async def ask(self, request: bytes) -> float:
        """Milliseconds until the whole answer is there."""
        self.answer = asyncio.get_running_loop().create_future()
        start = time.perf_counter()
        self.transport.write(request)
        await self.answer
        return (time.perf_counter() - start) * 1000


def request(method: str, path: str, cookies: dict[str, str], headers: dict[str, str], body: str = "") -> bytes:
    """The bytes of a request."""
    more = {"Host": "127.0.0.1", "Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items()), **headers}
    more |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))} if body else {}
    return "\r\n".join([f"{method} {path} HTTP/1.1", *(f"{k}: {v}" for k, v in more.items()), "", body]).encode()


def load(port: int, works: Sequence[Sequence[bytes]], pause: float = 0.0, *, holds: bytes = b"") -> Load:
    """Each person's requests one after another; with *pause*, so many seconds apart on average and at no fixed time. Every answer must hold *holds*."""

    async def one(person: Person, requests: Sequence[bytes], chance: random.Random) -> list[float]:
        found = []
        for data in requests:
            if pause:
                await asyncio.sleep(chance.expovariate(1 / pause))
            found.append(await person.ask(data))
        return found

    async def all_of_them() -> Load:
        loop = asyncio.get_running_loop()
        people = [person for _, person in await asyncio.gather(*(loop.create_connection(lambda: Person(holds), "127.0.0.1", port) for _ in works))]
        start = time.perf_counter()
        found = await asyncio.gather(*(one(person, requests, random.Random(n)) for n, (person, requests) in enumerate(zip(people, works, strict=True))))
        seconds = time.perf_counter() - start
        for person in people:
            person.transport.close()
        waits = [wait for some in found for wait in some]
        return Load(waits=waits, rate=len(waits) / seconds)

    try:
        import uvloop

        return uvloop.run(all_of_them())
    except ImportError:
        return asyncio.run(all_of_them())
