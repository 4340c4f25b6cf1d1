"""Do the programs that checks ask still answer? The DNS resolver, the block lists, SpamAssassin, rspamd, and the virus scanner that is set.

Each is asked the least it answers to (PING, VERSION, the root of DNS), within a few seconds, and nothing of it counts for a message.
"""

import http.client
import os
import shlex
import shutil
import socket
from collections.abc import Callable, Iterable
from dataclasses import replace

from mailcore.base.errors import MailError
from mailcore.policy.look import named_lists
from mailcore.policy.outside import connect, read_all, split
from mailcore.runtime.runtime import Runtime
from mailcore.runtime.told import Health
from mailcore.store import protection

SECONDS = 5.0
NAMES = ("spam.dnsbl", "spam.uribl", "spam.spamassassin", "spam.rspamd", "virus.scanner", "virus.clamd", "virus.command")
"""Settings that say whom to ask."""


def asked(runtime: Runtime) -> tuple[str, ...]:
    """What the settings say of whom to ask: when it changes, it is time to look again."""
    return tuple(str(runtime.settings.get(name)) for name in NAMES)


def look(runtime: Runtime, last: Iterable[Health] = ()) -> list[Health]:
    """Ask all that is set; *last* is the look before, for when each was last well."""
    get = runtime.settings.get
    found = [_dns(runtime)]
    if where := str(get("spam.spamassassin")):
        found.append(_timed(runtime, "SpamAssassin", where, _spamd))
    if where := str(get("spam.rspamd")):
        found.append(_timed(runtime, "rspamd", where, _rspamd))
    if get("virus.scanner") == "clamd":
        found.append(_timed(runtime, "ClamAV", str(get("virus.clamd")), _clamd))
    elif get("virus.scanner") == "command":
        found.append(_timed(runtime, "Scanner program", str(get("virus.command")), _program))
    before, now = {(one.name, one.where): one.well_at for one in last}, runtime.clock.micros()
    return [*(replace(one, well_at=now if one.state == "well" else before.get((one.name, one.where), 0)) for one in found), *_lists(runtime)]


def _timed(runtime: Runtime, name: str, where: str, ask: Callable[[str], str]) -> Health:
    """What *ask* gives as version, or the words of its trouble."""
    start = runtime.clock.monotonic()
    try:
        version = ask(where)
    except (OSError, http.client.HTTPException, ValueError) as error:
        return Health(name=name, state="down", where=where, detail=getattr(error, "strerror", None) or str(error) or type(error).__name__)
    return Health(name=name, state="well", where=where, version=version, took_ms=round((runtime.clock.monotonic() - start) * 1000))


def _clamd(where: str) -> str:
    with connect(where, 3310, SECONDS) as connection:
        connection.sendall(b"zVERSION\0")
        answer = read_all(connection).decode("utf-8", "replace").strip("\0\r\n ")
    return _expected(answer, "ClamAV")


def _spamd(where: str) -> str:
    with connect(where, 783, SECONDS) as connection:
        connection.sendall(b"PING SPAMC/1.5\r\n\r\n")
        connection.shutdown(socket.SHUT_WR)
        answer = read_all(connection).decode("utf-8", "replace")
    return _expected(answer, "SPAMD/").split(" ")[0]


def _rspamd(where: str) -> str:
    connection = http.client.HTTPConnection(*split(where, 11_333), timeout=SECONDS)
    try:
        connection.request("GET", "/ping")
        answer = connection.getresponse()
        _expected(answer.read(64).decode("utf-8", "replace"), "pong")
        return (answer.getheader("Server") or "").strip()[:80]
    finally:
        connection.close()


def _program(command: str) -> str:
    words = shlex.split(command)
    path = shutil.which(words[0]) if words else None
    if path is None or not os.access(path, os.X_OK):
        raise OSError(f"There is no program {words[0]} that can be run." if words else "No scanner program is set.")
    return ""


def _expected(answer: str, start: str) -> str:
    if not answer.startswith(start):
        raise OSError(f"It answers {answer[:60]!r}." if answer else "It closes without an answer.")
    return answer[:120]


def _dns(runtime: Runtime) -> Health:
    if runtime.config.dns == "none" or runtime.settings.get("server.mode") == "lan":
        return Health(name="DNS", state="off")
    where, start = str(getattr(runtime.resolver, "where", "")), runtime.clock.monotonic()
    try:
        getattr(runtime.resolver, "query_anew", runtime.resolver.query)(".", "NS")
    except MailError as error:
        return Health(name="DNS", state="down", where=where, detail=error.detail)
    return Health(name="DNS", state="well", where=where, took_ms=round((runtime.clock.monotonic() - start) * 1000))


def _lists(runtime: Runtime) -> list[Health]:
    """The block lists as the last probe found them (RFC 5782 §5)."""
    known = protection.block_list_states(runtime.store.read())
    hosts = [one.host for name in ("spam.dnsbl", "spam.uribl") for one in named_lists(str(runtime.settings.get(name)))]
    return [
        Health(name=host, state="well" if known[host].state == "healthy" else "down", detail=known[host].detail, well_at=known[host].checked_at if known[host].state == "healthy" else 0)
        for host in dict.fromkeys(hosts) if host in known
    ]  # fmt: skip
