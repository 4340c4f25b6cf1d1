"""Searching an account: the full-text index for words, SQL for everything else, newest first, always exact.

What the index has not reached yet is read and judged by the same words, up to SCANNED messages; how many were left out is told.
Few hits are fetched by id; many are met on the way through the account's messages by date, so that a common word costs no sort.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from mailcore.base.clock import Micros
from mailcore.mail.part import load_parts
from mailcore.mail.searchtext import search_text
from mailcore.mail.searchwords import holds, words
from mailcore.store.accounts import like
from mailcore.store.blobs import BlobStore, Locator
from mailcore.store.engine import Row, Tx
from mailcore.store.fulltext import Document, FullText, Phrase
from mailcore.store.listing import _LIST, ListRow, _row
from mailcore.store.query import TEXT_OPERATORS, Term, bound_of, parse, size_of

SCANNED = 5000
"""Messages that are not indexed yet and that one search reads."""
SCAN_BYTES = 1024 * 1024
"""Bytes of a message that are looked at."""
BY_ID = 400
"""Up to so many hits are fetched by their ids."""
WALK = 2000
"""Rows of one step through the account's messages by date."""

MIXED = 20_000
"""Hits of a word that stands in an OR with something else: the newest so many count."""

__all__ = ["Found", "Scope", "parse", "search"]


@dataclass(frozen=True, slots=True)
class Found:
    """A page of results: rows newest first, and how many messages were neither indexed nor read."""

    rows: list[ListRow]
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """Whose mail is searched: *boxes* maps lower-case mailbox names and roles to ids; *hidden* are mailboxes left out unless named."""

    account_id: int
    boxes: dict[str, list[int]] = field(default_factory=dict)
    hidden: tuple[int, ...] = ()
    zone: tzinfo = UTC
    now: Micros = 0


@dataclass(slots=True)
class _Plan:
    """A query taken apart."""

    where: list[str]
    params: dict[str, object]
    wanted: list[list[Phrase]]
    unwanted: list[Phrase]


def search(
    tx: Tx, blobs: BlobStore, index: FullText, scope: Scope, query: str, *, limit: int, before: tuple[Micros, int] | None = None
) -> Found:
    """Up to *limit* messages that fit *query*, older than the cursor *before*."""
    clauses = parse(query)
    if not clauses:
        return Found([], 0)
    finder = _Finder(tx, blobs, index, scope.account_id, has_text=any(t.is_text for clause in clauses for t in clause))
    plan = _plan(clauses, scope, finder)
    if before is not None:
        plan.where.append("(m.internal_date, m.id) < (:d, :i)")
        plan.params |= {"d": before[0], "i": before[1]}
    if not plan.wanted and not plan.unwanted:
        return Found(_rows(tx, plan, limit), finder.left)
    hits = finder.find(plan.wanted) if plan.wanted else None
    misses: set[int] = set()
    for phrase in plan.unwanted:
        misses |= finder.find([[phrase]])
    if hits is not None:
        hits -= misses
        if not hits:
            return Found([], finder.left)
        if len(hits) <= BY_ID:
            plan.where.append(f"m.email_id IN ({', '.join(str(int(i)) for i in hits)})")
            return Found(_rows(tx, plan, limit), finder.left)
    return Found(_walk(tx, plan, hits, misses, limit), finder.left)


class _Finder:
    """The index and what it has not reached yet, as one."""

    def __init__(self, tx: Tx, blobs: BlobStore, index: FullText, account_id: int, *, has_text: bool) -> None:
        self._index, self._account_id = index, account_id
        self._fresh, self.left = _fresh(tx, blobs, account_id, index.done()) if has_text else ({}, 0)

    def find(self, clauses: Sequence[Sequence[Phrase]]) -> set[int]:
        """Ids of the emails that fit every clause."""
        return set(self._index.find(self._account_id, clauses)) | {i for i, text in self._fresh.items() if _fits(text, clauses)}


