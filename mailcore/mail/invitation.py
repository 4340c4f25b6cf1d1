"""Invitations by mail: what a calendar part asks or tells, and the answer to it. RFC 5546, RFC 6047.

Only the first event is read, and what an answer repeats of it (UID, SEQUENCE, its start and which date of a series) is given back as
it was written, so that the organizer's program finds its own words again.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from mailcore.base.errors import MailError
from mailcore.mail import calendar
from mailcore.mail.address import Address
from mailcore.mail.calendar import Component, Line, Moment

METHODS = frozenset({"PUBLISH", "REQUEST", "REPLY", "ADD", "CANCEL", "REFRESH", "COUNTER", "DECLINECOUNTER"})
ANSWERS = frozenset({"ACCEPTED", "TENTATIVE", "DECLINED"})
MAX_GUESTS = 500
"""People of one event that are read. Stops a file of addresses from being a page of them."""
MAX_TITLE = 500
MAX_ABOUT = 5000
_REPEATED = ("DTSTART", "DTEND", "DURATION", "RECURRENCE-ID")


@dataclass(frozen=True, slots=True, kw_only=True)
class Guest:
    """One person of an event. *status* is what they answered: ACCEPTED, TENTATIVE, DECLINED, DELEGATED or NEEDS-ACTION."""

    address: Address
    name: str = ""
    status: str = "NEEDS-ACTION"
    is_optional: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An event that came by mail; *method* is "" for a file that asks nothing. *kept* are lines an answer repeats."""

    method: str
    uid: str
    sequence: int
    title: str
    where: str
    about: str
    starts: Moment | None
    ends: Moment | None
    organizer: Guest | None
    guests: tuple[Guest, ...]
    rule: dict[str, str]
    is_cancelled: bool
    is_one_of_series: bool
    others: int
    """Events in the same file beside this one."""
    kept: tuple[Line, ...] = ()


def read(data: bytes) -> Invitation | None:
    """The event of a calendar file, or None where there is none. Never raises."""
    found = calendar.parse(data)
    events = [c for c in found.children if c.name == "VEVENT"] if found is not None else []
    if found is None or not events:
        return None
    event = next((e for e in events if e.line("RECURRENCE-ID") is None), events[0])
    method = found.text("METHOD").upper()
    starts = calendar.moment(event.line("DTSTART"), found)
    sequence = event.text("SEQUENCE")
    return Invitation(
        method=method if method in METHODS else "", uid=event.text("UID")[:1000], sequence=int(sequence[:9]) if sequence.isascii() and sequence.isdigit() else 0,
        title=" ".join(event.text("SUMMARY").split())[:MAX_TITLE], where=" ".join(event.text("LOCATION").split())[:MAX_TITLE], about=event.text("DESCRIPTION")[:MAX_ABOUT],
        starts=starts, ends=_end(event, starts, found), organizer=_guest(event.line("ORGANIZER")),
        guests=tuple(g for line in [x for x in event.lines if x.name == "ATTENDEE"][:MAX_GUESTS] if (g := _guest(line)) is not None),
        rule=calendar.rule_of(event.text("RRULE")), is_cancelled=method == "CANCEL" or event.text("STATUS").upper() == "CANCELLED",
        is_one_of_series=event.line("RECURRENCE-ID") is not None, others=len(events) - 1, kept=tuple(x for x in event.lines if x.name in _REPEATED),
    )  # fmt: skip


def _guest(line: Line | None) -> Guest | None:
    """A person by a mailto: address; others cannot be written to. RFC 5545 §3.8.4.1."""
    if line is None or not line.value.strip().lower().startswith("mailto:"):
        return None
    try:
        address = Address.parse(line.value.strip()[7:].partition("?")[0])
    except MailError:
        return None
    status = line.params.get("PARTSTAT", "").upper()
    return Guest(
        address=address, name=" ".join(calendar.plain(line.params.get("CN", "")).split())[:200], is_optional=line.params.get("ROLE", "").upper() == "OPT-PARTICIPANT",
        status=status if status in ANSWERS or status == "DELEGATED" else "NEEDS-ACTION",
    )  # fmt: skip


def _end(event: Component, starts: Moment | None, whole: Component) -> Moment | None:
    """When it ends: DTEND, else by DURATION. The last day of a whole-day event is told, not the day after it."""
    ends = calendar.moment(event.line("DTEND"), whole)
    if ends is None and starts is not None:
        length = calendar.duration(event.text("DURATION"))
        try:
            ends = Moment(at=starts.at + length, zone=starts.zone) if length is not None else None
        except OverflowError:
            ends = None
    if ends is not None and ends.is_day and starts is not None and starts.is_day:
        try:
            ends = Moment(at=max(starts.at, ends.at - timedelta(days=1)))
        except (OverflowError, TypeError):
            return None
    return ends


