"""A tree as text again: `parse(print(tree))` gives the same tree."""

from collections.abc import Sequence

from mailcore.sieve.tree import Argument, Node


def quoted(text: str) -> str:
    """*text* as a string (RFC 5228 §2.4.2); NUL, which no string may hold, is left out."""
    return '"' + text.replace("\0", "").replace("\\", "\\\\").replace('"', '\\"').replace("\r\n", "\n").replace("\n", "\r\n") + '"'


def printed(commands: Sequence[Node], depth: int = 0) -> str:
    """The script."""
    return "".join(_command(one, depth) for one in commands)


def _command(one: Node, depth: int) -> str:
    start = "    " * depth + _call(one)
    if one.block is None:
        return start + ";\r\n"
    return start + " {\r\n" + printed(one.block, depth + 1) + "    " * depth + "}\r\n"


def _call(one: Node) -> str:
    words = [one.name, *(_argument(a) for a in one.arguments)]
    if len(one.tests) == 1 and one.name not in ("anyof", "allof"):
        words.append(_call(one.tests[0]))
    elif one.tests:
        words.append("(" + ", ".join(_call(t) for t in one.tests) + ")")
    return " ".join(words)


def _argument(argument: Argument) -> str:
    if isinstance(argument, (int, str)):
        return str(argument)
    if len(argument) == 1:
        return quoted(argument[0])
    return "[" + ", ".join(quoted(s) for s in argument) + "]"
