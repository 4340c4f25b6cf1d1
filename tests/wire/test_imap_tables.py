"""IMAP's tables are whole: states, capabilities, codes."""

from mailcore.base.errors import MailError, Reason
from mailcore.wire.imap import commands as c
from mailcore.wire.imap.codes import CODES, refusal_for
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.mutf7 import MailboxName
from mailcore.wire.imap.states import ALLOWED, PROMISES, Offer, State, capabilities, refusal


def test_every_command_is_allowed_somewhere_and_none_is_unknown():
    kinds = {kind for kind in vars(c).values() if isinstance(kind, type) and issubclass(kind, c.Command)} - {c.Command}
    assert frozenset().union(*ALLOWED.values()) == kinds


def test_what_is_allowed_signed_in_is_allowed_with_a_mailbox_open():
    assert ALLOWED[State.AUTHENTICATED] <= ALLOWED[State.SELECTED]


def test_nothing_is_allowed_after_logout():
    assert not ALLOWED[State.LOGOUT]


def test_the_refusal_says_what_is_missing():
    assert refusal(State.NOT_AUTHENTICATED, c.Select(tag="a", mailbox=MailboxName("x"))) == "Sign in first."
    assert refusal(State.AUTHENTICATED, c.Expunge(tag="a")) == "Select a mailbox first."
    assert refusal(State.SELECTED, c.StartTls(tag="a")) == "Already signed in."
    assert refusal(State.SELECTED, c.Expunge(tag="a")) is None


def test_before_tls_no_login_is_offered_where_it_is_not_taken():
    words = capabilities(State.NOT_AUTHENTICATED, Offer(is_tls=False, can_starttls=True, can_login=False))
    assert "LOGINDISABLED" in words and "STARTTLS" in words and not any(word.startswith("AUTH=") for word in words)


def test_under_tls_mechanisms_are_offered_and_starttls_is_not():
    words = capabilities(State.NOT_AUTHENTICATED, Offer(is_tls=True, can_starttls=True, mechanisms=("PLAIN", "LOGIN")))
    assert {"AUTH=PLAIN", "AUTH=LOGIN"} <= set(words) and "STARTTLS" not in words and "LOGINDISABLED" not in words


def test_what_a_capability_promises_is_allowed_in_some_state():
    every = frozenset().union(*ALLOWED.values())
    assert all(kind in every for kinds in PROMISES.values() for kind in kinds)


def test_every_reason_has_a_code():
    assert set(CODES) == set(Reason)
    assert {row.status for row in CODES.values()} == {"NO", "BAD"}


def test_a_login_that_failed_for_a_moment_does_not_say_the_password_is_wrong():
    assert refusal_for(MailError(Reason.AUTH_FAILED, temporary=True)).code == "UNAVAILABLE"


def test_a_syntax_error_brings_its_own_answer():
    assert refusal_for(ImapSyntaxError("a", "x", status="NO", code="CANNOT")).code == "CANNOT"