def answer(invitation: Invitation, *, address: Address, name: str, status: str, now: datetime) -> str:
    """A calendar of METHOD REPLY with one person's answer, for the organizer. RFC 5546 §3.2.3."""
    organizer = invitation.organizer
    said = {"PARTSTAT": status, **({"CN": name} if name else {})}
    lines = [
        calendar.printed("BEGIN", "VCALENDAR"), calendar.printed("PRODID", "-//Roost//Webmail//EN"), calendar.printed("VERSION", "2.0"), calendar.printed("METHOD", "REPLY"),
        calendar.printed("BEGIN", "VEVENT"), calendar.printed("UID", calendar.escaped(invitation.uid)), calendar.printed("DTSTAMP", f"{now:%Y%m%dT%H%M%SZ}"),
        calendar.printed("SEQUENCE", str(invitation.sequence)), calendar.printed("SUMMARY", calendar.escaped(invitation.title)),
        *(calendar.printed(line.name, line.value, line.params) for line in invitation.kept),
        *([calendar.printed("ORGANIZER", f"mailto:{organizer.address}", {"CN": organizer.name} if organizer.name else {})] if organizer is not None else []),
        calendar.printed("ATTENDEE", f"mailto:{address}", said), calendar.printed("END", "VEVENT"), calendar.printed("END", "VCALENDAR"),
    ]  # fmt: skip
    return "".join(lines)


def request_anew(proposed: Invitation, *, proposer: Address, now: datetime) -> str:
    """A calendar of METHOD REQUEST for the time of a COUNTER: all are asked again, who proposed it has accepted. RFC 5546 §3.2.2."""
    guests = [
        calendar.printed(
            "ATTENDEE", f"mailto:{g.address}",
            {**({"CN": g.name} if g.name else {}), **({"ROLE": "OPT-PARTICIPANT"} if g.is_optional else {}), "PARTSTAT": "ACCEPTED" if g.address.key == proposer.key else "NEEDS-ACTION", "RSVP": "TRUE"},
        )
        for g in proposed.guests
    ]  # fmt: skip
    rule = ";".join(f"{key}={value}" for key, value in proposed.rule.items())
    texts = [("SUMMARY", proposed.title), ("LOCATION", proposed.where), ("DESCRIPTION", proposed.about)]
    more = [calendar.printed(name, calendar.escaped(text)) for name, text in texts if text] + ([calendar.printed("RRULE", rule)] if rule else []) + guests
    return _event(proposed, "REQUEST", proposed.sequence + 1, now, more)


def decline_counter(proposed: Invitation, *, proposer: Address, now: datetime) -> str:
    """A calendar of METHOD DECLINECOUNTER: the time stays as it was. RFC 5546 §3.2.8."""
    more = [calendar.printed("SUMMARY", calendar.escaped(proposed.title)), calendar.printed("ATTENDEE", f"mailto:{proposer}", {})]
    return _event(proposed, "DECLINECOUNTER", proposed.sequence, now, more)


def _event(about: Invitation, method: str, sequence: int, now: datetime, more: list[str]) -> str:
    organizer = about.organizer
    lines = [
        calendar.printed("BEGIN", "VCALENDAR"), calendar.printed("PRODID", "-//Roost//Webmail//EN"), calendar.printed("VERSION", "2.0"), calendar.printed("METHOD", method),
        calendar.printed("BEGIN", "VEVENT"), calendar.printed("UID", calendar.escaped(about.uid)), calendar.printed("DTSTAMP", f"{now:%Y%m%dT%H%M%SZ}"),
        calendar.printed("SEQUENCE", str(sequence)), *_when(about),
        *([calendar.printed("ORGANIZER", f"mailto:{organizer.address}", {"CN": organizer.name} if organizer.name else {})] if organizer is not None else []),
        *more, calendar.printed("END", "VEVENT"), calendar.printed("END", "VCALENDAR"),
    ]  # fmt: skip
    return "".join(lines)


def _when(about: Invitation) -> list[str]:
    """The event's times: in UTC, so that no zone needs to be told; as they were written where it repeats, is whole days, or its zone is not known."""
    is_instant = not about.rule and all(one is None or isinstance(one.at, datetime) and one.at.tzinfo is not None for one in (about.starts, about.ends))
    if not is_instant or about.starts is None:
        return [calendar.printed(line.name, line.value, line.params) for line in about.kept]
    told = [("DTSTART", about.starts), ("DTEND", about.ends)]
    kept = [calendar.printed(line.name, line.value, line.params) for line in about.kept if line.name == "RECURRENCE-ID"]
    return [calendar.printed(name, f"{one.at.astimezone(UTC):%Y%m%dT%H%M%SZ}") for name, one in told if one is not None and isinstance(one.at, datetime)] + kept
