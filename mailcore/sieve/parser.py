"""Tokens to a tree. RFC 5228 §8.2.

    commands = *command          command = identifier arguments (";" / block)          block = "{" commands "}"
    arguments = *argument [ test / test-list ]          argument = string-list / number / tag
    test = identifier arguments          test-list = "(" test *("," test) ")"          string-list = "[" string *("," string) "]" / string
"""

from mailcore.sieve.errors import SieveError
from mailcore.sieve.lexer import Token, decode, tokens
from mailcore.sieve.tree import Node, node

MAX_NESTING = 32
"""Deepest nesting of blocks and tests (RFC 5228 §2.10.5 wants 15). Stops a script from recursing without end."""
END = Token("end", "", 0, 0)


def parse(source: bytes | str) -> list[Node]:
    """The commands of a script. Raises SieveError."""
    parser = _Parser(list(tokens(decode(source))))
    found = parser.commands(0)
    if parser.now.kind != "end":
        raise parser.wrong("a } has no {.")
    return found


class _Parser:
    def __init__(self, found: list[Token]) -> None:
        last = found[-1] if found else END
        self._tokens = [*found, Token("end", "", last.line, last.column)]
        self._at = 0

    @property
    def now(self) -> Token:
        return self._tokens[self._at]

    def wrong(self, message: str) -> SieveError:
        return SieveError(max(1, self.now.line), max(1, self.now.column), message)

    def take(self, kind: str, what: str) -> Token:
        token = self.now
        if token.kind != kind:
            raise self.wrong(f"{what} is missing." if token.kind == "end" else f"{what} should stand here, not {_shown(token)}.")
        self._at += 1
        return token

    def commands(self, depth: int) -> list[Node]:
        if depth > MAX_NESTING:
            raise self.wrong(f"blocks are nested deeper than {MAX_NESTING}.")
        found = []
        while self.now.kind == "identifier":
            found.append(self.command(depth))
        if self.now.kind not in ("}", "end"):
            raise self.wrong(f"a command should stand here, not {_shown(self.now)}.")
        return found

    def command(self, depth: int) -> Node:
        made = self.named("a command")
        self.arguments(made, depth)
        if self.now.kind == "{":
            self._at += 1
            made.block = self.commands(depth + 1)
            self.take("}", "a closing }")
        else:
            self.take(";", "a ;")
        return made

    def named(self, what: str) -> Node:
        token = self.take("identifier", what)
        return node(str(token.value), token.line, token.column)

    def arguments(self, made: Node, depth: int) -> None:
        while True:
            token = self.now
            if token.kind == "string":
                made.arguments.append((str(token.value),))
                self._at += 1
            elif token.kind == "number":
                made.arguments.append(int(token.value))
                self._at += 1
            elif token.kind == "tag":
                made.arguments.append(f":{token.value}")
                self._at += 1
            elif token.kind == "[":
                made.arguments.append(self.strings())
            else:
                break
        if self.now.kind == "identifier":
            made.tests.append(self.test(depth + 1))
        elif self.now.kind == "(":
            self._at += 1
            made.tests.append(self.test(depth + 1))
            while self.now.kind == ",":
                self._at += 1
                made.tests.append(self.test(depth + 1))
            self.take(")", "a closing )")

    def test(self, depth: int) -> Node:
        if depth > MAX_NESTING:
            raise self.wrong(f"tests are nested deeper than {MAX_NESTING}.")
        made = self.named("a test")
        self.arguments(made, depth)
        return made

    def strings(self) -> tuple[str, ...]:
        self.take("[", "a list")
        found = [str(self.take("string", "a string").value)]
        while self.now.kind == ",":
            self._at += 1
            found.append(str(self.take("string", "a string").value))
        self.take("]", "a closing ]")
        return tuple(found)


def _shown(token: Token) -> str:
    return "the end" if token.kind == "end" else f"{str(token.value)[:30]!r}"
