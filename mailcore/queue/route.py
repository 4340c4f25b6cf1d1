"""Where a domain's mail goes: its route, the relay of the settings, or its MX hosts, in the order to try them.

No MX but an address is a host of preference 0; a null MX takes no mail (RFC 7505); an address literal is its own host. Hosts
that are this server are left out: connecting to myself is a loop.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.mail.address import Domain
from mailcore.queue import sts
from mailcore.runtime.runtime import Runtime
from mailcore.senderauth import mta_sts
from mailcore.store import routes
from mailcore.store.outbox import Item

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
    must_verify: bool = False
    """The certificate must be good for *host*: an MTA-STS policy enforces it, or a relay's security asks for it."""


def key(runtime: Runtime, domain: str) -> str:
    """What recipients of one session share: the route, the relay, or their domain."""
    found = routes.match(runtime.store.read(), domain)
    return f"route {found.pattern}" if found is not None else "relay" if runtime.settings.get("relay.host") else domain


def times(runtime: Runtime, domain: str, item: Item) -> tuple[int, int, Micros]:
    """First and longest wait in seconds, and when *item* has had its time, as the domain's route says or else the queue."""
    get, found = runtime.settings.get, routes.match(runtime.store.read(), domain)
    first, longest, expires_at = int(get("queue.first_retry")), int(get("queue.longest_retry")), item.expires_at
    if found is not None and found.retry_seconds:
        first = longest = found.retry_seconds
    if found is not None and found.lifetime_seconds:
        expires_at = min(expires_at, item.created_at + found.lifetime_seconds * SECOND)
    return first, longest, expires_at


def hops(runtime: Runtime, resolver: Resolver, domain: str) -> list[Hop]:
    """Servers for *domain*, best first.

    Raises MailError: UNKNOWN_DOMAIN (no such domain, null MX; permanent), LOOP (all hosts are ourselves), DnsTrouble (temporary).
    """
    get = runtime.settings.get
    route = routes.match(runtime.store.read(), domain)
    if route is not None:
        return relays(resolver, route.host, route.port, route.security, route.username, route.password, bool(get("outgoing.prefer_ipv6")))
    if get("relay.host"):
        return relays(
            resolver, str(get("relay.host")), int(get("relay.port")), str(get("relay.security")), str(get("relay.user")), str(get("relay.password")),
            bool(get("outgoing.prefer_ipv6")),
        )  # fmt: skip
    if domain.startswith("["):
        return [Hop(host=domain, addresses=(domain.strip("[]").removeprefix("IPv6:"),), port=int(get("outgoing.port")))]
    return direct(runtime, resolver, domain)


def relays(resolver: Resolver, hosts: str, port: int, security: str, user: str, password: str, prefers_v6: bool) -> list[Hop]:
    """Servers named by an admin, several with | between. Raises MailError(NETWORK)."""
    made = []
    for host in hosts.replace("|", " ").split()[:MAX_HOSTS]:
        found = addresses_of(resolver, host, prefers_v6)
        must_verify = security in ("tls", "starttls")
        made += [Hop(host=host, addresses=found, port=port, security=security, user=user, password=password, is_relay=True, must_verify=must_verify)] if found else []
    if not made:
        raise MailError(Reason.NETWORK, f"The relay {hosts} has no address in DNS.", temporary=True)
    return made


def direct(runtime: Runtime, resolver: Resolver, domain: str) -> list[Hop]:
    """The MX hosts, those of the domain's MTA-STS policy alone where it enforces one. Raises MailError."""
    get = runtime.settings.get
    policy = sts.policy_of(runtime, resolver, Domain.parse(domain).ascii) if get("outgoing.mta_sts") else None
    enforces = policy is not None and policy.mode == "enforce"
    made, left_out = [], []
    for host in mx_hosts(resolver, domain)[:MAX_HOSTS]:
        if policy is not None and enforces and not mta_sts.is_in(host, policy.mx):
            left_out.append(host)
        elif host != runtime.hostname and (found := addresses_of(resolver, host, bool(get("outgoing.prefer_ipv6")))):
            made.append(Hop(host=host, addresses=found, port=int(get("outgoing.port")), security="starttls" if enforces else "starttls-optional", must_verify=enforces))
    if not made and left_out:
        raise MailError(Reason.NETWORK, f"The MTA-STS policy of {domain} allows none of its mail servers ({', '.join(left_out)}).", temporary=True)
    if not made:
        raise MailError(Reason.NETWORK, f"No mail server of {domain} has an address that could be used.", temporary=True)
    return made


def mx_hosts(resolver: Resolver, domain: str) -> list[str]:
    """MX hosts by preference; the domain itself where it has none but an address. RFC 5321 §5.1. Raises MailError(UNKNOWN_DOMAIN)."""
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
