"""CREATE, DELETE, RENAME, SUBSCRIBE, LIST, LSUB, NAMESPACE, STATUS, QUOTA: the mailboxes and what can be told of them."""

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from mailcore.base.errors import MailError, Reason
from mailcore.sessions.imap import acl
from mailcore.sessions.imap.selecting import DELIMITER, find
from mailcore.sessions.imap.steps import Read, Steps, Write
from mailcore.store import Tx, accounts, mailboxes, sharing
from mailcore.store.mailboxes import Mailbox
from mailcore.store.sharing import Place
from mailcore.wire.imap import commands as c
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.options import ListReturn, ListSelect, StatusItem

if TYPE_CHECKING:
    from mailcore.sessions.imap.session import Session

USES = {"drafts": "\\Drafts", "sent": "\\Sent", "junk": "\\Junk", "trash": "\\Trash", "archive": "\\Archive"}
"""Role → RFC 6154's attribute."""
PATTERN_CHARS = 1000
"""Longest pattern once runs of wildcards are one; stops a LIST that costs more to compare than to send."""
ROLES = {attribute.lower(): role for role, attribute in USES.items()}


def create(session: "Session", command: c.Create) -> Steps:
    """CREATE, with CREATE-SPECIAL-USE. A trailing delimiter only announces children."""
    name = str(command.mailbox).rstrip(DELIMITER)
    roles = [ROLES.get(use.lower()) for use in command.special_use]
    if None in roles or len(roles) > 1:
        raise MailError(Reason.NOT_SUPPORTED, "That special use is not known here.")
    now = session.runtime.clock.micros()

    def write(tx: Tx) -> int:
        if sharing.leads_out(tx, session.someone, name):
            owner_id = sharing.parent_place(tx, session.someone, name).box.account_id
            return sharing.create_inside(tx, session.someone, name, actor=session.writer(owner_id), now=now).id
        made = mailboxes.create(tx, session.account_id, name, actor=session.actor, now=now)
        if roles and roles[0]:
            mailboxes.set_role(tx, session.account_id, made.id, roles[0], actor=session.actor, now=now)
        return made.id

    mailbox_id = yield Write(write)
    yield from session.done(command, code=f"MAILBOXID (F{mailbox_id})")


def delete(session: "Session", command: c.Delete) -> Steps:
    """DELETE."""
    name, now = str(command.mailbox), session.runtime.clock.micros()
    keep = session.runtime.settings.get("undelete.days", domain_id=session.someone.domain_id) > 0

    def write(tx: Tx) -> None:
        place = sharing.find(tx, session.someone, name, "x")
        owner_id = place.box.account_id
        mailboxes.delete(tx, owner_id, place.own_name, actor=session.writer(owner_id), now=now, keep_until=now if keep else None)

    yield Write(write)
    yield from session.done(command)


def rename(session: "Session", command: c.Rename) -> Steps:
    """RENAME."""
    old, new, now = str(command.mailbox), str(command.target).rstrip(DELIMITER), session.runtime.clock.micros()

    def write(tx: Tx) -> None:
        place = sharing.find(tx, session.someone, old, "x")
        owner_id, theirs = place.box.account_id, new
        if not place.is_own and place.own_name == "INBOX":
            raise MailError(Reason.NOT_PERMITTED, "Only its owner may rename an INBOX.")
        if sharing.leads_out(tx, session.someone, new):
            above = sharing.parent_place(tx, session.someone, new)
            theirs, target_id = above.own_name + new[len(above.box.name) :], above.box.account_id
        else:
            target_id = session.account_id
        if owner_id != target_id:
            raise MailError(Reason.NOT_SUPPORTED, "A mailbox keeps its owner; move its messages instead.")
        mailboxes.rename(tx, owner_id, place.own_name, theirs, actor=session.writer(owner_id), now=now)

    yield Write(write)
    yield from session.done(command)


def subscribe(session: "Session", command: c.Subscribe) -> Steps:
    """SUBSCRIBE."""
    yield Write(lambda tx: mailboxes.subscribe(tx, session.account_id, mailboxes.check_name(str(command.mailbox))))
    yield from session.done(command)


def unsubscribe(session: "Session", command: c.Unsubscribe) -> Steps:
    """UNSUBSCRIBE."""
    yield Write(lambda tx: mailboxes.unsubscribe(tx, session.account_id, str(command.mailbox)))
    yield from session.done(command)


def namespace(session: "Session", command: c.Namespace) -> Steps:
    """NAMESPACE: one's own without a prefix, what others share, what is public. RFC 2342."""
    yield r.namespace([("", session.delimiter)], [(session.spelling.swapped(sharing.OTHERS), session.delimiter)], [(session.spelling.swapped(sharing.PUBLIC), session.delimiter)])
    yield from session.done(command)


