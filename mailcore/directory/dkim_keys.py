"""The keys a domain signs with: made with the domain, shown in DNS by the admin, used from the moment DNS shows them.

States: "waiting" (made, not seen in DNS), "active" (signs), "retired" (was replaced; its record may go after a week). The private
half leaves this module only as a Secret. Making a key takes a tenth of a second, so it never happens inside a write.
"""

import base64
import re
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

from mailcore.base.clock import Micros, from_micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.base.secret import Secret
from mailcore.directory.actor import COMMAND_LINE, Actor
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts, records

RSA_BITS = 2048
RSA_LEAST_BITS = 1024
"""RFC 8301 §3.2: verifiers must not take less."""
PEM_BYTES = 64 * 1024
"""Longest file that is looked at as a key."""
SELECTOR_CHARACTERS = 63
_SELECTOR = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*")
ALGORITHMS = ("rsa", "ed25519")
"""RFC 8463 §3: both, because not everyone can check the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A fresh pair that no row holds yet."""

    algorithm: str
    private: Secret
    public_b64: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A stored pair, by what may be shown of it, and the private half as a Secret."""

    id: int
    domain_id: int
    domain: str
    selector: str
    algorithm: str
    public_b64: str
    state: str
    private: Secret

    @property
    def name(self) -> str:
        """Where its record stands."""
        return f"{self.selector}._domainkey.{self.domain}"

    @property
    def value(self) -> str:
        """Its record. RFC 6376 §3.6.1."""
        return f"v=DKIM1; k={self.algorithm}; p={self.public_b64}"


def new_key(algorithm: str) -> NewKey:
    """A fresh pair; outside of any write."""
    private: Ed25519PrivateKey | RSAPrivateKey
    if algorithm == "ed25519":
        private = Ed25519PrivateKey.generate()
        public = private.public_key().public_bytes_raw()
    else:
        private = generate_private_key(65537, RSA_BITS)
        public = private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    pem = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return NewKey(algorithm=algorithm, private=Secret(pem.decode()), public_b64=base64.b64encode(public).decode())


def key_of(pem: bytes) -> NewKey:
    """The pair of a private key in PEM, such as hMailServer's key file or one of openssl. Raises MailError(SYNTAX) in words."""
    try:
        private = serialization.load_pem_private_key(pem[:PEM_BYTES], password=None)
    except TypeError as error:
        raise MailError(Reason.SYNTAX, "The key has a password. Take it off first: openssl pkey -in old.pem -out new.pem") from error
    except (ValueError, UnsupportedAlgorithm) as error:
        raise MailError(Reason.SYNTAX, "This is no private key in PEM. It begins with -----BEGIN PRIVATE KEY----- or -----BEGIN RSA PRIVATE KEY-----.") from error
    public: bytes
    if isinstance(private, Ed25519PrivateKey):
        algorithm, public = "ed25519", private.public_key().public_bytes_raw()
    elif isinstance(private, RSAPrivateKey):
        if private.key_size < RSA_LEAST_BITS:
            raise MailError(Reason.SYNTAX, f"The key has {private.key_size} bits; others believe {RSA_LEAST_BITS} and more.")
        algorithm, public = "rsa", private.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    else:
        raise MailError(Reason.SYNTAX, "DKIM signs with RSA or Ed25519 keys only.")
    text = private.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return NewKey(algorithm=algorithm, private=Secret(text.decode()), public_b64=base64.b64encode(public).decode())


def add_named(tx: Tx, actor: Actor, domain_id: int, selector: str, made: NewKey, now: Micros) -> None:
    """Keep a pair under a selector of the admin's choice, waiting for DNS. Raises MailError(SYNTAX, ALREADY_EXISTS, NOT_PERMITTED)."""
    actor.require_domain(domain_id)
    name = selector.strip().lower()
    if not _SELECTOR.fullmatch(name) or len(name) > SELECTOR_CHARACTERS:
        raise MailError(Reason.SYNTAX, "A selector is letters, digits and hyphens, such as mail or 2027.")
    if any(key.selector == name for key in keys(tx, domain_id)):
        raise MailError(Reason.ALREADY_EXISTS, f"There is already a key with the selector {name}.")
    _put(tx, actor, domain_id, name, made, now)


def keys(tx: Tx, domain_id: int | None = None, *, name: str = "") -> list[Key]:
    """The keys of a domain (by id or by name), or of all, oldest first."""
    where = "k.domain_id = :d" if domain_id is not None else "d.name = :n" if name else "1 = 1"
    rows = tx.all(
        "SELECT k.id, k.domain_id, d.name, k.selector, k.algorithm, k.public_b64, k.state, k.private_pem FROM dkim_keys k JOIN domains d ON d.id = k.domain_id"
        f" WHERE {where} ORDER BY k.id",
        {"d": domain_id, "n": name},
    )
    return [
        Key(id=r[0], domain_id=r[1], domain=r[2], selector=r[3], algorithm=r[4], public_b64=r[5], state=r[6], private=Secret(r[7])) for r in rows
    ]


