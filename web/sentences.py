"""Sentences that mailcore says, in the person's language. mailcore knows no language: it says English, with values inside.

The translations hold them in a context of their own, with {0} {1} where values stand; a sentence is known again by its shape.
"""

import re
from functools import lru_cache
from typing import Any

CONTEXT = "said"
_VALUE = re.compile(r"\{(\d)\}")
_SEPARATOR = "\x04"
"""What gettext puts between a context and its message."""


def said(text: str, translations: Any, language: str) -> str:
    """*text* by *translations* (gettext's); as it is when they do not know it."""
    if language.partition("_")[0] == "en":
        return text
    whole = translations.pgettext(CONTEXT, text)
    if whole != text:
        return str(whole)
    for shape, pattern in _shapes(language, translations):
        found = pattern.fullmatch(text)
        if found is not None:
            values = found.groupdict()
            return _VALUE.sub(lambda place, values=values: values[f"v{place[1]}"], translations.pgettext(CONTEXT, shape))  # type: ignore[misc]
    return text


@lru_cache(maxsize=16)
def _shapes(language: str, translations: Any) -> list[tuple[str, re.Pattern[str]]]:
    """Every shape with values and the expression that knows it, the one with most words of its own first."""
    prefix = CONTEXT + _SEPARATOR
    catalog = getattr(translations, "_catalog", {})
    shapes = [key.removeprefix(prefix) for key in catalog if isinstance(key, str) and key.startswith(prefix) and _VALUE.search(key)]
    shapes.sort(key=lambda shape: len(_VALUE.sub("", shape)), reverse=True)
    return [(shape, _pattern(shape)) for shape in shapes]


def _pattern(shape: str) -> re.Pattern[str]:
    pieces = _VALUE.split(shape)
    made = [f"(?P<v{piece}>.*?)" if number % 2 else re.escape(piece) for number, piece in enumerate(pieces)]
    return re.compile("".join(made), re.DOTALL)
