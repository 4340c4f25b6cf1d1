"""What all four checks say together, and the one line that tells it."""

import pytest

from mailcore.mail.headers import scan_headers
from mailcore.senderauth import evidence
from mailcore.senderauth.evidence import Arrival, Evidence
from tests.unit.senderauth.table import TableResolver
from tests.unit.senderauth.test_dkim import DNS, KEYS, LETTER, NOW, dkim

ARRIVAL = Arrival(ip="192.0.2.1", helo="mx.x.test", sender="ann@x.test")
RECORDS = DNS | {("_dmarc.x.test", "TXT"): ["v=DMARC1; p=reject"], ("x.test", "TXT"): ["v=spf1 ip4:192.0.2.7 -all"]}


def gathered(data: bytes, dns: TableResolver) -> Evidence:
    return evidence.gather(dns, ARRIVAL, data, scan_headers(data), NOW)


def test_a_good_signature_makes_up_for_a_failed_spf() -> None:
    found = gathered(dkim.sign(LETTER, KEYS["rsa"], NOW) + LETTER, TableResolver(RECORDS))
    assert (found.spf.result, found.dmarc.result, found.arc.result) == ("fail", "pass", "none")


def test_a_forged_letter_fails_and_the_policy_is_told() -> None:
    found = gathered(LETTER, TableResolver(RECORDS))
    line = bytes(evidence.auth_results(found, ARRIVAL, "mx.home.test"))
    assert line.replace(b"\r\n ", b" ").startswith(b"Authentication-Results: mx.home.test; spf=fail smtp.mailfrom=ann@x.test; dkim=none; dmarc=fail header.from=x.test policy.dmarc=reject")


def test_an_answer_that_did_not_come_leaves_dmarc_undecided() -> None:
    data = dkim.sign(LETTER, KEYS["rsa"], NOW) + LETTER
    assert gathered(data, TableResolver(RECORDS, silent=[("r._domainkey.x.test", "TXT")])).dmarc.result == "temperror"


@pytest.mark.parametrize("lines", [b"", b"From: a@x.test\r\nFrom: a@y.test\r\n", b"From: a@x.test, b@y.test\r\n", b"From: nobody\r\n"])
def test_a_from_that_is_not_one_domain_names_no_author(lines: bytes) -> None:
    assert evidence.author_domain(scan_headers(lines + b"\r\n")) == ""


def test_a_hostile_helo_cannot_end_the_line() -> None:
    arrival = Arrival(ip="192.0.2.1", helo="x\r\nBcc: all@x.test", sender="")
    found = evidence.gather(TableResolver(), arrival, LETTER, scan_headers(LETTER), NOW)
    assert b"\nBcc" not in bytes(evidence.auth_results(found, arrival, "mx.home.test"))
