"""When to try again: pure arithmetic, with the chance that spreads retries given in."""

from mailcore.base.clock import SECOND, Micros

JITTER = 0.1
"""Part of the wait that chance adds or takes, so that a destination is not met by everybody at once."""


def wait_seconds(attempts: int, *, first: int, longest: int, chance: float) -> float:
    """Seconds to wait after *attempts* failures (1..): doubles from *first* up to *longest*; *chance* 0..1 is the jitter. RFC 5321 §4.5.4.1."""
    wait: float = min(longest, first * 2 ** min(max(attempts, 1) - 1, 30))
    return wait * (1 + JITTER * (2 * chance - 1))


def next_try(now: Micros, attempts: int, *, first: int, longest: int, chance: float, expires_at: Micros) -> Micros | None:
    """When to try after *attempts* failures, or None when that would be past *expires_at*."""
    if now >= expires_at:
        return None
    return min(now + int(wait_seconds(attempts, first=first, longest=longest, chance=chance) * SECOND), expires_at)
