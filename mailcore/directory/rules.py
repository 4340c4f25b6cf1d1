"""Rules of the server, a domain or an account: kept as JSON as people clicked them, run as the Sieve that `to_sieve` prints."""

from collections.abc import Sequence

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.sieve import compile
from mailcore.sieve.rules import MAX_RULES, Rule, as_json, from_json
from mailcore.sieve.rulescript import to_sieve
from mailcore.store import Tx, accounts, filters, records, scripts


def of_scope(tx: Tx, scope: str) -> list[Rule]:
    """The rules of "system", "domain:7" or "account:9", in their order."""
    text = filters.form(tx, scope, "rules")
    return list(from_json(text)) if text else []


def sieve_of(tx: Tx, scope: str) -> str:
    """The Sieve that runs for a scope's rules; "" for none."""
    return filters.form(tx, scope, "rules-program")


def save(tx: Tx, actor: Actor, scope: str, rules: Sequence[Rule], now: Micros) -> None:
    """Replace a scope's rules. Raises MailError(NOT_PERMITTED, SYNTAX, LIMIT)."""
    domain_id = _require(tx, actor, scope)
    if len(rules) > MAX_RULES:
        raise MailError(Reason.LIMIT, f"There can be {MAX_RULES} rules.")
    script = to_sieve(rules)
    if script:
        compile(script)
    old = [rule.name for rule in of_scope(tx, scope)]
    filters.put_form(tx, scope, "rules", as_json(list(rules)) if rules else "", now)
    filters.put_form(tx, scope, "rules-program", script, now)
    filters.put_form(tx, scope, "error", "", now)
    kind, _, number = scope.partition(":")
    if kind == "account":
        scripts.touch(tx, int(number), now)
    new = {"rules": [rule.name for rule in rules]}
    records.audit(tx, "rules:changed", scope, actor=actor.name, ip=actor.ip, now=now, old={"rules": old}, new=new, domain_id=domain_id)


def _require(tx: Tx, actor: Actor, scope: str) -> int | None:
    """Whether *actor* may change this scope's rules; the domain it belongs to."""
    kind, _, number = scope.partition(":")
    if kind == "account" and number.isdigit():
        account = accounts.account(tx, int(number))
        if account is None:
            raise MailError(Reason.NOT_FOUND, "There is no such account.")
        if actor.account_id != account.id:
            actor.require_domain(account.domain_id)
        return account.domain_id
    if kind == "domain" and number.isdigit():
        actor.require_domain(int(number))
        return int(number)
    actor.require_server()
    return None
