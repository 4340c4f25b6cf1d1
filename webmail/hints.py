"""Help for the search box: what can be typed next, and a plain word for a part that means nothing."""

import difflib
import re
from dataclasses import dataclass

from flask_babel import gettext as _

from mailcore.store import people, query, search, sharing
from web import words
from web.signed_in import account
from web.site import site
from webmail import bulk
from webmail.blueprints import ICONS, boxes, full_name, known_labels, role_name, shared

OFFERED = 8
PEOPLE = 4
_LAST = re.compile(r'(-?)(?:([a-z_]+):)?("[^"]*|[^\s"]*)$', re.IGNORECASE)
_ADDRESS_LIKE = re.compile(r"//|\d")
"""What follows the colon of https://… or 10:30: not meant as an operator."""
PLACES = {"from": "user", "to": "user", "cc": "user", "subject": "mail", "in": "folder", "is": "check", "has": "clip", "label": "tag", "filename": "file", "before": "clock", "after": "clock", "older_than": "clock", "newer_than": "clock", "larger": "up", "smaller": "down"}
IS = ("unread", "read", "starred", "answered", "draft", "snoozed", "muted", "pinned")
HAS = ("attachment", "label")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """One line under the search box. *text* is the whole query when it is taken."""

    text: str
    label: str
    note: str = ""
    icon: str = "search"


def hints_of(text: str) -> list[Hint]:
    """At most OFFERED lines for what stands at the end of *text*."""
    match = _LAST.search(text)
    if match is None:
        return []
    sign, operator, value = match[1], (match[2] or "").lower(), match[3].strip('"').lower()
    before = text[: match.start()] + sign
    if operator in ("from", "to", "cc", "bcc"):
        return _people(before, operator, value, OFFERED)
    if operator in VALUES:
        return [Hint(text=f"{before}{operator}:{_quoted(one)} ", label=f"{operator}:{one}", note=note, icon=PLACES[operator]) for one, note in VALUES[operator](value)][:OFFERED]
    if operator or not value:
        return [] if operator else [Hint(text=f"{before}{name}:", label=f"{name}:", note=_meaning(name), icon=PLACES[name]) for name in ("from", "in", "is", "has", "before", "subject")]
    found = [Hint(text=f"{before}{name}:", label=f"{name}:", note=_meaning(name), icon=PLACES[name]) for name in PLACES if name.startswith(value)][:3]
    found += _people(before, "from", value, PEOPLE)
    found += [Hint(text=f"{before}in:{_quoted(one)} ", label=f"in:{one}", icon=ICONS.get(note, "folder")) for one, note in _boxes(value)][:2]
    found += [Hint(text=f"{before}label:{one} ", label=f"label:{one}", icon="tag") for one, _note in _labels(value)][:2]
    return found[:OFFERED]


def _people(before: str, operator: str, value: str, limit: int) -> list[Hint]:
    found = people.suggest(site().read(), account().id, value, limit, site().now())
    return [Hint(text=f"{before}{operator}:{address} ", label=name or address, note=f"{operator}:{address}", icon="user") for name, address in found]


def _quoted(text: str) -> str:
    return f'"{text}"' if " " in text else text


def _boxes(value: str) -> list[tuple[str, str]]:
    own = [(role_name(b), b.role) for b in boxes() if not b.is_noselect and (value in role_name(b).lower() or value in b.name.lower())]
    return own + [(place.box.name.removeprefix(sharing.OTHERS), "") for place in shared() if value in place.box.name.lower() or value in full_name(place).lower()]


def _labels(value: str) -> list[tuple[str, str]]:
    return [(one.name, "") for one in known_labels() if value in one.name.lower()]


def _days(_value: str) -> list[tuple[str, str]]:
    today = words.local(site().now()).date()
    return [(today.isoformat(), _("today")), (today.replace(day=1).isoformat(), _("the first of this month")), (today.replace(month=1, day=1).isoformat(), _("the first of this year"))]


VALUES = {
    "in": lambda value: [(name, "") for name, _role in _boxes(value)], "label": _labels, "before": _days, "after": _days, "older": _days, "newer": _days,
    "is": lambda value: [(one, "") for one in IS if one.startswith(value)], "has": lambda value: [(one, "") for one in HAS if one.startswith(value)],
    "older_than": lambda _value: [("7d", _("a week")), ("3m", _("three months")), ("1y", _("a year"))], "newer_than": lambda _value: [("7d", _("a week")), ("3m", _("three months")), ("1y", _("a year"))],
    "larger": lambda _value: [("1M", ""), ("10M", "")], "smaller": lambda _value: [("100K", ""), ("1M", "")],
}  # fmt: skip
PLACES |= {"older": "clock", "newer": "clock", "bcc": "user"}


def _meaning(name: str) -> str:
    said = {
        "from": _("the sender"), "to": _("a recipient"), "cc": _("a recipient of the copy"), "bcc": _("a recipient of the blind copy"), "subject": _("words of the subject"), "in": _("a mailbox"),
        "is": _("unread, starred, answered …"), "has": _("attachment or label"), "label": _("a label"), "filename": _("a name of an attachment"), "before": _("before a day"), "after": _("on a day or later"),
        "older": _("before a day"), "newer": _("on a day or later"), "older_than": _("an age like 3d, 2w, 6m or 1y"), "newer_than": _("an age like 3d, 2w, 6m or 1y"), "larger": _("a size like 5M"), "smaller": _("a size like 5M"),
    }  # fmt: skip
    return said[name]


def troubles_of(text: str) -> tuple[str, ...]:
    """A sentence for each part of the query that says nothing: a date that is none, an operator nobody knows."""
    found = [trouble_of(term) for clause in search.parse(text) for term in clause]
    return tuple(dict.fromkeys(one for one in found if one))


def trouble_of(term: query.Term) -> str:
    """What is wrong with one part, and what it wants instead; "" when all is well."""
    name, value = term.operator, term.value.lower()
    if not name:
        return _unknown(term)
    if name in ("before", "after", "older", "newer", "older_than", "newer_than") and query.bound_of(term, words.zone(), site().now()) is None:
        return _("%(name)s: wants an age like 3d, 2w, 6m or 1y", name=name) if name.endswith("_than") else _("%(name)s: wants a date like 2026-03-01", name=name)
    if name in ("larger", "smaller") and not query.size_of(value):
        return _("%(name)s: wants a size like 5M or 200K", name=name)
    if name == "is" and value not in (*IS, "unseen"):
        return _("is: knows %(words)s", words=", ".join(IS))
    if name == "has" and not (value.startswith("attach") or value == "label"):
        return _("has: knows %(words)s", words=", ".join(HAS))
    if name == "in" and value not in ("anywhere", "all") and not any(value in key for key in {**bulk.boxes_by_name(), **bulk.names_of(shared())}):
        return _("There is no mailbox “%(name)s”", name=term.value)
    return ""


def _unknown(term: query.Term) -> str:
    """For a word that looks like an operator: which one may be meant. It was searched as text."""
    name, colon, rest = term.value.partition(":")
    if not colon or not name.isalpha() or not rest or term.is_whole or _ADDRESS_LIKE.match(rest):
        return ""
    close = difflib.get_close_matches(name.lower(), sorted(query.OPERATORS), 1)
    if close:
        return _("“%(name)s:” is not known and was searched as a word. Did you mean %(other)s:?", name=name, other=close[0])
    return _("“%(name)s:” is not known and was searched as a word", name=name)
