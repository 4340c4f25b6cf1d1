"""Activity: what each program did to one's mail, and putting back what it deleted."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.clock import DAY
from mailcore.base.errors import MailError, Reason
from mailcore.sessions import webmail
from mailcore.store import activity
from mailcore.store.activity import Batch
from web import tokens, words
from web.signed_in import account
from web.site import site
from webmail.blueprints import boxes, role_name
from webmail.settings.values import ActivityPage, ActivityRow, Errors

DAYS = 14
PROTOCOLS = {"imap": "IMAP", "pop3": "POP3", "webmail": "Webmail", "smtp": "", "filter": "", "restore": ""}


def shown(_errors: Errors) -> dict[str, Any]:
    """The page."""
    tx, mine, now = site().read(), account(), site().now()
    kept = int(site().runtime.settings.get("undelete.days", domain_id=mine.domain_id))
    deleted = [_row(one) for one in activity.deletions(tx, mine.id, now - kept * DAY)]
    other = [_row(one) for one in activity.others(tx, mine.id, now - DAYS * DAY)]
    return {"form": ActivityPage(deleted=tuple(deleted), other=tuple(other[:60]), days=kept)}


def _row(one: Batch) -> ActivityRow:
    who, count = program(one.actor), one.count
    box = next((box for box in boxes() if box.id == one.mailbox_id), None)
    name = role_name(box) if box and box.role else one.mailbox or _("a mailbox that is gone")
    text = {
        "deleted": lambda: ngettext("%(who)s deleted one message from %(name)s", "%(who)s deleted %(amount)s messages from %(name)s", count, who=who, name=name, amount=f"{count:,}"),
        "arrived": lambda: ngettext("%(who)s: one message into %(name)s", "%(who)s: %(amount)s messages into %(name)s", count, who=who, name=name, amount=f"{count:,}"),
        "flagged": lambda: ngettext("%(who)s marked one message in %(name)s", "%(who)s marked %(amount)s messages in %(name)s", count, who=who, name=name, amount=f"{count:,}"),
    }[one.kind]()
    token = tokens.make("batch", [one.actor, one.mailbox_id, one.bucket]) if one.kind == "deleted" else ""
    return ActivityRow(text=text, when=words.long(one.at), iso=words.iso(one.at), token=token, is_big=one.kind == "deleted" and count >= 100)


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


def save(form: Any) -> str:
    """Put one batch back. Raises MailError(NOT_FOUND)."""
    actor, mailbox_id, bucket = tokens.read("batch", form.get("token", ""))
    mine, total = account(), 0
    while True:
        ids = activity.ids_of(site().read(), mine.id, str(actor), int(mailbox_id), int(bucket))
        if not ids:
            break
        total += webmail.put_back(site().runtime, mine, ids)
    if not total:
        raise MailError(Reason.NOT_FOUND, _("These messages have been put back already, or their time is over."))
    return ngettext("One message put back", "%(num)d messages put back", total)
