"""Searching an account: the full-text index for words, SQL for everything else, newest first, always exact.

What the index has not reached yet is read and judged by the same words (`fresh`); how many messages were left out is told.
Few hits are fetched by id; many are met on the way through the account's messages by date, so that a common word costs no sort.
"""

import heapq
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from itertools import islice

from mailcore.base.clock import Micros
from mailcore.mail.searchwords import words
from mailcore.store.accounts import like
from mailcore.store.blobs import BlobStore
from mailcore.store.engine import Row, Tx
from mailcore.store.fulltext import FullText
from mailcore.store.listing import _LIST, ListRow, _row
from mailcore.store.phrases import Phrase
from mailcore.store.query import TEXT_OPERATORS, Term, bound_of, parse, size_of

BY_ID = 400
"""Up to so many hits are fetched by their ids."""
COMMON = 1000
"""A word with so many hits is looked for in each step of the way by date, and not as a whole."""
GAP = 2000
"""Ids between two emails that are passed over in one range of the index."""
STEP = 100
"""Rows of a step where every row fits."""
WALK = 2000
"""Rows of one step through the account's messages by date."""

MIXED = 20_000
"""Hits of a word that stands in an OR with something else: the newest so many count."""

__all__ = ["Found", "Scope", "count", "parse", "search", "search_several"]


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
    only: tuple[int, ...] | None = None
    """The mailboxes of somebody else that may be read; None for one's own account, which is searched whole."""
    is_small: bool = False
    """Whether *only* is read faster than the account is walked through."""
    seconds: float | None = None
    """How long mail that is not indexed yet may be read; None for as long as it takes."""


@dataclass(slots=True)
class _Plan:
    """A query taken apart."""

    where: list[str]
    params: dict[str, object]
    wanted: list[list[Phrase]]
    unwanted: list[Phrase]


def search(
    tx: Tx, blobs: BlobStore, index: FullText, scope: Scope, query: str, *, limit: int, before: tuple[Micros, int] | None = None, whole: bool = False
) -> Found:
    """Up to *limit* messages that fit *query*, older than the cursor *before*; with *whole* only the newest fitting one of each thread."""
    return search_several(tx, blobs, index, [scope], query, limit=limit, before=before, whole=whole)


def search_several(
    tx: Tx, blobs: BlobStore, index: FullText, scopes: Sequence[Scope], query: str, *, limit: int, before: tuple[Micros, int] | None = None, skip: int = 0, whole: bool = False
) -> Found:
    """The same over several people's mail, newest first; *skip* so many of them."""
    clauses = parse(query)
    sought = [_seek(tx, blobs, index, scope, clauses) for scope in scopes] if clauses else []
    found = heapq.merge(*(_fitting(tx, one, before, limit, whole) for one in sought), reverse=True)
    chosen = [message_id for _date, message_id in islice(found, skip, skip + limit)]
    left = sum(one.left for one in sought)
    if not chosen:
        return Found([], left)
    ids = ", ".join(str(int(i)) for i in chosen)
    rows = tx.all(f"SELECT {_LIST} FROM messages m JOIN emails e ON e.id = m.email_id WHERE m.id IN ({ids}) ORDER BY m.internal_date DESC, m.id DESC")
    return Found([_row(r) for r in rows], left)


def _fitting(tx: Tx, sought: "_Sought", before: tuple[Micros, int] | None, limit: int, whole: bool) -> Iterator[tuple[Micros, int]]:
    """What fits, as (date, message), newest first; with *whole* the newest of each thread."""
    threads: set[int] = set()
    for step in _steps(tx, sought, before, limit):
        known = _met(tx, sought, {r[2] for r in step} - threads, before) if whole and before is not None else set()
        for message_id, _email, thread_id, date in step:
            if not whole or thread_id not in threads and thread_id not in known:
                threads.add(thread_id)
                yield date, message_id


def count(tx: Tx, blobs: BlobStore, index: FullText, scope: Scope, query: str, *, whole: bool = False) -> int:
    """How many messages, or with *whole* threads, fit *query*."""
    clauses = parse(query)
    if not clauses:
        return 0
    sought = _seek(tx, blobs, index, scope, clauses)
    if sought.common:
        sought = _Sought(sought.finder, sought.plan, sought.finder.find(sought.common) - sought.misses, set(), ())
    if sought.hits is None and not sought.misses:
        what = "count(DISTINCT m.thread_id)" if whole else "count(*)"
        return int(tx.value(f"SELECT {what} {_FROM} {' AND '.join(sought.plan.where)}", sought.plan.params))
    found = [r for step in _steps(tx, sought, None, WALK) for r in step]
    return len({r[2] for r in found}) if whole else len(found)


@dataclass(slots=True)
class _Sought:
    """A query with what the index says: *hits* None when it asks for no words, or for *common* ones, which are met on the way;
    *misses* are what it must not hold."""

    finder: "_Finder"
    plan: "_Plan"
    hits: set[int] | None
    misses: set[int]
    common: Sequence[Sequence[Phrase]]

    @property
    def left(self) -> int:
        """Messages that were neither indexed nor read."""
        return self.finder.left

    def fitting(self, rows: list[Row]) -> list[Row]:
        """Those of *rows* (email ids second) whose words are right."""
        hits = self.finder.among(self.common, [r[1] for r in rows]) if self.common and rows else self.hits
        return [r for r in rows if r[1] not in self.misses and (hits is None or r[1] in hits)]


