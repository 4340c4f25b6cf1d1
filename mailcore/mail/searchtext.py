"""What of a message can be found: everybody it went to, the text of its bodies and of attached texts, the names of its files. Bounded."""

from dataclasses import dataclass

from mailcore.mail.body import decode_text
from mailcore.mail.headers import scan_headers
from mailcore.mail.htmltext import html_to_text
from mailcore.mail.part import Part

MAX_PARTS = 200
MAX_CHARACTERS = 2_000_000
"""Text of one message that is looked at."""
RECIPIENT_FIELDS = (b"to", b"cc", b"bcc", b"reply-to")


@dataclass(frozen=True, slots=True, kw_only=True)
class SearchText:
    """Plain text by what it is."""

    rcpt: str
    body: str


def search_text(data: bytes, root: Part) -> SearchText:
    """The findable text of a message given as its first bytes and its tree; parts behind the end of *data* are left out."""
    headers = scan_headers(data, 0, root.body_start)
    rcpt = " ".join(headers.text(name) for name in RECIPIENT_FIELDS)
    pieces: list[str] = []
    left = MAX_CHARACTERS
    for number, part in enumerate(root.walk()):
        if number >= MAX_PARTS or left <= 0:
            break
        if part.filename:
            pieces.append(part.filename)
        if part.children or part.type != "text" or part.body_start >= len(data):
            continue
        text = decode_text(data, part)
        piece = (html_to_text(text) if part.subtype == "html" else text)[:left]
        left -= len(piece)
        pieces.append(piece)
    return SearchText(rcpt=rcpt, body="\n".join(pieces))
