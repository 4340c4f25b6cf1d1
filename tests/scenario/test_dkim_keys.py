"""Keys that domains sign with under a selector of the admin's choice: brought from another server, or made; by command and in the panel."""

import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1
from cryptography.hazmat.primitives.asymmetric.ec import generate_private_key as elliptic
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat

from mailcore.base.errors import MailError
from mailcore.directory import dkim_keys
from mailcore.directory.actor import COMMAND_LINE
from tests.scenario.server import RoostServer
from tests.scenario.test_protection import publish, verified
from tests.scenario.test_queue import Post, post
from tests.web.visitor import signed_in

__all__ = ["post"]
RSA = generate_private_key(65537, 2048)


def pem(key: object = RSA, how: PrivateFormat = PrivateFormat.TraditionalOpenSSL, password: bytes = b"") -> bytes:
    return key.private_bytes(Encoding.PEM, how, BestAvailableEncryption(password) if password else NoEncryption())  # type: ignore[attr-defined, no-any-return]


def test_a_key_of_another_server_signs_under_its_own_selector_once_dns_shows_it(post: Post) -> None:
    sink, made = post.remote(), dkim_keys.key_of(pem())
    now = post.runtime.clock.micros()
    domain = post.runtime.store.read().value("SELECT id FROM domains WHERE name = 'x.test'")
    post.runtime.store.write(lambda tx: dkim_keys.add_named(tx, COMMAND_LINE, domain, "Mail2019", made, now))
    publish(post)
    post.serve(post.put("bob@far.test"))
    assert b"s=mail2019;" in sink.taken[0].data and ("pass", "x.test", "rsa-sha256") in verified(post, sink.taken[0].data)
    with pytest.raises(MailError, match="already a key"):
        post.runtime.store.write(lambda tx: dkim_keys.add_named(tx, COMMAND_LINE, domain, "mail2019", made, now))


@pytest.mark.parametrize("selector", ["", "two words", "-a", "a_b", "x" * 64, "a..b"])
def test_a_selector_is_a_dns_label(post: Post, selector: str) -> None:
    domain = post.runtime.store.read().value("SELECT id FROM domains WHERE name = 'x.test'")
    with pytest.raises(MailError, match="A selector is"):
        post.runtime.store.write(lambda tx: dkim_keys.add_named(tx, COMMAND_LINE, domain, selector, dkim_keys.key_of(pem()), 1))


@pytest.mark.parametrize(
    ("file", "said"),
    [
        (b"nothing", "no private key"), (b"", "no private key"), (pem(how=PrivateFormat.PKCS8, password=b"secret"), "has a password"),
        (pem(elliptic(SECP256R1()), PrivateFormat.PKCS8), "RSA or Ed25519"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_sign_is_said_in_words(file: bytes, said: str) -> None:
    with pytest.raises(MailError, match=said):
        dkim_keys.key_of(file)


def test_keys_are_added_by_command_and_in_the_panel_and_no_private_half_is_shown() -> None:
    server = RoostServer(listeners=("http",), people=1, workers=1)
    try:
        added = json.loads(server.run("dkim", "add", "x.test", "--selector", "mail", "--key-file", "-", "--json", input=pem().decode()))
        assert added["name"] == "mail._domainkey.x.test" and added["record"] == f"v=DKIM1; k=rsa; p={dkim_keys.key_of(pem()).public_b64}"
        json.loads(server.run("dkim", "add", "x.test", "--selector", "fresh", "--algorithm", "ed25519", "--json"))
        admin = signed_in(server, "admin@x.test")
        here = "/admin/domains/x.test/dns"
        admin.get(here)
        files = {"file": ("old.pem", pem(generate_private_key(65537, 2048)), "application/x-pem-file")}
        shown = admin.session.post(admin.base + here, data={"csrf_token": admin.token, "op": "key", "selector": "2019"}, files=files, timeout=20)
        assert "2019._domainkey.x.test" in shown.text and "mail._domainkey.x.test" in shown.text and "PRIVATE" not in shown.text
        files = {"file": ("old.pem", b"-----BEGIN NOTHING-----")}
        wrong = admin.session.post(admin.base + here, data={"csrf_token": admin.token, "op": "key", "selector": "2020"}, files=files, timeout=20)
        assert wrong.status_code == 422 and "This is no private key in PEM." in wrong.text
        assert admin.get("/admin/audit?q=dkim").text.count("dkim key made") >= 5
    finally:
        server.remove()
