"""Certificates: Roost's own CA made once, leaves for every name and LAN address, and contexts that are replaced live.

Files live in the data directory's `tls` folder: ca.pem, ca.key, leaf.pem, leaf.key; uploaded or ACME ones come from the
store and stand over the leaf for their names. One `ssl.SSLContext` a process is handed to the listeners; its SNI callback
looks into a dict, so replacing an entry replaces the certificate without a restart.
"""

import contextlib
import ipaddress
import os
import ssl
import tempfile
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

CA_DAYS = 3650
LEAF_DAYS = 397
"""The longest that browsers and Apple's devices accept."""
RENEW_DAYS = 60


def make_key() -> ec.EllipticCurvePrivateKey:
    """A new P-256 key."""
    return ec.generate_private_key(ec.SECP256R1())


def key_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    """*key* as unencrypted PKCS#8."""
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())


def make_ca(key: ec.EllipticCurvePrivateKey, now: datetime, label: str) -> x509.Certificate:
    """A self-signed CA certificate."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Roost CA of {label}"[:64])])
    return (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=CA_DAYS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(x509.KeyUsage(False, False, False, False, False, True, True, False, False), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA256())
    )  # fmt: skip


def make_leaf(
    ca: x509.Certificate, ca_key: ec.EllipticCurvePrivateKey, key: ec.EllipticCurvePrivateKey, names: Iterable[str], now: datetime
) -> x509.Certificate:
    """A server certificate for DNS *names* and IP addresses, signed by *ca*."""
    entries = [_general_name(name) for name in dict.fromkeys(names)]
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, next(iter(names), "roost")[:64])])
    identifier = ca.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return (
        x509.CertificateBuilder().subject_name(subject).issuer_name(ca.subject).public_key(key.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=LEAF_DAYS - 1))
        .add_extension(x509.SubjectAlternativeName(entries), critical=False)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
        .sign(ca_key, hashes.SHA256())
    )  # fmt: skip


def _general_name(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def write_private(path: Path, data: bytes) -> None:
    """Write *data* to *path*, readable by its owner only, whole or not at all."""
    fd, temporary = tempfile.mkstemp(dir=path.parent, prefix="." + path.name)
    try:
        with os.fdopen(fd, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except BaseException:
        with contextlib.suppress(OSError):
            os.unlink(temporary)
        raise


class OwnCertificates:
    """Roost's own CA and the leaf it signs, kept in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.ca_path = folder / "ca.pem"
        self.leaf_path = folder / "leaf.pem"
        self.key_path = folder / "leaf.key"

    def ensure(self, names: list[str], now: datetime) -> bool:
        """Make the CA if there is none, and the leaf if it lacks a name or ends soon; whether the leaf is new."""
        if not self.ca_path.exists():
            key = make_key()
            write_private(self.folder / "ca.key", key_pem(key))
            write_private(self.ca_path, make_ca(key, now, names[0]).public_bytes(serialization.Encoding.PEM))
        if self.leaf_path.exists() and self._is_good(names, now):
            return False
        ca = x509.load_pem_x509_certificate(self.ca_path.read_bytes())
        ca_key = serialization.load_pem_private_key((self.folder / "ca.key").read_bytes(), None)
        assert isinstance(ca_key, ec.EllipticCurvePrivateKey)
        key = make_key()
        leaf = make_leaf(ca, ca_key, key, names, now)
        write_private(self.key_path, key_pem(key))
        write_private(self.leaf_path, leaf.public_bytes(serialization.Encoding.PEM) + ca.public_bytes(serialization.Encoding.PEM))
        return True

    def _is_good(self, names: list[str], now: datetime) -> bool:
        try:
            leaf = x509.load_pem_x509_certificate(self.leaf_path.read_bytes())
            held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        except (ValueError, x509.ExtensionNotFound):
            return False
        have = {str(n.value) for n in held}
        return set(names) <= have and leaf.not_valid_after_utc > now + timedelta(days=RENEW_DAYS)


class ServerContexts:
    """The context the listeners use. `replace` swaps certificates under running listeners."""

    def __init__(self) -> None:
        self._by_name: dict[str, ssl.SSLContext] = {}
        self.context = new_server_context()
        self.context.sni_callback = self._choose

    def replace(self, default: tuple[Path, Path], named: dict[str, tuple[Path, Path]]) -> None:
        """Use the *default* (chain, key) pair, and for each name in *named* its own."""
        fresh = new_server_context()
        fresh.load_cert_chain(*default)
        by_name = {}
        for name, pair in named.items():
            context = new_server_context()
            context.load_cert_chain(*pair)
            by_name[name.lower()] = context
        by_name[""] = fresh
        self.context.load_cert_chain(*default)
        self._by_name = by_name

    def _choose(self, connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        wanted = (name or "").lower()
        chosen = self._by_name.get(wanted) or self._by_name.get("*." + wanted.partition(".")[2]) or self._by_name.get("")
        if chosen is not None:
            connection.context = chosen


def new_server_context() -> ssl.SSLContext:
    """TLS 1.2 and later with the library's own good ciphers."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_RENEGOTIATION | ssl.OP_NO_COMPRESSION
    return context


def new_client_context(*, is_verified: bool) -> ssl.SSLContext:
    """For outgoing connections: with the system's roots, or without judging the certificate (opportunistic TLS, RFC 7435)."""
    if is_verified:
        return ssl.create_default_context()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context
