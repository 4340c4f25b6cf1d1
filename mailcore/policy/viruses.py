"""Viruses: clamd by its stream (INSTREAM), or any program that takes a file; and what is done with what they find.

A scanner that does not answer means "later" (451) or "pass", as set. Where both a virus and a blocked attachment are found, the
harder of the two actions is taken. What nobody can be refused (fetched, by a named relay) goes to Junk without its attachments.
"""

import shlex
import socket
import struct
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.directory import letters
from mailcore.mail.part import Part
from mailcore.policy import attachments
from mailcore.policy.facts import Finding, Level
from mailcore.policy.look import Look
from mailcore.policy.outside import connect
from mailcore.runtime.runtime import Runtime

CHUNK_BYTES = 128 * 1024
ANSWER_BYTES = 4096
COMMAND_SECONDS = 50.0
ORDER = ("pass", "strip", "quarantine", "delete", "refuse")
"""From the mildest action to the hardest."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What is wrong with a message, and what the settings want done: one of ORDER."""

    action: str
    kind: str
    name: str


def scan_clamd(where: str, data: bytes) -> str:
    """The virus's name, "" for none. Raises MailError(NETWORK), also when clamd finds the message too large."""
    try:
        with connect(where, 3310) as connection:
            connection.sendall(b"zINSTREAM\0")
            for start in range(0, len(data), CHUNK_BYTES):
                chunk = data[start : start + CHUNK_BYTES]
                connection.sendall(struct.pack("!I", len(chunk)) + chunk)
            connection.sendall(struct.pack("!I", 0))
            answer = _line(connection)
    except OSError as error:
        raise MailError(Reason.NETWORK, f"clamd at {where} does not answer: {error}.", temporary=True) from error
    text = answer.decode("utf-8", "replace").strip("\0 \r\n")
    if text.endswith(" FOUND"):
        return text.removeprefix("stream: ").removesuffix(" FOUND")[:200] or "unnamed"
    if text.endswith("OK"):
        return ""
    raise MailError(Reason.NETWORK, f"clamd says: {text[:200]}", temporary=True)


def _line(connection: socket.socket) -> bytes:
    found = b""
    while len(found) < ANSWER_BYTES and not found.endswith(b"\0") and (chunk := connection.recv(ANSWER_BYTES)):
        found += chunk
    return found


def scan_command(command: str, code: int, data: bytes) -> str:
    """The program's last line when it returns *code*, "" when it returns 0. Raises MailError(NETWORK) for anything else."""
    with tempfile.TemporaryDirectory(prefix="roost-scan-") as folder:
        path = Path(folder) / "message.eml"
        path.write_bytes(data)
        words = [word.replace("%FILE%", str(path)) for word in shlex.split(command)]
        if not words:
            raise MailError(Reason.NETWORK, "No scanner program is set.", temporary=True)
        try:
            done = subprocess.run(words, capture_output=True, timeout=COMMAND_SECONDS, check=False, stdin=subprocess.DEVNULL)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise MailError(Reason.NETWORK, f"The scanner program failed: {type(error).__name__}.", temporary=True) from error
    if done.returncode == 0:
        return ""
    if done.returncode == code:
        lines = done.stdout.decode("utf-8", "replace").strip().splitlines()
        return (lines[-1] if lines else "found by the scanner program").replace(str(path), "message")[:200]
    raise MailError(Reason.NETWORK, f"The scanner program returned {done.returncode}.", temporary=True)


def is_on(runtime: Runtime) -> bool:
    """Whether any message is looked at for viruses or blocked attachments."""
    get = runtime.settings.get
    return bool(get("virus.scanner") != "off" or get("virus.blocked_action") != "off")


def scan(look: Look, data: bytes) -> str:
    """The name of what the set scanner finds in *data*. Raises MailError."""
    limit = look.get("virus.max_size")
    if look.get("virus.scanner") == "off" or (limit and len(data) > limit):
        return ""
    if look.get("virus.scanner") == "clamd":
        return scan_clamd(str(look.get("virus.clamd")), data)
    return scan_command(str(look.get("virus.command")), look.get("virus.command_code"), data)


def check(look: Look) -> list[Finding]:
    """What is found; how it is to be stored (`look.facts["data"]`), and whether it is to be held or dropped, goes into the finding's facts."""
    found: list[Found] = []
    try:
        virus = scan(look, look.data)
    except MailError as error:
        if look.get("virus.down") == "later" and not look.is_fetched:
            later = MailError(Reason.VIRUS, "The message cannot be scanned for viruses now; try again later.", temporary=True)
            return [Finding(check="virus", level=Level.DEFER, error=later, facts={"failed": error.detail})]
        look.runtime.log.warning("virus scanner does not answer", detail=error.detail)
        return [Finding(check="virus", level=Level.ACCEPT, facts={"failed": error.detail})]
    if virus:
        found.append(Found(action=str(look.get("virus.action")), kind="virus", name=virus))
    if look.get("virus.blocked_action") != "off":
        blocked = attachments.blocked_in(look.data, str(look.get("virus.blocked")).split())
        if blocked:
            look.facts["blocked"] = blocked
            found.append(Found(action=str(look.get("virus.blocked_action")), kind="attachment", name=next(iter(blocked.values()))))
    return [_acted(look, max(found, key=lambda one: ORDER.index(one.action)), found)] if found else []


def _acted(look: Look, worst: Found, found: list[Found]) -> Finding:
    facts: dict[str, Any] = {"action": worst.action, "kind": worst.kind, "name": worst.name}
    look.runtime.counts.add("virus", domains=look.mail.domain_ids)
    if worst.action == "refuse" and not look.is_fetched:
        text = f"The message holds {'a virus' if worst.kind == 'virus' else 'an attachment that is not taken here'}: {worst.name}."
        return Finding(check="virus", level=Level.REFUSE, error=MailError(Reason.VIRUS, text), facts=facts)
    if worst.action in ("strip", "refuse"):
        look.facts["data"] = stripped(look, has_virus=any(one.kind == "virus" for one in found))
    look.facts["action"] = worst.action
    return Finding(check="virus", level=Level.JUNK if worst.action in ("pass", "refuse") else Level.ACCEPT, facts=facts)


def stripped(look: Look, *, has_virus: bool) -> bytes:
    """The message without its blocked attachments, and for a virus without any attachment."""
    blocked: dict[int, str] = look.facts.get("blocked", {})
    language = letters.language_for(look.runtime, look.runtime.store.read(), None)

    def reason(part: Part) -> str:
        if part.header_start in blocked:
            return letters.sentence(language, "blocked")
        is_attachment = part.disposition == "attachment" or bool(part.filename) or part.type not in ("text", "multipart", "message")
        return letters.sentence(language, "virus") if has_virus and is_attachment else ""

    def words(name: str, why: str) -> str:
        return letters.written(look.runtime, look.runtime.store.read(), "attachment.removed", language, File=name, Reason=why)[1]

    return attachments.without(look.data, reason, words)
