"""Large HTML made safe once, in the background when it comes, and kept beside the store: both walls of the sanitiser want a second for 1 MB.

What is kept names pictures by marks that nobody outside can know; whoever opens the message puts their own addresses there. A
file goes with its message (`forget`), and can be made again at any time.
"""

import contextlib
import hashlib
import json
import os
import re
import secrets
from collections.abc import Collection
from dataclasses import dataclass
from html import escape
from pathlib import Path
from urllib.parse import quote, unquote

from mailcore.mail.html import Rewrite, SafeHtml, sanitise
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx

FOLDER = "made"
LARGE_CHARACTERS = 50_000
"""From here on safe HTML is kept; less is made in the time that a file takes."""
KEPT_BYTES = 256 * 1024 * 1024
"""Of all that is kept; the oldest goes first."""
RULES = "1"
"""Another number where the sanitiser's answer for the same text changes."""
_NAME = re.compile(r"(\d+)-[0-9a-f]{32}")


@dataclass(frozen=True, slots=True)
class _Kept:
    html: str
    remote_count: int
    has_cut: bool
    nonce: str


def safe(runtime: Runtime, email_id: int, text: str, pictures: Collection[str], *, cid_url: Rewrite, remote_url: Rewrite | None) -> SafeHtml:
    """`html.sanitise` of a text of the message *email_id*, whose parts *pictures* names by Content-ID. Never raises on any text."""
    if len(text) < LARGE_CHARACTERS:
        return sanitise(text, cid_url=lambda cid: cid_url(cid) if cid in pictures else None, remote_url=remote_url)
    kept = make(runtime, email_id, text, pictures)

    def put(found: re.Match[str]) -> str:
        name = unquote(found[2])
        made = cid_url(name) if found[1] == "c" else remote_url(name) if remote_url is not None else None
        return f' src="{escape(made)}"' if made is not None else ""

    html = re.sub(rf' src="/{kept.nonce}/([cr])/([^"]*)"', put, kept.html)
    return SafeHtml(html=html, remote_count=kept.remote_count, has_cut=kept.has_cut)


def make(runtime: Runtime, email_id: int, text: str, pictures: Collection[str]) -> _Kept:
    """Read what is kept of *text*, or make and keep it. A full disk keeps nothing, and the message is shown all the same."""
    key = hashlib.sha256("\0".join([RULES, *sorted(pictures), text]).encode("utf-8", "surrogatepass")).hexdigest()[:32]
    path = runtime.config.data_dir / FOLDER / f"{email_id}-{key}"
    with contextlib.suppress(OSError, ValueError, TypeError):
        twin = None if path.exists() else next(path.parent.glob(f"*-{key}"), None)  # the same message, at another of its recipients
        if twin is not None:
            os.link(twin, path)
        head, _, html = path.read_text("utf-8").partition("\n")
        return _Kept(html=html, **json.loads(head))
    nonce = secrets.token_hex(16)
    found = sanitise(
        text, cid_url=lambda cid: f"/{nonce}/c/{quote(cid, safe='')}" if cid in pictures else None, remote_url=lambda url: f"/{nonce}/r/{quote(url, safe='')}"
    )
    head = json.dumps({"remote_count": found.remote_count, "has_cut": found.has_cut, "nonce": nonce})
    with contextlib.suppress(OSError, UnicodeEncodeError):
        path.parent.mkdir(mode=0o700, exist_ok=True)
        trim(path.parent, KEPT_BYTES)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.write_text(f"{head}\n{found.html}", "utf-8")
        os.replace(draft, path)
    return _Kept(found.html, found.remote_count, found.has_cut, nonce)


def trim(folder: Path, most: int) -> None:
    """Remove the oldest files until *most* bytes are left."""
    files = sorted(((one.stat().st_mtime, one.stat().st_size, one.path) for one in os.scandir(folder)), reverse=True)
    total = 0
    for _at, size, path in files:
        total += size
        if total > most:
            Path(path).unlink(missing_ok=True)


def forget(runtime: Runtime, tx: Tx) -> int:
    """Remove what was made of messages that are no more, and what was never finished; how many."""
    count = 0
    with contextlib.suppress(FileNotFoundError):
        for one in os.scandir(runtime.config.data_dir / FOLDER):
            named = _NAME.fullmatch(one.name)
            if named is None or tx.one("SELECT 1 FROM emails WHERE id = :i", {"i": int(named[1])}) is None:
                Path(one.path).unlink(missing_ok=True)
                count += 1
    return count
