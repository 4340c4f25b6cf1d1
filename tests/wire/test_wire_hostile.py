"""Whatever bytes come, a parser gives a value or its protocol's own error, and nothing else."""

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailcore.base.errors import MailError, Reason
from mailcore.wire import sasl
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.framing import AFTER_LOGIN, BEFORE_LOGIN, Frame, FrameError, Framer, Literal, LiteralWanted, NeedMore
from mailcore.wire.imap.parser import BY_NUMBER, PARSERS, parse_command
from mailcore.wire.managesieve import commands as sieve
from mailcore.wire.pop3 import commands as pop3
from mailcore.wire.smtp import parser as smtp
from mailcore.wire.smtp.replies import ReplyParser

WORDS = re.findall(
    rb"\S+| ",
    b' ( ) [ ] < > { } {3+} ~{2} " \\ \\Seen * % $ 1:* 1,2 0 99999999999 NIL INBOX UTF-8 CHARSET RETURN FLAGS BODY BODY[ 1.2 HEADER '
    b'HEADER.FIELDS ALL OR NOT UID KEYWORD SINCE 1-Feb-1994 "x" "" a@b FROM: TO: SIZE=5 NOTIFY=NEVER , ; = + : . @ \xc3\xa4 \xff \0 \r STATUS QRESYNC USE',
)
tokens = st.lists(st.sampled_from([*WORDS, b" "]) | st.binary(max_size=4), max_size=25).map(b"".join)
imap_lines = st.builds(
    lambda uid, name, tail: b"a " + uid + name + tail, st.sampled_from([b"", b"UID "]), st.sampled_from([*PARSERS, *BY_NUMBER]), tokens
)


@given(imap_lines | tokens | st.binary(), st.lists(st.tuples(st.binary(max_size=5), tokens), max_size=3))
def test_any_imap_frame_is_a_command_or_a_syntax_error(line, more):
    segments = [line]
    for literal, text in more:
        segments += [Literal(literal), text]
    try:
        parse_command(Frame(tuple(segments)))
    except ImapSyntaxError as error:
        assert error.reason is Reason.SYNTAX


@given(st.lists(st.binary(max_size=12) | imap_lines | st.sampled_from([b"\r\n", b" {3}\r\n", b" {4+}\r\n", b"{0+}\r\n"])), st.data())
def test_any_stream_is_framed_and_every_octet_is_used_once(pieces, data):
    framer = Framer(BEFORE_LOGIN)
    seen = 0
    for piece in pieces:
        framer.receive(piece)
        while not isinstance(event := framer.next(), NeedMore):
            if isinstance(event, FrameError):
                return
            if isinstance(event, LiteralWanted):
                choices = [framer.stream, framer.refuse] + ([framer.accept] if event.fits else [])
                data.draw(st.sampled_from(choices))()
            seen += 1
    assert framer.pending_bytes <= sum(map(len, pieces)) and seen <= sum(map(len, pieces)) + 1


@given(st.lists(imap_lines | st.binary(max_size=30) | st.sampled_from([b" {3+}\r\nabc"]), max_size=5), st.integers(1, 7))
def test_framing_does_not_depend_on_the_pieces_that_arrive(lines, size):
    stream = b"\r\n".join(lines) + b"\r\n"

    def frames(step):
        framer, out = Framer(AFTER_LOGIN), []
        for at in range(0, len(stream), step):
            framer.receive(stream[at : at + step])
            while not isinstance(event := framer.next(), NeedMore):
                if isinstance(event, LiteralWanted):
                    framer.accept() if event.fits else framer.refuse()
                else:
                    out.append(event)
                    if isinstance(event, FrameError):
                        return out
        return out

    assert frames(size) == frames(len(stream))


VERBS = st.sampled_from([verb + b" " for verb in smtp.PARSERS] + [b"MAIL FROM:<a@b.test> ", b"RCPT TO:<a@b.test> ", b""])


@given(VERBS, tokens | st.binary())
@example(b"MAIL FROM:", b"<" + b'"' * 2000)
@example(b"RCPT TO:", b"<" * 3000)
@example(b"MAIL FROM:<a@b.test>", b" A=B" * 900)
def test_any_smtp_line_is_a_command_or_has_its_reply(verb, tail):
    try:
        smtp.parse_command(verb + tail)
    except smtp.SmtpSyntaxError as error:
        assert error.reply.code in (500, 501, 553, 555)
        assert bytes(error.reply).count(b"\r\n") == len(error.reply.lines)


@given(st.sampled_from([*pop3.PARSERS, b""]), tokens | st.binary())
def test_any_pop3_line_is_a_command_or_a_syntax_error(verb, tail):
    for line in (verb + tail, verb + b" " + tail):
        try:
            pop3.parse_command(line)
        except pop3.Pop3SyntaxError as error:
            assert error.detail


@given(st.sampled_from([*sieve.PARSERS, b""]), tokens | st.binary(), st.binary(max_size=9))
def test_any_managesieve_frame_is_a_command_or_a_protocol_error(verb, tail, literal):
    for segments in ((verb + b" " + tail,), (verb + b" " + tail, Literal(literal), b"")):
        try:
            sieve.parse_command(Frame(segments))
        except sieve.SieveProtocolError as error:
            assert error.detail


@given(st.lists(st.binary(max_size=20) | st.sampled_from([b"250-x\r\n", b"250 x\r\n", b"550 5.1.1 no\r\n"])))
def test_any_reply_stream_is_replies_or_remote_trouble(pieces):
    parser = ReplyParser()
    try:
        for piece in pieces:
            parser.receive(piece)
            while (reply := parser.next()) is not None:
                assert 200 <= reply.code < 600
    except MailError as error:
        assert error.reason is Reason.REMOTE


@pytest.mark.parametrize("mechanism", sasl.SERVERS)
@given(responses=st.lists(st.binary() | st.text().map(str.encode) | st.just(b"\0a\0b") | st.just(b"n,a=u,\x01auth=Bearer x\x01\x01")))
def test_any_sasl_response_is_a_step_or_a_sasl_error(mechanism, responses):
    server = sasl.SERVERS[mechanism]()
    try:
        server.start(None)
        for response in responses:
            if isinstance(server.receive(response), sasl.Credentials):
                return
    except sasl.SaslError:
        return


@given(st.binary() | st.text("AB=*+/", max_size=9).map(str.encode))
def test_a_sasl_line_decodes_from_its_one_spelling_or_not_at_all(line):
    try:
        decoded = sasl.decode_response(line)
    except (sasl.SaslError, sasl.SaslCancelled):
        return
    assert bytes(sasl.Challenge(decoded)) == line


@pytest.mark.timeout(60)
@pytest.mark.parametrize("tail", [b"\r", b"\0", b"x\r", b"\t\r", b"<\r", b"\"\r"])
@pytest.mark.parametrize("verb", [b"PUTSCRIPT", b"MAIL FROM:", b"MAIL FROM:<a@b>", b"RCPT TO:", b"AUTH PLAIN", b"BDAT 1", b"NOOP", b"USER", b"a LOGIN", b"a LIST"])
def test_a_long_run_of_spaces_ends_soon_in_every_parser(verb: bytes, tail: bytes) -> None:
    """Three parts of one pattern that all took spaces once made 6 KB take fifty seconds; at this length it would be half an hour."""
    line = verb + b" " * 20_000 + tail
    for parse in (smtp.parse_command, pop3.parse_command, lambda one: sieve.parse_command(Frame((one,))), lambda one: parse_command(Frame((one,)))):
        try:
            parse(line)
        except MailError:
            pass
