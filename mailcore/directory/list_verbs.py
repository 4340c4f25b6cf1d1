"""The verbs on distribution lists and their members: each checks the names, the limits and the asker, and writes its audit row."""

from collections.abc import Sequence
from typing import Any

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.directory.verbs import clean_name, new_address
from mailcore.mail.address import Address
from mailcore.store import Tx, lists, records
from mailcore.store.lists import MailingList, Member

MODES = ("public", "members", "announcement", "domain")
REPLY_TO = ("author", "list")


def find(tx: Tx, address: str) -> MailingList:
    """The list of *address*. Raises MailError(NOT_FOUND, SYNTAX)."""
    found = lists.by_address(tx, Address.parse(address.strip()).key)
    if found is None:
        raise MailError(Reason.NOT_FOUND, f"There is no list {address}.")
    return found


def manageable(tx: Tx, actor: Actor, list_id: int) -> MailingList:
    """The list, which *actor* may change. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    found = lists.by_id(tx, list_id)
    if found is None:
        raise MailError(Reason.NOT_FOUND, "There is no such list.")
    actor.require_domain(found.domain_id)
    return found


def add(tx: Tx, actor: Actor, address: str, now: Micros, *, members: Sequence[str] = (), limit: int = 0, **fields: Any) -> int:
    """A new list; its id. *limit* is the setting lists.members. Raises MailError(SYNTAX, NOT_FOUND, ALREADY_EXISTS, LIMIT, NOT_PERMITTED)."""
    parsed, domain = new_address(tx, actor, address)
    if domain.max_lists and lists.count(tx, domain.id) >= domain.max_lists:
        raise MailError(Reason.LIMIT, f"{domain.name} may have {domain.max_lists} lists and has them.")
    if is_kept(parsed.local):
        raise MailError(Reason.SYNTAX, "list-bounces is kept for mail that comes back from lists.")
    clean = clean_fields({"mode": "public", "owner": "", **fields})
    list_id = lists.add(tx, domain.id, parsed.key, now, **clean)
    _audit(tx, actor, "list:added", parsed.key, now, domain.id, new=clean)
    if members:
        add_members(tx, actor, list_id, members, now, limit=limit)
    return list_id


def is_kept(local: str) -> bool:
    """Whether a localpart is one that bounces of lists come back to."""
    return local.lower().partition("+")[0] == "list-bounces"


def clean_fields(fields: dict[str, Any]) -> dict[str, Any]:
    """Checked values of a list's columns. Raises MailError(SYNTAX)."""
    clean = dict(fields)
    if not clean.keys() <= lists.FIELDS:
        raise MailError(Reason.NOT_FOUND, "There is no such field.")
    if clean.get("mode", "public") not in MODES:
        raise MailError(Reason.SYNTAX, f"Who may write is one of {', '.join(MODES)}.")
    if clean.get("reply_to", "author") not in REPLY_TO:
        raise MailError(Reason.SYNTAX, "Replies go to author or to list.")
    if "name" in clean:
        clean["name"] = clean_name(clean["name"])
    if clean.get("owner"):
        clean["owner"] = Address.parse(clean["owner"].strip()).key
    if clean.get("mode") == "announcement" and not clean.get("owner"):
        raise MailError(Reason.SYNTAX, "An announcement list needs the address that may write to it.")
    return clean


def change(tx: Tx, actor: Actor, list_id: int, fields: dict[str, Any], now: Micros) -> None:
    """Change a list. Raises MailError."""
    found = manageable(tx, actor, list_id)
    whole = {"mode": found.mode, "owner": found.owner} | fields
    clean = clean_fields(whole)
    lists.change(tx, list_id, **clean)
    old = {name: getattr(found, name) for name in clean}
    _audit(tx, actor, "list:changed", found.address, now, found.domain_id, old=old, new=clean)


def remove(tx: Tx, actor: Actor, list_id: int, now: Micros) -> None:
    """Remove a list and its members' places on it. Raises MailError."""
    found = manageable(tx, actor, list_id)
    count = lists.count_members(tx, list_id)
    lists.remove(tx, list_id)
    _audit(tx, actor, "list:removed", found.address, now, found.domain_id, old={"members": count})


