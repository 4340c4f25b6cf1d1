"""The client's transaction, against scripted servers and against our own server core."""

import pytest

from mailcore.mail.address import Address, ReversePath
from mailcore.wire.smtp import commands as c
from mailcore.wire.smtp.client import OutRecipient, SendOptions, SmtpClient, Stage
from mailcore.wire.smtp.data import DotDecoder
from mailcore.wire.smtp.ehlo import Extensions
from mailcore.wire.smtp.parser import parse_command
from mailcore.wire.smtp.replies import Reply
from mailcore.wire.smtp.transaction import Transaction

SENDER = ReversePath.parse("<s@x.test>")
ALL = Extensions(size_bytes=10_000, has_pipelining=True, has_8bitmime=True, has_smtputf8=True, has_dsn=True)
NONE = Extensions()


def to(*names):
    return [OutRecipient(address=Address.parse(name)) for name in names]


def client(names=("a@y.test",), offered=NONE, sender=SENDER, **options):
    return SmtpClient(sender, to(*names), SendOptions(**{"size_bytes": 100, **options}), offered)


def reply(code, enhanced="", text="x"):
    return Reply(code, enhanced, (text,))


def fates(one):
    return [(outcome.code, outcome.stage) for outcome in one.outcomes]


def test_without_pipelining_each_command_waits_for_its_reply():
    one = client(("a@y.test", "b@y.test"))
    assert one.start() == b"MAIL FROM:<s@x.test>\r\n"
    assert one.receive(reply(250)) == b"RCPT TO:<a@y.test>\r\n"
    assert one.receive(reply(250)) == b"RCPT TO:<b@y.test>\r\n"
    assert one.receive(reply(550, "5.1.1")) == b"DATA\r\n"
    assert one.receive(reply(354)) == b"" and one.wants_body
    assert one.body(b".x\r\n") + one.end_body() == b"..x\r\n.\r\n"
    one.receive(reply(250, "2.0.0"))
    assert one.is_done
    assert fates(one) == [(250, Stage.AFTER_BODY), (550, Stage.RCPT)]
    assert [outcome.is_delivered for outcome in one.outcomes] == [True, False]


def test_with_pipelining_all_goes_at_once():
    one = client(offered=ALL)
    assert one.start() == b"MAIL FROM:<s@x.test> SIZE=100\r\nRCPT TO:<a@y.test>\r\nDATA\r\n"
    assert [one.receive(reply(code)) for code in (250, 250, 354)] == [b"", b"", b""]
    assert one.wants_body


def test_a_refused_sender_is_everyones_fate():
    one = client(("a@y.test", "b@y.test"), offered=ALL)
    one.start()
    one.receive(reply(550, "5.7.1"))
    assert not one.is_done
    for code in (503, 503, 503):
        one.receive(reply(code))
    assert one.is_done and fates(one) == [(550, Stage.MAIL)] * 2


def test_data_sent_ahead_for_nobody_is_ended_with_an_empty_message():
    one = client(offered=ALL)
    one.start()
    one.receive(reply(250))
    one.receive(reply(550, "5.1.1"))
    assert one.receive(reply(354)) == b".\r\n"
    one.receive(reply(554))
    assert one.is_done and fates(one) == [(550, Stage.RCPT)]


def test_without_pipelining_data_is_not_sent_for_nobody():
    one = client()
    one.start()
    one.receive(reply(250))
    assert one.receive(reply(450)) == b""
    assert one.is_done and one.outcomes[0].is_temporary


def test_a_refused_data_is_the_fate_of_the_accepted():
    one = client(("a@y.test", "b@y.test"))
    one.start()
    for code in (250, 250, 550):
        one.receive(reply(code))
    one.receive(reply(451))
    assert fates(one) == [(451, Stage.DATA), (550, Stage.RCPT)]


@pytest.mark.parametrize("is_sent", [True, False])
def test_a_server_that_hangs_after_the_dot_is_told_apart_from_one_that_hangs_before(is_sent):
    one = client()
    one.start()
    for code in (250, 250, 354):
        one.receive(reply(code))
    one.body(b"x")
    if is_sent:
        one.end_body()
    one.lost("timeout")
    assert one.outcomes[0].is_uncertain is is_sent and one.outcomes[0].is_temporary
    assert one.outcomes[0].stage is (Stage.AFTER_BODY if is_sent else Stage.BODY)


