"""What a person reads of a message: the texts that stand one after the other, and which leaves are pictures of them or files.

Apple's programs put files between pieces of text, lists and scanners add a text of their own below: what is shown is all of these
(RFC 8621 §4.1.4, `htmlBody`), and what is not shown is a file.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from mmap import mmap
from urllib.parse import quote

from mailcore.mail.body import decode_text
from mailcore.mail.part import Part
from mailcore.mail.plain import unflow
from mailcore.mail.structure import is_file, is_text

SHOWN_BYTES = 5 * 1024 * 1024
"""Text of a message that is shown; the rest is left out with a word. What makes it safe ahead reads as much, or makes what nobody asks for."""
TEXTS_SHOWN = 50
"""Texts of one message that are put together."""


@dataclass(frozen=True, slots=True)
class Text:
    """One piece, as HTML or as plain text with LF line ends."""

    is_html: bool
    text: str


@dataclass(frozen=True, slots=True)
class Texts:
    """The pieces in order; *is_cut* when there is more than was asked for."""

    pieces: tuple[Text, ...]
    is_cut: bool

    @property
    def has_html(self) -> bool:
        """Whether any piece is HTML."""
        return any(one.is_html for one in self.pieces)

    @property
    def markup(self) -> str:
        """All HTML of the message, to look for names in."""
        return "".join(one.text for one in self.pieces if one.is_html)


def shown_parts(root: Part) -> list[Part]:
    """The text leaves that are shown, in order: of alternatives the one with HTML, else the first with text."""
    found: list[Part] = []
    stack = [(root, "")]
    while stack:
        part, parent = stack.pop()
        if part.subtype == "alternative" and part.children:
            stack.append((best_of(part.children), parent))
        elif part.children:
            stack.extend((child, part.subtype) for child in reversed(part.children))
        elif is_text(part, parent, has_one=bool(found)):
            found.append(part)
    return found


def best_of(alternatives: Sequence[Part]) -> Part:
    """The first that has HTML, else the first that has text, else the last."""
    for subtype in ("html", "plain"):
        for one in alternatives:
            if any(x.type == "text" and x.subtype == subtype and not x.children and x.disposition != "attachment" for x in one.walk()):
                return one
    return alternatives[-1]


def texts(data: bytes | mmap, root: Part, limit: int) -> Texts:
    """The texts of a message; of all together *limit* transferred octets are read. Never raises."""
    pieces, left, is_cut = [], limit, False
    for number, part in enumerate(shown_parts(root)):
        if number == TEXTS_SHOWN or left <= 0:
            is_cut = True
            break
        text = decode_text(data, part, left)
        is_cut, left = is_cut or part.size > left, left - part.size
        if part.subtype != "html" and part.params.get("format", "").lower() == "flowed":
            text = unflow(text, delete_space=part.params.get("delsp", "").lower() == "yes")
        pieces.append(Text(part.subtype == "html", text))
    return Texts(tuple(pieces), is_cut)


def pictures(root: Part, markup: str) -> frozenset[str]:
    """The Content-IDs of pictures that stand in *markup*."""
    named = (part.content_id for part in root.walk() if part.content_id and part.type == "image" and not part.children)
    return frozenset(one for one in named if f"cid:{one}" in markup or f"cid:{quote(one)}" in markup)


def files(root: Part, shown: Collection[str]) -> list[Part]:
    """The leaves that are files; a picture with a Content-ID in *shown* stands in the text, unless it is one for the reader to keep."""
    found: list[Part] = []
    has_text = False
    stack = [(root, "")]
    while stack:
        part, parent = stack.pop()
        if part.children:
            stack.extend((child, part.subtype) for child in reversed(part.children))
        elif is_text(part, parent, has_one=has_text):
            has_text = True
        elif is_file(part, parent) and not (part.type == "image" and part.content_id in shown):
            found.append(part)
    return found
