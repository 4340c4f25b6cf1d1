"""Rules as Sieve: what people clicked, printed as the script that runs and that they may read.

Every text stands in a quoted string, so no name or value can become a command. Where a value holds `${`, which `variables` would
read as a reference, the dollar comes from a variable instead (RFC 5229 §3: what was put in is not read again).
"""

import re
from collections.abc import Callable, Sequence

from mailcore.mail.address import Address
from mailcore.mail.headers import encode_phrase
from mailcore.sieve.printer import quoted
from mailcore.sieve.rules import NUMBERS, Criterion, Field, Kind, Operator, Rule, RuleAction

MARKED_PERCENT = "50"
"""Where mail counts as spam: `Surroundings.spam_percent` at the mark threshold."""
ATTEMPTS_ITEM = "vnd.roost.attempts"
RECIPIENTS_ITEM = "vnd.roost.recipients"
"""Items of the environment test (RFC 5183 §4.1 leaves `vnd.` to vendors): tries so far, and all recipients joined by ";"."""

_BREAKS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_ORIGINAL = re.compile(r"%MACRO_ORIGINAL_HEADER%", re.IGNORECASE)
"""In a header's new value: what it was, as hMailServer's rules have it."""
_NEGATED = {Operator.NOT_CONTAINS: Operator.CONTAINS, Operator.NOT_EQUALS: Operator.EQUALS}
_MATCH = {Operator.EQUALS: ":is", Operator.CONTAINS: ":contains", Operator.REGEX: ":regex", Operator.WILDCARD: ":matches"}
_RELATION = {Operator.LESS: "lt", Operator.GREATER: "gt", Operator.EQUALS: "eq"}
_HEADERS = {Field.FROM: "From", Field.TO: "To", Field.CC: "Cc", Field.SUBJECT: "Subject", Field.LIST_ID: "List-Id"}
_ADDRESSES = frozenset({Field.FROM, Field.TO, Field.CC})
_ITEMS = {Field.ATTEMPTS: ATTEMPTS_ITEM, Field.RECIPIENTS: RECIPIENTS_ITEM}
_NUMERIC = ':comparator "i;ascii-numeric"'


def to_sieve(rules: Sequence[Rule]) -> str:
    """The script that does *rules* in order; a rule that is off, or has no criteria or nothing to do, is left out."""
    printer = _Printer()
    body = "".join(printer.rule(rule, number) for number, rule in enumerate(rules) if rule.is_enabled and rule.criteria)
    if not body:
        return ""
    head = f"require [{', '.join(quoted(name) for name in sorted(printer.required))}];\r\n" if printer.required else ""
    dollar = 'set "dollar" "$";\r\n' if printer.uses_dollar else ""
    return head + dollar + body


