"""Runs a checked script over one message and collects what it wants done; performs nothing. RFC 5228 §2.10.

Any error ends the run as an implicit keep with the error told (§2.10.6). Steps, redirects, includes and loops are counted.
"""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mailcore.base.errors import MailError
from mailcore.mail.address import Address
from mailcore.mail.body import decode_text
from mailcore.mail.htmltext import html_to_text
from mailcore.mail.part import Part
from mailcore.sieve import actions as a
from mailcore.sieve import looking as look
from mailcore.sieve.errors import RunError
from mailcore.sieve.matching import Matcher
from mailcore.sieve.message import Mail, Surroundings
from mailcore.sieve.tests import EVALUATE, mailto, strings
from mailcore.sieve.tree import Node
from mailcore.sieve.variables import Variables, modified

if TYPE_CHECKING:
    from mailcore.sieve.script import Script

MAX_STEPS = 50_000
"""Commands and tests of one run. Stops loops over parts and includes from holding a worker."""
MAX_REDIRECTS = 5
MAX_ACTIONS = 50
MAX_INCLUDES, MAX_INCLUDE_DEPTH = 50, 10
MAX_TRACE = 100
MAX_VACATION_SECONDS, MIN_VACATION_SECONDS = 365 * 86_400, 0
_HEADER_NAME = re.compile(r"[!-9;-~]{1,100}\Z")
PROTECTED = frozenset({"received", "auto-submitted", "authentication-results"})
"""Fields that deleteheader leaves alone. RFC 5293 §6."""


class Stop(Exception):
    """stop: the whole run ends."""


class Return(Exception):
    """return: this script ends."""


class Break(Exception):
    """break: a loop over parts ends."""

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name


class Run:
    """One run over one message."""

    def __init__(self, mail: Mail, around: Surroundings) -> None:
        self.view = look.View(mail)
        self.around = around
        self.variables = Variables(is_on=False, shared={})
        self.flags: tuple[str, ...] = ()
        self.part: Part | None = None
        self.actions: list[a.Action] = []
        self.marks: list[a.Remember] = []
        self.trace: list[a.Step] = []
        self.is_kept = True
        self.steps = self.redirects = self.includes = 0
        self.names: list[str] = []
        self.once: set[str] = set()

    # What tests and commands use

    def spend(self, line: int, steps: int = 1) -> None:
        """Count steps. Raises RunError past the limit."""
        self.steps += steps
        if self.steps > MAX_STEPS:
            raise RunError(line, f"the script takes more than {MAX_STEPS} steps.")

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


def run(script: "Script", mail: Mail, around: Surroundings) -> a.Result:
    """The whole run; never raises for what a script does."""
    made = Run(mail, around)
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


# Commands


def text(self: Run, one: Node, number: int) -> str:
    """A positional string, variables filled in."""
    return strings(self, one, number)[0]


def tag_text(self: Run, one: Node, name: str) -> str | None:
    """A tag's string, variables filled in."""
    value = one.tags.get(name)
    return self.variables.expand(value[0]) if isinstance(value, tuple) else None


def flags_of(self: Run, one: Node) -> tuple[str, ...]:
    """The flags of :flags, else the current ones."""
    given = one.tags.get("flags")
    return split_flags([self.variables.expand(f) for f in given]) if isinstance(given, tuple) else self.flags


def split_flags(values: Sequence[str]) -> tuple[str, ...]:
    """Flag names, each once whatever its case. RFC 5232 §2."""
    found: dict[str, str] = {}
    for value in values:
        for name in value.split():
            found.setdefault(name.lower(), name)
    return tuple(found.values())


def keep(self: Run, one: Node) -> None:
    self.is_kept = False
    self.add(one, a.Keep(flags=flags_of(self, one), edits=len(self.view.edits)))
    self.told(one.line, "keep")


def discard(self: Run, one: Node) -> None:
    self.is_kept = False
    self.add(one, a.Discard())
    self.told(one.line, "discard")


