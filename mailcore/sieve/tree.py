"""The shape of a script: commands, tests and their arguments, as written. What they mean is `grammar`'s and the interpreter's."""

from dataclasses import dataclass

Strings = tuple[str, ...]
Argument = Strings | int | str
"""A string list, a number, or (as a `str` that begins with ":") a tag."""


@dataclass(slots=True, kw_only=True)
class Node:
    """A command or a test. After `check` its tags stand in `tags` with their values and what is positional in `values`."""

    name: str
    line: int
    column: int
    arguments: list[Argument]
    tests: list["Node"]
    block: list["Node"] | None = None
    tags: dict[str, Argument | bool]
    values: list[Argument]


def node(name: str, line: int, column: int) -> Node:
    """An empty one."""
    return Node(name=name, line=line, column=column, arguments=[], tests=[], tags={}, values=[])
