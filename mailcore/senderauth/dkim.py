"""DKIM: every signature of a message checked (RFC 6376, RFC 8301, RFC 8463), and our own made.

A result names the domain that answers for the message; which of them counts is DMARC's to say. A signature over part of the
body (l=) passes and says so.
"""

import base64
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from mailcore.base.resolver import Resolver
from mailcore.base.secret import Secret
from mailcore.mail.headers import Headers, scan_headers
from mailcore.senderauth import canonical, signature
from mailcore.senderauth.canonical import Field
from mailcore.senderauth.signature import Message
from mailcore.senderauth.tags import Unverified, number, parse_tags

MAX_SIGNATURES = 10
"""Signatures looked at. Stops a message of a thousand from asking for a thousand keys."""
SIGNED = (
    "from", "sender", "reply-to", "subject", "date", "message-id", "to", "cc", "mime-version", "content-type", "content-transfer-encoding",
    "content-id", "content-description", "resent-date", "resent-from", "resent-to", "resent-cc", "in-reply-to", "references", "list-id", "list-help",
    "list-unsubscribe", "list-unsubscribe-post", "list-subscribe", "list-post", "list-owner", "list-archive",
)  # fmt: skip
"""Fields we sign where they stand. RFC 6376 §5.4.1."""
ONCE = ("from", "to", "cc", "subject", "date", "reply-to", "message-id")
"""Fields signed once more than they stand, so that nobody adds another. RFC 6376 §8.15."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DkimResult:
    """One signature: *result* is RFC 8601's word, *domain* its d=, *head* the first of b= that tells it from others."""

    result: str
    domain: str = ""
    selector: str = ""
    identity: str = ""
    algorithm: str = ""
    head: str = ""
    reason: str = ""
    has_length: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """What signs for *domain*. *private* is PEM."""

    domain: str
    selector: str
    algorithm: str
    private: Secret


def message_of(data: bytes, headers: Headers) -> Message:
    """*data* ready to be checked."""
    return Message(fields=canonical.fields_of(data, headers), body=data[headers.end :])


def verify(resolver: Resolver, message: Message, now_seconds: int) -> list[DkimResult]:
    """A result for each of the first MAX_SIGNATURES signatures, top first; empty when there are none. Never raises."""
    found = [one for one in message.fields if one.name == b"dkim-signature"][:MAX_SIGNATURES]
    return [_verified(resolver, message, one, now_seconds) for one in found]


def _verified(resolver: Resolver, message: Message, own: Field, now: int) -> DkimResult:
    tags: dict[str, bytes] = {}
    result, reason = "pass", ""
    try:
        tags = parse_tags(own.value)
        _check(resolver, message, own, tags, now)
    except Unverified as error:
        result, reason = error.result, error.detail
    text = {name: value.decode("utf-8", "replace")[:255] for name, value in tags.items() if name in ("d", "s", "i", "a")}
    return DkimResult(
        result=result, domain=text.get("d", "").lower(), selector=text.get("s", ""), identity=text.get("i", ""), algorithm=text.get("a", "").lower(),
        head=b"".join(tags.get("b", b"").split())[:8].decode("ascii", "replace"), reason=reason, has_length="l" in tags,
    )  # fmt: skip


def _check(resolver: Resolver, message: Message, own: Field, tags: dict[str, bytes], now: int) -> None:
    """Raises Unverified with what is wrong. RFC 6376 §6.1."""
    if tags.get("v") != b"1":
        raise Unverified("permerror", "v= is not 1.")
    names = signature.signed_names(tags)
    if "from" not in names:
        raise Unverified("permerror", "From is not signed.")
    domain, identity = tags.get("d", b"").lower(), tags.get("i", b"").lower()
    identity_domain = identity.rpartition(b"@")[2] if identity else domain
    if identity_domain != domain and not identity_domain.endswith(b"." + domain):
        raise Unverified("permerror", "i= is not of the domain in d=.")
    if tags.get("q", b"dns/txt").lower() != b"dns/txt":
        raise Unverified("permerror", "q= is unknown.")
    header_form, body_form = signature.forms(tags)
    made, ends = number(tags, "t"), number(tags, "x")
    signature.check_body(message, tags, body_form)
    chosen = canonical.select([one for one in message.fields if one is not own], names)
    key = signature.check_signature(resolver, tags, signature.hashed_headers(chosen, own, header_form))
    if "s" in key.flags and identity_domain != domain:
        raise Unverified("permerror", "The key is not for subdomains.")
    if ends is not None and (ends < now or (made is not None and ends <= made)):
        raise Unverified("fail", "The signature has expired.")


def sign(data: bytes, key: SigningKey, now_seconds: int) -> bytes:
    """The DKIM-Signature field of *data*, with CRLF; relaxed/relaxed. *data* must be what goes on the wire."""
    headers = scan_headers(data)
    message = message_of(data, headers)
    standing = [one.name.decode("ascii", "replace") for one in message.fields]
    names = [name for name in SIGNED for _ in range(standing.count(name))]
    names += [name for name in ONCE if name in standing or name in ("from", "subject", "to", "date")]
    body_hash = base64.b64encode(message.body_hash(canonical.RELAXED, None)).decode()
    value = (
        f" v=1; a={'ed25519' if key.algorithm == 'ed25519' else 'rsa'}-sha256; c=relaxed/relaxed; d={key.domain};\r\n\ts={key.selector}; t={now_seconds};\r\n\th="
        + _folded(names)
        + f";\r\n\tbh={body_hash};\r\n\tb="
    )
    own = Field(name=b"dkim-signature", raw=b"DKIM-Signature:" + value.encode() + b"\r\n", value=value.encode())
    signed = signature.hashed_headers(canonical.select(message.fields, names), own, canonical.RELAXED)
    made = base64.b64encode(_signature(key, signed)).decode()
    lines = "\r\n\t ".join(made[i : i + 72] for i in range(0, len(made), 72))
    return b"DKIM-Signature:" + value.encode() + lines.encode() + b"\r\n"


def _folded(names: Sequence[str]) -> str:
    lines, line = [], ""
    for name in names:
        if len(line) + len(name) > 70:
            lines.append(line)
            line = ""
        line += name + ":"
    return "\r\n\t ".join([*lines, line]).rstrip(":")


def _signature(key: SigningKey, signed: bytes) -> bytes:
    private = load_pem_private_key(key.private.reveal().encode(), None)
    if isinstance(private, Ed25519PrivateKey):
        return private.sign(hashlib.sha256(signed).digest())
    assert isinstance(private, RSAPrivateKey)
    return private.sign(signed, padding.PKCS1v15(), hashes.SHA256())
