"""Invitations in the reader: the event in words and the reader's own time, and the answer to its organizer."""

import re
from datetime import date, datetime
from typing import Any

import flask
from babel.dates import format_date, format_datetime, format_time, get_timezone_location
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.mail import invitation
from mailcore.mail.address import Address
from mailcore.mail.body import decode_body
from mailcore.mail.calendar import MAX_BYTES, Moment
from mailcore.mail.invitation import Guest, Invitation
from mailcore.mail.part import Part, load_parts
from mailcore.sessions import webmail_counters as counters
from mailcore.sessions import webmail_invitations as answers
from mailcore.store import listing
from mailcore.store.listing import ListRow, Stored
from web import words
from web.drawing import done
from web.signed_in import account, require
from web.site import site
from webmail import files
from webmail import presenters as p
from webmail.blueprints import boxes, mail

GUESTS_SHOWN = 12
"""People of an event with a line of their own."""
PARTS_LOOKED_AT = 200
"""Parts of a message among which a calendar is looked for."""
_LINK = re.compile(r"https?://[^\s<>\"]+")


def part_of(root: Part) -> Part | None:
    """The calendar part of a message, of its own and not of one it encloses; one that asks something before a mere file."""
    found, stack, seen = list[Part](), [root], 0
    while stack and seen < PARTS_LOOKED_AT:
        part, seen = stack.pop(), seen + 1
        stack.extend(reversed(part.children))
        if part.mime_type in ("text/calendar", "application/ics") or part.filename.lower().endswith(".ics") and not part.children:
            found.append(part)
    return next((one for one in found if "method" in one.params), found[0] if found else None)


def read(stored: Stored, root: Part) -> tuple[Invitation, Part] | None:
    """The event of a message and the part it stands in."""
    part = part_of(root)
    if part is None:
        return None
    found = invitation.read(decode_body(site().store.blobs.read(stored.locator), part, MAX_BYTES * 2))
    return (found, part) if found is not None else None


def answered(row: ListRow) -> str:
    """What one has answered, as the keyword on the message says."""
    kept = {w.lower() for w in row.keywords.split()}
    return next((status.lower() for status, word in answers.KEYWORDS.items() if word.lower() in kept), "")


def invite_of(stored: Stored, root: Part) -> p.Invite | None:
    """The event of a message as the reader shows it, or None."""
    found = read(stored, root)
    if found is None:
        return None
    asked, part = found
    tx, mine = site().read(), account()
    kind, lead, tone = said(asked, stored.row)
    newer = newer_of(stored, asked)
    if newer is not None:
        kind, lead, tone = _("Replaced"), _("A newer one of %(when)s stands in its place.", when=words.short(newer.internal_date)), "amber"
    can = newer is None and answers.can_answer(tx, mine, asked)
    invited = answers.invited_as(tx, mine, asked)
    link = _LINK.search(asked.where)
    first = asked.starts.at if asked.starts is not None else None
    day = first.astimezone(words.zone()) if isinstance(first, datetime) and first.tzinfo else first
    locale = get_locale()
    return p.Invite(
        kind=kind, lead=lead, tone=tone, title=asked.title or _("(no title)"), when=span(asked.starts, asked.ends), zone=zone_of(asked.starts),
        month=format_date(day, "MMM", locale=locale) if day else "", day=str(day.day) if day else "", weekday=format_date(day, "EEE", locale=locale) if day else "",
        repeats=repeats(asked.rule), where=asked.where, where_url=link[0] if link else "", about=asked.about, organizer=named(asked.organizer) if asked.organizer else "",
        guests=tuple(guest(g) for g in asked.guests[:GUESTS_SHOWN]), more_guests=max(0, len(asked.guests) - GUESTS_SHOWN), answer=answered(stored.row), can_answer=can,
        as_address=mine.address if can and invited is None else "",
        newer_url=flask.url_for("mail.message", mailbox_id=newer.mailbox_id, message_id=newer.message_id) if newer is not None else "",
        can_decide=newer is None and counters.can_decide(tx, mine, asked), file_url=files.part_url(stored.row.message_id, part),
    )  # fmt: skip


