"""The commands of the language: each collects an action, changes a variable or leads the run elsewhere. `PERFORM` has one function a name."""

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from mailcore.base.errors import MailError
from mailcore.mail.address import Address
from mailcore.mail.body import decode_text
from mailcore.mail.htmltext import html_to_text
from mailcore.sieve import actions as a
from mailcore.sieve import looking as look
from mailcore.sieve.check import loop_name
from mailcore.sieve.errors import Break, Return, RunError, Stop
from mailcore.sieve.limits import MAX_EDITS, MAX_HEADER_CHARACTERS, MAX_INCLUDE_DEPTH, MAX_INCLUDES, MAX_VACATION_SECONDS
from mailcore.sieve.matching import Matcher
from mailcore.sieve.tests import mailto, strings
from mailcore.sieve.tree import Node
from mailcore.sieve.variables import modified

if TYPE_CHECKING:
    from mailcore.sieve.interpreter import Run

_HEADER_NAME = re.compile(r"[!-9;-~]{1,100}\Z")
PROTECTED = frozenset({"received", "auto-submitted", "authentication-results"})
"""Fields that deleteheader leaves alone. RFC 5293 §6."""


def text(run: "Run", one: Node, number: int) -> str:
    """A positional string, variables filled in."""
    return strings(run, one, number)[0]


def tag_text(run: "Run", one: Node, name: str) -> str | None:
    """A tag's string, variables filled in."""
    value = one.tags.get(name)
    return run.variables.expand(value[0]) if isinstance(value, tuple) else None


def flags_of(run: "Run", one: Node) -> tuple[str, ...]:
    """The flags of :flags, else the current ones."""
    given = one.tags.get("flags")
    return split_flags([run.variables.expand(f) for f in given]) if isinstance(given, tuple) else run.flags


def split_flags(values: Sequence[str]) -> tuple[str, ...]:
    """Flag names, each once whatever its case. RFC 5232 §2."""
    found: dict[str, str] = {}
    for value in values:
        for name in value.split():
            found.setdefault(name.lower(), name)
    return tuple(found.values())


def keep(run: "Run", one: Node) -> None:
    run.is_kept = False
    run.add(one, a.Keep(flags=flags_of(run, one), edits=len(run.view.edits)))
    run.told(one.line, "keep")


def discard(run: "Run", one: Node) -> None:
    run.is_kept = False
    run.add(one, a.Discard())
    run.told(one.line, "discard")


def fileinto(run: "Run", one: Node) -> None:
    is_copy, name = "copy" in one.tags, text(run, one, 0)
    if not name.strip() or len(name) > 1000:
        raise RunError(one.line, "a mailbox's name is empty or too long.")
    use = tag_text(run, one, "specialuse") or ""
    run.is_kept = run.is_kept and is_copy
    run.add(one, a.FileInto(mailbox=name, flags=flags_of(run, one), is_copy=is_copy, create="create" in one.tags, special_use=use, edits=len(run.view.edits)))
    run.told(one.line, f"fileinto {name}")


def redirect(run: "Run", one: Node) -> None:
    is_copy = "copy" in one.tags
    address = checked_address(one, text(run, one, 0))
    made = a.Redirect(address=address, is_copy=is_copy, edits=len(run.view.edits))
    if made not in run.actions:
        run.redirects += 1
        if run.redirects > run.limits.redirects:
            raise RunError(one.line, f"mail is redirected to more than {run.limits.redirects} addresses.")
    run.is_kept = run.is_kept and is_copy
    run.add(one, made)
    run.told(one.line, f"redirect {address}")


def checked_address(one: Node, value: str) -> str:
    """An address. Raises RunError."""
    try:
        return str(Address.parse(value.strip()))
    except MailError as error:
        raise RunError(one.line, f"{value[:80]!r} is no address.") from error


