"""Rules that people click: checked, kept as JSON, and printed as Sieve in which no value can become a command."""

import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mailcore.base.errors import MailError, Reason
from mailcore.sieve.check import check
from mailcore.sieve.grammar import OWN_EXTENSIONS
from mailcore.sieve.parser import parse
from mailcore.sieve.rules import MAX_RULES, Criterion, Field, Kind, Operator, Rule, RuleAction, as_json, from_json
from mailcore.sieve.rulescript import to_sieve
from mailcore.sieve.tree import Node
from mailcore.sieve.variables import Variables

HOSTILE = st.text(st.sampled_from('ab"\\#;{}[]$*?\r\n\t\u2028 /.:é') | st.characters(codec="utf-8", exclude_characters="\0"), max_size=60)
"""Texts full of what means something to Sieve."""


def from_x(*actions: RuleAction, value: str = "x", name: str = "r") -> Rule:
    return Rule(name=name, criteria=(Criterion(field=Field.FROM, value=value),), actions=actions)


def commands(rules: list[Rule]) -> list[Node]:
    """The checked tree of the rules' script, without its require lines and the dollar's set."""
    tree = parse(to_sieve(rules))
    check(tree, OWN_EXTENSIONS)
    return [one for one in tree if one.name not in ("require", "set")]


@settings(max_examples=200)
@given(name=HOSTILE, value=HOSTILE)
def test_no_name_or_value_can_add_an_action(name: str, value: str) -> None:
    (only,) = commands([from_x(RuleAction(kind=Kind.KEEP), name=name, value=value)])
    assert [one.name for one in only.block or []] == ["keep"]


@settings(max_examples=200)
@given(value=HOSTILE)
def test_a_value_means_itself_even_where_it_looks_like_a_variable(value: str) -> None:
    value = value.replace("\r\n", "\n") + "${1}${dollar}"
    (only,) = commands([from_x(RuleAction(kind=Kind.KEEP), value=value)])
    variables = Variables(is_on=True, shared={}, own={"dollar": "$"})
    key = only.tests[0].values[-1]
    assert isinstance(key, tuple)
    assert variables.expand(key[0]) == value


CRITERIA = [
    Criterion(field=Field.ANY, operator=Operator.EQUALS),
    Criterion(field=Field.SPAM, operator=Operator.NOT_EQUALS),
    Criterion(field=Field.ATTACHMENT, operator=Operator.EQUALS),
    Criterion(field=Field.SIZE, operator=Operator.EQUALS, value="1000"),
    Criterion(field=Field.ATTEMPTS, operator=Operator.GREATER, value="2"),
    Criterion(field=Field.DATE, operator=Operator.LESS, value="2026-01-31"),
    Criterion(field=Field.BODY, operator=Operator.WILDCARD, value="a*b?"),
    Criterion(field=Field.RECIPIENTS, operator=Operator.REGEX, value="a|b"),
    Criterion(field=Field.LIST_ID, operator=Operator.NOT_CONTAINS, value="news"),
    Criterion(field=Field.HEADER, header="X-Score", operator=Operator.LESS, value="7"),
    *(Criterion(field=Field.TO, operator=one, value="7") for one in Operator),
]
ACTIONS = [
    RuleAction(kind=Kind.DELETE),
    RuleAction(kind=Kind.FORWARD, value="a@b.test"),
    RuleAction(kind=Kind.FORWARD_COPY, value="a@b.test"),
    RuleAction(kind=Kind.REPLY, value="Text", subject="S", from_name="Ann Ö", from_address="ann@b.test"),
    RuleAction(kind=Kind.MOVE, value="Work/2026"),
    RuleAction(kind=Kind.COPY, value="Work"),
    RuleAction(kind=Kind.STOP),
    RuleAction(kind=Kind.SET_HEADER, name="X-Seen", value="yes"),
    RuleAction(kind=Kind.FLAG),
    RuleAction(kind=Kind.LABEL, value="$Work"),
    RuleAction(kind=Kind.MARK_READ),
    RuleAction(kind=Kind.KEEP),
    RuleAction(kind=Kind.REJECT, value="No."),
    RuleAction(kind=Kind.ROUTE, value="*.far.test"),
    RuleAction(kind=Kind.PROGRAM, value="note"),
]


@pytest.mark.parametrize("criterion", CRITERIA, ids=lambda one: f"{one.field.value}-{one.operator.value}")
def test_each_criterion_prints_a_script_that_passes_the_check(criterion: Criterion) -> None:
    assert [one.name for one in commands([Rule(name="r", criteria=(criterion,), actions=(RuleAction(kind=Kind.KEEP),))])] == ["if"]


