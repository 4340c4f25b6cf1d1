"""Sequence sets: what a client names messages with, kept as ranges from end to end.

`1:*` costs the same as `1`: nothing here ever counts up to a range's width. A set is sorted and merged when it is made, so
that equal sets are equal values. Turning numbers into messages is the session's view's business.
"""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason

Range = tuple[int, int]
"""Two ends, both inside, the smaller first."""

STAR = 1 << 32
"""Stands for `*`: larger than any number that can be written (RFC 3501 §9, nz-number is 32 bits)."""

SEQUENCE = re.compile(rb"(?:[0-9]{1,10}+|\*)(?::(?:[0-9]{1,10}+|\*))?+(?:,(?:[0-9]{1,10}+|\*)(?::(?:[0-9]{1,10}+|\*))?+)*+")
"""The shape of a set on the wire; whether the numbers are in range is `parse`'s question."""


def merge(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """*ranges* sorted, with those that touch or overlap joined."""
    merged: list[Range] = []
    last_low = last_high = -1
    for low, high in sorted(ranges):
        if low <= last_high + 1 and (low != STAR or last_high == STAR) and merged:
            if high > last_high:
                last_high = high
                merged[-1] = (last_low, high)
        else:
            merged.append((low, high))
            last_low, last_high = low, high
    return tuple(merged)


@dataclass(frozen=True, slots=True)
class SequenceSet:
    """Message numbers or UIDs as merged ranges; `is_saved` is the `$` of RFC 5182, whose numbers only the session knows."""

    ranges: tuple[Range, ...]
    is_saved: bool = False

    @classmethod
    def parse(cls, data: bytes) -> "SequenceSet":
        """The set that *data* spells. Raises MailError(SYNTAX). RFC 3501 §9 (sequence-set), RFC 5182 §2.1."""
        if data == b"$":
            return SAVED
        if not SEQUENCE.fullmatch(data):
            raise MailError(Reason.SYNTAX, "A sequence set was expected here.")
        found = [_parse_range(piece) for piece in data.split(b",")]
        return cls(tuple(found) if len(found) == 1 else merge(found))

    @classmethod
    def of(cls, numbers: Iterable[int]) -> "SequenceSet":
        """The smallest set that holds exactly *numbers* (any order, 1..2**32-1)."""
        return cls(tuple(_runs(sorted(numbers))))

    def resolve(self, largest: int) -> tuple[Range, ...]:
        """The ranges with `*` as *largest*, cut to 1..largest; empty when *largest* is 0. RFC 3501 §6.4.8: `559:*` holds `*`."""
        if largest < 1:
            return ()
        kept: list[Range] = []
        for low, high in self.ranges:
            if high == STAR:
                kept.append((min(low, largest), largest))
            elif low <= largest:
                kept.append((low, min(high, largest)))
        return merge(kept) if len(kept) > 1 else tuple(kept)

    @property
    def has_star(self) -> bool:
        """Whether the set depends on the largest number in the mailbox."""
        return bool(self.ranges) and self.ranges[-1][1] == STAR

    @property
    def largest_named(self) -> int:
        """The largest number written out, 0 when there is none but `*`."""
        return max((high if high != STAR else (low if low != STAR else 0) for low, high in self.ranges), default=0)

    def __contains__(self, number: int) -> bool:
        at = bisect_right(self.ranges, (number, STAR + 1)) - 1
        return at >= 0 and self.ranges[at][0] <= number <= self.ranges[at][1]

    def __bytes__(self) -> bytes:
        if self.is_saved:
            return b"$"
        return b",".join([_print_end(low) if low == high else _print_end(low) + b":" + _print_end(high) for low, high in self.ranges])

    def __len__(self) -> int:
        return sum(high - low + 1 for low, high in self.ranges)

    def __bool__(self) -> bool:
        return self.is_saved or bool(self.ranges)


SAVED = SequenceSet((), is_saved=True)
"""`$`: the result the client asked to keep."""


def _parse_range(piece: bytes) -> Range:
    low_text, colon, high_text = piece.partition(b":")
    low = _parse_end(low_text)
    high = _parse_end(high_text) if colon else low
    return (low, high) if low <= high else (high, low)


def _parse_end(text: bytes) -> int:
    if text == b"*":
        return STAR
    number = int(text)
    if not 0 < number < STAR:
        raise MailError(Reason.SYNTAX, "A number in the sequence set is out of range.")
    return number


def _print_end(number: int) -> bytes:
    return b"*" if number == STAR else b"%d" % number


def _runs(ordered: list[int]) -> Iterator[Range]:
    if not ordered:
        return
    start = previous = ordered[0]
    for number in ordered:
        if number > previous + 1:
            yield start, previous
            start = number
        previous = number
    yield start, previous
