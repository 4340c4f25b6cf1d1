"""What people set for themselves: name, language, zone, signature, display. Their own account only; no role is asked for."""

from typing import Any

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.directory.verbs import clean_name
from mailcore.settings import values
from mailcore.store import Tx, accounts, records
from mailcore.store.accounts import Account

SIGNATURE_CHARACTERS = 10_000


def set_profile(tx: Tx, actor: Actor, account: Account, fields: dict[str, Any], now: Micros) -> None:
    """Display name, language and time zone. Raises MailError(SYNTAX)."""
    fields["display_name"] = clean_name(fields["display_name"])
    accounts.set_account(tx, account.id, **fields)
    old = {k: getattr(account, k) for k in fields}
    records.audit(tx, "account:profile_changed", account.address, actor=actor.name, ip=actor.ip, now=now, old=old, new=fields, domain_id=account.domain_id)


def signature(tx: Tx, account: Account) -> str:
    """The signature of the account's own address."""
    return tx.value("SELECT signature_text FROM identities WHERE account_id = :a AND address = :m", {"a": account.id, "m": account.address}) or ""


def set_signature(tx: Tx, account: Account, text: str) -> None:
    """Set it. Raises MailError(SYNTAX)."""
    clean = text.replace("\r\n", "\n").rstrip()
    if len(clean) > SIGNATURE_CHARACTERS or "\0" in clean:
        raise MailError(Reason.SYNTAX, f"A signature has at most {SIGNATURE_CHARACTERS} characters.")
    tx.run(
        "INSERT INTO identities (account_id, address, signature_text) VALUES (:a, :m, :t) ON CONFLICT (account_id, address) DO UPDATE SET signature_text = :t",
        {"a": account.id, "m": account.address, "t": clean},
    )


def set_display(tx: Tx, actor: Actor, account: Account, wanted: dict[str, Any], now: Micros) -> None:
    """Settings of the account's own pages. Raises MailError(SYNTAX)."""
    for name, value in wanted.items():
        values.write(tx, name, value, scope=f"account:{account.id}", actor=actor.name, ip=actor.ip, now=now)
