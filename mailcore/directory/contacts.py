"""What people do with their address book: add, change, take in, take out, merge. Their own account only, each in one write."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from mailcore.base.errors import MailError, Reason
from mailcore.directory.resolve import addresses_of
from mailcore.mail.address import Address
from mailcore.mail.vcard import MAX_PHOTO_BYTES, MAX_VALUES, Card, photo_type
from mailcore.store import Tx, contacts
from mailcore.store.accounts import Account
from mailcore.store.contacts import Contact

NAME_CHARACTERS, NOTE_CHARACTERS = 200, 10_000
GATHERED_AT_ONCE = 200
"""Senders offered at one time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """What an import would do with one person: kind is new, change, same or skip; *old* is who is there already."""

    kind: str
    card: Card
    old: Contact | None = None
    why: str = ""


def clean(card: Card) -> Card:
    """*card* with lengths held and addresses as keys. Raises MailError(SYNTAX, TOO_BIG)."""
    addresses = []
    for text in card.addresses[:MAX_VALUES]:
        address = Address.parse(text.strip())
        if not address.domain:
            raise MailError(Reason.SYNTAX, f"{text} is not an address.")
        addresses.append(address.key)
    if not addresses:
        raise MailError(Reason.SYNTAX, "Give at least one address.")
    if card.photo and not photo_type(card.photo):
        raise MailError(Reason.SYNTAX, "A photo is a JPEG, PNG, GIF or WebP picture.")
    if len(card.photo) > MAX_PHOTO_BYTES:
        raise MailError(Reason.TOO_BIG, f"A photo may have {MAX_PHOTO_BYTES // 1000} KB.")
    return replace(
        card, name=_line(card.name), addresses=tuple(dict.fromkeys(addresses)), phones=tuple(p for p in map(_line, card.phones[:MAX_VALUES]) if p),
        organization=_line(card.organization), note="".join(c for c in card.note if c in "\n\t" or c.isprintable())[:NOTE_CHARACTERS],
        groups=tuple(dict.fromkeys(g for g in map(_line, card.groups[:MAX_VALUES]) if g)),
    )  # fmt: skip


def _line(text: str) -> str:
    """One line without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:NAME_CHARACTERS]


def save(tx: Tx, account: Account, card: Card, contact_id: int = 0) -> int:
    """Add or change a person; the id. Raises MailError(SYNTAX, TOO_BIG, LIMIT, ALREADY_EXISTS, NOT_FOUND)."""
    ready = clean(card)
    present = contacts.of_account(tx, account.id)
    if contact_id and all(one.id != contact_id for one in present):
        raise MailError(Reason.NOT_FOUND, "This contact is no longer here.")
    taken = next((one for one in present if one.id != contact_id and set(one.card.addresses) & set(ready.addresses)), None)
    if taken is not None:
        raise MailError(Reason.ALREADY_EXISTS, f"{taken.card.name or taken.card.addresses[0]} has this address already.")
    if not contact_id and len(present) >= contacts.MOST:
        raise MailError(Reason.LIMIT, f"There are {contacts.MOST} contacts already.")
    return contacts.put(tx, account.id, ready, contact_id)


def plan(tx: Tx, account: Account, cards: Iterable[Card]) -> list[Change]:
    """What taking in *cards* would do; nothing is written."""
    known = {a: one for one in contacts.of_account(tx, account.id) for a in one.card.addresses}
    changes: list[Change] = []
    seen: set[str] = set()
    for card in cards:
        try:
            ready = clean(card)
        except MailError as error:
            changes.append(Change(kind="skip", card=card, why=error.detail))
            continue
        if seen & set(ready.addresses):
            changes.append(Change(kind="skip", card=ready, why="This address stands in the file twice."))
            continue
        seen |= set(ready.addresses)
        old = next((known[a] for a in ready.addresses if a in known), None)
        merged = merged_card([old.card, ready]) if old is not None else ready
        changes.append(Change(kind="new" if old is None else "same" if merged == old.card else "change", card=merged, old=old))
    return changes


def take_in(tx: Tx, account: Account, cards: Iterable[Card]) -> list[int]:
    """Do what `plan` says; the ids of those who are new. Raises MailError(LIMIT)."""
    changes = plan(tx, account, cards)
    new = [c for c in changes if c.kind == "new"]
    if len(contacts.of_account(tx, account.id)) + len(new) > contacts.MOST:
        raise MailError(Reason.LIMIT, f"There would be more than {contacts.MOST} contacts.")
    for change in changes:
        if change.kind == "change" and change.old is not None:
            contacts.put(tx, account.id, change.card, change.old.id)
    return [contacts.put(tx, account.id, change.card) for change in new]


def merged_card(cards: Sequence[Card]) -> Card:
    """One person of several: the first one's words, everybody's addresses, phones and groups; notes one under the other."""
    first = cards[0]
    notes = list(dict.fromkeys(c.note for c in cards if c.note))
    return Card(
        name=next((c.name for c in cards if c.name), ""), addresses=tuple(dict.fromkeys(a for c in cards for a in c.addresses)),
        phones=tuple(dict.fromkeys(p for c in cards for p in c.phones)), organization=next((c.organization for c in cards if c.organization), ""),
        note=first.note if len(notes) < 2 and first.note else "\n".join(notes), groups=tuple(dict.fromkeys(g for c in cards for g in c.groups)),
        photo=next((c.photo for c in cards if c.photo), b""),
    )  # fmt: skip


def duplicates(tx: Tx, account: Account) -> list[list[Contact]]:
    """People who are likely one: the same name, or the same phone."""
    by_mark: dict[str, list[Contact]] = {}
    for one in contacts.of_account(tx, account.id):
        marks = {"n" + " ".join(sorted(one.card.name.casefold().split()))} if one.card.name else set()
        marks |= {"p" + digits[-9:] for p in one.card.phones if len(digits := "".join(c for c in p if c.isdigit())) >= 7}
        for mark in marks:
            by_mark.setdefault(mark, []).append(one)
    sets: list[list[Contact]] = []
    seen: set[int] = set()
    for found in by_mark.values():
        fresh = [one for one in found if one.id not in seen]
        if len(fresh) > 1:
            seen |= {one.id for one in fresh}
            sets.append(fresh)
    return sets


def merge(tx: Tx, account: Account, ids: Sequence[int]) -> tuple[int, list[int]]:
    """Make one of several; who stays, and who went. Raises MailError(NOT_FOUND)."""
    found = [one for i in dict.fromkeys(ids) if (one := contacts.find(tx, account.id, i)) is not None]
    if len(found) < 2:
        raise MailError(Reason.NOT_FOUND, "Choose at least two contacts.")
    gone = [one.id for one in found[1:]]
    contacts.mark(tx, account.id, gone, contacts.GONE)
    contacts.put(tx, account.id, clean(merged_card([one.card for one in found])), found[0].id)
    return found[0].id, gone


def offered(tx: Tx, account: Account) -> list[tuple[str, str, int]]:
    """(name, address, messages) of those who wrote and are no contacts yet: people first, without oneself and machines."""
    own = set(addresses_of(tx, account))
    machines = ("noreply", "no-reply", "donotreply", "do-not-reply", "mailer-daemon", "postmaster", "bounce")
    return [s for s in contacts.senders(tx, account.id, GATHERED_AT_ONCE) if s[1] not in own and not s[1].startswith(machines)]
