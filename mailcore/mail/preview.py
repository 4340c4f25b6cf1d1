"""The first words of a message, as a list shows them: quoted text, tags and white space taken out, few bytes looked at.

This is not a sanitiser: what comes out is text, to be escaped wherever it is shown.
"""

import html
import re
from mmap import mmap

from mailcore.mail.body import decode_transfer
from mailcore.mail.charset import decode_bytes
from mailcore.mail.part import Part

PREVIEW_CHARS = 200
"""Characters of a preview."""
MAX_PLAIN_BYTES = 6_144
"""Transferred octets of a plain body that are looked at. Keeps delivery's cost apart from the size of what is delivered."""
MAX_HTML_BYTES = 49_152
"""The same for HTML, whose style sheets come first."""

_WHITE = re.compile(
    "[\\s\\u00a0\\u00ad\\u034f\\u061c\\u115f\\u1160\\u17b4\\u17b5\\u180e\\u200b-\\u200f\\u2028-\\u202e\\u2060-\\u206f\\ufeff\\x00-\\x1f]+"
)
_STOP = re.compile(r"-{2,} ?(?:Original Message|Forwarded message|Ursprüngliche Nachricht|Message d'origine)|_{20,}", re.IGNORECASE)
_TAG = re.compile(r"(/?[A-Za-z][A-Za-z0-9]*+)(?:[^>\"']*+(?:\"[^\"]*+\"|'[^']*+'))*+[^>]*+>?")
_HIDDEN = frozenset({
    "style", "script", "head", "title", "template", "noscript", "svg", "math", "select", "textarea", "xmp", "iframe",
    "object",
})
_QUOTED = "blockquote"
_INLINE = frozenset({
    "b", "i", "u", "em", "strong", "span", "a", "font", "small", "big", "sub", "sup", "mark", "abbr", "code", "wbr",
})


def squeeze(text: str) -> str:
    """White space, controls and invisible characters as single spaces, cut to PREVIEW_CHARS at a word."""
    text = _WHITE.sub(" ", text).strip()
    if len(text) <= PREVIEW_CHARS:
        return text
    cut = text.rfind(" ", PREVIEW_CHARS - 40, PREVIEW_CHARS)
    return text[: cut if cut > 0 else PREVIEW_CHARS - 1].rstrip() + "…"


def plain_snippet(text: str) -> str:
    """The first words of plain text that are the writer's own."""
    kept: list[str] = []
    length = 0
    lines = text.split("\n")
    for index, line in enumerate(lines):
        line = line.strip()
        if not line or line[0] == ">":
            continue
        if line == "--" or (line[0] in "-_" and _STOP.match(line)):
            if kept:
                break
            continue
        if line[-1] == ":" and _quote_follows(lines, index):
            continue
        kept.append(line)
        length += len(line)
        if length > PREVIEW_CHARS + 100:
            break
    return squeeze(" ".join(kept))


def _quote_follows(lines: list[str], index: int) -> bool:
    """Whether the line at *index* is what programs write above a quote: the next line that is not empty begins with ">"."""
    for line in lines[index + 1 : index + 3]:
        if line.strip():
            return line.lstrip().startswith(">")
    return False


def html_snippet(text: str) -> str:
    """The first words of an HTML body that are the writer's own; linear in the part looked at."""
    kept: list[str] = []
    length = 0
    hidden, quotes = "", 0
    pieces = text.split("<")
    kept.append(pieces[0])
    in_comment = False
    for piece in pieces[1:]:
        if in_comment or piece.startswith("!--"):
            end = piece.find("-->")
            in_comment = end < 0
            rest = piece[end + 3 :] if end >= 0 else ""
        else:
            found = _TAG.match(piece)
            if found is None:
                rest = piece.partition(">")[2] if piece[:1] in "!?/" else "<" + piece
            else:
                name = found.group(1).lower()
                rest = piece[found.end() :]
                if hidden:
                    hidden = "" if name == "/" + hidden or (hidden in ("head", "title") and name == "body") else hidden
                elif name in _HIDDEN:
                    hidden = name
                elif name == _QUOTED:
                    quotes += 1
                elif name == "/" + _QUOTED:
                    quotes = max(0, quotes - 1)
                if name.lstrip("/") not in _INLINE:
                    kept.append(" ")
        if rest and not hidden and not quotes and not in_comment:
            kept.append(rest)
            length += len(rest)
            if length > PREVIEW_CHARS * 4 and len(_WHITE.sub(" ", html.unescape("".join(kept))).strip()) > PREVIEW_CHARS:
                break
    return squeeze(html.unescape("".join(kept)))


def _start_of_text(data: bytes | mmap, part: Part, limit: int) -> str:
    """The text of at most *limit* transferred octets, cut so that no character is torn."""
    raw = data[part.body_start : min(part.body_end, part.body_start + limit)]
    content = decode_transfer(raw, part.encoding)
    label = part.charset
    if part.size > limit:
        if label in ("", "utf-8", "us-ascii"):
            for cut in range(1, 4):
                if content[-cut:][:1] >= b"\xc0":
                    content = content[:-cut]
                    break
        else:
            content = content[: content.rfind(b"\n") + 1 or len(content)]
    return decode_bytes(content, label)


def preview_of(data: bytes | mmap, plain: Part | None, markup: Part | None) -> str:
    """The preview from the plain body, or from the HTML one where there is no plain text to show."""
    if plain is not None:
        text = plain_snippet(_start_of_text(data, plain, MAX_PLAIN_BYTES))
        if text:
            return text
    if markup is not None:
        return html_snippet(_start_of_text(data, markup, MAX_HTML_BYTES))
    return ""
