"""Searches a person keeps in the navigation: a name and the words of the search box."""

from mailcore.base.errors import MailError, Reason
from mailcore.store.engine import Tx

MOST = 50
"""Saved searches of one account."""
NAME_CHARACTERS = 60


def of_account(tx: Tx, account_id: int) -> list[tuple[str, str]]:
    """(name, query) of each, by name."""
    return [(r[0], r[1]) for r in tx.all("SELECT name, query FROM saved_searches WHERE account_id = :a ORDER BY lower(name)", {"a": account_id})]


def put(tx: Tx, account_id: int, name: str, query: str) -> None:
    """Keep a search; one of that name is replaced. Raises MailError(SYNTAX, LIMIT)."""
    clean = " ".join(name.split())[:NAME_CHARACTERS]
    if not clean or not query.strip():
        raise MailError(Reason.SYNTAX, "A saved search needs a name and something to look for.")
    there = of_account(tx, account_id)
    if len(there) >= MOST and clean not in dict(there):
        raise MailError(Reason.LIMIT, f"There are {MOST} saved searches already.")
    tx.run(
        "INSERT INTO saved_searches (account_id, name, query) VALUES (:a, :n, :q) ON CONFLICT (account_id, name) DO UPDATE SET query = :q",
        {"a": account_id, "n": clean, "q": query.strip()[:1000]},
    )


def remove(tx: Tx, account_id: int, name: str) -> None:
    """Forget a saved search."""
    tx.run("DELETE FROM saved_searches WHERE account_id = :a AND name = :n", {"a": account_id, "n": name})