def _plan(clauses: list[list[Term]], scope: Scope, finder: _Finder) -> _Plan:
    plan = _Plan(["m.account_id = :a"], {"a": scope.account_id}, [], [])
    if scope.hidden and not any(t.operator == "in" for clause in clauses for t in clause):
        plan.where.append(f"m.mailbox_id NOT IN ({', '.join(str(int(i)) for i in scope.hidden)})")
    for number, clause in enumerate(clauses):
        if all(t.is_text and not t.is_not for t in clause):
            plan.wanted.append([_phrase(t) for t in clause])
        elif len(clause) == 1 and clause[0].is_text:
            plan.unwanted.append(_phrase(clause[0]))
        else:
            parts = [_either(t, f"t{number}_{k}", plan, scope, finder) for k, t in enumerate(clause)]
            plan.where.append("(" + " OR ".join(parts) + ")")
    return plan


def _either(term: Term, name: str, plan: _Plan, scope: Scope, finder: _Finder) -> str:
    """One term as SQL; a word among other things becomes the ids it is found in."""
    if term.is_text:
        ids = sorted(finder.find([[_phrase(term)]]), reverse=True)[:MIXED]
        sql = f"m.email_id IN ({', '.join(map(str, ids))})" if ids else "1 = 0"
    else:
        sql = _condition(term, name, plan.params, scope)
    return f"NOT ({sql})" if term.is_not else f"({sql})"


def _phrase(term: Term) -> Phrase:
    return Phrase(words=tuple(words(term.value, 50)), field=TEXT_OPERATORS[term.operator], is_whole=term.is_whole)


_FLAGS = {
    "unread": "(m.flags & 1) = 0", "unseen": "(m.flags & 1) = 0", "read": "(m.flags & 1) <> 0", "starred": "(m.flags & 4) <> 0",
    "answered": "(m.flags & 2) <> 0", "draft": "(m.flags & 16) <> 0", "snoozed": "m.keywords LIKE '%$Snoozed%'", "muted": "m.keywords LIKE '%$Muted%'",
}  # fmt: skip


def _condition(term: Term, name: str, params: dict[str, object], scope: Scope) -> str:
    value = term.value.lower()
    if term.operator == "is":
        return _FLAGS.get(value, "1 = 0")
    if term.operator == "has":
        return "e.has_attachments = 1" if value.startswith("attach") else "m.keywords <> ''" if value == "label" else "1 = 0"
    if term.operator == "in":
        found = [i for key, ids in scope.boxes.items() if value in key for i in ids] if value not in ("anywhere", "all") else None
        return "1 = 1" if found is None else " OR ".join(f"m.mailbox_id = {int(i)}" for i in found) or "1 = 0"
    if term.operator == "label":
        params[name] = like(value)
        return f"lower(m.keywords) LIKE :{name} ESCAPE '\\'"
    if term.operator == "filename":
        params[name] = like(value)
        return f"lower(e.extra) LIKE :{name} ESCAPE '\\'"
    if term.operator in ("larger", "smaller"):
        params[name] = size_of(value)
        return f"m.size {'>' if term.operator == 'larger' else '<'} :{name}"
    bound = bound_of(term, scope.zone, scope.now)
    if bound is not None and term.operator not in TEXT_OPERATORS:
        params[name] = bound[1]
        return f"m.internal_date {bound[0]} :{name}"
    return "1 = 0"


_FROM = "FROM messages m JOIN emails e ON e.id = m.email_id WHERE"


def _rows(tx: Tx, plan: _Plan, limit: int) -> list[ListRow]:
    sql = f"SELECT {_LIST} {_FROM} {' AND '.join(plan.where)} ORDER BY m.internal_date DESC, m.id DESC LIMIT :n"
    return [_row(r) for r in tx.all(sql, {**plan.params, "n": limit})]


