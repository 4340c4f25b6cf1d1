"""What went through is counted on the wire, told by range and domain in the panel and by command, and only the own to a domain's admin."""

import json
import re
import smtplib
from collections.abc import Iterator
from typing import Any

import pytest

from tests.scenario.server import PASSWORD, RoostServer
from tests.scenario.waiting import eventually
from tests.web.visitor import signed_in


@pytest.fixture(scope="module")
def server() -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "http"), people=2, workers=1)
    one.run("account", "set", "u1@x.test", "--role", "domain-admin")
    one.run("domain", "add", "far.test")
    one.run("account", "add", "boss@far.test", "--password-stdin", input=PASSWORD + "\n")
    for to in (["u1@x.test"], ["u1@x.test", "u2@x.test"], ["u2@x.test", "boss@far.test"], ["boss@far.test"], ["nobody@x.test"]):
        with smtplib.SMTP("127.0.0.1", one.ports["smtp"]) as smtp:
            try:
                smtp.sendmail("ann@out.test", to, "From: ann@out.test\r\nSubject: Hi\r\n\r\nx\r\n")
            except smtplib.SMTPRecipientsRefused:
                assert to == ["nobody@x.test"]
    yield one
    one.remove()


def total(server: RoostServer, *words: str) -> dict[str, int]:
    found: dict[str, Any] = json.loads(server.run("traffic", *words, "--json"))
    assert sum(point["received"] for point in found["points"]) == found["total"]["received"]
    return found["total"]


def wait_for(server: RoostServer, count: int) -> None:
    eventually(lambda: total(server)["received"] >= count)


def test_mail_is_counted_once_for_the_server_and_once_for_each_domain_it_came_to(server: RoostServer) -> None:
    wait_for(server, 4)
    for chosen in ("24h", "7d", "30d", "1y"):
        found = total(server, "--range", chosen)
        assert (found["received"], found["refused"]) == (4, 1) and found["sessions"] >= 5, chosen
    assert total(server, "x.test", "--range", "30d")["received"] == 3
    assert total(server, "far.test")["received"] == 2
    assert (total(server, "x.test", "--range", "30d")["refused"], total(server, "far.test")["refused"]) == (1, 0)


def test_home_shows_each_range_and_its_numbers(server: RoostServer) -> None:
    wait_for(server, 4)
    admin = signed_in(server, "admin@x.test")
    for chosen, points in (("24h", 24), ("7d", 28), ("30d", 30), ("1y", 53)):
        text = admin.get(f"/admin?range={chosen}").text
        rows = re.findall(r'<th scope="row">[^<]+</th><td class="n">([\d,]+)</td>', text)
        assert len(rows) == points and sum(int(r) for r in rows) == 4, chosen
        assert "<b>4</b> received" in text and 'aria-current="true"' in text
    assert "<b>4</b> received" in admin.get("/admin?range=nonsense").text


def test_a_domain_has_its_own_numbers_in_the_list_and_on_its_page(server: RoostServer) -> None:
    wait_for(server, 4)
    admin = signed_in(server, "admin@x.test")
    text = admin.get("/admin/domains").text
    assert re.search(r'far\.test</a>.*?data-label="Received in 30 days">2<', text, re.DOTALL)
    assert re.search(r'/x\.test".*?data-label="Received in 30 days">3<', text, re.DOTALL)
    assert "<b>2</b> received" in admin.get("/admin/domains/far.test?tab=traffic&range=30d").text


def test_an_admin_of_one_domain_sees_that_domains_numbers(server: RoostServer) -> None:
    wait_for(server, 4)
    text = signed_in(server, "u1@x.test").get("/admin").text
    assert "<b>3</b> received" in text and "<b>1</b> refused" in text
