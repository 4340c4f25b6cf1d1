"""Plain text between the wire and people: format=flowed both ways (RFC 3676), and text as safe HTML.

Text from a message is as hostile as its HTML: everything is escaped first, and a link's address is taken from characters that
cannot leave an attribute.
"""

import re
from html import escape

MAX_WIDTH = 72
"""Characters of a flowed line before its space."""
MAX_FLOWED_LINE = 76
"""A word that makes a line longer than this is not flowed but encoded."""
MAX_QUOTE_DEPTH = 30
"""Quote levels that become elements. Stops a line of ">" from nesting elements without end."""
MAX_TEXT_CHARS = 1_000_000
"""Characters that are turned into HTML."""
BLOCK_LINES = 200
"""Lines of one block in the browser."""

_PREFIX = re.compile(r"(>*)( ?)")
_QUOTES = re.compile(r"[ ]{0,1}(?:>[ ]?)+")
_LINK = re.compile(
    r"(?P<url>\b(?:https?://|www\.)[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%\u00a1-\u1fff\u2070-\u2fff\u3001-\ud7ff]{1,2000})"
    r"|(?P<mail>(?<![A-Za-z0-9._%+\-@])[A-Za-z0-9._%+\-]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9\-]{0,62}\.){1,8}[A-Za-z]{2,24}\b)"
)
_BIDI = re.compile("[\u202a-\u202e\u2066-\u2069\u200e\u200f\u061c]")


def _wrap(line: str, width: int) -> list[str]:
    """Cuts *line* at spaces; every piece but the last keeps its space, which marks it as flowing on."""
    pieces = []
    while len(line) > width:
        cut = line.rfind(" ", 1, width)
        if cut < 0:
            cut = line.find(" ", width)
            if cut < 0:
                break
        pieces.append(line[: cut + 1])
        line = line[cut + 1 :]
    pieces.append(line)
    return pieces


def flow(text: str) -> str | None:
    """*text* as format=flowed lines, LF ended; None when a word is too long for that. RFC 3676 §4.2."""
    out = []
    for line in text.replace("\r\n", "\n").replace("\r", "\n").split("\n"):
        if line == "-- ":
            out.append(line)
            continue
        line = line.rstrip(" ")
        quotes = _QUOTES.match(line) if line.startswith(">") else None
        prefix = ">" * quotes.group().count(">") if quotes else ""
        rest = line[quotes.end() :] if quotes else line
        for piece in _wrap(rest, MAX_WIDTH - len(prefix)):
            # Space-stuffing keeps "From ", ">" and leading spaces what they are (§4.4).
            stuff = " " if prefix or piece.startswith((" ", ">", "From ")) else ""
            made = prefix + (stuff + piece if piece or not prefix else piece)
            if len(made) > MAX_FLOWED_LINE:
                return None
            out.append(made)
    return "\n".join(out)


def unflow(text: str, *, delete_space: bool = False) -> str:
    """The text of a format=flowed body with paragraphs as one line each. RFC 3676 §4.1, §4.5 (DelSp)."""
    out: list[str] = []
    open_depth = -1
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        rest = line[depth:]
        rest = rest.removeprefix(" ")
        if open_depth == depth and rest != "-- ":
            out[-1] += rest
        else:
            out.append((">" * depth + " " if depth else "") + rest)
        flows = rest.endswith(" ") and rest != "-- "
        if flows and delete_space:
            out[-1] = out[-1][:-1]
        open_depth = depth if flows else -1
    return "\n".join(out)


def _link(found: re.Match[str]) -> tuple[str, str, str]:
    """The link's address, its text, and what at its end belongs to the sentence."""
    text = found.group()
    if found.lastgroup == "mail":
        return "mailto:" + text, text, ""
    end = len(text)
    while end > max(0, len(text) - 50):
        last = text[end - 1]
        is_unmatched = last in ")]" and text.count(")", 0, end) > text.count("(", 0, end)
        if not is_unmatched and last not in ".,;:!?'*_":
            break
        end -= 1
    shown = text[:end]
    return ("http://" + shown if shown.lower().startswith("www.") else shown), shown, text[end:]


def linkify(text: str) -> str:
    """One line of text as HTML: escaped, with web and mail addresses as links."""
    if "@" not in text and "://" not in text and "www." not in text.lower():
        return escape(text)
    out, pos = [], 0
    for found in _LINK.finditer(text):
        target, shown, rest = _link(found)
        out.append(escape(text[pos : found.start()]))
        if "." in shown or "//localhost" in shown:
            out.append(f'<a href="{escape(target)}" rel="noopener noreferrer" target="_blank">{escape(shown)}</a>{escape(rest)}')
        else:
            out.append(escape(found.group()))
        pos = found.end()
    out.append(escape(text[pos:]))
    return "".join(out)


def text_to_html(text: str) -> str:
    """Plain text as safe HTML: lines kept, ">" levels as nested blockquotes, addresses as links, bidirectional overrides taken out."""
    text = _BIDI.sub("", text[:MAX_TEXT_CHARS]).replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")
    out: list[str] = []
    run: list[str] = []
    depth = 0
    for line in text.split("\n"):
        quotes = _QUOTES.match(line)
        level = min(quotes.group().count(">"), MAX_QUOTE_DEPTH) if quotes and ">" in quotes.group() else 0
        if level:
            line = line[quotes.end() :] if quotes else line
        if level != depth:
            out += [*_blocks(run), "</blockquote>" * (depth - level) or "<blockquote>" * (level - depth)]
            run, depth = [], level
        run.append(_spaces(linkify(line)) + "<br>\n")
    return "".join([*out, *_blocks(run), "</blockquote>" * depth])


def _blocks(lines: list[str]) -> list[str]:
    """Many lines in blocks of their own: a browser lays out one block of forty thousand lines in ten seconds, and two hundred of two hundred in one."""
    if len(lines) <= BLOCK_LINES:
        return lines
    return [f"<div>{''.join(lines[at : at + BLOCK_LINES])}</div>" for at in range(0, len(lines), BLOCK_LINES)]


def _spaces(line: str) -> str:
    """Keeps runs of spaces, which plain text uses to line things up."""
    return re.sub(r"  +|^ ", lambda found: "\u00a0" * (len(found.group()) - 1) + (" " if len(found.group()) > 1 else "\u00a0"), line)
