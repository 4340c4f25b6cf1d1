"""Ranges of addresses: which one decides, and what it allows."""

from dataclasses import replace

import pytest

from mailcore.base import ip
from mailcore.base.clock import HOUR
from mailcore.base.errors import MailError, Reason
from mailcore.directory import guard_verbs
from mailcore.directory.actor import COMMAND_LINE
from mailcore.mail.address import Address, ReversePath
from mailcore.policy import intake, ranges
from mailcore.policy.facts import Client, Mail
from mailcore.store.protection import IpRange
from tests.unit.policy.conftest import Desk

EVERY = " ".join(guard_verbs.DIRECTIONS)
OFFICE = IpRange(name="Office", priority=20, lower="10.0.0.0", upper="10.0.0.255", protocols="smtp imap", allowed=EVERY, needs_auth="external-external")


def put(desk: Desk, one: IpRange) -> None:
    desk.write(lambda tx: guard_verbs.put_range(tx, COMMAND_LINE, one, desk.runtime.clock.micros()))
    ranges._known.clear()


def to(desk: Desk, ip: str, sender: str, recipient: str) -> object:
    mail = Mail(client=Client(ip=ip), sender=ReversePath(Address.parse(sender)))
    return intake.find_recipient(desk.runtime, desk.runtime.store.read(), mail, Address.parse(recipient))


@pytest.mark.parametrize("text", ["192.0.2.1", "2001:db8::1", "::1", "0.0.0.0"])
def test_an_address_comes_back_from_its_key(text: str) -> None:
    assert ip.text(ip.key(text)) == text


def test_the_highest_priority_that_holds_the_address_decides(desk: Desk) -> None:
    put(desk, OFFICE)
    put(desk, replace(OFFICE, name="Printer", priority=30, lower="10.0.0.7", upper="10.0.0.7"))
    assert [ranges.of(desk.runtime, ip).name for ip in ("10.0.0.7", "10.0.0.8", "10.0.1.1", "2001:db8::1")] == ["Printer", "Office", "Everyone", "Everyone"]


def test_a_range_that_expired_decides_nothing(desk: Desk) -> None:
    put(desk, replace(OFFICE, expires_at=desk.runtime.clock.micros() - HOUR))
    assert ranges.of(desk.runtime, "10.0.0.8").name == "Everyone"


def test_only_the_protocols_of_the_range_are_open(desk: Desk) -> None:
    put(desk, OFFICE)
    assert [ranges.refusal(desk.runtime, p, "10.0.0.8") is None for p in ("smtp", "imap", "pop3", "sieve")] == [True, True, False, True]


@pytest.mark.parametrize("ip", ["127.0.0.1", "::1", "10.0.0.8", "192.0.2.1"])
def test_no_address_relays_outward_by_default(desk: Desk, ip: str) -> None:
    with pytest.raises(MailError) as denied:
        to(desk, ip, "ann@x.test", "bob@far.test")
    assert denied.value.reason is Reason.RELAY_DENIED


def test_a_range_that_may_relay_does_so_only_for_senders_of_domains_here(desk: Desk) -> None:
    put(desk, OFFICE)
    assert to(desk, "10.0.0.8", "ann@x.test", "bob@far.test") is None
    for address, sender in (("10.0.0.8", "eve@far.test"), ("10.0.1.8", "ann@x.test")):
        with pytest.raises(MailError) as denied:
            to(desk, address, sender, "bob@far.test")
        assert denied.value.reason is Reason.RELAY_DENIED


def test_hmailservers_ranges_want_a_sign_in_from_who_sends_as_one_of_us(desk: Desk) -> None:
    desk.write(lambda tx: guard_verbs.add_hmailserver_ranges(tx, COMMAND_LINE, 1))
    ranges._known.clear()
    assert to(desk, "192.0.2.1", "eve@far.test", "ann@x.test") is not None
    with pytest.raises(MailError) as asked:
        to(desk, "192.0.2.1", "ann@x.test", "ann@x.test")
    assert asked.value.reason is Reason.AUTH_REQUIRED


def test_a_direction_that_is_forbidden_is_refused(desk: Desk) -> None:
    put(desk, replace(OFFICE, allowed="local-local"))
    with pytest.raises(MailError) as denied:
        to(desk, "10.0.0.8", "eve@far.test", "ann@x.test")
    assert denied.value.reason is Reason.RELAY_DENIED


@pytest.mark.parametrize(
    ("change", "ip", "may"),
    [
        ({"needs_tls": False, "expires_at": 1 << 60}, "10.0.0.8", True),
        ({"needs_tls": True, "expires_at": 1 << 60}, "10.0.0.8", False),
        ({"needs_tls": False}, "10.0.0.8", False),
        ({"needs_tls": False, "expires_at": 1 << 60, "lower": "8.8.8.0", "upper": "8.8.8.255"}, "8.8.8.8", False),
        ({}, "192.0.2.1", False),
    ],
)
def test_a_password_without_tls_needs_a_private_range_with_an_expiry(desk: Desk, change: dict[str, object], ip: str, may: bool) -> None:
    put(desk, replace(OFFICE, **change))  # type: ignore[arg-type]
    assert ranges.may_show_password(desk.runtime, ip) is may


@pytest.mark.parametrize("change", [{"name": " "}, {"lower": "10.0.0.9", "upper": "10.0.0.1"}, {"lower": "x"}, {"protocols": "http"}, {"allowed": "up-down"}])
def test_a_range_that_makes_no_sense_is_not_taken(desk: Desk, change: dict[str, str]) -> None:
    with pytest.raises(MailError):
        put(desk, replace(OFFICE, **change))  # type: ignore[arg-type]


def test_spam_checks_can_be_off_for_a_range(desk: Desk) -> None:
    put(desk, replace(OFFICE, lower="192.0.2.0", upper="192.0.2.255", checks_spam=False))
    desk.publish("far.test", "TXT", "v=spf1 -all")
    desk.arrive()
    assert desk.points() == 0
