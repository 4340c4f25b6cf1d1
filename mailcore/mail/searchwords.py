"""Text as the search index sees it: words folded to what people mean by them, for every script.

A word is a run of letters and digits without case, accents or width. Scripts that write without spaces (Chinese, Japanese, Korean,
Thai and their neighbours) give a word for each sign, so that a phrase of signs finds any part of a sentence. A query's words are
made the same way, so index and query agree by construction.
"""

import re
import unicodedata

MAX_WORD = 60
"""Longest word that is kept; what is longer is cut. Stops base64 and the like from filling the index."""
MAX_WORDS = 200_000
"""Words of one message that are indexed."""

_SIGNS = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
_WORD = re.compile(f"[{_SIGNS}]|[^\\W_{_SIGNS}]+")
_MARKS = re.compile("[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed]")


def fold(text: str) -> str:
    """*text* without case, width and accents; signs keep what distinguishes them."""
    if text.isascii():
        return text.lower()
    plain = unicodedata.normalize("NFKD", text).casefold()
    return unicodedata.normalize("NFC", _MARKS.sub("", plain))


def words(text: str, limit: int = MAX_WORDS) -> list[str]:
    """The words of *text* in order, at most *limit*."""
    found: list[str] = []
    for match in _WORD.finditer(fold(text)):
        found.append(match[0][:MAX_WORD])
        if len(found) >= limit:
            break
    return found
