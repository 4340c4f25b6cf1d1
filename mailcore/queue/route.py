"""Where a domain's mail goes: its route, the relay of the settings, or its MX hosts, in the order to try them.

No MX but an address is a host of preference 0; a null MX takes no mail (RFC 7505); an address literal is its own host. Hosts
that are this server are left out: connecting to myself is a loop.
"""

import ipaddress
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.mail.address import Domain
from mailcore.policy import sources
from mailcore.queue import sts
from mailcore.runtime import grants
from mailcore.runtime.runtime import Runtime
from mailcore.senderauth import mta_sts
from mailcore.settings import values
from mailcore.store import routes
from mailcore.store.outbox import Item

MAX_HOSTS = 15
"""MX hosts of a domain that are tried: hMailServer's number too."""
MAX_ADDRESSES = 4
"""Addresses of one host that are tried."""


def _nothing() -> None:
    return


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """One server to try. *security*: none, starttls-optional, starttls, tls."""

    host: str
    addresses: tuple[str, ...]
    port: int
    security: str = "starttls-optional"
    user: str = ""
    password: str = ""
    token: str = ""
    """An access token, in place of the password."""
    refused: Callable[[], None] = _nothing
    """Told when the token was not taken."""
    is_relay: bool = False
    own: tuple[str, ...] = ()
    """Addresses of this machine to send from; empty: the system chooses."""
    held: str = ""
    """Why its IPv6 addresses are left out; empty when they are not."""
    must_verify: bool = False
    """The certificate must be good for *host*: an MTA-STS policy enforces it, or a relay's security asks for it."""


def source(hop: Hop, address: str) -> tuple[str, int] | None:
    """Where a connection to *address* starts: our address of the same kind, None for what the system chooses."""
    return next(((own, 0) for own in hop.own if (":" in own) == (":" in address)), None)


def chosen(runtime: Runtime, domain: str, by: str) -> routes.Route | None:
    """The route of *domain*; the one a rule chose (*by*) where it is still there."""
    tx = runtime.store.read()
    return (routes.named(tx, by) if by else None) or routes.match(tx, domain)


def key(runtime: Runtime, domain: str, by: str = "") -> str:
    """What recipients of one session share: the route, the relay, or their domain."""
    found = chosen(runtime, domain, by)
    return f"route {found.pattern}" if found is not None else "relay" if runtime.settings.get("relay.host") else domain


def times(runtime: Runtime, domain: str, item: Item) -> tuple[int, int, Micros]:
    """First and longest wait in seconds, and when *item* has had its time, as the domain's route says or else the queue."""
    get, found = runtime.settings.get, chosen(runtime, domain, item.route)
    first, longest, expires_at = int(get("queue.first_retry")), int(get("queue.longest_retry")), item.expires_at
    if found is not None and found.retry_seconds:
        first = longest = found.retry_seconds
    if found is not None and found.lifetime_seconds:
        expires_at = min(expires_at, item.created_at + found.lifetime_seconds * SECOND)
    return first, longest, expires_at


def hops(runtime: Runtime, resolver: Resolver, domain: str, by: str = "", sender: str = "") -> list[Hop]:
    """Servers for *domain*, or of the route *by* that a rule chose, best first, each with the addresses that the setting outgoing.bind sends from.

    Mail of *sender* goes to IPv6 addresses where `policy.sources` lets it.

    Raises MailError: UNKNOWN_DOMAIN (no such domain, null MX; permanent), LOOP (all hosts are ourselves), DnsTrouble (temporary).
    """
    own = tuple(str(runtime.settings.get("outgoing.bind")).split())
    return [replace(hop, own=own) for hop in _hops(runtime, resolver, domain, by, sender)]