def newer_of(stored: Stored, asked: Invitation) -> ListRow | None:
    """The message whose invitation took the place of this one's."""
    if asked.method != "REQUEST":
        return None
    tx, mine = site().read(), account()
    for message_id in counters.later(tx, mine.id, stored.row.email_id, stored.row.from_addr):
        other = listing.get(tx, mine.id, message_id)
        found = read(other, load_parts(other.parts))
        if found is not None and counters.replaces(found[0], asked):
            return other.row
    return None


def said(asked: Invitation, row: ListRow) -> tuple[str, str, str]:
    """What kind of message it is, one sentence about it, and its colour."""
    who = named(asked.organizer) if asked.organizer else row.from_name or row.from_addr
    if asked.is_cancelled:
        return _("Cancelled"), _("One date of this series does not take place.") if asked.is_one_of_series else _("%(who)s called this off.", who=who), "red"
    if asked.method == "REPLY" and asked.guests:
        one = asked.guests[0]
        texts = {"ACCEPTED": _("%(who)s will come."), "TENTATIVE": _("%(who)s may come."), "DECLINED": _("%(who)s will not come.")}
        return _("Answer"), texts.get(one.status, _("%(who)s answered.")) % {"who": named(one)}, "amber" if one.status == "DECLINED" else ""
    if asked.method == "COUNTER":
        return _("Another time"), _("%(who)s proposes this instead.", who=row.from_name or row.from_addr), "amber"
    if asked.method == "REQUEST" and asked.sequence:
        return _("Changed invitation"), _("What stands here replaces the earlier invitation."), "amber"
    if asked.method == "REQUEST":
        return _("Invitation"), "", ""
    return _("Event"), "", ""


def named(one: Guest) -> str:
    """A person by name, else address."""
    return one.name or str(one.address)


def guest(one: Guest) -> p.Guest:
    """A person with their answer."""
    texts = {"ACCEPTED": (_("comes"), "green"), "TENTATIVE": (_("perhaps"), "amber"), "DECLINED": (_("does not come"), "red"), "DELEGATED": (_("sends somebody else"), "")}
    text, tone = texts.get(one.status, (_("no answer yet"), ""))
    return p.Guest(label=named(one), answer=text if not one.is_optional else _("%(answer)s, optional", answer=text), tone=tone)


def zone_of(starts: Moment | None) -> str:
    """The zone the times are told in, in words; "" for whole days."""
    if starts is None or starts.is_day:
        return ""
    if isinstance(starts.at, datetime) and starts.at.tzinfo is None:
        return _("as written, in the zone “%(zone)s”", zone=starts.zone) if starts.zone else _("local time wherever one is")
    own = words.zone()
    return _("your time, %(zone)s", zone="UTC" if own.key == "UTC" else get_timezone_location(own, locale=get_locale(), return_city=True))


def span(starts: Moment | None, ends: Moment | None) -> str:
    """From when to when, in the reader's zone and language."""
    if starts is None:
        return _("No time is given.")
    first, last, locale = here(starts), here(ends) if ends is not None else None, get_locale()
    if not isinstance(first, datetime):
        text = format_date(first, "EEEE, d MMMM y", locale=locale)
        return f"{text} – {format_date(last, 'EEEE, d MMMM y', locale=locale)}" if last is not None and not isinstance(last, datetime) and last > first else _("%(day)s, all day", day=text)
    text = format_datetime(first, "EEEE, d MMMM y, HH:mm", locale=locale)
    if not isinstance(last, datetime) or last.replace(tzinfo=None) <= first.replace(tzinfo=None):
        return text
    if last.date() == first.date():
        return f"{text} – {format_time(last, 'HH:mm', locale=locale)}"
    return f"{text} – {format_datetime(last, 'EEEE, d MMMM y, HH:mm', locale=locale)}"


def here(moment: Moment) -> date | datetime:
    """A moment as wall time for the reader."""
    at = moment.at
    return at.astimezone(words.zone()).replace(tzinfo=None) if isinstance(at, datetime) and at.tzinfo else at


