"""Splits the raw text of an address header into mailboxes and groups, as RFC 5322 §3.4 and §4.4 write them and as people do.

Text goes in and comes out undecoded, so that IMAP's ENVELOPE can show exactly what stood there. One item is read by one
regular expression in the usual forms; anything else goes through the token loop. Both are linear: no token is read twice.
Decoding names and judging addresses is `address`'s.
"""

import re
from typing import NamedTuple


class RawMailbox(NamedTuple):
    """One mailbox of a list. *route* is the obsolete source route; *host* is None when there was no @."""

    name: str
    route: str
    local: str
    host: str | None
    raw: str


class RawGroup(NamedTuple):
    """A group's name; its members are what follows up to the `None` that ends it."""

    name: str
    raw: str


Item = RawMailbox | RawGroup | None
MAX_ITEMS = 200_000
"""Items read from one header: stops a header of commas from filling memory."""
MAX_COMMENT_DEPTH = 50
"""Nested comments counted; deeper ones are taken as text. Stops a header of parentheses from costing more than its length."""

_FAST = re.compile(
    r"[ \t\r\n]*+(?:"
    r'(?:"([^"\\]*+)"[ \t\r\n]*+|([^"(),:;<>@\\\[\]]*+))<([^<>"@\s,:;()\\]++)@([^<>"@\s,:;()\\]++)>'
    r'|([^<>"@\s,:;()\\]++)@([^<>"@\s,:;()\\\[\]]++)'
    r")[ \t\r\n]*+(?:,|\Z)"
)
_TOKEN = re.compile(
    r'(?P<space>[ \t\r\n\x00]++)|(?P<quoted>"[^"\\]*+(?:\\.[^"\\]*+)*+"?)'
    r'|(?P<angle><[^<>"]*+(?:"[^"\\]*+(?:\\.[^"\\]*+)*+"?[^<>"]*+)*+>?)'
    r"|(?P<comment>\()|(?P<literal>\[[^\[\]\\,;]*+\]?)|(?P<special>[,;:])|(?P<word>=\?[^?\s]++\?[bBqQ]\?[^?\r\n]*+\?=)"
    r"|(?P<atom>[^ \t\r\n\x00\"(),;:<\[]++)",
    re.DOTALL,
)
_PARENS = re.compile(r"[^()\\]*+(?:\\.|[()])", re.DOTALL)
_PAIR = re.compile(r"\\(.)", re.DOTALL)
_WHITE = re.compile(r"[ \t\r\n]+")


def unquote(text: str) -> str:
    """The content of a quoted-string (RFC 5322 §3.2.4); an open one ends at the end."""
    inner = text[1:-1] if len(text) > 1 and text.endswith('"') else text[1:]
    return _PAIR.sub(r"\1", inner) if "\\" in inner else inner


def split_addresses(text: str, limit: int = MAX_ITEMS) -> list[Item]:
    """Mailboxes, groups and group ends (None) of an address header's value, in order; at most *limit* of them."""
    items: list[Item] = []
    append, fast, pos, end = items.append, _FAST.match, 0, len(text)
    in_group = False
    while pos < end and len(items) < limit:
        found = fast(text, pos)
        if found:
            quoted, phrase, local, host, bare_local, bare_host = found.groups()
            raw = text[pos : found.end()].strip(" \t\r\n,")
            if bare_local is not None:
                append(RawMailbox("", "", bare_local, bare_host, raw))
            else:
                name = quoted if quoted is not None else phrase.strip()
                append(RawMailbox(_WHITE.sub(" ", name) if "\n" in name else name, "", local, host, raw))
            pos = found.end()
            continue
        pos, item, stop = _slow_item(text, pos, in_group)
        if item is not None:
            append(item)
        if stop == ":":
            in_group = True
        elif stop == ";" and in_group:
            append(None)
            in_group = False
    if in_group:
        append(None)
    return items


class _Words:
    """What has been read of one item: words with whether a space came before, the angle part, the comments."""

    __slots__ = ("angle", "comments", "gap", "words")

    def __init__(self) -> None:
        self.words: list[tuple[str, bool]] = []
        self.angle: str | None = None
        self.comments: list[str] = []
        self.gap = False

    def add(self, word: str) -> None:
        self.words.append((word, self.gap))
        self.gap = False

    def phrase(self) -> str:
        """The words as a display name: quotes taken off, one space where there was any."""
        parts: list[str] = []
        for word, gap in self.words:
            parts.append((" " if gap and parts else "") + (unquote(word) if word.startswith('"') else word))
        return "".join(parts)


