"""hMailServer's rules as Roost's: the same fields, comparisons and actions; what has no counterpart is said and leaves the rule off."""

from xml.etree.ElementTree import Element

from mailcore.base.errors import MailError
from mailcore.jobs.imports.hmailserver.reading import number
from mailcore.sieve.rules import Criterion, Field, Kind, Operator, Rule, RuleAction

FIELDS = {
    1: Field.FROM, 2: Field.TO, 3: Field.CC, 4: Field.SUBJECT, 5: Field.BODY, 6: Field.SIZE, 7: Field.RECIPIENTS, 8: Field.ATTEMPTS,
}  # fmt: skip
OPERATORS = {
    1: Operator.EQUALS, 2: Operator.CONTAINS, 3: Operator.LESS, 4: Operator.GREATER, 5: Operator.REGEX, 6: Operator.NOT_CONTAINS, 7: Operator.NOT_EQUALS,
    8: Operator.WILDCARD,
}  # fmt: skip
DELETE, FORWARD, REPLY, MOVE, SCRIPT, STOP, HEADER, ROUTE, COPY, BIND = range(1, 11)
_WITHOUT = {
    SCRIPT: "runs a script function", ROUTE: "sends by a route that the backup does not name", COPY: "makes a copy of the message that goes through all rules once more",
    BIND: "sends from an address of the machine",
}  # fmt: skip


def folder_name(text: str, delimiter: str) -> str:
    """hMailServer's folder path as a mailbox name here."""
    name = "/".join(level.strip().replace("/", "_") for level in text.strip().split(delimiter or ".") if level.strip())
    return "Public/" + name[len("#Public/") :] if name.startswith("#Public/") else name


def rules_of(element: Element, delimiter: str) -> tuple[list[Rule], list[tuple[str, str]]]:
    """The rules below *element* in their order, and (rule, sentence) for each that could not be taken whole."""
    found, told = [], []
    nodes = sorted(element.iter("Rule"), key=lambda node: number(node.get("SortOrder", "")))
    for node in nodes:
        name = (node.get("Name") or "Rule")[:200]
        try:
            rule, missing = _rule(node, name, delimiter)
        except MailError as error:
            told.append((name, error.detail))
            continue
        found.append(rule)
        if missing:
            told.append((name, f"it {' and '.join(missing)}, which Roost's rules do not; the rule came without that and is switched off"))
    return found, told


def _rule(node: Element, name: str, delimiter: str) -> tuple[Rule, list[str]]:
    actions: list[RuleAction] = []
    missing: list[str] = []
    stops = False
    for each in sorted(node.iter("Action"), key=lambda a: number(a.get("SortOrder", ""))):
        kind = number(each.get("Type", ""))
        if kind == STOP:
            stops = True
        elif kind == ROUTE and (pattern := (each.get("Route") or each.get("RouteName") or "").strip().lower()) and not pattern.isdigit():
            actions.append(RuleAction(kind=Kind.ROUTE, value=pattern))
        elif kind in _WITHOUT:
            missing.append(_WITHOUT[kind])
        else:
            actions.append(_action(each, kind, delimiter))
    criteria = tuple(_criterion(each) for each in node.iter("Criteria"))
    rule = Rule(
        name=name, criteria=criteria, actions=tuple(actions), match_all=node.get("UseAND") == "1", is_enabled=node.get("Active") == "1" and not missing,
        stop=stops,
    )  # fmt: skip
    return rule, missing


def _criterion(node: Element) -> Criterion:
    header = node.get("HeaderField", "")
    is_own = node.get("UsePredefinedField") == "1" or not header
    field = FIELDS.get(number(node.get("FieldType", "")), Field.SUBJECT) if is_own else Field.HEADER
    value = node.get("MatchString", "")
    if field in (Field.SIZE, Field.ATTEMPTS):
        value = value.strip().replace(",", ".").partition(".")[0]
    return Criterion(field=field, operator=OPERATORS.get(number(node.get("MatchType", "")), Operator.CONTAINS), value=value, header="" if is_own else header)


def _action(node: Element, kind: int, delimiter: str) -> RuleAction:
    if kind == DELETE:
        return RuleAction(kind=Kind.DELETE)
    if kind == FORWARD:
        return RuleAction(kind=Kind.FORWARD_COPY, value=node.get("To", "").strip())
    if kind == REPLY:
        return RuleAction(
            kind=Kind.REPLY, value=node.get("Body", ""), subject=node.get("Subject", ""), from_name=node.get("FromName", ""),
            from_address=node.get("FromAddress", "").strip(),
        )  # fmt: skip
    if kind == MOVE:
        return RuleAction(kind=Kind.MOVE, value=folder_name(node.get("IMAPFolder", ""), delimiter))
    return RuleAction(kind=Kind.SET_HEADER, name=node.get("Header", ""), value=node.get("Value", ""))
