"""Waiting for what a server does by and by."""

import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def eventually(check: Callable[[], T], otherwise: Callable[[], object] = lambda: "it did not happen in time", *, seconds: float = 60) -> T:
    """What *check* gives once it holds; fails with what stands *otherwise* when it does not within so many seconds, long enough for a busy machine."""
    deadline = time.monotonic() + seconds
    while not (found := check()):
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.1)
    return found
