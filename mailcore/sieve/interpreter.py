"""Runs a checked script over one message and collects what it wants done; performs nothing. RFC 5228 §2.10.

Any error ends the run as an implicit keep with the error told (§2.10.6). Steps, redirects, includes and loops are counted.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mailcore.mail.part import Part
from mailcore.sieve import actions as a
from mailcore.sieve import looking as look
from mailcore.sieve.commands import PERFORM
from mailcore.sieve.errors import Return, RunError, Stop
from mailcore.sieve.limits import MAX_ACTIONS, MAX_LOOKED_CHARACTERS, MAX_STEPS, MAX_TRACE, Limits
from mailcore.sieve.message import Mail, Surroundings
from mailcore.sieve.regex import Budget
from mailcore.sieve.tests import EVALUATE
from mailcore.sieve.tree import Node
from mailcore.sieve.variables import Variables

if TYPE_CHECKING:
    from mailcore.sieve.script import Script


class Run:
    """One run over one message."""

    def __init__(self, mail: Mail, around: Surroundings, limits: Limits) -> None:
        self.view = look.View(mail)
        self.around = around
        self.limits = limits
        self.budget = Budget()
        self.variables = Variables(is_on=False, shared={})
        self.flags: tuple[str, ...] = ()
        self.part: Part | None = None
        self.actions: list[a.Action] = []
        self.marks: list[a.Remember] = []
        self.trace: list[a.Step] = []
        self.is_kept = True
        self.steps = self.redirects = self.includes = self.looked = 0
        self.names: list[str] = []
        self.once: set[str] = set()

    # What tests and commands use

    def spend(self, line: int, steps: int = 1) -> None:
        """Count steps. Raises RunError past the limit."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise RunError(line, f"the script takes more than {MAX_STEPS} steps.")

    def look(self, line: int, characters: int) -> None:
        """Count characters that are compared. Raises RunError past the limit."""
        self.looked += characters
        if self.looked > MAX_LOOKED_CHARACTERS:
            raise RunError(line, "the script compares too much text.")

    def remember(self, mark: a.Remember) -> None:
        """Remember a duplicate's mark when delivery has succeeded."""
        self.marks.append(mark)

    def told(self, line: int, text: str) -> None:
        """A line of the trace."""
        if len(self.trace) < MAX_TRACE:
            self.trace.append(a.Step(line=line, text=text, script=self.names[-1] if self.names else ""))

    def add(self, one: Node, action: a.Action) -> None:
        """Collect an action once."""
        if action in self.actions:
            return
        if any(isinstance(done, a.Reject) for done in self.actions) and not isinstance(action, (a.Discard, a.Notify, a.RunProgram)):
            raise RunError(one.line, f"{one.name} does not go with mail that was rejected.")
        if len(self.actions) >= MAX_ACTIONS:
            raise RunError(one.line, f"the script does more than {MAX_ACTIONS} things.")
        self.actions.append(action)

    # Running

    def script(self, script: "Script") -> None:
        """Run a script's commands with its own variables."""
        outer = self.variables
        self.variables = Variables(is_on="variables" in script.extensions, shared=outer.shared)
        try:
            self.block(script.commands)
        except Return:
            pass
        finally:
            self.variables = outer

    def block(self, commands: Sequence[Node]) -> None:
        """Run commands in order; of an if chain one branch."""
        is_done = False
        for one in commands:
            self.spend(one.line)
            if one.name in ("if", "elsif", "else"):
                if one.name == "if":
                    is_done = False
                if not is_done and (one.name == "else" or self.holds(one.tests[0])):
                    is_done = True
                    self.block(one.block or ())
                continue
            PERFORM[one.name](self, one)

    def holds(self, test: Node) -> bool:
        """Whether a test holds."""
        self.spend(test.line)
        if test.name == "not":
            return not self.holds(test.tests[0])
        if test.name == "allof":
            return all(self.holds(t) for t in test.tests)
        if test.name == "anyof":
            return any(self.holds(t) for t in test.tests)
        return EVALUATE[test.name](self, test)

    def result(self) -> a.Result:
        """What was collected, with the implicit keep."""
        found = list(self.actions)
        if self.is_kept:
            found.append(a.Keep(flags=self.flags, edits=len(self.view.edits)))
        return a.Result(
            actions=(*found, *self.marks), header_edits=tuple(self.view.edits), is_implicit_keep=self.is_kept, trace=tuple(self.trace)
        )  # fmt: skip


def run(script: "Script", mail: Mail, around: Surroundings, limits: Limits) -> a.Result:
    """The whole run; never raises for what a script does."""
    made = Run(mail, around, limits)
    try:
        made.script(script)
    except Stop:
        pass
    except RunError as error:
        where = f" of {made.names[-1]}" if made.names else ""
        return a.Result(actions=(a.Keep(),), is_implicit_keep=True, error=f"Line {error.line}{where}: {error.message}", trace=tuple(made.trace))
    except RecursionError:
        return a.Result(actions=(a.Keep(),), is_implicit_keep=True, error="The script is nested too deep.", trace=tuple(made.trace))
    return made.result()
