"""New names for domains and accounts, and a domain's other names. What led to the old name leads to the new one.

The old name can be kept: of a domain as another name, of an account as an alias. Then mail to it still arrives.
"""

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import verbs
from mailcore.directory.actor import Actor
from mailcore.store import Tx, accounts, records, renaming, scripts

NAMES_A_DOMAIN = 100
"""Most other names of one domain: each is one more row in every look-up of a person's addresses."""


def add_name(tx: Tx, actor: Actor, domain_id: int, name: str, now: Micros) -> str:
    """Let *name* be another name of the domain, to sign in, send and receive with. Raises MailError."""
    actor.require_server()
    domain, key = _domain(tx, domain_id), _free_name(tx, name)
    if len(accounts.domain_aliases(tx, domain_id)) >= NAMES_A_DOMAIN:
        raise MailError(Reason.LIMIT, f"A domain has at most {NAMES_A_DOMAIN} other names.")
    accounts.add_domain_alias(tx, domain_id, key)
    records.audit(tx, "domain:name_added", domain.name, actor=actor.name, ip=actor.ip, now=now, new={"name": key}, domain_id=domain_id)
    return key


def remove_name(tx: Tx, actor: Actor, domain_id: int, name: str, now: Micros) -> None:
    """Take another name away again. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    actor.require_server()
    domain, key = _domain(tx, domain_id), verbs.domain_name(name)
    if not accounts.remove_domain_alias(tx, domain_id, key):
        raise MailError(Reason.NOT_FOUND, f"{key} is not another name of {domain.name}.")
    records.audit(tx, "domain:name_removed", domain.name, actor=actor.name, ip=actor.ip, now=now, old={"name": key}, domain_id=domain_id)


def rename_domain(tx: Tx, actor: Actor, domain_id: int, name: str, now: Micros, *, keeps_old: bool = True) -> str:
    """Give a domain a new name, which may be one of its other names; the key. Raises MailError."""
    actor.require_server()
    domain = _domain(tx, domain_id)
    if verbs.domain_name(name) in accounts.domain_aliases(tx, domain_id):
        accounts.remove_domain_alias(tx, domain_id, verbs.domain_name(name))
    key = _free_name(tx, name)
    renaming.rename_domain(tx, domain, key)
    _lead(tx, f"@{domain.name}", f"@{key}", now)
    if keeps_old:
        accounts.add_domain_alias(tx, domain_id, domain.name)
    old, new = {"name": domain.name}, {"name": key, "keeps_old": keeps_old}
    records.audit(tx, "domain:renamed", key, actor=actor.name, ip=actor.ip, now=now, old=old, new=new, domain_id=domain_id)
    return key


def rename_account(tx: Tx, actor: Actor, account_id: int, address: str, now: Micros, *, keeps_old: bool = True) -> str:
    """Give an account a new address, here or in another domain; the key. Raises MailError."""
    account = verbs.manageable(tx, actor, account_id)
    parsed, domain = verbs.new_address(tx, actor, address)
    if domain.id != account.domain_id:
        verbs.check_room(tx, domain, account.quota_bytes, account_id)
    renaming.rename_account(tx, account, parsed.key, domain.id)
    _lead(tx, account.address, parsed.key, now)
    if keeps_old:
        verbs.add_alias(tx, actor, account.address, [parsed.key], now)
    old, new = {"address": account.address}, {"address": parsed.key, "keeps_old": keeps_old}
    records.audit(tx, "account:renamed", parsed.key, actor=actor.name, ip=actor.ip, now=now, old=old, new=new, domain_id=domain.id)
    return parsed.key


def _domain(tx: Tx, domain_id: int) -> accounts.Domain:
    domain = accounts.domain_by_id(tx, domain_id)
    if domain is None:
        raise MailError(Reason.NOT_FOUND, "There is no such domain.")
    return domain


def _free_name(tx: Tx, name: str) -> str:
    key = verbs.domain_name(name)
    if accounts.domain(tx, key) is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"The domain {key} is here already.")
    if accounts.domain_alias(tx, key) is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"{key} is another name of a domain here already.")
    return key


def _lead(tx: Tx, old: str, new: str, now: Micros) -> None:
    for scope in renaming.replace_everywhere(tx, old, new):
        kind, _, number = scope.partition(":")
        if kind == "account":
            scripts.touch(tx, int(number), now)
