"""`rule` (and `rules`): the rules of the server, a domain or an account, by the same verbs as the forms of panel and webmail."""

import sys
from collections.abc import Callable
from typing import Any

from mailcore.base.errors import MailError, Reason
from mailcore.cli.grammar import verb, verbs
from mailcore.cli.main import Context
from mailcore.cli.offline import runtime_of
from mailcore.delivery import confirm
from mailcore.directory import rules
from mailcore.directory import verbs as directory
from mailcore.directory.actor import COMMAND_LINE
from mailcore.runtime.runtime import Runtime
from mailcore.sieve.rules import Criterion, Field, Kind, Operator, Rule, RuleAction, as_json, forwarded_to, from_json
from mailcore.store import Tx

EXAMPLE = "rule add example.org --name Invoices --if subject contains invoice --do move Invoices --stop"


def add(commands: Any, name: str) -> None:
    """The parser of `rule` or `rules`."""
    group = verbs(commands, name, f"Rules of the server, a domain or an account, run in this order. Example: ./roost {EXAMPLE}")
    parsers = {
        "list": verb(group, "list", rule_list, example="rule list example.org"),
        "add": verb(group, "add", rule_add, example=EXAMPLE),
        "show": verb(group, "show", rule_show, example="rule show example.org --number 2"),
        "export": verb(group, "export", rule_export, example="rule export example.org > rules.json"),
        "load": verb(group, "load", rule_load, example="rule load example.org < rules.json"),
    }
    for word, run in (("on", rule_on), ("off", rule_off), ("remove", rule_remove), ("move", rule_move)):
        parsers[word] = verb(group, word, run, example=f"rule {word} example.org --number 2" + (" --to 1" if word == "move" else ""))
    for parser in parsers.values():
        parser.add_argument("of", nargs="?", default="", help="a domain or an account; without it the server's")
    for word in ("show", "on", "off", "remove", "move"):
        parsers[word].add_argument("--number", type=int, required=True, help="its place from 1, as `list` tells it")
    parsers["move"].add_argument("--to", type=int, required=True, help="the place from 1 where it is to stand")
    made = parsers["add"]
    made.add_argument("--name", default="")
    fields, kinds = ", ".join(f.value for f in Field), ", ".join(k.value for k in Kind)
    made.add_argument("--if", dest="criteria", action="append", nargs=3, metavar=("FIELD", "OPERATOR", "VALUE"), required=True, help=f"{fields} (header:NAME); operators: {', '.join(o.value for o in Operator)}. May stand several times")
    made.add_argument("--do", dest="actions", action="append", nargs="+", metavar=("ACTION", "VALUE"), required=True, help=f"{kinds}. set_header takes NAME VALUE, reply SUBJECT TEXT. May stand several times")
    made.add_argument("--any", action="store_true", help="one --if is enough")
    made.add_argument("--stop", action="store_true", help="no further rule of these after it")
    made.add_argument("--off", action="store_true", help="not yet in force")


def scope_of(tx: Tx, name: str) -> str:
    """The scope a command names. Raises MailError(NOT_FOUND)."""
    if not name:
        return rules.SYSTEM
    return f"account:{directory.find_account(tx, name).id}" if "@" in name else rules.of_domain(directory.find_domain(tx, name).id)


def _told(context: Context, runtime: Runtime, said: str = "") -> int:
    tx = runtime.store.read()
    scope = scope_of(tx, context.arguments.of)
    found, sieve, script = rules.of_scope(tx, scope), rules.sieve_of(tx, scope), rules.script_of(tx, scope)
    rows = [{"number": n, "name": r.name, "is_enabled": r.is_enabled} for n, r in enumerate(found, 1)]
    lines = [said] if said else []
    lines += [f"{r['number']:>3}  {r['name']}{'' if r['is_enabled'] else ' (off)'}" for r in rows] or ["There are no rules."]
    return context.answer({"scope": scope, "rules": rows, "sieve": sieve, "script": script}, "\n".join([*lines, *(line for text in (sieve, script) if text for line in ("", text))]).rstrip())


