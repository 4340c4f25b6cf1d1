"""What an address leads to: accounts here and addresses elsewhere, through domain aliases, plus, aliases and the catch-all; and lists.

Order: domain alias, domain enabled, the address itself, plus, postmaster and abuse, catch-all. Aliases may lead to aliases;
each is followed once, so loops end by themselves. Recipients that come twice are one. A list is not expanded here: `delivery.lists` does that.
"""

import contextlib
from dataclasses import dataclass, field

from mailcore.base.errors import MailError, Reason
from mailcore.mail.address import Address
from mailcore.store import Tx, accounts, lists, records

MAX_DEPTH = 25
"""Deepest chain of aliases that is followed."""
MAX_TARGETS = 10_000
"""Most addresses one recipient may grow to."""
MAX_ADDRESSES = 200
"""Most addresses of one person that are looked for."""
ROLE_LOCALPARTS = frozenset({"postmaster", "abuse"})


@dataclass(frozen=True, slots=True, kw_only=True)
class LocalTarget:
    """An account that receives; *detail* is what stood behind the plus; *filters_version* 0 means nothing filters its mail."""

    account_id: int
    address: str
    detail: str = ""
    domain_id: int = 0
    filters_version: int = 0


@dataclass(slots=True, kw_only=True)
class Recipient:
    """A resolved recipient: *original* is the address as it was given. At least one target stands in `local`, `remote` or `lists`.

    *bounced_member* is the list member whose mail comes back; then there is no target.
    """

    original: str
    local: list[LocalTarget] = field(default_factory=list)
    remote: list[str] = field(default_factory=list)
    lists: list[int] = field(default_factory=list)
    bounced_member: int | None = None
    is_catch_all: bool = False
    domain_id: int | None = None


def local_domain(tx: Tx, name: str) -> accounts.Domain | None:
    """The domain served here under *name* (its own or an alias), enabled or not."""
    found = accounts.domain(tx, name)
    if found is not None:
        return found
    domain_id = accounts.domain_alias(tx, name)
    return accounts.domain_by_id(tx, domain_id) if domain_id is not None else None


def resolve(tx: Tx, address: Address, default_domain: str = "") -> Recipient:
    """Follow *address* to its targets.

    Raises MailError: UNKNOWN_DOMAIN (not served here), UNKNOWN_USER, DISABLED.
    """
    if not address.domain:
        address = _bare_postmaster(tx, address, default_domain)
    domain = local_domain(tx, address.key.rpartition("@")[2])
    if domain is None:
        raise MailError(Reason.UNKNOWN_DOMAIN, f"{address} is not served here.")
    recipient = Recipient(original=str(address), domain_id=domain.id)
    _follow(tx, address, recipient, set(), 0)
    if not recipient.local and not recipient.remote and not recipient.lists:
        raise MailError(Reason.UNKNOWN_USER, f"{address} does not exist here.")
    return recipient


def _bare_postmaster(tx: Tx, address: Address, default_domain: str) -> Address:
    if address.local.lower() != "postmaster":
        raise MailError(Reason.SYNTAX, "The address has no domain.")
    if not default_domain or accounts.domain(tx, default_domain) is None:
        default_domain = tx.value("SELECT name FROM domains ORDER BY id LIMIT 1") or ""
    if not default_domain:
        raise MailError(Reason.UNKNOWN_USER, "No domain is set up here yet.")
    return Address(local="postmaster", domain=default_domain)


def _follow(tx: Tx, address: Address, recipient: Recipient, seen: set[str], depth: int) -> None:
    local, _, name = address.key.rpartition("@")
    domain = local_domain(tx, name)
    if domain is None:
        if address.key not in seen:
            seen.add(address.key)
            recipient.remote.append(str(address))
        return
    key = f"{local}@{domain.name}"
    if key in seen or depth > MAX_DEPTH or len(seen) > MAX_TARGETS:
        return
    seen.add(key)
    if not domain.is_enabled:
        raise MailError(Reason.DISABLED, f"The domain {domain.name} is switched off.")
    detail = ""
    target = accounts.lookup(tx, key)
    if target is None and domain.plus_separator and domain.plus_separator in local:
        base, _, detail = local.partition(domain.plus_separator)
        target = accounts.lookup(tx, f"{base}@{domain.name}") if base else None
    if local in ROLE_LOCALPARTS:
        with contextlib.suppress(MailError):
            if target is not None:
                _expand(tx, target, detail, recipient, seen, depth)
        if not recipient.local and not recipient.remote and not recipient.lists:
            _to_admin(tx, domain, recipient)
    elif target is not None:
        _expand(tx, target, detail, recipient, seen, depth)
    elif domain.catch_all:
        recipient.is_catch_all = depth == 0
        _follow(tx, Address.parse(domain.catch_all), recipient, seen, depth + 1)


