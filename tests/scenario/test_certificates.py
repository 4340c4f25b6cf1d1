"""Certificates: an authority signs over HTTP-01 (Debian's pebble), an uploaded one is served by name, the own one renews itself; none needs a restart."""

import contextlib
import datetime
import json
import os
import plistlib
import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from mailcore.net import tls
from mailcore.serve import start
from tests.scenario.dns_server import LocalDns
from tests.scenario.server import RoostServer, free_ports
from tests.scenario.waiting import eventually
from tests.web.visitor import Browser

NOW = datetime.datetime.now(datetime.UTC)


@pytest.fixture(scope="module")
def dns() -> Iterator[LocalDns]:
    one = LocalDns([("mx.x.test", "A", "127.0.0.1"), ("autoconfig.x.test", "A", "127.0.0.1"), ("mta-sts.x.test", "A", "127.0.0.9")])
    yield one
    one.stop()


@pytest.fixture(scope="module")
def server(dns: LocalDns) -> Iterator[RoostServer]:
    one = RoostServer(listeners=("smtp", "submissions", "imaps", "http", "https"), people=1, dns=dns.where)
    yield one
    one.remove()


@pytest.fixture(scope="module")
def admin(server: RoostServer) -> Browser:
    browser = Browser(server)
    assert browser.sign_in("admin@x.test").status_code == 200
    return browser


