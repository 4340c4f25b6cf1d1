"""The clock as an argument: code below `runtime` never asks the machine for the time.

Instants are `Micros` (integer microseconds since 1970 UTC) in the store, aware UTC datetimes where people read them.
"""

from datetime import UTC, datetime, timedelta
from typing import Protocol

Micros = int
"""Microseconds since 1970-01-01T00:00:00Z."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SECOND: Micros = 1_000_000
MINUTE: Micros = 60 * SECOND
HOUR: Micros = 60 * MINUTE
DAY: Micros = 24 * HOUR


class Clock(Protocol):
    """Tells the time; the real one is in `runtime`, tests use FixedClock."""

    def now(self) -> datetime:
        """The present as an aware UTC datetime."""
        ...

    def micros(self) -> Micros:
        """The present in microseconds since 1970 UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds that never go back, for timeouts."""
        ...


def to_micros(moment: datetime) -> Micros:
    """Microseconds since 1970 of an aware *moment*."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def from_micros(value: Micros) -> datetime:
    """The aware UTC datetime of *value* microseconds since 1970."""
    return EPOCH + timedelta(microseconds=value)


class FixedClock:
    """A clock that tests move by hand."""

    def __init__(self, moment: datetime) -> None:
        self._moment = moment
        self._start = moment

    def now(self) -> datetime:
        return self._moment

    def micros(self) -> Micros:
        return to_micros(self._moment)

    def monotonic(self) -> float:
        return (self._moment - self._start).total_seconds()

    def advance(self, by: timedelta) -> None:
        """Move the present forward by *by*."""
        self._moment += by
