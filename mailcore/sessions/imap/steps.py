"""What a handler asks the listener to do for it, besides sending bytes: the answer comes back as the value of the yield."""

from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, TypeVar

from mailcore.store import Tx


@dataclass(frozen=True, slots=True)
class Read:
    """A cheap read; runs inline where the database allows it."""

    fn: Callable[[Tx], Any]


@dataclass(frozen=True, slots=True)
class LongRead:
    """A read of many rows, or one that also reads blobs; runs in the store pool."""

    fn: Callable[[Tx], Any]


@dataclass(frozen=True, slots=True)
class Write:
    """A write; the answer comes when it is on disk."""

    fn: Callable[[Tx], Any]


@dataclass(frozen=True, slots=True)
class Compute:
    """Something that hashes or parses for milliseconds; runs in the CPU pool."""

    call: Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds (after a wrong password)."""

    seconds: float


Step = bytes | Read | LongRead | Write | Compute | Pause
Steps = Generator[Step, Any, None]
T = TypeVar("T")
Asking = Generator[Step, Any, T]
"""A sub-generator with a value."""
