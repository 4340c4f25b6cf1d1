"""The verbs on domains, accounts and aliases: each checks the name, the limits and the asker, and writes its audit row.

Every verb takes a Tx and runs inside the store's write. Errors are sentences for people.
"""

from collections.abc import Sequence
from typing import Any
from zoneinfo import available_timezones

from mailcore.auth import ldap, passwords
from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret
from mailcore.directory import resolve
from mailcore.directory.actor import ROLES, Actor
from mailcore.mail.address import Address, Domain
from mailcore.settings import values
from mailcore.settings.letters import LANGUAGES
from mailcore.store import Tx, access, accounts, groups, lists, mailboxes, records, sharing

NAME_CHARACTERS = 200
TARGETS_AN_ALIAS = 1000


def domain_name(text: str) -> str:
    """*text* as a domain's key. Raises MailError(SYNTAX)."""
    name = Domain.parse(text.strip().rstrip(".")).ascii
    if "." not in name and name != "localhost":
        raise MailError(Reason.SYNTAX, f"{text!r} is not a domain name such as example.org.")
    return name


def find_domain(tx: Tx, name: str) -> accounts.Domain:
    """The domain called *name*. Raises MailError(NOT_FOUND)."""
    found = accounts.domain(tx, domain_name(name))
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"There is no domain {name}.")
    return found


def find_account(tx: Tx, address: str) -> accounts.Account:
    """The account of *address*. Raises MailError(NOT_FOUND)."""
    found = accounts.account_by_address(tx, Address.parse(address.strip()).key)
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"There is no account {address}.")
    return found


def add_domain(tx: Tx, actor: Actor, name: str, now: Micros) -> int:
    """Serve a new domain; its id. Raises MailError(SYNTAX, ALREADY_EXISTS, NOT_PERMITTED)."""
    actor.require_server()
    key = domain_name(name)
    if accounts.domain(tx, key) is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"The domain {key} is here already.")
    if accounts.domain_alias(tx, key) is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"{key} is another name of a domain here already.")
    domain_id = accounts.add_domain(tx, key, now)
    _audit(tx, actor, "domain:added", key, now, domain_id=domain_id)
    return domain_id


_DOMAIN_CHANGES = {
    "is_enabled", "catch_all", "plus_separator", "max_accounts", "max_aliases", "max_lists", "max_size_bytes", "max_message_bytes", "max_account_bytes",
}  # fmt: skip


def set_domain(tx: Tx, actor: Actor, domain_id: int, changes: dict[str, Any], now: Micros) -> None:
    """Change a domain's switches and limits; a domain admin may change the catch-all and plus. Raises MailError."""
    actor.require_domain(domain_id)
    domain = accounts.domain_by_id(tx, domain_id)
    if domain is None or not changes.keys() <= _DOMAIN_CHANGES:
        raise MailError(Reason.NOT_FOUND, "There is no such domain or field.")
    if actor.role != "server-admin" and not changes.keys() <= {"catch_all", "plus_separator"}:
        raise MailError(Reason.NOT_PERMITTED, "Only a server admin may change these limits.")
    if changes.get("catch_all"):
        changes["catch_all"] = str(Address.parse(changes["catch_all"]))
    if len(changes.get("plus_separator", "")) > 1 or changes.get("plus_separator", "+") == "@":
        raise MailError(Reason.SYNTAX, "The plus sign is one character, such as + or -.")
    if any(name.startswith("max_") and value < 0 for name, value in changes.items()):
        raise MailError(Reason.SYNTAX, "A limit is a number from 0 on; 0 means none.")
    old = {name: getattr(domain, name) for name in changes}
    accounts.set_domain(tx, domain_id, **changes)
    _audit(tx, actor, "domain:changed", domain.name, now, domain_id=domain_id, old=old, new=changes)


def remove_domain(tx: Tx, actor: Actor, domain_id: int, now: Micros) -> None:
    """Stop serving a domain that has no accounts and aliases left. Raises MailError(IN_USE, NOT_FOUND)."""
    actor.require_server()
    domain = accounts.domain_by_id(tx, domain_id)
    if domain is None:
        raise MailError(Reason.NOT_FOUND, "There is no such domain.")
    left = accounts.count_accounts(tx, domain_id)
    if left:
        raise MailError(Reason.IN_USE, f"{domain.name} still has {left} accounts. Remove them first; their mail goes with them.")
    for alias in accounts.aliases(tx, domain_id, limit=1_000_000):
        accounts.remove_alias(tx, alias.id)
    for one in lists.lists(tx, domain_id, limit=1_000_000):
        lists.remove(tx, one.id)
    for group in groups.groups(tx, domain_id):
        groups.remove(tx, group.id)
    if (public := sharing.public_account(tx, domain)) is not None:
        accounts.remove_account(tx, public.id)
    accounts.remove_domain(tx, domain_id)
    _audit(tx, actor, "domain:removed", domain.name, now, domain_id=domain_id)


