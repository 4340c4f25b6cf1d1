"""What the signed-in person may reach: own mailboxes, those that others share, and what may be done there.

Every page and every file of a message is looked up here, so that a right that was taken away ends with the next request.
"""

from dataclasses import replace

from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.sessions import webmail_rooms
from mailcore.store import conversations, listing, mailboxes, sharing
from mailcore.store.listing import ListRow, Stored
from mailcore.store.mailboxes import Mailbox
from mailcore.store.sharing import Place
from web.signed_in import account
from web.site import site
from webmail import presenters as p
from webmail.blueprints import boxes, shared

INBOXES = webmail_rooms.INBOXES


def place_of(mailbox_id: str) -> Place:
    """A mailbox that may be read. Raises MailError(NOT_FOUND)."""
    for box in boxes():
        if str(box.id) == mailbox_id:
            return sharing.own(box)
    for place in shared():
        if str(place.box.id) == mailbox_id:
            return place
    raise MailError(Reason.NOT_FOUND, _("This mailbox is no longer here."))


def box_of(mailbox_id: str) -> Mailbox:
    """The same, as its pages show it: others' mailboxes by their owner's name for them."""
    place = place_of(mailbox_id)
    return place.box if place.is_own else replace(place.box, name=place.own_name, role="sent" if place.own_role == "sent" else "")


def own_box(mailbox_id: str) -> Mailbox:
    """One of the person's own mailboxes. Raises MailError(NOT_FOUND)."""
    place = place_of(mailbox_id)
    if not place.is_own:
        raise MailError(Reason.NOT_PERMITTED, _("Only its owner can do this."))
    return place.box


def by_owner() -> dict[int, list[Place]]:
    """What others share, by their account."""
    found: dict[int, list[Place]] = {}
    for place in shared():
        found.setdefault(place.box.account_id, []).append(place)
    return found


def inboxes() -> list[Mailbox]:
    """The mailboxes of the list of all inboxes. Raises MailError(NOT_FOUND) when nobody shares one."""
    found = webmail_rooms.inboxes(boxes(), shared())
    if not found:
        raise MailError(Reason.NOT_FOUND, _("This mailbox is no longer here."))
    return found


def owner_of(message_id: int) -> int:
    """Whose account holds a message that may be read. Raises MailError(NOT_FOUND)."""
    row = site().read().one("SELECT mailbox_id, account_id FROM messages WHERE id = :i", {"i": message_id})
    if row is None or (row[1] != account().id and "r" not in sharing.rights(site().read(), account(), row[0])):
        raise MailError(Reason.NOT_FOUND, _("This message is no longer here."))
    return int(row[1])


def message_of(message_id: int) -> Stored:
    """A message that may be read. Raises MailError(NOT_FOUND)."""
    return listing.get(site().read(), owner_of(message_id), message_id)


def rows_of(message_ids: list[int]) -> list[ListRow]:
    """The rows of those messages that may be read, own and others'."""
    tx, found = site().read(), []
    owners = {account().id, *(place.box.account_id for place in shared())}
    readable = {place.box.id for place in shared()}
    for owner in owners:
        found += [row for row in listing.rows(tx, owner, message_ids) if owner == account().id or row.mailbox_id in readable]
    place = {message_id: number for number, message_id in enumerate(message_ids)}
    return sorted(found, key=lambda row: place[row.message_id])


def whole(ids: list[int]) -> list[int]:
    """Those messages with all of their conversations, each within its own mailbox."""
    groups: dict[tuple[int, int], list[int]] = {}
    owners = {place.box.id: place.box.account_id for place in shared()}
    for row in rows_of(ids):
        groups.setdefault((owners.get(row.mailbox_id, account().id), row.mailbox_id), []).append(row.message_id)
    return [one for (owner, box), some in groups.items() for one in conversations.whole(site().read(), owner, box, some)]


def unseen_here(box: Mailbox) -> list[int]:
    """Mailboxes whose messages a conversation in *box* does not count or show: the hidden ones, and of others' all that is not shared."""
    if box.account_id == account().id:
        return [b.id for b in boxes() if b.role in ("trash", "junk", "drafts")]
    readable = {place.box.id for place in shared() if place.own_role not in ("trash", "junk", "drafts")}
    return [b.id for b in mailboxes.list_all(site().read(), box.account_id) if b.id not in readable]


def offers(mailbox_id: str) -> frozenset[str]:
    """What the page offers for messages of a mailbox (p.ACTS); the server refuses the rest anyway."""
    if mailbox_id == INBOXES:
        return frozenset.union(*(offers(str(box.id)) for box in inboxes())) - {"snooze", "mute", "all"}
    place = place_of(mailbox_id)
    if place.is_own:
        return p.ACTS
    found = {"all"}
    for letters, acts in (("s", ("read",)), ("w", ("star", "label", "pin")), ("te", ("trash", "move"))):
        found |= set(acts) if place.may(letters) else set()
    roles = {one.own_role for one in shared() if one.box.account_id == place.box.account_id and one.may("i")}
    return frozenset(found | ({"archive", "junk"} & roles if place.may("te") else set()))
