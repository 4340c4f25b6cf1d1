"""Rows of a list, worded: who, when, and which marks; grouped by day."""

from collections.abc import Iterable, Sequence

import flask
from flask_babel import gettext as _

from mailcore.mail.address import mailboxes as addresses
from mailcore.sessions import webmail_later
from mailcore.store import labels, messages
from mailcore.store.conversations import Thread
from mailcore.store.listing import ListRow
from mailcore.store.mailboxes import Mailbox
from web import words
from web.signed_in import account
from web.site import site
from webmail import presenters as p

OWN_ROLES = frozenset({"sent", "drafts"})
HIDDEN_WORDS = frozenset({"$pinned", "$forwarded", "$mdnsent", "$junk", "$notjunk", "$pop3hidden", "$accepted", "$tentative", "$declined", "$muted", "junk", "nonjunk", "$seen", "$draft"})


def person_of(row: ListRow, is_own: bool, me: str) -> p.Person:
    """Whose avatar stands there: the sender, or in Sent and Drafts the first recipient."""
    if is_own:
        found = addresses(row.to_display) if row.to_display else []
        first = found[0] if found else None
        return p.Person(name=(first.name if first else "") or row.to_display, address=str(first.address) if first and first.address else row.to_display)
    return p.Person(name=row.from_name, address=row.from_addr, is_me=row.from_addr.lower() == me)


def label_of(word: str) -> p.Label:
    """A keyword as a label; those with a meaning of their own in words."""
    return p.Label(name=words.kept("known_words", known_words).get(word.lower(), word), tone=tones().get(word, ""))


def known_words() -> dict[str, str]:
    """Keywords that have a meaning, in the person's language."""
    return {"$scheduled": _("scheduled"), "$snoozed": _("snoozed"), "$phishing": _("phishing")}


def labels_of(row: ListRow) -> tuple[p.Label, ...]:
    """A message's labels."""
    if not row.keywords:
        return ()
    until = words.kept("snoozed_until", lambda: webmail_later.until(site().read(), account().id)).get(row.message_id) if webmail_later.KEYWORD in row.keywords.split() else None
    shown = [label_of(w) for w in row.keywords.split() if w.lower() not in HIDDEN_WORDS and (until is None or w != webmail_later.KEYWORD)]
    return tuple(shown if until is None else [p.Label(name=_("snoozed until %(when)s", when=when_of(until)), tone="amber"), *shown])


def when_of(moment: int) -> str:
    """A moment to come: the clock time if it is today, else the day as well."""
    short, _iso, long = words.told(moment)
    clock = long[-5:]
    return short if short == clock else f"{short}, {clock}"


def tones() -> dict[str, str]:
    """The person's labels and their colours, read once a request."""
    if not hasattr(flask.g, "tones"):
        flask.g.tones = {one.name: one.tone for one in labels.of_account(site().read(), account().id)}
    return dict(flask.g.tones)


def who_of(thread: Thread, me: str) -> str:
    """The people of a conversation in the order they wrote: first names where there are several, and "me"."""
    names: dict[str, str] = {}
    for name, address in thread.senders:
        names.setdefault(address.lower(), _("me") if address.lower() == me else name or address)
    shown = list(names.values())
    if len(shown) > 1:
        shown = [name if "@" in name else name.replace(",", " ").split()[0] for name in shown if name.strip(" ,")]
    return ", ".join(shown if len(shown) < 4 else [shown[0], "…", *shown[-2:]])


def row_of(row: ListRow, box: Mailbox | None, me: str, *, mailbox_name: str = "", thread: Thread | None = None, is_open: bool = False) -> p.ListRow:
    """One line: a message, or with *thread* its conversation."""
    is_own = box is not None and box.role in OWN_ROLES
    person = person_of(row, is_own, me)
    marks, told = row.keywords.lower().split(), words.told(row.internal_date)
    marked = labels_of(row)
    return p.ListRow(
        id=str(row.message_id), mailbox_id=str(row.mailbox_id), person=person, who=who_of(thread, me) if thread and not is_own else person.label or "?", subject=row.subject or "(no subject)", preview=row.preview,
        time_text=told[0], time_iso=told[1], time_long=told[2],
        is_unread=thread.is_unread if thread else not row.flags & (messages.SEEN | messages.DELETED), is_starred=thread.is_starred if thread else bool(row.flags & messages.FLAGGED), is_answered=bool(row.flags & messages.ANSWERED),
        is_forwarded="$forwarded" in marks, is_draft=bool(row.flags & messages.DRAFT) and (box is None or box.account_id == account().id), is_deleted=bool(row.flags & messages.DELETED),
        has_attachment=thread.has_attachments if thread else row.has_attachments, is_open=is_open, mailbox_name=mailbox_name, labels=marked,
        count=thread.count if thread else 1, thread=str(row.thread_id) if thread else "", is_pinned="$pinned" in marks, is_muted="$muted" in marks,
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