def add_account(
    tx: Tx, actor: Actor, address: str, now: Micros, *, password_hash: str = "", display_name: str = "", quota_bytes: int | None = None,
    role: str = "user", default_quota: int = 0,
) -> int:  # fmt: skip
    """A new account with its mailboxes; its id. The hash is made outside the write (`passwords.hash_password`).

    Raises MailError(SYNTAX, NOT_FOUND, ALREADY_EXISTS, LIMIT, NOT_PERMITTED).
    """
    parsed, domain = new_address(tx, actor, address)
    quota = default_quota if quota_bytes is None else quota_bytes
    check_room(tx, domain, quota, None)
    _check_role(actor, role)
    account_id = accounts.add_account(
        tx, domain.id, parsed.key, now, password_hash=password_hash, display_name=clean_name(display_name), quota_bytes=quota, role=role,
        password_changed_at=now,
    )  # fmt: skip
    mailboxes.create_standard(tx, account_id, actor=actor.name, now=now)
    new = {"role": role, "quota_bytes": quota}
    _audit(tx, actor, "account:added", parsed.key, now, domain_id=domain.id, new=new)
    return account_id


def check_room(tx: Tx, domain: accounts.Domain, quota: int, account_id: int | None) -> None:
    """Whether *domain* takes one more account with *quota*. Raises MailError(LIMIT)."""
    if domain.max_accounts and accounts.count_accounts(tx, domain.id) >= domain.max_accounts:
        raise MailError(Reason.LIMIT, f"{domain.name} may have {domain.max_accounts} accounts and has them.")
    _check_quota(tx, domain, quota, account_id)


def new_address(tx: Tx, actor: Actor, text: str) -> tuple[Address, accounts.Domain]:
    """*text* as an address that is free in a domain that *actor* manages. Raises MailError."""
    parsed = Address.parse(text.strip())
    name = parsed.key.rpartition("@")[2]
    domain = accounts.domain(tx, name)
    if domain is None:
        raise MailError(Reason.NOT_FOUND, f"{name} is not a domain here. Add the domain first.")
    actor.require_domain(domain.id)
    if any(c in parsed.local for c in "/\\\"' \t"):
        raise MailError(Reason.SYNTAX, "The part before @ holds no spaces, quotes or slashes.")
    if domain.plus_separator and domain.plus_separator in parsed.local:
        raise MailError(Reason.SYNTAX, f"{domain.plus_separator} in front of @ is kept for plus addresses such as name{domain.plus_separator}shop@{name}.")
    if accounts.lookup(tx, parsed.key) is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"{parsed.key} is in use already.")
    return parsed, domain


def _check_quota(tx: Tx, domain: accounts.Domain, quota: int, account_id: int | None) -> None:
    if domain.max_account_bytes and not 0 < quota <= domain.max_account_bytes:
        raise MailError(Reason.LIMIT, f"In {domain.name} an account has a quota of at most {domain.max_account_bytes // 1024**2} MB.")
    if domain.max_size_bytes:
        others = tx.value(
            "SELECT coalesce(sum(quota_bytes), 0) FROM accounts WHERE domain_id = :d AND id <> :i AND deleted_at IS NULL",
            {"d": domain.id, "i": account_id or 0},
        )
        if not quota or int(others) + quota > domain.max_size_bytes:
            raise MailError(Reason.LIMIT, f"The quotas of {domain.name} may sum to {domain.max_size_bytes // 1024**2} MB.")


def _check_role(actor: Actor, role: str) -> None:
    if role not in ROLES:
        raise MailError(Reason.SYNTAX, f"A role is one of {', '.join(ROLES)}.")
    if ROLES.index(role) > ROLES.index(actor.role):
        raise MailError(Reason.NOT_PERMITTED, "You cannot give more rights than you have.")


def clean_name(text: str) -> str:
    """A display name: one line, no control characters. Raises MailError(SYNTAX)."""
    name = text.strip()
    if len(name) > NAME_CHARACTERS or any(ord(c) < 32 or ord(c) == 127 for c in name):
        raise MailError(Reason.SYNTAX, f"A name is one line of at most {NAME_CHARACTERS} characters.")
    return name


_ACCOUNT_CHANGES = {"display_name", "role", "is_enabled", "quota_bytes", "locale", "time_zone"}


