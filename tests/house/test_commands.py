"""What the command line says of itself holds: each command shows an example, and its own parser takes it."""

import argparse
import re
import shlex
from collections.abc import Iterator

import pytest

from mailcore.cli.main import COMMANDS, build


def parsers(parser: argparse.ArgumentParser) -> Iterator[argparse.ArgumentParser]:
    """*parser* and every one below it."""
    yield parser
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for below in dict.fromkeys(action.choices.values()):
                yield from parsers(below)


@pytest.mark.parametrize("name", COMMANDS)
def test_each_command_shows_an_example_that_it_takes(name: str) -> None:
    whole, _ = build(name)
    for one in list(parsers(whole))[1:]:
        text = f"{one.description or ''}\n{one.epilog or ''}"
        examples = re.findall(r"Example: (?:.*\| )?(?:sudo )?\./roost (.+)", text)
        assert examples, f"./roost {one.prog} shows no example"
        for example in examples:
            words = shlex.split(re.split(r" [<>|] | && |, or ", example)[0])
            try:
                build(words[0])[0].parse_args(words)
            except SystemExit:
                pytest.fail(f"{one.prog} does not take its own example: {example}")