def fileinto(self: Run, one: Node) -> None:
    is_copy, name = "copy" in one.tags, text(self, one, 0)
    if not name.strip() or len(name) > 1000:
        raise RunError(one.line, "a mailbox's name is empty or too long.")
    use = tag_text(self, one, "specialuse") or ""
    self.is_kept = self.is_kept and is_copy
    self.add(one, a.FileInto(mailbox=name, flags=flags_of(self, one), is_copy=is_copy, create="create" in one.tags, special_use=use, edits=len(self.view.edits)))
    self.told(one.line, f"fileinto {name}")


def redirect(self: Run, one: Node) -> None:
    is_copy = "copy" in one.tags
    address = checked_address(one, text(self, one, 0))
    made = a.Redirect(address=address, is_copy=is_copy, edits=len(self.view.edits))
    if made not in self.actions:
        self.redirects += 1
        if self.redirects > MAX_REDIRECTS:
            raise RunError(one.line, f"mail is redirected to more than {MAX_REDIRECTS} addresses.")
    self.is_kept = self.is_kept and is_copy
    self.add(one, made)
    self.told(one.line, f"redirect {address}")


def checked_address(one: Node, value: str) -> str:
    """An address. Raises RunError."""
    try:
        return str(Address.parse(value.strip()))
    except MailError as error:
        raise RunError(one.line, f"{value[:80]!r} is no address.") from error


def reject(self: Run, one: Node) -> None:
    if any(isinstance(x, (a.Vacation, a.Keep, a.FileInto, a.Redirect, a.Reject)) for x in self.actions):
        raise RunError(one.line, f"{one.name} goes with nothing that keeps, sends on or answers the mail.")
    self.is_kept = False
    self.add(one, a.Reject(reason=text(self, one, 0), is_ereject=one.name == "ereject"))
    self.told(one.line, one.name)


def vacation(self: Run, one: Node) -> None:
    if any(isinstance(x, (a.Vacation, a.Reject)) for x in self.actions):
        raise RunError(one.line, "one run answers once, and never what it rejects.")
    seconds, days = one.tags.get("seconds"), one.tags.get("days")
    pause = seconds if isinstance(seconds, int) else days * 86_400 if isinstance(days, int) else a.DEFAULT_VACATION_SECONDS
    if isinstance(days, int):
        pause = max(pause, 86_400)
    addresses = one.tags.get("addresses")
    sender = tag_text(self, one, "from")
    made = a.Vacation(
        reason=text(self, one, 0), subject=tag_text(self, one, "subject"), from_address=None if sender is None else next(iter(look.addresses(sender)), None),
        addresses=tuple(self.variables.expand(x) for x in addresses) if isinstance(addresses, tuple) else (),
        seconds=min(MAX_VACATION_SECONDS, pause), is_mime="mime" in one.tags, handle=tag_text(self, one, "handle") or "",
    )  # fmt: skip
    self.add(one, made)
    self.told(one.line, "vacation")


def set_(self: Run, one: Node) -> None:
    self.variables.put(one.line, text(self, one, 0), modified(text(self, one, 1), set(one.tags)))


def change_flags(self: Run, one: Node) -> None:
    """setflag, addflag, removeflag on the internal variable or a named one. RFC 5232 §3."""
    name = text(self, one, 0) if len(one.values) == 2 else ""
    given = split_flags(strings(self, one, len(one.values) - 1))
    old = split_flags([self.variables.get(name)]) if name else self.flags
    if one.name == "setflag":
        new = given
    elif one.name == "addflag":
        new = split_flags([*old, *given])
    else:
        gone = {g.lower() for g in given}
        new = tuple(f for f in old if f.lower() not in gone)
    if name:
        self.variables.put(one.line, name, " ".join(new))
    else:
        self.flags = new


def addheader(self: Run, one: Node) -> None:
    name, value = text(self, one, 0), text(self, one, 1)
    if not _HEADER_NAME.match(name) or name.lower() in PROTECTED - {"auto-submitted"}:
        raise RunError(one.line, f"the field {name[:60]!r} cannot be added.")
    clean = "".join(c if c >= " " and c != "\x7f" else " " for c in value.replace("\r\n", " "))
    self.view.add(name, clean, is_last="last" in one.tags)
    self.told(one.line, f"addheader {name}")


