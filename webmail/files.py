"""Bodies and files of messages: safe HTML by the sanitiser, cached; attachments with a kind, a badge and a signed address."""

import io
import re
import threading
import zipfile
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.mail import texts, tnef
from mailcore.mail.body import decode_body
from mailcore.mail.charset import decode_bytes
from mailcore.mail.html import html_to_text, text_to_html
from mailcore.mail.part import Part, load_parts
from mailcore.mail.plain import MAX_TEXT_CHARS
from mailcore.mail.quotes import fold
from mailcore.mail.reply import is_forward
from mailcore.net import fetch
from mailcore.sessions import safe_bodies
from mailcore.store.listing import Stored
from web import tokens, words
from web.site import site
from webmail import presenters as p

CACHED = 500
MEASURED_CHARACTERS = 100_000
"""Of a body that are read as text, to know its length."""
SHOWN_TYPES = frozenset({"image/png", "image/jpeg", "image/gif", "image/webp"})
"""Served as what they are; all else is a download of no type, or plain text."""
TEXT_ENDINGS = frozenset({"txt", "csv", "md", "log", "diff", "patch"})
THUMB_BYTES = 2 * 1024 * 1024
"""A larger picture is no thumbnail of itself: one message must not load all of its files."""
ZIP_BYTES = 200 * 1024 * 1024
"""Bytes of one message's files that are packed into one archive."""
ZIP_FILES = 2000
PACKAGES = 3
"""winmail.dat files of one message that are opened."""
FILES_SHOWN = 100
"""Cards of files under one message. Stops ten thousand parts from being ten thousand cards; the archive and the source hold all."""
KINDS = {
    "pdf": ("pdf", "PDF"), "zip": ("archive", "ZIP"), "gz": ("archive", "GZ"), "7z": ("archive", "7Z"), "rar": ("archive", "RAR"), "xls": ("sheet", "XLS"),
    "xlsx": ("sheet", "XLS"), "ods": ("sheet", "ODS"), "csv": ("sheet", "CSV"), "doc": ("text", "DOC"), "docx": ("text", "DOC"), "odt": ("text", "ODT"),
    "txt": ("text", "TXT"), "md": ("text", "TXT"), "png": ("image", "PNG"), "jpg": ("image", "JPG"), "jpeg": ("image", "JPG"), "gif": ("image", "GIF"),
    "webp": ("image", "WEBP"), "mp3": ("media", "MP3"), "mp4": ("media", "MP4"), "eml": ("mail", "EML"), "ics": ("text", "ICS"), "vcf": ("text", "VCF"),
}  # fmt: skip


OWN_COLOURS = re.compile(r"""style=["'][^"'>]*(?:background|color)\b|\sbgcolor=|\sbackground=|<font\s""", re.IGNORECASE)
"""What stands in the HTML of a message that brings colours of its own."""


@dataclass(frozen=True, slots=True)
class Body:
    """A body ready to show; *text* for measuring, *remote_count* pictures kept back or proxied."""

    html: str
    text: str
    remote_count: int
    has_cut: bool
    pictures: frozenset[str]
    """The Content-IDs of pictures that it shows."""

    @property
    def has_own_colours(self) -> bool:
        """Whether it was written for a page of its own colours."""
        return OWN_COLOURS.search(self.html) is not None


_cache: "OrderedDict[tuple[int, int, bool], Body]" = OrderedDict()
_lock = threading.Lock()


def body_of(stored: Stored, *, shows_images: bool) -> Body:
    """The body of a message, cached by email and session (its links are the session's)."""
    from web.signed_in import visitor

    key = (stored.row.email_id, visitor().session.id, shows_images)
    with _lock:
        found = _cache.get(key)
        if found is not None:
            _cache.move_to_end(key)
            return found
    made = make_body(stored, shows_images=shows_images)
    with _lock:
        _cache[key] = made
        while len(_cache) > CACHED:
            _cache.popitem(last=False)
    return made


def make_body(stored: Stored, *, shows_images: bool, inside: Part | None = None) -> Body:
    """HTML through the sanitiser, else text made HTML; of the message, or of one that it encloses."""
    root = inside or load_parts(stored.parts)
    data = site().store.blobs.read(stored.locator)
    written = texts.texts(data, root, texts.SHOWN_BYTES)
    pictures = texts.pictures(root, written.markup)
    pieces, is_cut = written.pieces, written.is_cut
    if not any(one.text.strip() for one in pieces):
        packed_text = next((f for part in texts.files(root, pictures)[:FILES_SHOWN] if is_package(part) for f in tnef.read(decode_body(data, part))[:1]), None)
        if packed_text is not None and packed_text.name in ("message.html", "message.txt"):
            is_html = packed_text.name == "message.html"
            pieces = (texts.Text(is_html, decode_bytes(packed_text.content[:texts.SHOWN_BYTES], "").replace("\r\n", "\n")),)
    by_cid = {part.content_id: part for part in root.walk() if part.content_id in pictures}
    shown, plain, remote = [], [], 0
    for one in pieces:
        if one.is_html:
            safe = safe_bodies.safe(
                site().runtime, stored.row.email_id, one.text, by_cid, cid_url=lambda cid: part_url(stored.row.message_id, by_cid[cid]), remote_url=image_url if shows_images else None
            )
            shown.append(safe.html)
            plain.append(html_to_text(safe.html[:MEASURED_CHARACTERS])[:20_000])
            remote, is_cut = remote + safe.remote_count, is_cut or safe.has_cut
        else:
            shown.append(text_to_html(one.text))
            plain.append(one.text)
            is_cut = is_cut or len(one.text) > MAX_TEXT_CHARS
    if inside is not None or not is_forward(stored.row.subject):
        shown = [fold(one, _("Show what is quoted")) for one in shown]
    return Body("".join(shown), "\n\n".join(plain), remote, is_cut, pictures)


