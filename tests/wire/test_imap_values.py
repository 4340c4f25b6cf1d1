"""IMAP's values: sequence sets, mailbox names, dates, strings."""

import json
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailcore.base.errors import MailError
from mailcore.wire.imap.datetimes import parse_internaldate, parse_search_date, print_internaldate
from mailcore.wire.imap.mutf7 import MailboxName, decode, encode
from mailcore.wire.imap.sequence import STAR, SequenceSet

NAMES = Path(__file__).parents[2].parent / "shared" / "corpora" / "names" / "mutf7.json"
ends = st.integers(1, 2**32 - 1) | st.just(STAR)


def corpus():
    if not NAMES.exists():
        pytest.skip("the corpora are not here: modified UTF-7 names are not checked")
    return json.loads(NAMES.read_text("utf-8"))


def test_every_valid_name_of_the_corpus_has_one_spelling():
    for row in corpus()["valid"]:
        assert encode(row["utf8"]) == row["mutf7"].encode()
        assert decode(row["mutf7"].encode()) == row["utf8"]


def test_every_other_spelling_of_the_corpus_is_refused():
    for text in corpus()["invalid_or_noncanonical"]:
        with pytest.raises(MailError):
            decode(text.encode("utf-8"))


@given(st.text(st.characters(exclude_categories=("Cs", "Cc"))))
def test_a_name_comes_back_from_the_wire_as_it_was(name):
    assert decode(encode(name)) == name


@given(st.binary())
def test_any_bytes_are_one_name_or_refused(data):
    try:
        name = decode(data)
    except MailError:
        return
    assert encode(name) == data


def test_inbox_has_one_case():
    assert MailboxName.parse(b"iNbOx") == MailboxName("INBOX")
    assert MailboxName.parse(b"iNbOx").is_inbox
    assert not MailboxName.parse(b"inbox2").is_inbox


def test_half_a_character_cannot_be_a_name():
    with pytest.raises(MailError):
        encode("a\ud800")


@given(st.lists(st.tuples(ends, ends), min_size=1))
def test_a_set_printed_and_read_is_the_same_set(pairs):
    text = b",".join(b":".join(b"*" if end == STAR else b"%d" % end for end in pair) for pair in pairs)
    parsed = SequenceSet.parse(text)
    assert SequenceSet.parse(bytes(parsed)) == parsed


@given(st.lists(st.tuples(st.integers(1, 30) | st.just(STAR), st.integers(1, 30) | st.just(STAR)), min_size=1), st.integers(0, 25))
def test_a_set_resolves_to_the_same_numbers_as_counting(pairs, largest):
    text = b",".join(b":".join(b"*" if end == STAR else b"%d" % end for end in pair) for pair in pairs)
    expected = set()
    for pair in pairs:
        low, high = sorted(largest if end == STAR else end for end in pair)
        expected |= {number for number in range(low, high + 1) if 1 <= number <= largest}
    resolved = SequenceSet.parse(text).resolve(largest)
    assert [n for low, high in resolved for n in range(low, high + 1)] == sorted(expected)


@given(st.sets(st.integers(1, 60)))
def test_a_set_of_numbers_holds_just_those(numbers):
    made = SequenceSet.of(numbers)
    assert {n for n in range(1, 70) if n in made} == numbers
    assert len(made) == len(numbers)


def test_star_is_the_largest_even_behind_a_larger_number():
    assert SequenceSet.parse(b"559:*").resolve(20) == ((20, 20),)
    assert SequenceSet.parse(b"*").resolve(0) == ()
    assert SequenceSet.parse(b"*:4").resolve(9) == ((4, 9),)
    assert SequenceSet.parse(b"5,*").has_star


def test_a_set_four_thousand_million_wide_costs_nothing():
    wide = SequenceSet.parse(b"1:4294967295")
    assert len(wide) == 4294967295
    assert wide.resolve(10) == ((1, 10),)
    assert 77 in wide


@pytest.mark.parametrize("text", [b"", b"0", b"1:0", b"a", b"1,", b",1", b"1:2:3", b"4294967296", b"**", b"$1", b"1 "])
def test_what_is_no_set_is_refused(text):
    with pytest.raises(MailError):
        SequenceSet.parse(text)


@given(st.datetimes(datetime(1, 1, 3), datetime(9999, 12, 29)), st.integers(-14 * 60, 14 * 60))
def test_an_internaldate_printed_and_read_is_the_same_moment(moment, minutes):
    aware = moment.replace(microsecond=0, tzinfo=timezone(timedelta(minutes=minutes)))
    assert parse_internaldate(print_internaldate(aware)) == aware


@given(st.dates())
def test_a_search_date_is_the_day_that_is_written(day):
    month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"][day.month - 1]
    assert parse_search_date(f"{day.day}-{month}-{day.year:04}".encode()) == day


def test_a_negative_zone_prints_with_its_minutes():
    moment = datetime(1996, 7, 7, 2, 44, 25, tzinfo=timezone(-timedelta(hours=3, minutes=30)))
    assert print_internaldate(moment) == b" 7-Jul-1996 02:44:25 -0330"
