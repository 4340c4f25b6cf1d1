"""Rows of identities and signatures: who a person writes as, and what stands under it."""

from dataclasses import dataclass

from mailcore.store.engine import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What a person chose for one of their addresses. Signature ids: None is the account's default, 0 is none."""

    address: str
    name: str = ""
    reply_to: str = ""
    new_signature_id: int | None = None
    reply_signature_id: int | None = None
    position: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """A signature: plain text always, HTML where the person gave it form (sanitised before it is stored)."""

    id: int
    name: str
    text: str
    html: str = ""


def identities(tx: Tx, account_id: int) -> list[Identity]:
    """What is stored, in the person's order."""
    rows = tx.all(
        "SELECT address, name, reply_to, new_signature_id, reply_signature_id, position FROM identities WHERE account_id = :a ORDER BY position, id",
        {"a": account_id},
    )
    return [Identity(address=r[0], name=r[1], reply_to=r[2], new_signature_id=r[3], reply_signature_id=r[4], position=r[5]) for r in rows]


def put_identity(tx: Tx, account_id: int, wanted: Identity) -> None:
    """Store what was chosen for *wanted.address*."""
    tx.run(
        "INSERT INTO identities (account_id, address, name, reply_to, new_signature_id, reply_signature_id, position)"
        " VALUES (:a, :m, :n, :r, :ns, :rs, :p) ON CONFLICT (account_id, address) DO UPDATE SET"
        " name = :n, reply_to = :r, new_signature_id = :ns, reply_signature_id = :rs, position = :p",
        {
            "a": account_id, "m": wanted.address, "n": wanted.name, "r": wanted.reply_to, "ns": wanted.new_signature_id,
            "rs": wanted.reply_signature_id, "p": wanted.position,
        },
    )  # fmt: skip


def signatures(tx: Tx, account_id: int) -> list[Signature]:
    """All signatures of an account, by name."""
    rows = tx.all("SELECT id, name, text, html FROM signatures WHERE account_id = :a ORDER BY name, id", {"a": account_id})
    return [Signature(id=r[0], name=r[1], text=r[2], html=r[3]) for r in rows]


def put_signature(tx: Tx, account_id: int, wanted: Signature) -> int:
    """Change the signature *wanted.id*, or add one when it is 0; its id."""
    values = {"a": account_id, "n": wanted.name, "t": wanted.text, "h": wanted.html, "i": wanted.id}
    if wanted.id:
        tx.run("UPDATE signatures SET name = :n, text = :t, html = :h WHERE id = :i AND account_id = :a", values)
        return wanted.id
    return tx.insert("INSERT INTO signatures (account_id, name, text, html) VALUES (:a, :n, :t, :h)", values)


def remove_signature(tx: Tx, account_id: int, signature_id: int) -> None:
    """Remove a signature; identities that used it go back to the default."""
    values = {"a": account_id, "i": signature_id}
    tx.run("DELETE FROM signatures WHERE id = :i AND account_id = :a", values)
    tx.run("UPDATE identities SET new_signature_id = NULL WHERE account_id = :a AND new_signature_id = :i", values)
    tx.run("UPDATE identities SET reply_signature_id = NULL WHERE account_id = :a AND reply_signature_id = :i", values)
