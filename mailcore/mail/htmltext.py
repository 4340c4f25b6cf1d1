"""HTML as plain text: for the plain alternative of what is composed, for search, and for readers that want no HTML.

nh3 takes away what is no text; what it leaves is well-formed, so one pass over its tags is enough. The result is text and must
be escaped wherever it is shown.
"""

import re
from html import unescape

import nh3

MAX_HTML_CHARS = 2_000_000
"""Characters of HTML that are looked at."""
MAX_RAW_TAGS = 30_000
"""Tags of a page that are read. Stops a page of tags from costing its square in any HTML parser."""
MAX_RAW_DEPTH = 1_000
"""Elements inside elements, counted roughly: browsers and html5ever look through all open ones at each new one."""
MAX_QUOTE_DEPTH = 20
"""Quote levels that get a mark of their own."""

_TAGS = frozenset(
    [
        "a", "b", "blockquote", "br", "dd", "div", "dl", "dt", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "img", "li", "ol",
        "p", "pre", "table", "tbody", "td", "th", "thead", "tr", "ul", "section", "article", "header", "footer", "address",
        "figure", "figcaption", "center",
    ]
)
_HIDDEN = frozenset(
    [
        "script", "style", "title", "template", "svg", "math", "noscript", "iframe", "object", "embed", "textarea",
        "select", "option", "xmp", "noembed", "noframes", "audio", "video",
    ]
)
_TOKEN = re.compile(r"<(/?)([a-z][a-z0-9]*)((?:[^<>\"]|\"[^\"]*\")*)>|([^<]+)|<")
_HREF = re.compile(r'\bhref="([^"]*)"')
_ALT = re.compile(r'\balt="([^"]*)"')
_WHITE = re.compile("[ \t\r\n\f]+")
_PARAGRAPH = frozenset({
    "p", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "ul", "ol", "dl", "table", "pre", "figure", "hr",
})
_LINE = frozenset({
    "div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "address", "center", "figcaption",
})


_RAW_TAG = re.compile(r"<(?:(/?)([A-Za-z][A-Za-z0-9]{0,20})|!--)")
# These end by themselves where the next one begins, or hold nothing.
_SELF_ENDING = frozenset([
    "p", "li", "td", "tr", "th", "tbody", "dt", "dd", "option", "br", "hr", "img", "wbr", "col", "meta", "link", "input",
    "area", "base", "source",
])


def bounded(html: str, limit: int = MAX_HTML_CHARS) -> str:
    """The part of *html* that a parser can read in bounded time: not too long, too deep, or too full of tags."""
    html = html[:limit].replace("\0", "")
    if html.count("<") < MAX_RAW_DEPTH:
        return html
    opened: dict[str, int] = {}
    depth = 0
    for count, found in enumerate(_RAW_TAG.finditer(html)):
        closing, name = found.groups()
        if name:
            name = name.lower()
            if closing and opened.get(name, 0) > 0:
                opened[name] -= 1
                depth -= 1
            elif not closing and name not in _SELF_ENDING:
                opened[name] = opened.get(name, 0) + 1
                depth += 1
        if depth > MAX_RAW_DEPTH or count > MAX_RAW_TAGS:
            return html[: found.start()]
    return html


class _Writer:
    """Lines of text as they grow; knows the quote level and whether white space counts."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.line: list[str] = []
        self.quotes = 0
        self.pre = 0
        self.href = ""
        self.link_start = 0
        self.lists: list[int] = []
        self.gap = False
        self.last_quotes = 0

    def text(self, text: str) -> None:
        if self.pre:
            first, *others = text.split("\n")
            self.line.append(first)
            for line in others:
                self.end_line()
                self.line.append(line)
            return
        text = _WHITE.sub(" ", text)
        if text.startswith(" ") and (not self.line or self.line[-1].endswith(" ")):
            text = text[1:]
        if text:
            self.line.append(text)

    def end_line(self) -> None:
        text = "".join(self.line).rstrip()
        self.line = []
        if self.gap and self.lines:
            # The empty line between two paragraphs belongs to the outer one of their quotes.
            self.lines.append(">" * min(self.quotes, self.last_quotes, MAX_QUOTE_DEPTH))
        self.gap = False
        self.last_quotes = self.quotes
        mark = ">" * min(self.quotes, MAX_QUOTE_DEPTH)
        self.lines.append(f"{mark} {text}".rstrip() if mark else text)

    def break_line(self) -> None:
        if "".join(self.line).strip():
            self.end_line()
        else:
            self.line = []

    def paragraph(self) -> None:
        self.break_line()
        self.gap = True

    def open(self, name: str, attributes: str) -> None:
        if name == "br":
            self.end_line()
        elif name == "img":
            alt = _ALT.search(attributes)
            self.text(unescape(alt.group(1)) if alt else "")
        elif name == "a":
            href = _HREF.search(attributes)
            self.href = unescape(href.group(1)) if href else ""
            self.link_start = len(self.line)
        elif name in ("td", "th"):
            if self.line:
                self.line.append(" ")
        elif name in _PARAGRAPH:
            self.paragraph()
            self._open_block(name)
        elif name in _LINE:
            self.break_line()
            if name == "li":
                self._bullet()

    def _open_block(self, name: str) -> None:
        if name == "blockquote":
            self.quotes += 1
        elif name == "pre":
            self.pre += 1
        elif name in ("ul", "ol"):
            self.lists.append(1 if name == "ol" else 0)
        elif name == "hr":
            self.line.append("-" * 40)
            self.paragraph()

    def _bullet(self) -> None:
        number = self.lists[-1] if self.lists else 0
        if number:
            self.lists[-1] += 1
        self.line.append("  " * max(0, min(len(self.lists), 8) - 1) + (f"{number}. " if number else "- "))

    def close(self, name: str) -> None:
        if name == "a":
            shown = "".join(self.line[self.link_start :]).strip()
            if self.href.startswith(("http:", "https:")) and shown and shown.rstrip("/") not in self.href:
                self.line.append(f" <{self.href}>")
            self.href = ""
        elif name in _PARAGRAPH:
            self.paragraph()
            if name == "blockquote":
                self.quotes = max(0, self.quotes - 1)
            elif name == "pre":
                self.pre = max(0, self.pre - 1)
            elif name in ("ul", "ol") and self.lists:
                self.lists.pop()
        elif name in _LINE:
            self.break_line()


def html_to_text(html: str) -> str:
    """The readable text of *html*: paragraphs, lists, quotes with ">", links with their address behind them. Never raises."""
    clean = nh3.clean(
        bounded(html), tags=set(_TAGS), clean_content_tags=set(_HIDDEN),
        attributes={"a": {"href"}, "img": {"alt"}}, link_rel=None, url_schemes={"http", "https", "mailto"},
    )  # fmt: skip
    writer = _Writer()
    for found in _TOKEN.finditer(clean):
        closing, name, attributes, text = found.groups()
        if text is not None:
            writer.text(unescape(text))
        elif name and closing:
            writer.close(name)
        elif name:
            writer.open(name, attributes)
    writer.break_line()
    lines = writer.lines
    while lines and not lines[-1].strip("> "):
        lines.pop()
    return "\n".join(lines).strip("\n") + "\n" if lines else ""
