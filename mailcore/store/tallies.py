"""What was counted: by the hour for the last days, by the day for more than a year, of the whole server and of each domain.

A count adds to its hour and to its day in one write, so nothing has to be summed up later and the two never differ. Domains are kept by
the day only. A gauge (space used) keeps the largest value that was seen. The sweep forgets by age, and past `MOST_ROWS` the domains' oldest days.
"""

from collections.abc import Mapping

from mailcore.base.clock import DAY, HOUR, Micros
from mailcore.store.engine import Tx

HOURS_KEPT = 9 * 24
DAYS_KEPT = 400
MOST_ROWS = 500_000
"""Rows of all domains together: a server of thousands of domains keeps fewer days of each."""
SERVER = 0
"""The whole server's place among the domains' ids."""
SPANS: dict[str, Micros] = {"hour": HOUR, "day": DAY}


def of_domain(name: str, domain_id: int) -> str:
    """The key under which a process counts *name* for a domain."""
    return f"{name}:{domain_id}"


def count_up(tx: Tx, amounts: Mapping[str, int], now: Micros) -> None:
    """Add to this hour and this day; a key is a name, or `of_domain`'s."""
    for key, amount in sorted(amounts.items()):
        name, _, domain = key.partition(":")
        for span in ("day",) if domain else ("hour", "day"):
            _put(tx, span, int(domain or SERVER), name, amount, now, "tallies.value + :v")


def measure(tx: Tx, name: str, values: Mapping[int, int], now: Micros) -> None:
    """Keep what a gauge shows now, by domain id (SERVER for the sum); the largest of a span stays."""
    for domain_id, value in sorted(values.items()):
        for span in SPANS if domain_id == SERVER else ("day",):
            _put(tx, span, domain_id, name, value, now, "CASE WHEN tallies.value < :v THEN :v ELSE tallies.value END")


def _put(tx: Tx, span: str, domain_id: int, name: str, value: int, now: Micros, again: str) -> None:
    tx.run(
        "INSERT INTO tallies (span, at, domain_id, name, value) VALUES (:s, :a, :d, :n, :v)"
        f" ON CONFLICT (span, at, domain_id, name) DO UPDATE SET value = {again}",
        {"s": span, "a": now // SPANS[span], "d": domain_id, "n": name, "v": value},
    )


def read(tx: Tx, span: str, since: Micros, domain_id: int = SERVER) -> dict[str, dict[int, int]]:
    """Totals by name, then by hour or day (counted since 1970), from *since* on."""
    out: dict[str, dict[int, int]] = {}
    rows = tx.all("SELECT name, at, value FROM tallies WHERE span = :s AND at >= :a AND domain_id = :d", {"s": span, "a": since // SPANS[span], "d": domain_id})
    for name, at, value in rows:
        out.setdefault(name, {})[at] = value
    return out


def by_domain(tx: Tx, since: Micros) -> dict[int, dict[str, int]]:
    """What each domain counted from the day of *since* on, by name."""
    out: dict[int, dict[str, int]] = {}
    rows = tx.all(
        "SELECT domain_id, name, sum(value) FROM tallies WHERE span = 'day' AND at >= :a AND domain_id <> 0 GROUP BY domain_id, name", {"a": since // DAY}
    )
    for domain_id, name, value in rows:
        out.setdefault(domain_id, {})[name] = int(value)
    return out


def forget(tx: Tx, now: Micros, batch: int) -> int:
    """Remove what is past its time, and what is past MOST_ROWS; at most *batch* rows."""
    old = "(span = 'hour' AND at < :h) OR (span = 'day' AND at < :d)"
    count = tx.run(f"DELETE FROM tallies WHERE id IN (SELECT id FROM tallies WHERE {old} LIMIT :n)", {"h": now // HOUR - HOURS_KEPT, "d": now // DAY - DAYS_KEPT, "n": batch})
    over = int(tx.value("SELECT count(*) FROM tallies WHERE domain_id <> 0")) - MOST_ROWS
    if over > 0:
        count += tx.run(
            "DELETE FROM tallies WHERE id IN (SELECT id FROM tallies WHERE span = 'day' AND domain_id <> 0 ORDER BY at, id LIMIT :n)", {"n": min(over, batch)}
        )
    return min(count, batch)
