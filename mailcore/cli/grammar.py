"""How commands are declared: a noun, its verbs, each with an example and `--json`."""

from typing import Any


def verbs(commands: Any, noun: str, description: str) -> Any:
    """A noun whose verbs are added to what this returns."""
    parser = commands.add_parser(noun, help=description.partition(".")[0], description=description)
    return parser.add_subparsers(dest="verb", metavar="VERB", required=True)


def verb(group: Any, name: str, run: Any, *arguments: str, example: str) -> Any:
    """A verb that calls *run* with its *arguments*; more can be added to its parser."""
    parser = group.add_parser(name, help=f"./roost {example}".replace("%", "%%"), description=f"Example: ./roost {example}")
    for argument in arguments:
        parser.add_argument(argument)
    parser.add_argument("--json", action="store_true")
    parser.set_defaults(run=run)
    return parser
