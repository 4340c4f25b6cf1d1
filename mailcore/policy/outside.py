"""Spam scanners that are programs of their own: SpamAssassin's spamd and rspamd. One that does not answer scores nothing.

spamd speaks lines (SPAMC/1.5) over TCP or a socket file, rspamd HTTP. Both get the message as it came, and a few seconds.
"""

import http.client
import json
import re
import socket

from mailcore.base.errors import MailError, Reason
from mailcore.policy.facts import Finding
from mailcore.policy.look import Look, scored

SECONDS = 40.0
"""Inside the 60 s that all checks of a message share."""
ANSWER_BYTES = 256 * 1024
"""Most of an answer that is read. Stops a broken scanner from filling memory."""

_SPAM = re.compile(rb"(?mi)^Spam:\s*(true|yes|false|no)\s*;\s*(-?[0-9.]{1,10})\s*/\s*(-?[0-9.]{1,10})")


def connect(where: str, default_port: int, seconds: float = SECONDS) -> socket.socket:
    """A connection to "host:port", "host" or the path of a socket. Raises OSError."""
    if where.startswith("/"):
        made = socket.socket(socket.AF_UNIX)
        made.settimeout(seconds)
        try:
            made.connect(where)
        except OSError:
            made.close()
            raise
        return made
    host, port = split(where, default_port)
    return socket.create_connection((host, port), timeout=seconds)


def split(where: str, default_port: int) -> tuple[str, int]:
    """Host and port of "host", "host:port", "[v6]:port"."""
    host, colon, port = where.rpartition(":")
    if colon and port.isdigit() and (":" not in host or host.startswith("[")):
        return host.strip("[]"), int(port)
    return where.strip("[]"), default_port


def read_all(connection: socket.socket) -> bytes:
    """What the other side says until it closes, up to ANSWER_BYTES."""
    found = b""
    while len(found) < ANSWER_BYTES and (chunk := connection.recv(16_384)):
        found += chunk
    return found


def ask_spamd(where: str, data: bytes) -> tuple[bool, float, str]:
    """(spam, points, names of tests). Raises MailError(NETWORK)."""
    try:
        with connect(where, 783) as connection:
            connection.sendall(f"SYMBOLS SPAMC/1.5\r\nContent-length: {len(data)}\r\n\r\n".encode() + data)
            connection.shutdown(socket.SHUT_WR)
            answer = read_all(connection)
    except OSError as error:
        raise MailError(Reason.NETWORK, f"SpamAssassin at {where} does not answer: {error}.", temporary=True) from error
    found = _SPAM.search(answer)
    if not answer.startswith(b"SPAMD/") or found is None:
        raise MailError(Reason.NETWORK, f"What answers at {where} is not SpamAssassin.", temporary=True)
    symbols = answer.partition(b"\r\n\r\n")[2].decode("utf-8", "replace").strip()
    return found.group(1).lower() in (b"true", b"yes"), float(found.group(2)), symbols[:500]


def check_spamassassin(look: Look) -> list[Finding]:
    """SpamAssassin's word."""
    where = str(look.get("spam.spamassassin"))
    if not where or len(look.data) > look.get("spam.max_size"):
        return []
    try:
        is_spam, points, symbols = ask_spamd(where, look.data)
    except MailError as error:
        return [scored("spamassassin", 0, "", failed=error.detail)]
    score = max(0, int(points)) if look.get("spam.spamassassin_merge") else look.get("spam.spamassassin_score") if is_spam else 0
    return [scored("spamassassin", score, "SpamAssassin calls it spam.", points=points, tests=symbols)]


def ask_rspamd(where: str, password: str, data: bytes, *, ip: str, helo: str, sender: str, recipients: list[str]) -> tuple[str, float]:
    """(action, points). Raises MailError(NETWORK)."""
    host, port = split(where, 11_333)
    headers = ({"IP": ip} if ip else {}) | {"Helo": _clean(helo), "From": _clean(sender)} | ({"Password": password} if password else {})
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.putrequest("POST", "/checkv2")
        for name, value in headers.items():
            connection.putheader(name, value)
        for one in recipients[:50]:
            connection.putheader("Rcpt", _clean(one))
        connection.putheader("Content-Length", str(len(data)))
        connection.endheaders(data)
        found = json.loads(connection.getresponse().read(ANSWER_BYTES))
        return str(found["action"]), float(found["score"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError) as error:
        raise MailError(Reason.NETWORK, f"rspamd at {where} does not answer: {error}.", temporary=True) from error
    finally:
        connection.close()


def _clean(text: str) -> str:
    return "".join(c if c.isprintable() and c.isascii() else "?" for c in text)[:500]


def check_rspamd(look: Look) -> list[Finding]:
    """rspamd's word: its "reject" is our refuse threshold, its "add header" our mark."""
    where = str(look.get("spam.rspamd"))
    if not where or len(look.data) > look.get("spam.max_size"):
        return []
    people = [one.path for one in look.mail.recipients]
    try:
        action, points = ask_rspamd(where, str(look.get("spam.rspamd_password")), look.data, ip=look.ip, helo=look.helo, sender=look.sender, recipients=people)
    except MailError as error:
        return [scored("rspamd", 0, "", failed=error.detail)]
    scores = {"reject": look.get("spam.refuse"), "add header": look.get("spam.mark"), "rewrite subject": look.get("spam.mark")}
    return [scored("rspamd", scores.get(action, 0), "rspamd calls it spam.", points=points, action=action)]
