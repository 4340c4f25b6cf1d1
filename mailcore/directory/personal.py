"""What people set for themselves: name, language, zone, display. Their own account only; no role is asked for."""

from typing import Any

from mailcore.base.clock import Micros
from mailcore.directory.actor import Actor
from mailcore.directory.verbs import clean_name
from mailcore.settings import values
from mailcore.store import Tx, accounts, records
from mailcore.store.accounts import Account


def set_profile(tx: Tx, actor: Actor, account: Account, fields: dict[str, Any], now: Micros) -> None:
    """Display name, language and time zone. Raises MailError(SYNTAX)."""
    fields["display_name"] = clean_name(fields["display_name"])
    accounts.set_account(tx, account.id, **fields)
    old = {k: getattr(account, k) for k in fields}
    records.audit(tx, "account:profile_changed", account.address, actor=actor.name, ip=actor.ip, now=now, old=old, new=fields, domain_id=account.domain_id)


def set_display(tx: Tx, actor: Actor, account: Account, wanted: dict[str, Any], now: Micros) -> None:
    """Settings of the account's own pages. Raises MailError(SYNTAX)."""
    for name, value in wanted.items():
        values.write(tx, name, value, scope=f"account:{account.id}", actor=actor.name, ip=actor.ip, now=now)
