"""Rows of filters: the forms and programs of a scope, confirmed forwarding targets, and what auto-replies remember.

Scopes are "system", "domain:7" and "account:9". Whatever changes an account's filters or scripts calls `touch`, so that
delivery sees with the account row that its compiled program is old.
"""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.engine import Tx

PROGRAMS = ("away-program", "rules-program")
"""Kinds that hold Sieve, in the order they run: auto-reply and forwarding, then rules."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ForwardTarget:
    """An outside address that *account_id* wants mail redirected to. `confirmed_at` None: it still waits for its code."""

    account_id: int
    address: str
    code_hash: str
    tries: int
    created_at: Micros
    confirmed_at: Micros | None
    confirmed_by: str


_TARGET = "account_id, address, code_hash, tries, created_at, confirmed_at, confirmed_by"


def form(tx: Tx, scope: str, kind: str) -> str:
    """The stored form (JSON) or program (Sieve) of *kind*; "" when there is none."""
    return tx.value("SELECT data FROM filters WHERE scope = :s AND kind = :k", {"s": scope, "k": kind}) or ""


def put_form(tx: Tx, scope: str, kind: str, data: str, now: Micros) -> None:
    """Store a form or program; "" removes it."""
    values = {"s": scope, "k": kind, "d": data, "n": now}
    if not data:
        tx.run("DELETE FROM filters WHERE scope = :s AND kind = :k", values)
        return
    tx.run(
        "INSERT INTO filters (scope, kind, data, changed_at) VALUES (:s, :k, :d, :n)"
        " ON CONFLICT (scope, kind) DO UPDATE SET data = :d, changed_at = :n",
        values,
    )


def shared_programs(tx: Tx) -> dict[str, str]:
    """The programs of the server and of every domain, by scope."""
    rows = tx.all("SELECT scope, data FROM filters WHERE kind = 'rules-program' AND scope NOT LIKE 'account:%'")
    return dict(rows)


def stumbles(tx: Tx, domain_id: int | None) -> list[tuple[str, str]]:
    """(domain, or "" for the server; what went wrong) of shared rules that could not be carried out since they were changed; of one domain where it is named."""
    rows = tx.all("SELECT scope, data FROM filters WHERE kind = 'error' AND scope NOT LIKE 'account:%' ORDER BY scope")
    found = []
    for scope, error in rows:
        number = int(scope.partition(":")[2] or 0)
        if domain_id in (None, number):
            found.append((tx.value("SELECT name FROM domains WHERE id = :i", {"i": number}) or "", error))
    return found


def touch(tx: Tx, account_id: int, now: Micros, *, is_filtered: bool) -> None:
    """Give the account a new filters version, or 0 when nothing filters its mail any more."""
    tx.run("UPDATE accounts SET filters_version = :v WHERE id = :a", {"v": now if is_filtered else 0, "a": account_id})


def targets(tx: Tx, account_id: int) -> list[ForwardTarget]:
    """Every outside target of an account."""
    rows = tx.all(f"SELECT {_TARGET} FROM forward_targets WHERE account_id = :a ORDER BY id", {"a": account_id})
    return [ForwardTarget(**dict(zip(_TARGET.split(", "), row, strict=True))) for row in rows]


def target(tx: Tx, account_id: int, address: str) -> ForwardTarget | None:
    """One target, or None."""
    return next((one for one in targets(tx, account_id) if one.address == address), None)


def put_target(tx: Tx, wanted: ForwardTarget) -> None:
    """Add or replace a target."""
    tx.run("DELETE FROM forward_targets WHERE account_id = :a AND address = :m", {"a": wanted.account_id, "m": wanted.address})
    tx.insert(
        f"INSERT INTO forward_targets ({_TARGET}) VALUES (:a, :m, :h, :t, :c, :d, :b)",
        {
            "a": wanted.account_id, "m": wanted.address, "h": wanted.code_hash, "t": wanted.tries, "c": wanted.created_at,
            "d": wanted.confirmed_at, "b": wanted.confirmed_by,
        },
    )  # fmt: skip


def remove_targets(tx: Tx, account_id: int, programs: str) -> None:
    """Forget every target that said yes and that none of *programs* names any more: who wants it back asks it again. POLICY, Forwarding.

    One that still waits for its code stays, because its row keeps a second code from going out at once."""
    for one in targets(tx, account_id):
        if one.confirmed_at is not None and one.address not in programs:
            tx.run("DELETE FROM forward_targets WHERE account_id = :a AND address = :m", {"a": account_id, "m": one.address})


def last_reply(tx: Tx, account_id: int, handle: str, address: str) -> Micros | None:
    """When an auto-reply of *handle* last went to *address*."""
    found = tx.value(
        "SELECT at FROM replied WHERE account_id = :a AND handle = :h AND address = :m", {"a": account_id, "h": handle, "m": address}
    )
    return None if found is None else int(found)


def note_reply(tx: Tx, account_id: int, handle: str, address: str, now: Micros) -> None:
    """Remember that it went out now."""
    tx.run(
        "INSERT INTO replied (account_id, handle, address, at) VALUES (:a, :h, :m, :n)"
        " ON CONFLICT (account_id, handle, address) DO UPDATE SET at = :n",
        {"a": account_id, "h": handle, "m": address, "n": now},
    )


def is_seen(tx: Tx, account_id: int, mark: str, now: Micros) -> bool:
    """Whether Sieve's duplicate test saw *mark* and its time is not over."""
    return tx.one("SELECT 1 FROM seen_marks WHERE account_id = :a AND mark = :m AND until > :n", {"a": account_id, "m": mark, "n": now}) is not None


def note_seen(tx: Tx, account_id: int, mark: str, until: Micros) -> None:
    """Remember *mark* until then."""
    tx.run(
        "INSERT INTO seen_marks (account_id, mark, until) VALUES (:a, :m, :u) ON CONFLICT (account_id, mark) DO UPDATE SET until = :u",
        {"a": account_id, "m": mark, "u": until},
    )


def forget_old(tx: Tx, before_reply: Micros, now: Micros) -> None:
    """Drop memories that no longer matter."""
    tx.run("DELETE FROM replied WHERE at < :b", {"b": before_reply})
    tx.run("DELETE FROM seen_marks WHERE until < :n", {"n": now})
