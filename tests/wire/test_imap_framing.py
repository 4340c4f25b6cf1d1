"""Framing: transcripts of bytes to events, each fed whole and one byte at a time."""

import pytest

from mailcore.wire.imap.framing import (
    AFTER_LOGIN,
    BEFORE_LOGIN,
    NEED_MORE,
    Frame,
    FrameError,
    Framer,
    Line,
    Literal,
    LiteralChunk,
    LiteralWanted,
    StreamedLiteral,
)


def run(data, decide=lambda wanted, framer: framer.accept(), size=None, limits=AFTER_LOGIN):
    """All events of *data* given in pieces of *size* bytes; *decide* is asked about each literal."""
    framer = Framer(limits)
    events = []
    for at in range(0, len(data), size or max(len(data), 1)):
        framer.receive(data[at : at + (size or len(data))])
        while True:
            event = framer.next()
            if event == NEED_MORE:
                break
            events.append(event)
            if isinstance(event, FrameError):
                return events
            if isinstance(event, LiteralWanted):
                decide(event, framer)
    return events


def frames(events):
    return [event for event in events if isinstance(event, Frame)]


TRANSCRIPTS = {
    "one line": (b"a NOOP\r\n", [(b"a NOOP",)]),
    "bare LF ends a line (netcat)": (b"a NOOP\nb NOOP\n", [(b"a NOOP",), (b"b NOOP",)]),
    "two in one segment": (b"a NOOP\r\nb NOOP\r\n", [(b"a NOOP",), (b"b NOOP",)]),
    "a literal at the end": (b"a LOGIN x {3}\r\ny z\r\n", [(b"a LOGIN x ", Literal(b"y z"), b"")]),
    "two literals": (b"a LOGIN {1}\r\nx {2+}\r\nyz\r\n", [(b"a LOGIN ", Literal(b"x"), b" ", Literal(b"yz"), b"")]),
    "an empty literal": (b"a LOGIN x {0}\r\n\r\n", [(b"a LOGIN x ", Literal(b""), b"")]),
    "a literal that looks like a command": (b"a X {9+}\r\nb LOGOUT\n\r\n", [(b"a X ", Literal(b"b LOGOUT\n"), b"")]),
    "literal8": (b"a X ~{2+}\r\n\0\0\r\n", [(b"a X ", Literal(b"\0\0", True), b"")]),
    "braces that are no literal": (b"a X {x}\r\n{3} \r\n", [(b"a X {x}",), (b"{3} ",)]),
    "an empty line": (b"\r\n", [(b"",)]),
}


@pytest.mark.parametrize("size", [None, 1, 3])
@pytest.mark.parametrize("name", TRANSCRIPTS)
def test_a_command_is_framed_whole_however_it_arrives(name, size):
    data, expected = TRANSCRIPTS[name]
    assert [frame.segments for frame in frames(run(data, size=size))] == expected


@pytest.mark.parametrize("size", [None, 1])
def test_a_refused_synchronising_literal_leaves_the_stream_in_step(size):
    events = run(b"a APPEND x {99999999999}\r\nb NOOP\r\n", lambda wanted, framer: framer.refuse(), size)
    assert [frame.segments for frame in frames(events)] == [(b"b NOOP",)]


@pytest.mark.parametrize("size", [None, 1])
def test_a_refused_literal_is_swallowed_with_the_rest_of_its_command(size):
    data = b"a X {8+}\r\nb NOOP\r\n (c) {8+}\r\nd NOOP\r\n\r\ne NOOP\r\n"
    events = run(data, lambda wanted, framer: framer.refuse(), size)
    assert [frame.segments for frame in frames(events)] == [(b"e NOOP",)]


@pytest.mark.parametrize("size", [None, 1])
def test_a_synchronising_literal_behind_a_refused_one_ends_the_command(size):
    data = b"a X {2+}\r\nzz {5}\r\nb NOOP\r\n"
    events = run(data, lambda wanted, framer: framer.refuse(), size)
    assert [frame.segments for frame in frames(events)] == [(b"b NOOP",)]


def test_a_wrong_count_of_a_literal_puts_the_excess_where_the_command_goes_on():
    events = run(b"a LOGIN x {5+}\r\nabcdefg\r\nb NOOP\r\n")
    assert [frame.segments for frame in frames(events)] == [(b"a LOGIN x ", Literal(b"abcde"), b"fg"), (b"b NOOP",)]