def test_421_ends_it_for_all_without_a_fate():
    one = client(("a@y.test", "b@y.test"))
    one.start()
    one.receive(reply(250))
    one.receive(reply(550))
    one.receive(reply(421, "4.3.2"))
    assert one.is_done and fates(one) == [(550, Stage.RCPT), (421, Stage.RCPT)]


def test_lmtp_has_a_reply_for_each_recipient():
    one = client(("a@y.test", "b@y.test", "c@y.test"), offered=ALL, is_lmtp=True)
    one.start()
    for code in (250, 250, 550, 250, 354):
        one.receive(reply(code))
    one.body(b"x\r\n")
    one.end_body()
    one.receive(reply(250))
    one.receive(reply(452))
    assert one.is_done and [code for code, _ in fates(one)] == [250, 550, 452]


def test_the_null_sender_is_sent_as_it_is():
    assert client(sender=ReversePath(None)).start() == b"MAIL FROM:<>\r\n"


def test_dsn_parameters_go_only_to_who_speaks_dsn():
    recipient = OutRecipient(address=Address.parse("a@y.test"), notify=c.NEVER, orcpt=c.OriginalRecipient("rfc822", "A@y.test"))
    options = SendOptions(size_bytes=1, ret=c.Ret.HEADERS, envid="E 1")
    with_dsn = SmtpClient(SENDER, [recipient], options, Extensions(has_dsn=True, has_pipelining=True)).start()
    assert b"RET=HDRS ENVID=E+201" in with_dsn and b"NOTIFY=NEVER ORCPT=rfc822;A@y.test" in with_dsn
    assert SmtpClient(SENDER, [recipient], options, NONE).start() == b"MAIL FROM:<s@x.test>\r\n"


def test_a_message_over_the_servers_size_is_not_begun():
    one = client(offered=ALL, size_bytes=20_000)
    assert one.start() == b"" and one.is_done
    assert fates(one) == [(552, Stage.BEFORE_MAIL)]


def test_an_idn_domain_goes_as_a_label_to_a_server_without_smtputf8():
    one = client(("joe@exämple.test", "jö@y.test"))
    one.start()
    assert one.receive(reply(250)) == b"RCPT TO:<joe@xn--exmple-cua.test>\r\n"
    assert one.outcomes[0].enhanced == "5.6.7"


def test_smtputf8_is_asked_only_when_the_message_needs_it():
    assert b"SMTPUTF8" not in client(offered=ALL).start()
    assert b"SMTPUTF8" in client(("jö@y.test",), offered=ALL).start()


def test_ten_thousand_recipients_are_sent_in_windows():
    one = client([f"u{n}@y.test" for n in range(1000)], offered=ALL)
    assert one.start().count(b"\r\n") == 100
    sent = 100
    for _ in range(1001):
        sent += one.receive(reply(250)).count(b"\r\n")
    assert sent == 1002
    one.receive(reply(354))
    assert one.wants_body


def test_a_success_where_none_is_due_is_no_delivery():
    one = client()
    one.start()
    one.receive(reply(250))
    one.receive(reply(250))
    one.receive(reply(250))
    assert one.is_done and not one.outcomes[0].is_delivered and one.outcomes[0].is_temporary


def test_a_reply_out_of_turn_ends_it():
    one = client()
    one.start()
    for code in (250, 250, 354, 250):
        one.receive(reply(code))
    assert one.is_done and one.outcomes[0].code == 0


@pytest.mark.parametrize("offered", [NONE, ALL])
def test_our_client_and_our_server_understand_each_other(offered):
    """Both cores back to back: the server likes all but `no@`."""
    one = client(("a@y.test", "no@y.test", "b@y.test"), offered=offered)
    server = Transaction()
    server.accept(c.Ehlo(host="x"))
    stream, message = one.start(), b"Subject: x\r\n\r\n.dot\r\nend\r\n"
    while stream:
        line, stream = stream.split(b"\r\n", 1)
        command = parse_command(line)
        answer = server.check(command)
        if answer is None and isinstance(command, c.Rcpt) and command.path.address.local == "no":
            answer = reply(550, "5.1.1")
        elif answer is None:
            server.accept(command)
            answer = reply(354 if isinstance(command, c.Data) else 250)
        stream += one.receive(answer)
    assert one.wants_body
    decoder = DotDecoder()
    assert decoder.feed(one.body(message[:20]) + one.body(message[20:]) + one.end_body()) == message
    one.receive(reply(250, "2.0.0"))
    assert [outcome.code for outcome in one.outcomes] == [250, 550, 250]
    assert [str(rcpt.path) for rcpt in server.recipients] == ["<a@y.test>", "<b@y.test>"]
