"""Carries the import's steps out one by one, a dry run's on a copy, and remembers what became of each."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeVar

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx

T = TypeVar("T")
ACTOR = Actor(name="import from hMailServer", role="server-admin")
MADE, HERE, LEFT, NOTE = "made", "here", "left out", "note"
SHOWN = 200
"""Lines of the report for people; `--json` has them all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What became of one thing. *state*: made, here (it was there already), left out (with the reason), note."""

    kind: str
    name: str
    state: str
    text: str = ""

    def as_dict(self) -> dict[str, str]:
        """For programs."""
        return {"kind": self.kind, "name": self.name, "state": self.state, "text": self.text}


@dataclass(slots=True)
class Report:
    """Everything that was done, in order, and the mail."""

    lines: list[Line] = field(default_factory=list)
    messages: dict[str, int] = field(default_factory=lambda: {"brought": 0, "were_here": 0, "left_out": 0, "found": 0})

    def counts(self) -> dict[str, dict[str, int]]:
        """How many of each kind had which outcome."""
        found: dict[str, Counter[str]] = {}
        for line in self.lines:
            found.setdefault(line.kind, Counter())[line.state] += 1
        return {kind: dict(counter) for kind, counter in found.items()}

    def text(self, *, is_dry: bool) -> str:
        """For people: sums first, then what needs a look."""
        head = "This would be made; nothing was changed:" if is_dry else "Imported:"
        lines = [head]
        for kind, states in self.counts().items():
            made, here, left = states.get(MADE, 0), states.get(HERE, 0), states.get(LEFT, 0)
            extra = "".join(f", {count} {word}" for count, word in ((here, "here already"), (left, "left out")) if count)
            if made or extra:
                lines.append(f"  {kind}: {made}{extra}")
        mail = self.messages
        if is_dry:
            lines.append(f"  messages: {mail['found']}")
        else:
            lines.append(f"  messages: {mail['brought']}, {mail['were_here']} here already, {mail['left_out']} left out")
        told = [line for line in self.lines if line.state in (LEFT, NOTE)]
        if told:
            lines += ["", "Look at these:", *(f"  {line.kind} {line.name}: {line.text}" for line in told[:SHOWN])]
            lines += [f"  … and {len(told) - SHOWN} more; --json shows all."] if len(told) > SHOWN else []
        return "\n".join(lines)


class Work:
    """One import. With a *tx*, of a copy, every step runs in it (a dry run); without, each in a write of its own."""

    def __init__(self, runtime: Runtime, tx: Tx | None) -> None:
        self.runtime, self.report, self._tx = runtime, Report(), tx
        self.delimiter = "."
        self.groups: dict[str, str] = {}
        """hMailServer's name of a group → its address here."""

    @property
    def is_dry(self) -> bool:
        """Whether it is done on a copy."""
        return self._tx is not None

    @property
    def now(self) -> Micros:
        """The time of a step."""
        return self.runtime.clock.micros()

    def read(self) -> Tx:
        """What stands now, with what a dry run has made so far."""
        return self._tx or self.runtime.store.read()

    def do(self, kind: str, name: str, step: Callable[[Tx], T], note: str = "") -> T | None:
        """Do one step; None when it was refused. What is here already is no mistake."""
        try:
            made = step(self._tx) if self._tx is not None else self.runtime.store.write(step, bulk=True)
        except MailError as error:
            if error.reason is Reason.STORAGE or error.reason is Reason.NO_SPACE:
                raise
            self.report.lines.append(Line(kind=kind, name=name, state=HERE if error.reason is Reason.ALREADY_EXISTS else LEFT, text=error.detail))
            return None
        self.report.lines.append(Line(kind=kind, name=name, state=MADE))
        if note:
            self.note(kind, name, note)
        return made

    def leave_out(self, kind: str, name: str, why: str) -> None:
        """Say that something was not taken."""
        self.report.lines.append(Line(kind=kind, name=name, state=LEFT, text=why))

    def note(self, kind: str, name: str, text: str) -> None:
        """Say what the admin should look at."""
        self.report.lines.append(Line(kind=kind, name=name, state=NOTE, text=text))
