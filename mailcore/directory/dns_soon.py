"""What DNS shows of domains, for a page that does not wait: it is asked in a thread of its own, and until that has an answer what was seen last stands."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from threading import Lock
from typing import Any, TypeVar

from mailcore.runtime.runtime import Runtime

Found = TypeVar("Found")
PATIENCE_SECONDS = 1.0
"""How long a page waits. An answer that comes later stands on the next one: stops a resolver that is silent from shutting the panel."""
THREADS = 2


@dataclass(slots=True)
class _Looks:
    """What was seen and what is under way, by key. The lock holds both dictionaries; nobody waits for DNS under it."""

    pool: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(THREADS, "dns"))
    seen: dict[object, list[Any]] = field(default_factory=dict)
    asked: dict[object, Future[list[Any]]] = field(default_factory=dict)
    lock: Lock = field(default_factory=Lock)


def soon(runtime: Runtime, key: object, look: Callable[[], list[Found]]) -> list[Found]:
    """What *look* returns, or returned the last time where it takes long; empty where it never came to an end. Raises what *look* raises."""
    looks = runtime.caches.setdefault(__name__, _Looks())
    assert isinstance(looks, _Looks)
    with looks.lock:
        asked = looks.asked.get(key)
        if asked is None:
            asked = looks.asked[key] = looks.pool.submit(look)
    try:
        found = asked.result(PATIENCE_SECONDS)
    except TimeoutError:
        return looks.seen.get(key, [])
    finally:
        if asked.done():
            with looks.lock:
                looks.asked.pop(key, None)
    looks.seen[key] = found
    return found
