"""Mail in files: mbox, Maildir, folders of .eml, Thunderbird's profile, and a zip of any of these; each message as a Letter.

What a file is, is seen from the file and not from its name. Names of folders become names of mailboxes.
"""

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mailcore.base.clock import Micros, to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.jobs.fetch import with_line_ends
from mailcore.mail import mbox
from mailcore.mail.headers import parse_date, scan_headers
from mailcore.store import messages
from mailcore.wire.imap import mutf7

INBOX = "INBOX"
ENTRIES = 1_000_000
"""Files in a folder or zip that are looked at: stops an import of / from never ending."""
GMAIL_PLACES = {"inbox": "INBOX", "sent": "Sent", "drafts": "Drafts", "spam": "Junk", "trash": "Trash"}
GMAIL_WORDS = frozenset({"unread", "opened", "starred", "important", "archived", "chat", *GMAIL_PLACES})
_LABEL = re.compile(r"[^\w$.+&-]+")
_MAILDIR_FLAGS = {"S": messages.SEEN, "R": messages.ANSWERED, "F": messages.FLAGGED, "D": messages.DRAFT, "T": messages.DELETED}


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message to bring. *data* has CRLF line ends; None: it is larger than this server takes. *flags* are the store's bits."""

    mailbox: str
    data: bytes | None
    flags: int = 0
    keywords: tuple[str, ...] = ()
    at: Micros | None = None
    source: str = ""


def read(path: Path, limit: int) -> Iterator[Letter]:
    """Every message under *path*. Raises MailError(NOT_FOUND, NOT_PERMITTED, SYNTAX) in words."""
    try:
        if path.is_dir():
            yield from _folder(path, limit)
        elif zipfile.is_zipfile(path):
            yield from _zip(path, limit)
        else:
            yield from _file(path, INBOX, limit)
    except FileNotFoundError as error:
        raise MailError(Reason.NOT_FOUND, f"There is no {error.filename}.") from error
    except PermissionError as error:
        raise MailError(Reason.NOT_PERMITTED, f"{error.filename} cannot be read by the user that Roost runs as. Let that user read it, or copy it to where it can.") from error
    except zipfile.BadZipFile as error:
        raise MailError(Reason.SYNTAX, f"{path.name} is not a whole zip file.") from error


def _file(path: Path, mailbox: str, limit: int) -> Iterator[Letter]:
    with path.open("rb") as file:
        yield from _stream(file, mailbox, limit, str(path), to_micros_of(path))


def _stream(file: io.BufferedIOBase, mailbox: str, limit: int, source: str, written: Micros | None) -> Iterator[Letter]:
    start = file.readline(1000)
    if mbox.ENVELOPE.match(start):
        for data, at in mbox.messages(_lines(start, file), limit):
            yield from _kept(data, mailbox, at, source)
        return
    if b":" not in start and not start.startswith(b"From "):
        return  # no message: an index, a picture, a note
    data = start + file.read(limit + 1)
    yield from _kept(with_line_ends(data) if len(data) <= limit else None, mailbox, None, source, written)


def _lines(start: bytes, file: io.BufferedIOBase) -> Iterator[bytes]:
    yield start
    while line := file.readline(1_000_000):
        yield line


def _kept(data: bytes | None, mailbox: str, at: Micros | None, source: str, written: Micros | None = None) -> Iterator[Letter]:
    """The letter with what its header's notes say; none for one that was deleted there."""
    if data is None:
        yield Letter(mailbox=mailbox, data=None, source=source)
        return
    marks = mbox.read_marks(data)
    if marks.is_deleted:
        return
    flags = messages.SEEN if marks.is_seen or not marks.is_told else 0
    for is_set, bit in ((marks.is_answered, messages.ANSWERED), (marks.is_flagged, messages.FLAGGED), (marks.is_draft, messages.DRAFT)):
        flags |= bit if is_set else 0
    clean = mbox.without_notes(data) if marks.is_told else data
    yield Letter(
        mailbox=_gmail_place(marks.labels, mailbox) if b"X-Gmail-Labels" in data[:20_000] else mailbox, data=clean, flags=flags,
        keywords=keywords_of(marks.labels), at=arrived(clean, at) or written, source=source,
    )  # fmt: skip


def _gmail_place(labels: tuple[str, ...], mailbox: str) -> str:
    return next((place for word, place in GMAIL_PLACES.items() if any(label.lower() == word for label in labels)), "Archive")


def keywords_of(labels: tuple[str, ...]) -> tuple[str, ...]:
    """Labels as IMAP keywords: what a keyword may not hold becomes a line."""
    found = [_LABEL.sub("_", label).strip("_")[:60] for label in labels if label.lower() not in GMAIL_WORDS]
    return tuple(dict.fromkeys(word for word in found if word and word.isascii()))


