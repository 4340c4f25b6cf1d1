"""Greylisting: who is put off, until when, and who never is."""

import pytest

from mailcore.base.clock import DAY, HOUR, MINUTE
from mailcore.base.errors import MailError
from mailcore.policy import grey
from mailcore.store.protection import Triplet
from tests.unit.policy.conftest import Desk

NOW = 100 * DAY


@pytest.mark.parametrize(
    ("first", "passed", "may_pass"),
    [(None, None, False), (10 * MINUTE, None, False), (30 * MINUTE, None, True), (23 * HOUR, None, True), (25 * HOUR, None, False), (25 * HOUR, 24 * HOUR, True)],
)
def test_a_triplet_passes_after_the_delay_until_it_is_forgotten(first: int | None, passed: int | None, may_pass: bool) -> None:
    found = None if first is None else Triplet(first_at=NOW - first, last_at=NOW - first, passed_at=None if passed is None else NOW - passed)
    assert (grey.decided(found, NOW, 30 * MINUTE, DAY).passed_at is not None) == may_pass


@pytest.mark.parametrize(("ip", "network"), [("192.0.2.200", "192.0.2.0/24"), ("2001:db8:1:2:3::4", "2001:db8:1:2::/64")])
def test_neighbours_count_as_one(ip: str, network: str) -> None:
    assert grey.network_of(ip) == network


def test_a_strangers_first_try_is_put_off_and_a_later_one_taken(desk: Desk) -> None:
    desk.publish("far.test", "TXT", "v=spf1 ?all")
    desk.set("spam.greylisting", True)
    with pytest.raises(MailError) as later:
        desk.arrive()
    assert later.value.temporary
    desk.set("spam.grey_delay", 0)
    desk.arrive(ip="192.0.2.77")


def test_who_passes_spf_is_not_put_off(desk: Desk) -> None:
    desk.set("spam.greylisting", True)
    desk.arrive()


def test_postmaster_is_never_put_off(desk: Desk) -> None:
    desk.write(lambda tx: tx.run("UPDATE accounts SET role = 'server-admin'"))
    desk.publish("far.test", "TXT", "v=spf1 ?all")
    desk.set("spam.greylisting", True)
    desk.arrive(to=("postmaster@x.test",))


def test_it_is_off_unless_set(desk: Desk) -> None:
    desk.publish("far.test", "TXT", "v=spf1 ?all")
    desk.arrive()
