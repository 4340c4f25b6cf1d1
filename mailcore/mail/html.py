"""HTML of messages made safe to show: nh3, then bleach with its CSS sanitizer, between them our own rules for URLs and styles.

Decision 10: this must hold with the page's CSP off. Only what can be read is kept: no scripts, forms, frames, SVG, MathML, style
sheets, ids or names; every URL is ours or a link to http, https or mailto; what would load from outside is counted and left out
unless the caller gives it a URL. bleach gets no more releases, so it is the second wall, never the only one. Callers cache.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from html import unescape
from itertools import islice
from typing import Any
from urllib.parse import urlsplit

import nh3
from bleach.css_sanitizer import CSSSanitizer
from bleach.sanitizer import Cleaner

from mailcore.mail.css import PROPERTIES, counts_remote, safe_style
from mailcore.mail.htmltext import bounded
from mailcore.mail.htmltext import html_to_text as html_to_text
from mailcore.mail.plain import text_to_html as text_to_html

MAX_HTML_CHARS = 1_000_000
"""Characters that are looked at; the rest is cut. Stops one message from keeping a worker for minutes."""
MAX_DEPTH = 120
"""Elements inside elements that are kept as such. Stops a nest of thousands from costing its square in the reader's browser."""
MAX_TAGS = 30_000
"""Tags that are kept. Stops a page of tags only."""
MAX_BREAKS = 10_000
"""Line breaks that are kept; a browser takes the square of those of one block. Stops a page of line breaks."""
MAX_CLEAN_CHARS = 2_000_000
"""Characters that the first wall may hand to the second: escaping makes text up to five times as long."""
MAX_ENTITIES = 40_000
"""Escaped characters that are kept; bleach takes 25 µs for each. Stops a body of angle brackets."""
MAX_DATA_URL = 300_000
"""Characters of a data: picture."""

TAGS = frozenset(
    [
        "a", "abbr", "address", "article", "b", "bdi", "bdo", "big", "blockquote", "br", "caption", "center", "cite",
        "code", "col", "colgroup", "dd", "del", "details", "dfn", "div", "dl", "dt", "em", "figcaption", "figure", "font",
        "footer", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "i", "img", "ins", "kbd", "li", "main", "mark", "ol",
        "p", "pre", "q", "s", "samp", "section", "small", "span", "strike", "strong", "sub", "summary", "sup", "table",
        "tbody", "td", "tfoot", "th", "thead", "time", "tr", "tt", "u", "ul", "var", "wbr",
    ]
)
# What stands inside these is no text for a reader.
DROPPED_WITH_CONTENT = frozenset(
    [
        "script", "style", "title", "template", "svg", "math", "noscript", "iframe", "object", "embed", "applet",
        "textarea", "select", "option", "xmp", "noembed", "noframes", "plaintext", "audio", "video", "canvas", "frameset",
    ]
)
_GLOBAL = frozenset({"style", "align", "valign", "dir", "lang", "title", "width", "height", "bgcolor", "background"})
_BY_TAG: dict[str, frozenset[str]] = {
    "a": frozenset({"href"}),
    "img": frozenset({"src", "srcset", "alt", "border", "hspace", "vspace"}),
    "table": frozenset({"border", "cellpadding", "cellspacing", "summary"}),
    "td": frozenset({"colspan", "rowspan", "nowrap"}),
    "th": frozenset({"colspan", "rowspan", "nowrap", "scope"}),
    "col": frozenset({"span"}),
    "colgroup": frozenset({"span"}),
    "font": frozenset({"color", "face", "size"}),
    "ol": frozenset({"start", "type", "reversed"}),
    "ul": frozenset({"type"}),
    "li": frozenset({"value", "type"}),
    "blockquote": frozenset({"type"}),
    "hr": frozenset({"size", "noshade", "color"}),
    "br": frozenset({"clear"}),
    "details": frozenset(),
}
_NEVER_PRINTED = frozenset({"background", "srcset"})
_FREE_TEXT = frozenset({"alt", "title", "summary"})
_PLAIN_VALUE = re.compile(r"[A-Za-z0-9 .,%#+_'\"-]{0,200}")
_TOO_BIG = re.compile(r"\d{5,}")
_DATA_IMAGE = re.compile(r"data:image/(?:png|jpe?g|gif|webp);base64,[A-Za-z0-9+/=\s]*", re.IGNORECASE)
_CONTROL = re.compile(r"[\x00-\x20\x7f-\xa0\u1680\u2000-\u200f\u2028-\u202f\u205f-\u206f\u3000\ufeff]")
_TAG = re.compile(r"<(/?)([a-z][a-z0-9]*)(?:[^<>\"]|\"[^\"]*\")*>")
_VOID = frozenset({"br", "hr", "img", "wbr", "col"})
_REMOTE_SCHEMES = ("http:", "https:", "//", "\\\\", "/\\", "\\/")


