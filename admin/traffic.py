"""Graphs of what went through: lines of one drawing with a common scale, small drawings with a scale of their own, and the numbers of both."""

from collections.abc import Callable
from dataclasses import dataclass

import flask
from babel.dates import format_date
from flask_babel import gettext as _

from mailcore.base.clock import Micros
from mailcore.directory import traffic as counted
from mailcore.store import tallies
from web import words
from web.site import site
from web.values import Choice

LABELS = 5
"""Words under a graph."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One series: *values* oldest first, *total_text* worded, *tone* of the drawing: accent, red, blue, amber."""

    name: str
    label: str
    tone: str
    values: tuple[int, ...]
    total_text: str
    texts: tuple[str, ...]
    """Every value worded, for the table."""

    WIDTH = 520
    HEIGHT = 120

    def points(self, peak: int) -> str:
        """`x,y` pairs of an SVG polyline in a WIDTH x HEIGHT box, 8 units free above *peak*."""
        step, scale = self.WIDTH / max(1, len(self.values) - 1), (self.HEIGHT - 8) / max(1, peak)
        return " ".join(f"{index * step:.1f},{self.HEIGHT - value * scale:.1f}" for index, value in enumerate(self.values))

    @property
    def peak(self) -> int:
        """The largest value, at least 1."""
        return max(1, *self.values)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """A drawing of *lines* and small ones of *others* over one range; *ranges* are links (value: URL), *labels* stand under it, *points* name each point."""

    title: str
    chosen: str
    ranges: tuple[Choice, ...]
    lines: tuple[Line, ...]
    others: tuple[Line, ...]
    labels: tuple[str, ...]
    points: tuple[str, ...]

    @property
    def peak(self) -> int:
        """The top of the drawing."""
        return max(line.peak for line in self.lines)


def titles() -> dict[str, str]:
    """Range → heading."""
    return {"24h": _("Mail in the last 24 hours"), "7d": _("Mail in the last 7 days"), "30d": _("Mail in the last 30 days"), "1y": _("Mail in the last year")}


def names() -> dict[str, tuple[str, str]]:
    """Series → label, tone."""
    return {
        "received": (_("received"), "accent"), "sent": (_("sent"), "blue"), "refused": (_("refused"), "red"), "spam": (_("spam"), "amber"), "virus": (_("viruses"), "red"),
        "sessions": (_("sessions"), "accent"), "sign_ins": (_("sign-ins"), "blue"), "storage": (_("space used"), "accent"),
    }  # fmt: skip


def graph(here: Callable[[str], str], domain_id: int = tallies.SERVER) -> Graph:
    """The graph of the range that the address asks for; *here* makes the address of a range."""
    ranges = counted.RANGES_OF_A_DOMAIN if domain_id else counted.RANGES
    asked = flask.request.args.get("range", "")
    chosen = asked if asked in ranges else next(iter(ranges))
    found = counted.traffic(site().read(), site().now(), chosen, domain_id)
    lines = [_line(found, name) for name in found.series]
    short = {"24h": _("24 hours"), "7d": _("7 days"), "30d": _("30 days"), "1y": _("1 year")}
    points = tuple(_moment(chosen, at) for at in found.starts)
    under = points if chosen != "1y" else tuple(format_date(words.local(at), "MMM y", locale=words.locale()) for at in found.starts)
    return Graph(
        title=titles()[chosen], chosen=chosen, ranges=tuple(Choice(value=here(key), label=short[key]) for key in ranges),
        lines=tuple(line for line in lines if line.name in ("received", "sent", "refused")), others=tuple(line for line in lines if line.name not in ("received", "sent", "refused")),
        labels=tuple(under[round(n * (len(points) - 1) / (LABELS - 1))] for n in range(LABELS)), points=points,
    )  # fmt: skip


def _line(found: counted.Traffic, name: str) -> Line:
    label, tone = names()[name]
    shown = words.size if name in counted.GAUGES else lambda count: words.number(count)
    values = found.series[name]
    return Line(name=name, label=label, tone=tone, values=values, total_text=shown(found.total(name)), texts=tuple(shown(value) for value in values))


def _moment(chosen: str, at: Micros) -> str:
    """When a point of a range begins, in words."""
    there = words.local(at)
    if chosen == "24h":
        return there.strftime("%H:00")
    if chosen == "7d":
        return format_date(there, "EEE d", locale=words.locale()) if there.hour < 6 else there.strftime("%H:00")
    return format_date(there, "d MMM" if chosen == "30d" else "d MMM y", locale=words.locale())
