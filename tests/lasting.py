"""What all tests of a module share."""

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import pytest


class Removable(Protocol):
    """A server, or a place with one, that leaves nothing when it is removed."""

    def remove(self) -> None: ...


def lasting(make: Callable[[], Removable]) -> Any:
    """The fixture of a module's own: what *make* makes when the first test asks for it, removed after the last."""

    @pytest.fixture(scope="module")
    def made() -> Iterator[Removable]:
        one = make()
        yield one
        one.remove()

    return made
