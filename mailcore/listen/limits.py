"""How many connections there are, by protocol, address and account, and how many recipients come from an address in a time, in this process. Loopback is not counted by address.

The limits are settings; each worker takes its share of them.
"""

import copy
from collections import Counter, OrderedDict

from mailcore.auth.login import is_loopback, network_of
from mailcore.policy import ranges
from mailcore.runtime.runtime import Runtime

KEPT_RATES = 20_000
"""Addresses whose recipients are counted. Stops strangers from filling memory."""


class Rates:
    """Recipients that come from an address, let through as fast as the limit says and at most one limit's worth at once."""

    def __init__(self, runtime: Runtime, workers: int) -> None:
        self._runtime, self._workers = runtime, max(1, workers)
        self._left: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, who: str, limit: int, seconds: int) -> bool:
        """One more of *who*; False when there were *limit* in so many *seconds*. 0 is no limit."""
        if not limit:
            return True
        share, now = -(-limit // self._workers), self._runtime.clock.monotonic()
        left, at = self._left.pop(who, (float(share), now))
        left = min(share, left + (now - at) * share / seconds)
        self._left[who] = (left - 1 if left >= 1 else left, now)
        if len(self._left) > KEPT_RATES:
            self._left.popitem(last=False)
        return left >= 1


class Connections:
    """Counts of one process."""

    def __init__(self, runtime: Runtime, workers: int) -> None:
        self._runtime = runtime
        self._settings = runtime.settings
        self._workers = max(1, workers)
        self.total: Counter[str] = Counter()
        self._by_ip: Counter[tuple[str, str]] = Counter()
        self._by_account: Counter[tuple[str, int]] = Counter()
        self.open: Counter[str] = Counter()
        """By listener."""
        self._listener = ""
        self.rates = Rates(runtime, workers)

    def at(self, listener: str) -> "Connections":
        """The same counts, as one listener adds to them."""
        made = copy.copy(self)
        made._listener = listener
        return made

    def enter(self, protocol: str, ip: str) -> str | None:
        """Count a connection; a sentence for the other side when there are too many (then it is not counted)."""
        if self.total[protocol] >= self._share(f"{protocol}.max_connections"):
            return "Too many connections. Try again later."
        refusal = ranges.refusal(self._runtime, protocol, ip)
        if refusal is not None:
            return refusal
        key = (protocol, network_of(ip))
        if protocol == "smtp" and not is_loopback(ip) and self._by_ip[key] >= self._share("smtp.max_connections_per_ip"):
            return "Too many connections from your address. Try again later."
        self.total[protocol] += 1
        self.open[self._listener] += 1
        self._runtime.counts.add("sessions")
        self._by_ip[key] += 1
        return None

    def leave(self, protocol: str, ip: str) -> None:
        """The connection has ended."""
        key = (protocol, network_of(ip))
        self.total[protocol] -= 1
        self.open[self._listener] -= 1
        self._by_ip[key] -= 1
        if self._by_ip[key] <= 0:
            del self._by_ip[key]

    def enter_account(self, protocol: str, account_id: int, limit: int) -> bool:
        """Count a signed-in connection of an account; False when there are *limit* already."""
        key = (protocol, account_id)
        if self._by_account[key] >= limit:
            return False
        self._by_account[key] += 1
        return True

    def leave_account(self, protocol: str, account_id: int) -> None:
        """A signed-in connection has ended."""
        key = (protocol, account_id)
        self._by_account[key] -= 1
        if self._by_account[key] <= 0:
            del self._by_account[key]

    def _share(self, name: str) -> int:
        return max(1, -(-int(self._settings.get(name)) // self._workers))
