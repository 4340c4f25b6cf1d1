"""The server's transaction: what may follow what."""

import pytest

from mailcore.wire.smtp import commands as c
from mailcore.wire.smtp.parser import PARSERS, parse_command
from mailcore.wire.smtp.transaction import ALLOWED, Phase, Transaction


def talk(lines, transaction=None):
    """The reply codes of *lines*, 0 for those let through."""
    transaction = transaction or Transaction()
    codes = []
    for line in lines.split("|"):
        command = parse_command(line.strip().encode())
        reply = transaction.check(command)
        codes.append(reply.code if reply else 0)
        if reply is None:
            transaction.accept(command)
    return codes


TRANSCRIPTS = [
    ("EHLO x | MAIL FROM:<> | RCPT TO:<a@b.test> | RCPT TO:<c@d.test> | DATA", [0, 0, 0, 0, 0]),
    ("MAIL FROM:<a@b.test>", [503]),
    ("AUTH PLAIN | STARTTLS | NOOP | QUIT", [503, 503, 0, 0]),
    ("EHLO x | RCPT TO:<a@b.test> | DATA | BDAT 5", [0, 503, 503, 503]),
    ("EHLO x | MAIL FROM:<> | MAIL FROM:<a@b.test>", [0, 0, 503]),
    ("EHLO x | MAIL FROM:<> | DATA", [0, 0, 503]),
    ("EHLO x | MAIL FROM:<> | RSET | RCPT TO:<a@b.test>", [0, 0, 0, 503]),
    ("EHLO x | MAIL FROM:<> | EHLO y | RCPT TO:<a@b.test>", [0, 0, 0, 503]),
    ("EHLO x | MAIL FROM:<> | STARTTLS", [0, 0, 503]),
    ("EHLO x | MAIL FROM:<> | AUTH PLAIN", [0, 0, 503]),
    ("EHLO x | STARTTLS | MAIL FROM:<>", [0, 0, 503]),
    ("EHLO x | STARTTLS | EHLO x | STARTTLS", [0, 0, 0, 503]),
    ("LHLO x", [500]),
    ("EHLO x | MAIL FROM:<> | RCPT TO:<a@b.test> | BDAT 5 | DATA", [0, 0, 0, 0, 503]),
    ("EHLO x | MAIL FROM:<> | RCPT TO:<a@b.test> | BDAT 5 | RCPT TO:<c@d.test> | BDAT 3 LAST", [0, 0, 0, 0, 503, 0]),
    ("EHLO x | MAIL FROM:<> BODY=BINARYMIME | RCPT TO:<a@b.test> | DATA | BDAT 5", [0, 0, 0, 503, 0]),
    ("EHLO x | MAIL FROM:<> | RCPT TO:<jö@b.test>", [0, 0, 553]),
    ("EHLO x | MAIL FROM:<> SMTPUTF8 | RCPT TO:<jö@b.test>", [0, 0, 0]),
]


@pytest.mark.parametrize(("lines", "codes"), TRANSCRIPTS, ids=[lines for lines, _ in TRANSCRIPTS])
def test_the_order_of_commands(lines, codes):
    assert talk(lines) == codes


def test_the_null_sender_is_a_sender():
    transaction = Transaction()
    talk("EHLO x | MAIL FROM:<>", transaction)
    assert transaction.phase is Phase.MAIL and transaction.mail.path.is_null


def test_the_end_of_a_message_leaves_the_greeting():
    transaction = Transaction()
    talk("EHLO x | MAIL FROM:<> | RCPT TO:<a@b.test>", transaction)
    transaction.reset()
    assert transaction.phase is Phase.READY and transaction.recipients == [] and transaction.greeting.host == "x"


def test_starttls_forgets_the_greeting_and_the_login():
    transaction = Transaction()
    talk("EHLO x", transaction)
    transaction.authenticated()
    transaction.start_tls()
    assert transaction.greeting is None and not transaction.is_authenticated and transaction.is_tls


def test_who_is_signed_in_cannot_sign_in_again():
    transaction = Transaction()
    talk("EHLO x", transaction)
    transaction.authenticated()
    assert talk("AUTH PLAIN", transaction) == [503]


def test_helo_brings_no_extensions():
    transaction = Transaction()
    talk("HELO x", transaction)
    assert not transaction.is_extended
    talk("EHLO x", transaction)
    assert transaction.is_extended


def test_lmtp_wants_lhlo():
    transaction = Transaction(is_lmtp=True)
    assert talk("EHLO x | LHLO x | MAIL FROM:<>", transaction) == [500, 0, 0]


def test_every_command_is_allowed_in_some_phase():
    kinds = {kind for kind in vars(c).values() if isinstance(kind, type) and issubclass(kind, c.Command)} - {c.Command}
    assert frozenset().union(*ALLOWED.values()) == kinds
    assert len(PARSERS) == len(kinds)
    assert set(ALLOWED) == set(Phase)
