"""Mail as other programs keep it in files: mbox, and the marks they leave in a message's header. RFC 4155; the Status fields have none.

A message begins at a `From ` line with a time of day that follows an empty line; a quoted `>From ` loses one `>`. What is larger than
the limit is passed over without being held in memory.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from mailcore.base.clock import Micros, to_micros
from mailcore.mail.headers import scan_headers

ENVELOPE = re.compile(rb"From \S.*\d\d?:\d\d")
_QUOTED = re.compile(rb">+From ")
_ASCTIME = re.compile(rb"\b([A-Z][a-z]{2}) +(\d{1,2}) (\d\d):(\d\d)(?::(\d\d))?(?: [A-Z+0-9-]+)? (\d{4})")
_MONTHS = b"Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split()
LABELS = 64
"""Labels that are read from one message."""

NOTES = (b"status", b"x-status", b"x-keywords", b"x-uid", b"x-imap", b"x-imapbase", b"x-mozilla-status", b"x-mozilla-status2", b"x-mozilla-keys")
"""Fields that a program's store wrote for itself; they are read and taken off."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What those fields say. *labels* as they stood there."""

    is_seen: bool = False
    is_answered: bool = False
    is_flagged: bool = False
    is_draft: bool = False
    is_deleted: bool = False
    labels: tuple[str, ...] = field(default=())
    is_told: bool = False
    """Whether there was any such field: where not, nobody knows."""


def messages(lines: Iterable[bytes], limit: int) -> Iterator[tuple[bytes | None, Micros | None]]:
    """Each message of an mbox with CRLF line ends and the time of its `From ` line; None for one larger than *limit* bytes."""
    held: list[bytes] = []
    size, at, is_open, was_empty = 0, None, False, True
    for line in lines:
        text = line.rstrip(b"\r\n")
        if was_empty and ENVELOPE.match(text):
            if is_open:
                yield _whole(held, size, limit), at
            held, size, at, is_open, was_empty = [], 0, envelope_time(text), True, False
            continue
        was_empty = not text
        if not is_open:
            continue
        if _QUOTED.match(text):
            text = text[1:]
        size += len(text) + 2
        if size <= limit + 2:
            held.append(text)
        elif held:
            held = []
    if is_open:
        yield _whole(held, size, limit), at


def _whole(held: list[bytes], size: int, limit: int) -> bytes | None:
    if held and not held[-1]:
        held, size = held[:-1], size - 2
    return b"".join(line + b"\r\n" for line in held) if size <= limit else None


def envelope_time(line: bytes) -> Micros | None:
    """The time of a `From ` line, taken as UTC; None for what is none."""
    found = _ASCTIME.search(line)
    if found is None or found[1] not in _MONTHS:
        return None
    try:
        moment = datetime(int(found[6]), _MONTHS.index(found[1]) + 1, int(found[2]), int(found[3]), int(found[4]), int(found[5] or 0), tzinfo=UTC)
    except ValueError:
        return None
    return to_micros(moment)


def read_marks(data: bytes) -> Marks:
    """What the store of another program noted in a message's header."""
    headers = scan_headers(data)
    texts = {name: (headers.raw(name) or b"").decode("latin-1").strip() for name in (*NOTES, b"x-gmail-labels")}
    mozilla = int(texts[b"x-mozilla-status"], 16) if re.fullmatch("[0-9a-fA-F]{1,8}", texts[b"x-mozilla-status"]) else 0
    letters = texts[b"status"] + texts[b"x-status"]
    gmail = [label for label in (each.strip() for each in headers.text(b"x-gmail-labels").split(",")) if label]
    labels = [*texts[b"x-keywords"].split(), *texts[b"x-mozilla-keys"].split(), *gmail]
    return Marks(
        is_seen="R" in letters or bool(mozilla & 1) or (bool(gmail) and "Unread" not in gmail), is_answered="A" in letters or bool(mozilla & 2),
        is_flagged="F" in letters or bool(mozilla & 4) or "Starred" in gmail, is_draft="T" in letters or "Drafts" in gmail,
        is_deleted="D" in letters or bool(mozilla & 8), labels=tuple(dict.fromkeys(labels))[:LABELS], is_told=any(texts.values()),
    )  # fmt: skip


def without_notes(data: bytes) -> bytes:
    """*data* without the fields of NOTES, each with its folded lines."""
    end = data.find(b"\r\n\r\n")
    head, rest = (data, b"") if end < 0 else (data[: end + 2], data[end + 2 :])
    kept, is_note = [], False
    for line in head.splitlines(keepends=True):
        if line[:1] not in (b" ", b"\t"):
            is_note = line.partition(b":")[0].strip().lower() in NOTES
        if not is_note:
            kept.append(line)
    return b"".join(kept) + rest