@pytest.fixture
def pebble(server: RoostServer, dns: LocalDns, tmp_path: Path) -> Iterator[str]:
    """An authority that looks at our http port; the address of its directory."""
    program = shutil.which("pebble")
    if program is None:
        pytest.skip("pebble is not installed (Debian: pebble)")
    (port,) = free_ports(1)
    pair(tmp_path, "pebble", "127.0.0.1")
    config = {"listenAddress": f"127.0.0.1:{port}", "certificate": str(tmp_path / "pebble.pem"), "privateKey": str(tmp_path / "pebble.key"), "httpPort": server.ports["http"], "tlsPort": server.ports["https"]}
    (tmp_path / "config.json").write_text(json.dumps({"pebble": config}))
    environ = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "0"}
    process = subprocess.Popen([program, "-config", str(tmp_path / "config.json"), "-dnsserver", dns.where], env=environ, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    eventually(lambda: answers(port))
    server.run("settings", "set", "acme.directory", f"https://127.0.0.1:{port}/dir")
    server.run("settings", "set", "acme.ca_file", str(tmp_path / "pebble-ca.pem"))
    yield f"https://127.0.0.1:{port}/dir"
    process.kill()
    process.wait()


def pair(folder: Path, name: str, *names: str, days: int = 0) -> None:
    """A chain and its key in *folder*, signed by a CA of its own, *days* ago."""
    ca_key, key = tls.make_key(), tls.make_key()
    made = NOW - datetime.timedelta(days=days)
    ca = tls.make_ca(ca_key, made, name)
    leaf = tls.make_leaf(ca, ca_key, key, names, made)
    (folder / f"{name}-ca.pem").write_bytes(ca.public_bytes(Encoding.PEM))
    (folder / f"{name}.pem").write_bytes(leaf.public_bytes(Encoding.PEM) + ca.public_bytes(Encoding.PEM))
    (folder / f"{name}.key").write_bytes(tls.key_pem(key))


def answers(port: int) -> bool:
    with contextlib.suppress(OSError):
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    return False


def issuer(server: RoostServer, name: str, listener: str = "imaps") -> str:
    """Who signed what a client that asks for *name* is shown."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    with socket.create_connection(("127.0.0.1", server.ports[listener]), 5) as plain, context.wrap_socket(plain, server_hostname=name) as connection:
        shown = connection.getpeercert(True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).issuer.rfc4514_string()


def asks_for_our_authority(person: Browser) -> bool:
    """Whether the profile for Apple's devices, and the page beside it, install Roost's own CA."""
    profile = plistlib.loads(person.get("/settings/programs/apple.mobileconfig").content)
    kinds = {part["PayloadType"] for part in profile["PayloadContent"]}
    assert ("com.apple.security.root" in kinds) == ("/ca.crt" in person.get("/settings/programs").text)
    return "com.apple.security.root" in kinds


def test_an_authority_signs_for_the_server_and_for_names_that_lead_here(server: RoostServer, admin: Browser, pebble: str) -> None:
    assert "Roost CA" in issuer(server, "mx.x.test") and asks_for_our_authority(admin)
    admin.get("/admin/certificates")
    assert admin.post("/admin/certificates", {"op": "acme", "enabled": "1", "email": "admin@x.test"}).status_code == 422
    admin.post("/admin/certificates", {"op": "acme", "enabled": "1", "agreed": "1", "email": "admin@x.test"})
    eventually(lambda: "Pebble" in issuer(server, "mx.x.test") and "Pebble" in issuer(server, "autoconfig.x.test", "https"))
    assert not asks_for_our_authority(admin), "devices trust the authority that signed"
    held = {row["names"] for row in json.loads(server.run("certificate", "list", "--json"))}
    assert held == {"mx.x.test", "autoconfig.x.test"}, "mta-sts.x.test leads elsewhere"
    assert "Roost CA" in issuer(server, "other.test")
    assert "good for a while" in server.run("certificate", "renew")
    assert "Pebble" not in admin.get("/.well-known/acme-challenge/none").text


def test_what_an_authority_refuses_is_told_in_words(server: RoostServer, admin: Browser, pebble: str, dns: LocalDns) -> None:
    server.run("settings", "set", "server.hostname", "lost.x.test")
    dns.table.put("lost.x.test", "A", "127.0.0.77")
    said = server.run("certificate", "renew", "--agree", "--json", is_checked=False)
    page = admin.get("/admin/certificates").text
    server.run("settings", "set", "server.hostname", "mx.x.test")
    assert "lost.x.test" in said and "on port 80" in said and "lost.x.test" not in server.run("certificate", "list")
    assert "Certificates" in page


def test_an_uploaded_certificate_is_shown_by_name_and_removed_again(server: RoostServer, admin: Browser, tmp_path: Path) -> None:
    pair(tmp_path, "bought", "shop.test", "*.shop.test")
    admin.get("/admin/certificates")
    files = {"chain": (tmp_path / "bought.pem").open("rb"), "key": (tmp_path / "bought.key").open("rb")}
    assert "shop.test" in admin.post("/admin/certificates", {"op": "upload"}, files=files).text
    eventually(lambda: "bought" in issuer(server, "shop.test"))
    eventually(lambda: "bought" in issuer(server, "mail.shop.test"))  # the other worker takes it up by itself
    assert "bought" not in issuer(server, "mx.x.test")
    (number,) = [row["id"] for row in json.loads(server.run("certificate", "list", "--json")) if "shop.test" in row["names"]]
    admin.post("/admin/certificates", {"op": "remove", "id": str(number)})
    eventually(lambda: "Roost CA" in issuer(server, "shop.test"))


@pytest.mark.parametrize(("spoil", "word"), [("other key", "another certificate"), ("ended", "ended on"), ("text", "not PEM"), ("order", "follow on one another")])
def test_a_certificate_that_cannot_serve_is_refused_with_the_reason(server: RoostServer, admin: Browser, tmp_path: Path, spoil: str, word: str) -> None:
    pair(tmp_path, "one", "a.test", days=500 if spoil == "ended" else 0)
    pair(tmp_path, "two", "b.test")
    chain, key = (tmp_path / "one.pem").read_bytes(), (tmp_path / "one.key").read_bytes()
    if spoil == "other key":
        key = (tmp_path / "two.key").read_bytes()
    elif spoil == "text":
        chain = b"hello"
    elif spoil == "order":
        chain += (tmp_path / "two-ca.pem").read_bytes()
    admin.get("/admin/certificates")
    answer = admin.post("/admin/certificates", {"op": "upload"}, files={"chain": chain, "key": key})
    assert answer.status_code == 422 and word in answer.text
    assert "a.test" not in server.run("certificate", "list")


def shown(server: RoostServer, name: str = "mx.x.test") -> x509.Certificate:
    """What a client that asks for *name* is shown, once it is found to be signed by the CA that devices have installed."""
    trusting = ssl.create_default_context(cafile=str(server.folder / "data" / "tls" / "ca.pem"))
    with socket.create_connection(("127.0.0.1", server.ports["imaps"]), 5) as plain, trusting.wrap_socket(plain, server_hostname=name) as connection:
        der = connection.getpeercert(True)
    assert der is not None
    return x509.load_der_x509_certificate(der)


def names_of(leaf: x509.Certificate) -> set[str]:
    return {str(one.value) for one in leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value}


def test_the_own_certificate_names_everything_and_renews_itself_under_one_ca() -> None:
    """Every name and address, at most 397 days; a domain that comes and an end that is near make another leaf of the running server, and never another CA."""
    server = RoostServer(listeners=("imaps", "http"), people=1, workers=2)
    try:
        authority = (server.folder / "data" / "tls" / "ca.pem").read_bytes()
        first = shown(server)
        assert {"mx.x.test", "localhost", "127.0.0.1", "::1", "x.test", "mail.x.test", "autoconfig.x.test", "autodiscover.x.test", "mta-sts.x.test", *start.own_addresses()} <= names_of(first)
        assert first.not_valid_after_utc - first.not_valid_before_utc <= datetime.timedelta(days=397)
        server.run("domain", "add", "second.test")
        eventually(lambda: "autoconfig.second.test" in names_of(shown(server)))
        folder = server.folder / "data" / "tls"
        ca, ca_key = x509.load_pem_x509_certificate(authority), load_pem_private_key((folder / "ca.key").read_bytes(), None)
        key = tls.make_key()
        old = tls.make_leaf(ca, ca_key, key, sorted(names_of(shown(server))), NOW - datetime.timedelta(days=350))  # type: ignore[arg-type]
        tls.write_private(folder / "leaf.key", tls.key_pem(key))
        tls.write_private(folder / "leaf.pem", old.public_bytes(Encoding.PEM) + authority)
        eventually(lambda: x509.load_pem_x509_certificate((folder / "leaf.pem").read_bytes()).serial_number != old.serial_number)
        eventually(lambda: {shown(server).not_valid_after_utc > NOW + datetime.timedelta(days=390) for _ in range(6)} == {True})
        assert (folder / "ca.pem").read_bytes() == authority, "devices that have it installed go on trusting"
    finally:
        server.remove()
