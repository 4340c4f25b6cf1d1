"""DKIM: real messages, dkimpy as the other side, and what a forger would try."""

import base64
from pathlib import Path

import dkim as dkimpy
import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ed25519, padding, rsa

from mailcore.base.secret import Secret
from mailcore.mail.headers import scan_headers
from mailcore.senderauth import canonical, dkim, signature
from mailcore.senderauth.dkim import SigningKey
from tests.unit.senderauth.table import TableResolver

NOW = 1_800_000_000
LETTER = b"From: Ann <ann@x.test>\r\nTo: bob@far.test\r\nSubject:  Hello\r\n  there\r\nDate: Wed, 04 Mar 2026 05:06:07 +0000\r\nMessage-ID: <1@x.test>\r\n\r\nOne line.  \r\n\r\nTwo\t lines.\r\n\r\n\r\n"


def _pem(key: rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()


RSA = rsa.generate_private_key(65537, 2048)
ED = ed25519.Ed25519PrivateKey.generate()
RSA_PUBLIC = base64.b64encode(RSA.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)).decode()
ED_PUBLIC = base64.b64encode(ED.public_key().public_bytes_raw()).decode()
DNS = {("r._domainkey.x.test", "TXT"): [f"v=DKIM1; k=rsa; p={RSA_PUBLIC}"], ("e._domainkey.x.test", "TXT"): [f"v=DKIM1; k=ed25519; p={ED_PUBLIC}"]}
KEYS = {
    "rsa": SigningKey(domain="x.test", selector="r", algorithm="rsa", private=Secret(_pem(RSA))),
    "ed25519": SigningKey(domain="x.test", selector="e", algorithm="ed25519", private=Secret(_pem(ED))),
}


def results(data: bytes, dns: TableResolver | None = None, now: int = NOW) -> list[dkim.DkimResult]:
    return dkim.verify(dns or TableResolver(DNS), dkim.message_of(data, scan_headers(data)), now)


@pytest.mark.parametrize("number", range(1, 7))
def test_a_real_signed_message_passes_with_its_records(corpora: Path, number: int) -> None:
    text = (corpora / "dkim" / f"00{number}.txt").read_bytes().replace(b"\r\n", b"\n")
    records, _, message = text.partition(b"\n\n")
    dns = TableResolver({(line.split(" ", 1)[0], "TXT"): [line.split(" ", 1)[1]] for line in records.decode().splitlines() if line.strip()})
    found = results(message.replace(b"\n", b"\r\n"), dns, now=0)
    assert found and all(one.result == "pass" for one in found), found


@pytest.mark.parametrize("algorithm", KEYS)
def test_what_we_sign_another_implementation_verifies(algorithm: str) -> None:
    signed = dkim.sign(LETTER, KEYS[algorithm], NOW - 400_000_000) + LETTER
    records = {name: values[0].encode() for (name, _), values in DNS.items()}
    assert dkimpy.verify(signed, dnsfunc=lambda name, timeout=5: records.get(name.decode().rstrip(".") if isinstance(name, bytes) else name.rstrip(".")))


@pytest.mark.parametrize("form", [(b"simple", b"simple"), (b"relaxed", b"relaxed"), (b"simple", b"relaxed"), (b"relaxed", b"simple")])
def test_what_another_implementation_signs_we_verify_in_every_form(form: tuple[bytes, bytes]) -> None:
    pem = RSA.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    signed = dkimpy.sign(LETTER, b"r", b"x.test", pem, canonicalize=form) + LETTER
    assert [one.result for one in results(signed)] == ["pass"]


@pytest.mark.parametrize("algorithm", KEYS)
def test_our_signature_survives_refolding_and_trailing_blank_lines(algorithm: str) -> None:
    signed = dkim.sign(LETTER, KEYS[algorithm], NOW) + LETTER.replace(b"Subject:  Hello\r\n  there", b"subject: Hello there").rstrip(b"\r\n") + b"\r\n"
    assert [one.result for one in results(signed)] == ["pass"]


@pytest.mark.parametrize(
    ("old", "new", "result"),
    [
        (b"One line", b"One Line", "fail"),
        (b"ann@x.test>", b"eve@x.test>", "fail"),
        (b"Subject:", b"Subject: Other\r\nSubject:", "fail"),
        (b"From: Ann", b"From: eve@far.test\r\nFrom: Ann", "fail"),
        (b"; d=x.test", b"; d=y.test", "permerror"),
        (b"h=from:", b"h=", "fail"),
        (b"a=rsa-sha256", b"a=rsa-sha1", "permerror"),
        (b"; d=x.test", b"; i=@y.test; d=x.test", "permerror"),
        (b"v=1;", b"v=1; v=1;", "permerror"),
        (b"bh=", b"bh=!", "permerror"),
    ],
)
def test_a_forged_message_does_not_pass(old: bytes, new: bytes, result: str) -> None:
    signed = dkim.sign(LETTER, KEYS["rsa"], NOW) + LETTER
    changed = signed.replace(old, new, 1)
    assert changed != signed
    assert [one.result for one in results(changed)] == [result]


