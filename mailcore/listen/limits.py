"""How many connections there are, by protocol, address and account, in this process. Loopback is not counted by address.

The limits are settings; each worker takes its share of them.
"""

import copy
from collections import Counter

from mailcore.auth.login import is_loopback, network_of
from mailcore.policy import ranges
from mailcore.runtime.runtime import Runtime


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
