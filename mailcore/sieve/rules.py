"""Rules as people click them: criteria over fields, actions, an order; checked here, kept as JSON, run as Sieve.

Only a valid Rule can be made, so what prints it (`rulescript.to_sieve`) checks nothing again. The fields, operators and actions are
those of hMailServer and those of the usual webmails. A rule without criteria never fires; Field.ANY is for one that always does.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from typing import Any, TypeVar

from mailcore.base.errors import MailError, Reason
from mailcore.mail.address import Address
from mailcore.sieve.regex import Regex

MAX_RULES = 500
"""Rules of one scope. Stops a form from making every delivery slow."""
MAX_CRITERIA = 50
MAX_RULE_ACTIONS = 20
MAX_NAME = 200
"""Characters of a rule's name."""
MAX_VALUE = 2_000
"""Characters of what is compared, or of an action's argument."""
MAX_REPLY = 20_000
"""Characters of a reply's text."""
MAX_JSON = 4_000_000
"""Characters of a scope's rules as JSON."""

_HEADER_NAME = re.compile(r"[!-9;-~]{1,100}")
_KEYWORD = re.compile(r"[A-Za-z0-9$_.+&-]{1,100}")
_PATTERN = re.compile(r"\*|(?:\*\.)?[^\s*@]{1,253}")
_PROGRAM = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,99}")
_NUMBER = re.compile(r"[0-9]{1,9}")
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_E = TypeVar("_E", bound=Enum)


class Field(Enum):
    """What a criterion looks at."""

    ANY = "any"
    FROM = "from"
    TO = "to"
    CC = "cc"
    SUBJECT = "subject"
    BODY = "body"
    SIZE = "size"
    RECIPIENTS = "recipients"
    ATTEMPTS = "attempts"
    HEADER = "header"
    LIST_ID = "list_id"
    ATTACHMENT = "attachment"
    SPAM = "spam"
    DATE = "date"


class Operator(Enum):
    """How a criterion compares. Text is compared without regard to case; REGEX must match the whole."""

    EQUALS = "equals"
    CONTAINS = "contains"
    LESS = "less"
    GREATER = "greater"
    REGEX = "regex"
    NOT_CONTAINS = "not_contains"
    NOT_EQUALS = "not_equals"
    WILDCARD = "wildcard"


class Kind(Enum):
    """What a rule does. FORWARD takes the mail away unless another action keeps it; FORWARD_COPY and COPY leave it where it goes."""

    DELETE = "delete"
    FORWARD = "forward"
    FORWARD_COPY = "forward_copy"
    REPLY = "reply"
    MOVE = "move"
    COPY = "copy"
    STOP = "stop"
    SET_HEADER = "set_header"
    FLAG = "flag"
    LABEL = "label"
    MARK_READ = "mark_read"
    KEEP = "keep"
    REJECT = "reject"
    ROUTE = "route"
    PROGRAM = "program"


_TEXT_OPERATORS = frozenset(Operator)
_EQUALITY = frozenset({Operator.EQUALS, Operator.NOT_EQUALS})
_ORDER = frozenset({Operator.LESS, Operator.GREATER}) | _EQUALITY
OPERATORS: dict[Field, frozenset[Operator]] = {
    Field.ANY: frozenset({Operator.EQUALS}),
    Field.SIZE: _ORDER,
    Field.ATTEMPTS: _ORDER,
    Field.DATE: _ORDER,
    Field.ATTACHMENT: _EQUALITY,
    Field.SPAM: _EQUALITY,
    Field.BODY: frozenset(Operator) - {Operator.LESS, Operator.GREATER},
}
"""Which operators a field takes; a field that is not here takes all. ANY, ATTACHMENT and SPAM have no value: "equals" is "yes"."""

NUMBERS = frozenset({Field.SIZE, Field.ATTEMPTS})
"""Fields whose value is a number: octets, or tries."""


def _wrong(detail: str) -> MailError:
    return MailError(Reason.SYNTAX, detail)


