"""SPF by the RFC 7208 test suite, and what the suite does not ask: strange senders, silence, bounds."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from mailcore.senderauth import spf
from tests.unit.senderauth.table import TableResolver


def zone(data: dict[str, list[Any]]) -> TableResolver:
    """A scenario's zone as a table; type SPF is published as TXT where the suite does not say otherwise."""
    records: dict[tuple[str, str], list[str]] = {}
    silent: list[object] = []
    for name, rows in data.items():
        name = name.lower()
        has_txt = any(isinstance(row, dict) and "TXT" in row for row in rows)
        for row in rows:
            if row == "TIMEOUT":
                silent.append(name)
                continue
            ((rdtype, value),) = row.items()
            if rdtype == "SPF":
                if has_txt:
                    continue
                rdtype = "TXT"
            if value == "TIMEOUT":
                silent.append((name, rdtype))
                continue
            if rdtype == "TXT":
                text = "".join(value) if isinstance(value, list) else str(value)
                if text == "NONE":
                    continue
            elif rdtype == "MX":
                text = f"{value[0]} {value[1]}."
            else:
                text = str(value)
            records.setdefault((name, rdtype), []).append(text)
    return TableResolver(records, silent)


def test_every_case_of_the_rfc_7208_suite_has_a_result_the_suite_allows(corpora: Path) -> None:
    wrong, count = [], 0
    for scenario in yaml.safe_load_all((corpora / "spf" / "rfc7208-tests.yml").read_text()):
        for name, case in (scenario or {"tests": {}})["tests"].items():
            count += 1
            found = spf.check(zone(scenario["zonedata"]), case["host"], case["helo"], case["mailfrom"])
            allowed = case["result"] if isinstance(case["result"], list) else [case["result"]]
            if found.result not in allowed:
                wrong.append(f"{name}: {found.result}, not {allowed} ({found.reason})")
    assert wrong == [] and count == 203


def test_a_bounce_is_judged_by_its_helo_name() -> None:
    dns = TableResolver({("mx.far.test", "TXT"): ["v=spf1 ip4:192.0.2.1 -all"]})
    found = spf.check(dns, "192.0.2.1", "mx.far.test", "")
    assert (found.result, found.identity, found.domain) == ("pass", "helo", "mx.far.test")


@pytest.mark.parametrize("sender", ["a@[192.0.2.1]", "a@localhost", "a@" + "x" * 64 + ".test", "a@..test"])
def test_what_is_no_domain_has_no_result(sender: str) -> None:
    assert spf.check(TableResolver(), "192.0.2.1", "mx.test", sender).result == "none"


def test_silence_of_dns_is_temporary() -> None:
    assert spf.check(TableResolver(silent=["far.test"]), "192.0.2.1", "mx.test", "a@far.test").result == "temperror"


def test_a_record_that_fans_out_asks_a_bounded_number_of_questions() -> None:
    records = {("far.test", "TXT"): ["v=spf1 " + "mx:m.far.test " * 10 + "-all"], ("m.far.test", "MX"): [f"10 h{i}.far.test." for i in range(10)]}
    records |= {(f"h{i}.far.test", "A"): ["192.0.2.9"] for i in range(10)}  # type: ignore[misc]
    dns = TableResolver(records)
    assert spf.check(dns, "192.0.2.1", "mx.test", "a@far.test").result == "fail"
    assert len(dns.asked) <= spf.MAX_QUESTIONS
