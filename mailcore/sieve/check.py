"""Looks a parsed script over before it runs: names, arguments, what is required, where commands may stand. RFC 5228 §2.10 and §3.2.

Arguments are sorted into tags and positional values here, once, so that the interpreter never meets a wrong shape.
"""

import re
from collections.abc import Sequence

from mailcore.sieve.constants import judge
from mailcore.sieve.errors import SieveError
from mailcore.sieve.grammar import COMMANDS, COMPARATORS, EXCLUSIVE, EXTENSIONS, IMPLIED, RELATIONS, TESTS, Spec
from mailcore.sieve.tree import Argument, Node

KINDS = {"s": "a string", "S": "a string or a list of strings", "n": "a number"}
DECIDES = {"allof": False, "anyof": True}
"""The answer of one test that ends the whole, as it does when the script runs."""
_ENCODED = re.compile(r"\$\{(hex|unicode):([0-9a-f\s]*)\}", re.IGNORECASE)


def check(commands: list[Node], also: Sequence[str] = ()) -> frozenset[str]:
    """Check a whole script in place, which may require *also*; the extensions it requires. Raises SieveError."""
    checker = _Checker(also)
    checker.requires(commands)
    checker.block(commands, ())
    return frozenset(checker.required)


class _Checker:
    def __init__(self, also: Sequence[str]) -> None:
        self.required: set[str] = set()
        self.known = (*EXTENSIONS, *also)

    def requires(self, commands: Sequence[Node]) -> None:
        is_over = False
        for one in commands:
            if one.name != "require":
                is_over = True
                continue
            if is_over:
                raise wrong(one, "require stands before everything else.")
            self.arguments(one, COMMANDS["require"])
            names = one.values[0]
            assert isinstance(names, tuple)
            for name in names:
                if name not in self.known:
                    raise wrong(one, f"the extension {name[:60]!r} is not known here.")
                self.enable(name)

    def enable(self, name: str) -> None:
        self.required.update((name, *IMPLIED.get(name, ())))

    def block(self, commands: Sequence[Node], loops: tuple[str, ...]) -> None:
        """Check commands inside the foreverypart loops of these names, "" for one without."""
        last, is_settled = "", False
        for one in commands:
            is_settled = is_settled and one.name in ("elsif", "else")
            spec = COMMANDS.get(one.name)
            if spec is None:
                raise wrong(one, f"there is no command {one.name}.")
            if one.name in ("elsif", "else") and last not in ("if", "elsif"):
                raise wrong(one, f"{one.name} stands behind an if.")
            answer: bool | None = None
            if one.name != "require" and not is_settled:
                answer = self.node(one, spec)
            if one.name == "break":
                self.loop(one, loops)
            if spec.has_block != (one.block is not None):
                raise wrong(one, f"{one.name} needs a block in braces." if spec.has_block else f"{one.name} takes no block.")
            if one.block is not None and answer is not False and not is_settled:
                self.block(one.block, (*loops, loop_name(one)) if one.name == "foreverypart" else loops)
            last, is_settled = one.name, is_settled or (answer is True and one.name in ("if", "elsif"))

    def loop(self, one: Node, loops: tuple[str, ...]) -> None:
        """RFC 5703 §3.2: break ends the loop it stands in, or an outer one by its name."""
        if not loops:
            raise wrong(one, "break stands inside foreverypart.")
        if "name" in one.tags and loop_name(one) not in loops:
            raise wrong(one, f"no loop around this has the name {loop_name(one)[:40]!r}.")

    def node(self, one: Node, spec: Spec) -> bool | None:
        """Check a command or test. What ihave alone decides is the answer, and what that keeps from running is not checked. RFC 5463 §4."""
        self.need(one, spec.extension, one.name)
        self.arguments(one, spec)
        wanted = {"": 0, "1": 1}.get(spec.tests)
        if wanted is not None and len(one.tests) != wanted:
            raise wrong(one, f"{one.name} takes {'one test' if wanted else 'no test'}.")
        if spec.tests == "*" and not one.tests:
            raise wrong(one, f"{one.name} needs tests.")
        answers: list[bool | None] = []
        for test in one.tests:
            answers.append(self.test(test))
            if answers[-1] is DECIDES.get(one.name, "nothing"):
                break
        return self.answer(one, answers)

    def test(self, test: Node) -> bool | None:
        found = TESTS.get(test.name)
        if found is None:
            raise wrong(test, f"there is no test {test.name}.")
        return self.node(test, found)

    def answer(self, one: Node, answers: list[bool | None]) -> bool | None:
        if one.name == "ihave":
            names = one.values[0]
            assert isinstance(names, tuple)
            has_all = all(name in EXTENSIONS for name in names)
            for name in names if has_all else ():
                self.enable(name)
            return has_all
        if one.name in DECIDES:
            decider = DECIDES[one.name]
            return decider if decider in answers else None if None in answers else not decider
        if not answers:
            return None
        return (None if answers[0] is None else not answers[0]) if one.name == "not" else answers[0]

    def need(self, one: Node, extension: str, what: str) -> None:
        if extension and extension not in self.required:
            raise wrong(one, f"{what} needs require {extension!r}.")

    def arguments(self, one: Node, spec: Spec) -> None:
        waiting = [self.decoded(one, a) for a in one.arguments]
        one.tags, one.values = {}, []
        at = 0
        while at < len(waiting):
            argument = waiting[at]
            at += 1
            if not isinstance(argument, str):
                one.values.append(argument)
                continue
            name = argument[1:]
            if name not in spec.tags:
                raise wrong(one, f"{one.name} has no tag {argument}.")
            kind, extension = spec.tags[name]
            self.need(one, extension, argument)
            if name in one.tags:
                raise wrong(one, f"{argument} stands twice.")
            if not kind:
                one.tags[name] = True
                continue
            if at >= len(waiting) or not fits(waiting[at], kind):
                raise wrong(one, f"{argument} wants {KINDS[kind]}.")
            one.tags[name] = waiting[at]
            at += 1
        one.values = self.positional(one, spec)
        self.tags(one)
        judge(one, self.required)

    def positional(self, one: Node, spec: Spec) -> list[Argument]:
        kinds = list(spec.positional)
        missing = len(kinds) - len(one.values)
        for kind in [k for k in kinds if k.endswith("?")]:
            if missing > 0:
                kinds.remove(kind)
                missing -= 1
        if len(one.values) != len(kinds):
            raise wrong(one, f"{one.name} takes {len(kinds)} arguments besides its tags, not {len(one.values)}.")
        for number, (value, kind) in enumerate(zip(one.values, kinds, strict=True), 1):
            if not fits(value, kind.rstrip("?")):
                raise wrong(one, f"argument {number} of {one.name} is {KINDS[kind.rstrip('?')]}.")
        return one.values

    def tags(self, one: Node) -> None:
        for group in EXCLUSIVE:
            there = [name for name in group if name in one.tags]
            if len(there) > 1 and one.name not in ("set", "extracttext"):
                raise wrong(one, f":{there[0]} and :{there[1]} exclude each other.")
        for name in ("value", "count"):
            relation = one.tags.get(name)
            if isinstance(relation, tuple) and relation[0] not in RELATIONS:
                raise wrong(one, f":{name} wants one of {', '.join(RELATIONS)}.")
        comparator = one.tags.get("comparator")
        if isinstance(comparator, tuple):
            if comparator[0] not in COMPARATORS:
                raise wrong(one, f"there is no comparator {comparator[0][:40]!r}.")
            if comparator[0] in ("i;ascii-numeric", "i;unicode-casemap"):
                self.need(one, f"comparator-{comparator[0]}", comparator[0])
            if comparator[0] == "i;ascii-numeric" and {"contains", "matches", "regex"} & one.tags.keys():
                raise wrong(one, "i;ascii-numeric compares only whole numbers.")
        if "last" in one.tags and "index" not in one.tags and one.name in ("header", "address", "date", "deleteheader"):
            raise wrong(one, ":last stands with :index.")

    def decoded(self, one: Node, argument: Argument) -> Argument:
        if "encoded-character" not in self.required or not isinstance(argument, tuple):
            return argument
        return tuple(_ENCODED.sub(lambda m: _characters(one, m[1].lower(), m[2], m[0]), s) for s in argument)


def loop_name(one: Node) -> str:
    """The name of a loop, or of the one that break ends; "" without."""
    given = one.tags.get("name")
    return given[0] if isinstance(given, tuple) else ""


def _characters(one: Node, kind: str, digits: str, whole: str) -> str:
    """RFC 5228 §2.4.2.4: what is not right stays as it is; a number that is no character is an error."""
    words = digits.split()
    if not words or any(len(w) > (2 if kind == "hex" else 8) for w in words):
        return whole
    if kind == "hex":
        return bytes(int(w, 16) for w in words).decode("utf-8", "replace")
    numbers = [int(w, 16) for w in words]
    if any(n > 0x10FFFF or 0xD800 <= n <= 0xDFFF for n in numbers):
        raise wrong(one, f"{whole[:40]} is no character.")
    return "".join(map(chr, numbers))


def fits(argument: Argument, kind: str) -> bool:
    """Whether *argument* is of a positional kind."""
    if kind == "n":
        return isinstance(argument, int)
    return isinstance(argument, tuple) and (kind == "S" or len(argument) == 1)


def wrong(one: Node, message: str) -> SieveError:
    """The error that names where *one* stands."""
    return SieveError(one.line, one.column, message)