def _hops(runtime: Runtime, resolver: Resolver, domain: str, by: str, sender: str) -> list[Hop]:
    get = runtime.settings.get
    route = chosen(runtime, domain, by)
    if route is not None:
        where = Relay(hosts=route.host, port=route.port, security=route.security, user=route.username, secret=route.password, route_id=route.id)
        return relays(runtime, resolver, where)
    if get("relay.host"):
        named = {name: get(f"relay.{name}") for name in ("host", "port", "security", "user", "password")}
        where = Relay(hosts=named["host"], port=named["port"], security=named["security"], user=named["user"], secret=named["password"])
        return relays(runtime, resolver, where)
    if domain.startswith("["):
        address = domain.strip("[]").removeprefix("IPv6:")
        if why := left_out(runtime, sender, (address,)):
            raise MailError(Reason.NETWORK, f"{domain} is reached over IPv6 only. {why}", temporary=True)
        return [Hop(host=domain, addresses=(address,), port=int(get("outgoing.port")))]
    return direct(runtime, resolver, domain, sender)


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Servers named by an admin, several with | between; *secret* is a password or a grant. *route_id* is 0 for the relay of the settings."""

    hosts: str
    port: int
    security: str
    user: str
    secret: str
    route_id: int = 0


def relays(runtime: Runtime, resolver: Resolver, where: Relay) -> list[Hop]:
    """The servers of *where* that have an address. Raises MailError(NETWORK, AUTH_FAILED)."""
    made = []
    for host in where.hosts.replace("|", " ").split()[:MAX_HOSTS]:
        found = addresses_of(resolver, host, bool(runtime.settings.get("outgoing.prefer_ipv6")))
        if not found:
            continue
        # An admin named it: it knows this server by its login or its address, so IPv6 is no worse there than no way at all.
        if (old := tuple(one for one in found if is_reached(one))) and left_out(runtime, "", found):
            found = old
        hop = Hop(host=host, addresses=found[:MAX_ADDRESSES], port=where.port, security=where.security, user=where.user, password=where.secret, is_relay=True, must_verify=where.security in ("tls", "starttls"))
        made.append(with_token(runtime, hop, where) if grants.is_grant(where.secret) else hop)
    if not made:
        raise MailError(Reason.NETWORK, f"The relay {where.hosts} has no address in DNS.", temporary=True)
    return made


def with_token(runtime: Runtime, hop: Hop, where: Relay) -> Hop:
    """*hop* with an access token. Raises MailError, temporary: the mail waits until the sign-in is mended."""

    kept = [where.secret]

    def keep(secret: str) -> None:
        now = runtime.clock.micros()
        kept.append(secret)
        if where.route_id:
            runtime.store.write(lambda tx: routes.set_password(tx, where.route_id, secret))
        else:
            runtime.store.write(lambda tx: values.write(tx, "relay.password", secret, actor="renewed at the provider", now=now))

    try:
        token = grants.access(runtime, where.secret, hop.host, keep)
    except MailError as error:
        raise MailError(error.reason, error.detail, temporary=True) from error
    return replace(hop, password="", token=token, refused=lambda: grants.forget(runtime, kept[-1]))


def direct(runtime: Runtime, resolver: Resolver, domain: str, sender: str = "") -> list[Hop]:
    """The MX hosts, those of the domain's MTA-STS policy alone where it enforces one. Raises MailError."""
    get = runtime.settings.get
    policy = sts.policy_of(runtime, resolver, Domain.parse(domain).ascii) if get("outgoing.mta_sts") else None
    enforces = policy is not None and policy.mode == "enforce"
    made, unwanted, why = [], [], ""
    for host in mx_hosts(resolver, domain)[:MAX_HOSTS]:
        if policy is not None and enforces and not mta_sts.is_in(host, policy.mx):
            unwanted.append(host)
        elif host != runtime.hostname and (found := addresses_of(resolver, host, bool(get("outgoing.prefer_ipv6")))):
            held = left_out(runtime, sender, found)
            usable = tuple(one for one in found if not held or is_reached(one))
            why = why or held
            if usable:
                made.append(Hop(host=host, addresses=usable[:MAX_ADDRESSES], port=int(get("outgoing.port")), security="starttls" if enforces else "starttls-optional", held=held, must_verify=enforces))
    if not made and unwanted:
        raise MailError(Reason.NETWORK, f"The MTA-STS policy of {domain} allows none of its mail servers ({', '.join(unwanted)}).", temporary=True)
    if not made and why:
        raise MailError(Reason.NETWORK, f"The mail servers of {domain} are reached over IPv6 only. {why}", temporary=True)
    if not made:
        raise MailError(Reason.NETWORK, f"No mail server of {domain} has an address that could be used.", temporary=True)
    return made


def left_out(runtime: Runtime, sender: str, addresses: Sequence[str]) -> str:
    """Why those of *addresses* that are reached over the Internet's IPv6 are not used; empty when none is, or all may be."""
    return "" if all(map(is_reached, addresses)) else sources.held_back(runtime, sender)


def is_reached(address: str) -> bool:
    """Whether no IPv6 across the Internet is needed for *address*."""
    return ":" not in address or sources.is_near(address)


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
    return tuple(found)
