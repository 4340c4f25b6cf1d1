"""DATA's stream against a slow reference that walks over octets."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.base.errors import MailError, Reason
from mailcore.wire.smtp.data import LINE_LIMIT, BareScanner, DotDecoder, DotStuffer

bits = st.lists(
    st.sampled_from([b"\r", b"\n", b"\r\n", b".", b"..", b"a", b"\r\n.", b"\n.\r\n", b"\r\n.\r", b"\0", b"\xff"]), max_size=40
).map(b"".join)


def slow_decode(stream):
    """(message, rest) by the letter of RFC 5321 §4.5.2, or (None, None) without an end."""
    message, at, at_line_start = bytearray(), 0, True
    while at < len(stream):
        if at_line_start and stream[at : at + 3] == b".\r\n":
            return bytes(message), stream[at + 3 :]
        if at_line_start and stream[at : at + 1] == b".":
            at += 1
            at_line_start = False
            continue
        if stream[at : at + 2] == b"\r\n":
            message += b"\r\n"
            at += 2
            at_line_start = True
            continue
        message.append(stream[at])
        at += 1
        at_line_start = False
    return None, None


def slow_scan(message):
    """(bare CR, bare LF, longest line between CRLFs)."""
    left = message.replace(b"\r\n", b"")
    return b"\r" in left, b"\n" in left


def decode(stream, cuts):
    decoder, out, last = DotDecoder(), b"", 0
    for cut in [*sorted(cuts), len(stream)]:
        out += decoder.feed(stream[last:cut])
        last = cut
    return decoder, out


@given(bits, bits, st.lists(st.integers(0, 120)))
def test_any_stream_in_any_chunks_decodes_as_the_letter_says(body, behind, cuts):
    stream = body + b"\r\n.\r\n" + behind
    decoder, out = decode(stream, [cut for cut in cuts if cut <= len(stream)])
    message, rest = slow_decode(stream)
    assert decoder.is_done
    assert (out, decoder.rest) == (message, rest)
    try:
        decoder.scanner.finish()
    except MailError as error:
        assert error.reason is Reason.BARE_LINE_ENDING
    assert (decoder.has_bare_cr, decoder.has_bare_lf) == slow_scan(message)
    assert decoder.size_bytes == len(message)


@given(bits, st.lists(st.integers(0, 120)))
def test_what_is_stuffed_comes_back(message, cuts):
    stuffer, stream, last = DotStuffer(), b"", 0
    for cut in [*sorted(cut for cut in cuts if cut <= len(message)), len(message)]:
        stream += stuffer.feed(message[last:cut])
        last = cut
    stream += stuffer.end()
    decoder = DotDecoder()
    decoded = decoder.feed(stream)
    assert decoder.is_done and decoder.rest == b""
    assert decoded == message + (b"" if message.endswith(b"\r\n") or not message else b"\r\n")


@pytest.mark.parametrize("end", [b"\n.\n", b"\r.\r", b"\n.\r\n", b"\r\n.\n", b"\r\n\0.\r\n", b"\r\n.\r", b"\n\n.\r\n", b"\r\r\n.\n"])
@pytest.mark.parametrize("size", [1, 1000])
def test_no_other_spelling_ends_a_message(end, size):
    stream = b"Subject: x\r\n\r\nhi" + end + b"MAIL FROM:<admin@x.test>\r\n"
    decoder = DotDecoder()
    for at in range(0, len(stream), size):
        decoder.feed(stream[at : at + size])
    assert not decoder.is_done


def test_an_empty_message_ends_at_once():
    decoder = DotDecoder()
    assert decoder.feed(b".\r\nQUIT\r\n") == b""
    assert decoder.is_done and decoder.rest == b"QUIT\r\n"


def test_a_first_line_that_begins_with_a_dot_is_unstuffed():
    assert DotDecoder().feed(b"..a\r\nb") == b".a\r\nb"


def test_pipelined_commands_behind_the_end_are_kept_in_order():
    decoder = DotDecoder()
    decoder.feed(b"x\r\n.\r\nMAIL ")
    decoder.feed(b"FROM:<>\r\n")
    assert decoder.rest == b"MAIL FROM:<>\r\n"


@pytest.mark.parametrize("seed", range(30))
def test_the_longest_line_is_exact_above_the_limit_and_nought_below(seed):
    chance = random.Random(seed)
    sizes = [chance.choice([0, 5, 76, 997, 998, 999, 1000, 1500, 5000]) for _ in range(chance.randint(1, 12))]
    message = b"\r\n".join(b"x" * size for size in sizes)
    scanner = BareScanner()
    at = 0
    while at < len(message):
        step = chance.choice([1, 7, 500, 998, 1001, 4000])
        scanner.feed(message[at : at + step])
        at += step
    scanner.finish()
    longest = max(sizes)
    assert scanner.longest_line == (longest if longest > LINE_LIMIT else 0)
    assert scanner.has_long_line is (longest > LINE_LIMIT)


@given(bits, st.lists(st.integers(0, 120)))
def test_a_scanner_of_chunks_sees_what_one_of_the_whole_sees(message, cuts):
    scanner, last = BareScanner(), 0
    for cut in [*sorted(cut for cut in cuts if cut <= len(message)), len(message)]:
        scanner.feed(message[last:cut])
        last = cut
    is_bare = slow_scan(message)
    if any(is_bare):
        with pytest.raises(MailError) as caught:
            scanner.finish()
        assert caught.value.reason is Reason.BARE_LINE_ENDING
    else:
        scanner.finish()
    assert (scanner.has_bare_cr, scanner.has_bare_lf) == is_bare
    assert scanner.has_8bit is not message.isascii()
    assert scanner.has_nul is (b"\0" in message)
