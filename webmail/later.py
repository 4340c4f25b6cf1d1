"""When a snoozed message comes back and a written one leaves: what is offered, in the person's own time."""

from datetime import datetime, time, timedelta

from flask_babel import gettext as _

from web import words
from web.site import site
from webmail import presenters as p

MORNING, AFTERNOON, EVENING = time(8), time(13), time(18)


def choices() -> tuple[p.Choice, ...]:
    """Later today (or this evening), tomorrow, the weekend, next week: wall time of the account's zone."""
    now = words.local(site().now()).replace(tzinfo=None, second=0, microsecond=0)
    offered = [(_("In three hours"), (now + timedelta(hours=3)).replace(minute=0))]
    if now.hour < EVENING.hour - 1:
        offered.append((_("This evening"), datetime.combine(now.date(), EVENING)))
    offered.append((_("Tomorrow morning"), datetime.combine(now.date() + timedelta(days=1), MORNING)))
    if now.weekday() < 4:
        offered.append((_("On Saturday"), datetime.combine(now.date() + timedelta(days=5 - now.weekday()), MORNING)))
    offered.append((_("On Monday"), datetime.combine(now.date() + timedelta(days=7 - now.weekday()), MORNING)))
    return tuple(p.Choice(value=moment.isoformat(timespec="minutes"), label=label) for label, moment in offered)


def sending() -> tuple[p.Choice, ...]:
    """Tomorrow morning, tomorrow afternoon, Monday morning: wall time of the account's zone."""
    today = words.local(site().now()).date()
    tomorrow, monday = today + timedelta(days=1), today + timedelta(days=7 - today.weekday())
    offered = [(_("Tomorrow morning"), datetime.combine(tomorrow, MORNING)), (_("Tomorrow afternoon"), datetime.combine(tomorrow, AFTERNOON))]
    if monday != tomorrow:
        offered.append((_("On Monday"), datetime.combine(monday, MORNING)))
    return tuple(p.Choice(value=moment.isoformat(timespec="minutes"), label=label) for label, moment in offered)
