"""Breaks good input at random, from a seed, so that whatever is found can be found again."""

import random
from collections.abc import Sequence

BYTES_MAX = 64 * 1024
"""Largest input made: what grows with the square of its input takes seconds at this size."""
SPARKS = (
    b"\r\n", b"\n", b"\r", b"\0", b"--", b"=?utf-8?q?", b"?=", b"=?x?b?////?=", b'"', b"\\", b"(", b")", b"<", b">", b"{3}\r\n", b"{9+}\r\n", b"~{1}\r\n", b";", b",", b":", b"@",
    b"=", b"=\r\n", b"%00", b"*0*=", b"\xff\xfe", b"\xc3", b"\xed\xa0\x80", b"Content-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n", b"Content-Type: message/rfc822\r\n\r\n",
    b"Content-Transfer-Encoding: base64\r\n", b"boundary=", b"charset=unknown-8bit", b"<!--", b"<script>", b"<svg><style>", b"&#", b"99999999999999999999", b"-1", b" " * 70, b"\t",
)  # fmt: skip
"""Pieces that mean something to one grammar or another."""


def spark(data: bytearray, rng: random.Random) -> None:
    at = rng.randint(0, len(data))
    data[at:at] = rng.choice(SPARKS)


def flip(data: bytearray, rng: random.Random) -> None:
    if data:
        data[rng.randrange(len(data))] = rng.randrange(256)


def cut(data: bytearray, rng: random.Random) -> None:
    at = rng.randint(0, len(data))
    del data[at : at + rng.choice((1, 8, 100, 5000))]


def repeat(data: bytearray, rng: random.Random) -> None:
    """One piece many times: the deep and the long."""
    at = rng.randint(0, len(data))
    piece = bytes(data[at : at + rng.choice((1, 2, 5, 30, 300))]) or rng.choice(SPARKS)
    data[at:at] = piece * rng.randint(2, max(2, min(20_000, BYTES_MAX // len(piece))))


def move(data: bytearray, rng: random.Random) -> None:
    at, to = rng.randint(0, len(data)), rng.randint(0, len(data))
    data[to:to] = data[at : at + rng.randint(1, 200)]


BREAKS = (spark, spark, flip, cut, move, repeat)


def broken(seeds: Sequence[bytes], rng: random.Random) -> bytes:
    """One of *seeds*, perhaps with half of another behind it, broken in one to six places."""
    data = bytearray(rng.choice(seeds)[:BYTES_MAX])
    if rng.random() < 0.15:
        other = rng.choice(seeds)
        data[rng.randint(0, len(data)) :] = other[rng.randint(0, len(other)) :]
    for _ in range(rng.randint(1, 6)):
        rng.choice(BREAKS)(data, rng)
    return bytes(data[:BYTES_MAX])
