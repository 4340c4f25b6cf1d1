"""When the owner of a mailbox is told how full it is: once a level, and again only after it was clearly emptier."""

import pytest

from mailcore.jobs.quotas import level_of


@pytest.mark.parametrize(
    ("used", "warned", "level"),
    [
        (799, 0, 0), (800, 0, 80), (949, 80, 80), (950, 80, 95), (1000, 0, 95), (1200, 95, 95), (901, 95, 95), (899, 95, 80), (755, 95, 80),
        (751, 80, 80), (749, 80, 0), (0, 95, 0),
    ],
)  # fmt: skip
def test_the_level_of_a_mailbox(used: int, warned: int, level: int) -> None:
    assert level_of(1000, used, warned) == level


def test_without_a_quota_nothing_is_told() -> None:
    assert level_of(0, 10**12, 0) == 0 and level_of(0, 10**12, 95) == 0