@pytest.mark.parametrize("action", ACTIONS, ids=lambda one: one.kind.value)
def test_each_action_prints_a_script_that_passes_the_check(action: RuleAction) -> None:
    assert [one.name for one in commands([from_x(action)])] == ["if"]


def test_the_tables_above_hold_every_field_and_action() -> None:
    assert {one.kind for one in ACTIONS} == set(Kind)
    assert {one.field for one in CRITERIA} | {Field.FROM, Field.CC, Field.SUBJECT} == set(Field)


def test_a_label_is_set_before_the_move_that_should_carry_it() -> None:
    (only,) = commands([from_x(RuleAction(kind=Kind.MOVE, value="Work"), RuleAction(kind=Kind.LABEL, value="$Work"))])
    assert [one.name for one in only.block or []] == ["addflag", "fileinto"]


def test_a_rule_without_criteria_never_fires() -> None:
    assert to_sieve([Rule(name="r", actions=(RuleAction(kind=Kind.DELETE),))]) == ""


def test_a_rule_that_is_off_is_left_out() -> None:
    rule = Rule(name="r", criteria=(Criterion(field=Field.FROM, value="x"),), actions=(RuleAction(kind=Kind.DELETE),), is_enabled=False)
    assert to_sieve([rule]) == ""


def test_rules_come_back_from_json_as_they_were() -> None:
    rules = (Rule(name="ä", criteria=tuple(CRITERIA), actions=tuple(ACTIONS), match_all=False, stop=True), from_x(ACTIONS[0]))
    assert from_json(as_json(rules)) == rules


WRONG = [
    "{",
    "{}",
    "[1]",
    '[{"name": 1}]',
    '[{"name": "r", "stop": "yes"}]',
    '[{"name": "r", "criteria": [{"field": "moon", "operator": "equals"}]}]',
    '[{"name": "r", "criteria": [{"field": "size", "operator": "less", "value": "big"}]}]',
    '[{"name": "r", "criteria": [{"field": "size", "operator": "contains", "value": "1"}]}]',
    '[{"name": "r", "criteria": [{"field": "date", "operator": "less", "value": "2026-13-01"}]}]',
    '[{"name": "r", "criteria": [{"field": "header", "operator": "equals", "header": "a b"}]}]',
    '[{"name": "r", "criteria": [{"field": "from", "operator": "regex", "value": "(a"}]}]',
    '[{"name": "r", "actions": [{"kind": "forward", "value": "nobody"}]}]',
    '[{"name": "r", "actions": [{"kind": "move", "value": " "}]}]',
    '[{"name": "r", "actions": [{"kind": "label", "value": "a b"}]}]',
    '[{"name": "r", "actions": [{"kind": "set_header", "name": "Received", "value": "x"}]}]',
    '[{"name": "r", "actions": [{"kind": "set_header", "name": "X-A", "value": "x\\r\\nBcc: a@b.test"}]}]',
    '[{"name": "r", "actions": [{"kind": "reply", "value": ""}]}]',
]


@pytest.mark.parametrize("text", WRONG)
def test_a_form_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(MailError) as caught:
        from_json(text)
    assert caught.value.reason is Reason.SYNTAX


def test_more_rules_than_the_limit_are_refused() -> None:
    with pytest.raises(MailError) as caught:
        from_json(as_json([Rule(name="r")] * (MAX_RULES + 1)))
    assert caught.value.reason is Reason.LIMIT


@pytest.mark.skipif(shutil.which("sievec") is None, reason="needs sievec of Debian's dovecot-sieve")
def test_another_engine_compiles_every_criterion_and_action(tmp_path: Path) -> None:
    """Pigeonhole is the oracle: what we print is Sieve, not only what our own parser takes for it."""
    rules = [Rule(name='a "b"\r\ndiscard;', criteria=(one,), actions=(RuleAction(kind=Kind.KEEP),)) for one in CRITERIA]
    rules += [from_x(one, value='${1} "x\\y" é') for one in ACTIONS if one.kind not in (Kind.ROUTE, Kind.PROGRAM)]  # which are ours alone
    script = tmp_path / "rules.sieve"
    script.write_text(to_sieve(rules), newline="")
    plus = "+spamtest +spamtestplus +editheader +mime +foreverypart +vacation-seconds"
    done = subprocess.run(["sievec", "-x", plus, str(script), str(tmp_path / "rules.svbin")], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
