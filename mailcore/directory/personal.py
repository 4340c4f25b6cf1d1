"""What people set for themselves: name, language, zone, display. Their own account only; no role is asked for."""

from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from mailcore.base.clock import Micros
from mailcore.directory.actor import Actor
from mailcore.directory.verbs import clean_name
from mailcore.runtime.runtime import Runtime
from mailcore.settings import values
from mailcore.store import Tx, accounts, records
from mailcore.store.accounts import Account


def zone_name(runtime: Runtime, account: Account | None) -> str:
    """The IANA zone that an account's auto-reply, rules, snoozes and dates are in: its own, else its domain's, else UTC."""
    own = account.time_zone if account is not None else ""
    return own or str(runtime.settings.get("server.time_zone", domain_id=account.domain_id if account is not None else None)) or "UTC"


def zone_of(runtime: Runtime, account: Account | None) -> ZoneInfo:
    """See `zone_name`; UTC for a name that this system does not know."""
    try:
        return ZoneInfo(zone_name(runtime, account))
    except (ZoneInfoNotFoundError, ValueError):
        return ZoneInfo("UTC")


def note_zone(runtime: Runtime, account: Account, zone: str) -> None:
    """Keep the zone that a browser names, for who has none yet."""
    if not account.time_zone and zone in available_timezones():
        runtime.store.write(lambda tx: accounts.set_account(tx, account.id, time_zone=zone))


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
