"""What went through the server or a domain over a range of time, as points of a graph: from the tallies, by hours or days."""

from dataclasses import dataclass

from mailcore.base.clock import DAY, Micros
from mailcore.store import Tx, tallies

NAMES = ("received", "sent", "refused", "spam", "virus", "sessions", "sign_ins", "storage")
"""What is counted for the server."""
OF_A_DOMAIN = ("received", "sent", "refused", "spam", "virus", "storage")
"""… and for a domain: what was meant for its people, and what they sent."""
GAUGES = frozenset({"storage"})
"""Measured, not counted: a bucket shows the largest, and the last known goes on."""
RANGES: dict[str, tuple[str, int, int]] = {"24h": ("hour", 1, 24), "7d": ("hour", 6, 28), "30d": ("day", 1, 30), "1y": ("day", 7, 53)}
"""Range → (span of the tallies, spans in a point, points)."""
RANGES_OF_A_DOMAIN = {"7d": ("day", 1, 7), "30d": RANGES["30d"], "1y": RANGES["1y"]}
"""A domain is counted by the day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """*starts*: when each point begins, oldest first; *series*: as many values for each name."""

    starts: tuple[Micros, ...]
    series: dict[str, tuple[int, ...]]

    def total(self, name: str) -> int:
        """Of a count the sum, of a gauge the newest."""
        values = self.series[name]
        return values[-1] if name in GAUGES else sum(values)


def traffic(tx: Tx, now: Micros, chosen: str, domain_id: int = tallies.SERVER) -> Traffic:
    """The points of one of RANGES (RANGES_OF_A_DOMAIN for a domain)."""
    span, width, count = RANGES_OF_A_DOMAIN[chosen] if domain_id else RANGES[chosen]
    length = tallies.SPANS[span]
    first = now // length - width * count + 1
    found = tallies.read(tx, span, first * length, domain_id)
    series = {}
    for name in OF_A_DOMAIN if domain_id else NAMES:
        values, there, last = [], found.get(name, {}), 0
        for point in range(count):
            some = [there[at] for at in range(first + point * width, first + (point + 1) * width) if at in there]
            last = (max(some) if some else last) if name in GAUGES else sum(some)
            values.append(last)
        series[name] = tuple(values)
    return Traffic(starts=tuple((first + point * width) * length for point in range(count)), series=series)


def of_domains(tx: Tx, now: Micros, days: int = 30) -> dict[int, dict[str, int]]:
    """What each domain received and sent in the last *days* days."""
    return tallies.by_domain(tx, now - (days - 1) * DAY)
