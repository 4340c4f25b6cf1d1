"""Attachments by their names: which are blocked (inside zip archives too), and a message without them.

Archives are listed, never unpacked, and only so deep and so many: a bomb stays packed.
"""

import io
import re
import zipfile
from collections.abc import Callable

from mailcore.mail import mime
from mailcore.mail.part import Part
from mailcore.policy.look import is_like

MAX_NAMES = 2000
"""Names in archives that are looked at. Stops an archive of a million files."""
MAX_ZIP_BYTES = 32 * 1024 * 1024
"""Largest archive that is listed."""
MAX_NESTED_BYTES = 4 * 1024 * 1024
"""Largest archive inside an archive that is unpacked to be listed, one level deep."""

_UNSAFE = re.compile(r"[^\w. -]")


def blocked_in(data: bytes, patterns: list[str]) -> dict[int, str]:
    """The blocked leaves of a message: where their header begins → the name that is blocked."""
    found: dict[int, str] = {}
    for part in mime.parse(data).walk():
        if part.children or part.message is not None:
            continue
        name = part.filename
        if name and _is_blocked(name, patterns):
            found[part.header_start] = name
        elif _may_be_zip(part, name):
            inner = blocked_in_zip(mime.decode_body(data, part, MAX_ZIP_BYTES), patterns)
            if inner:
                found[part.header_start] = f"{name or 'archive.zip'}: {inner}"
    return found


def _is_blocked(name: str, patterns: list[str]) -> bool:
    # Windows drops dots and spaces at the end of a name, so "a.exe. " is a.exe.
    return any(is_like(name.rstrip(". "), pattern) for pattern in patterns)


def _may_be_zip(part: Part, name: str) -> bool:
    return part.size > 20 and (name.lower().endswith(".zip") or part.subtype in ("zip", "x-zip-compressed") or part.type == "application" and not name)


def blocked_in_zip(content: bytes, patterns: list[str], *, is_nested: bool = False) -> str:
    """The first blocked name in an archive, "" for none or no archive."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for info in archive.infolist()[:MAX_NAMES]:
                name = info.filename.rpartition("/")[2]
                if _is_blocked(name, patterns):
                    return name[:200]
                if name.lower().endswith(".zip") and not is_nested and info.file_size <= MAX_NESTED_BYTES and not info.flag_bits & 1:
                    with archive.open(info) as inner:
                        found = blocked_in_zip(inner.read(MAX_NESTED_BYTES), patterns, is_nested=True)
                    if found:
                        return f"{name[:100]}/{found}"
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, RuntimeError, EOFError, zipfile.LargeZipFile, KeyError):
        return ""
    return ""


def without(data: bytes, is_gone: Callable[[Part], str], words: Callable[[str, str], str]) -> bytes:
    """*data* with a note in place of each leaf for which *is_gone* gives a reason. A message that is one such leaf keeps its header.

    *words* makes the note's text of an attachment's name and the reason.
    """
    root = mime.parse(data)
    pieces, pos = [], 0
    for part in sorted(root.walk(), key=lambda one: one.header_start):
        reason = "" if part.children or part.message is not None else is_gone(part)
        if not reason or part.header_start < pos:
            continue
        note = _note(part.filename, reason, words)
        if part is root:
            return _kept_fields(data, part) + note
        pieces += [data[pos : part.header_start], note.rstrip(b"\r\n")]
        pos = part.body_end
    return b"".join(pieces) + data[pos:] if pieces else data


def _note(name: str, reason: str, words: Callable[[str, str], str]) -> bytes:
    shown = _UNSAFE.sub("_", name)[:100] or "attachment"
    head = f'Content-Type: text/plain; charset=utf-8\r\nContent-Disposition: attachment; filename="{shown.encode("ascii", "replace").decode().replace("?", "_")}.txt"\r\n'
    text = "\r\n".join(words(shown, reason).rstrip("\n").split("\n"))
    return (head + f"Content-Transfer-Encoding: 8bit\r\n\r\n{text}\r\n").encode()


def _kept_fields(data: bytes, root: Part) -> bytes:
    assert root.headers is not None
    return b"".join(data[one.start : one.end] for one in root.headers if not one.name.lower().startswith(b"content-"))