def rule_list(context: Context) -> int:
    with runtime_of(context) as runtime:
        return _told(context, runtime)


def _changed(context: Context, change: Callable[[Tx, str, int], object], said: str) -> int:
    with runtime_of(context) as runtime:
        now = runtime.clock.micros()
        scope = scope_of(runtime.store.read(), context.arguments.of)
        runtime.store.write(lambda tx: change(tx, scope, now))
        if "@" in context.arguments.of:
            tx = runtime.store.read()
            confirm.answer_for(runtime, COMMAND_LINE, directory.find_account(tx, context.arguments.of), forwarded_to(rules.of_scope(tx, scope)))
        return _told(context, runtime, said)


def rule_add(context: Context) -> int:
    a = context.arguments
    criteria, actions = tuple(_criterion(words) for words in a.criteria), tuple(_action(words) for words in a.actions)
    rule = Rule(name=a.name or " ".join(a.criteria[0]), criteria=criteria, actions=actions, match_all=not a.any, is_enabled=not a.off, stop=a.stop)
    return _changed(context, lambda tx, scope, now: rules.add(tx, COMMAND_LINE, scope, rule, now), f"{rule.name} is the last rule now.")


def _criterion(words: list[str]) -> Criterion:
    name, _colon, header = words[0].partition(":")
    try:
        field, operator = Field(name), Operator(words[1])
    except ValueError as error:
        raise MailError(Reason.SYNTAX, f"--if {' '.join(words)}: fields are {', '.join(f.value for f in Field)}; operators {', '.join(o.value for o in Operator)}.") from error
    return Criterion(field=field, operator=operator, value=words[2], header=header)


def _action(words: list[str]) -> RuleAction:
    try:
        kind = Kind(words[0])
    except ValueError as error:
        raise MailError(Reason.SYNTAX, f"--do {words[0]}: actions are {', '.join(k.value for k in Kind)}.") from error
    first, last = (words[1], " ".join(words[2:])) if len(words) > 2 else ("", words[1] if len(words) > 1 else "")
    if kind is Kind.SET_HEADER:
        return RuleAction(kind=kind, name=first, value=last)
    if kind is Kind.REPLY:
        return RuleAction(kind=kind, subject=first, value=last)
    return RuleAction(kind=kind, value=" ".join(words[1:]))


def rule_show(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        found = rules.of_scope(tx, scope_of(tx, context.arguments.of))
        place = _place(context)
        if place >= len(found):
            raise MailError(Reason.NOT_FOUND, "There is no such rule.")
        text = as_json([found[place]])[1:-1]
        print(text)
        return 0


def _place(context: Context) -> int:
    if context.arguments.number < 1:
        raise MailError(Reason.SYNTAX, "Rules are counted from 1.")
    return int(context.arguments.number) - 1


def rule_on(context: Context) -> int:
    return _changed(context, lambda tx, scope, now: rules.switch(tx, COMMAND_LINE, scope, _place(context), True, now), "It holds within seconds.")


def rule_off(context: Context) -> int:
    return _changed(context, lambda tx, scope, now: rules.switch(tx, COMMAND_LINE, scope, _place(context), False, now), "It is off.")


def rule_remove(context: Context) -> int:
    return _changed(context, lambda tx, scope, now: rules.remove(tx, COMMAND_LINE, scope, _place(context), now), "It is removed.")


def rule_move(context: Context) -> int:
    to = context.arguments.to - 1
    return _changed(context, lambda tx, scope, now: rules.move(tx, COMMAND_LINE, scope, _place(context), to, now), "It is moved.")


def rule_export(context: Context) -> int:
    with runtime_of(context) as runtime:
        tx = runtime.store.read()
        print(as_json(rules.of_scope(tx, scope_of(tx, context.arguments.of))))
        return 0


def rule_load(context: Context) -> int:
    wanted = from_json(sys.stdin.read())
    return _changed(context, lambda tx, scope, now: rules.save(tx, COMMAND_LINE, scope, wanted, now), f"{len(wanted)} rules stand here now, and no others.")