def set_account(tx: Tx, actor: Actor, account_id: int, changes: dict[str, Any], now: Micros) -> None:
    """Change an account's name, role, switch, quota, language or zone. Raises MailError."""
    account = manageable(tx, actor, account_id)
    if not changes.keys() <= _ACCOUNT_CHANGES:
        raise MailError(Reason.NOT_FOUND, "There is no such field.")
    domain = accounts.domain_by_id(tx, account.domain_id)
    if "quota_bytes" in changes and domain is not None:
        _check_quota(tx, domain, changes["quota_bytes"], account_id)
    if "role" in changes:
        _check_role(actor, changes["role"])
    if "display_name" in changes:
        changes["display_name"] = clean_name(changes["display_name"])
    if changes.get("locale", "en") not in LANGUAGES:
        raise MailError(Reason.SYNTAX, f"Languages are {', '.join(LANGUAGES)}.")
    if changes.get("time_zone") and changes["time_zone"] not in available_timezones():
        raise MailError(Reason.SYNTAX, "A time zone is named like Europe/Berlin.")
    removes_admin = account.role == "server-admin" and (changes.get("role", account.role) != account.role or changes.get("is_enabled") is False)
    if removes_admin:
        _keep_one_admin(tx, account_id)
    old = {name: getattr(account, name) for name in changes}
    accounts.set_account(tx, account_id, **changes)
    if changes.get("is_enabled") is False:
        access.end_sessions(tx, account_id)
    _audit(tx, actor, "account:changed", account.address, now, domain_id=account.domain_id, old=old, new=changes)


def set_device(tx: Tx, actor: Actor, account_id: int, is_device: bool, now: Micros) -> None:
    """Let an account send as any address of its domain, or no longer. Raises MailError."""
    account = manageable(tx, actor, account_id)
    values.write(tx, "signin.device", is_device or None, scope=f"account:{account.id}", actor=actor.name, ip=actor.ip, now=now)


class Foreign(MailError):
    """An address that an account cannot be given."""


def set_also_as(tx: Tx, actor: Actor, account_id: int, text: str, now: Micros) -> None:
    """Let an account write as other addresses of its domain, *text* with blanks between. Raises MailError(SYNTAX, NOT_PERMITTED)."""
    account = manageable(tx, actor, account_id)
    keys = [Address.parse(one).key for one in text.replace(",", " ").split()]
    for key in keys:
        domain = resolve.local_domain(tx, key.rpartition("@")[2])
        if domain is None or domain.id != account.domain_id:
            raise Foreign(Reason.SYNTAX, f"{key} is not of this account's domain.")
    values.write(tx, "signin.also_as", " ".join(dict.fromkeys(keys)) or None, scope=f"account:{account.id}", actor=actor.name, ip=actor.ip, now=now)


def manageable(tx: Tx, actor: Actor, account_id: int) -> accounts.Account:
    """The account, which *actor* may change. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    account = accounts.account(tx, account_id)
    if account is None:
        raise MailError(Reason.NOT_FOUND, "There is no such account.")
    actor.require_domain(account.domain_id)
    if ROLES.index(account.role) > ROLES.index(actor.role):
        raise MailError(Reason.NOT_PERMITTED, "This account has more rights than you.")
    return account


def own_or_manageable(tx: Tx, actor: Actor, account_id: int) -> None:
    """Raises MailError(NOT_FOUND, NOT_PERMITTED) unless the account is *actor*'s own or one that *actor* may change."""
    if actor.account_id != account_id:
        manageable(tx, actor, account_id)


def _keep_one_admin(tx: Tx, but: int) -> None:
    others = tx.value(
        "SELECT count(*) FROM accounts WHERE role = 'server-admin' AND is_enabled = 1 AND deleted_at IS NULL AND id <> :i", {"i": but}
    )
    if not others:
        raise MailError(Reason.IN_USE, "This is the last server admin. Make another one first.")


def set_password(tx: Tx, actor: Actor, account_id: int, password_hash: str, now: Micros, *, keep_session: int | None = None) -> None:
    """Set a password (hashed outside the write) and sign out every other browser of the account."""
    account = accounts.account(tx, account_id)
    if account is None:
        raise MailError(Reason.NOT_FOUND, "There is no such account.")
    if actor.account_id != account_id:
        manageable(tx, actor, account_id)
    elif account.password_hash == ldap.STORED:
        raise MailError(Reason.NOT_PERMITTED, "Your password is your directory's. Change it there; it holds here too.")
    accounts.set_account(tx, account_id, password_hash=password_hash, password_changed_at=now)
    access.end_sessions(tx, account_id, but=keep_session)
    _audit(tx, actor, "account:password_changed", account.address, now, domain_id=account.domain_id)


