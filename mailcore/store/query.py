"""The language of the search box: words, "phrases", operators, OR, and - for not. Pure; what it means in SQL is `search`'s.

`a b OR c` is a and (b or c), as people know it. What looks like an operator and is none is a word.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo

from mailcore.base.clock import DAY, Micros, to_micros
from mailcore.mail.searchwords import words

QUERY_CHARACTERS = 1000
TERMS = 50
_TERM = re.compile(r'(-?)(?:([a-z_]+):)?("(?:[^"]*)"?|\S+)', re.IGNORECASE)
TEXT_OPERATORS = {"": "", "from": "sender", "to": "rcpt", "cc": "rcpt", "bcc": "rcpt", "subject": "subject"}
OPERATORS = frozenset(
    {*TEXT_OPERATORS, "in", "is", "has", "before", "after", "older", "newer", "older_than", "newer_than", "larger", "smaller", "label", "filename"} - {""}
)
_AGE = re.compile(r"(\d{1,4})([dwmy])")
_AGE_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query: *operator* "" for a plain word or phrase; *text* as it was typed."""

    operator: str
    value: str
    is_not: bool
    text: str
    is_whole: bool = False

    @property
    def is_text(self) -> bool:
        """Whether it asks for words, which the index answers."""
        return self.operator in TEXT_OPERATORS and bool(words(self.value))


def parse(query: str) -> list[list[Term]]:
    """The clauses of a query; of the terms in a clause one is enough."""
    clauses: list[list[Term]] = []
    is_or = False
    for number, match in enumerate(_TERM.finditer(query[:QUERY_CHARACTERS])):
        if number >= TERMS:
            break
        if match[0] == "OR":
            is_or = bool(clauses)
            continue
        term = _term(match)
        if not term.value:
            continue
        if is_or:
            clauses[-1].append(term)
        else:
            clauses.append([term])
        is_or = False
    return clauses


def _term(match: "re.Match[str]") -> Term:
    sign, operator, value = match[1], (match[2] or "").lower(), match[3]
    if operator and operator not in OPERATORS:
        operator, value = "", f"{match[2]}:{value}"
    is_whole = value.startswith('"')
    return Term(operator, value.strip('"'), bool(sign), match[0], is_whole)


def size_of(text: str) -> int:
    """10M, 200K or bytes; 0 for what is no size."""
    match = re.fullmatch(r"(\d{1,12})([kmg]?)b?", text.lower())
    return int(match[1]) * 1024 ** " kmg".index(match[2] or " ") if match else 0


def day_of(text: str, zone: tzinfo = UTC) -> Micros | None:
    """2026-03-04 or 2026/3/4 as the start of that day in *zone*; None for what is no day."""
    match = re.fullmatch(r"(\d{4})[-/](\d{1,2})(?:[-/](\d{1,2}))?", text)
    try:
        return to_micros(datetime(int(match[1]), int(match[2]), int(match[3] or 1), tzinfo=zone).astimezone(UTC)) if match else None
    except (ValueError, OverflowError):
        return None


def age_of(text: str, now: Micros) -> Micros | None:
    """3d, 2w, 6m, 1y as the moment so long ago; None for what is no age."""
    match = _AGE.fullmatch(text.lower())
    return now - int(match[1]) * _AGE_DAYS[match[2]] * DAY if match else None


def bound_of(term: Term, zone: tzinfo, now: Micros) -> tuple[str, Micros] | None:
    """A term about time as a comparison of the date: ("<", moment) or (">=", moment); None for what is no time."""
    is_before = term.operator in ("before", "older", "older_than")
    moment = age_of(term.value, now) if term.operator.endswith("_than") else day_of(term.value, zone)
    if moment is None:
        moment = day_of(term.value, zone) if term.operator.endswith("_than") else age_of(term.value, now)
    return None if moment is None else ("<" if is_before else ">=", moment)


