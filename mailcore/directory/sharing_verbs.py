"""The verbs on rights in mailboxes, groups and public mailboxes: each checks names, limits and the asker, and writes its audit row."""

from dataclasses import dataclass
from typing import Any

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.directory.verbs import clean_name
from mailcore.mail.address import Address
from mailcore.store import Tx, accounts, groups, mailboxes, records, sharing
from mailcore.store.accounts import Account, Domain
from mailcore.store.groups import Group
from mailcore.store.mailboxes import Mailbox

GROUPS_A_DOMAIN = 1000
"""Most groups of one domain: stops a script that makes them without end."""
MEMBERS_A_GROUP = 10_000
"""Most members of one group."""
PRESETS = {"read": "lrs", "mark": "lrsw", "write": "lrswitep", "all": sharing.ALL}
"""What people choose from, as rights."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Who is given rights. *kind*: user, group, anyone."""

    kind: str
    id: int
    name: str


def holder(tx: Tx, asker: Account | None, box: Mailbox, identifier: str) -> Holder:
    """Who *identifier* names for *asker* (None: the admin). Raises MailError(NOT_FOUND, NOT_PERMITTED, NOT_SUPPORTED)."""
    if identifier.startswith("-"):
        raise MailError(Reason.NOT_SUPPORTED, "Rights are given here, not taken in advance; lower the others instead.")
    if identifier.lower() == "anyone":
        return Holder(kind="anyone", id=0, name="anyone")
    if identifier.startswith("$"):
        group = groups.by_address(tx, _key(identifier[1:]))
        if group is None or (asker is not None and group.domain_id != asker.domain_id):
            raise MailError(Reason.NOT_FOUND, f"There is no group {identifier[1:]}.")
        return Holder(kind="group", id=group.id, name=f"${group.address}")
    account = accounts.account_by_address(tx, _key(identifier))
    if account is None or account.kind == "public":
        raise MailError(Reason.NOT_FOUND, f"There is no account {identifier}.")
    if account.id == box.account_id:
        raise MailError(Reason.NOT_PERMITTED, "The owner of a mailbox has every right in it.")
    return Holder(kind="user", id=account.id, name=account.address)


def _key(text: str) -> str:
    try:
        return Address.parse(text.strip()).key
    except MailError as error:
        raise MailError(Reason.NOT_FOUND, f"{text[:200]} is no address.") from error


def share(tx: Tx, actor: Actor, box: Mailbox, to: Holder, rights: str, now: Micros) -> None:
    """Give *to* exactly *rights* in a mailbox ("" for none); the asker's right to do so was found before. Raises MailError(LIMIT)."""
    old = next((e.rights for e in sharing.entries(tx, box.id) if (e.kind, e.holder_id) == (to.kind, to.id)), "")
    sharing.set_rights(tx, box, to.kind, to.id, rights, actor=actor.name, now=now)
    owner = accounts.account(tx, box.account_id)
    kept = mailboxes.get(tx, box.id)
    target = f"{owner.address if owner else ''}/{kept.name if kept else box.name}"
    _audit(tx, actor, "mailbox:shared", target, now, owner.domain_id if owner else 0, old={to.name: old}, new={to.name: sharing.ordered(rights)})


def find_given(tx: Tx, actor: Actor, mailbox_id: int) -> tuple[Mailbox, Account]:
    """A mailbox whose rights *actor* may look after, and its owner. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    box = mailboxes.get(tx, mailbox_id)
    owner = None if box is None else accounts.account(tx, box.account_id)
    if box is None or owner is None or (owner.kind != "public" and not sharing.entries(tx, box.id)):
        raise MailError(Reason.NOT_FOUND, "There is no such shared mailbox.")
    if owner.domain_id:
        actor.require_domain(owner.domain_id)
    else:
        actor.require_server()
    return box, owner


def rights_of(text: str) -> str:
    """A preset's name or letters as rights. Raises MailError(SYNTAX)."""
    letters = PRESETS.get(text, text)
    if not set(letters) <= set(sharing.ALL):
        raise MailError(Reason.SYNTAX, f"Rights are {', '.join(PRESETS)}, or letters of {sharing.ALL}.")
    return sharing.ordered(letters)


# Groups