def reject(run: "Run", one: Node) -> None:
    if any(isinstance(x, (a.Vacation, a.Keep, a.FileInto, a.Redirect, a.Reject)) for x in run.actions):
        raise RunError(one.line, f"{one.name} goes with nothing that keeps, sends on or answers the mail.")
    run.is_kept = False
    run.add(one, a.Reject(reason=text(run, one, 0), is_ereject=one.name == "ereject"))
    run.told(one.line, one.name)


def vacation(run: "Run", one: Node) -> None:
    if any(isinstance(x, (a.Vacation, a.Reject)) for x in run.actions):
        raise RunError(one.line, "one run answers once, and never what it rejects.")
    seconds, days = one.tags.get("seconds"), one.tags.get("days")
    pause = seconds if isinstance(seconds, int) else days * 86_400 if isinstance(days, int) else a.DEFAULT_VACATION_SECONDS
    if isinstance(days, int):
        pause = max(pause, 86_400)
    addresses = one.tags.get("addresses")
    sender = tag_text(run, one, "from")
    made = a.Vacation(
        reason=text(run, one, 0), subject=tag_text(run, one, "subject"), from_address=None if sender is None else next(iter(look.addresses(sender)), None),
        addresses=tuple(run.variables.expand(x) for x in addresses) if isinstance(addresses, tuple) else (),
        seconds=min(MAX_VACATION_SECONDS, pause), is_mime="mime" in one.tags, handle=tag_text(run, one, "handle") or "",
    )  # fmt: skip
    run.add(one, made)
    run.told(one.line, "vacation")


def set_(run: "Run", one: Node) -> None:
    run.variables.put(one.line, text(run, one, 0), modified(text(run, one, 1), set(one.tags)))


def change_flags(run: "Run", one: Node) -> None:
    """setflag, addflag, removeflag on the internal variable or a named one. RFC 5232 §3."""
    name = text(run, one, 0) if len(one.values) == 2 else ""
    given = split_flags(strings(run, one, len(one.values) - 1))
    old = split_flags([run.variables.get(name)]) if name else run.flags
    if one.name == "setflag":
        new = given
    elif one.name == "addflag":
        new = split_flags([*old, *given])
    else:
        gone = {g.lower() for g in given}
        new = tuple(f for f in old if f.lower() not in gone)
    if name:
        run.variables.put(one.line, name, " ".join(new))
    else:
        run.flags = new


def edit_limit(run: "Run", one: Node, count: int = 1) -> None:
    """Raises RunError when *count* more edits are too many."""
    if len(run.view.edits) + count > MAX_EDITS:
        raise RunError(one.line, f"the script changes more than {MAX_EDITS} header fields.")


def addheader(run: "Run", one: Node) -> None:
    name, value = text(run, one, 0), text(run, one, 1)
    if not _HEADER_NAME.match(name) or name.lower() in PROTECTED - {"auto-submitted"}:
        raise RunError(one.line, f"the field {name[:60]!r} cannot be added.")
    clean = "".join(c if c >= " " and c != "\x7f" else " " for c in value.replace("\r\n", " "))
    if len(clean) > MAX_HEADER_CHARACTERS:
        raise RunError(one.line, f"an added field is longer than {MAX_HEADER_CHARACTERS} characters.")
    edit_limit(run, one)
    run.view.add(name, clean, is_last="last" in one.tags)
    run.told(one.line, f"addheader {name}")


def deleteheader(run: "Run", one: Node) -> None:
    name = text(run, one, 0).lower()
    if not _HEADER_NAME.match(name):
        raise RunError(one.line, f"{name[:60]!r} is not the name of a field.")
    if name in PROTECTED:
        return
    places = [i for i, f in enumerate(run.view.fields) if f.name.lower() == name]
    index = one.tags.get("index")
    if isinstance(index, int):
        at = len(places) - index if "last" in one.tags else index - 1
        places = places[at : at + 1] if at >= 0 else []
    if len(one.values) == 2:
        values, keys, matcher = run.view.header(name), strings(run, one, 1), Matcher(one, run.budget)
        every = [i for i, f in enumerate(run.view.fields) if f.name.lower() == name]
        by_place = dict(zip(every, values, strict=True))
        places = [p for p in places if matcher.any([by_place[p]], keys)]
    edit_limit(run, one, len(places))
    run.view.delete(places)
    run.told(one.line, f"deleteheader {name}")


