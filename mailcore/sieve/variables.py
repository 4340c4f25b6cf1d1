"""Variables: `${name}`, what the last match caught as `${1}`, and the modifiers of `set`. RFC 5229. Bounded in length and number."""

import re
from dataclasses import dataclass, field

from mailcore.sieve.errors import RunError

MAX_CHARACTERS = 8192
"""Longest value; what is longer is cut (RFC 5229 §3 wants at least 4000)."""
MAX_VARIABLES = 256
_REFERENCE = re.compile(r"\$\{((?:[A-Za-z_][A-Za-z0-9_]*)(?:\.[A-Za-z_][A-Za-z0-9_]*)*|[0-9]{1,6})\}")
_WILD = re.compile(r"([*?\\])")
_SPECIAL = re.compile(r"([.^$*+?{}()\[\]\\|])")
NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
ORDER = ("lower", "upper", "lowerfirst", "upperfirst", "quotewildcard", "quoteregex", "length")
"""By falling precedence: case, first letter, quoting, length. RFC 5229 §4.1."""


@dataclass(slots=True)
class Variables:
    """The variables of one script. *shared* is `global`'s, one for the whole run."""

    is_on: bool
    shared: dict[str, str]
    own: dict[str, str] = field(default_factory=dict)
    named_global: set[str] = field(default_factory=set)
    caught: list[str] = field(default_factory=list)

    def expand(self, text: str) -> str:
        """*text* with what its references stand for; an unknown variable is empty."""
        if not self.is_on or "${" not in text:
            return text
        return _REFERENCE.sub(lambda m: self.get(m[1]), text)[:MAX_CHARACTERS]

    def get(self, name: str) -> str:
        """A variable's or a capture's value."""
        if name.isdigit():
            number = int(name)
            return self.caught[number] if number < len(self.caught) else ""
        key = name.lower()
        if key.startswith("global."):
            return self.shared.get(key[7:], "")
        return (self.shared if key in self.named_global else self.own).get(key, "")

    def put(self, line: int, name: str, value: str) -> None:
        """Set a variable. Raises RunError for a name that is none or when there are too many."""
        key = name.lower()
        place = self.own
        if key.startswith("global."):
            key, place = key[7:], self.shared
        elif key in self.named_global:
            place = self.shared
        if not NAME.match(key):
            raise RunError(line, f"{name[:40]!r} is no name of a variable.")
        if key not in place and len(self.own) + len(self.shared) >= MAX_VARIABLES:
            raise RunError(line, f"there are more than {MAX_VARIABLES} variables.")
        place[key] = value[:MAX_CHARACTERS]


def is_name(text: str) -> bool:
    """Whether *text* can name a variable that is set."""
    return NAME.match(text.lower().removeprefix("global.")) is not None


def modified(value: str, modifiers: set[str]) -> str:
    """*value* after the modifiers of `set`."""
    for name in ORDER:
        if name not in modifiers:
            continue
        if name == "lower":
            value = value.lower()
        elif name == "upper":
            value = value.upper()
        elif name == "lowerfirst":
            value = value[:1].lower() + value[1:]
        elif name == "upperfirst":
            value = value[:1].upper() + value[1:]
        elif name == "quotewildcard":
            value = _WILD.sub(r"\\\1", value)
        elif name == "quoteregex":
            value = _SPECIAL.sub(r"\\\1", value)
        else:
            value = str(len(value))
    return value