def repeats(rule: dict[str, str]) -> str:
    """A recurrence in words, roughly: how often and until when."""
    every = int(rule["INTERVAL"][:3]) if rule.get("INTERVAL", "").isdigit() else 1
    texts = {
        "DAILY": ngettext("every day", "every %(num)d days", every), "WEEKLY": ngettext("every week", "every %(num)d weeks", every),
        "MONTHLY": ngettext("every month", "every %(num)d months", every), "YEARLY": ngettext("every year", "every %(num)d years", every),
    }  # fmt: skip
    text = texts.get(rule.get("FREQ", ""), "")
    if text and rule.get("COUNT", "").isdigit():
        return ngettext("%(often)s, once", "%(often)s, %(num)d times", int(rule["COUNT"][:5]), often=text)
    last = rule.get("UNTIL", "")[:8]
    if text and len(last) == 8 and last.isdigit():
        try:
            return _("%(often)s until %(day)s", often=text, day=format_date(datetime.strptime(last, "%Y%m%d"), "d MMMM y", locale=get_locale()))
        except ValueError:
            return text
    return text


@mail.post("/mail/<int:message_id>/answer")
@require("user")
def answer_invitation(message_id: int) -> Any:
    stored = listing.get(site().read(), account().id, message_id)
    found = read(stored, load_parts(stored.parts))
    role = next((b.role for b in boxes() if b.id == stored.row.mailbox_id), "")
    if found is None or role in ("junk", "trash"):
        raise MailError(Reason.NOT_PERMITTED, _("There is nothing to answer here."))
    if newer_of(stored, found[0]) is not None:
        raise MailError(Reason.NOT_PERMITTED, _("A newer invitation has taken the place of this one. Answer that one."))
    status = flask.request.form.get("answer", "").upper()
    answers.answer(site().runtime, account(), message_id, found[0], status, letter(found[0], status), ip=flask.request.remote_addr or "")
    told = {"ACCEPTED": _("You accepted. The organizer is told."), "TENTATIVE": _("You said perhaps. The organizer is told."), "DECLINED": _("You declined. The organizer is told.")}[status]
    back = flask.url_for("mail.message", mailbox_id=stored.row.mailbox_id, message_id=message_id)
    flask.session["toast"] = {"text": told, "undo": None}
    return done(back, message=told, undo=None)


@mail.post("/mail/<int:message_id>/proposal")
@require("user")
def decide_proposal(message_id: int) -> Any:
    stored = listing.get(site().read(), account().id, message_id)
    found = read(stored, load_parts(stored.parts))
    role = next((b.role for b in boxes() if b.id == stored.row.mailbox_id), "")
    if found is None or role in ("junk", "trash"):
        raise MailError(Reason.NOT_PERMITTED, _("There is nothing to answer here."))
    proposed, is_taken = found[0], flask.request.form.get("op") == "take"
    subject = (_("New time: %(title)s") if is_taken else _("The time stays: %(title)s")) % {"title": proposed.title}
    text = _("The event now takes place at this time:") if is_taken else _("Thank you for proposing another time. The event stays at its time; this one was not taken:")
    count = counters.decide(
        site().runtime, account(), message_id, proposed, Address.parse(stored.row.from_addr), (subject, f"{text}\n\n{proposed.title}\n{span(proposed.starts, proposed.ends)}\n"),
        is_taken=is_taken, ip=flask.request.remote_addr or "",
    )  # fmt: skip
    told = ngettext("One person is told of the new time.", "%(num)d people are told of the new time.", count) if is_taken else _("The time stays. Who proposed the other one is told.")
    flask.session["toast"] = {"text": told, "undo": None}
    return done(flask.url_for("mail.message", mailbox_id=stored.row.mailbox_id, message_id=message_id), message=told, undo=None)


def letter(asked: Invitation, status: str) -> tuple[str, str]:
    """Subject and text of an answer, for people and programs that read no calendar."""
    who = account().display_name or account().address
    subject = {"ACCEPTED": _("Accepted: %(title)s"), "TENTATIVE": _("Perhaps: %(title)s"), "DECLINED": _("Declined: %(title)s")}.get(status, "%(title)s") % {"title": asked.title}
    text = {"ACCEPTED": _("%(who)s will come."), "TENTATIVE": _("%(who)s may come."), "DECLINED": _("%(who)s will not come.")}.get(status, "%(who)s") % {"who": who}
    return subject, f"{text}\n\n{asked.title}\n{span(asked.starts, asked.ends)}\n"