def add(tx: Tx, actor: Actor, domain_id: int, made: Sequence[NewKey], now: Micros) -> None:
    """Keep fresh pairs, waiting for DNS; the selector tells kind and day."""
    actor.require_domain(domain_id)
    taken = {key.selector for key in keys(tx, domain_id)}
    for one in made:
        stem = f"{'e' if one.algorithm == 'ed25519' else 'r'}{from_micros(now):%Y%m%d}"
        selector = next(s for s in (stem, *(f"{stem}-{n}" for n in range(2, 1000))) if s not in taken)
        taken.add(selector)
        _put(tx, actor, domain_id, selector, one, now)


def _put(tx: Tx, actor: Actor, domain_id: int, selector: str, one: NewKey, now: Micros) -> None:
    tx.run(
        "INSERT INTO dkim_keys (domain_id, selector, algorithm, private_pem, public_b64, state, created_at) VALUES (:d, :s, :a, :k, :p, 'waiting', :t)",
        {"d": domain_id, "s": selector, "a": one.algorithm, "k": one.private.reveal(), "p": one.public_b64, "t": now},
    )
    new = {"selector": selector, "algorithm": one.algorithm}
    domain = accounts.domain_by_id(tx, domain_id)
    records.audit(tx, "dkim:key_made", domain.name if domain is not None else str(domain_id), actor=actor.name, ip=actor.ip, now=now, new=new, domain_id=domain_id)


def make_missing(runtime: Runtime, actor: Actor = COMMAND_LINE) -> int:
    """Give every domain that lacks one a key of each kind; how many were made. Safe to repeat."""
    count = 0
    tx = runtime.store.read()
    for domain in accounts.domains(tx):
        there = {key.algorithm for key in keys(tx, domain.id) if key.state != "retired"}
        made = [new_key(algorithm) for algorithm in ALGORITHMS if algorithm not in there]
        if made:
            runtime.store.write(lambda w, d=domain.id, m=made: _add_missing(w, actor, d, m, runtime.clock.micros()))  # type: ignore[misc]
            count += len(made)
    return count


def _add_missing(tx: Tx, actor: Actor, domain_id: int, made: Sequence[NewKey], now: Micros) -> None:
    """Only what is still missing: two processes may find the same gap."""
    if accounts.domain_by_id(tx, domain_id) is not None:
        there = {key.algorithm for key in keys(tx, domain_id) if key.state != "retired"}
        add(tx, actor, domain_id, [one for one in made if one.algorithm not in there], now)


def rotate(runtime: Runtime, actor: Actor, domain_id: int) -> None:
    """New pairs beside the old ones, which sign until DNS shows the new. Raises MailError(NOT_PERMITTED)."""
    actor.require_domain(domain_id)
    made = [new_key(algorithm) for algorithm in ALGORITHMS]
    runtime.store.write(lambda tx: add(tx, actor, domain_id, made, runtime.clock.micros()))


def is_shown(resolver: Resolver, key: Key) -> bool:
    """Whether DNS shows this key. Raises DnsTrouble."""
    return any(key.public_b64 in "".join(value.split()) for value in resolver.query(key.name, "TXT").values)


def usable(runtime: Runtime, resolver: Resolver, domain: str) -> list[Key]:
    """The keys that may sign for *domain* now, one of a kind; one that DNS has come to show is made active on the way."""
    found = keys(runtime.store.read(), name=domain)
    signing = {key.algorithm: key for key in found if key.state == "active"}
    for key in found:
        if key.state != "waiting":
            continue
        try:
            if is_shown(resolver, key):
                signing[key.algorithm] = key
                runtime.store.submit(lambda tx, k=key: activate(tx, k))  # type: ignore[misc]
        except DnsTrouble:
            continue
    return [signing[algorithm] for algorithm in ALGORITHMS if algorithm in signing]


def activate(tx: Tx, key: Key) -> None:
    """*key* signs from now on; an older one of its kind retires."""
    tx.run(
        "UPDATE dkim_keys SET state = 'retired' WHERE domain_id = :d AND algorithm = :a AND state = 'active' AND id <> :i",
        {"d": key.domain_id, "a": key.algorithm, "i": key.id},
    )
    tx.run("UPDATE dkim_keys SET state = 'active' WHERE id = :i AND state = 'waiting'", {"i": key.id})


def check_states(runtime: Runtime) -> int:
    """Ask DNS about every waiting key; how many it shows now."""
    waiting = {key.domain for key in keys(runtime.store.read()) if key.state == "waiting"}
    return sum(len(usable(runtime, runtime.resolver, domain)) for domain in sorted(waiting))