def _slow_item(text: str, pos: int, in_group: bool) -> tuple[int, RawMailbox | RawGroup | None, str]:
    """Reads one item token by token; gives where the next begins, the item, and the special that ended it."""
    start, end = pos, len(text)
    seen = _Words()
    while pos < end:
        found = _TOKEN.match(text, pos)
        if found is None:
            pos += 1
            continue
        kind, token = found.lastgroup, found.group()
        pos = found.end()
        if kind == "space":
            seen.gap = True
        elif kind == "comment":
            pos, comment = _comment(text, pos)
            seen.comments.append(comment)
            seen.gap = True
        elif kind == "angle":
            if seen.angle is None:
                seen.angle = token[1:-1] if token.endswith(">") else token[1:].rstrip(" \t\r\n,;")
        elif kind == "special":
            if token == ":":
                if in_group or seen.angle is not None or not seen.words:
                    seen.add(token)
                    continue
                return pos, RawGroup(seen.phrase(), text[start : pos - 1].strip()), token
            if token == ";" and not in_group and not seen.words and seen.angle is None:
                continue
            return pos, _mailbox(seen, text[start : pos - 1]), token
        else:
            seen.add(token)
    return pos, _mailbox(seen, text[start:pos]), ""


def _comment(text: str, pos: int) -> tuple[int, str]:
    """Skips a comment whose opening parenthesis is before *pos*; gives its end and its text. An open one ends at the end."""
    depth, start = 1, pos
    while depth and depth < MAX_COMMENT_DEPTH:
        found = _PARENS.match(text, pos)
        if found is None:
            return len(text), text[start:]
        pos = found.end()
        last = text[pos - 1]
        if text[pos - 2 : pos - 1] == "\\" and found.group()[-2:-1] == "\\":
            continue
        depth += 1 if last == "(" else -1 if last == ")" else 0
    return pos, text[start : pos - 1]


def _mailbox(seen: _Words, raw: str) -> RawMailbox | None:
    """Makes a mailbox of what was read; None when nothing was."""
    if seen.angle is not None:
        route, spec = _route(seen.angle)
        local, host = _split_spec(spec)
        return RawMailbox(seen.phrase() or _joined(seen.comments), route, local, host, raw.strip())
    if not seen.words:
        return None
    spec = "".join(word for word, _ in seen.words)
    name = _joined(seen.comments)
    # "Jane Doe jane@x.test": the words before the last one with an @ are the name.
    at = max((i for i, (word, _) in enumerate(seen.words) if "@" in word and not word.startswith('"')), default=-1)
    if at >= 0:
        first, last = _run_around(seen.words, at)
        spec = "".join(word for word, _ in seen.words[first : last + 1])
        rest = _Words()
        rest.words = seen.words[:first] + seen.words[last + 1 :]
        name = rest.phrase() or name
        local, host = _split_spec(spec)
        return RawMailbox(name, "", local, host, raw.strip())
    return RawMailbox(seen.phrase(), "", spec if len(seen.words) == 1 else "", None, raw.strip())


def _run_around(words: list[tuple[str, bool]], at: int) -> tuple[int, int]:
    """The run of words around index *at* that no space cuts, or that an @ or dot at the edge joins (RFC 5322 §4.4)."""
    first = last = at
    while first > 0 and (not words[first][1] or words[first][0][0] in "@." or words[first - 1][0][-1:] in "@."):
        first -= 1
    while last + 1 < len(words) and (not words[last + 1][1] or words[last][0][-1:] in "@." or words[last + 1][0][0] in "@."):
        last += 1
    return first, last


def _joined(comments: list[str]) -> str:
    return _WHITE.sub(" ", _PAIR.sub(r"\1", " ".join(comments))).strip()


def _route(angle: str) -> tuple[str, str]:
    """Takes an obsolete source route off the inside of an angle-addr (RFC 5322 §4.4)."""
    spec = angle.strip()
    if spec.startswith("@") and ":" in spec:
        route, _, spec = spec.partition(":")
        return route.strip(), spec.strip()
    return "", spec


def _split_spec(spec: str) -> tuple[str, str | None]:
    """Cuts an addr-spec at its last @; the local part loses its quotes, both lose inner space."""
    local, at, host = spec.rpartition("@")
    if not at:
        return spec.strip(), None
    local, host = local.strip(), _WHITE.sub("", host)
    if local.startswith('"'):
        return unquote(local), host
    return _WHITE.sub("", local), host