@dataclass(frozen=True, slots=True, kw_only=True)
class SafeHtml:
    """HTML to show, how many remote resources were found, and whether the end was cut off."""

    html: str
    remote_count: int
    has_cut: bool


Rewrite = Callable[[str], str | None]


def safe_link(url: str) -> str | None:
    """*url* when it is a link people may follow, else None: http, https and mailto, no tricks with controls or backslashes."""
    clean = _CONTROL.sub("", url)
    if clean[:1] == "#" or "\\" in clean[:12]:
        return None
    scheme, colon, rest = clean.partition(":")
    scheme = scheme.lower()
    if not colon or scheme not in ("http", "https", "mailto"):
        return None
    if scheme == "mailto":
        return clean
    try:
        parts = urlsplit(clean)
        host = parts.hostname
    except ValueError:
        return None
    return clean if host and rest.startswith("//") else None


class _Rules:
    """The URL and style rules of one call: what nh3 asks about each attribute, and what bleach may let pass after it."""

    def __init__(self, cid_url: Rewrite, remote_url: Rewrite | None) -> None:
        self.cid_url = cid_url
        self.remote_url = remote_url
        self.remote_count = 0
        self.issued: set[str] = set()

    def filter(self, tag: str, name: str, value: str) -> str | None:
        """nh3's question: the attribute's new value, or None to drop it."""
        if name == "style":
            self.remote_count += counts_remote(value)
            return safe_style(value) or None
        if name == "href":
            return safe_link(value) if tag == "a" else None
        if name == "src":
            return self.image(value) if tag == "img" else None
        if name in _NEVER_PRINTED:
            if name == "srcset" or _CONTROL.sub("", value).lower().startswith(_REMOTE_SCHEMES):
                self.remote_count += 1
            return None
        if name in _FREE_TEXT:
            return value
        return value if _PLAIN_VALUE.fullmatch(value) and not _TOO_BIG.search(value) else None

    def image(self, value: str) -> str | None:
        """The URL a picture is shown from: a part of the message, our proxy, or itself where it is a small raster image."""
        clean = _CONTROL.sub("", value)
        lower = clean[:32].lower()
        made: str | None = None
        if lower.startswith("cid:"):
            made = self.cid_url(clean[4:])
        elif lower.startswith("data:"):
            made = clean if len(clean) <= MAX_DATA_URL and _DATA_IMAGE.fullmatch(clean) else None
        elif lower.startswith(_REMOTE_SCHEMES):
            self.remote_count += 1
            if self.remote_url is not None:
                made = self.remote_url("https:" + clean if clean.startswith("//") else clean)
        if made is not None:
            self.issued.add(made)
        return made

    def allows(self, tag: str, name: str, value: str) -> bool:
        """bleach's question: only URLs that were given out above pass."""
        value = unescape(value)
        if name == "src":
            return tag == "img" and value in self.issued
        if name == "href":
            return tag == "a" and safe_link(value) == value
        if tag == "a" and name in ("rel", "target"):
            return True
        return name not in _NEVER_PRINTED and (name in _GLOBAL or name in _BY_TAG.get(tag, frozenset()))


