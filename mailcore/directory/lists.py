"""Who may write to a distribution list, and whom its mail reaches. Domain aliases count as the domain; each address once.

A list inside a list asks for its own permission: a sender it does not take is refused for the whole, so that nobody thinks that
all were reached. postmaster and abuse always take mail, whatever the list's mode.
"""

from dataclasses import dataclass, field

from mailcore.base.errors import MailError, Reason
from mailcore.directory import resolve
from mailcore.mail.address import Address
from mailcore.store import Tx, accounts, lists
from mailcore.store.lists import MailingList


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """One reader: an account here (*account_id*), or an address elsewhere; *member_id* is the row that leads to it, 0 for none."""

    address: str
    member_id: int = 0
    account_id: int = 0


@dataclass(slots=True, kw_only=True)
class Readers:
    """Whom a list reaches, and what was left out and why (address, reason)."""

    targets: list[Target] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)


def is_role(found: MailingList) -> bool:
    """Whether the list stands for an address that must take everyone's mail. RFC 2142 §1."""
    return found.address.partition("@")[0] in resolve.ROLE_LOCALPARTS


def check_writer(tx: Tx, list_ids: list[int], sender: Address | None, *, is_signed_in: bool) -> None:
    """Raises MailError(POLICY, AUTH_REQUIRED, DISABLED) unless *sender* may write to each of the lists and the lists inside them."""
    names = names_of(tx, sender) if sender is not None else []
    for list_id in list_ids:
        outer = lists.by_id(tx, list_id)
        if outer is None:
            continue
        _check_one(tx, outer, "", sender, names, is_signed_in)
        for inner in lists.nested(tx, list_id):
            if inner.is_enabled:
                _check_one(tx, inner, f", which is part of {outer.address}", sender, names, is_signed_in)


def _check_one(tx: Tx, found: MailingList, tail: str, sender: Address | None, names: list[str], is_signed_in: bool) -> None:
    if is_role(found):
        return
    if sender is None:
        raise MailError(Reason.POLICY, f"{found.address} is a list and takes no reports.")
    if found.needs_sign_in and not is_signed_in:
        raise MailError(Reason.POLICY, f"Only people who are signed in at this server may write to {found.address}{tail}.")
    if found.mode == "announcement" and found.owner not in names:
        raise MailError(Reason.POLICY, f"Only its owner may write to {found.address}{tail}.")
    if found.mode == "domain" and not any(name.rpartition("@")[2] == found.domain for name in names):
        raise MailError(Reason.POLICY, f"Only people of {found.domain} may write to {found.address}{tail}.")
    if found.mode == "members" and not _is_member(tx, found, names):
        raise MailError(Reason.POLICY, f"Only members may write to {found.address}{tail}.")


def _is_member(tx: Tx, found: MailingList, names: list[str]) -> bool:
    inside = [found, *lists.nested(tx, found.id)]
    if lists.is_member(tx, [one.id for one in inside], names):
        return True
    return any(one.mode == "domain" and any(n.rpartition("@")[2] == one.domain and accounts.lookup(tx, n) for n in names) for one in inside)


def names_of(tx: Tx, sender: Address) -> list[str]:
    """Every address a sender is known by: as written, under the domain's own name, without plus, and all of the account's behind it."""
    found = [sender.key]
    local, _, name = sender.key.rpartition("@")
    domain = resolve.local_domain(tx, name)
    if domain is None:
        return found
    base = local.partition(domain.plus_separator)[0] if domain.plus_separator else local
    found += [f"{local}@{domain.name}", f"{base}@{domain.name}"]
    for one in found[1:]:
        target = accounts.lookup(tx, one)
        account = accounts.account(tx, target[1]) if target is not None and target[0] == "account" else None
        if account is not None:
            found += resolve.addresses_of(tx, account)
            break
    return list(dict.fromkeys(found))


def readers(tx: Tx, found: MailingList, sender: Address | None, *, is_signed_in: bool) -> Readers:
    """Everyone behind a list, each once: lists inside are followed to MAX_DEPTH, at most MAX_TARGETS readers."""
    made, known = Readers(), {found.id}
    seen: set[int | str] = set()
    waiting = [(found, 0)]
    while waiting:
        one, depth = waiting.pop(0)
        inner = _domain_readers(tx, one, made, seen) if one.mode == "domain" else _member_readers(tx, one, made, seen)
        for list_id in inner:
            nested = lists.by_id(tx, list_id)
            if list_id in known or nested is None or not nested.is_enabled:
                continue
            known.add(list_id)
            try:
                _check_one(tx, nested, "", sender, names_of(tx, sender) if sender else [], is_signed_in)
            except MailError as error:
                made.left_out.append((nested.address, error.detail))
                continue
            if depth < resolve.MAX_DEPTH and len(known) <= lists.MAX_NESTED:
                waiting.append((nested, depth + 1))
            else:
                made.left_out.append((nested.address, "it lies too deep inside other lists"))
    return made


def _domain_readers(tx: Tx, found: MailingList, made: Readers, seen: set[int | str]) -> list[int]:
    for account in accounts.accounts(tx, found.domain_id, limit=resolve.MAX_TARGETS):
        if account.is_enabled and account.kind == "person":
            _add(made, seen, Target(address=account.address, account_id=account.id))
    return []


def _member_readers(tx: Tx, found: MailingList, made: Readers, seen: set[int | str]) -> list[int]:
    inner: list[int] = []
    for member in lists.members(tx, found.id, limit=resolve.MAX_TARGETS):
        if member.paused_at is not None:
            made.left_out.append((member.address, "paused: mail to it came back too often"))
            continue
        try:
            where = resolve.resolve(tx, Address.parse(member.address))
        except MailError as error:
            if error.reason is Reason.UNKNOWN_DOMAIN:
                _add(made, seen, Target(address=member.address, member_id=member.id))
            else:
                made.left_out.append((member.address, error.detail))
            continue
        inner += where.lists
        for local in where.local:
            _add(made, seen, Target(address=local.address, member_id=member.id, account_id=local.account_id))
        for address in where.remote:
            _add(made, seen, Target(address=address, member_id=member.id))
    return inner


def _add(made: Readers, seen: set[int | str], target: Target) -> None:
    key = target.account_id or target.address.lower()
    if key in seen:
        return
    if len(made.targets) >= resolve.MAX_TARGETS:
        made.left_out.append((target.address, f"a list reaches at most {resolve.MAX_TARGETS} addresses"))
        return
    seen.add(key)
    made.targets.append(target)