def _walk(tx: Tx, plan: _Plan, hits: set[int] | None, misses: set[int], limit: int) -> list[ListRow]:
    """Through the account's messages by date, in steps, until enough of them are hits."""
    chosen: list[int] = []
    place: tuple[Micros, int] | None = None
    base = f"SELECT m.id, m.email_id, m.internal_date {_FROM} {' AND '.join(plan.where)}"
    while len(chosen) < limit:
        extra = "" if place is None else " AND (m.internal_date, m.id) < (:wd, :wi)"
        more = {} if place is None else {"wd": place[0], "wi": place[1]}
        step = tx.all(base + extra + " ORDER BY m.internal_date DESC, m.id DESC LIMIT :n", {**plan.params, **more, "n": WALK})
        for message_id, email_id, _date in step:
            if email_id not in misses and (hits is None or email_id in hits):
                chosen.append(message_id)
        if len(step) < WALK:
            break
        place = (step[-1][2], step[-1][0])
    if not chosen:
        return []
    ids = ", ".join(str(int(i)) for i in chosen[:limit])
    rows = tx.all(f"SELECT {_LIST} FROM messages m JOIN emails e ON e.id = m.email_id WHERE m.id IN ({ids}) ORDER BY m.internal_date DESC, m.id DESC")
    return [_row(r) for r in rows]


_FRESH = "e.id, e.account_id, e.subject, e.from_name, e.from_addr, e.parts, b.segment, b.\"offset\", b.length"


def _fresh(tx: Tx, blobs: BlobStore, account_id: int, done: int) -> tuple[dict[int, dict[str, list[str]]], int]:
    """The words by field of the account's emails that are not indexed yet, newest first; and how many more there are."""
    rows = tx.all(
        f"SELECT {_FRESH} FROM emails e JOIN blobs b ON b.id = e.blob_id WHERE e.account_id = :a AND e.id > :i ORDER BY e.id DESC LIMIT :n",
        {"a": account_id, "i": done, "n": SCANNED},
    )
    left = 0
    if len(rows) == SCANNED:
        left = int(tx.value("SELECT count(*) FROM emails WHERE account_id = :a AND id > :i", {"a": account_id, "i": done})) - SCANNED
    return {r[0]: _words_of(document_of(blobs, r)) for r in rows}, left


def _words_of(document: Document) -> dict[str, list[str]]:
    return {name: words(getattr(document, name)) for name in ("subject", "sender", "rcpt", "body")}


def document_of(blobs: BlobStore, row: Row) -> Document:
    """An email (columns of _FRESH) as the index takes it."""
    data = blobs.read(Locator(segment=row[6], offset=row[7], length=row[8]), 0, SCAN_BYTES)
    text = search_text(data, load_parts(bytes(row[5])))
    return Document(email_id=row[0], account_id=row[1], subject=row[2], sender=f"{row[3]} {row[4]}", rcpt=text.rcpt, body=text.body)


def next_documents(tx: Tx, blobs: BlobStore, after: int, limit: int) -> tuple[list[Document], int]:
    """The next emails to index, and the id up to which they reach (*after* when there is nothing)."""
    rows = tx.all(f"SELECT {_FRESH} FROM emails e JOIN blobs b ON b.id = e.blob_id WHERE e.id > :i ORDER BY e.id LIMIT :n", {"i": after, "n": limit})
    return [document_of(blobs, r) for r in rows], rows[-1][0] if rows else after


def _fits(text: dict[str, list[str]], clauses: Sequence[Sequence[Phrase]]) -> bool:
    return all(any(_holds(text, phrase) for phrase in clause) for clause in clauses)


def _holds(text: dict[str, list[str]], phrase: Phrase) -> bool:
    fields = (phrase.field,) if phrase.field else ("subject", "sender", "rcpt", "body")
    return any(holds(text[name], list(phrase.words), is_whole=phrase.is_whole) for name in fields)
