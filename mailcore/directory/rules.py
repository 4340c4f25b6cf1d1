"""Rules of the server, a domain or an account: kept as JSON as people clicked them, run as the Sieve that `to_sieve` prints.

Every change reads the rules inside the write that stores them, so two admins at once lose nothing of each other's.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import verbs
from mailcore.directory.actor import Actor
from mailcore.sieve import OWN_EXTENSIONS, compile
from mailcore.sieve.rules import MAX_RULES, Kind, Rule, as_json, from_json
from mailcore.sieve.rulescript import to_sieve
from mailcore.store import Tx, accounts, filters, records, routes, scripts

SYSTEM = "system"
"""The scope of the server's rules."""


def of_domain(domain_id: int) -> str:
    """The scope of a domain's rules."""
    return f"domain:{domain_id}"


def of_scope(tx: Tx, scope: str) -> list[Rule]:
    """The rules of "system", "domain:7" or "account:9", in their order."""
    text = filters.form(tx, scope, "rules")
    return list(from_json(text)) if text else []


def sieve_of(tx: Tx, scope: str) -> str:
    """The Sieve that runs for a scope's rules; "" for none."""
    return filters.form(tx, scope, "rules-program")


def script_of(tx: Tx, scope: str) -> str:
    """The script that a program of the account's owner put here, to run after the rules; "" for none."""
    kind, _, number = scope.partition(":")
    return (scripts.active(tx, int(number)) or "") if kind == "account" else ""


def save(tx: Tx, actor: Actor, scope: str, rules: Sequence[Rule], now: Micros) -> None:
    """Replace a scope's rules. Raises MailError(NOT_PERMITTED, SYNTAX, LIMIT)."""
    domain_id = _require(tx, actor, scope)
    if len(rules) > MAX_RULES:
        raise MailError(Reason.LIMIT, f"There can be {MAX_RULES} rules.")
    script = to_sieve(rules)
    if script:
        compile(script, OWN_EXTENSIONS)
    before = of_scope(tx, scope)
    _allow(tx, actor, scope, before, rules)
    filters.put_form(tx, scope, "rules", as_json(list(rules)) if rules else "", now)
    filters.put_form(tx, scope, "rules-program", script, now)
    filters.put_form(tx, scope, "error", "", now)
    kind, _, number = scope.partition(":")
    if kind == "account":
        scripts.touch(tx, int(number), now)
    old, new = _told(before, rules), _told(rules, before)
    records.audit(tx, "rules:changed", _name(tx, scope), actor=actor.name, ip=actor.ip, now=now, old=old, new=new, domain_id=domain_id)


def add(tx: Tx, actor: Actor, scope: str, rule: Rule, now: Micros) -> int:
    """Put *rule* behind the others; its place from 0. Raises MailError."""
    return _edit(tx, actor, scope, now, lambda found: [*found, _known(tx, rule)]) - 1


def replace_rule(tx: Tx, actor: Actor, scope: str, place: int, rule: Rule, now: Micros) -> None:
    """Put *rule* where another stands. Raises MailError(NOT_FOUND)."""
    _edit(tx, actor, scope, now, lambda found: [*found[:place], _known(tx, rule), *found[place + 1 :]], place)


def remove(tx: Tx, actor: Actor, scope: str, place: int, now: Micros) -> None:
    """Remove the rule at *place*. Raises MailError(NOT_FOUND)."""
    _edit(tx, actor, scope, now, lambda found: [*found[:place], *found[place + 1 :]], place)


def switch(tx: Tx, actor: Actor, scope: str, place: int, is_enabled: bool | None, now: Micros) -> None:
    """Switch a rule on or off; None: the other way. Raises MailError(NOT_FOUND)."""

    def switched(found: list[Rule]) -> list[Rule]:
        old = found[place]
        return [*found[:place], replace(old, is_enabled=not old.is_enabled if is_enabled is None else is_enabled), *found[place + 1 :]]

    _edit(tx, actor, scope, now, switched, place)


def move(tx: Tx, actor: Actor, scope: str, place: int, to: int, now: Micros) -> None:
    """Put the rule at *place* to the place *to*, or as near as there are rules. Raises MailError(NOT_FOUND)."""

    def moved(found: list[Rule]) -> list[Rule]:
        rest = [*found[:place], *found[place + 1 :]]
        rest.insert(max(0, to), found[place])
        return rest

    _edit(tx, actor, scope, now, moved, place)


def _edit(tx: Tx, actor: Actor, scope: str, now: Micros, how: Callable[[list[Rule]], list[Rule]], place: int | None = None) -> int:
    _require(tx, actor, scope)
    found = of_scope(tx, scope)
    if place is not None and not 0 <= place < len(found):
        raise MailError(Reason.NOT_FOUND, "This rule is no longer here.")
    wanted = how(found)
    if wanted != found:
        save(tx, actor, scope, wanted, now)
    return len(wanted)


def _values(rules: Sequence[Rule], kind: Kind) -> set[str]:
    return {action.value for rule in rules for action in rule.actions if action.kind is kind}


def _known(tx: Tx, rule: Rule) -> Rule:
    """*rule*, if its routes are there. Raises MailError(NOT_FOUND)."""
    for pattern in sorted(_values([rule], Kind.ROUTE)):
        if not any(one.pattern == pattern.lower() for one in routes.routes(tx)):
            raise MailError(Reason.NOT_FOUND, f"There is no route {pattern}.")
    return rule


def _allow(tx: Tx, actor: Actor, scope: str, before: Sequence[Rule], rules: Sequence[Rule]) -> None:
    """Programs run for the server's rules alone, and which route mail takes is a server admin's to say: what is there may stay."""
    if scope != SYSTEM and _values(rules, Kind.PROGRAM):
        raise MailError(Reason.NOT_PERMITTED, "Only a rule of the server may run a program.")
    fresh = _values(rules, Kind.ROUTE) - _values(before, Kind.ROUTE)
    if fresh and actor.role != "server-admin":
        raise MailError(Reason.NOT_PERMITTED, "Only a server admin may choose a route.")


def _told(rules: Sequence[Rule], others: Sequence[Rule]) -> dict[str, Any]:
    """What the audit keeps: the names in order, and in full what is not among *others*."""
    full = [rule for rule in rules if rule not in others]
    return {"rules": [rule.name if rule.is_enabled else f"{rule.name} (off)" for rule in rules], "changed": json.loads(as_json(full))}


def _name(tx: Tx, scope: str) -> str:
    """A scope as the audit names it: a domain by its name."""
    kind, _, number = scope.partition(":")
    found = next((d for d in accounts.domains(tx) if str(d.id) == number), None) if kind == "domain" else None
    return found.name if found else scope


def _require(tx: Tx, actor: Actor, scope: str) -> int | None:
    """Whether *actor* may change this scope's rules; the domain it belongs to."""
    kind, _, number = scope.partition(":")
    if kind == "account" and number.isdigit():
        account = accounts.account(tx, int(number))
        if account is None:
            raise MailError(Reason.NOT_FOUND, "There is no such account.")
        verbs.own_or_manageable(tx, actor, account.id)
        return account.domain_id
    if kind == "domain" and number.isdigit():
        actor.require_domain(int(number))
        return int(number)
    actor.require_server()
    return None
