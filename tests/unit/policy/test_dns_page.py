"""The records a domain and its server want, beside what DNS shows."""

import pytest

from mailcore.net.dns import reverse_name
from mailcore.policy import sources
from mailcore.store import accounts
from tests.unit.policy.conftest import Desk


@pytest.fixture
def home(desk: Desk) -> Desk:
    """A server at 203.0.113.5, which needs a name there."""
    desk.publish("mx.x.test", "A", "203.0.113.5")
    return desk


def seen(desk: Desk) -> dict[tuple[str, str], str]:
    tx = desk.runtime.store.read()
    domain = accounts.domain(tx, "x.test")
    assert domain is not None
    return {(r.rdtype, r.name): r.state for r in sources.all_records(desk.runtime, tx, domain)}


@pytest.mark.parametrize(("ptr", "address", "state"), [("mx.x.test.", "203.0.113.5", "right"), ("mx.x.test.", "203.0.113.6", "wrong"), ("", "203.0.113.5", "missing")])
def test_the_servers_address_wants_a_name_that_leads_back(home: Desk, ptr: str, address: str, state: str) -> None:
    if ptr:
        home.publish(reverse_name("203.0.113.5"), "PTR", "host.provider.test." if state == "wrong" else ptr)
        home.publish("host.provider.test", "A", address)
    assert seen(home)["A", "mx.x.test"] == "right"
    assert seen(home)["PTR", reverse_name("203.0.113.5")] == state
    home.set("relay.host", "smtp.provider.test")
    assert seen(home)["PTR", reverse_name("203.0.113.5")] == ("right" if state == "right" else "optional"), "the relay's name is what others see"


def test_a_server_without_an_address_is_told_so_and_one_in_a_private_network_needs_no_name(desk: Desk) -> None:
    assert seen(desk)["A", "mx.x.test"] == "missing"
    desk.publish("mx.x.test", "A", "192.168.1.5")
    assert seen(desk)["A", "mx.x.test"] == "right" and not [key for key in seen(desk) if key[0] == "PTR"]


def test_a_policy_of_mta_sts_wants_two_records_and_another_id_when_it_changes(home: Desk) -> None:
    assert ("TXT", "_mta-sts.x.test") not in seen(home)
    home.set("mta_sts.mode", "testing")
    found = {r.name: r.value for r in sources.all_records(home.runtime, home.runtime.store.read(), accounts.domains(home.runtime.store.read())[0])}
    home.publish("_mta-sts.x.test", "TXT", found["_mta-sts.x.test"])
    home.publish("mta-sts.x.test", "A", "203.0.113.5")
    assert (seen(home)["TXT", "_mta-sts.x.test"], seen(home)["CNAME", "mta-sts.x.test"]) == ("right", "right"), "an address of the server is as good as an alias"
    home.set("mta_sts.mode", "enforce")
    assert seen(home)["TXT", "_mta-sts.x.test"] == "wrong", "others would go on with the old policy"


def test_helpers_of_mail_programs_are_wished_for_and_not_needed(home: Desk) -> None:
    assert (seen(home)["CNAME", "autoconfig.x.test"], seen(home)["CNAME", "autodiscover.x.test"]) == ("optional", "optional")
    home.publish("autodiscover.x.test", "CNAME", "mx.x.test.")
    assert seen(home)["CNAME", "autodiscover.x.test"] == "right"