class _Printer:
    """Prints rules and gathers what they require."""

    def __init__(self) -> None:
        self.required: set[str] = set()
        self.uses_dollar = False

    def need(self, *names: str) -> None:
        self.required.update(names)

    def text(self, value: str) -> str:
        """*value* as a string that stands for itself, whatever is in it."""
        if "${" in value:
            self.uses_dollar = True
            self.need("variables")
            value = value.replace("${", "${dollar}{")
        return quoted(value)

    def rule(self, rule: Rule, number: int) -> str:
        lines = [line for action in sorted(rule.actions, key=_order) for line in self.action(action, number)]
        if rule.stop and "stop;" not in lines:
            lines.append("stop;")
        if not lines:
            return ""
        tests = [self.criterion(each) for each in rule.criteria]
        test = tests[0] if len(tests) == 1 else f"{'allof' if rule.match_all else 'anyof'} ({', '.join(tests)})"
        block = "".join(f"    {line}\r\n" for line in lines)
        return f"# {_BREAKS.sub(' ', rule.name)}\r\nif {test} {{\r\n{block}}}\r\n"

    def criterion(self, given: Criterion) -> str:
        operator = _NEGATED.get(given.operator, given.operator)
        test = _TESTS.get(given.field, _Printer.header)(self, given, operator)
        return test if operator is given.operator else f"not {test}"

    def compared(self, value: str, operator: Operator, *, is_number: bool = False) -> tuple[str, str]:
        """The match tags and the key for *operator*. Octets of *value* are a number where *is_number*."""
        if is_number or operator in (Operator.LESS, Operator.GREATER):
            self.need("relational", "comparator-i;ascii-numeric")
            return f':value "{_RELATION[operator]}" {_NUMERIC}', self.text(value)
        if operator is Operator.REGEX:
            self.need("regex")
            return ":regex", self.text(f"^({value})$")
        # In a wildcard of a form a backslash is a backslash; in :matches it would quote what follows.
        return _MATCH[operator], self.text(value.replace("\\", "\\\\") if operator is Operator.WILDCARD else value)

    def header(self, given: Criterion, operator: Operator) -> str:
        tags, key = self.compared(given.value, operator)
        name = self.text(given.header if given.field is Field.HEADER else _HEADERS[given.field])
        test = f"header {tags} {name} {key}"
        if given.field in _ADDRESSES and operator not in (Operator.CONTAINS, Operator.LESS, Operator.GREATER):
            # "From equals a@b" means the address to most people, and the whole field to some.
            return f"anyof (address {tags} {name} {key}, {test})"
        return test

    def always(self, _: Criterion, __: Operator) -> str:
        return "true"

    def body(self, given: Criterion, operator: Operator) -> str:
        self.need("body")
        tags, key = self.compared(given.value, operator)
        return f"body :text {tags} {key}"

    def size(self, given: Criterion, operator: Operator) -> str:
        if operator is Operator.EQUALS:
            return f"not anyof (size :over {int(given.value)}, size :under {int(given.value)})"
        return f"size {':over' if operator is Operator.GREATER else ':under'} {int(given.value)}"

    def item(self, given: Criterion, operator: Operator) -> str:
        self.need("environment")
        tags, key = self.compared(given.value, operator, is_number=given.field in NUMBERS)
        return f"environment {tags} {quoted(_ITEMS[given.field])} {key}"

    def attachment(self, _: Criterion, __: Operator) -> str:
        self.need("mime")
        return (
            'anyof (header :mime :anychild :type :is "Content-Disposition" "attachment", '
            'header :mime :anychild :param "filename" :matches "Content-Disposition" "?*", '
            'header :mime :anychild :param "name" :matches "Content-Type" "?*")'
        )

    def spam(self, _: Criterion, __: Operator) -> str:
        self.need("spamtestplus", "relational", "comparator-i;ascii-numeric")
        return f'spamtest :percent :value "ge" {_NUMERIC} "{MARKED_PERCENT}"'

    def date(self, given: Criterion, operator: Operator) -> str:
        self.need("date", "relational")
        return f'date :value "{_RELATION[operator]}" "Date" "date" {quoted(given.value)}'

    def action(self, action: RuleAction, number: int) -> list[str]:
        return _ACTIONS[action.kind](self, action, number)

    def delete(self, _: RuleAction, __: int) -> list[str]:
        return ["discard;", "stop;"]

    def forward(self, action: RuleAction, _: int) -> list[str]:
        return [f"redirect {self.text(action.value)};"]

    def forward_copy(self, action: RuleAction, _: int) -> list[str]:
        self.need("copy")
        return [f"redirect :copy {self.text(action.value)};"]

    def reply(self, action: RuleAction, number: int) -> list[str]:
        # RFC 5230 §4.7: a second vacation in one run is an error, so the first rule that replies wins.
        self.need("vacation", "vacation-seconds", "variables")
        words = ["vacation", ":seconds 0", f':handle "rule-{number}"']
        if action.subject:
            words.append(f":subject {self.text(action.subject)}")
        if action.from_address:
            sender = (
                f"{encode_phrase(action.from_name)} <{Address.parse(action.from_address)}>" if action.from_name else action.from_address
            )
            words.append(f":from {self.text(sender)}")
        call = " ".join([*words, self.text(action.value)])
        return ['if not string :is "${replied}" "yes" {', f"    {call};", '    set "replied" "yes";', "}"]

    def move(self, action: RuleAction, _: int) -> list[str]:
        self.need("fileinto", "mailbox")
        return [f"fileinto :create {self.text(action.value)};"]

    def copy(self, action: RuleAction, _: int) -> list[str]:
        self.need("fileinto", "mailbox", "copy")
        return [f"fileinto :copy :create {self.text(action.value)};"]

    def stop(self, _: RuleAction, __: int) -> list[str]:
        return ["stop;"]

    def set_header(self, action: RuleAction, _: int) -> list[str]:
        self.need("editheader")
        name, value = self.text(action.name), self.text(action.value)
        lines = [f"deleteheader {name};", f"addheader {name} {_ORIGINAL.sub('${was}', value)};"]
        if not _ORIGINAL.search(value):
            return lines
        self.need("variables")
        return ['set "was" "";', f'if header :matches {name} "*" {{ set "was" "${{1}}"; }}', *lines]

    def flag(self, action: RuleAction, _: int) -> list[str]:
        self.need("imap4flags")
        name = {Kind.FLAG: "\\Flagged", Kind.MARK_READ: "\\Seen"}.get(action.kind, action.value)
        return [f"addflag {self.text(name)};"]

    def keep(self, _: RuleAction, __: int) -> list[str]:
        return ["keep;"]

    def own(self, action: RuleAction, _: int) -> list[str]:
        self.need(f"vnd.roost.{action.kind.value}")
        return [f"{action.kind.value} {self.text(action.value)};"]

    def reject(self, action: RuleAction, _: int) -> list[str]:
        self.need("reject")
        return [f"reject {self.text(action.value)};"]


_FLAGS = frozenset({Kind.FLAG, Kind.MARK_READ, Kind.LABEL})
_LAST = frozenset({Kind.DELETE, Kind.STOP})


def _order(action: RuleAction) -> int:
    """Flags and headers hold for what is stored after them, and nothing runs behind a stop; else the form's order stays."""
    return 0 if action.kind in _FLAGS or action.kind is Kind.SET_HEADER else 2 if action.kind in _LAST else 1


_TESTS: dict[Field, Callable[[_Printer, Criterion, Operator], str]] = {
    Field.ANY: _Printer.always,
    Field.BODY: _Printer.body,
    Field.SIZE: _Printer.size,
    Field.RECIPIENTS: _Printer.item,
    Field.ATTEMPTS: _Printer.item,
    Field.ATTACHMENT: _Printer.attachment,
    Field.SPAM: _Printer.spam,
    Field.DATE: _Printer.date,
}
_ACTIONS: dict[Kind, Callable[[_Printer, RuleAction, int], list[str]]] = {
    Kind.DELETE: _Printer.delete,
    Kind.FORWARD: _Printer.forward,
    Kind.FORWARD_COPY: _Printer.forward_copy,
    Kind.REPLY: _Printer.reply,
    Kind.MOVE: _Printer.move,
    Kind.COPY: _Printer.copy,
    Kind.STOP: _Printer.stop,
    Kind.SET_HEADER: _Printer.set_header,
    Kind.FLAG: _Printer.flag,
    Kind.LABEL: _Printer.flag,
    Kind.MARK_READ: _Printer.flag,
    Kind.KEEP: _Printer.keep,
    Kind.REJECT: _Printer.reject,
    Kind.ROUTE: _Printer.own,
    Kind.PROGRAM: _Printer.own,
}
