"""One signature over header fields: the key from DNS, the hash of the body, the mathematics. DKIM and ARC share it.

Over `cryptography` and not dkimpy, which has RSA in pure Python (a hundred times slower), refuses a message for one odd header
line, and does not bound what a stranger may ask for; the tests hold both against each other.
"""

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key

from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.senderauth import canonical
from mailcore.senderauth.canonical import Field
from mailcore.senderauth.tags import Unverified, number, parse_tags, words

MIN_RSA_BITS = 1024
"""RFC 8301 §3.2. A shorter key can be broken by anybody."""
MAX_RSA_BITS = 8192
"""Stops a key of megabits from keeping a thread busy."""
MAX_SIGNED_FIELDS = 1000
"""Names in h=. Stops a signature that lists a field a million times."""
ALGORITHMS = {"rsa-sha256": "rsa", "ed25519-sha256": "ed25519"}
"""RFC 8301, RFC 8463. rsa-sha1 must not be believed any more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A published key: its *flags* (t=) and what checks with it."""

    kind: str
    public: RSAPublicKey | Ed25519PublicKey
    flags: frozenset[str] = frozenset()


@dataclass(slots=True, kw_only=True)
class Message:
    """A message ready to be checked: its fields, its body, and the hashes of the body made so far."""

    fields: list[Field]
    body: bytes
    _hashes: dict[tuple[str, int | None], bytes] = field(default_factory=dict)
    _bodies: dict[str, bytes] = field(default_factory=dict)

    def body_hash(self, form: str, length: int | None) -> bytes:
        """SHA-256 of the first *length* octets (None: all) of the canonical body, made once. Raises Unverified when it has fewer."""
        key = (form, length)
        if key not in self._hashes:
            if form not in self._bodies:
                self._bodies[form] = canonical.body(self.body, form)
            content = self._bodies[form]
            if length is not None and length > len(content):
                raise Unverified("permerror", "l= is more than the body has.")
            self._hashes[key] = hashlib.sha256(content[:length] if length is not None else content).digest()
        return self._hashes[key]


def base64_value(tags: dict[str, bytes], name: str) -> bytes:
    """A base64 tag's octets. Raises Unverified(permerror)."""
    text = b"".join(tags.get(name, b"").split())
    try:
        found = base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise Unverified("permerror", f"{name}= is not base64.") from error
    if not found:
        raise Unverified("permerror", f"{name}= is empty or missing.")
    return found


def forms(tags: dict[str, bytes], default: str = "simple/simple") -> tuple[str, str]:
    """The canonical forms of header and body. Raises Unverified(permerror). RFC 6376 §3.5."""
    header, _, body = tags.get("c", default.encode()).decode("ascii", "replace").lower().partition("/")
    body = body or "simple"
    if {header, body} - {canonical.SIMPLE, canonical.RELAXED}:
        raise Unverified("permerror", "c= names an unknown form.")
    return header, body


def signed_names(tags: dict[str, bytes]) -> list[str]:
    """The names in h=. Raises Unverified(permerror) for none or too many."""
    names = words(tags.get("h", b""))
    if not names or len(names) > MAX_SIGNED_FIELDS:
        raise Unverified("permerror", "h= names no fields, or too many.")
    return names


def check_body(message: Message, tags: dict[str, bytes], form: str) -> None:
    """Raises Unverified(fail) when the body is not the one that was signed."""
    if message.body_hash(form, number(tags, "l")) != base64_value(tags, "bh"):
        raise Unverified("fail", "The body was changed.")


def check_signature(resolver: Resolver, tags: dict[str, bytes], signed: bytes) -> Key:
    """The key with which b= signs *signed*. Raises Unverified: permerror for no usable key, temperror, fail."""
    kind = ALGORITHMS.get(tags.get("a", b"").decode("ascii", "replace").lower())
    if kind is None:
        raise Unverified("permerror", "a= is an algorithm that is not believed.")
    signature = base64_value(tags, "b")
    key = find_key(resolver, tags.get("s", b""), tags.get("d", b""))
    if key.kind != kind:
        raise Unverified("permerror", "The published key is of another kind.")
    try:
        if isinstance(key.public, RSAPublicKey):
            key.public.verify(signature, signed, padding.PKCS1v15(), hashes.SHA256())
        else:
            key.public.verify(signature, hashlib.sha256(signed).digest())
    except InvalidSignature as error:
        raise Unverified("fail", "The signature does not fit the message.") from error
    return key


def find_key(resolver: Resolver, selector: bytes, domain: bytes) -> Key:
    """The key that DNS shows. Raises Unverified(permerror, temperror). RFC 6376 §3.6.2."""
    name = f"{selector.decode('utf-8', 'replace')}._domainkey.{domain.decode('utf-8', 'replace')}"
    if not selector or not domain or len(name) > 253:
        raise Unverified("permerror", "The signature names no key.")
    try:
        values = resolver.query(name, "TXT").values
    except DnsTrouble as error:
        raise Unverified("temperror", error.detail) from error
    if not values:
        raise Unverified("permerror", f"There is no key at {name}.")
    return parse_key(values[0].encode("utf-8", "surrogateescape"))


def parse_key(record: bytes) -> Key:
    """A key record. Raises Unverified(permerror). RFC 6376 §3.6.1, RFC 8463 §4."""
    tags = parse_tags(record)
    if tags.get("v", b"DKIM1") != b"DKIM1" or ("v" in tags and next(iter(tags)) != "v"):
        raise Unverified("permerror", "The key record is of an unknown version.")
    if "h" in tags and "sha256" not in words(tags["h"]):
        raise Unverified("permerror", "The key may not be used with SHA-256.")
    if not {"*", "email"} & set(words(tags.get("s", b"*"))):
        raise Unverified("permerror", "The key is not for mail.")
    if not b"".join(tags.get("p", b"x").split()):
        raise Unverified("permerror", "The key was revoked.")
    octets = base64_value(tags, "p")
    kind = tags.get("k", b"rsa").decode("ascii", "replace").lower()
    return Key(kind=kind, public=_public(kind, octets), flags=frozenset(words(tags.get("t", b""))))


def _public(kind: str, octets: bytes) -> RSAPublicKey | Ed25519PublicKey:
    if kind == "ed25519":
        if len(octets) != 32:
            raise Unverified("permerror", "An Ed25519 key has 32 octets.")
        return Ed25519PublicKey.from_public_bytes(octets)
    if kind != "rsa":
        raise Unverified("permerror", f"Keys of kind {kind[:20]} are unknown.")
    try:
        public = load_der_public_key(octets)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise Unverified("permerror", "The published key cannot be read.") from error
    if not isinstance(public, RSAPublicKey) or not MIN_RSA_BITS <= public.key_size <= MAX_RSA_BITS:
        raise Unverified("permerror", "The published key is too short, too long, or no RSA key.")
    return public


def hashed_headers(chosen: Sequence[Field], own: Field, form: str) -> bytes:
    """The octets a signature signs: the chosen fields, then its own field without b= and without its CRLF. RFC 6376 §3.7."""
    return b"".join(canonical.header(one, form) for one in chosen) + canonical.header(canonical.without_signature(own), form)[:-2]
