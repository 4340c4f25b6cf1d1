"""Rules as forms, for a person's own and for those of a domain or the server: rows of criteria and actions, read back into a Rule.

Without script a button adds a row and gives the form again; nothing typed is lost.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from mailcore.base.errors import MailError, Reason
from mailcore.sieve.rules import OPERATORS, Criterion, Field, Kind, Operator, Rule, RuleAction

FIELDS = {
    Field.FROM: _l("Sender"), Field.TO: _l("To"), Field.CC: _l("Cc"), Field.SUBJECT: _l("Subject"), Field.BODY: _l("Text"), Field.LIST_ID: _l("Mailing list"),
    Field.ATTACHMENT: _l("Has an attachment"), Field.SPAM: _l("Looks like junk"), Field.SIZE: _l("Size in bytes"), Field.DATE: _l("Date"),
    Field.RECIPIENTS: _l("All recipients"), Field.HEADER: _l("Another header"), Field.ATTEMPTS: _l("Delivery attempts"), Field.ANY: _l("Any message"),
}  # fmt: skip
OPERATOR_WORDS = {
    Operator.CONTAINS: _l("contains"), Operator.NOT_CONTAINS: _l("does not contain"), Operator.EQUALS: _l("is"), Operator.NOT_EQUALS: _l("is not"),
    Operator.WILDCARD: _l("is like (* and ?)"), Operator.REGEX: _l("fits the expression"), Operator.GREATER: _l("is more than"), Operator.LESS: _l("is less than"),
}  # fmt: skip
KINDS = {
    Kind.MOVE: _l("Move to the mailbox"), Kind.LABEL: _l("Add the label"), Kind.FLAG: _l("Star it"), Kind.MARK_READ: _l("Mark as read"),
    Kind.FORWARD_COPY: _l("Forward a copy to"), Kind.FORWARD: _l("Forward, keep nothing"), Kind.COPY: _l("Put a copy in the mailbox"), Kind.REPLY: _l("Reply with the text"),
    Kind.DELETE: _l("Delete it"), Kind.KEEP: _l("Keep in the Inbox"), Kind.REJECT: _l("Send it back, saying"), Kind.SET_HEADER: _l("Set a header"), Kind.STOP: _l("Do nothing more"),
}  # fmt: skip
OWN_KINDS = {Kind.ROUTE: _l("Send by the route"), Kind.PROGRAM: _l("Run the program")}
"""Kinds that only some may choose: `offering` puts them into a form."""
VALUELESS_FIELDS = frozenset({Field.ANY, Field.ATTACHMENT, Field.SPAM})
ALL_KINDS = KINDS | OWN_KINDS
VALUELESS_KINDS = frozenset({Kind.FLAG, Kind.MARK_READ, Kind.DELETE, Kind.KEEP, Kind.STOP})
ROWS = 20
"""Rows of criteria, and of actions, that a form is read for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CriterionRow:
    """One criterion as it is edited."""

    field: str = Field.FROM.value
    operator: str = Operator.CONTAINS.value
    value: str = ""
    header: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActionRow:
    """One action as it is edited."""

    kind: str = Kind.MOVE.value
    value: str = ""
    name: str = ""
    from_name: str = ""
    from_address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleForm:
    """A rule as it is edited. *number* is its place from 0, -1 for a new one."""

    number: int = -1
    name: str = ""
    match_all: bool = True
    stop: bool = False
    is_enabled: bool = True
    criteria: tuple[CriterionRow, ...] = (CriterionRow(),)
    actions: tuple[ActionRow, ...] = (ActionRow(),)
    fields: tuple[tuple[str, object, str], ...] = field(default_factory=lambda: tuple((f.value, words, " ".join(o.value for o in OPERATOR_WORDS if o in OPERATORS.get(f, Operator))) for f, words in FIELDS.items()))
    """Value, words, and the operators that the field takes."""
    operators: tuple[tuple[str, object], ...] = field(default_factory=lambda: tuple((o.value, words) for o, words in OPERATOR_WORDS.items()))
    kinds: tuple[tuple[str, object], ...] = field(default_factory=lambda: tuple((k.value, words) for k, words in KINDS.items()))
    routes: tuple[str, ...] = ()
    programs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleLine:
    """A rule as it is listed, in words."""

    number: int
    name: str
    conditions: str
    does: str
    is_enabled: bool


def offering(form: RuleForm, *, routes: Sequence[str] | None = None, programs: Sequence[str] | None = None) -> RuleForm:
    """*form* with the choice of a route or a program where these are given, and with what it holds already."""
    used = {row.kind for row in form.actions}
    given = {Kind.ROUTE: routes, Kind.PROGRAM: programs}
    more = tuple((kind.value, words) for kind, words in OWN_KINDS.items() if given[kind] is not None or kind.value in used)
    return replace(form, kinds=(*form.kinds, *more), routes=tuple(routes or ()), programs=tuple(programs or ()))


def form_of(rule: Rule, number: int) -> RuleForm:
    """A rule for editing."""
    return RuleForm(
        number=number, name=rule.name, match_all=rule.match_all, stop=rule.stop, is_enabled=rule.is_enabled,
        criteria=tuple(CriterionRow(field=c.field.value, operator=c.operator.value, value=c.value, header=c.header) for c in rule.criteria) or (CriterionRow(),),
        actions=tuple(ActionRow(kind=a.kind.value, value=a.value, name=a.name or a.subject, from_name=a.from_name, from_address=a.from_address) for a in rule.actions) or (ActionRow(),),
    )  # fmt: skip