def _expand(tx: Tx, target: tuple[str, int], detail: str, recipient: Recipient, seen: set[str], depth: int) -> None:
    kind, target_id = target
    if kind == "account":
        account = accounts.account(tx, target_id)
        if account is None:
            return
        if not account.is_enabled:
            if depth == 0:
                raise MailError(Reason.DISABLED, f"{account.address} does not take mail at present.")
            return
        if all(t.account_id != account.id for t in recipient.local):
            recipient.local.append(target_of(account, detail))
    elif kind == "alias":
        alias = accounts.alias(tx, target_id)
        if alias is None or not alias.is_enabled:
            if depth == 0:
                raise MailError(Reason.DISABLED, "This alias is switched off.")
            return
        for one in alias.targets:
            _follow(tx, Address.parse(one), recipient, seen, depth + 1)
    elif kind == "list":
        found = lists.by_id(tx, target_id)
        if found is None or not found.is_enabled:
            if depth == 0:
                raise MailError(Reason.DISABLED, "This list is switched off.")
            return
        if found.id not in recipient.lists:
            recipient.lists.append(found.id)


def target_of(account: accounts.Account, detail: str = "") -> LocalTarget:
    """An account as a target."""
    return LocalTarget(
        account_id=account.id, address=account.address, detail=detail, domain_id=account.domain_id, filters_version=account.filters_version
    )  # fmt: skip


def _to_admin(tx: Tx, domain: accounts.Domain, recipient: Recipient) -> None:
    """postmaster and abuse always resolve: to the domain's admins, else the server's (RFC 5321 §4.5.1, RFC 2142)."""
    row = tx.one(
        "SELECT id FROM accounts WHERE is_enabled = 1 AND deleted_at IS NULL AND ((role = 'domain-admin' AND domain_id = :d)"
        " OR role = 'server-admin') ORDER BY CASE WHEN role = 'domain-admin' THEN 0 ELSE 1 END, id LIMIT 1",
        {"d": domain.id},
    )
    account = accounts.account(tx, row[0]) if row is not None else None
    if account is not None and all(t.account_id != account.id for t in recipient.local):
        recipient.local.append(target_of(account))


def addresses_of(tx: Tx, account: accounts.Account) -> list[str]:
    """Every address that delivers to a person: own, aliases that lead here at last, and each of them under the other names of its domain."""
    found = dict.fromkeys(_spellings(tx, account.address))
    fresh = list(found)
    while fresh and len(found) < MAX_ADDRESSES:
        led = [one for alias in accounts.aliases_to(tx, fresh[:MAX_ADDRESSES]) for one in _spellings(tx, alias.address)]
        fresh = [one for one in dict.fromkeys(led) if one not in found]
        found |= dict.fromkeys(fresh)
    return list(found)


def senders_of(tx: Tx, account: accounts.Account) -> list[str]:
    """Every address a person may write as, without details: those that deliver to them, and what an admin granted in the account's own domain."""
    granted = str(records.account_setting(tx, account.id, "signin.also_as") or "").lower().split()
    names = [one for one in granted if (domain := local_domain(tx, one.rpartition("@")[2])) is not None and domain.id == account.domain_id]
    return list(dict.fromkeys((*addresses_of(tx, account), *names)))


def _spellings(tx: Tx, address: str) -> list[str]:
    """*address*, and it under the other names of its domain."""
    local, _, name = address.rpartition("@")
    domain = accounts.domain(tx, name)
    return [address, *(f"{local}@{other}" for other in (accounts.domain_aliases(tx, domain.id) if domain is not None else ()))]


def may_send_as(tx: Tx, account: accounts.Account, address: Address) -> bool:
    """Whether *address* is one of the account's own or granted ones, plus details included."""
    local, _, name = address.key.rpartition("@")
    domain = local_domain(tx, name)
    if domain is None:
        return False
    base = local.partition(domain.plus_separator)[0] if domain.plus_separator else local
    return not {f"{local}@{domain.name}", f"{base}@{domain.name}", address.key}.isdisjoint(senders_of(tx, account))
