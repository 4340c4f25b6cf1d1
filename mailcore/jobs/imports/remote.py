"""A whole account on another IMAP server: every mailbox with its messages, flags and dates. RFC 3501; only what copying needs.

Nothing is changed there: mailboxes are examined, bodies peeked at.
"""

import contextlib
import imaplib
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from mailcore.base.clock import Micros, to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.jobs.fetch import with_line_ends
from mailcore.jobs.imports.letters import Letter, keywords_of
from mailcore.net import elsewhere
from mailcore.store import messages
from mailcore.wire.imap import mutf7

MAILBOXES = 5_000
CHUNK = 200
"""Messages whose sizes and flags are asked for at once."""
_LIST = re.compile(rb'\((?P<flags>[^)]*)\) (?P<delimiter>"(?:\\.|[^"])"|NIL) (?P<name>.*)', re.DOTALL)
_FLAGS = {"\\seen": messages.SEEN, "\\answered": messages.ANSWERED, "\\flagged": messages.FLAGGED, "\\draft": messages.DRAFT, "\\deleted": messages.DELETED}
_ROLES = {"\\sent": "Sent", "\\trash": "Trash", "\\junk": "Junk", "\\drafts": "Drafts", "\\archive": "Archive"}
_SKIPPED = {"\\noselect", "\\nonexistent", "\\all"}
"""`\\All` is every message once more."""


class Account:
    """A signed-in account elsewhere."""

    def __init__(self, account: elsewhere.Account) -> None:
        source = elsewhere.open_source(account)
        assert isinstance(source, elsewhere.Imap)
        self._host, self._source, self._client = account.host, source, source.client

    def close(self) -> None:
        """Say goodbye without expunging anything."""
        with contextlib.suppress(OSError, imaplib.IMAP4.error):
            self._client.logout()

    def mailboxes(self) -> list[tuple[str, str]]:
        """(name on the wire, name here) of each that holds mail. Raises MailError(NETWORK)."""
        found: list[tuple[str, str]] = []
        for line in self._ask("LIST", '""', "*"):
            parsed = self._listed(line)
            if parsed is not None and len(found) < MAILBOXES:
                found.append(parsed)
        return found

    def letters(self, limit: int) -> Iterator[Letter]:
        """Every message of every mailbox, oldest first. Raises MailError(NETWORK) when the connection ends."""
        for wire, name in self.mailboxes():
            yield from self._mailbox(wire, name, limit)

    def _listed(self, line: Any) -> tuple[str, str] | None:
        raw = b" ".join(line) if isinstance(line, tuple) else line
        match = _LIST.match(raw or b"")
        if match is None or {f.lower() for f in match["flags"].decode("latin-1").split()} & _SKIPPED:
            return None
        wire = line[1] if isinstance(line, tuple) else match["name"].strip()
        if wire.startswith(b'"') and wire.endswith(b'"'):
            wire = re.sub(rb"\\(.)", rb"\1", wire[1:-1])
        try:
            name = mutf7.decode(wire)
        except MailError:
            name = wire.decode("utf-8", "replace")
        delimiter = b"" if match["delimiter"] == b"NIL" else match["delimiter"].strip(b'"').removeprefix(b"\\")
        if delimiter and delimiter != b"/":
            name = name.replace("/", "_").replace(delimiter.decode("latin-1"), "/")
        role = next((home for flag, home in _ROLES.items() if flag in match["flags"].decode("latin-1").lower().split()), "")
        return wire.decode("latin-1"), role or name

    def _mailbox(self, wire: str, name: str, limit: int) -> Iterator[Letter]:
        quoted = '"' + wire.replace("\\", "\\\\").replace('"', '\\"') + '"'
        try:
            said, _ = self._client.select(quoted, readonly=True)
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            raise MailError(Reason.NETWORK, f"{self._host} broke off at {name}. Begin again: what is here is not brought twice.") from error
        if said != "OK":
            return
        uids = [int(u) for u in (self._ask("UID", "SEARCH", "UNDELETED")[0] or b"").split() if u.isdigit()]
        for start in range(0, len(uids), CHUNK):
            piece = uids[start : start + CHUNK]
            about = self._about(piece)
            for uid in piece:
                flags, words, at, size = about.get(uid, (0, (), None, 0))
                source = f"{name}, message {uid}"
                if size > limit:
                    yield Letter(mailbox=name, data=None, source=source)
                    continue
                data = next((bytes(part[1]) for part in self._ask("UID", "FETCH", str(uid), "(BODY.PEEK[])") if isinstance(part, tuple)), None)
                if data is not None:
                    yield Letter(mailbox=name, data=with_line_ends(data), flags=flags, keywords=words, at=at, source=source)

    def _about(self, uids: list[int]) -> dict[int, tuple[int, tuple[str, ...], Micros | None, int]]:
        found = {}
        for part in self._ask("UID", "FETCH", ",".join(map(str, uids)), "(UID FLAGS INTERNALDATE RFC822.SIZE)"):
            text = (b" ".join(part) if isinstance(part, tuple) else part or b"").decode("latin-1")
            uid, size = re.search(r"\bUID (\d{1,10})", text), re.search(r"RFC822\.SIZE (\d{1,15})", text)
            if uid is None:
                continue
            names = (re.search(r"FLAGS \(([^)]*)\)", text) or ["", ""])[1].split()
            flags = sum(_FLAGS.get(n.lower(), 0) for n in set(names)) & ~messages.DELETED
            words = keywords_of(tuple(n for n in names if not n.startswith("\\")))
            found[int(uid[1])] = (flags, words, _date(text), int(size[1]) if size else 0)
        return found

    def _ask(self, command: str, *words: str) -> list[Any]:
        try:
            said, data = self._client.list(*words) if command == "LIST" else self._client.uid(*words)
        except (imaplib.IMAP4.error, OSError, EOFError) as error:
            raise MailError(Reason.NETWORK, f"{self._host} broke off: {error}. Begin again: what is here is not brought twice.") from error
        if said != "OK":
            raise MailError(Reason.NETWORK, f"{self._host} refused {command}: {data[0]!r}.")
        return list(data)


def _date(text: str) -> Micros | None:
    found = re.search(r'INTERNALDATE "([^"]{20,30})"', text)
    try:
        return to_micros(datetime.strptime(found[1].strip(), "%d-%b-%Y %H:%M:%S %z").astimezone(UTC)) if found else None
    except ValueError:
        return None