@pytest.mark.parametrize("size", [None, 1, 4])
def test_a_streamed_literal_goes_by_in_chunks_and_leaves_its_size(size):
    events = run(b"a APPEND x {10+}\r\n0123456789\r\n", lambda wanted, framer: framer.stream(), size)
    chunks = [event for event in events if isinstance(event, LiteralChunk)]
    assert b"".join(chunk.data for chunk in chunks) == b"0123456789"
    assert [chunk.is_last for chunk in chunks] == [False] * (len(chunks) - 1) + [True]
    assert frames(events)[0].segments == (b"a APPEND x ", StreamedLiteral(10), b"")


def test_an_empty_streamed_literal_still_says_that_it_is_over():
    events = run(b"a APPEND x {0+}\r\n\r\n", lambda wanted, framer: framer.stream())
    assert [event for event in events if isinstance(event, LiteralChunk)] == [LiteralChunk(b"", True)]


def test_the_owner_sees_what_the_literal_is_for_before_he_decides():
    framer = Framer(AFTER_LOGIN)
    framer.receive(b"a LOGIN x {3}\r\n")
    wanted = framer.next()
    assert wanted == LiteralWanted((b"a LOGIN x ",), 3, True, False, True)
    assert framer.next() is wanted
    assert wanted.frame.segments == (b"a LOGIN x ", StreamedLiteral(3), b"")


def test_a_stranger_may_not_announce_more_than_his_share():
    framer = Framer(BEFORE_LOGIN)
    framer.receive(b"a LOGIN {2147483647}\r\n")
    wanted = framer.next()
    assert not wanted.fits
    with pytest.raises(ValueError):
        framer.accept()


def test_literals_count_together_against_the_limit():
    framer = Framer(BEFORE_LOGIN)
    framer.receive(b"a X {16000+}\r\n" + b"x" * 16000 + b" {16000+}\r\n")
    assert framer.next().fits
    framer.accept()
    assert not framer.next().fits


def test_a_literal_too_long_to_swallow_ends_the_connection_with_the_tag():
    events = run(b"a LOGIN {2147483647+}\r\n", lambda wanted, framer: framer.refuse(), limits=BEFORE_LOGIN)
    assert events[-1].tag == "a"


def test_a_size_with_thousands_of_digits_is_never_converted():
    events = run(b"a X {" + b"9" * 7000 + b"+}\r\n", lambda wanted, framer: framer.refuse(), limits=BEFORE_LOGIN)
    assert isinstance(events[-1], FrameError)


@pytest.mark.parametrize("size", [None, 1000])
def test_a_line_without_end_is_fatal_at_the_limit(size):
    events = run(b"a " + b"x" * 9000, size=size, limits=BEFORE_LOGIN)
    assert isinstance(events[-1], FrameError) and events[-1].tag == "a"


def test_a_line_may_be_just_as_long_as_the_limit():
    line = b"a " + b"x" * (BEFORE_LOGIN.line_bytes - 2)
    assert frames(run(line + b"\r\n", limits=BEFORE_LOGIN))[0].segments == (line,)


def test_thousands_of_refused_empty_literals_do_not_recurse():
    events = run(b"a X {0+}\r\n" + b" {0+}\r\n" * 5000 + b"\r\nb NOOP\r\n", lambda wanted, framer: framer.refuse())
    assert [frame.segments for frame in frames(events)] == [(b"b NOOP",)]


def test_the_text_between_literals_counts_against_one_limit():
    data = b"a X " + b"".join(b"x" * 7000 + b" {0+}\r\n" for _ in range(3)) + b"\r\n"
    assert isinstance(run(data, limits=BEFORE_LOGIN)[-1], FrameError)


@pytest.mark.parametrize("size", [1, 100])
def test_lines_that_are_no_commands_are_read_as_they_are(size):
    framer = Framer()
    data = b"ZGF0YQ== {3}\r\nDONE\r\n"
    lines = []
    for at in range(0, len(data), size):
        framer.receive(data[at : at + size])
        while (line := framer.next_line()) != NEED_MORE:
            lines.append(line)
    assert lines == [Line(b"ZGF0YQ== {3}"), Line(b"DONE")]


def test_what_came_in_the_clear_can_be_dropped_at_starttls():
    framer = Framer()
    framer.receive(b"a STARTTLS\r\nb NOOP\r\n")
    framer.next()
    assert framer.take_rest() == b"b NOOP\r\n"
    assert framer.next() == NEED_MORE
