"""The two date forms of IMAP: INTERNALDATE's date-time and the day of a search key (RFC 3501 §9).

Both are English and fixed, so neither locale nor strptime has a part in it. Which zone an INTERNALDATE is shown in is the
session's choice.
"""

import re
from datetime import date, datetime, timedelta, timezone

from mailcore.base.errors import MailError, Reason

MONTHS = (b"Jan", b"Feb", b"Mar", b"Apr", b"May", b"Jun", b"Jul", b"Aug", b"Sep", b"Oct", b"Nov", b"Dec")
_MONTH_NUMBER = {name.lower(): at for at, name in enumerate(MONTHS, 1)}
_DATE_TIME = re.compile(rb"[ ]?([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4}) ([0-9]{2}):([0-9]{2}):([0-9]{2}) ([+-])([0-9]{2})([0-9]{2})\Z")
_DATE = re.compile(rb"([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})\Z")


# date-time = date-day-fixed "-" date-month "-" date-year SP time SP zone
def parse_internaldate(data: bytes) -> datetime:
    """The aware moment of `17-Jul-1996 02:44:25 -0700`. Raises MailError(SYNTAX)."""
    found = _DATE_TIME.match(data)
    if found is not None:
        day, month, year, hour, minute, second, sign, zone_hours, zone_minutes = found.groups()
        offset = timedelta(hours=int(zone_hours), minutes=int(zone_minutes))
        try:
            zone = timezone(-offset if sign == b"-" else offset)
            # A leap second is written by some senders; Python's day has none.
            moment = datetime(int(year), _MONTH_NUMBER[month.lower()], int(day), int(hour), int(minute), min(int(second), 59), tzinfo=zone)
            moment.utctimetuple()
            return moment
        except (ValueError, KeyError, OverflowError):
            pass
    raise MailError(Reason.SYNTAX, "The date and time are not as RFC 3501 writes them.")


def print_internaldate(moment: datetime) -> bytes:
    """*moment* (aware) as a date-time without the quotes, in its own zone."""
    minutes = int((moment.utcoffset() or timedelta()).total_seconds()) // 60
    sign = b"-" if minutes < 0 else b"+"
    hours, minutes = divmod(abs(minutes), 60)
    return b"%2d-%s-%04d %02d:%02d:%02d %s%02d%02d" % (
        moment.day,
        MONTHS[moment.month - 1],
        moment.year,
        moment.hour,
        moment.minute,
        moment.second,
        sign,
        hours,
        minutes,
    )


# date-text = date-day "-" date-month "-" date-year
def parse_search_date(data: bytes) -> date:
    """The day of `1-Feb-1994`. Raises MailError(SYNTAX)."""
    found = _DATE.match(data)
    if found is not None:
        day, month, year = found.groups()
        try:
            return date(int(year), _MONTH_NUMBER[month.lower()], int(day))
        except (ValueError, KeyError):
            pass
    raise MailError(Reason.SYNTAX, "A date like 1-Feb-1994 was expected.")
