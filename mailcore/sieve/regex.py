"""Extended regular expressions that cannot run away: a Thompson machine with captures, linear in pattern times text.

    regex = branch *("|" branch)      branch = *(atom [ "*" / "+" / "?" / "{" m [","[n]] "}" ])      atom = char / "." / "[...]" / "(" regex ")" / "^" / "$"
POSIX leftmost semantics as far as scripts notice: the leftmost match, greedy repeats. Draft-ietf-sieve-regex.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

from mailcore.base.errors import MailError, Reason

MAX_PATTERN = 1000
MAX_PROGRAM = 4000
"""Instructions of one pattern: stops a{1000}{1000}."""
MAX_WORK = 1_200_000
"""Work of all matches of one run, in steps of a simple pattern: about a second. Stops many cheap tests from adding up to a dear script."""
SKIPS_A_STEP = 16
"""Characters passed over because no match begins with them that cost as much as one step."""
MAX_COMPILED = 256
"""Compiled patterns that a process keeps."""
MAX_DEPTH = 30
MAX_REPEAT = 255
CLASSES = {
    "alpha": str.isalpha, "digit": str.isdigit, "alnum": str.isalnum, "upper": str.isupper, "lower": str.islower, "space": str.isspace,
    "punct": lambda c: c.isprintable() and not c.isalnum() and c != " ", "blank": lambda c: c in " \t", "print": str.isprintable,
    "xdigit": lambda c: c in "0123456789abcdefABCDEF", "graph": lambda c: c.isprintable() and c != " ", "cntrl": lambda c: c < " ",
}  # fmt: skip


ASCII_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class Step(NamedTuple):
    """One instruction. op: char, any, set, split, jump, save, start, end, match."""

    op: str
    a: object = None
    b: object = None


class Budget:
    """The work that is left of one run."""

    def __init__(self, work: int = MAX_WORK) -> None:
        self.left = work

    def spend(self, work: int) -> None:
        """Raises MailError(LIMIT) when nothing is left."""
        self.left -= work
        if self.left < 0:
            raise MailError(Reason.LIMIT, "the patterns take too long on this mail.")


@dataclass(slots=True)
class CharSet:
    """A bracket expression: single characters, ranges, classes."""

    is_not: bool
    single: set[str] = field(default_factory=set)
    ranges: list[tuple[str, str]] = field(default_factory=list)
    classes: list[Callable[[str], bool]] = field(default_factory=list)

    def has(self, char: str) -> bool:
        """Whether *char* belongs."""
        is_in = char in self.single or any(low <= char <= high for low, high in self.ranges) or any(fits(char) for fits in self.classes)
        return is_in != self.is_not

    @property
    def weight(self) -> int:
        """How dear a look is, in steps."""
        return 1 + (len(self.ranges) + len(self.classes)) // 8


def _wrong(text: str) -> MailError:
    return MailError(Reason.SYNTAX, f"the regular expression is wrong: {text}")


class _Compiler:
    def __init__(self, pattern: str, ignores_case: bool) -> None:
        if len(pattern) > MAX_PATTERN:
            raise _wrong(f"it is longer than {MAX_PATTERN}.")
        self.pattern, self.at, self.groups, self.ignores_case = pattern, 0, 0, ignores_case

    def whole(self) -> list[Step]:
        body = self.regex(0)
        if self.at < len(self.pattern):
            raise _wrong("a ) has no (.")
        return [Step("save", 0), *body, Step("save", 1), Step("match")]

    def regex(self, depth: int) -> list[Step]:
        if depth > MAX_DEPTH:
            raise _wrong("its groups are nested too deep.")
        branches = [self.branch(depth)]
        while self.peek() == "|":
            self.at += 1
            branches.append(self.branch(depth))
        made = branches.pop()
        while branches:
            left = branches.pop()
            made = self.limited([Step("split", 1, len(left) + 2), *left, Step("jump", len(made) + 1), *made])
        return made

    def branch(self, depth: int) -> list[Step]:
        made: list[Step] = []
        while self.peek() not in ("", "|", ")"):
            made += self.repeated(self.atom(depth))
            self.limited(made)
        return made

    def atom(self, depth: int) -> list[Step]:
        char = self.next()
        if char == "(":
            self.groups += 1
            number = self.groups
            body = self.regex(depth + 1)
            if self.next() != ")":
                raise _wrong("a ( has no ).")
            return [Step("save", 2 * number), *body, Step("save", 2 * number + 1)]
        if char == "[":
            return [Step("set", self.bracket())]
        if char in "*+?{":
            raise _wrong(f"nothing stands before {char}.")
        if char == "\\":
            char = self.next()
            if not char:
                raise _wrong("it ends in a backslash.")
            return [Step("char", self.case(char))]
        return [{".": Step("any"), "^": Step("start"), "$": Step("end")}.get(char, Step("char", self.case(char)))]

    def repeated(self, atom: list[Step]) -> list[Step]:
        while (sign := self.peek()) in ("*", "+", "?", "{") and sign:
            self.at += 1
            low, high = {"*": (0, -1), "+": (1, -1), "?": (0, 1)}.get(sign) or self.bounds()
            atom = self.limited(_repeat(atom, low, high))
        return atom

    def bounds(self) -> tuple[int, int]:
        end = self.pattern.find("}", self.at)
        low, comma, high = self.pattern[self.at : end].partition(",") if end > 0 else ("", "", "")
        if not low.isdigit() or (high and not high.isdigit()) or end < 0 or len(low + high) > 6:
            raise _wrong("a { } wants numbers, such as {2,5}.")
        self.at = end + 1
        first, last = int(low), int(high) if high else -1 if comma else int(low)
        if max(first, last) > MAX_REPEAT or 0 <= last < first:
            raise _wrong(f"a repeat goes up to {MAX_REPEAT}.")
        return first, last

    def bracket(self) -> CharSet:
        found = CharSet(self.peek() == "^")
        self.at += found.is_not
        is_first = True
        while is_first or self.peek() != "]":
            is_first = False
            char = self.next()
            if not char:
                raise _wrong("a [ has no ].")
            if char == "[" and self.peek() == ":":
                end = self.pattern.find(":]", self.at)
                name = self.pattern[self.at + 1 : end] if end > 0 else ""
                if name not in CLASSES:
                    raise _wrong(f"there is no class [:{name[:20]}:].")
                found.classes.append(CLASSES["alpha" if self.ignores_case and name in ("upper", "lower") else name])
                self.at = end + 2
            elif self.peek() == "-" and self.pattern[self.at + 1 : self.at + 2] not in ("]", ""):
                self.at += 1
                self.range(found, char, self.next())
            else:
                found.single.add(self.case(char))
        self.at += 1
        return found

    def range(self, found: CharSet, low: str, high: str) -> None:
        """low-high; where case does not count, the letters of a range fit in both."""
        if high < low:
            raise _wrong(f"the range {low}-{high} is empty.")
        found.ranges.append((low, high))
        if self.ignores_case:
            found.single.update(c.lower() for c in ASCII_UPPER if low <= c <= high)

    def case(self, char: str) -> str:
        return char.lower() if self.ignores_case and char.isascii() else char

    def peek(self) -> str:
        return self.pattern[self.at : self.at + 1]

    def next(self) -> str:
        char = self.peek()
        self.at += len(char)
        return char

    @staticmethod
    def limited(steps: list[Step]) -> list[Step]:
        if len(steps) > MAX_PROGRAM:
            raise _wrong("it is too large.")
        return steps


def _repeat(atom: list[Step], low: int, high: int) -> list[Step]:
    size = len(atom)
    if (max(low, high) + 1) * (size + 1) > MAX_PROGRAM:
        raise _wrong("it is too large.")
    made = atom * low
    if high < 0:
        return [*made, Step("split", 1, size + 2), *atom, Step("jump", -size - 1)]
    for _ in range(high - low):
        made += [Step("split", 1, size + 1), *atom]
    return made


LOWER = {ord(c): c.lower() for c in ASCII_UPPER}


class Regex:
    """A compiled pattern. `search` gives the captures of the leftmost match, group 0 first, or None."""

    def __init__(self, pattern: str, *, ignores_case: bool) -> None:
        compiler = _Compiler(pattern, ignores_case)
        self._program = compiler.whole()
        self._ignores_case = ignores_case
        self.groups = compiler.groups
        sets = [step.a.weight for step in self._program if isinstance(step.a, CharSet)]
        self._weight = max(1 + self.groups // 16, *sets, 1)
        self._first = self._first_steps()

    def search(self, text: str, budget: Budget | None = None) -> list[str] | None:
        """Raises MailError(LIMIT) when it takes more work than *budget* has left."""
        folded = text.translate(LOWER) if self._ignores_case else text
        slots = self._run(folded, budget or Budget())
        if slots is None:
            return None
        return [text[a:b] if a >= 0 and b >= 0 else "" for a, b in zip(slots[::2], slots[1::2], strict=True)]

    def _first_steps(self) -> list[Step] | None:
        """What can be the first character of a match inside the text; None where that is any, or a match may be empty."""
        found: list[tuple[int, tuple[int, ...]]] = []
        self._follow(0, (-1,) * (2 * self.groups + 2), 1, 2, set(), found)
        steps = [self._program[place] for place, _ in found]
        return None if any(step.op in ("any", "match") for step in steps) else steps

    def _next_start(self, text: str, at: int, known: dict[str, bool]) -> int:
        """The first place from *at* where a match could begin, or the end."""
        steps = self._first or ()
        for place in range(at, len(text)):
            char = text[place]
            is_first = known.get(char)
            if is_first is None:
                is_first = known[char] = any(_takes(step, char) for step in steps)
            if is_first:
                return place
        return len(text)

    def _run(self, text: str, budget: Budget) -> tuple[int, ...] | None:
        empty = (-1,) * (2 * self.groups + 2)
        threads: list[tuple[int, tuple[int, ...]]] = []
        found: tuple[int, ...] | None = None
        known: dict[str, bool] = {}
        at = 0
        while at <= len(text):
            if at and not threads and self._first is not None:
                start = self._next_start(text, at, known)
                budget.spend((start - at) // SKIPS_A_STEP)
                at = start
            char = text[at : at + 1]
            seen: set[int] = set()
            current: list[tuple[int, tuple[int, ...]]] = []
            starts = [*threads, (0, empty)] if found is None else threads
            for place, slots in starts:
                self._follow(place, slots, at, len(text), seen, current)
            budget.spend((len(seen) + 1) * self._weight)
            threads = []
            for place, slots in current:
                step = self._program[place]
                if step.op == "match":
                    found = slots
                    break
                if char and _takes(step, char):
                    threads.append((place + 1, slots))
            if not threads and found is not None:
                break
            at += 1
        return found

    def _follow(self, start: int, slots: tuple[int, ...], at: int, size: int, seen: set[int], out: list[tuple[int, tuple[int, ...]]]) -> None:
        stack = [(start, slots)]
        while stack:
            place, kept = stack.pop()
            if place in seen:
                continue
            seen.add(place)
            step = self._program[place]
            if step.op == "jump":
                stack.append((place + int(step.a), kept))  # type: ignore[call-overload]
            elif step.op == "split":
                stack.append((place + int(step.b), kept))  # type: ignore[call-overload]
                stack.append((place + int(step.a), kept))  # type: ignore[call-overload]
            elif step.op == "save":
                number = int(step.a)  # type: ignore[call-overload]
                stack.append((place + 1, (*kept[:number], at, *kept[number + 1 :])))
            elif step.op == "start":
                if at == 0:
                    stack.append((place + 1, kept))
            elif step.op == "end":
                if at == size:
                    stack.append((place + 1, kept))
            else:
                out.append((place, kept))


def _takes(step: Step, char: str) -> bool:
    return step.op == "any" or (step.op == "char" and step.a == char) or (isinstance(step.a, CharSet) and step.a.has(char))


@lru_cache(MAX_COMPILED)
def compile(pattern: str, *, is_case_blind: bool) -> Regex:
    """A pattern, ready to search by any thread. Raises MailError(SYNTAX)."""
    return Regex(pattern, ignores_case=is_case_blind)
