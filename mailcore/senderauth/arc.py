"""ARC: whether the chain of those who passed a message on is whole (RFC 8617 §5.2). One hint, believed only from named sealers."""

import re
from dataclasses import dataclass

from mailcore.base.resolver import Resolver
from mailcore.mail.authres import AuthResults, parse_authres
from mailcore.senderauth import canonical, signature
from mailcore.senderauth.canonical import RELAXED, Field
from mailcore.senderauth.signature import Message
from mailcore.senderauth.tags import Unverified, parse_tags

MAX_INSTANCES = 50
"""RFC 8617 §4.2.1. Stops a chain of thousands from asking for thousands of keys."""
RESULTS, MESSAGE, SEAL = b"arc-authentication-results", b"arc-message-signature", b"arc-seal"

_INSTANCE = re.compile(rb"\s*i\s*=\s*([0-9]{1,3})\s*(;|\Z)")
_SEAL_TAGS = frozenset({"i", "a", "b", "cv", "d", "s", "t"})


@dataclass(frozen=True, slots=True, kw_only=True)
class ArcResult:
    """The chain: none, pass, fail or temperror; the newest sealer's domain, and what the first one found."""

    result: str
    sealer: str = ""
    sealers: tuple[str, ...] = ()
    first: AuthResults | None = None
    newest: AuthResults | None = None
    reason: str = ""


@dataclass(slots=True, kw_only=True)
class _Set:
    """One instance: its three fields, and the tags of the two that have them."""

    fields: dict[bytes, Field]
    message: dict[str, bytes]
    seal: dict[str, bytes]


def verify(resolver: Resolver, message: Message) -> ArcResult:
    """The chain of *message*. Never raises."""
    own = [one for one in message.fields if one.name in (RESULTS, MESSAGE, SEAL)]
    if not own:
        return ArcResult(result="none")
    sets: list[_Set] = []
    try:
        sets = _sets(own)
        _check(resolver, message, sets)
        result, reason = "pass", ""
    except Unverified as error:
        result, reason = ("temperror" if error.result == "temperror" else "fail"), error.detail
    sealers = tuple(one.seal.get("d", b"").decode("utf-8", "replace").lower()[:255] for one in sets)
    return ArcResult(
        result=result, reason=reason, sealers=sealers, sealer=sealers[-1] if sealers else "", first=_found(sets[0]) if sets else None,
        newest=_found(sets[-1]) if sets else None,
    )  # fmt: skip


def _found(one: _Set) -> AuthResults | None:
    value = one.fields[RESULTS].value
    return parse_authres(value.partition(b";")[2])


def _sets(fields: list[Field]) -> list[_Set]:
    """The sets 1 to N, each whole. Raises Unverified(fail). RFC 8617 §5.2 step 2 and 3."""
    by_instance: dict[int, dict[bytes, Field]] = {}
    for one in fields:
        if one.name == RESULTS:
            found = _INSTANCE.match(one.value)
            number = int(found.group(1)) if found else 0
        else:
            value = parse_tags(one.value).get("i", b"")
            number = int(value) if value.isdigit() and len(value) <= 3 else 0
        if not 1 <= number <= MAX_INSTANCES:
            raise Unverified("fail", "An instance is not a number from 1 to 50.")
        if one.name in by_instance.setdefault(number, {}):
            raise Unverified("fail", f"Instance {number} has a field twice.")
        by_instance[number][one.name] = one
    if sorted(by_instance) != list(range(1, len(by_instance) + 1)) or any(len(x) != 3 for x in by_instance.values()):
        raise Unverified("fail", "The chain has a gap.")
    return [
        _Set(fields=x, message=parse_tags(x[MESSAGE].value), seal=parse_tags(x[SEAL].value)) for _, x in sorted(by_instance.items())
    ]


def _check(resolver: Resolver, message: Message, sets: list[_Set]) -> None:
    """Raises Unverified with what breaks the chain. RFC 8617 §5.2 step 3 to 6."""
    for number, one in enumerate(sets, 1):
        wanted = b"none" if number == 1 else b"pass"
        if one.seal.get("cv", b"").lower() != wanted:
            raise Unverified("fail", f"Seal {number} says that the chain was broken before.")
        if one.seal.keys() - _SEAL_TAGS and "h" in one.seal:
            raise Unverified("fail", f"Seal {number} has h=.")
    _check_message(resolver, message, sets[-1])
    for count in range(len(sets), 0, -1):
        own = sets[count - 1].fields[SEAL]
        chosen = [one.fields[name] for one in sets[:count] for name in (RESULTS, MESSAGE, SEAL)][:-1]
        signature.check_signature(resolver, sets[count - 1].seal, signature.hashed_headers(chosen, own, RELAXED))


def _check_message(resolver: Resolver, message: Message, newest: _Set) -> None:
    tags, own = newest.message, newest.fields[MESSAGE]
    names = signature.signed_names(tags)
    if "arc-seal" in names:
        raise Unverified("fail", "The message signature covers a seal.")
    header_form, body_form = signature.forms(tags, "relaxed/relaxed")
    signature.check_body(message, tags, body_form)
    chosen = canonical.select([one for one in message.fields if one is not own], names)
    signature.check_signature(resolver, tags, signature.hashed_headers(chosen, own, header_form))
