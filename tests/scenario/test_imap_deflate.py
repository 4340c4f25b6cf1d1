"""COMPRESS=DEFLATE on a whole server: what is said, what is refused, and that a few bytes do not become many in the server's memory."""

import re
import socket
import zlib
from pathlib import Path

from tests.lasting import lasting
from tests.scenario.server import PASSWORD, RoostServer

MEMORY_MIB = 48
"""What the workers may grow by while a gigabyte comes out of a megabyte."""


server = lasting(lambda: RoostServer(listeners=("smtp", "imap"), people=1))


class Packed:
    """A client that compresses from its sign-in on."""

    def __init__(self, server: RoostServer) -> None:
        self.socket = socket.create_connection(("127.0.0.1", server.ports["imap"]), timeout=20)
        self.out, self.into = zlib.compressobj(wbits=-15), zlib.decompressobj(wbits=-15)
        self.is_packed, self.buffer = False, b""
        self.line()
        self.say(f'l LOGIN u1@x.test "{PASSWORD}"')
        assert b"COMPRESS=DEFLATE" in b" ".join(self.say("c CAPABILITY"))
        assert self.say("d COMPRESS DEFLATE")[-1].startswith(b"d OK")
        self.is_packed = True

    def send(self, data: bytes) -> None:
        self.socket.sendall(self.out.compress(data) + self.out.flush(zlib.Z_SYNC_FLUSH) if self.is_packed else data)

    def line(self) -> bytes:
        while b"\n" not in self.buffer:
            data = self.socket.recv(65536)
            if not data:
                return b""
            self.buffer += self.into.decompress(data) if self.is_packed else data
        found, _, self.buffer = self.buffer.partition(b"\n")
        return found.rstrip(b"\r")

    def say(self, text: str) -> list[bytes]:
        self.send(text.encode() + b"\r\n")
        return self.until(text.split(" ")[0].encode() + b" ")

    def until(self, start: bytes) -> list[bytes]:
        lines = [self.line()]
        while lines[-1] and not lines[-1].startswith(start):
            lines.append(self.line())
        return lines


def memory_kib(server: RoostServer) -> int:
    """What the workers hold."""
    found = [re.search(r"VmRSS:\s+(\d+)", Path(f"/proc/{pid}/status").read_text()) for name, pid in server.pids().items() if name.startswith("worker")]
    assert found
    return sum(int(one[1]) for one in found if one)


def test_a_session_goes_on_compressed_and_cannot_be_compressed_twice(server: RoostServer) -> None:
    client, text = Packed(server), "Subject: much\r\n\r\n" + "the same line again and again\r\n" * 40_000
    assert b"COMPRESS" not in b" ".join(client.say("a CAPABILITY"))
    assert b"[COMPRESSIONACTIVE]" in client.say("b COMPRESS DEFLATE")[-1]
    client.send(f"e APPEND INBOX {{{len(text)}}}\r\n".encode())
    assert client.line().startswith(b"+")
    client.send(text.encode() + b"\r\n")
    assert client.until(b"e ")[-1].startswith(b"e OK")
    client.say("f SELECT INBOX")
    shown = client.say("g FETCH * BODY.PEEK[TEXT]")
    assert shown.count(b"the same line again and again") == 40_000 and shown[-1].startswith(b"g OK")


def test_commands_of_one_packet_are_all_answered(server: RoostServer) -> None:
    client = Packed(server)
    client.send(b"".join(b"n%d NOOP\r\n" % number for number in range(30_000)))
    assert len([line for line in client.until(b"n29999 ") if b" OK" in line]) == 30_000


def test_a_bomb_is_thrown_away_as_it_comes(server: RoostServer) -> None:
    before, client = memory_kib(server), Packed(server)
    client.send(b"a NOOP ")
    pack = zlib.compressobj(wbits=-15)
    bomb = b"".join(pack.compress(b"a" * (1 << 20)) for _ in range(1024)) + pack.flush()
    assert len(bomb) < 1_200_000
    client.out = zlib.compressobj(wbits=-15)
    try:
        client.socket.sendall(bomb)
        while client.socket.recv(65536):
            continue
    except ConnectionError:
        pass  # it hung up
    assert memory_kib(server) - before < MEMORY_MIB * 1024
    assert Packed(server).say("z NOOP")[-1].startswith(b"z OK")


def test_what_is_no_deflate_ends_the_connection(server: RoostServer) -> None:
    client = Packed(server)
    client.socket.sendall(b"\xff\xff a NOOP\r\n" * 10)
    try:
        assert client.socket.recv(10) == b""
    except ConnectionError:
        pass  # reset instead of closed
