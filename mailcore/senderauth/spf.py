"""SPF: whether an address may send for a domain (RFC 7208), by pyspf with its look-ups put on our Resolver.

pyspf's module-level look-up is never called: `_Query.dns` replaces the one method through which it asks, so that checks of
several threads share nothing. Its limits stay: ten mechanisms that look up, two void answers, ten MX names.
"""

import warnings
from dataclasses import dataclass
from typing import Any

from mailcore.base.resolver import DnsTrouble, Resolver

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # pyspf's own escapes
    import spf

RESULTS = ("none", "neutral", "pass", "fail", "softfail", "temperror", "permerror")
MAX_VOID = 2
"""RFC 7208 §4.6.4. Stops a record that makes us ask for names that do not exist."""
MAX_QUESTIONS = 150
"""Questions of one check: ten MX of ten names each, and some. Stops a record from using us against someone's DNS."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpfResult:
    """One check: *result* (one of RESULTS) for *domain*; *identity* is "mailfrom" or "helo"; *reason* in the domain's or our words."""

    result: str
    domain: str
    identity: str = "mailfrom"
    reason: str = ""


def check(resolver: Resolver, ip: str, helo: str, sender: str) -> SpfResult:
    """SPF of *sender* ("" is the null path: then the HELO name stands for it, RFC 7208 §2.4). Never raises."""
    identity = "mailfrom" if sender else "helo"
    domain = (sender.rpartition("@")[2] if sender else helo).rstrip(".").lower()
    if not _is_checkable(domain):
        return SpfResult(result="none", domain=domain, identity=identity)
    try:
        result, _, words = _Query(resolver, ip, sender, helo).check()  # type: ignore[no-untyped-call]
    except Exception as error:  # noqa: BLE001 - pyspf raises what it likes on hostile records; none of it may stop a message
        return SpfResult(result="permerror", domain=domain, identity=identity, reason=f"The record cannot be read: {type(error).__name__}.")
    return SpfResult(result=result if result in RESULTS else "permerror", domain=domain, identity=identity, reason=words[:200])


def _is_checkable(domain: str) -> bool:
    """A domain of at least two labels, none empty or too long, no address literal. RFC 7208 §4.3."""
    labels = domain.split(".")
    return len(labels) > 1 and len(domain) <= 253 and all(0 < len(x) <= 63 for x in labels) and not domain.startswith("[")


class _Query(spf.query):
    def __init__(self, resolver: Resolver, ip: str, sender: str, helo: str) -> None:
        self._resolver = resolver
        self._questions = MAX_QUESTIONS
        super().__init__(ip, sender, helo, strict=True)  # type: ignore[no-untyped-call]

    def dns(self, name: str, qtype: str, cnames: Any = None, ignore_void: bool = False) -> list[Any]:
        """pyspf's look-up: addresses and names as text, MX as (preference, name), TXT as lists of bytes."""
        name = str(name).rstrip(".").lower()
        if not all(0 < len(label) < 64 for label in name.split(".")) or len(name) > 253:
            return []
        self._questions -= 1
        if self._questions < 0:
            raise spf.PermError("Too many look-ups")  # type: ignore[no-untyped-call]
        try:
            found = self._resolver.query(name, qtype).values
        except DnsTrouble as error:
            raise spf.TempError("DNS", error.detail) from error  # type: ignore[no-untyped-call]
        made = [value for text in found if (value := _READERS[qtype](text)) is not None]
        if not made and not ignore_void:
            self.void_lookups += 1
            if self.void_lookups > MAX_VOID:
                raise spf.PermError(f"Void lookup limit of {MAX_VOID} exceeded")  # type: ignore[no-untyped-call]
        return made


def _mx(text: str) -> tuple[int, str] | None:
    preference, _, host = text.partition(" ")
    return (int(preference), host.rstrip(".")) if preference.isdigit() else None


_READERS: dict[str, Any] = {
    "A": str, "AAAA": str, "PTR": lambda text: text.rstrip("."), "MX": _mx, "TXT": lambda text: [text.encode("utf-8", "surrogateescape")],
}  # fmt: skip
