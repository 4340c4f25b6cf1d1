"""Domains that pass for others are found, honest neighbours are not; links that show one host and lead to another."""


import pytest

from mailcore.mail.lookalike import are_related, mismatched_link, resembled
from tests.within import within

KNOWN = ["orchard.test", "modern-mills.test", "sail.co.uk", "bank.test"]


@pytest.mark.parametrize(
    ("domain", "known"),
    [
        ("orchrad.test", "orchard.test"), ("0rchard.test", "orchard.test"), ("orchardd.test", "orchard.test"), ("orchar.test", "orchard.test"), ("оrchard.test", "orchard.test"),
        ("xn--" + "оrchard".encode("punycode").decode() + ".test", "orchard.test"), ("rnodern-mills.test", "modern-mills.test"), ("modem-mills.test", "modern-mills.test"), ("örchard.test", "orchard.test"),
    ],
)  # fmt: skip
def test_a_domain_that_passes_for_a_known_one_is_found(domain: str, known: str) -> None:
    assert resembled(domain, KNOWN) == known


@pytest.mark.parametrize("domain", ["orchard.test", "mail.orchard.test", "orchard.example", "pears.test", "rank.test", "banks.test", "", "x.sail.co.uk", "meadow.test"])
def test_an_honest_domain_is_not(domain: str) -> None:
    assert resembled(domain, KNOWN) == ""


def test_related_domains_share_more_than_their_ending() -> None:
    assert are_related("a.orchard.test", "b.orchard.test") and are_related("orchard.test", "mail.orchard.test")
    assert not are_related("sail.co.uk", "boat.co.uk") and not are_related("a.test", "b.test")


@pytest.mark.parametrize(
    ("text", "href", "found"),
    [
        ("https://bank.test/login", "https://evil.test/", ("bank.test", "evil.test")), ("<b>www.bank.test</b>", "http://1.2.3.4/x", ("www.bank.test", "1.2.3.4")), ("bank.test", "https://www.bank.test/", None),
        ("Our site", "https://evil.test/", None), ("report.pdf", "https://files.test/report.pdf", None), ("bank.test", "mailto:a@evil.test", None), ("a bank.test b", "https://evil.test", None), ("bank.test", "http://[::", None),
    ],
)  # fmt: skip
def test_a_link_that_shows_another_host_is_found(text: str, href: str, found: tuple[str, str] | None) -> None:
    assert mismatched_link(f'<p>x <a class="y" href="{href}" rel="noopener">{text}</a></p>') == found


def test_hostile_markup_is_looked_through_soon() -> None:
    with within(2):
        for html in ("<a " * 100_000, '<a href="' * 100_000, '<a href="x">' * 20_000, "<a href=\"http://a.test\">" + "a." * 400_000):
            mismatched_link(html)
