"""Passwords that came from hMailServer: the vectors of its own formats."""

import hashlib

import pytest

from mailcore.auth import imported
from mailcore.auth.passwords import Verifier
from mailcore.base.secret import Secret
from mailcore.jobs.imports.hmailserver import secrets


@pytest.mark.parametrize(("text", "stored"), [("Test", "08d04d2ef52d64ce"), ("MySecretPassword", "b3813e3c08eb14d5b54084c9e4d33189")])
def test_blowfish_is_read(text: str, stored: str) -> None:
    assert secrets.revealed(stored) == text


@pytest.mark.parametrize("stored", ["", "xyz", "08d04d2ef52d64c", "08d04d2e"])
def test_what_is_no_blowfish_is_nothing(stored: str) -> None:
    assert secrets.revealed(stored) == ""


def test_sha256_keeps_its_salt_and_fits() -> None:
    stored = secrets.hash_of("a1b2c3" + hashlib.sha256(b"a1b2c3correct horse").hexdigest(), secrets.SHA256)
    assert imported.is_imported(stored)
    assert Verifier().verify(stored, Secret("correct horse"), 1.0)
    assert not Verifier().verify(stored, Secret("Correct horse"), 1.0)


def test_a_password_in_a_code_page_fits() -> None:
    stored = secrets.hash_of(hashlib.md5("grün".encode("cp1252"), usedforsecurity=False).hexdigest(), secrets.MD5)
    assert Verifier().verify(stored, Secret("grün"), 1.0)
    assert not Verifier().verify(stored, Secret("grun"), 1.0)


def test_plain_and_blowfish_become_our_own_hash() -> None:
    for stored, scheme in (("hunter22", secrets.PLAIN), ("b3813e3c08eb14d5b54084c9e4d33189", secrets.BLOWFISH)):
        made = secrets.hash_of(stored, scheme)
        assert made.startswith("$argon2id$")
    assert Verifier().verify(made, Secret("MySecretPassword"), 1.0)


@pytest.mark.parametrize(("stored", "scheme"), [("", 0), ("short", 2), ("z" * 70, 3), ("x", 9)])
def test_what_is_no_hash_opens_nothing(stored: str, scheme: int) -> None:
    assert secrets.hash_of(stored, scheme) == ""
