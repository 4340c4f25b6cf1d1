"""A load of letters over SMTP: so many sessions at once, each sending one letter after another to the next of many people.

One process, one loop; MAIL, RCPT and DATA go out together (RFC 2920), as mail servers do it. What is timed for each letter is the
wait from its final dot to the reply.
"""

import asyncio
import statistics
import time
from dataclasses import dataclass
from itertools import count

LINE = b"The quick brown fox jumps over the lazy dog, again and again and again.\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """What came of it: letters a second until the last reply, and the waits in milliseconds."""

    seconds: float
    p50: float
    p99: float


class Session(asyncio.Protocol):
    """One connection; takes the next number until *amount* are sent."""

    def __init__(self, numbers: "count[int]", amount: int, people: int, waits: list[float]) -> None:
        self.numbers, self.amount, self.people, self.waits = numbers, amount, people, waits
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer, self.step, self.number, self.sent_at = b"", 0, 0, 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: asyncio.Transport = transport  # type: ignore[assignment]

    def connection_lost(self, error: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server hung up"))

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        while b"\n" in self.buffer:
            line, _, self.buffer = self.buffer.partition(b"\n")
            if line[3:4] != b"-":
                self.reply(line)

    def reply(self, line: bytes) -> None:
        """greeting, EHLO, then MAIL, RCPT, DATA and the dot again and again."""
        if line[:1] not in (b"2", b"3"):
            if not self.done.done():
                self.done.set_exception(ValueError(line.decode("ascii", "replace")))
            self.transport.abort()
            return
        self.step += 1
        if self.step == 1:
            self.transport.write(b"EHLO bench.test\r\n")
        elif self.step == 2:
            self.next()
        elif self.step == 5:
            self.letter()
        elif self.step == 6:
            self.waits.append(time.perf_counter() - self.sent_at)
            self.step = 2
            self.next()

    def next(self) -> None:
        """Begin the next letter, or leave."""
        self.number = next(self.numbers)
        if self.number >= self.amount:
            self.transport.write(b"QUIT\r\n")
            self.transport.close()
            if not self.done.done():
                self.done.set_result(None)
            return
        self.transport.write(b"MAIL FROM:<a@y.test>\r\nRCPT TO:<p%d@x.test>\r\nDATA\r\n" % (self.number % self.people + 1))

    def letter(self) -> None:
        """5 KB, like no other."""
        head = b"From: Ann <a@y.test>\r\nTo: p@x.test\r\nSubject: Number %d\r\nDate: Mon, 2 Nov 2026 10:00:00 +0000\r\nMessage-ID: <%d.%x@y.test>\r\n\r\n"
        self.transport.write(head % (self.number, self.number, id(self.waits)) + LINE * 66 + b".\r\n")
        self.sent_at = time.perf_counter()


def send(port: int, *, sessions: int, amount: int, people: int, host: str = "127.0.0.1") -> Sent:
    """Send *amount* letters to p1@x.test … by turns."""

    async def crew() -> Sent:
        loop, numbers, waits = asyncio.get_running_loop(), count(), []  # type: ignore[var-annotated]
        begin = loop.time()
        made = [await loop.create_connection(lambda: Session(numbers, amount, people, waits), host, port) for _ in range(sessions)]
        await asyncio.gather(*(session.done for _transport, session in made))
        cuts = statistics.quantiles(waits, n=100)
        return Sent(seconds=loop.time() - begin, p50=cuts[49] * 1000, p99=cuts[98] * 1000)

    try:
        import uvloop

        return uvloop.run(crew())
    except ImportError:
        return asyncio.run(crew())
