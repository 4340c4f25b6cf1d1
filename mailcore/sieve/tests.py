"""The tests of the language: each looks at one thing and answers yes or no. `EVALUATE` has one function a name."""

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from mailcore.base.errors import MailError
from mailcore.mail.address import Address
from mailcore.mail.part import Part
from mailcore.sieve import looking as look
from mailcore.sieve.actions import Remember
from mailcore.sieve.grammar import EXTENSIONS
from mailcore.sieve.matching import Matcher
from mailcore.sieve.tree import Node

if TYPE_CHECKING:
    from mailcore.sieve.interpreter import Run

DUPLICATE_SECONDS, MOST_DUPLICATE_SECONDS = 7 * 86_400, 90 * 86_400
NOT_TESTED = "0"


def strings(run: "Run", test: Node, number: int) -> list[str]:
    """A string list argument, variables filled in."""
    value = test.values[number]
    assert isinstance(value, tuple)
    return [run.variables.expand(s) for s in value]


def matched(run: "Run", test: Node, values: list[str], keys: list[str]) -> bool:
    """Compare, and keep what the match caught."""
    matcher = Matcher(test, run.budget)
    run.spend(test.line, 1 + len(values) * len(keys) // 50)
    run.look(test.line, sum(map(len, values)) * len(keys))
    answer = matcher.any(values, keys)
    if answer and matcher.captures is not None:
        run.variables.caught = matcher.captures
    return answer


def mime_parts(run: "Run", test: Node) -> list[Part] | None:
    """The parts a test with :mime looks at; None for the message's own header. RFC 5703 §4."""
    if "mime" not in test.tags and "anychild" not in test.tags:
        return None
    here = run.part or run.view.mail.root
    if "anychild" not in test.tags:
        return [here]
    return list(look.subparts(here))


def header(run: "Run", test: Node) -> bool:
    index, is_last, parts = test.tags.get("index"), "last" in test.tags, mime_parts(run, test)
    values: list[str] = []
    for name in strings(run, test, 0):
        if parts is None:
            values += look.indexed(run.view.header(name), index, is_last=is_last)
            continue
        for part in parts:
            values += mime_values(run, test, part, name)
    return matched(run, test, values, strings(run, test, 1))


def mime_values(run: "Run", test: Node, part: Part, name: str) -> list[str]:
    """What :type, :subtype, :contenttype and :param take out of a part's field. RFC 5703 §4.1 to §4.4."""
    tags, lower = test.tags, name.lower()
    if lower == "content-type" and tags.keys() & {"type", "subtype", "contenttype"}:
        return [part.type if "type" in tags else part.subtype if "subtype" in tags else part.mime_type]
    params = tags.get("param")
    if isinstance(params, tuple):
        found = look.part_params(part, name)
        return [found[p.lower()] for p in params if p.lower() in found]
    return run.view.header(name, part)


def address(run: "Run", test: Node) -> bool:
    values = []
    for name in strings(run, test, 0):
        parts = mime_parts(run, test)
        raws = run.view.raw(name) if parts is None else [r for p in parts for r in run.view.raw(name, p)]
        found = [a for raw in raws for a in look.addresses(raw)]
        values += look.indexed(found, test.tags.get("index"), is_last="last" in test.tags)
    return matched(run, test, part_of(test, values), strings(run, test, 1))


def part_of(test: Node, values: list[str]) -> list[str]:
    """The address part a test names."""
    part = next((p for p in ("localpart", "domain", "user", "detail") if p in test.tags), "all")
    return [found for value in values if (found := look.address_part(value, part)) is not None]


def envelope(run: "Run", test: Node) -> bool:
    around = run.around
    known = {"from": around.sender, "to": around.recipient, "orig_to": around.original_recipient, "auth": around.signed_in_as}
    values = [known[name.lower()] for name in strings(run, test, 0) if name.lower() in known]
    return matched(run, test, part_of(test, values), strings(run, test, 1))


def exists(run: "Run", test: Node) -> bool:
    parts = mime_parts(run, test)
    if parts is None:
        return all(run.view.raw(name) for name in strings(run, test, 0))
    return all(any(run.view.raw(name, part) for part in parts) for name in strings(run, test, 0))


def size(run: "Run", test: Node) -> bool:
    limit = test.values[0]
    assert isinstance(limit, int)
    return run.view.mail.size > limit if "over" in test.tags else run.view.mail.size < limit


def body(run: "Run", test: Node) -> bool:
    kinds = test.tags.get("content")
    if "raw" in test.tags:
        values = [look.raw_body(run.view.mail)]
    elif isinstance(kinds, tuple):
        values = run.view.texts(tuple(k.lower() for k in kinds))
    else:
        values = run.view.texts(None)
    matcher, keys = Matcher(test, run.budget), strings(run, test, 0)
    run.spend(test.line, 20)
    run.look(test.line, sum(map(len, values)) * (len(keys) + 1))
    # What a body test matches is not kept: RFC 5173 §6.
    return matcher.any(values, keys)


def date(run: "Run", test: Node) -> bool:
    name, part = strings(run, test, 0)[0], strings(run, test, 1)[0]
    raws = run.view.raw(name)
    index = test.tags.get("index")
    if isinstance(index, int):
        place = len(raws) - index if "last" in test.tags else index - 1
        raws = raws[place : place + 1] if place >= 0 else []
    moment = look.moment_of(raws[0]) if raws else None
    return matched(run, test, dated(run, test, moment, part), strings(run, test, 2))


def currentdate(run: "Run", test: Node) -> bool:
    return matched(run, test, dated(run, test, run.around.now, strings(run, test, 0)[0]), strings(run, test, 1))


def dated(run: "Run", test: Node, moment: datetime | None, part: str) -> list[str]:
    """One part of *moment* in the zone that the test names, else the account's."""
    if moment is None:
        return []
    given = test.tags.get("zone")
    if "originalzone" not in test.tags:
        zone = look.zone_of(run.variables.expand(given[0])) if isinstance(given, tuple) else run.around.zone
        moment = moment.astimezone(zone or run.around.zone)
    found = look.date_part(moment, part)
    return [] if found is None else [found]


def string(run: "Run", test: Node) -> bool:
    values = strings(run, test, 0)
    if "count" in test.tags:
        values = [v for v in values if v]
    return matched(run, test, values, strings(run, test, 1))


def hasflag(run: "Run", test: Node) -> bool:
    names = strings(run, test, 0) if len(test.values) == 2 else []
    flags = [f for name in names for f in run.variables.get(name).split()] if names else list(run.flags)
    keys = [k for key in strings(run, test, len(test.values) - 1) for k in (key.split() or [""])]
    return matched(run, test, flags, keys)


def spamtest(run: "Run", test: Node) -> bool:
    percent = run.around.spam_percent
    if "percent" in test.tags:
        value = NOT_TESTED if percent is None else str(percent)
    else:
        value = NOT_TESTED if percent is None else str(1 + min(100, percent) * 9 // 100)
    return matched(run, test, [value], strings(run, test, 0))


def virustest(run: "Run", test: Node) -> bool:
    return matched(run, test, [str(run.around.virus)], strings(run, test, 0))


def mailboxexists(run: "Run", test: Node) -> bool:
    return all(run.around.has_mailbox(name) for name in strings(run, test, 0))


def specialuse_exists(run: "Run", test: Node) -> bool:
    name = strings(run, test, 0)[0] if len(test.values) == 2 else None
    return all(run.around.has_special_use(name, use) for use in strings(run, test, len(test.values) - 1))


def environment(run: "Run", test: Node) -> bool:
    found = run.around.environment.get(strings(run, test, 0)[0].lower())
    return found is not None and matched(run, test, [found], strings(run, test, 1))


def ihave(run: "Run", test: Node) -> bool:
    names = test.values[0]
    return isinstance(names, tuple) and all(name in EXTENSIONS for name in names)


def duplicate(run: "Run", test: Node) -> bool:
    """RFC 7352 §3: by Message-ID, another header, or a text; remembered once delivery has succeeded."""
    tags = test.tags
    given, name, handle = tags.get("uniqueid"), tags.get("header"), tags.get("handle")
    if isinstance(given, tuple):
        value = run.variables.expand(given[0])
    else:
        found = run.view.header(run.variables.expand(name[0]) if isinstance(name, tuple) else "Message-ID")
        value = found[0] if found else ""
    if not value:
        return False
    label = run.variables.expand(handle[0]) if isinstance(handle, tuple) else ""
    seconds = tags.get("seconds")
    mark = hashlib.sha256(f"{label}\0{value}".encode("utf-8", "replace")).hexdigest()[:40]
    is_seen = run.around.is_seen(mark)
    if not is_seen or "last" in tags:
        kept = min(seconds, MOST_DUPLICATE_SECONDS) if isinstance(seconds, int) else DUPLICATE_SECONDS
        run.remember(Remember(mark=mark, seconds=kept))
    return is_seen


def valid_notify_method(run: "Run", test: Node) -> bool:
    return all(mailto(uri) is not None for uri in strings(run, test, 0))


def mailto(uri: str) -> str | None:
    """The address of a mailto: URI; None for what is none."""
    if not uri.lower().startswith("mailto:"):
        return None
    try:
        return str(Address.parse(uri[7:].partition("?")[0]))
    except MailError:
        return None


EVALUATE: dict[str, Callable[["Run", Node], bool]] = {
    "true": lambda run, test: True, "false": lambda run, test: False, "header": header, "address": address, "envelope": envelope, "exists": exists,
    "size": size, "body": body, "date": date, "currentdate": currentdate, "string": string, "hasflag": hasflag, "spamtest": spamtest,
    "virustest": virustest, "mailboxexists": mailboxexists, "specialuse_exists": specialuse_exists, "environment": environment, "ihave": ihave,
    "duplicate": duplicate, "valid_notify_method": valid_notify_method,
}  # fmt: skip
