"""Certificates that an admin brings or takes away, the switch for an authority, and which names want one.

What is uploaded is judged before it is kept: the key belongs to the chain, the chain is in order, the time is not over.
"""

from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat, load_pem_private_key

from mailcore.base.clock import Micros, to_micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.directory.actor import Actor
from mailcore.settings import values
from mailcore.store import Tx, accounts, certificates, jobs, records

MAX_PEM_BYTES = 256 * 1024
"""Longest file that is looked at: stops an upload from costing more than a moment."""
MAX_CHAIN = 10
HELPERS = ("mta-sts", "autoconfig", "autodiscover")
"""Names in front of a domain that Roost serves over https."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """An uploaded pair: PEM as it is kept, the names in it, and its end."""

    names: tuple[str, ...]
    chain_pem: str
    key_pem: str
    not_after: datetime


def judge(chain: bytes, key: bytes, now: datetime) -> Judged:
    """What was uploaded, made sure of. Raises MailError(SYNTAX) with the reason."""
    if max(len(chain), len(key)) > MAX_PEM_BYTES:
        raise MailError(Reason.SYNTAX, "That file is too large to be a certificate.")
    try:
        found = x509.load_pem_x509_certificates(chain)
    except ValueError as error:
        raise MailError(Reason.SYNTAX, "The certificate's file is not PEM: it should begin with -----BEGIN CERTIFICATE-----.") from error
    try:
        private = load_pem_private_key(key, None)
    except TypeError as error:
        raise MailError(Reason.SYNTAX, "The key has a password. Take it off first: openssl pkey -in key.pem -out plain.pem.") from error
    except ValueError as error:
        raise MailError(Reason.SYNTAX, "The key's file is not PEM: it should begin with -----BEGIN PRIVATE KEY-----.") from error
    leaf = found[0]
    spki = (Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    if private.public_key().public_bytes(*spki) != leaf.public_key().public_bytes(*spki):
        raise MailError(Reason.SYNTAX, "The key belongs to another certificate. Send the server's certificate first in its file, then those above it.")
    if leaf.not_valid_after_utc <= now:
        raise MailError(Reason.SYNTAX, f"This certificate ended on {leaf.not_valid_after_utc:%Y-%m-%d}.")
    _check_order(found)
    names = names_of(leaf)
    if not names:
        raise MailError(Reason.SYNTAX, "This certificate holds no DNS name, so no program would take it.")
    pem = "".join(one.public_bytes(Encoding.PEM).decode() for one in found)
    return Judged(names=names, chain_pem=pem, key_pem=private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(), not_after=leaf.not_valid_after_utc)


def _check_order(chain: list[x509.Certificate]) -> None:
    if len(chain) > MAX_CHAIN:
        raise MailError(Reason.SYNTAX, f"A chain has at most {MAX_CHAIN} certificates here.")
    for below, above in zip(chain, chain[1:], strict=False):
        try:
            below.verify_directly_issued_by(above)
        except (ValueError, TypeError, InvalidSignature) as error:
            raise MailError(Reason.SYNTAX, "The certificates in the file do not follow on one another: each must be signed by the next.") from error


def names_of(leaf: x509.Certificate) -> tuple[str, ...]:
    """The DNS names of a certificate. RFC 9525 §2: the subject's common name counts no more."""
    try:
        held = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(dict.fromkeys(name.lower() for name in held.get_values_for_type(x509.DNSName)))


def upload(tx: Tx, actor: Actor, judged: Judged, now: Micros) -> int:
    """Serve an uploaded certificate for its names; its id."""
    actor.require_server()
    records.audit(tx, "certificate:uploaded", " ".join(judged.names)[:200], actor=actor.name, ip=actor.ip, now=now)
    return certificates.put(tx, judged.names, "uploaded", judged.chain_pem, judged.key_pem, to_micros(judged.not_after), now)


def remove(tx: Tx, actor: Actor, certificate_id: int, now: Micros) -> None:
    """Stop serving one; Roost's own CA signs for its names again. Raises MailError(NOT_FOUND)."""
    actor.require_server()
    found = certificates.get(tx, certificate_id)
    if found is None:
        raise MailError(Reason.NOT_FOUND, "This certificate is gone already.")
    certificates.remove(tx, certificate_id)
    records.audit(tx, "certificate:removed", " ".join(found.names)[:200], actor=actor.name, ip=actor.ip, now=now)


def set_acme(tx: Tx, actor: Actor, *, is_on: bool, email: str, is_agreed: bool, now: Micros) -> None:
    """Let an authority sign, or no more. Raises MailError(SYNTAX) without a yes to its terms."""
    actor.require_server()
    if is_on and not is_agreed:
        raise MailError(Reason.SYNTAX, "The authority signs only for who agrees to its terms of service.")
    for name, value in (("acme.enabled", is_on), ("acme.email", email.strip() or None)):
        values.write(tx, name, value, actor=actor.name, ip=actor.ip, now=now)


def ask(tx: Tx, actor: Actor, now: Micros) -> int:
    """Get or renew certificates now; the job's id. Raises MailError(IN_USE) while that runs."""
    actor.require_server()
    if tx.one("SELECT 1 FROM jobs WHERE kind = 'certificates' AND state IN ('waiting', 'running')") is not None:
        raise MailError(Reason.IN_USE, "The authority is being asked already.")
    records.audit(tx, "certificate:asked", "", actor=actor.name, ip=actor.ip, now=now)
    return jobs.put(tx, "certificates", {"is_asked": True}, now)


def wanted(tx: Tx, resolver: Resolver, hostname: str) -> list[tuple[str, ...]]:
    """Groups of names, a certificate each: the server's own, and of each domain the helpers that lead here in DNS."""
    groups: list[tuple[str, ...]] = [(hostname,)]
    here = _addresses(resolver, hostname)
    for domain in accounts.domains(tx):
        names = tuple(f"{word}.{domain.name}" for word in HELPERS if here and _addresses(resolver, f"{word}.{domain.name}") & here)
        if names and domain.is_enabled:
            groups.append(names)
    return groups


def _addresses(resolver: Resolver, name: str) -> set[str]:
    try:
        return {*resolver.query(name, "A").values, *resolver.query(name, "AAAA").values}
    except DnsTrouble:
        return set()
