"""DMARC by RFC 9989: records, the walk up the tree, alignment, and which policy holds."""

import json
from pathlib import Path

import pytest

from mailcore.senderauth import dmarc
from tests.unit.senderauth.table import TableResolver


def table(**records: str) -> TableResolver:
    """Names (with _ for .) to DMARC records."""
    return TableResolver({(f"_dmarc.{name.replace('_', '.')}", "TXT"): [text] for name, text in records.items()})


def test_records_are_read_as_the_facts_say(corpora: Path) -> None:
    facts = json.loads((corpora / "dmarc" / "opendmarc-facts.json").read_text())
    assert [r for r in facts["record_ok"] if dmarc.parse_record(r) is None] == []
    assert [r for r in facts["record_bad"] if dmarc.parse_record(r) is not None] == []


def test_domains_agree_as_the_facts_say(corpora: Path) -> None:
    facts = json.loads((corpora / "dmarc" / "opendmarc-facts.json").read_text())
    dns = table(bcx_com="v=DMARC1; p=none", foo_com="v=DMARC1; p=none", b_com="v=DMARC1; p=none")
    wrong = [f for f in facts["alignment"] if dmarc.are_aligned(dns, f["a"], f["b"], is_strict=f["mode"] == "s") != f["aligned"]]
    assert wrong == []


@pytest.mark.parametrize(
    ("text", "policy"),
    [
        ("v=DMARC1; p=reject", "reject"),
        ("v=DMARC1;p=REJECT;", "reject"),
        ("v=DMARC1; p=reject; pct=1", "reject"),
        ("v=DMARC1; p=n", None),
        ("v=DMARC1; p=n; rua=mailto:a@x.test", "none"),
        ("v=DMARC1; rua=mailto:a@x.test", "none"),
        ("v=DMARC1; p=reject; sp=bob; rua=mailto:a@x.test", "none"),
        ("v=DMARC1", None),
        ("p=reject; v=DMARC1", None),
        ("v=DMARC10; p=reject", None),
        ("v=DMARC1; p=reject; p=none", None),
    ],
)
def test_a_record_means(text: str, policy: str | None) -> None:
    found = dmarc.parse_record(text)
    assert (found.policy if found else None) == policy


def test_a_long_name_asks_eight_questions_and_skips_the_middle() -> None:
    names = dmarc.names_upwards("a.b.c.d.e.f.g.h.i.j.mail.example.com")
    assert names[:3] == ["a.b.c.d.e.f.g.h.i.j.mail.example.com", "g.h.i.j.mail.example.com", "h.i.j.mail.example.com"]
    assert len(names) == dmarc.MAX_QUERIES and names[-1] == "com"


@pytest.mark.parametrize(
    ("records", "organisation"),
    [
        ({}, "a.mail.example.com"),
        ({"example_com": "v=DMARC1; p=none"}, "example.com"),
        ({"example_com": "v=DMARC1; p=none", "mail_example_com": "v=DMARC1; p=none"}, "example.com"),
        ({"example_com": "v=DMARC1; p=none", "mail_example_com": "v=DMARC1; p=none; psd=n"}, "mail.example.com"),
        ({"com": "v=DMARC1; p=none; psd=y"}, "example.com"),
        ({"com": "v=DMARC1; p=none; psd=y", "mail_example_com": "v=DMARC1; p=none"}, "example.com"),
        ({"example_com": "v=DMARC1; p=none; psd=y"}, "mail.example.com"),
    ],
)
def test_the_organisation_of_a_name(records: dict[str, str], organisation: str) -> None:
    assert dmarc.walk(table(**records), "a.mail.example.com").organisation == organisation


@pytest.mark.parametrize(
    ("record", "author", "policy"),
    [
        ("v=DMARC1; p=reject", "x.test", "reject"),
        ("v=DMARC1; p=reject; t=y", "x.test", "quarantine"),
        ("v=DMARC1; p=quarantine; t=y", "x.test", "none"),
        ("v=DMARC1; p=none; sp=reject", "news.x.test", "reject"),
        ("v=DMARC1; p=reject", "news.x.test", "reject"),
        ("v=DMARC1; p=none; sp=quarantine; np=reject", "gone.x.test", "reject"),
        ("v=DMARC1; p=none; sp=quarantine; np=reject", "news.x.test", "quarantine"),
    ],
)
def test_the_policy_that_holds(record: str, author: str, policy: str) -> None:
    dns = TableResolver({("_dmarc.x.test", "TXT"): [record], ("news.x.test", "A"): ["192.0.2.1"]})
    found = dmarc.check(dns, author, spf_domain="far.test", dkim_domains=["other.test"])
    assert (found.result, found.policy) == ("fail", policy)


@pytest.mark.parametrize(
    ("record", "spf_domain", "dkim_domains", "result"),
    [
        ("v=DMARC1; p=reject", "x.test", [], "pass"),
        ("v=DMARC1; p=reject", "bounce.x.test", [], "pass"),
        ("v=DMARC1; p=reject; aspf=s", "bounce.x.test", [], "fail"),
        ("v=DMARC1; p=reject; aspf=s", "", ["mail.x.test"], "pass"),
        ("v=DMARC1; p=reject; adkim=s", "", ["mail.x.test"], "fail"),
        ("v=DMARC1; p=reject", "y.test", ["z.test"], "fail"),
    ],
)
def test_one_aligned_pass_is_enough(record: str, spf_domain: str, dkim_domains: list[str], result: str) -> None:
    assert dmarc.check(table(x_test=record), "x.test", spf_domain=spf_domain, dkim_domains=dkim_domains).result == result


def test_two_records_at_one_name_are_none() -> None:
    dns = TableResolver({("_dmarc.x.test", "TXT"): ["v=DMARC1; p=reject", "v=DMARC1; p=none"]})
    assert dmarc.check(dns, "x.test", spf_domain="", dkim_domains=[]).result == "none"


def test_silence_of_dns_is_temporary() -> None:
    assert dmarc.check(TableResolver(silent=["_dmarc.x.test"]), "x.test", spf_domain="", dkim_domains=[]).result == "temperror"


def test_many_signatures_ask_a_bounded_number_of_questions() -> None:
    dns = table(test="v=DMARC1; p=reject")
    dmarc.check(dns, "x.test", spf_domain="", dkim_domains=[f"a.b.c.d{i}.test" for i in range(1000)])
    assert len(dns.asked) <= dmarc.MAX_WALKS * dmarc.MAX_QUERIES