def sign_in_by_directory(tx: Tx, actor: Actor, account_id: int, now: Micros) -> None:
    """From now on the domain's LDAP server knows the password; the one that was kept here is forgotten. Raises MailError."""
    account = manageable(tx, actor, account_id)
    accounts.set_account(tx, account_id, password_hash=ldap.STORED, password_changed_at=now)
    access.end_sessions(tx, account_id)
    _audit(tx, actor, "account:signs_in_by_directory", account.address, now, domain_id=account.domain_id)


def checked_hash(password: str) -> str:
    """The hash of a new password that is good enough. Raises MailError(SYNTAX). Slow: outside of any write."""
    secret = Secret(password)
    passwords.check_new(secret)
    return passwords.hash_password(secret)


def remove_account(tx: Tx, actor: Actor, account_id: int, now: Micros) -> None:
    """Remove an account and its mail. Raises MailError(NOT_FOUND, IN_USE, NOT_PERMITTED)."""
    account = manageable(tx, actor, account_id)
    if account.role == "server-admin":
        _keep_one_admin(tx, account_id)
    accounts.remove_account(tx, account_id)
    new = {"messages": account.used_count, "bytes": account.used_bytes}
    _audit(tx, actor, "account:removed", account.address, now, domain_id=account.domain_id, new=new)


def clean_targets(targets: Sequence[str]) -> list[str]:
    """An alias's targets, parsed and each once. Raises MailError(SYNTAX, LIMIT)."""
    parsed = [Address.parse(t.strip()) for t in targets if t.strip()]
    if not parsed:
        raise MailError(Reason.SYNTAX, "An alias needs at least one address to lead to.")
    if len(parsed) > TARGETS_AN_ALIAS:
        raise MailError(Reason.LIMIT, f"An alias leads to at most {TARGETS_AN_ALIAS} addresses.")
    return list(dict.fromkeys(a.key for a in parsed))


def add_alias(tx: Tx, actor: Actor, address: str, targets: Sequence[str], now: Micros) -> int:
    """A new alias; its id. Raises MailError(SYNTAX, NOT_FOUND, ALREADY_EXISTS, LIMIT, NOT_PERMITTED)."""
    parsed, domain = new_address(tx, actor, address)
    if domain.max_aliases and accounts.count_aliases(tx, domain.id) >= domain.max_aliases:
        raise MailError(Reason.LIMIT, f"{domain.name} may have {domain.max_aliases} aliases and has them.")
    clean = clean_targets(targets)
    alias_id = accounts.add_alias(tx, domain.id, parsed.key, clean, now)
    _audit(tx, actor, "alias:added", parsed.key, now, domain_id=domain.id, new={"targets": clean})
    return alias_id


def set_alias(tx: Tx, actor: Actor, alias_id: int, now: Micros, *, targets: Sequence[str] | None = None, is_enabled: bool | None = None) -> None:
    """Change where an alias leads, or switch it. Raises MailError."""
    alias = accounts.alias(tx, alias_id)
    if alias is None:
        raise MailError(Reason.NOT_FOUND, "There is no such alias.")
    actor.require_domain(alias.domain_id)
    changes: dict[str, Any] = {}
    if targets is not None:
        changes["targets"] = "\n".join(clean_targets(targets))
    if is_enabled is not None:
        changes["is_enabled"] = is_enabled
    if changes:
        accounts.set_alias(tx, alias_id, **changes)
    old = {"targets": alias.targets, "is_enabled": alias.is_enabled}
    _audit(tx, actor, "alias:changed", alias.address, now, domain_id=alias.domain_id, old=old, new=changes)


def remove_alias(tx: Tx, actor: Actor, alias_id: int, now: Micros) -> None:
    """Remove an alias. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    alias = accounts.alias(tx, alias_id)
    if alias is None:
        raise MailError(Reason.NOT_FOUND, "There is no such alias.")
    actor.require_domain(alias.domain_id)
    accounts.remove_alias(tx, alias_id)
    _audit(tx, actor, "alias:removed", alias.address, now, domain_id=alias.domain_id, old={"targets": alias.targets})


def _audit(
    tx: Tx, actor: Actor, name: str, target: str, now: Micros, *, domain_id: int | None = None, old: dict[str, Any] | None = None,
    new: dict[str, Any] | None = None,
) -> None:  # fmt: skip
    records.audit(tx, name, target, actor=actor.name, ip=actor.ip, now=now, old=old, new=new, domain_id=domain_id)