def _check_length(text: str, limit: int, what: str) -> None:
    if len(text) > limit:
        raise MailError(Reason.LIMIT, f"{what} has more than {limit:,} characters.")
    if any("\ud800" <= char <= "\udfff" for char in text) or "\0" in text:
        raise _wrong(f"{what} holds a character that is none.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Criterion:
    """One comparison. `header` is the field's name where `field` is HEADER. Raises SYNTAX or LIMIT."""

    field: Field
    operator: Operator = Operator.CONTAINS
    value: str = ""
    header: str = ""

    def __post_init__(self) -> None:
        _check_length(self.value, MAX_VALUE, "A value")
        if self.operator not in OPERATORS.get(self.field, _TEXT_OPERATORS):
            raise _wrong(f"{self.field.value} cannot be compared by {self.operator.value}.")
        if self.field is Field.HEADER and not _HEADER_NAME.fullmatch(self.header):
            raise _wrong(f"{self.header[:100]!r} is not the name of a header field.")
        if self.field is Field.DATE:
            _check_date(self.value)
        elif self.field in NUMBERS or self.operator in (Operator.LESS, Operator.GREATER):
            if not _NUMBER.fullmatch(self.value):
                raise _wrong(f"{self.value[:100]!r} is not a number.")
        elif self.operator is Operator.REGEX:
            Regex(self.value, ignores_case=True)


def _check_date(value: str) -> None:
    try:
        if date.fromisoformat(value).isoformat() == value:
            return
    except ValueError:
        pass
    raise _wrong(f"{value[:100]!r} is not a date like 2026-12-31.")


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleAction:
    """One thing to do.

    `value` is the address, mailbox, label, reason, reply's text, header's value, route's domain or program's file name; `name` is SET_HEADER's field name; `subject`,
    `from_name` and `from_address` are REPLY's. Raises SYNTAX or LIMIT.
    """

    kind: Kind
    value: str = ""
    name: str = ""
    subject: str = ""
    from_name: str = ""
    from_address: str = ""

    def __post_init__(self) -> None:
        _check_length(self.value, MAX_REPLY if self.kind in (Kind.REPLY, Kind.REJECT) else MAX_VALUE, "A value")
        for text in (self.name, self.subject, self.from_name, self.from_address):
            _check_length(text, MAX_VALUE, "A value")
            if _CONTROL.search(text):
                raise _wrong("A value holds a control character.")
        _CHECKS.get(self.kind, _no_check)(self)


def _no_check(_: RuleAction) -> None:
    return None


def _check_address(action: RuleAction) -> None:
    Address.parse(action.value)


def _check_mailbox(action: RuleAction) -> None:
    if not action.value.strip() or _CONTROL.search(action.value):
        raise _wrong("A mailbox's name is empty or holds a control character.")


def _check_keyword(action: RuleAction) -> None:
    if not _KEYWORD.fullmatch(action.value):
        raise _wrong(f"{action.value[:100]!r} is not the name of a label.")


def _check_header(action: RuleAction) -> None:
    if not _HEADER_NAME.fullmatch(action.name):
        raise _wrong(f"{action.name[:100]!r} is not the name of a header field.")
    if action.name.lower() in ("received", "auto-submitted"):
        raise _wrong(f"The field {action.name} cannot be changed.")
    if _CONTROL.search(action.value):
        raise _wrong("A header's value holds a control character.")


def _check_reply(action: RuleAction) -> None:
    if action.from_address:
        Address.parse(action.from_address)
    if not action.value.strip():
        raise _wrong("A reply has no text.")


def _check_reason(action: RuleAction) -> None:
    if not action.value.strip():
        raise _wrong("A refusal has no reason.")


def _check_route(action: RuleAction) -> None:
    if not _PATTERN.fullmatch(action.value):
        raise _wrong(f"{action.value[:100]!r} is not the domain of a route.")


def _check_program(action: RuleAction) -> None:
    if not _PROGRAM.fullmatch(action.value):
        raise _wrong(f"{action.value[:100]!r} is not the file name of a program.")


_CHECKS = {
    Kind.FORWARD: _check_address,
    Kind.FORWARD_COPY: _check_address,
    Kind.MOVE: _check_mailbox,
    Kind.COPY: _check_mailbox,
    Kind.LABEL: _check_keyword,
    Kind.SET_HEADER: _check_header,
    Kind.REPLY: _check_reply,
    Kind.REJECT: _check_reason,
    Kind.ROUTE: _check_route,
    Kind.PROGRAM: _check_program,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """If all (or any) of `criteria` hold, do `actions` in order; `stop` then ends the script. Raises LIMIT."""

    name: str
    criteria: tuple[Criterion, ...] = ()
    actions: tuple[RuleAction, ...] = ()
    match_all: bool = True
    is_enabled: bool = True
    stop: bool = False

    def __post_init__(self) -> None:
        _check_length(self.name, MAX_NAME, "A rule's name")
        if len(self.criteria) > MAX_CRITERIA:
            raise MailError(Reason.LIMIT, f"A rule has more than {MAX_CRITERIA} criteria.")
        if len(self.actions) > MAX_RULE_ACTIONS:
            raise MailError(Reason.LIMIT, f"A rule has more than {MAX_RULE_ACTIONS} actions.")


def forwarded_to(rules: Iterable[Rule]) -> list[str]:
    """The addresses that *rules* send mail on to, each once."""
    return list(dict.fromkeys(Address.parse(a.value).key for rule in rules for a in rule.actions if a.kind in (Kind.FORWARD, Kind.FORWARD_COPY)))


def as_json(rules: tuple[Rule, ...] | list[Rule]) -> str:
    """The rules as JSON text; `from_json` reads it."""
    return json.dumps([_rule_json(rule) for rule in rules], ensure_ascii=False, separators=(",", ":"))


def _rule_json(rule: Rule) -> dict[str, Any]:
    return {
        "name": rule.name,
        "is_enabled": rule.is_enabled,
        "match_all": rule.match_all,
        "stop": rule.stop,
        "criteria": [
            {"field": each.field.value, "operator": each.operator.value, "value": each.value, "header": each.header}
            for each in rule.criteria
        ],
        "actions": [
            {"kind": each.kind.value} | {key: getattr(each, key) for key in _ACTION_TEXTS if getattr(each, key)} for each in rule.actions
        ],
    }


_ACTION_TEXTS = ("value", "name", "subject", "from_name", "from_address")


def from_json(text: str) -> tuple[Rule, ...]:
    """The rules that `as_json` wrote, or a form sent. Raises SYNTAX or LIMIT."""
    if len(text) > MAX_JSON:
        raise MailError(Reason.LIMIT, f"The rules have more than {MAX_JSON:,} characters.")
    try:
        rows = json.loads(text)
    except (ValueError, RecursionError):
        raise _wrong("The rules are not JSON.") from None
    if not isinstance(rows, list):
        raise _wrong("The rules are not a list.")
    if len(rows) > MAX_RULES:
        raise MailError(Reason.LIMIT, f"There are more than {MAX_RULES} rules.")
    return tuple(_rule(row) for row in rows)


def _rule(row: object) -> Rule:
    given = _Row(row)
    criteria = tuple(_criterion(each) for each in given.items("criteria", MAX_CRITERIA))
    actions = tuple(_action(each) for each in given.items("actions", MAX_RULE_ACTIONS))
    return Rule(
        name=given.text("name"),
        criteria=criteria,
        actions=actions,
        match_all=given.flag("match_all", True),
        is_enabled=given.flag("is_enabled", True),
        stop=given.flag("stop", False),
    )


def _criterion(row: object) -> Criterion:
    given = _Row(row)
    return Criterion(
        field=given.member("field", Field),
        operator=given.member("operator", Operator),
        value=given.text("value"),
        header=given.text("header"),
    )


def _action(row: object) -> RuleAction:
    given = _Row(row)
    return RuleAction(kind=given.member("kind", Kind), **{key: given.text(key) for key in _ACTION_TEXTS})


class _Row:
    """A JSON object read key by key, each with its type."""

    def __init__(self, row: object) -> None:
        if not isinstance(row, dict):
            raise _wrong("A rule is not an object.")
        self._row = row

    def text(self, key: str) -> str:
        value = self._row.get(key, "")
        if not isinstance(value, str):
            raise _wrong(f"{key} is not a text.")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self._row.get(key, default)
        if not isinstance(value, bool):
            raise _wrong(f"{key} is neither true nor false.")
        return value

    def items(self, key: str, limit: int) -> list[object]:
        value = self._row.get(key, [])
        if not isinstance(value, list):
            raise _wrong(f"{key} is not a list.")
        if len(value) > limit:
            raise MailError(Reason.LIMIT, f"A rule has more than {limit} {key}.")
        return value

    def member(self, key: str, kind: type[_E]) -> _E:
        try:
            return kind(self._row.get(key))
        except ValueError:
            raise _wrong(f"{key} {str(self._row.get(key))[:100]!r} is unknown.") from None
