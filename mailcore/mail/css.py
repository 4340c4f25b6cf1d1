"""Style attributes of hostile HTML, reduced to declarations that only change how text looks.

A property must be on the list and its value made only of words, numbers, colours and strings: no URL by any spelling, no
functions but colours, no var(), no escapes, nothing sized by the window. So no style can load, position, hide the page under
itself, or read what is in it. `html` decides where styles are taken at all.
"""

import re
from functools import lru_cache
from typing import Any

from tinycss2.parser import parse_blocks_contents

MAX_STYLE_CHARS = 4_096
"""Characters of one style attribute; a longer one is dropped. Stops megabytes of declarations."""
MAX_PIXELS = 4_000
"""Larger lengths are dropped. Stops a message from making its frame miles high."""

_SIDES = ("top", "right", "bottom", "left")
PROPERTIES = frozenset(
    [
        "background-color", "border", "border-collapse", "border-color", "border-radius", "border-spacing", "border-style",
        "border-width", "box-sizing", "caption-side", "clear", "color", "direction", "display", "empty-cells", "float",
        "font", "font-family", "font-size", "font-style", "font-variant", "font-weight", "height", "letter-spacing",
        "line-height", "list-style-type", "margin", "max-height", "max-width", "min-height", "min-width", "opacity",
        "overflow-wrap", "padding", "table-layout", "text-align", "text-decoration", "text-decoration-color",
        "text-decoration-line", "text-decoration-style", "text-indent", "text-transform", "unicode-bidi", "vertical-align",
        "visibility", "white-space", "width", "word-break", "word-spacing", "word-wrap",
    ]
) | {f"{name}-{side}" for name in ("margin", "padding", "border") for side in _SIDES} | {
    f"border-{side}-{what}" for side in _SIDES for what in ("color", "style", "width")
} | {f"border-{corner}-radius" for corner in ("top-left", "top-right", "bottom-left", "bottom-right")}  # fmt: skip
_FUNCTIONS = frozenset({"rgb", "rgba", "hsl", "hsla"})
_UNITS = frozenset({"px", "em", "rem", "ex", "ch", "pt", "pc", "in", "cm", "mm", "deg", "q"})
_PIXELS = {"em": 16.0, "rem": 16.0, "ex": 8.0, "ch": 8.0, "pt": 1.34, "pc": 16.0, "in": 96.0, "cm": 38.0, "mm": 3.8}
_DISPLAY = frozenset({
    "block", "inline", "inline-block", "none", "table", "table-cell", "table-row", "list-item", "inline-table",
    "table-row-group",
})
_FORBIDDEN_WORDS = frozenset({"expression", "behavior", "behaviour", "javascript", "vbscript", "url", "src", "inherit-url"})
_REMOTE = re.compile(r"(?:url|image-set|src)\s*\(\s*[\"']?\s*(?:https?:)?//", re.IGNORECASE)
_WORD = re.compile(r"-?[A-Za-z][A-Za-z0-9-]{0,60}")
_FONT_NAME = re.compile(r"[A-Za-z0-9 ._-]{1,80}")


def counts_remote(style: str) -> int:
    """How many remote resources *style* would have loaded, as far as it says so openly."""
    return len(_REMOTE.findall(style[: MAX_STYLE_CHARS * 4]))


@lru_cache(maxsize=4096)
def safe_style(style: str) -> str:
    """The declarations of *style* that are safe, in one normal form; "" when none is. A fixpoint of itself."""
    if len(style) > MAX_STYLE_CHARS or "\\" in style or "\0" in style:
        return ""
    kept = []
    for node in parse_blocks_contents(style, skip_comments=True, skip_whitespace=True):  # type: ignore[no-untyped-call]
        if node.type != "declaration":
            continue
        name = node.lower_name
        if name == "background":
            # The usual short form for a colour alone.
            name = "background-color"
        if name not in PROPERTIES:
            continue
        value = _value(name, node.value)
        if value:
            kept.append(f"{name}: {value}")
    return "; ".join(kept)


def _value(name: str, tokens: list[Any]) -> str:
    """The value's tokens written again, or "" when one of them is not allowed. `!important` is not kept."""
    out: list[str] = []
    for token in tokens:
        if token.type in ("whitespace", "comment"):
            if out and out[-1] != " ":
                out.append(" ")
            continue
        text = _token(name, token)
        if not text:
            return ""
        out.append(text)
    value = "".join(out).strip()
    if name == "display" and value not in _DISPLAY:
        return ""
    if name == "background-color" and " " in value:
        return ""
    return value


def _token(name: str, token: Any) -> str:
    kind = token.type
    if kind == "ident":
        word = str(token.lower_value)
        return word if _WORD.fullmatch(word) and word not in _FORBIDDEN_WORDS else ""
    if kind == "number":
        return _number(name, token.value, "")
    if kind == "percentage":
        return _number(name, token.value, "%")
    if kind == "dimension":
        return _number(name, token.value, str(token.lower_unit))
    if kind == "hash":
        return f"#{token.value}" if re.fullmatch(r"[0-9A-Fa-f]{3,8}", token.value) else ""
    if kind == "string":
        # Only fonts need strings; in single quotes, they survive a double-quoted attribute as they are.
        return f"'{token.value}'" if name in ("font", "font-family") and _FONT_NAME.fullmatch(token.value) else ""
    if kind == "literal":
        return token.value if token.value in (",", "/") else ""
    if kind == "function" and token.lower_name in _FUNCTIONS:
        return _colour(token)
    return ""


def _number(name: str, value: float, unit: str) -> str:
    if unit and unit != "%" and unit not in _UNITS:
        return ""
    if value < 0 and (name.startswith("margin") or name == "text-indent"):
        # Negative margins lay text over other text.
        return ""
    limit = 1000.0 if unit == "%" else MAX_PIXELS / _PIXELS.get(unit, 1.0)
    if name.startswith("margin") and unit == "%":
        limit = 100.0
    if not -limit <= value <= limit:
        return ""
    text = f"{value:.4f}".rstrip("0").rstrip(".")
    return ("0" if text in ("-0", "") else text) + unit


def _colour(token: Any) -> str:
    """A colour function whose arguments are plain numbers."""
    parts = []
    for argument in token.arguments:
        if argument.type in ("number", "percentage", "dimension"):
            unit = "%" if argument.type == "percentage" else getattr(argument, "lower_unit", "")
            if unit not in ("", "%", "deg") or not -1000 <= argument.value <= 1000:
                return ""
            parts.append(f"{argument.value:.4f}".rstrip("0").rstrip(".") + unit)
        elif argument.type == "literal" and argument.value in (",", "/"):
            parts.append(argument.value)
        elif argument.type == "whitespace":
            parts.append(" ")
        else:
            return ""
    inside = re.sub(r"\s*([,/])\s*", r"\1", "".join(parts)).strip()
    return f"{token.lower_name}({re.sub(' +', ' ', inside)})"
