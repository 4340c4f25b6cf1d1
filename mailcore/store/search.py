"""Searching an account: words and operators against columns, and against the text of bodies, newest first.

Columns (subject, names, addresses, preview) are searched whole. Bodies are read newest first, up to SCANNED of them; how many
were not reached is told. Grammar: words, "phrases", from: to: subject: in: is:unread is:starred has:attachment before: after:
larger: smaller:, each negated by -.
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime

from mailcore.base.clock import Micros, to_micros
from mailcore.mail.body import decode_text
from mailcore.mail.part import load_parts
from mailcore.store.accounts import like
from mailcore.store.blobs import BlobStore, Locator
from mailcore.store.engine import Tx
from mailcore.store.listing import _LIST, ListRow, _row

SCANNED = 5000
"""Bodies one search reads."""
SCAN_BYTES = 1024 * 1024
QUERY_CHARACTERS = 1000
TERMS = 50
_TERM = re.compile(r'(-?)(?:([a-z]+):)?("(?:[^"]*)"|\S+)', re.IGNORECASE)
_OPERATORS = frozenset({"from", "to", "cc", "subject", "in", "is", "has", "before", "after", "larger", "smaller"})


@dataclass(frozen=True, slots=True)
class Term:
    """One part of a query: *operator* "" for a plain word or phrase."""

    operator: str
    value: str
    is_not: bool
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results: rows newest first, and how many older bodies were not read."""

    rows: list[ListRow]
    left: int


def parse(query: str) -> list[Term]:
    """The terms of a query; what is no operator is a word."""
    terms = []
    for match in _TERM.finditer(query[:QUERY_CHARACTERS]):
        sign, operator, value = match[1], (match[2] or "").lower(), match[3]
        if operator and operator not in _OPERATORS:
            operator, value = "", f"{match[2]}:{value}"
        terms.append(Term(operator, value.strip('"'), bool(sign), match[0]))
    return [t for t in terms[:TERMS] if t.value]


def size_of(text: str) -> int:
    """10M, 200K or bytes; 0 for what is no size."""
    match = re.fullmatch(r"(\d{1,12})([kmg]?)b?", text.lower())
    return int(match[1]) * 1024 ** " kmg".index(match[2] or " ") if match else 0


def day_of(text: str) -> Micros | None:
    """2026-03-04 or 2026/3/4 as the start of that day (UTC); None for what is no day."""
    match = re.fullmatch(r"(\d{4})[-/](\d{1,2})[-/](\d{1,2})", text)
    try:
        return to_micros(datetime(int(match[1]), int(match[2]), int(match[3]), tzinfo=UTC)) if match else None
    except ValueError:
        return None


def conditions(terms: list[Term], boxes: dict[str, list[int]]) -> tuple[list[str], dict[str, object], list[Term]]:
    """SQL for what columns answer, its parameters, and the plain words that may also stand in a body."""
    where: list[str] = []
    params: dict[str, object] = {}
    words = []
    for number, term in enumerate(terms):
        name = f"t{chr(97 + number // 26)}{chr(97 + number % 26)}"
        sql = _condition(term, name, params, boxes)
        if sql is None:
            words.append(term)
        else:
            where.append(f"NOT ({sql})" if term.is_not else f"({sql})")
    return where, params, words


def _condition(term: Term, name: str, params: dict[str, object], boxes: dict[str, list[int]]) -> str | None:
    value = term.value.lower()
    if term.operator in ("from", "to", "cc", "subject"):
        params[name] = like(value)
        columns = {"from": ("from_name", "from_addr"), "to": ("to_display",), "cc": ("to_display",), "subject": ("subject",)}[term.operator]
        return " OR ".join(f"lower(e.{c}) LIKE :{name} ESCAPE '\\'" for c in columns)
    if term.operator == "is":
        return {"unread": "(m.flags & 1) = 0", "read": "(m.flags & 1) <> 0", "starred": "(m.flags & 4) <> 0", "answered": "(m.flags & 2) <> 0"}.get(value, "1 = 0")
    if term.operator == "has":
        return "e.has_attachments = 1" if value.startswith("attach") else "1 = 0"
    if term.operator == "in":
        found = [i for key, ids in boxes.items() if value in key for i in ids]
        return " OR ".join(f"m.mailbox_id = {int(i)}" for i in found) or "1 = 0"
    if term.operator in ("larger", "smaller"):
        params[name] = size_of(value)
        return f"m.size {'>' if term.operator == 'larger' else '<'} :{name}"
    if term.operator in ("before", "after"):
        params[name] = day_of(value) or 0
        return f"m.internal_date {'<' if term.operator == 'before' else '>='} :{name}"
    return None


_HAY = "lower(e.subject || ' ' || e.from_name || ' ' || e.from_addr || ' ' || e.to_display || ' ' || e.preview || ' ' || e.extra)"


def search(
    tx: Tx, blobs: BlobStore, account_id: int, query: str, boxes: dict[str, list[int]], *, limit: int, before: tuple[Micros, int] | None = None
) -> Found:
    """Up to *limit* messages that fit *query*; *boxes* maps lower-case mailbox names and roles to ids."""
    where, params, words = conditions(parse(query), boxes)
    params |= {"a": account_id, "n": limit}
    where.insert(0, "m.account_id = :a")
    if before is not None:
        where.append("(m.internal_date, m.id) < (:d, :i)")
        params |= {"d": before[0], "i": before[1]}
    base = f"SELECT {_LIST}, {_HAY}, b.segment, b.\"offset\", b.length, e.parts FROM messages m JOIN emails e ON e.id = m.email_id JOIN blobs b ON b.id = e.blob_id WHERE {' AND '.join(where)} ORDER BY m.internal_date DESC, m.id DESC"
    if not words:
        return Found([_row(r[:15]) for r in tx.all(base + " LIMIT :n", params)], 0)
    rows: list[ListRow] = []
    position, scanned = 0, 0
    for row in tx.all(base + f" LIMIT {SCANNED * 4}", params):
        position += 1
        hay = row[15]
        missing = [w for w in words if (w.value.lower() not in hay.lower()) != w.is_not]
        if missing:
            if scanned >= SCANNED:
                continue
            scanned += 1
            text = _text(blobs, row)
            if any((w.value.lower() not in text and w.value.lower() not in hay.lower()) != w.is_not for w in words):
                continue
        rows.append(_row(row[:15]))
        if len(rows) >= limit:
            return Found(rows, 0)
    return Found(rows, max(0, position - scanned) if scanned >= SCANNED else 0)


def _text(blobs: BlobStore, row: tuple[object, ...]) -> str:
    locator = Locator(segment=row[16], offset=row[17], length=row[18])  # type: ignore[arg-type]
    data = blobs.read(locator, 0, SCAN_BYTES)
    root = load_parts(bytes(row[19]))  # type: ignore[call-overload]
    texts = [decode_text(data, part) for part in root.walk() if part.type == "text" and not part.children and part.body_start < len(data)]
    return "\n".join(texts).lower()


