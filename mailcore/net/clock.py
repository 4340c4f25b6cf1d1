"""What time others have it, asked by SNTP (RFC 5905 §14). One question to each, nothing is set."""

import os
import socket
import struct
import time

PORT = 123
SECONDS = 2.0
BETWEEN_EPOCHS = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""
_CLIENT, _SERVER = 0x23, 4
"""The first byte of a question (version 4, mode client), and the mode of an answer."""


def ahead_of(where: str, port: int = PORT) -> float:
    """Seconds that this machine's clock is ahead of *where*'s; negative when it is behind. Raises OSError when there is no answer that counts."""
    family, kind, _proto, _name, address = socket.getaddrinfo(where, port, type=socket.SOCK_DGRAM)[0]
    token = os.urandom(8)
    with socket.socket(family, kind) as asked:
        asked.settimeout(SECONDS)
        asked.connect(address)
        sent = time.time()
        asked.send(struct.pack("!B39x8s", _CLIENT, token))
        answer = asked.recv(512)
        came = time.time()
    if len(answer) < 48 or answer[0] & 7 != _SERVER or not 1 <= answer[1] <= 15 or answer[24:32] != token:
        raise OSError(f"{where} gives no time.")
    there = (_seconds(answer[32:40]) + _seconds(answer[40:48])) / 2
    return (sent + came) / 2 - there


def _seconds(stamp: bytes) -> float:
    whole, part = struct.unpack("!II", stamp)
    return float(whole - BETWEEN_EPOCHS + part / 2**32)
