"""The names around a connection: HELO, the peer's reverse name, and whether the sender's domain takes mail. Each only scores.

An answer that does not come scores nothing.
"""

import ipaddress

from mailcore.base.resolver import DnsTrouble
from mailcore.net.dns import reverse_name
from mailcore.policy.facts import Finding
from mailcore.policy.look import Look, scored

MAX_NAMES = 10
"""Reverse names that are looked at. Stops a peer with a thousand PTR records."""


def check_helo(look: Look) -> list[Finding]:
    """HELO must be a name that leads to the peer, or its address in brackets. RFC 5321 §4.1.4."""
    score = look.get("spam.helo")
    if not score:
        return []
    helo = look.helo.strip()
    try:
        if helo.startswith("["):
            is_right = _literal(helo) == look.ip
        else:
            is_right = "." in helo and _leads_to(look, helo)
    except DnsTrouble:
        return []
    return [] if is_right else [scored("helo", score, "The name in HELO does not lead to the server.", helo=helo[:255])]


def check_ptr(look: Look) -> list[Finding]:
    """The peer's address must have a name that leads back to it (RFC 8601 §2.7.3, iprev)."""
    score = look.get("spam.ptr")
    if not score:
        return []
    try:
        names = look.resolver.query(reverse_name(look.ip), "PTR").values[:MAX_NAMES]
        is_right = any(_leads_to(look, name.rstrip(".")) for name in names)
    except DnsTrouble:
        return []
    return [] if is_right else [scored("ptr", score, "The server's address has no confirmed name.", names=[n[:255] for n in names])]


def check_mx(look: Look) -> list[Finding]:
    """The sender's domain must take mail: an MX, or an address (RFC 5321 §5.1); a null MX takes none (RFC 7505)."""
    score, domain = look.get("spam.mx"), look.sender.rpartition("@")[2]
    if not score or not domain or domain.startswith("["):
        return []
    try:
        found = look.resolver.query(domain, "MX").values
        takes_mail = any(one.partition(" ")[2].strip(". ") for one in found) if found else _has_address(look, domain)
    except DnsTrouble:
        return []
    return [] if takes_mail else [scored("mx", score, "The sender's domain takes no mail.", domain=domain)]


def _literal(text: str) -> str:
    inner = text.strip("[]")
    inner = inner[5:] if inner.lower().startswith("ipv6:") else inner
    try:
        return str(ipaddress.ip_address(inner))
    except ValueError:
        return ""


def _has_address(look: Look, name: str) -> bool:
    return any(look.resolver.query(name, rdtype).values for rdtype in ("A", "AAAA"))


def _leads_to(look: Look, name: str) -> bool:
    return look.ip in look.resolver.query(name, "AAAA" if ":" in look.ip else "A").values
