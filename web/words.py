"""Moments and sizes as people read them: in the account's zone and language."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Any, TypeVar, cast
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo, available_timezones

import flask
from babel import Locale
from babel.dates import format_date
from babel.numbers import format_decimal, get_decimal_symbol
from flask_babel import get_locale, get_translations
from flask_babel import gettext as _
from markupsafe import Markup

from mailcore.base.clock import Micros, from_micros, to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import personal
from mailcore.store.mailboxes import Mailbox
from web import sentences
from web.signed_in import account, is_signed_in
from web.site import site
from web.values import Choice

T = TypeVar("T")
DATES_KEPT = 4096
"""Days in words that are kept, for all languages together."""
LANGUAGES = ("en", "de", "ar")
"""The languages that are complete, for a browser that asks."""


LANGUAGE_NAMES = (Choice(value="en", label="English"), Choice(value="de", label="Deutsch"), Choice(value="ar", label="العربية"))
RIGHT_TO_LEFT = frozenset({"ar", "he", "fa", "ur"})


def language() -> str:
    """The page's language, as HTML names it."""
    return str(locale()).replace("_", "-")


def direction() -> str:
    """Which way the page's language is written, as HTML names it."""
    return "rtl" if language().partition("-")[0] in RIGHT_TO_LEFT else "ltr"


def said(error: MailError) -> str:
    """What *error* tells a person, in their language; in English where that has no words for it."""
    return stated(error.detail)


def stated(text: str) -> str:
    """A label or help text of mailcore's in the person's language."""
    return sentences.said(text, translations(), str(locale()))


def kept(name: str, make: Callable[[], T]) -> T:
    """What *make* gives, made once a request: a list asks for its zone and its words hundreds of times."""
    held = flask.g.get(name)
    if held is None:
        held = make()
        setattr(flask.g, name, held)
    return cast(T, held)


def zones(default: str) -> tuple[Choice, ...]:
    """The time zones to choose from, and first none, where *default* holds."""
    none = Choice(value="", label=_("Not chosen: %(zone)s", zone=default.replace("_", " ")))
    return none, *(Choice(value=z, label=z.replace("_", " ")) for z in sorted(available_timezones()) if "/" in z or z == "UTC")


def mailbox_name(box: Mailbox) -> str:
    """The name shown for a mailbox: in the person's language where it has a role, or is ours."""
    return kept("role_names", role_names).get(box.role or box.name) or ("Inbox" if box.name == "INBOX" else box.name.rpartition("/")[2])


def role_names() -> dict[str, str]:
    """The names of mailboxes that have a role, in the person's language."""
    return {"inbox": _("Inbox"), "drafts": _("Drafts"), "sent": _("Sent"), "junk": _("Junk"), "trash": _("Trash"), "archive": _("Archive"), "Snoozed": _("Snoozed")}


def program_name(agent: str) -> str:
    """A browser's or program's name in a word or two."""
    known = (("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("Thunderbird", "Thunderbird"))
    name = next((label for mark, label in known if mark in agent), agent[:40])
    places = (("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS", "macOS"), ("Linux", "Linux"))
    place = next((label for mark, label in places if mark in agent), "")
    return f"{name}, {place}" if name and place else name or _("unknown program")


def locale() -> Locale:
    """The page's language, for Babel."""
    return kept("_words_locale", lambda: get_locale() or Locale("en"))


def translations() -> Any:
    """The page's words, as gettext holds them."""
    return kept("_words_translations", get_translations)


def marked(text: str, **values: object) -> Markup:
    """A template's `_()`: *text* in the page's language, the values escaped where they are put in."""
    found = translations()
    if values:
        return Markup(found.ugettext(text)) % values
    known = _marked.setdefault(found, {})
    if text not in known:
        known[text] = Markup(found.ugettext(text)) % {}
    return known[text]


_marked: WeakKeyDictionary[Any, dict[str, Markup]] = WeakKeyDictionary()
"""The templates' words by language, as many as the templates hold."""


def zone() -> ZoneInfo:
    """The account's time zone, or its domain's."""
    return kept("_words_zone", lambda: personal.zone_of(site().runtime, account() if is_signed_in() else None))


def local(moment: Micros) -> datetime:
    """*moment* in the account's zone."""
    return from_micros(moment).astimezone(zone())


def moment_of(text: str) -> Micros:
    """A local time such as 2026-11-30T08:00, in the person's zone. Raises MailError(SYNTAX)."""
    try:
        return to_micros(datetime.fromisoformat(text).replace(tzinfo=zone()))
    except ValueError as error:
        wrong = MailError(Reason.SYNTAX, _("Choose a day and a time."))
        wrong.field = "form"  # type: ignore[attr-defined]
        raise wrong from error


def short(moment: Micros) -> str:
    """Clock time today, day and month this year, else the date."""
    return told(moment)[0]


def long(moment: Micros) -> str:
    """Date and time in full."""
    return told(moment)[2]


def iso(moment: Micros) -> str:
    """For `<time datetime>`."""
    return told(moment)[1]


def told(moment: Micros) -> tuple[str, str, str]:
    """A moment as `short`, `iso` and `long` say it: a list asks for all three of each row."""
    here = kept("_words_here", lambda: (zone(), str(locale()), datetime.now(UTC).astimezone(zone()).date()))
    there = from_micros(moment)
    iso_text = f"{there.year:04}-{there.month:02}-{there.day:02}T{there.hour:02}:{there.minute:02}:{there.second:02}Z"
    there = there.astimezone(here[0])
    clock, that_day = f"{there.hour:02}:{there.minute:02}", there.date()
    is_today, pattern = that_day == here[2], "d MMM" if there.year == here[2].year else "d MMM y"
    return clock if is_today else _date(that_day, pattern, here[1]), iso_text, f"{_date(that_day, 'EEEE, d MMMM y', here[1])}, {clock}"


@lru_cache(maxsize=DATES_KEPT)
def _date(that_day: date, pattern: str, language: str) -> str:
    """A day in words: the rows of a list share theirs."""
    return format_date(that_day, pattern, locale=Locale.parse(language))


def day_key(moment: Micros) -> str:
    """A stable key of the day."""
    return local(moment).strftime("%Y-%m-%d")


def day_label(moment: Micros) -> str:
    """Today, Yesterday, or the date."""
    there, now = local(moment).date(), datetime.now(UTC).astimezone(zone()).date()
    if there == now:
        return _("Today")
    if there == now - timedelta(days=1):
        return _("Yesterday")
    return format_date(there, "EEEE, d MMMM" if there.year == now.year else "d MMMM y", locale=locale())


def day(moment: date) -> str:
    """A day as 30 Nov."""
    return format_date(moment, "d MMM", locale=locale())


def size(count: int) -> str:
    """A size in bytes as 3.1 GB, 182 KB, 12 bytes."""
    for power, unit in ((3, "GB"), (2, "MB"), (1, "KB")):
        if count >= 1024**power:
            value = count / 1024**power
            before = "\u200e" if direction() == "rtl" else ""  # number before unit, for both are Latin
            shown = f"{value:.1f}".replace(".", decimal_mark(str(locale()))) if value < 10 and power > 1 else f"{value:.0f}"
            return f"{before}{shown} {unit}"
    return _("%(count)d bytes", count=count)


@lru_cache(maxsize=64)
def decimal_mark(language: str) -> str:
    """What parts a whole number from its tenth."""
    return str(get_decimal_symbol(language))


def number(count: int) -> str:
    """A count with its thousands apart, as the page's language parts them: 10,000 or 10.000."""
    return f"{count}" if -1000 < count < 1000 else str(format_decimal(count, locale=locale()))