def decoded_size(part: Part) -> int:
    """About how many bytes a part holds."""
    return part.size * 3 // 4 if part.encoding == "base64" else part.size


def image_url(url: str) -> str:
    """The proxy's address for a picture elsewhere."""
    return flask.url_for("mail.image", token=tokens.make("image", url))


def number_of(part: Part) -> list[int]:
    """What names a part in a token: where its bytes lie in the blob."""
    return [part.body_start, part.body_end]


def part_url(message_id: int, part: Part) -> str:
    """The signed address of one part."""
    name = safe_name(part)
    return flask.url_for("mail.part", token=tokens.make("part", [message_id, *number_of(part)]), name=name)


def clean_name(name: str) -> str:
    """A stranger's name of a file as one that leaves no folder; "" where nothing is left of it."""
    name = name.replace("\\", "/").rpartition("/")[2]
    return "".join(c for c in name if c.isprintable() and c not in '<>:"|?*').strip(". ")[:150]


def safe_name(part: Part) -> str:
    """A file name without folders and control characters."""
    return clean_name(part.filename or "") or ("message.eml" if part.type == "message" else f"file.{part.subtype[:10] or 'bin'}")


def attachment(message_id: int, part: Part) -> p.Attachment:
    """One file of a message, with a way to look at it where that is safe: pictures, text, messages."""
    name, url = safe_name(part), part_url(message_id, part)
    size = decoded_size(part)
    made = card(name, size, url, is_image=part.type == "image")
    if part.mime_type in SHOWN_TYPES:
        return replace(made, view_url=url, thumb_url=url if size <= THUMB_BYTES else None)
    if part.mime_type == "application/pdf" or name.lower().endswith(".pdf"):
        return replace(made, view_url=flask.url_for("mail.pdf", token=tokens.make("part", [message_id, *number_of(part)]), name=name))
    if part.message is not None:
        return replace(made, view_url=flask.url_for("mail.enclosed", token=tokens.make("part", [message_id, *number_of(part)])))
    if part.mime_type == "text/plain" or part.type == "text" and name.rpartition(".")[2].lower() in TEXT_ENDINGS:
        return replace(made, view_url=url + "?view=text")
    return made


def is_package(part: Part) -> bool:
    """Whether a file is Outlook's winmail.dat."""
    return part.mime_type in ("application/ms-tnef", "application/vnd.ms-tnef") or part.filename.lower() == "winmail.dat"


def unpacked(stored: Stored, attached: list[Part]) -> list[p.Attachment]:
    """The cards of a message's files, those inside a winmail.dat before it; PACKAGES of them are opened."""
    cards: list[p.Attachment] = []
    opened = 0
    for part in attached[:FILES_SHOWN]:
        if is_package(part) and opened < PACKAGES:
            opened += 1
            for number, file in enumerate(tnef.read(decode_body(site().store.blobs.read(stored.locator), part))):
                name = clean_name(file.name) or f"file{number + 1}.bin"
                url = flask.url_for("mail.packed_file", token=tokens.make("packed", [stored.row.message_id, *number_of(part), number]), name=name)
                is_text = name.rpartition(".")[2].lower() in TEXT_ENDINGS
                cards.append(replace(card(name, len(file.content), url), view_url=url + "?view=text" if is_text else url if fetch.looks_like(file.content) in SHOWN_TYPES else ""))
        cards.append(attachment(stored.row.message_id, part))
    return cards


def unique(name: str, taken: dict[str, int]) -> str:
    """*name*, with a number before its ending where it was given before. *taken* counts."""
    key = name.lower()
    taken[key] = taken.get(key, 0) + 1
    if taken[key] == 1:
        return name
    stem, dot, ending = name.rpartition(".")
    return unique(f"{stem or ending} ({taken[key]}){dot + ending if stem else ''}", taken)


class _Pipe(io.RawIOBase):
    """Where an archive is written to: what stands in it is taken away after each file."""

    def __init__(self) -> None:
        self.chunks: list[bytes] = []

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.chunks.append(bytes(data))
        return len(data)

    def take(self) -> bytes:
        """What was written since the last time."""
        out = b"".join(self.chunks)
        self.chunks.clear()
        return out


def packed(data: bytes, parts: list[Part]) -> Iterator[bytes]:
    """The files as one ZIP archive, one after the other, so that never more than one is held. Names hold no folder, so none leaves the one it is opened in."""
    pipe, taken, left = _Pipe(), dict[str, int](), ZIP_BYTES
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for part in parts[:ZIP_FILES]:
            content = decode_body(data, part)
            left -= len(content)
            if left < 0:
                break
            archive.writestr(unique(safe_name(part), taken), content)
            yield pipe.take()
    yield pipe.take()


def card(name: str, size: int, url: str, *, is_image: bool = False, id: str = "") -> p.Attachment:
    """A file's card: kind and badge by its ending."""
    kind, badge = KINDS.get(name.rpartition(".")[2].lower(), ("image" if is_image else "other", "FILE"))
    return p.Attachment(name=name, size_text=words.size(size), url=url, kind=kind, badge=badge, id=id)
