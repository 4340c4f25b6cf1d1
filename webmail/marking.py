"""What a search asked for, marked where it stands: in a row's words, and between the tags of a body.

The words are those of the index (`searchwords`), so that what is marked is what was found. Nothing here makes markup of what people
wrote: text leaves escaped, tags leave as they came.
"""

import html
import re
from collections.abc import Iterator, Sequence

from mailcore.mail.searchwords import fold, words
from mailcore.store.query import TEXT_OPERATORS, parse

Phrases = Sequence[tuple[tuple[str, ...], bool]]
"""Folded words that stand together; whether the last must be whole."""

PHRASES = 20
"""Parts of a query that are marked."""
MARKED_CHARACTERS = 300_000
"""A longer body is not marked: it should open at once."""
_TOKEN = re.compile("[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff]|[^\\W_]+")
_TAG = re.compile(r"""(<(?:[^<>"']|"[^"]*"|'[^']*')*>)""")
_OPAQUE = re.compile(r"<(/?)(style|title|textarea|script)\b", re.IGNORECASE)


def phrases_of(query: str, fields: frozenset[str] = frozenset(TEXT_OPERATORS)) -> Phrases:
    """What of *query* is looked for as words; of those operators only."""
    terms = [t for clause in parse(query) for t in clause if t.is_text and not t.is_not and t.operator in fields]
    return [(tuple(words(t.value, 20)), t.is_whole) for t in terms[:PHRASES]]


def marked(text: str, phrases: Phrases) -> str:
    """*text* escaped for HTML, with what fits in <mark>."""
    if not phrases or not text:
        return html.escape(text)
    made, place = [], 0
    for start, end in _spans(text, phrases):
        made += [html.escape(text[place:start]), "<mark>", html.escape(text[start:end]), "</mark>"]
        place = end
    return "".join([*made, html.escape(text[place:])])


def _spans(text: str, phrases: Phrases) -> Iterator[tuple[int, int]]:
    """Places of *text* to be marked, in order, without overlaps."""
    found = [(m.start(), m.end(), fold(m[0])) for m in _TOKEN.finditer(text)]
    until = 0
    for at in range(len(found)):
        size = max((len(wanted) for wanted, is_whole in phrases if _fits(found, at, wanted, is_whole)), default=0)
        if size and at >= until:
            yield found[at][0], found[at + size - 1][1]
            until = at + size


def _fits(found: Sequence[tuple[int, int, str]], at: int, wanted: tuple[str, ...], is_whole: bool) -> bool:
    if not wanted or at + len(wanted) > len(found):
        return False
    there = [one[2] for one in found[at : at + len(wanted)]]
    return there[:-1] == list(wanted[:-1]) and (there[-1] == wanted[-1] or not is_whole and there[-1].startswith(wanted[-1]))


def marked_body(markup: str, phrases: Phrases) -> str:
    """Sanitised HTML with what fits in <mark>; words of one phrase are only found where no tag stands between them."""
    if not phrases or len(markup) > MARKED_CHARACTERS:
        return markup
    made, opaque = [], ""
    for piece in _TAG.split(markup):
        if piece.startswith("<"):
            match = _OPAQUE.match(piece)
            opaque = "" if match and match[1] else match[2] if match else opaque
            made.append(piece)
        elif opaque:
            made.append(piece)
        else:
            made.append(marked(html.unescape(piece), phrases))
    return "".join(made)
