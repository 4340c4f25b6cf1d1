"""What each program did to somebody's mail, in words, and putting back or erasing what it deleted: of one's own in the webmail and of somebody's in the panel."""

from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.clock import DAY
from mailcore.sessions import putting_back
from mailcore.store import activity, mailboxes
from mailcore.store.accounts import Account
from mailcore.store.activity import Batch
from mailcore.store.mailboxes import Mailbox
from web import tokens, words
from web.site import actor, site

DAYS = 14
LINES = 60
PROTOCOLS = {"imap": "IMAP", "pop3": "POP3", "webmail": "Webmail", "smtp": "", "filter": "", "restore": ""}


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRow:
    """What a program did, in words; *token* puts it back, "" where nothing can be."""

    text: str
    when: str
    iso: str
    token: str = ""
    is_big: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityPage:
    """Deletions that can be put back within *days*, and what else happened."""

    deleted: tuple[ActivityRow, ...]
    other: tuple[ActivityRow, ...]
    days: int


def page_of(account: Account) -> ActivityPage:
    """What happened to the account's mail lately."""
    tx, now, get = site().read(), site().now(), site().runtime.settings.get
    kept, many = int(get("undelete.days", domain_id=account.domain_id)), int(get("undelete.warn", domain_id=account.domain_id))
    boxes = {box.id: box for box in mailboxes.list_all(tx, account.id)}
    deleted = [_row(one, boxes, many) for one in activity.deletions(tx, account.id, now - kept * DAY)]
    other = [_row(one, boxes, many) for one in activity.others(tx, account.id, now - DAYS * DAY)]
    return ActivityPage(deleted=tuple(deleted), other=tuple(other[:LINES]), days=kept)


def _row(one: Batch, boxes: dict[int, Mailbox], many: int) -> ActivityRow:
    who, count, box = program(one.actor), one.count, boxes.get(one.mailbox_id)
    name = words.mailbox_name(box) if box is not None and box.role else one.mailbox or _("a mailbox that is gone")
    text = {
        "deleted": lambda: ngettext("%(who)s deleted one message from %(name)s", "%(who)s deleted %(amount)s messages from %(name)s", count, who=who, name=name, amount=words.number(count)),
        "arrived": lambda: ngettext("%(who)s: one message into %(name)s", "%(who)s: %(amount)s messages into %(name)s", count, who=who, name=name, amount=words.number(count)),
        "flagged": lambda: ngettext("%(who)s marked one message in %(name)s", "%(who)s marked %(amount)s messages in %(name)s", count, who=who, name=name, amount=words.number(count)),
    }[one.kind]()
    token = tokens.make("batch", [one.actor, one.mailbox_id, one.bucket]) if one.kind == "deleted" else ""
    return ActivityRow(text=text, when=words.long(one.at), iso=words.iso(one.at), token=token, is_big=one.kind == "deleted" and 0 < many <= count)


def program(actor: str) -> str:
    """Who it was, in words: "Thunderbird by IMAP", "Webmail", "New mail"."""
    kind, _colon, rest = actor.partition(":")
    if kind in ("smtp", "delivery", "bounce", "notice", "reply", "fanout"):
        return _("New mail")
    if kind == "filter":
        return _("Your rules")
    if kind == "restore":
        return _("Restored from a backup")
    if kind == "sweep":
        return _("Roost, emptying old Trash and Junk")
    label = PROTOCOLS.get(kind, kind)
    detail = rest.partition("@")[0] if kind != "webmail" and "@" not in rest else rest if "@" not in rest else ""
    return _("%(program)s by %(protocol)s", program=detail, protocol=label) if detail and label else label or kind


def change(account: Account, form: Any) -> str:
    """Put one batch back or erase it; what to say then. Raises MailError(NOT_FOUND, NOT_PERMITTED)."""
    by, mailbox_id, bucket = tokens.read("batch", form.get("token", ""))
    if form.get("op") == "erase":
        total = putting_back.erase(site().runtime, actor(), account, str(by), int(mailbox_id), int(bucket))
        return ngettext("One message erased", "%(num)d messages erased", total)
    total = putting_back.put_back(site().runtime, actor(), account, str(by), int(mailbox_id), int(bucket))
    return ngettext("One message put back", "%(num)d messages put back", total)
