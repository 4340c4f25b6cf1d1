"""Mailboxes that another program made for sent, deleted or unwanted mail under a name of its own: each is offered once to be put together with ours,
or takes the role over.

The offer is a question, never done by itself: "Gesendete Elemente" may well be somebody's own. A no is remembered by name.
"""

import json
from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.directory.verbs import manageable
from mailcore.mail.rolenames import role_of
from mailcore.store import Tx, accounts, filters, mailboxes, messages, records, sharing
from mailcore.store.accounts import Account
from mailcore.store.mailboxes import Mailbox

GIVEN = tuple(role for role in mailboxes.ROLES if role != "inbox")
"""Roles that can go to another mailbox."""
KIND = "kept-apart"
"""Kind of the form that remembers which names stay by themselves."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """*box* is what another program calls *home*, the account's own mailbox of that role."""

    box: Mailbox
    home: Mailbox


def offers(tx: Tx, account_id: int) -> list[Offer]:
    """What could be put together. One that others may see, or with mailboxes below it, is left alone."""
    boxes = mailboxes.list_all(tx, account_id)
    homes = {box.role: box for box in boxes if box.role}
    apart = _apart(tx, account_id)
    found = []
    for box in boxes:
        home = homes.get(role_of(box.name)) if not box.role and not box.is_noselect else None
        if home is None or home.role == "inbox" or box.name in apart or any(b.name.startswith(box.name + "/") for b in boxes) or sharing.entries(tx, box.id):
            continue
        found.append(Offer(box=box, home=home))
    return found


def merge(tx: Tx, actor: Actor, account_id: int, name: str, now: Micros) -> int:
    """Put a mailbox's messages into ours and remove it; how many there were. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    account, offer = _offer(tx, actor, account_id, name)
    moved = messages.move(tx, account_id, offer.box.id, offer.home.id, None, actor=actor.name, now=now)
    mailboxes.delete(tx, account_id, offer.box.name, actor=actor.name, now=now)
    mailboxes.unsubscribe(tx, account_id, offer.box.name)
    new = {"from": offer.box.name, "into": offer.home.name, "messages": len(moved.target)}
    records.audit(tx, "mailbox:merged", account.address, actor=actor.name, ip=actor.ip, now=now, new=new, domain_id=account.domain_id)
    return len(moved.target)


def keep_apart(tx: Tx, actor: Actor, account_id: int, name: str, now: Micros) -> None:
    """Remember that a mailbox stays by itself. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    account, offer = _offer(tx, actor, account_id, name)
    names = sorted({*_apart(tx, account_id), offer.box.name})
    filters.put_form(tx, f"account:{account_id}", KIND, json.dumps(names), now)
    records.audit(tx, "mailbox:kept_apart", account.address, actor=actor.name, ip=actor.ip, now=now, new={"mailbox": offer.box.name}, domain_id=account.domain_id)


def give_role(tx: Tx, actor: Actor, account_id: int, name: str, role: str, now: Micros) -> None:
    """Let a mailbox play *role*; the one that played it becomes a mailbox like any other. Raises MailError(NOT_FOUND, NOT_PERMITTED, SYNTAX, CONFLICT)."""
    account = accounts.account(tx, account_id) if actor.account_id == account_id else manageable(tx, actor, account_id)
    box = mailboxes.by_name(tx, account_id, name)
    if account is None or box is None or box.is_noselect:
        raise MailError(Reason.NOT_FOUND, f"There is no mailbox {name}.")
    if role not in GIVEN:
        raise MailError(Reason.SYNTAX, f"A role is one of {', '.join(GIVEN)}.")
    if box.role:
        raise MailError(Reason.CONFLICT, f"{box.name} has a role already; give that to another mailbox first.")
    mailboxes.set_role(tx, account_id, box.id, role, actor=actor.name, now=now)
    records.audit(tx, "mailbox:role", account.address, actor=actor.name, ip=actor.ip, now=now, new={"mailbox": box.name, "role": role}, domain_id=account.domain_id)


def _apart(tx: Tx, account_id: int) -> set[str]:
    return set(json.loads(filters.form(tx, f"account:{account_id}", KIND) or "[]"))


def _offer(tx: Tx, actor: Actor, account_id: int, name: str) -> tuple[Account, Offer]:
    account = accounts.account(tx, account_id) if actor.account_id == account_id else manageable(tx, actor, account_id)  # one's own is one's own to say
    found = next((one for one in offers(tx, account_id) if one.box.name == name), None)
    if found is None or account is None:
        raise MailError(Reason.NOT_FOUND, f"There is no mailbox {name} that could be put together with another.")
    return account, found
