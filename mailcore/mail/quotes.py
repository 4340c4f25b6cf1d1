"""Folding the quoted end of a message: the last blockquotes after which nothing is said stand in a `<details>`.

Works on HTML that `html.sanitise` or `plain` has made, whose tags are balanced and whose attributes are quoted; a quote that is
answered below it stays open, since it is part of what is said.
"""

import re
from html import escape

_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_SHOWS = frozenset({"img", "hr", "table", "video"})


def fold(html: str, label: str) -> str:
    """*html* with its quoted end in a closed `<details>` whose summary says *label*; unchanged when all of it, or nothing, is quoted."""
    tags = _tags(html)
    span = _last_quote(tags)
    if span is None:
        return html
    start, end = span
    if not _says_something(html, tags, 0, start) or _says_something(html, tags, end, len(html)):
        return html
    return f"{html[:start]}<details class=\"quoted\"><summary>{escape(label)}</summary>{html[start:end]}</details>{html[end:]}"


def _tags(html: str) -> list[tuple[int, int, bool, str]]:
    """(start, end, is_end, name) of every tag; nothing at all when a "<" begins none, since such HTML is not ours."""
    found: list[tuple[int, int, bool, str]] = []
    at = html.find("<")
    while at >= 0:
        match = _TAG.match(html, at)
        if match is None:
            return []
        found.append((at, match.end(), bool(match[1]), match[2].lower()))
        at = html.find("<", match.end())
    return found


def _last_quote(tags: list[tuple[int, int, bool, str]]) -> tuple[int, int] | None:
    """Where the last outermost blockquote begins and ends."""
    depth = start = 0
    found: tuple[int, int] | None = None
    for begin, end, is_end, name in tags:
        if name != "blockquote":
            continue
        if not is_end:
            start = begin if depth == 0 else start
            depth += 1
        elif depth:
            depth -= 1
            if depth == 0:
                found = (start, end)
    return found if depth == 0 else None


def _says_something(html: str, tags: list[tuple[int, int, bool, str]], start: int, end: int) -> bool:
    """Whether a picture, a table or any letter stands from *start* to *end*."""
    at = start
    for begin, after, _is_end, name in tags:
        if not start <= begin < end:
            continue
        if name in _SHOWS or html[at:begin].replace("&nbsp;", "").strip():
            return True
        at = after
    return bool(html[at:end].replace("&nbsp;", "").strip())
