"""The real clock and the real randomness. Everything below takes them as arguments."""

import os
import time
from datetime import UTC, datetime

from mailcore.base.clock import Micros


class SystemClock:
    """The machine's time."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def micros(self) -> Micros:
        return time.time_ns() // 1000

    def monotonic(self) -> float:
        return time.monotonic()


class SystemRandom:
    """The operating system's randomness."""

    def bytes(self, count: int) -> bytes:
        return os.urandom(count)
