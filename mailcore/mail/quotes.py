"""Folding the quoted end of a message: the last blockquotes after which nothing is said stand in a `<details>`.

Works on HTML that `html.sanitise` or `plain` has made, whose tags are balanced and whose attributes are quoted; a quote that is
answered below it stays open, since it is part of what is said.
"""

import re
from bisect import bisect_left
from html import escape
from itertools import islice

_TAG = re.compile(r"""<(/?)([a-zA-Z][a-zA-Z0-9]*)[^>"']*(?:"[^"]*"[^>"']*|'[^']*'[^>"']*)*>""")
_SHOWS = frozenset({"img", "hr", "table", "video"})
_EMPTY = frozenset({"area", "br", "col", "hr", "img", "input", "source", "wbr"})
HEADS_TRIED = 50
"""Words like "From:" that are looked at. With HEAD_CHARACTERS it keeps a hostile text from being searched over and over."""
HEAD_CHARACTERS = 6000
"""Between two fields of a head, tags counted."""
LINE_CHARACTERS = 200
"""Of the line above a head."""
_HEADS = tuple(re.compile(rf"(?<![^\s]){'(?:' + names + ')'}\s?[:\uff1a]") for names in (
    "From|Von|De|Da|Van|Från|Fra|Od|От|Lähettäjä|Kimden|Feladó|发件人|寄件者|差出人|보낸 사람|من",
    "Sent|Date|Gesendet|Datum|Envoyé|Inviato|Data|Enviad[oa](?: el| em)?|Fecha|Verzonden|Skickat|Sendt|Dato|Wysłano|Odesláno|Отправлено|Дата|Lähetetty|Gönderildi|Elküldve|发送时间|日期|寄件日期|送信日時|日時|보낸 날짜|날짜|تم الإرسال|التاريخ",
    "To|An|À|A|Para|Aan|Till|Til|Do|Komu|Кому|Vastaanottaja|Kime|Címzett|收件人|收件者|宛先|받는 사람|إلى",
    "Subject|Betreff|Objet|Oggetto|Asunto|Assunto|Onderwerp|Ämne|Emne|Temat|Předmět|Тема|Aihe|Konu|Tárgy|主题|主旨|件名|제목|الموضوع",
))  # fmt: skip
_ABOVE = re.compile(r"(?:<hr[^<>]*>|(?<![^\n>])[-_]{5,}[^<\n]*)(?:<br>|\s)*$")


def fold(html: str, label: str) -> str:
    """*html* with its quoted end in a closed `<details>` whose summary says *label*; unchanged when all of it, or nothing, is quoted."""
    tags = _tags(html)
    for span in (_history(html, tags), _last_quote(tags)):
        if span is not None and _says_something(html, tags, 0, span[0]) and not _says_something(html, tags, span[1], len(html)):
            start, end = span
            return f"{html[:start]}<details class=\"quoted\"><summary>{escape(label)}</summary>{html[start:end]}</details>{html[end:]}"
    return html


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


def _history(html: str, tags: list[tuple[int, int, bool, str]]) -> tuple[int, int] | None:
    """From the head that Outlook puts above what is answered (From, Sent, To, Subject, in the writer's language) to the end of what holds it."""
    text = _text(html, tags)
    for found in islice(_HEADS[0].finditer(text), HEADS_TRIED):
        at: int | None = found.end()
        for name in _HEADS[1:]:
            follows = name.search(text, at, at + HEAD_CHARACTERS) if at is not None else None
            at = follows.end() if follows else None
        if at is not None:
            return _from_block(html, tags, text, found.start())
    return None


def _text(html: str, tags: list[tuple[int, int, bool, str]]) -> str:
    """*html* with blanks in the place of its tags, so that a place in one is a place in the other."""
    pieces: list[str] = []
    at = 0
    for begin, end, _is_end, _name in tags:
        pieces += html[at:begin], " " * (end - begin)
        at = end
    return "".join([*pieces, html[at:]])


def _from_block(html: str, tags: list[tuple[int, int, bool, str]], text: str, head: int) -> tuple[int, int] | None:
    """The largest element that begins with what stands at *head*, with its later siblings; the line, where it stands in no element of its own."""
    around: list[tuple[int, str]] = []
    after = bisect_left(tags, (head,))
    for begin, _end, is_end, name in tags[:after]:
        if is_end:
            while around and around.pop()[1] != name:
                continue
        elif name not in _EMPTY:
            around.append((begin, name))
    level, start = len(around), head
    while around and not text[around[-1][0] : head].strip():
        start = around.pop()[0]
    line = _ABOVE.search(html, max(0, start - LINE_CHARACTERS), start)
    start = line.start() if line else start
    if start == head and not html[:head].rstrip(" ").endswith((">", "\n")):
        return None
    for begin, _end, is_end, name in tags[after:]:
        level += 0 if name in _EMPTY else -1 if is_end else 1
        if level < len(around):
            return start, begin
    return start, len(html)


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
