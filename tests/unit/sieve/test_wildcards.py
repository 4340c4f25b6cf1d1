"""A long :matches key on a long field, which a stranger may send, costs no more than a moment."""


import pytest

from mailcore.sieve.matching import casemap, glob
from tests.within import within


@pytest.mark.parametrize("key", ["*" + "a" * 3000 + "b*", "*" + "a" * 1500 + "?" + "a" * 1500 + "b*"], ids=["plain", "with ?"])
def test_a_long_key_on_a_long_value_is_quick(key: str) -> None:
    with within(2):
        assert glob("a" * 60_000, key, casemap) is None