_NH3_ATTRIBUTES = {tag: set(_GLOBAL | _BY_TAG.get(tag, frozenset())) for tag in TAGS}
_CSS = CSSSanitizer(allowed_css_properties=PROPERTIES, allowed_svg_properties=())  # type: ignore[no-untyped-call]
_LINK_GUARD = ' rel="noopener noreferrer" target="_blank">'


def _flatten(html: str) -> tuple[str, bool]:
    """Takes out the tags of elements nested too deep, and all after MAX_TAGS or MAX_BREAKS; their text stays."""
    depth = count = breaks = 0
    was_cut = False

    def keep(found: re.Match[str]) -> str:
        nonlocal depth, count, breaks, was_cut
        closing, name = found.groups()
        count += 1
        if name in _VOID:
            breaks += name == "br"
            keeps = count <= MAX_TAGS and breaks <= MAX_BREAKS
        elif closing:
            keeps = depth <= MAX_DEPTH and count <= MAX_TAGS * 2
            depth -= 1
        else:
            depth += 1
            keeps = depth <= MAX_DEPTH and count <= MAX_TAGS
        was_cut = was_cut or not keeps
        if keeps and name == "a" and not closing:
            # Written here, in one place and order: nothing of what the message says of rel and target gets this far.
            return found.group()[:-1] + _LINK_GUARD
        return found.group() if keeps else ""

    cut = _cut_at(html)
    return _TAG.sub(keep, html[:cut]), was_cut or cut < len(html)


def _cut_at(html: str) -> int:
    """Where to stop: not past MAX_CLEAN_CHARS or MAX_ENTITIES, and never inside a tag or an entity."""
    end = len(html)
    if html.count("&") > MAX_ENTITIES:
        end = next(islice(re.finditer("&", html), MAX_ENTITIES, None)).start()
    if end > MAX_CLEAN_CHARS:
        end = MAX_CLEAN_CHARS
        amp = html.rfind("&", end - 12, end)
        if amp > 0 and ";" not in html[amp:end]:
            end = amp
    opening = html.rfind("<", 0, end)
    return opening if opening >= 0 and html.find(">", opening, end) < 0 else end


def _bleached(html: str, rules: _Rules) -> str:
    cleaner = Cleaner(  # type: ignore[no-untyped-call]
        tags=TAGS, attributes=rules.allows, protocols={
            "http", "https", "mailto", "data", "cid",
        }, strip=True, strip_comments=True, css_sanitizer=_CSS
    )
    return str(cleaner.clean(html))  # type: ignore[no-untyped-call]


def _nh3_clean(html: str, rules: _Rules) -> str:
    options: dict[str, Any] = {
        "tags": set(TAGS),
        "clean_content_tags": set(DROPPED_WITH_CONTENT),
        "attributes": _NH3_ATTRIBUTES,
        "attribute_filter": rules.filter,
        "strip_comments": True,
        "link_rel": None,
        "url_schemes": {"http", "https", "mailto", "cid", "data"},
    }
    return nh3.clean(html, **options).replace("&nbsp;", "\u00a0")


def sanitise(html: str, *, cid_url: Rewrite, remote_url: Rewrite | None) -> SafeHtml:
    """*html* made safe to show. *cid_url* gives the URL of a part by its Content-ID; *remote_url* that of a remote picture, None
    blocks them all. Pictures without a URL stay as their text. Never raises on any text."""
    rules = _Rules(cid_url, remote_url)
    text = bounded(html, MAX_HTML_CHARS)
    flat, was_cut = _flatten(_nh3_clean(text, rules))
    return SafeHtml(
        html=_bleached(flat, rules), remote_count=rules.remote_count, has_cut=was_cut or len(text) < len(html) - html.count("\0")
    )
