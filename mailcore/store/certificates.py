"""Certificates, the key of the ACME account, and the answers an authority asks for while it looks.

All processes on all machines read these rows, so that any of them can answer a challenge and serve a name. `source` says what
a row is: uploaded or acme (a chain and its key for *names*), account (names: the directory, chain: the account's address) or
challenge (names: the token, chain: the answer).
"""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.store.engine import Row, Tx

SERVED = ("uploaded", "acme")


@dataclass(frozen=True, slots=True, kw_only=True)
class Certificate:
    """A row. *names* are what its certificate holds; *not_after* its end."""

    id: int
    names: tuple[str, ...]
    source: str
    chain_pem: str
    key_pem: str
    not_after: Micros
    created_at: Micros


_COLUMNS = "id, names, source, chain_pem, key_pem, not_after, created_at"


def _of(row: Row) -> Certificate:
    return Certificate(id=row[0], names=tuple(row[1].split()), source=row[2], chain_pem=row[3], key_pem=row[4], not_after=row[5], created_at=row[6])


def served(tx: Tx) -> list[Certificate]:
    """Every certificate that may be shown to clients, oldest first: a later one stands over an earlier for the same name."""
    return [_of(r) for r in tx.all(f"SELECT {_COLUMNS} FROM certificates WHERE source IN ('uploaded', 'acme') ORDER BY id")]


def get(tx: Tx, certificate_id: int) -> Certificate | None:
    """One that is served."""
    return next((one for one in served(tx) if one.id == certificate_id), None)


def put(tx: Tx, names: tuple[str, ...], source: str, chain_pem: str, key_pem: str, not_after: Micros, now: Micros) -> int:
    """Keep a certificate, in place of an earlier one of the same source and names; its id."""
    tx.run("DELETE FROM certificates WHERE source = :s AND names = :n", {"s": source, "n": " ".join(names)})
    tx.hints.append((0, 0))
    return tx.insert(
        "INSERT INTO certificates (names, source, chain_pem, key_pem, not_after, created_at) VALUES (:n, :s, :c, :k, :e, :t)",
        {"n": " ".join(names), "s": source, "c": chain_pem, "k": key_pem, "e": not_after, "t": now},
    )


def remove(tx: Tx, certificate_id: int) -> None:
    """Forget one."""
    tx.run("DELETE FROM certificates WHERE id = :i", {"i": certificate_id})
    tx.hints.append((0, 0))


def acme_account(tx: Tx, directory: str) -> tuple[str, str] | None:
    """(address, key) of our account at the authority behind *directory*."""
    row = tx.one("SELECT chain_pem, key_pem FROM certificates WHERE source = 'account' AND names = :n", {"n": directory})
    return None if row is None else (row[0], row[1])


def answer(tx: Tx, token: str) -> str | None:
    """What the authority should read under *token*."""
    found = tx.value("SELECT chain_pem FROM certificates WHERE source = 'challenge' AND names = :n", {"n": token})
    return None if found is None else str(found)


def forget_challenges(tx: Tx) -> None:
    """No order is open any more."""
    tx.run("DELETE FROM certificates WHERE source = 'challenge'")
