"""What is counted stands in its hour and its day, in its domain by the day, and is forgotten by age and by number."""

import pytest

from mailcore.base.clock import DAY, HOUR
from mailcore.store import Store, tallies

NOW = 20_000 * DAY + 5 * HOUR


def test_a_count_adds_to_its_hour_and_its_day_and_a_domains_to_its_day(store: Store) -> None:
    for at in (NOW, NOW, NOW + HOUR, NOW + DAY):
        store.write(lambda tx, at=at: tallies.count_up(tx, {"received": 2, tallies.of_domain("received", 7): 1}, at))
    tx = store.read()
    assert tallies.read(tx, "hour", NOW) == {"received": {NOW // HOUR: 4, NOW // HOUR + 1: 2, NOW // HOUR + 24: 2}}
    assert tallies.read(tx, "day", NOW) == {"received": {20_000: 6, 20_001: 2}}
    assert tallies.read(tx, "day", NOW, 7) == {"received": {20_000: 3, 20_001: 1}}
    assert tallies.read(tx, "hour", 0, 7) == {}
    assert tallies.by_domain(tx, NOW + DAY) == {7: {"received": 1}}


def test_of_a_gauge_the_largest_value_of_a_day_is_kept(store: Store) -> None:
    for value in (10, 30, 20):
        store.write(lambda tx, v=value: tallies.measure(tx, "storage", {tallies.SERVER: v, 7: v}, NOW))
    assert tallies.read(store.read(), "day", 0, 7) == {"storage": {20_000: 30}}
    assert tallies.read(store.read(), "hour", 0) == {"storage": {NOW // HOUR: 30}}


def test_old_hours_and_days_are_forgotten(store: Store) -> None:
    for days in (0, 8, 10, 399, 401):
        store.write(lambda tx, d=days: tallies.count_up(tx, {"sent": 1}, NOW - d * DAY))
    while store.write(lambda tx: tallies.forget(tx, NOW, 2)) == 2:
        pass
    assert sorted(tallies.read(store.read(), "hour", 0)["sent"]) == [(NOW - d * DAY) // HOUR for d in (8, 0)]
    assert sorted(tallies.read(store.read(), "day", 0)["sent"]) == [20_000 - d for d in (399, 10, 8, 0)]


def test_past_the_most_rows_the_oldest_days_of_domains_go_and_the_servers_stay(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tallies, "MOST_ROWS", 3)
    for days in range(6):
        store.write(lambda tx, d=days: tallies.count_up(tx, {"sent": 1, tallies.of_domain("sent", 7): 1}, NOW - d * DAY))
    store.write(lambda tx: tallies.forget(tx, NOW, 500))
    assert sorted(tallies.read(store.read(), "day", 0, 7)["sent"]) == [19_998, 19_999, 20_000]
    assert len(tallies.read(store.read(), "day", 0)["sent"]) == 6
