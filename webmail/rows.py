"""Rows of a list, worded: who, when, and which marks; grouped by day."""

from collections.abc import Iterable, Sequence

import flask
from flask_babel import gettext as _

from mailcore.mail.address import mailboxes as addresses
from mailcore.store import labels, messages
from mailcore.store.listing import ListRow
from mailcore.store.mailboxes import Mailbox
from web import words
from web.signed_in import account
from web.site import site
from webmail import presenters as p

OWN_ROLES = frozenset({"sent", "drafts"})
HIDDEN_WORDS = frozenset({"$forwarded", "$mdnsent", "$junk", "$notjunk", "$pop3hidden", "junk", "nonjunk", "$seen", "$draft"})


def person_of(row: ListRow, is_own: bool, me: str) -> p.Person:
    """Whose avatar stands there: the sender, or in Sent and Drafts the first recipient."""
    if is_own:
        found = addresses(row.to_display) if row.to_display else []
        first = found[0] if found else None
        return p.Person(name=(first.name if first else "") or row.to_display, address=str(first.address) if first and first.address else row.to_display)
    return p.Person(name=row.from_name, address=row.from_addr, is_me=row.from_addr.lower() == me)


def label_of(word: str) -> p.Label:
    """A keyword as a label; those with a meaning of their own in words."""
    known = {"$scheduled": _("scheduled"), "$snoozed": _("snoozed"), "$muted": _("muted"), "$phishing": _("phishing")}
    return p.Label(name=known.get(word.lower(), word), tone=tones().get(word, ""))


def labels_of(row: ListRow) -> tuple[p.Label, ...]:
    """A message's labels."""
    return tuple(label_of(w) for w in row.keywords.split() if w.lower() not in HIDDEN_WORDS)


def tones() -> dict[str, str]:
    """The person's labels and their colours, read once a request."""
    if not hasattr(flask.g, "tones"):
        flask.g.tones = {one.name: one.tone for one in labels.of_account(site().read(), account().id)}
    return dict(flask.g.tones)


def row_of(row: ListRow, box: Mailbox | None, me: str, *, open_id: int = 0, mailbox_name: str = "") -> p.ListRow:
    """One line."""
    is_own = box is not None and box.role in OWN_ROLES
    person = person_of(row, is_own, me)
    marks = row.keywords.lower().split()
    marked = labels_of(row)
    return p.ListRow(
        id=str(row.message_id), mailbox_id=str(row.mailbox_id), person=person, who=person.label or "?", subject=row.subject or "(no subject)", preview=row.preview,
        time_text=words.short(row.internal_date), time_iso=words.iso(row.internal_date), time_long=words.long(row.internal_date),
        is_unread=not row.flags & messages.SEEN, is_starred=bool(row.flags & messages.FLAGGED), is_answered=bool(row.flags & messages.ANSWERED),
        is_forwarded="$forwarded" in marks, is_draft=bool(row.flags & messages.DRAFT), is_deleted=bool(row.flags & messages.DELETED),
        has_attachment=row.has_attachments, is_open=row.message_id == open_id, mailbox_name=mailbox_name, labels=marked,
    )  # fmt: skip


def groups_of(rows: Sequence[ListRow], items: Iterable[p.ListRow], continued_day: str = "") -> tuple[p.DayGroup, ...]:
    """*items* (one a row) grouped by the day of their rows."""
    made: list[tuple[str, str, list[p.ListRow]]] = []
    for row, item in zip(rows, items, strict=True):
        key = words.day_key(row.internal_date)
        if not made or made[-1][0] != key:
            made.append((key, words.day_label(row.internal_date), []))
        made[-1][2].append(item)
    return tuple(p.DayGroup(key=key, label=label, rows=tuple(found), is_continued=key == continued_day) for key, label, found in made)
