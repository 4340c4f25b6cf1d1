"""Comparing values with keys: match types, comparators, and what a match leaves in ${0}, ${1}…. RFC 5228 §2.7, RFC 5231, RFC 4790."""

import re
from collections.abc import Callable, Sequence

from mailcore.base.errors import MailError
from mailcore.sieve import regex
from mailcore.sieve.errors import RunError
from mailcore.sieve.tree import Node

MAX_TEXT = 256 * 1024
"""Characters of one value that are compared."""
MAX_STARS = 30
"""Stars and question marks of one :matches key that leave captures (RFC 5229 §3.2 wants 9)."""

GLOB_A_STEP = 500
"""A key with ? behind a star may cost its length times the value's; so many of these are as dear as one step of a regular expression."""

ASCII_LOWER = {c: c + 32 for c in range(65, 91)}


def casemap(text: str) -> str:
    """i;ascii-casemap: ASCII letters lose their case."""
    return text.translate(ASCII_LOWER)


def number_of(text: str) -> float:
    """i;ascii-numeric: the leading digits; what begins with none is infinite."""
    digits = ""
    for char in text[:400]:
        if not ("0" <= char <= "9"):
            break
        digits += char
    return int(digits) if digits else float("inf")


NORMAL: dict[str, Callable[[str], str]] = {"i;ascii-casemap": casemap, "i;unicode-casemap": str.casefold, "i;octet": lambda text: text}
RELATE: dict[str, Callable[[object, object], bool]] = {
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b, "lt": lambda a, b: a < b, "le": lambda a, b: a <= b, "eq": lambda a, b: a == b, "ne": lambda a, b: a != b,  # type: ignore[operator]
}  # fmt: skip


class Matcher:
    """One test's way of comparing, made from its tags."""

    def __init__(self, test: Node, budget: regex.Budget) -> None:
        tags = test.tags
        self.line, self.budget = test.line, budget
        self.kind = next((k for k in ("contains", "matches", "regex", "value", "count") if k in tags), "is")
        given = tags.get("comparator")
        default = "i;ascii-numeric" if self.kind == "count" else "i;ascii-casemap"
        self.comparator = given[0] if isinstance(given, tuple) else default
        relation = tags.get(self.kind)
        self.relation = relation[0] if isinstance(relation, tuple) else ""
        self.captures: list[str] | None = None

    def any(self, values: Sequence[str], keys: Sequence[str]) -> bool:
        """Whether any value fits any key; afterwards `captures` holds what :matches and :regex caught, or None."""
        if self.kind == "count":
            return any(RELATE[self.relation](float(len(values)), number_of(key)) for key in keys)
        return any(self.one(value[:MAX_TEXT], key) for value in values for key in keys)

    def one(self, value: str, key: str) -> bool:
        """Whether *value* fits *key*."""
        if self.kind == "regex":
            return self._regex(value, key)
        if self.comparator == "i;ascii-numeric":
            relation = self.relation or "eq"
            return RELATE[relation](number_of(value), number_of(key))
        normal = NORMAL[self.comparator]
        if self.kind == "matches":
            found = self._glob(value, key, normal)
            self.captures = [value, *found] if found is not None else self.captures
            return found is not None
        left, right = normal(value), normal(key)
        if self.kind == "value":
            return RELATE[self.relation](left.encode(), right.encode())
        return right in left if self.kind == "contains" else left == right

    def _glob(self, value: str, key: str, normal: Callable[[str], str]) -> list[str] | None:
        try:
            self.budget.spend(len(value) * len(key) // GLOB_A_STEP if "?" in key and "*" in key else 0)
        except MailError as error:
            raise RunError(self.line, error.detail) from error
        return glob(value, key, normal)

    def _regex(self, value: str, key: str) -> bool:
        try:
            found = regex.compile(key, is_case_blind=self.comparator != "i;octet").search(value, self.budget)
        except MailError as error:
            raise RunError(self.line, error.detail) from error
        self.captures = found if found is not None else self.captures
        return found is not None


def glob(value: str, key: str, normal: Callable[[str], str]) -> list[str] | None:
    r"""What each * and ? of *key* stands for in *value*, or None. Each * takes as little as it can (RFC 5229 §3.2); \* and \? are themselves.

    Between two stars the first place that fits is the right one, so no step is ever taken back.
    """
    pieces = _pieces(key, normal)
    text = normal(value)
    if len(text) != len(value):  # a fold that changes the length would put captures in the wrong place
        value = text
    caught: list[str] = []
    place = 0
    for number, (is_star, parts) in enumerate(pieces):
        is_last = number == len(pieces) - 1
        if not is_star:
            if not _fits(text, parts, place):
                return None
            start = place
        elif is_last:
            start = len(text) - len(parts)
            if start < place or not _fits(text, parts, start):
                return None
        else:
            start = _find(text, parts, place)
            if start < 0:
                return None
        if is_star:
            caught.append(value[place:start])
        caught += [value[start + i] for i, part in enumerate(parts) if part is None]
        place = start + len(parts)
    return caught[:MAX_STARS] if place == len(text) else None


def _pieces(key: str, normal: Callable[[str], str]) -> list[tuple[bool, list[str | None]]]:
    """(begins with a star, characters with None for ?) for each run between stars."""
    pieces: list[tuple[bool, list[str | None]]] = [(False, [])]
    at = 0
    while at < len(key):
        char = key[at]
        if char == "*":
            pieces.append((True, []))
        elif char == "?":
            pieces[-1][1].append(None)
        else:
            if char == "\\" and at + 1 < len(key):
                at += 1
                char = key[at]
            pieces[-1][1].extend(normal(char))
        at += 1
    return pieces


def _find(text: str, parts: list[str | None], place: int) -> int:
    """The first place from *place* on where *parts* fit, or -1. By C code, because a long key on a long value costs their product."""
    if None not in parts:
        return text.find("".join(part for part in parts if part is not None), place)
    found = re.compile("".join("." if part is None else re.escape(part) for part in parts), re.DOTALL).search(text, place)
    return found.start() if found else -1


def _fits(text: str, parts: list[str | None], at: int) -> bool:
    if at + len(parts) > len(text):
        return False
    return all(part is None or text[at + i] == part for i, part in enumerate(parts))
