"""Each case through our interpreter and Debian's sieve-test: the same actions, or a difference that is named with its RFC section."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.unit.sieve.cases import DECIDED, MESSAGE, REQUIRE, SCRIPTS, TESTS, WHOLE
from tests.unit.sieve.oracle import Oracle, ours

CASES = [*((True, f"if {test} {{ discard; }}") for test in TESTS), *((True, script) for script in SCRIPTS), *((False, script) for script in WHOLE)]


@pytest.fixture(scope="module")
def oracle() -> Iterator[Oracle]:
    if shutil.which("sieve-test") is None:
        pytest.skip("sieve-test is not installed (Debian's dovecot-sieve)")
    # Not pytest's folder: run as root, sieve-test gives its rights up and must still read this one.
    with tempfile.TemporaryDirectory(prefix="roost-oracle-") as folder:
        yield Oracle(Path(folder))


@pytest.mark.parametrize(("is_short", "script"), CASES, ids=[script for _, script in CASES])
def test_both_do_the_same(oracle: Oracle, is_short: bool, script: str) -> None:
    whole = (REQUIRE if is_short else "") + script
    found, told = ours(whole, MESSAGE), oracle.says(whole, MESSAGE)
    assert (found == told) is (script not in DECIDED), f"ours: {found}, the oracle: {told}"