def _seek(tx: Tx, blobs: BlobStore, index: FullText, scope: Scope, clauses: list[list[Term]]) -> _Sought:
    finder = _Finder(tx, blobs, index, scope, has_text=any(t.is_text for clause in clauses for t in clause))
    plan = _plan(clauses, scope, finder)
    hits = finder.find(plan.wanted, COMMON) if plan.wanted else None
    is_common = hits is not None and len(hits) >= COMMON
    misses: set[int] = set()
    for phrase in plan.unwanted if hits is None or hits else ():
        misses |= finder.find([[phrase]])
    if hits is not None and not is_common:
        hits -= misses
        misses = set()
    return _Sought(finder, plan, None if is_common else hits, misses, plan.wanted if is_common else ())


class _Finder:
    """The index and what it has not reached yet, as one."""

    def __init__(self, tx: Tx, blobs: BlobStore, index: FullText, scope: "Scope", *, has_text: bool) -> None:
        self._index, self._account_id, self._read = index, scope.account_id, index.fresh
        self._fresh, self.left = index.fresh.words(tx, blobs, scope.account_id, index.done(), scope.seconds) if has_text else ({}, 0)

    def find(self, clauses: Sequence[Sequence[Phrase]], limit: int = -1) -> set[int]:
        """Ids of the emails that fit every clause; some of them when there are *limit* or more."""
        return set(self._index.find(self._account_id, clauses, limit)) | self._read.fitting(self._fresh, clauses)

    def among(self, clauses: Sequence[Sequence[Phrase]], emails: list[int]) -> set[int]:
        """Those of *emails* that fit every clause. Mail of one time has ids side by side, so a few ranges of the index hold it all."""
        ordered, found = sorted(emails), set[int]()
        start = 0
        for at in range(1, len(ordered) + 1):
            if at == len(ordered) or ordered[at] - ordered[at - 1] > GAP:
                found.update(self._index.between(self._account_id, clauses, ordered[start], ordered[at - 1]))
                start = at
        return found & set(emails) | self._read.fitting({i: self._fresh[i] for i in emails if i in self._fresh}, clauses)


def _plan(clauses: list[list[Term]], scope: Scope, finder: _Finder) -> _Plan:
    plan = _Plan(["+m.account_id = :a" if scope.is_small else "m.account_id = :a"], {"a": scope.account_id}, [], [])
    if scope.only is not None:
        plan.where.append(f"m.mailbox_id IN ({', '.join(str(int(i)) for i in scope.only) or 'NULL'})")
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
    "pinned": "m.keywords LIKE '%$Pinned%'",
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


def _steps(tx: Tx, sought: _Sought, before: tuple[Micros, int] | None, limit: int) -> Iterator[list[Row]]:
    """What fits, as (message, email, thread, date), newest first: few hits at once, many met on the way through the messages by date."""
    plan, hits = sought.plan, sought.hits
    if hits is not None and not hits:
        return
    where, size = plan.where, WALK if hits is not None or sought.misses and not sought.common else max(STEP, 2 * limit)
    if hits is not None and len(hits) <= BY_ID:
        where = [*_by_id(where), f"m.email_id IN ({', '.join(str(int(i)) for i in hits)})"]
    place = before
    while True:
        after = [] if place is None else ["(m.internal_date, m.id) < (:wd, :wi)"]
        more = {} if place is None else {"wd": place[0], "wi": place[1]}
        step = tx.all(
            f"SELECT m.id, m.email_id, m.thread_id, m.internal_date {_FROM} {' AND '.join([*where, *after])} ORDER BY m.internal_date DESC, m.id DESC LIMIT :n",
            {**plan.params, **more, "n": size},
        )
        yield sought.fitting(step)
        if len(step) < size:
            return
        place, size = (step[-1][3], step[-1][0]), min(2 * size, WALK)


def _by_id(where: list[str]) -> list[str]:
    """The same conditions, but not by the account's index: ids or threads lead to a few rows, the account to all."""
    return [one.replace("m.account_id = :a", "+m.account_id = :a") for one in where]


def _met(tx: Tx, sought: _Sought, threads: set[int], before: tuple[Micros, int]) -> set[int]:
    """Those of *threads* that have a fitting message on an earlier page."""
    if not threads:
        return set()
    which = f"m.thread_id IN ({', '.join(str(int(i)) for i in threads)}) AND (m.internal_date, m.id) >= (:wd, :wi)"
    rows = tx.all(
        f"SELECT m.thread_id, m.email_id {_FROM} {' AND '.join([*_by_id(sought.plan.where), which])}", {**sought.plan.params, "wd": before[0], "wi": before[1]}
    )
    return {r[0] for r in sought.fitting(rows)}