def deleteheader(self: Run, one: Node) -> None:
    name = text(self, one, 0).lower()
    if not _HEADER_NAME.match(name):
        raise RunError(one.line, f"{name[:60]!r} is not the name of a field.")
    if name in PROTECTED:
        return
    places = [i for i, f in enumerate(self.view.fields) if f.name.lower() == name]
    index = one.tags.get("index")
    if isinstance(index, int):
        at = len(places) - index if "last" in one.tags else index - 1
        places = places[at : at + 1] if at >= 0 else []
    if len(one.values) == 2:
        values, keys, matcher = self.view.header(name), strings(self, one, 1), Matcher(one)
        every = [i for i, f in enumerate(self.view.fields) if f.name.lower() == name]
        by_place = dict(zip(every, values, strict=True))
        places = [p for p in places if matcher.any([by_place[p]], keys)]
    self.view.delete(places)
    self.told(one.line, f"deleteheader {name}")


def include(self: Run, one: Node) -> None:
    name, is_global = text(self, one, 0), "global" in one.tags
    key = f"{is_global}:{name}"
    if key in self.once and "once" in one.tags:
        return
    self.includes += 1
    if self.includes > MAX_INCLUDES or len(self.names) >= MAX_INCLUDE_DEPTH or name in self.names:
        raise RunError(one.line, f"{name[:60]} is included too often, or includes itself.")
    try:
        found = self.around.find_script(name, is_global)
    except MailError as error:
        raise RunError(one.line, f"the script {name[:60]}: {error.detail}") from error
    if found is None:
        if "optional" in one.tags:
            return
        raise RunError(one.line, f"there is no script {name[:60]}.")
    self.once.add(key)
    self.names.append(name)
    self.script(found)
    self.names.pop()


def global_(self: Run, one: Node) -> None:
    names = [n.lower() for n in strings(self, one, 0)]
    self.variables.named_global.update(names)
    for name in names:
        self.variables.shared.setdefault(name, "")


def foreverypart(self: Run, one: Node) -> None:
    outer = self.part
    inside = list(look.subparts(outer or self.view.mail.root))
    for part in inside if outer is None else inside[1:]:
        self.spend(one.line)
        self.part = part
        try:
            self.block(one.block or ())
        except Break as end:
            if end.name and end.name != (tag_text(self, one, "name") or ""):
                self.part = outer
                raise
            break
    self.part = outer


def break_(self: Run, one: Node) -> None:
    raise Break(tag_text(self, one, "name") or "")


def extracttext(self: Run, one: Node) -> None:
    part = self.part or self.view.mail.root
    value = ""
    if part.type == "text" and not part.children:
        value = decode_text(self.view.mail.data, part)
        value = html_to_text(value) if part.subtype == "html" else value
    first = one.tags.get("first")
    if isinstance(first, int):
        value = value[:first]
    self.variables.put(one.line, text(self, one, 0), modified(value, set(one.tags)))


def notify(self: Run, one: Node) -> None:
    address = mailto(text(self, one, 0))
    if address is None:
        raise RunError(one.line, "only mailto: is known as a way to notify.")
    importance = tag_text(self, one, "importance") or "2"
    self.add(
        one,
        a.Notify(
            address=address, message=tag_text(self, one, "message") or "", from_address=tag_text(self, one, "from"),
            importance=int(importance) if importance in ("1", "2", "3") else 2,
        ),
    )  # fmt: skip
    self.told(one.line, f"notify {address}")


def stop(self: Run, one: Node) -> None:
    raise Stop


def return_(self: Run, one: Node) -> None:
    raise Return


def error(self: Run, one: Node) -> None:
    raise RunError(one.line, text(self, one, 0)[:200])


PERFORM: dict[str, Callable[[Run, Node], None]] = {
    "require": lambda self, one: None, "stop": stop, "keep": keep, "discard": discard, "redirect": redirect, "fileinto": fileinto, "reject": reject,
    "ereject": reject, "vacation": vacation, "set": set_, "setflag": change_flags, "addflag": change_flags, "removeflag": change_flags,
    "addheader": addheader, "deleteheader": deleteheader, "include": include, "return": return_, "global": global_, "foreverypart": foreverypart,
    "break": break_, "extracttext": extracttext, "notify": notify, "error": error,
}  # fmt: skip
