"""Where a domain's mail goes: the relay of the settings, or its MX hosts, in the order to try them.

No MX but an address is a host of preference 0; a null MX takes no mail (RFC 7505); an address literal is its own host. Hosts
that are this server are left out: connecting to myself is a loop.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.runtime.runtime import Runtime

MAX_HOSTS = 15
"""MX hosts of a domain that are tried: hMailServer's number too."""
MAX_ADDRESSES = 4
"""Addresses of one host that are tried."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One server to try. *security*: none, starttls-optional, starttls, tls."""

    host: str
    addresses: tuple[str, ...]
    port: int
    security: str = "starttls-optional"
    user: str = ""
    password: str = ""
    is_relay: bool = False


def key(runtime: Runtime, domain: str) -> str:
    """What recipients of one session share: the relay, or their domain."""
    return "relay" if runtime.settings.get("relay.host") else domain


def hops(runtime: Runtime, resolver: Resolver, domain: str) -> list[Hop]:
    """Servers for *domain*, best first.

    Raises MailError: UNKNOWN_DOMAIN (no such domain, null MX; permanent), LOOP (all hosts are ourselves), DnsTrouble (temporary).
    """
    get = runtime.settings.get
    prefers_v6 = bool(get("outgoing.prefer_ipv6"))
    relay = str(get("relay.host"))
    if relay:
        found = addresses_of(resolver, relay, prefers_v6)
        if not found:
            raise MailError(Reason.NETWORK, f"The relay {relay} has no address in DNS.", temporary=True)
        password = str(get("relay.password"))
        return [
            Hop(host=relay, addresses=found, port=int(get("relay.port")), security=str(get("relay.security")), user=str(get("relay.user")), password=password, is_relay=True)
        ]
    port = int(get("outgoing.port"))
    if domain.startswith("["):
        return [Hop(host=domain, addresses=(domain.strip("[]").removeprefix("IPv6:"),), port=port)]
    made = [
        Hop(host=host, addresses=found, port=port)
        for host in mx_hosts(resolver, domain)[:MAX_HOSTS]
        if host != runtime.hostname and (found := addresses_of(resolver, host, prefers_v6))
    ]
    if not made:
        raise MailError(Reason.NETWORK, f"No mail server of {domain} has an address that could be used.", temporary=True)
    return made


def mx_hosts(resolver: Resolver, domain: str) -> list[str]:
    """MX hosts by preference; the domain itself where it has none but an address. RFC 5321 §5.1. Raises MailError(UNKNOWN_DOMAIN)."""
    from mailcore.mail.address import Domain

    name = Domain.parse(domain).ascii
    found = []
    for value in resolver.query(name, "MX").values:
        preference, _, host = value.partition(" ")
        if preference.isdigit():
            found.append((int(preference), host.rstrip(".").lower()))
    if not found:
        if resolver.query(name, "A").values or resolver.query(name, "AAAA").values:
            return [name]
        raise MailError(Reason.UNKNOWN_DOMAIN, f"The domain {domain} does not exist or takes no mail: DNS has no MX and no address for it.")
    if all(host == "" for _, host in found):
        raise MailError(Reason.UNKNOWN_DOMAIN, f"The domain {domain} says in DNS that it takes no mail (null MX, RFC 7505).")
    return [host for _, host in sorted(found) if host]


def addresses_of(resolver: Resolver, host: str, prefers_v6: bool) -> tuple[str, ...]:
    """Addresses of *host*, IPv4 first unless asked otherwise; empty when it has none. Raises DnsTrouble when neither could be asked."""
    try:
        ipaddress.ip_address(host)
        return (host,)
    except ValueError:
        pass
    kinds: Sequence[str] = ("AAAA", "A") if prefers_v6 else ("A", "AAAA")
    found: list[str] = []
    trouble: DnsTrouble | None = None
    for kind in kinds:
        try:
            found += resolver.query(host, kind).values
        except DnsTrouble as error:
            trouble = error
    if not found and trouble is not None:
        raise trouble
    return tuple(found[:MAX_ADDRESSES])