def include(run: "Run", one: Node) -> None:
    name, is_global = text(run, one, 0), "global" in one.tags
    key = f"{is_global}:{name}"
    if key in run.once and "once" in one.tags:
        return
    run.includes += 1
    if run.includes > MAX_INCLUDES or len(run.names) >= MAX_INCLUDE_DEPTH or name in run.names:
        raise RunError(one.line, f"{name[:60]} is included too often, or includes itrun.")
    try:
        found = run.around.find_script(name, is_global)
    except MailError as error:
        raise RunError(one.line, f"the script {name[:60]}: {error.detail}") from error
    if found is None:
        if "optional" in one.tags:
            return
        raise RunError(one.line, f"there is no script {name[:60]}.")
    run.once.add(key)
    run.names.append(name)
    run.script(found)
    run.names.pop()


def global_(run: "Run", one: Node) -> None:
    names = [n.lower() for n in strings(run, one, 0)]
    run.variables.named_global.update(names)
    for name in names:
        run.variables.shared.setdefault(name, "")


def foreverypart(run: "Run", one: Node) -> None:
    outer = run.part
    inside = list(look.subparts(outer or run.view.mail.root))
    for part in inside if outer is None else inside[1:]:
        run.spend(one.line)
        run.part = part
        try:
            run.block(one.block or ())
        except Break as end:
            if end.name and end.name != loop_name(one):
                run.part = outer
                raise
            break
    run.part = outer


def break_(run: "Run", one: Node) -> None:
    raise Break(loop_name(one))


def extracttext(run: "Run", one: Node) -> None:
    part = run.part or run.view.mail.root
    value = ""
    if part.type == "text" and not part.children:
        value = decode_text(run.view.mail.data, part)
        value = html_to_text(value) if part.subtype == "html" else value
    first = one.tags.get("first")
    if isinstance(first, int):
        value = value[:first]
    run.variables.put(one.line, text(run, one, 0), modified(value, set(one.tags)))


def notify(run: "Run", one: Node) -> None:
    address = mailto(text(run, one, 0))
    if address is None:
        raise RunError(one.line, "only mailto: is known as a way to notify.")
    importance = tag_text(run, one, "importance") or "2"
    run.add(
        one,
        a.Notify(
            address=address, message=tag_text(run, one, "message") or "", from_address=tag_text(run, one, "from"),
            importance=int(importance) if importance in ("1", "2", "3") else 2,
        ),
    )  # fmt: skip
    run.told(one.line, f"notify {address}")


def route(run: "Run", one: Node) -> None:
    run.add(one, a.SendBy(route=text(run, one, 0)))
    run.told(one.line, f"route {text(run, one, 0)[:100]}")


def program(run: "Run", one: Node) -> None:
    run.add(one, a.RunProgram(name=text(run, one, 0)))
    run.told(one.line, f"program {text(run, one, 0)[:100]}")


def stop(run: "Run", one: Node) -> None:
    raise Stop


def return_(run: "Run", one: Node) -> None:
    raise Return


def error(run: "Run", one: Node) -> None:
    raise RunError(one.line, text(run, one, 0)[:200])


PERFORM: dict[str, Callable[["Run", Node], None]] = {
    "require": lambda run, one: None, "stop": stop, "keep": keep, "discard": discard, "redirect": redirect, "fileinto": fileinto, "reject": reject,
    "ereject": reject, "vacation": vacation, "set": set_, "setflag": change_flags, "addflag": change_flags, "removeflag": change_flags,
    "addheader": addheader, "deleteheader": deleteheader, "include": include, "return": return_, "global": global_, "foreverypart": foreverypart,
    "break": break_, "extracttext": extracttext, "notify": notify, "error": error, "route": route, "program": program,
}  # fmt: skip
