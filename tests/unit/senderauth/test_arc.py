"""ARC against the validation tests written to its 2018 draft; each difference from RFC 8617 is named with its reason."""

from pathlib import Path

import yaml

from mailcore.mail.headers import scan_headers
from mailcore.senderauth import arc, dkim
from tests.unit.senderauth.table import TableResolver

DIFFERENT = {
    "cv_fail_i1_as_cv_fail": "the draft ended a chain without a result; RFC 8617 §5.2 step 2 calls it fail",
    "cv_fail_i2_as2_fail": "the same, at the second seal",
    "cv_fail_i2_as1_fail": "the same, at the first of two seals",
    "ams_fields_h_empty": "the draft let h= be empty; RFC 8617 §4.1.2 takes h= from RFC 6376 §3.5, where it names at least one field",
}
"""Where the draft and the RFC part, and why."""


def test_every_chain_of_the_suite_is_judged_as_the_suite_says(corpora: Path) -> None:
    wrong, count = [], 0
    for scenario in yaml.safe_load_all((corpora / "arc" / "arc-draft-validation-tests.yml").read_text()):
        dns = TableResolver({(name, "TXT"): ["".join(value.split("\n"))] for name, value in scenario["txt-records"].items()})
        for name, case in scenario["tests"].items():
            count += 1
            data = (case["message"] or "").replace("\r\n", "\n").replace("\n", "\r\n").encode()
            found = arc.verify(dns, dkim.message_of(data, scan_headers(data)))
            if found.result != (case["cv"] or "").lower():
                wrong.append(f"{name}: {found.result}, not {case['cv']!r} ({found.reason}) :: {case['description']}")
    assert {w.partition(":")[0] for w in wrong} == set(DIFFERENT) and count == 171


def test_a_message_without_a_chain_has_no_result() -> None:
    assert arc.verify(TableResolver(), dkim.message_of(b"From: a@b.test\r\n\r\nx\r\n", scan_headers(b"From: a@b.test\r\n\r\nx\r\n"))).result == "none"


def test_fifty_one_instances_are_refused_without_a_question_to_dns() -> None:
    data = b"".join(
        f"ARC-Seal: i={i}; a=rsa-sha256; cv=pass; d=x.test; s=s; b=AAAA\r\nARC-Message-Signature: i={i}; a=rsa-sha256; d=x.test; s=s; h=from; bh=AAAA; b=AAAA\r\n"
        f"ARC-Authentication-Results: i={i}; x.test; none\r\n".encode()
        for i in range(51, 0, -1)
    )
    data += b"From: a@x.test\r\n\r\nx\r\n"
    dns = TableResolver()
    assert arc.verify(dns, dkim.message_of(data, scan_headers(data))).result == "fail"
    assert dns.asked == []
