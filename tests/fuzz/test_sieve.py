"""A script compiles or raises SieveError, nothing else; a run gives a Result whatever the script and the mail; both end soon."""

import random
from collections.abc import Iterator

import pytest

from mailcore import sieve
from mailcore.sieve.actions import Keep, Result
from mailcore.sieve.grammar import COMMANDS, EXTENSIONS, TESTS, Spec
from mailcore.sieve.limits import MAX_ACTIONS
from mailcore.sieve.message import Mail, Surroundings
from mailcore.sieve.parser import parse
from mailcore.sieve.printer import printed
from tests.fuzz.mutate import broken
from tests.unit.sieve import cases
from tests.within import within

SCRIPT_SECONDS = 3.0
"""What one script may take to compile and run, on a machine that does other work too."""
ROUNDS = 60
REQUIRE = 'require ["' + '", "'.join(EXTENSIONS) + '"];\n'
STRINGS = (
    "", "a", "subject", "x-tag", "*", "?*?", "(a+)+$", "[", "${1}", "${a}", "${global.a}", "\\", "Ann@x.test", "mailto:a@x.test", "i;octet", "i;ascii-numeric", "gt", "text", "year", "+0100", "\x01\r\nX: y", "9" * 400, "é" * 50,
)  # fmt: skip


def every_script() -> list[str]:
    """The scripts of the oracle's cases."""
    return [cases.REQUIRE + script for script in cases.SCRIPTS] + [cases.REQUIRE + f"if {test} {{ keep; }}" for test in cases.TESTS[::7]] + cases.WHOLE


class Writer:
    """Writes scripts by the grammar, with arguments that fit or nearly fit."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def script(self) -> str:
        return REQUIRE + "".join(self.command(0) for _ in range(self.chance.randint(1, 8)))

    def command(self, depth: int) -> str:
        name = self.chance.choice([n for n in COMMANDS if n not in ("require", "elsif", "else")])
        spec = COMMANDS[name]
        body = " " + self.test(depth + 1) if spec.tests else ""
        if not spec.has_block:
            return f"{name}{self.arguments(spec)}{body};\n"
        inside = "".join(self.command(depth + 1) for _ in range(self.chance.randint(0, 3))) if depth < 4 else ""
        return f"{name}{self.arguments(spec)}{body} {{ {inside} }}\n"

    def test(self, depth: int) -> str:
        names = [n for n, spec in TESTS.items() if not spec.tests] if depth > 4 else list(TESTS)
        name = self.chance.choice(names)
        spec = TESTS[name]
        inside = {"": "", "1": " " + self.test(depth + 1) if spec.tests else "", "*": ""}[spec.tests]
        if spec.tests == "*":
            inside = " (" + ", ".join(self.test(depth + 1) for _ in range(self.chance.randint(1, 3))) + ")"
        return f"{name}{self.arguments(spec)}{inside}"

    def arguments(self, spec: Spec) -> str:
        tags = self.chance.sample(sorted(spec.tags), min(len(spec.tags), self.chance.choice((0, 0, 1, 1, 2))))
        words = [f":{tag} {self.value(kind) if (kind := spec.tags[tag][0]) else ''}" for tag in tags]
        return "".join(f" {word}" for word in (*words, *(self.value(kind.rstrip("?")) for kind in spec.positional)))

    def value(self, kind: str) -> str:
        if kind == "n":
            return self.chance.choice(("0", "1", "2", "100K", "9G"))
        strings = [self.chance.choice(STRINGS).replace("\\", "\\\\") for _ in range(1 if kind == "s" else self.chance.randint(1, 3))]
        return "[" + ", ".join('"' + s + '"' for s in strings) + "]"


def mails(chance: random.Random) -> Iterator[Mail]:
    """The cases' message, whole, broken, and none at all."""
    yield Mail(cases.MESSAGE)
    yield Mail(broken([cases.MESSAGE], chance))
    yield Mail(b"")


def ran(script: sieve.Script, mail: Mail) -> Result:
    """One run, its result looked at."""
    around = Surroundings(sender="ann@x.test", recipient="bob+a@x.test", find_script=lambda name, is_global: script)
    result = script.run(mail, around)
    assert len(result.actions) <= 2 * MAX_ACTIONS + 1
    assert not result.error or result.actions == (Keep(),)
    return result


@pytest.mark.parametrize("seed", range(ROUNDS))
def test_a_broken_script_compiles_or_raises_sieve_error(seed: int) -> None:
    chance = random.Random(seed)
    scripts = [script.encode() for script in every_script()]
    for _ in range(12):
        data = broken(scripts, chance)
        with within(SCRIPT_SECONDS):
            try:
                ready = sieve.compile(data)
            except sieve.SieveError as error:
                assert error.line >= 1 and error.column >= 1
            else:
                ran(ready, Mail(cases.MESSAGE))


def test_a_run_of_any_script_on_any_mail_gives_a_result() -> None:
    chance, count = random.Random(1), 0
    for _ in range(1500):
        text = Writer(chance).script()
        try:
            ready = sieve.compile(text)
        except sieve.SieveError:
            continue
        count += 1
        with within(SCRIPT_SECONDS * 3):
            assert printed(parse(printed(parse(text)))) == printed(parse(text))
            for mail in mails(chance):
                ran(ready, mail)
    assert count > 100, "the writer hardly writes a script that compiles"
