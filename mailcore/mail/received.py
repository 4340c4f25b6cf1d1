"""The trace lines a server puts on top of a message, and how many hops it finds there. RFC 5321 §4.4.

A hostile HELO, a name from DNS or a path ends up in these lines; whatever is not printable ASCII is written as "?". Where the
lines go (the row's prefix, never the blob) is decided by `delivery`.
"""

import re
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime

from mailcore.mail.address import Address, ReversePath
from mailcore.mail.headers import Headers

MAX_NAME = 255
"""Octets of a name written into a trace line: no host name is longer."""

_UNSAFE = re.compile(r"[^!-~]")
_UNSAFE_TEXT = re.compile(r"[^ -~]")
_NOT_IN_COMMENT = re.compile(r"[()\\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """How a message came: `peer_name` is the confirmed reverse name, `protocol` such as "ESMTPSA" (RFC 3848), `tls` what was agreed."""

    helo: str
    peer_address: str
    by: str
    protocol: str
    trace: str
    date: datetime
    peer_name: str = ""
    tls: str = ""
    recipient: Address | None = None


def _name(text: str) -> str:
    return _NOT_IN_COMMENT.sub("?", _UNSAFE.sub("?", text[:MAX_NAME])) or "unknown"


def received_line(hop: Hop) -> bytes:
    """The Received field of *hop* with CRLF. The recipient is written only when one is given (Bcc: never with several). RFC 5321 §4.4."""
    literal = f"[IPv6:{hop.peer_address}]" if ":" in hop.peer_address else f"[{hop.peer_address}]"
    peer = f"{_name(hop.peer_name)} {_name(literal)}" if hop.peer_name else _name(literal)
    lines = [f"Received: from {_name(hop.helo)} ({peer})"]
    if hop.tls:
        lines.append(f" (using {_NOT_IN_COMMENT.sub('?', _UNSAFE_TEXT.sub('?', hop.tls[:MAX_NAME]))})")
    lines.append(f" by {_name(hop.by)} with {_name(hop.protocol)} id {_name(hop.trace)}")
    if hop.recipient is not None:
        recipient = str(hop.recipient)
        # UTF-8 stays where it came by SMTPUTF8 (RFC 6531 §3.7.3); an Address holds no control character.
        lines.append(f" for <{recipient}>")
    lines[-1] += ";"
    lines.append(" " + format_datetime(hop.date))
    return "\r\n".join(lines).encode("utf-8", "replace") + b"\r\n"


def return_path_line(path: ReversePath) -> bytes:
    """The Return-Path field with CRLF, added at final delivery only. RFC 5321 §4.4."""
    return f"Return-Path: {path}\r\n".encode("utf-8", "replace")


def count_received(headers: Headers) -> int:
    """How many hops a message has made; past the caller's limit it is a loop. RFC 5321 §6.3."""
    return sum(1 for name, _ in headers.items() if name == b"received")