class Pattern:
    """A LIST pattern: `*` is any text, `%` any without the delimiter. RFC 3501 §6.3.8.

    All places in the pattern that fit so far are the bits of one number, so a name costs its length, whatever the wildcards.
    """

    def __init__(self, text: str) -> None:
        text = squeezed(text)
        if len(text) > PATTERN_CHARS:
            raise MailError(Reason.SYNTAX, "The pattern is too long.")
        self.text = text
        self._any = self._within = 0
        self._equal: dict[str, int] = {}
        for at, char in enumerate(text):
            if char == "*":
                self._any |= 1 << at
            elif char == "%":
                self._within |= 1 << at
            else:
                self._equal[char] = self._equal.get(char, 0) | 1 << at
        self._needed = sum(mask.bit_count() for mask in self._equal.values())

    def matches(self, name: str) -> bool:
        """Whether *name* fits."""
        if self.text == "*":
            return True
        if len(name) < self._needed:
            return False
        anywhere, equal = self._any, self._equal.get
        wild = anywhere | self._within
        places = 1 | (wild & 1) << 1
        for char in name:
            places = places & (anywhere if char == DELIMITER else wild) | (places & equal(char, 0)) << 1
            if not places:
                return False
            places |= (places & wild) << 1
        return bool(places >> len(self.text))


def squeezed(pattern: str) -> str:
    """*pattern* with runs of wildcards made one: `%*%` says no more than `*`."""
    out: list[str] = []
    for char in pattern:
        if char in "*%" and out and out[-1] in "*%":
            if char == "*":
                out[-1] = "*"
            continue
        out.append(char)
    return "".join(out)


def canonical_pattern(reference: str, pattern: str) -> Pattern:
    """Reference and pattern joined, INBOX in capitals."""
    whole = squeezed(reference + pattern)
    return Pattern("INBOX" + whole[5:] if whole[:5].upper() == "INBOX" and (len(whole) == 5 or whole[5] in "/*%") else whole)


def parents_of(names: Iterable[str]) -> set[str]:
    """Every name above one of *names*."""
    return {name[:at] for name in names for at, char in enumerate(name) if char == DELIMITER}


def list_(session: "Session", command: c.List) -> Steps:
    """LIST, with LIST-EXTENDED, LIST-STATUS, LIST-MYRIGHTS and SPECIAL-USE. RFC 3501 §6.3.8, 5258, 5819, 6154, 8440."""
    if command.patterns == ("",) and not command.is_extended:
        yield r.list_reply(["\\Noselect"], session.delimiter, "")
        yield from session.done(command)
        return

    def look(tx: Tx) -> tuple[list[Mailbox], list[str], list[Place]]:
        places = sharing.places(tx, session.someone)
        return mailboxes.list_all(tx, session.account_id) + shared_boxes(places), mailboxes.subscriptions(tx, session.account_id), places

    patterns = [canonical_pattern(command.reference, p) for p in command.patterns]
    boxes, subscribed, places = yield Read(look)
    rights = {place.box.id: place.rights for place in places} if ListReturn.MYRIGHTS in command.returns else {}
    yield b"".join(listed(session, command, boxes, set(subscribed), patterns, rights))
    yield from session.done(command)


def shared_boxes(places: list[Place]) -> list[Mailbox]:
    """Others' mailboxes that may be seen (`l`), and the names above them as \\Noselect."""
    found = {place.box.name: place.box for place in places if place.may("l")}
    for name in list(found):
        for parent in parents_of([name]):
            found.setdefault(parent, replace(found[name], name=parent, is_noselect=True))
    return list(found.values())


def listed(
    session: "Session", command: c.List, boxes: list[Mailbox], subscribed: set[str], patterns: list[Pattern], rights: dict[int, str]
) -> Iterable[bytes]:
    """The lines of LIST; *rights* are those in others' mailboxes, by id."""
    by_name = {box.name: box for box in reversed(boxes)}  # a name of one's own wins
    wants_subscribed = ListSelect.SUBSCRIBED in command.select
    above = parents_of(subscribed) if ListSelect.RECURSIVEMATCH in command.select else set()
    names = sorted(subscribed | above if wants_subscribed else by_name)
    parents = parents_of(by_name)
    shows_uses = not command.is_extended or ListReturn.SPECIAL_USE in command.returns or ListSelect.SPECIAL_USE in command.select or not command.returns
    for name in names:
        box = by_name.get(name)
        if ListSelect.SPECIAL_USE in command.select and (box is None or box.role not in USES):
            continue
        if not any(pattern.matches(name) for pattern in patterns):
            continue
        attributes = []
        if box is None:
            attributes.append("\\NonExistent")
        elif box.is_noselect:
            attributes.append("\\Noselect")
        if (wants_subscribed or ListReturn.SUBSCRIBED in command.returns) and name in subscribed:
            attributes.append("\\Subscribed")
        attributes.append("\\HasChildren" if name in parents else "\\HasNoChildren")
        if shows_uses and box is not None and box.role in USES:
            attributes.append(USES[box.role])
        info = ["SUBSCRIBED"] if name in above else []
        yield r.list_reply(attributes, session.delimiter, name, child_info=info, spelling=session.spelling)
        if ListReturn.MYRIGHTS in command.returns and box is not None and not box.is_noselect:
            yield r.myrights(name, acl.shown(rights.get(box.id, sharing.ALL)), spelling=session.spelling)
        if command.status and box is not None and not box.is_noselect:
            yield r.status(name, status_of(session, box, command.status), spelling=session.spelling)