def clean_members(lines: Sequence[str]) -> list[str]:
    """Pasted lines as addresses, each once; a name before the address (`Ann <ann@x.test>`) is passed over. Raises MailError(SYNTAX)."""
    found: dict[str, None] = {}
    for line in lines:
        text = line.strip().strip(",;")
        if not text:
            continue
        if text.endswith(">") and "<" in text:
            text = text.rpartition("<")[2][:-1]
        try:
            found[Address.parse(text).key] = None
        except MailError as error:
            raise MailError(Reason.SYNTAX, f"{line.strip()[:100]!r} is no address: {error.detail}") from error
    return list(found)


def add_members(tx: Tx, actor: Actor, list_id: int, lines: Sequence[str], now: Micros, *, limit: int) -> int:
    """Put addresses on a list; how many are new. *limit* is the setting lists.members. Raises MailError(SYNTAX, LIMIT)."""
    found = manageable(tx, actor, list_id)
    if found.mode == "domain":
        raise MailError(Reason.SYNTAX, f"Everyone in {found.domain} is on this list; it takes no members by hand.")
    clean = clean_members(lines)
    before = lists.count_members(tx, list_id)
    fresh = [a for a in clean if lists.member_by_address(tx, list_id, a) is None]
    if before + len(fresh) > limit:
        raise MailError(Reason.LIMIT, f"A list has at most {limit} members; this one has {before} and would get {len(fresh)} more.")
    lists.add_members(tx, list_id, fresh, now)
    if fresh:
        _audit(tx, actor, "list:joined", found.address, now, found.domain_id, new={"members": fresh[:50], "count": len(fresh)})
    return len(fresh)


def remove_member(tx: Tx, actor: Actor, list_id: int, address: str, now: Micros) -> None:
    """Take an address off a list. Raises MailError(NOT_FOUND)."""
    found = manageable(tx, actor, list_id)
    leave(tx, actor, found, _member(tx, found, address), now)


def leave(tx: Tx, actor: Actor, found: MailingList, member: Member, now: Micros) -> None:
    """Take a member off; the asker has shown that they may (an admin, or the link in the member's own mail)."""
    lists.remove_member(tx, member.id)
    _audit(tx, actor, "list:left", found.address, now, found.domain_id, old={"member": member.address})


def resume(tx: Tx, actor: Actor, list_id: int, address: str, now: Micros) -> None:
    """Send to a paused member again, with its bounces forgotten. Raises MailError(NOT_FOUND)."""
    found = manageable(tx, actor, list_id)
    member = _member(tx, found, address)
    lists.set_bounces(tx, member.id, (), None)
    _audit(tx, actor, "list:resumed", found.address, now, found.domain_id, new={"member": member.address})


def _member(tx: Tx, found: MailingList, address: str) -> Member:
    member = lists.member_by_address(tx, found.id, Address.parse(address.strip()).key)
    if member is None:
        raise MailError(Reason.NOT_FOUND, f"{address} is not on {found.address}.")
    return member


def count_bounce(tx: Tx, member_id: int, now: Micros, *, limit: int, window_seconds: int) -> str:
    """Count mail that came back for good; "counted", "paused" (the *limit*th within *window_seconds*), "paused before" or "gone"."""
    member = lists.member(tx, member_id)
    if member is None:
        return "gone"
    if member.paused_at is not None:
        return "paused before"
    bounced = [*(at for at in member.bounced if now - at <= window_seconds * SECOND), now]
    is_paused = len(bounced) >= limit
    lists.set_bounces(tx, member_id, bounced, now if is_paused else None)
    if is_paused and (found := lists.by_id(tx, member.list_id)) is not None:
        new = {"member": member.address, "bounces": len(bounced)}
        records.audit(tx, "list:paused", found.address, actor="lists", ip="", now=now, new=new, domain_id=found.domain_id)
    return "paused" if is_paused else "counted"


def _audit(
    tx: Tx, actor: Actor, name: str, target: str, now: Micros, domain_id: int, *, old: dict[str, Any] | None = None, new: dict[str, Any] | None = None
) -> None:  # fmt: skip
    records.audit(tx, name, target, actor=actor.name, ip=actor.ip, now=now, old=old, new=new, domain_id=domain_id)
