"""What something may cost, whatever else the machine does meanwhile."""

import contextlib
import time
from collections.abc import Iterator


@contextlib.contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fails when what stands inside takes more than so many seconds of this process's own time."""
    begun = time.process_time()
    yield
    spent = time.process_time() - begun
    assert spent < seconds, f"it took {spent:.1f} s"
