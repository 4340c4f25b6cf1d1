"""What a clicked rule does to a message, through the interpreter: each field and operator on mail it fits and mail it does not."""

import pytest

from mailcore.sieve.actions import FileInto, Keep, Redirect, Vacation
from mailcore.sieve.message import Mail, Surroundings
from mailcore.sieve.rules import Criterion, Field, Kind, Operator, Rule, RuleAction
from mailcore.sieve.rulescript import to_sieve
from mailcore.sieve.script import compile as compile_sieve

LETTER = (
    b"From: Ann <ann@a.test>\r\nTo: bob@b.test, Carol <carol@b.test>\r\nCc: dan@d.test\r\nSubject: Invoice 17\r\nX-Score: 5\r\n"
    b"List-Id: News <news.a.test>\r\nDate: Tue, 20 Jan 2026 10:00:00 +0000\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n"
    b"--b\r\nContent-Type: text/plain\r\n\r\nPlease pay.\r\n--b\r\nContent-Type: application/pdf\r\n"
    b"Content-Disposition: attachment; filename=i.pdf\r\n\r\nx\r\n--b--\r\n"
)
PLAIN = b"From: x@y.test\r\nSubject: Hello\r\n\r\nHi.\r\n"
AROUND = Surroundings(spam_percent=80, environment={"vnd.roost.attempts": "3", "vnd.roost.recipients": "bob@b.test;eve@e.test"})
CALM = Surroundings(spam_percent=10, environment={"vnd.roost.attempts": "1", "vnd.roost.recipients": "x@y.test"})
MOVE = RuleAction(kind=Kind.MOVE, value="Hit")


def criterion(field: Field, operator: Operator, value: str = "", header: str = "") -> Criterion:
    return Criterion(field=field, operator=operator, value=value, header=header)


FITS = [
    criterion(Field.FROM, Operator.EQUALS, "ANN@a.test"),
    criterion(Field.FROM, Operator.CONTAINS, "ann <"),
    criterion(Field.TO, Operator.REGEX, "carol@.*"),
    criterion(Field.TO, Operator.WILDCARD, "c?rol@*"),
    criterion(Field.CC, Operator.EQUALS, "dan@d.test"),
    criterion(Field.SUBJECT, Operator.WILDCARD, "inv*17"),
    criterion(Field.SUBJECT, Operator.REGEX, "invoice [0-9]+"),
    criterion(Field.SUBJECT, Operator.NOT_CONTAINS, "hello"),
    criterion(Field.SUBJECT, Operator.NOT_EQUALS, "hello"),
    criterion(Field.BODY, Operator.CONTAINS, "please PAY"),
    criterion(Field.SIZE, Operator.GREATER, "200"),
    criterion(Field.SIZE, Operator.EQUALS, str(len(LETTER))),
    criterion(Field.RECIPIENTS, Operator.CONTAINS, "eve@"),
    criterion(Field.ATTEMPTS, Operator.GREATER, "2"),
    criterion(Field.HEADER, Operator.LESS, "7", "X-Score"),
    criterion(Field.LIST_ID, Operator.CONTAINS, "news."),
    criterion(Field.ATTACHMENT, Operator.EQUALS),
    criterion(Field.SPAM, Operator.EQUALS),
    criterion(Field.DATE, Operator.LESS, "2026-01-21"),
]


def run(rules: list[Rule], data: bytes = LETTER, around: Surroundings = AROUND) -> tuple[object, ...]:
    result = compile_sieve(to_sieve(rules)).run(Mail(data), around)
    assert result.error == ""
    return result.actions


def is_hit(actions: tuple[object, ...]) -> bool:
    return any(isinstance(one, FileInto) and one.mailbox == "Hit" for one in actions)


def name_of(one: Criterion) -> str:
    return f"{one.field.value}-{one.operator.value}"


@pytest.mark.parametrize("one", FITS, ids=name_of)
def test_a_rule_fires_on_mail_that_fits(one: Criterion) -> None:
    assert is_hit(run([Rule(name="r", criteria=(one,), actions=(MOVE,))]))


@pytest.mark.parametrize("one", [one for one in FITS if one.operator is not Operator.LESS], ids=name_of)
def test_a_rule_stays_quiet_on_other_mail(one: Criterion) -> None:
    assert not is_hit(run([Rule(name="r", criteria=(one,), actions=(MOVE,))], PLAIN, CALM))


def test_all_criteria_must_hold_unless_any_will_do() -> None:
    pair = (FITS[0], criterion(Field.SUBJECT, Operator.EQUALS, "other"))
    assert not is_hit(run([Rule(name="r", criteria=pair, actions=(MOVE,))]))
    assert is_hit(run([Rule(name="r", criteria=pair, actions=(MOVE,), match_all=False)]))


def test_a_rule_that_stops_ends_those_below_it() -> None:
    star = Rule(name="a", criteria=(FITS[0],), actions=(RuleAction(kind=Kind.FLAG),), stop=True)
    assert run([star, Rule(name="b", criteria=(FITS[0],), actions=(MOVE,))]) == (Keep(flags=("\\Flagged",)),)


def test_a_moved_message_carries_its_label() -> None:
    actions = run([Rule(name="a", criteria=(FITS[0],), actions=(MOVE, RuleAction(kind=Kind.LABEL, value="$Work")))])
    assert actions == (FileInto(mailbox="Hit", create=True, flags=("$Work",)),)


def test_forwarding_with_a_copy_leaves_the_message() -> None:
    actions = run([Rule(name="a", criteria=(FITS[0],), actions=(RuleAction(kind=Kind.FORWARD_COPY, value="z@z.test"),))])
    assert {type(one) for one in actions} == {Redirect, Keep}


@pytest.mark.parametrize(("data", "subject"), [(LETTER, "[Bill] Invoice 17 ${x}"), (PLAIN.replace(b"Subject: Hello\r\n", b""), "[Bill]  ${x}")])
def test_a_header_that_is_set_may_hold_what_it_was(data: bytes, subject: str) -> None:
    change = RuleAction(kind=Kind.SET_HEADER, name="Subject", value="[Bill] %macro_original_header% ${x}")
    rule = Rule(name="r", criteria=(criterion(Field.ANY, Operator.EQUALS),), actions=(change,))
    result = compile_sieve(to_sieve([rule])).run(Mail(data), AROUND)
    assert result.error == "" and subject in [getattr(one, "value", "") for one in result.header_edits]


def test_only_the_first_rule_that_replies_does() -> None:
    rules = [Rule(name=t, criteria=(FITS[0],), actions=(RuleAction(kind=Kind.REPLY, value=t),)) for t in ("one", "two")]
    assert [one.reason for one in run(rules) if isinstance(one, Vacation)] == ["one"]
