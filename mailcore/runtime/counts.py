"""What happened since the last second, counted by any thread of a process and taken by the one task that writes it into the tallies."""

import threading
from collections import Counter
from collections.abc import Iterable

from mailcore.store import tallies


class Counts:
    """Amounts by name. Every `add` stands in just one `take`."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts: Counter[str] = Counter()

    def add(self, name: str, amount: int = 1, *, domains: Iterable[int | None] = ()) -> None:
        """Count *amount* for the server, and once for each of *domains* (ids; None is nobody's)."""
        with self._lock:
            self._amounts[name] += amount
            for domain_id in {one for one in domains if one is not None}:
                self._amounts[tallies.of_domain(name, domain_id)] += amount

    def take(self) -> dict[str, int]:
        """What was counted since the last time, by name or `tallies.of_domain`'s key."""
        with self._lock:
            taken, self._amounts = self._amounts, Counter()
        return dict(taken)
