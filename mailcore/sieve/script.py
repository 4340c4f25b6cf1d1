"""A compiled script: parsed and checked once, run any number of times, by any thread."""

from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.sieve import interpreter
from mailcore.sieve.actions import Result
from mailcore.sieve.check import check
from mailcore.sieve.limits import Limits
from mailcore.sieve.message import Mail, Surroundings
from mailcore.sieve.parser import parse
from mailcore.sieve.tree import Node


@dataclass(frozen=True, slots=True, kw_only=True)
class Script:
    """What `compile` makes."""

    commands: tuple[Node, ...]
    extensions: frozenset[str]

    def run(self, message: Mail, around: Surroundings, limits: Limits = Limits()) -> Result:
        """What the script wants done with *message*. Never raises: an error is an implicit keep that says why."""
        return interpreter.run(self, message, around, limits)


def compile(source: bytes | str, also: Sequence[str] = ()) -> Script:
    """Parse and check a script, which may require the extensions *also*. Raises SieveError with line and column."""
    commands = parse(source)
    extensions = check(commands, also)
    return Script(commands=tuple(commands), extensions=extensions)
