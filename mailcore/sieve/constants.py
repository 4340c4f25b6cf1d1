"""What is wrong with arguments that hold no variable can be told before the script runs: addresses, names, patterns."""

from collections.abc import Callable, Set
from typing import Protocol

from mailcore.base.errors import MailError
from mailcore.mail.address import Address
from mailcore.sieve import regex
from mailcore.sieve.errors import SieveError
from mailcore.sieve.tree import Argument, Node
from mailcore.sieve.variables import is_name


class Judge(Protocol):
    """Raises SieveError for a wrong node."""

    def __call__(self, one: Node, required: Set[str]) -> None: ...


def judge(one: Node, required: Set[str]) -> None:
    """Raises SieveError when what *one* is given can never be right."""
    found = JUDGES.get(one.name)
    if found is not None:
        found(one, required)
    if "regex" in one.tags and one.values:
        patterns(one, required)


def constant(argument: Argument, required: Set[str]) -> tuple[str, ...]:
    """The strings of an argument that no variable can change."""
    if not isinstance(argument, tuple):
        return ()
    return tuple(s for s in argument if "variables" not in required or "${" not in s)


def patterns(one: Node, required: Set[str]) -> None:
    comparator = one.tags.get("comparator")
    is_blind = comparator != ("i;octet",)
    for key in constant(one.values[-1], required):
        _tried(one, lambda key=key: regex.compile(key, is_case_blind=is_blind))  # type: ignore[misc]


def address(one: Node, required: Set[str]) -> None:
    for value in constant(one.values[0], required):
        _tried(one, lambda value=value: Address.parse(value.strip()))  # type: ignore[misc]


def name(one: Node, required: Set[str]) -> None:
    """RFC 5229 §4: a name of a variable; the one namespace known is `global`."""
    for value in constant(one.values[0], required):
        if not is_name(value):
            raise SieveError(one.line, one.column, f"{value[:40]!r} is no name of a variable.")


def flag_variable(one: Node, required: Set[str]) -> None:
    """RFC 5232 §3: a variable's name needs the variables extension."""
    if len(one.values) == 2:
        if "variables" not in required:
            raise SieveError(one.line, one.column, f"{one.name} of a variable needs require 'variables'.")
        name(one, required)


def size(one: Node, required: Set[str]) -> None:
    """RFC 5228 §5.9."""
    if not {"over", "under"} & one.tags.keys():
        raise SieveError(one.line, one.column, "size wants :over or :under.")


def _tried(one: Node, call: Callable[[], object]) -> None:
    try:
        call()
    except MailError as error:
        raise SieveError(one.line, one.column, error.detail) from error


JUDGES: dict[str, Judge] = {
    "redirect": address, "set": name, "extracttext": name, "setflag": flag_variable, "addflag": flag_variable, "removeflag": flag_variable, "size": size,
}  # fmt: skip