def lsub(session: "Session", command: c.Lsub) -> Steps:
    """LSUB. RFC 3501 §6.3.9: with `%`, a parent of a subscribed name is shown as \\Noselect."""
    names = yield Read(lambda tx: mailboxes.subscriptions(tx, session.account_id))
    pattern = canonical_pattern(command.reference, command.pattern)
    out, shown, known = [], set(), set(names)
    for name in names:
        if pattern.matches(name):
            out.append(r.list_reply([], session.delimiter, name, kind="LSUB", spelling=session.spelling))
            shown.add(name)
        elif pattern.text.endswith("%"):
            parts = name.split(DELIMITER)
            for depth in range(len(parts) - 1, 0, -1):
                parent = DELIMITER.join(parts[:depth])
                if parent not in shown and parent not in known and pattern.matches(parent):
                    out.append(r.list_reply(["\\Noselect"], session.delimiter, parent, kind="LSUB", spelling=session.spelling))
                    shown.add(parent)
    yield b"".join(out)
    yield from session.done(command)


def status_of(session: "Session", box: Mailbox, items: Iterable[StatusItem]) -> dict[StatusItem, int | str | None]:
    """What STATUS tells of *box*."""
    limit = int(session.runtime.settings.get("smtp.message_size"))
    values: dict[StatusItem, int | str | None] = {
        StatusItem.MESSAGES: box.message_count, StatusItem.RECENT: max(0, min(box.message_count, box.uidnext - 1 - box.recent_uid)),
        StatusItem.UIDNEXT: box.uidnext, StatusItem.UIDVALIDITY: box.uidvalidity, StatusItem.UNSEEN: box.unseen_count,
        StatusItem.HIGHESTMODSEQ: max(1, box.modseq), StatusItem.SIZE: box.size_bytes, StatusItem.DELETED: box.deleted_count,
        StatusItem.APPENDLIMIT: limit, StatusItem.MAILBOXID: f"F{box.id}",
    }  # fmt: skip
    return {item: values[item] for item in items}


def status(session: "Session", command: c.Status) -> Steps:
    """STATUS. Counts are kept with every change, so this reads one row."""
    box = (yield from find(session, str(command.mailbox))).box
    if StatusItem.HIGHESTMODSEQ in command.items:
        session.enabled.add("CONDSTORE")
    yield r.status(box.name, status_of(session, box, command.items), spelling=session.spelling)
    yield from session.done(command)


def quota_line(session: "Session", tx: Tx) -> bytes:
    """QUOTA of the account's one root; an account without a limit has no resources to tell."""
    account = accounts.account(tx, session.account_id)
    assert account is not None
    return r.quota("", [("STORAGE", (account.used_bytes + 1023) // 1024, account.quota_bytes // 1024)] if account.quota_bytes else [])


def get_quota(session: "Session", command: c.GetQuota) -> Steps:
    """GETQUOTA."""
    if command.root:
        raise MailError(Reason.NOT_FOUND, "There is no such quota root.")
    yield (yield Read(lambda tx: quota_line(session, tx)))
    yield from session.done(command)


def get_quota_root(session: "Session", command: c.GetQuotaRoot) -> Steps:
    """GETQUOTAROOT: every mailbox has the one root."""
    name = str(command.mailbox)
    if sharing.is_shared_name(name) and not (yield from find(session, name)).is_own:
        yield r.quotaroot(name, [], spelling=session.spelling)  # it counts against its owner's, which is not this account's to know
        yield from session.done(command)
        return
    yield r.quotaroot(name, [""], spelling=session.spelling)
    yield (yield Read(lambda tx: quota_line(session, tx)))
    yield from session.done(command)


def set_quota(session: "Session", command: c.SetQuota) -> Steps:
    """SETQUOTA is the panel's."""
    raise MailError(Reason.NOT_PERMITTED, "Quotas are set in the admin panel.")
    yield b""
