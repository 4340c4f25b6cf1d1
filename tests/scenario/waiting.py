"""Waiting for what a server does by and by."""

import time
from collections.abc import Callable


def eventually(check: Callable[[], object], seconds: float = 20) -> None:
    """Until *check* holds; fails when it does not within so many seconds."""
    deadline = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.1)
