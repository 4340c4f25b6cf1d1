"""What a stranger can send or publish never raises, and never takes long."""

import random

import pytest

from mailcore.mail.headers import scan_headers
from mailcore.senderauth import arc, dkim, dmarc, evidence, spf
from tests.unit.senderauth.table import TableResolver
from tests.unit.senderauth.test_dkim import DNS, KEYS, LETTER, NOW
from tests.unit.senderauth.test_evidence import ARRIVAL
from tests.within import within

SECONDS = 2.0


@pytest.mark.parametrize("seed", range(4))
def test_a_signed_message_with_changed_bytes_is_judged_without_trouble(seed: int) -> None:
    rand = random.Random(seed)
    seal = b"ARC-Seal: i=1; a=rsa-sha256; cv=none; d=x.test; s=r; b=AAAA\r\nARC-Message-Signature: i=1; a=rsa-sha256; c=relaxed/relaxed; d=x.test; s=r; h=from; bh=AAAA; b=AAAA\r\nARC-Authentication-Results: i=1; x.test; dmarc=pass\r\n"
    whole = seal + dkim.sign(LETTER, KEYS["rsa"], NOW) + LETTER
    for _ in range(100):
        data = bytearray(whole)
        for _ in range(rand.randint(1, 8)):
            data[rand.randrange(len(data))] = rand.randrange(256)
        evidence.gather(TableResolver(DNS), ARRIVAL, bytes(data), scan_headers(bytes(data)), NOW)


@pytest.mark.parametrize(
    "record",
    [
        "v=spf1 " + "ip4:192.0.2.8 " * 4000 + "-all", "v=spf1 " + "a:%{" * 5000, "v=spf1 include:far.test", "v=spf1 redirect=far.test", "v=spf1 exists:%{d99999999r}.test",
        "v=spf1 " + "exists:" + "%{l}" * 2000, "v=spf1 exp=%{p}%{h} -all", "v=spf1 ip6:" + ":" * 20_000, "v=spf1 \udcff\udcfe -all", "v=spf1 a/" + "9" * 5000,
    ],
    ids=range(10),
)  # fmt: skip
def test_a_hostile_spf_record_ends_soon(record: str) -> None:
    with within(SECONDS):
        assert spf.check(TableResolver({("far.test", "TXT"): [record]}), "192.0.2.1", "mx.far.test", "a@far.test").result in spf.RESULTS


@pytest.mark.parametrize("field", [b"v=1;" * 20_000, b";" * 60_000, b"a" * 60_000, b"v=1; h=" + b"from:" * 10_000, b"=" * 60_000], ids=range(5))
def test_a_hostile_tag_list_ends_soon(field: bytes) -> None:
    with within(SECONDS):
        data = (b"DKIM-Signature: " + field + b"\r\nARC-Seal: " + field + b"\r\n") * 10 + b"From: a@x.test\r\n\r\n"
        message = dkim.message_of(data, scan_headers(data))
        assert {one.result for one in dkim.verify(TableResolver(), message, NOW)} == {"permerror"}
        assert arc.verify(TableResolver(), message).result == "fail"


@pytest.mark.parametrize("body", [b" " * 2_000_000, b"\r\n" * 1_000_000, b" \t" * 1_000_000 + b"x", b"a \r\n" * 500_000], ids=["spaces", "lines", "spaces then text", "short lines"])
def test_a_hostile_body_is_hashed_in_linear_time(body: bytes) -> None:
    data = dkim.sign(LETTER, KEYS["rsa"], NOW) + LETTER.partition(b"\r\n\r\n")[0] + b"\r\n\r\n" + body
    with within(SECONDS):
        found = dkim.verify(TableResolver(DNS), dkim.message_of(data, scan_headers(data)), NOW)
        assert [one.result for one in found] == ["fail"]


@pytest.mark.parametrize("author", ["." * 200, "a." * 120 + "test", "x" * 300, "\udcff.test", ""])
def test_a_hostile_author_is_no_domain_or_asks_little(author: str) -> None:
    dns = TableResolver()
    assert dmarc.check(dns, author, spf_domain="", dkim_domains=[]).result in ("none", "permerror")
    assert len(dns.asked) <= dmarc.MAX_QUERIES