@pytest.mark.parametrize(
    ("record", "result"),
    [
        ("v=DKIM1; k=rsa; p=", "permerror"),
        ("v=DKIM2; p=" + RSA_PUBLIC, "permerror"),
        ("k=rsa; p=" + RSA_PUBLIC, "pass"),
        ("v=DKIM1; s=tlsrpt; p=" + RSA_PUBLIC, "permerror"),
        ("v=DKIM1; h=sha1; p=" + RSA_PUBLIC, "permerror"),
        ("v=DKIM1; k=ed25519; p=" + ED_PUBLIC, "permerror"),
        ("v=DKIM1; p=AAAA", "permerror"),
    ],
    ids=["no key", "another version", "no version", "another service", "another hash", "another algorithm", "no key in it"],  # the keys differ each time, and the names must not
)
def test_a_key_counts_only_when_it_is_for_this(record: str, result: str) -> None:
    signed = dkim.sign(LETTER, KEYS["rsa"], NOW) + LETTER
    assert [one.result for one in results(signed, TableResolver({("r._domainkey.x.test", "TXT"): [record]}))] == [result]


def test_a_key_of_fewer_than_1024_bits_is_not_believed() -> None:
    record = "v=DKIM1; p=MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAKc5ooljUUO9zq7xgL9yqqfpBMJ0Ru9ZdBzFMpFmcVOr0f6rC2HVVmwLxcShqP24rRlA7OjN6bBWVsMlP1MSN/UCAwEAAQ=="
    signed = dkim.sign(LETTER, KEYS["rsa"], NOW) + LETTER
    assert [one.result for one in results(signed, TableResolver({("r._domainkey.x.test", "TXT"): [record]}))] == ["permerror"]


def test_silence_of_dns_is_temporary() -> None:
    signed = dkim.sign(LETTER, KEYS["rsa"], NOW) + LETTER
    assert [one.result for one in results(signed, TableResolver(silent=["r._domainkey.x.test"]))] == ["temperror"]


def signed_with(tags: str) -> bytes:
    """LETTER with a signature whose tags, but for bh= and b=, are *tags*."""
    message = dkim.message_of(LETTER, scan_headers(LETTER))
    body = base64.b64encode(message.body_hash("relaxed", None)).decode()
    value = f" {tags}; bh={body}; b="
    own = canonical.Field(name=b"dkim-signature", raw=f"DKIM-Signature:{value}\r\n".encode(), value=value.encode())
    names = tags.partition("h=")[2].partition(";")[0].split(":")
    signed = signature.hashed_headers(canonical.select(message.fields, names), own, "relaxed")
    made = base64.b64encode(RSA.sign(signed, padding.PKCS1v15(), hashes.SHA256()))
    return b"DKIM-Signature:" + value.encode() + made + b"\r\n" + LETTER


@pytest.mark.parametrize(
    ("more", "result"),
    [("h=from:to", "pass"), ("h=to:subject", "permerror"), (f"x={NOW - 1}; h=from", "fail"), (f"x={NOW + 1}; h=from", "pass"), ("i=a@mail.x.test; h=from", "pass")],
)
def test_a_signature_that_fits_still_needs_from_and_time(more: str, result: str) -> None:
    assert [one.result for one in results(signed_with(f"v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.test; s=r; {more}"))] == [result]


def test_a_key_that_is_not_for_subdomains_answers_for_none() -> None:
    data = signed_with("v=1; a=rsa-sha256; c=relaxed/relaxed; d=x.test; s=r; i=a@mail.x.test; h=from")
    dns = TableResolver({("r._domainkey.x.test", "TXT"): [f"v=DKIM1; t=s; p={RSA_PUBLIC}"]})
    assert [one.result for one in results(data, dns)] == ["permerror"]


def test_a_signature_over_part_of_the_body_says_so() -> None:
    pem = RSA.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption())
    signed = dkimpy.sign(LETTER, b"r", b"x.test", pem, length=True) + LETTER + b"More.\r\n"
    assert [(one.result, one.has_length) for one in results(signed)] == [("pass", True)]


def test_only_ten_signatures_are_looked_at() -> None:
    signed = dkim.sign(LETTER, KEYS["rsa"], NOW) * 30 + LETTER
    assert len(results(signed)) == dkim.MAX_SIGNATURES


def test_a_key_prints_without_its_secret() -> None:
    assert "PRIVATE" not in repr(KEYS["rsa"])
