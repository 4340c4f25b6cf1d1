"""Replies and EHLO: printing, reading in pieces, limits, and a row for every Reason."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.base.errors import MailError, Reason
from mailcore.wire.smtp.ehlo import Extensions
from mailcore.wire.smtp.reasons import REPLIES, TEMPORARY, reply_for
from mailcore.wire.smtp.replies import LINE_MAX_BYTES, LINES_MAX, Reply, ReplyParser

words = st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="0123456789"), min_size=1, max_size=20)


def feed(data, size):
    parser, replies = ReplyParser(), []
    for at in range(0, len(data), size):
        parser.receive(data[at : at + size])
        while (reply := parser.next()) is not None:
            replies.append(reply)
    return replies


READ = [
    (b"250 ok\r\n", Reply(250, "", ("ok",))),
    (b"220\r\n", Reply(220, "", ("",))),
    (b"250-a\r\n250-b\r\n250 c\r\n", Reply(250, "", ("a", "b", "c"))),
    (b"550 5.1.1 no such user\r\n", Reply(550, "5.1.1", ("no such user",))),
    (b"550-5.1.1 no\r\n550 5.1.1 user\r\n", Reply(550, "5.1.1", ("no", "user"))),
    (b"550-5.1.1 no\r\n550 user\r\n", Reply(550, "5.1.1", ("no", "user"))),
    (b"250 4.1.1 is not of this class\r\n", Reply(250, "", ("4.1.1 is not of this class",))),
    (b"421 4.3.2\r\n", Reply(421, "4.3.2", ("",))),
    (b"250 bare LF\n", Reply(250, "", ("bare LF",))),
    (b"550 caf\xe9\r\n", Reply(550, "", ("café",))),
]


@pytest.mark.parametrize("size", [1, 1000])
@pytest.mark.parametrize(("data", "reply"), READ, ids=[data.decode("latin-1") for data, _ in READ])
def test_a_reply_reads_as_this(data, reply, size):
    assert feed(data, size) == [reply]
    assert feed(data * 2, size) == [reply, reply]


@given(
    st.sampled_from([220, 250, 354, 450, 550]),
    st.booleans(),
    st.lists(st.lists(words, min_size=1).map(" ".join), min_size=1, max_size=5),
)
def test_a_reply_printed_reads_as_itself(code, has_status, lines):
    enhanced = f"{code // 100}.7.10" if has_status and code != 354 else ""
    reply = Reply(code, enhanced, tuple(lines))
    assert Reply.parse(bytes(reply)) == reply


@pytest.mark.parametrize(
    "data",
    [
        b"hello\r\n",
        b"25 ok\r\n",
        b"250_x\r\n",
        b"199 x\r\n",
        b"250-a\r\n251 b\r\n",
        b"x" * (LINE_MAX_BYTES + 1),
        b"250-a\r\n" * (LINES_MAX + 1),
    ],
)
def test_what_is_no_reply_is_remote_trouble(data):
    with pytest.raises(MailError) as caught:
        feed(data, 100)
    assert caught.value.reason is Reason.REMOTE and caught.value.temporary


def test_text_of_a_client_never_makes_a_second_reply():
    reply = Reply.of(550, "5.1.1", "No user x\r\n250 ok\r\n")
    assert bytes(reply) == b"550 5.1.1 No user x 250 ok\r\n"


def test_long_text_is_cut_into_lines_of_legal_length():
    printed = bytes(Reply.of(550, "5.7.1", "word " * 300))
    assert all(len(line) <= 512 for line in printed.splitlines(keepends=True))
    assert Reply.parse(printed).enhanced == "5.7.1"


def test_every_reason_has_a_reply_whose_class_agrees_with_its_code():
    assert set(REPLIES) == set(Reason)
    for reply in [*REPLIES.values(), *TEMPORARY.values()]:
        assert reply.enhanced[0] == str(reply.code)[0]
    assert all(reply.is_temporary for reply in TEMPORARY.values())


@pytest.mark.parametrize("reason", Reason)
def test_a_temporary_error_is_always_a_4xx(reason):
    assert reply_for(MailError(reason, temporary=True)).is_temporary


EXPECTED = [
    (MailError(Reason.UNKNOWN_USER), "550 5.1.1 No such user here."),
    (MailError(Reason.OVER_QUOTA, temporary=True), "452 4.2.2 The mailbox is full."),
    (MailError(Reason.OVER_QUOTA), "552 5.2.2 The mailbox is full."),
    (MailError(Reason.TOO_BIG, "At most 5 MB."), "552 5.3.4 At most 5 MB."),
    (MailError(Reason.STORAGE), "451 4.3.0 Storage trouble; try again later."),
    (MailError(Reason.NO_SPACE), "452 4.3.1 The server is short of space; try again later."),
    (MailError(Reason.RELAY_DENIED), "550 5.7.1 Relaying is not permitted."),
]


@pytest.mark.parametrize(("error", "text"), EXPECTED)
def test_an_error_is_answered_so(error, text):
    assert str(reply_for(error)) == text


@given(
    st.builds(
        Extensions,
        size_bytes=st.none() | st.integers(0, 10**12),
        has_pipelining=st.booleans(),
        has_8bitmime=st.booleans(),
        has_starttls=st.booleans(),
        has_dsn=st.booleans(),
        mechanisms=st.lists(st.sampled_from(["PLAIN", "LOGIN", "XOAUTH2"]), unique=True).map(tuple),
        recipients_max=st.none() | st.integers(1, 1000),
    )
)
def test_what_a_server_offers_is_what_the_client_reads(extensions):
    assert Extensions.parse(Reply.parse(bytes(extensions.reply("mx.example.test")))) == extensions


def test_the_old_way_to_write_auth_is_read():
    reply = Reply(250, "", ("host", "AUTH=LOGIN PLAIN", "auth PLAIN cram-md5", "X-ODD", "", "SIZE"))
    offered = Extensions.parse(reply)
    assert offered.mechanisms == ("LOGIN", "PLAIN", "CRAM-MD5")
    assert offered.size_bytes == 0
