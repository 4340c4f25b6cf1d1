"""GETACL, SETACL, DELETEACL, LISTRIGHTS, MYRIGHTS. RFC 4314.

Identifiers are addresses, `$group@domain` and `anyone`. Negative rights (`-someone`) are not kept: nobody can say by looking what
they leave. `c` and `d` of the older standard are read and shown as `k` and `xte` (§2.1.1).
"""

from typing import TYPE_CHECKING

from mailcore.base.errors import MailError, Reason
from mailcore.directory import sharing_verbs
from mailcore.sessions.imap.steps import Read, Steps, Write
from mailcore.store import Tx, accounts, sharing
from mailcore.store.sharing import ALL, Place
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.options import RightsChange

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

OLDER = {"c": "k", "d": "xte"}


def shown(rights: str) -> str:
    """*rights* with the older letters that clients may look for."""
    return rights + "".join(old for old, new in OLDER.items() if set(new) & set(rights))


def meant(letters: str) -> str:
    """What a client's letters mean, each once."""
    return sharing.ordered("".join(OLDER.get(letter, letter) for letter in letters))


def get_acl(session: "Session", command: c.GetAcl) -> Steps:
    """GETACL. RFC 4314 §3.3."""

    def look(tx: Tx) -> list[tuple[str, str]]:
        place = sharing.find(tx, session.someone, str(command.mailbox), "a")
        owner = accounts.account(tx, place.box.account_id)
        first = [(owner.address, shown(ALL))] if owner is not None and owner.kind != "public" else []
        return first + [(entry.name, shown(entry.rights)) for entry in sharing.entries(tx, place.box.id)]

    yield r.acl(str(command.mailbox), (yield Read(look)), spelling=session.spelling)
    yield from session.done(command)


def set_acl(session: "Session", command: c.SetAcl) -> Steps:
    """SETACL. RFC 4314 §3.1."""
    letters, now = meant(command.rights), session.runtime.clock.micros()

    def write(tx: Tx) -> None:
        place = sharing.find(tx, session.someone, str(command.mailbox), "a")
        holder = sharing_verbs.holder(tx, session.someone, place.box, command.identifier)
        old = next((e.rights for e in sharing.entries(tx, place.box.id) if (e.kind, e.holder_id) == (holder.kind, holder.id)), "")
        new = {RightsChange.REPLACE: letters, RightsChange.ADD: old + letters, RightsChange.REMOVE: "".join(x for x in old if x not in letters)}
        sharing_verbs.share(tx, session.as_actor, place.box, holder, new[command.change], now)

    yield Write(write)
    yield from session.done(command)


def delete_acl(session: "Session", command: c.DeleteAcl) -> Steps:
    """DELETEACL. RFC 4314 §3.2."""
    now = session.runtime.clock.micros()

    def write(tx: Tx) -> None:
        place = sharing.find(tx, session.someone, str(command.mailbox), "a")
        sharing_verbs.share(tx, session.as_actor, place.box, sharing_verbs.holder(tx, session.someone, place.box, command.identifier), "", now)

    yield Write(write)
    yield from session.done(command)


def list_rights(session: "Session", command: c.ListRights) -> Steps:
    """LISTRIGHTS: each right can be given by itself; the owner has all for good. RFC 4314 §3.4."""

    def look(tx: Tx) -> bool:
        place = sharing.find(tx, session.someone, str(command.mailbox), "a")
        owner = accounts.account(tx, place.box.account_id)
        return owner is not None and owner.address == command.identifier.lower()

    is_owner = yield Read(look)
    yield r.listrights(str(command.mailbox), command.identifier, shown(ALL) if is_owner else "", [] if is_owner else list(ALL), spelling=session.spelling)
    yield from session.done(command)


def my_rights(session: "Session", command: c.MyRights) -> Steps:
    """MYRIGHTS. RFC 4314 §3.5: any of l, r, i, k, x, a shows that the mailbox is there."""

    def look(tx: Tx) -> Place:
        place = sharing.find(tx, session.someone, str(command.mailbox))
        if not set("lrikxa") & set(place.rights):
            raise MailError(Reason.NOT_FOUND, f"There is no mailbox {command.mailbox}.")
        return place

    place: Place = yield Read(look)
    yield r.myrights(str(command.mailbox), shown(place.rights), spelling=session.spelling)
    yield from session.done(command)