def find_group(tx: Tx, actor: Actor, address: str) -> Group:
    """The group of this name, which *actor* may change. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    found = groups.by_address(tx, _key(address))
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"There is no group {address}.")
    actor.require_domain(found.domain_id)
    return found


def add_group(tx: Tx, actor: Actor, address: str, now: Micros, *, name: str = "") -> int:
    """A new group; its id. Raises MailError(SYNTAX, NOT_FOUND, ALREADY_EXISTS, LIMIT, NOT_PERMITTED)."""
    key = Address.parse(address.strip()).key
    domain = accounts.domain(tx, key.rpartition("@")[2])
    if domain is None:
        raise MailError(Reason.NOT_FOUND, f"There is no domain {key.rpartition('@')[2]}.")
    actor.require_domain(domain.id)
    if groups.by_address(tx, key) is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"There is already a group {key}.")
    if groups.count(tx, domain.id) >= GROUPS_A_DOMAIN:
        raise MailError(Reason.LIMIT, f"A domain has at most {GROUPS_A_DOMAIN} groups.")
    group_id = groups.add(tx, domain.id, key, clean_name(name), now)
    _audit(tx, actor, "group:added", key, now, domain.id)
    return group_id


def remove_group(tx: Tx, actor: Actor, address: str, now: Micros) -> None:
    """Remove a group and every right it held. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    found = find_group(tx, actor, address)
    gone = {"members": groups.members(tx, found.id)[:50]}
    groups.remove(tx, found.id)
    _audit(tx, actor, "group:removed", found.address, now, found.domain_id, old=gone)


def join_group(tx: Tx, actor: Actor, address: str, member: str, now: Micros) -> None:
    """Put an account of the group's domain into it (a server admin: any). Raises MailError(NOT_FOUND, NOT_PERMITTED, LIMIT)."""
    found = find_group(tx, actor, address)
    account = _member(tx, actor, member)
    if len(groups.members(tx, found.id)) >= MEMBERS_A_GROUP:
        raise MailError(Reason.LIMIT, f"A group has at most {MEMBERS_A_GROUP} members.")
    groups.join(tx, found.id, account.id)
    _audit(tx, actor, "group:joined", found.address, now, found.domain_id, new={"member": account.address})


def leave_group(tx: Tx, actor: Actor, address: str, member: str, now: Micros) -> None:
    """Take an account out of a group. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    found = find_group(tx, actor, address)
    account = accounts.account_by_address(tx, _key(member))
    if account is None or not groups.leave(tx, found.id, account.id):
        raise MailError(Reason.NOT_FOUND, f"{member} is not in {found.address}.")
    _audit(tx, actor, "group:left", found.address, now, found.domain_id, old={"member": account.address})


def _member(tx: Tx, actor: Actor, address: str) -> Account:
    account = accounts.account_by_address(tx, _key(address))
    if account is None or account.kind == "public":
        raise MailError(Reason.NOT_FOUND, f"There is no account {address}.")
    actor.require_domain(account.domain_id)
    return account


# Public mailboxes


def public_owner(tx: Tx, actor: Actor, domain_name: str) -> Domain | None:
    """The domain whose public mailboxes are meant, None for the server's. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    if not domain_name:
        actor.require_server()
        return None
    domain = accounts.domain(tx, domain_name.lower())
    if domain is None:
        raise MailError(Reason.NOT_FOUND, f"There is no domain {domain_name}.")
    actor.require_domain(domain.id)
    return domain


def find_public(tx: Tx, actor: Actor, domain_name: str, name: str) -> Mailbox:
    """A public mailbox, which *actor* may change. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    owner = sharing.public_account(tx, public_owner(tx, actor, domain_name))
    box = None if owner is None else mailboxes.by_name(tx, owner.id, name)
    if box is None:
        raise MailError(Reason.NOT_FOUND, f"There is no public mailbox {name}.")
    return box


def add_public(tx: Tx, actor: Actor, domain_name: str, name: str, now: Micros) -> int:
    """A new public mailbox, which nobody may see until it is shared; its id. Raises MailError."""
    domain = public_owner(tx, actor, domain_name)
    if domain is None and accounts.domain(tx, name.partition("/")[0].lower()) is not None:
        raise MailError(Reason.SYNTAX, "A public mailbox of the server cannot have the name of a domain.")
    owner = sharing.make_public_account(tx, domain, now)
    box = mailboxes.create(tx, owner.id, name, actor=actor.name, now=now)
    _audit(tx, actor, "public:added", sharing.prefix_of(owner.address, "public") + box.name, now, owner.domain_id)
    return box.id


def remove_public(tx: Tx, actor: Actor, domain_name: str, name: str, now: Micros, *, keeps_mail: bool = True) -> None:
    """Remove a public mailbox; its mail can be brought back for a while. Raises MailError."""
    box = find_public(tx, actor, domain_name, name)
    domain = public_owner(tx, actor, domain_name)
    mailboxes.delete(tx, box.account_id, box.name, actor=actor.name, now=now, keep_until=now if keeps_mail else None)
    _audit(tx, actor, "public:removed", name, now, 0 if domain is None else domain.id, old={"messages": box.message_count})


def _audit(
    tx: Tx, actor: Actor, name: str, target: str, now: Micros, domain_id: int, *, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None
) -> None:  # fmt: skip
    records.audit(tx, name, target, actor=actor.name, ip=actor.ip, now=now, old=old, new=new, domain_id=domain_id or None)