def arrived(data: bytes, kept: Micros | None = None) -> Micros | None:
    """When a message came: its newest Received line says so, else who *kept* it, else its Date; that is the writer's word, and all that sent mail and drafts have."""
    headers = scan_headers(data)
    received = headers.raw(b"received")
    came = _moment(received.rpartition(b";")[2]) if received is not None else None
    return came or kept or _moment(headers.raw(b"date"))


def _moment(text: bytes | None) -> Micros | None:
    moment = parse_date(text) if text else None
    return None if moment is None else to_micros(moment)


def to_micros_of(path: Path) -> Micros:
    """When a file was written."""
    return int(path.stat().st_mtime * 1_000_000)


def _folder(root: Path, limit: int) -> Iterator[Letter]:
    """Depth first, in the order of names; a Maildir wherever `cur` and `new` stand."""
    seen = 0
    waiting: list[tuple[Path, str]] = [(root, "")]
    while waiting:
        folder, name = waiting.pop()
        if (folder / "cur").is_dir() and (folder / "new").is_dir():
            yield from _maildir(folder, name or INBOX, limit)
        children = sorted(folder.iterdir(), key=lambda p: p.name)
        for child in children:
            seen += 1
            if seen > ENTRIES:
                raise MailError(Reason.LIMIT, f"There are more than {ENTRIES:,} files under {root}. Import its folders one by one.")
            if child.is_symlink() or child.name in ("cur", "new", "tmp"):
                continue
            if child.is_file() and not child.name.endswith((".msf", ".dat", ".html", ".json")) and not child.name.startswith("."):
                yield from _file(child, _mailbox_of_file(child, name), limit)
        waiting += [(c, _below(name, c.name)) for c in reversed(children) if c.is_dir() and not c.is_symlink() and c.name not in ("cur", "new", "tmp")]


def _mailbox_of_file(path: Path, folder: str) -> str:
    """An .eml lies in its folder's mailbox; an mbox file is a mailbox of its own."""
    return (folder or INBOX) if path.suffix.lower() in (".eml", ".msg", ".txt") else clean_name(_below(folder, path.name.removesuffix(".mbox").removesuffix(".mbx")))


def _below(parent: str, name: str) -> str:
    """A folder's mailbox: `Work.sbd` is Thunderbird's Work, `.Work.2024` is Maildir++ for Work/2024."""
    if name.startswith(".") and len(name) > 1:
        try:
            levels = [mutf7.decode(level.encode()) for level in name[1:].split(".")]
        except (MailError, UnicodeError):
            levels = name[1:].split(".")
        name = "/".join(level.replace("/", "_") for level in levels)
    return clean_name("/".join(part for part in (parent, name.removesuffix(".sbd").removesuffix(".mbox")) if part))


def clean_name(name: str) -> str:
    """A mailbox name that the store takes: no empty level, no control character."""
    levels = ["".join(c for c in level if ord(c) >= 32 and ord(c) != 127).strip()[:100] for level in name.split("/")]
    kept = [level for level in levels if level and level not in (".", "..")][:20]
    return "/".join(kept) if kept else INBOX


def _maildir(folder: Path, name: str, limit: int) -> Iterator[Letter]:
    words = _dovecot_keywords(folder)
    for part in ("new", "cur"):
        for path in sorted((folder / part).iterdir(), key=lambda p: p.name):
            if not path.is_file() or path.name.startswith("."):
                continue
            letters = re.search(r"[:;!]2,([A-Za-z]*)$", path.name)
            flags = sum(_MAILDIR_FLAGS.get(c, 0) for c in set(letters[1] if letters else ""))
            if flags & messages.DELETED:
                continue
            data = path.read_bytes() if path.stat().st_size <= limit else None
            yield Letter(
                mailbox=name, data=None if data is None else with_line_ends(data), flags=flags, at=to_micros_of(path), source=str(path),
                keywords=keywords_of(tuple(words[c] for c in (letters[1] if letters else "") if c in words)),
            )  # fmt: skip


def _dovecot_keywords(folder: Path) -> dict[str, str]:
    """Which letter means which keyword: lines such as `0 Work` in the folder's own file."""
    try:
        lines = (folder / "dovecot-keywords").read_text("utf-8", "replace").splitlines()
    except OSError:
        return {}
    pairs = [line.split(" ", 1) for line in lines if re.fullmatch(r"\d{1,2} .+", line)]
    return {chr(ord("a") + int(number)): word for number, word in pairs if int(number) < 26}


def _zip(path: Path, limit: int) -> Iterator[Letter]:
    with zipfile.ZipFile(path) as archive:
        for entry in archive.infolist()[:ENTRIES]:
            if entry.is_dir() or entry.filename.startswith("__MACOSX/"):
                continue
            inside = PurePosixPath(entry.filename.lstrip("/"))
            folder = clean_name("/".join(p for p in inside.parts[:-1] if p != "..")) if inside.parts[:-1] else ""
            with archive.open(entry) as file:
                yield from _stream(file, _mailbox_of_file(Path(inside.name), folder), limit, entry.filename, None)  # type: ignore[arg-type]