def typed(form: Mapping[str, str], number: int) -> RuleForm:
    """What stands in a posted form, after its button to add or remove a row."""
    criteria = [
        CriterionRow(field=form[f"c{n}_field"], operator=form.get(f"c{n}_operator", ""), value=form.get(f"c{n}_value", ""), header=form.get(f"c{n}_header", ""))
        for n in range(ROWS) if f"c{n}_field" in form and form.get("op") != f"less-c{n}"
    ]  # fmt: skip
    actions = [
        ActionRow(kind=form[f"a{n}_kind"], value=form.get(f"a{n}_value", ""), name=form.get(f"a{n}_name", ""), from_name=form.get(f"a{n}_from_name", ""), from_address=form.get(f"a{n}_from_address", ""))
        for n in range(ROWS) if f"a{n}_kind" in form and form.get("op") != f"less-a{n}"
    ]  # fmt: skip
    if form.get("op") == "more-c" and len(criteria) < ROWS:
        criteria.append(CriterionRow())
    if form.get("op") == "more-a" and len(actions) < ROWS:
        actions.append(ActionRow())
    return RuleForm(
        number=number, name=form.get("name", ""), match_all=form.get("match") != "any", stop="stop" in form, is_enabled="is_off" not in form,
        criteria=tuple(criteria) or (CriterionRow(),), actions=tuple(actions) or (ActionRow(),),
    )  # fmt: skip


def rule_of(form: RuleForm) -> Rule:
    """The rule that a form says. Raises MailError(SYNTAX) with a sentence."""
    criteria = tuple(_criterion(row) for row in form.criteria)
    actions = tuple(_action(row, form.name) for row in form.actions)
    name = " ".join(form.name.split()) or suggested(criteria)
    return Rule(name=name, criteria=criteria, actions=actions, match_all=form.match_all, is_enabled=form.is_enabled, stop=form.stop)


def _criterion(row: CriterionRow) -> Criterion:
    try:
        chosen, operator = Field(row.field), Operator(row.operator)
    except ValueError as error:
        raise MailError(Reason.SYNTAX, _("Choose what to look at from the list.")) from error
    if chosen in VALUELESS_FIELDS:
        return Criterion(field=chosen, operator=Operator.NOT_EQUALS if operator in (Operator.NOT_EQUALS, Operator.NOT_CONTAINS) and chosen is not Field.ANY else Operator.EQUALS)
    if not row.value.strip():
        raise MailError(Reason.SYNTAX, _("Write what %(field)s is compared with.", field=FIELDS[chosen]))
    if operator not in OPERATORS.get(chosen, frozenset(Operator)):
        raise MailError(Reason.SYNTAX, _("%(field)s cannot be compared like that. Choose another word between.", field=FIELDS[chosen]))
    return Criterion(field=chosen, operator=operator, value=row.value.strip(), header=row.header.strip() if chosen is Field.HEADER else "")


def _action(row: ActionRow, name: str) -> RuleAction:
    try:
        kind = Kind(row.kind)
    except ValueError as error:
        raise MailError(Reason.SYNTAX, _("Choose what to do from the list.")) from error
    if kind in VALUELESS_KINDS:
        return RuleAction(kind=kind)
    if not row.value.strip():
        raise MailError(Reason.SYNTAX, _("%(what)s: say what.", what=ALL_KINDS[kind]))
    value = row.value.strip()
    if kind is Kind.SET_HEADER:
        return RuleAction(kind=kind, value=value, name=row.name.strip())
    if kind is Kind.REPLY:
        return RuleAction(kind=kind, value=value, subject=row.name.strip() or name.strip(), from_name=row.from_name.strip(), from_address=row.from_address.strip())
    return RuleAction(kind=kind, value="-".join(value.split()) if kind is Kind.LABEL else value)


def suggested(criteria: tuple[Criterion, ...]) -> str:
    """A name for a rule that was given none."""
    return _words(criteria[0])[:100] if criteria else _("Rule")


def line_of(rule: Rule, number: int) -> RuleLine:
    """A rule in words."""
    glue = _(" and ") if rule.match_all else _(" or ")
    does = ", ".join(_does(a) for a in rule.actions)
    if rule.stop:
        does += _(", then no further rule")
    return RuleLine(number=number, name=rule.name, conditions=glue.join(_words(c) for c in rule.criteria), does=does, is_enabled=rule.is_enabled)


def _words(c: Criterion) -> str:
    name = c.header if c.field is Field.HEADER else str(FIELDS[c.field])
    if c.field in VALUELESS_FIELDS:
        return name if c.operator is Operator.EQUALS else _("not: %(what)s", what=name)
    return f"{name} {OPERATOR_WORDS[c.operator]} “{c.value}”"


def _does(a: RuleAction) -> str:
    words = str(ALL_KINDS[a.kind])
    if a.kind in VALUELESS_KINDS:
        return words
    return f"{words} {a.name}: “{a.value}”" if a.name else f"{words} “{a.value[:80]}”"
