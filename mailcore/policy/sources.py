"""Whether mail may leave over IPv6: others refuse it unless the address has a name that leads back to it and SPF allows it.

The DNS check looks and remembers by address and domain, the queue only reads what was remembered: an answer that does not come
changes nothing. Neighbours in the same network ask for no names, and servers named by an admin may have no other address.
"""

import ipaddress
import socket
from dataclasses import dataclass

from mailcore.base.clock import HOUR
from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.directory import dns_records
from mailcore.directory.dns_records import Record
from mailcore.net.dns import reverse_name
from mailcore.policy.names import MAX_NAMES
from mailcore.runtime.runtime import Runtime
from mailcore.senderauth import spf
from mailcore.store import Tx, accounts, routes
from mailcore.store.routes import Source

NEAR = tuple(map(ipaddress.ip_network, ("::1/128", "fc00::/7", "fe80::/10")))
"""IPv6 networks that are not the Internet."""
FAR = "2000::1"
"""An address out there, to ask the system what it would send from. Nothing is sent."""
AGAIN = HOUR
"""What is still true is written again after so long."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What DNS says of *address* and mail of *domain*: its *names*, the one that leads back, and SPF's result with the record it has."""

    address: str
    domain: str
    names: tuple[str, ...]
    confirmed: str
    spf: str
    record: str

    @property
    def why(self) -> str:
        """Why mail does not leave over IPv6; empty where it may."""
        if not self.confirmed:
            return f"The IPv6 address {self.address} has no name in DNS that leads back to it."
        return "" if self.spf == "pass" else f"SPF of {self.domain} does not allow the IPv6 address {self.address}."


def own_address(runtime: Runtime) -> str:
    """The IPv6 address that mail leaves from, as set or as the system chooses; empty when there is none."""
    bound = next((one for one in str(runtime.settings.get("outgoing.bind")).split() if ":" in one), "")
    if bound:
        return str(ipaddress.ip_address(bound))
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect((FAR, 9))
            found = str(probe.getsockname()[0])
    except OSError:
        return ""
    return "" if is_near(found) else found  # an address of this network only leads nowhere out there


def look(runtime: Runtime, resolver: Resolver, address: str, domain: str) -> Seen:
    """Ask DNS. Raises DnsTrouble."""
    names = tuple(name.rstrip(".").lower() for name in resolver.query(reverse_name(address), "PTR").values[:MAX_NAMES])
    confirmed = next((name for name in names if address in map(_short, resolver.query(name, "AAAA").values)), "")
    found = spf.check(resolver, address, runtime.hostname, f"postmaster@{domain}")
    if found.result == "temperror":
        raise DnsTrouble(found.reason)
    record = next((text for text in resolver.query(domain, "TXT").values if text.lower().startswith("v=spf1")), "")
    return Seen(address=address, domain=domain, names=names, confirmed=confirmed, spf=found.result, record=record)


def all_records(runtime: Runtime, tx: Tx, domain: accounts.Domain) -> list[Record]:
    """Every record that concerns *domain*, with what DNS shows: its own, the server's, and those for IPv6."""
    return [*dns_records.check(runtime, tx, domain), *dns_records.of_server(runtime), *check(runtime, domain.name)]


def check(runtime: Runtime, domain: str) -> list[Record]:
    """Records that let mail of *domain* leave over IPv6, with what DNS shows; none where this server has no IPv6. Remembers what it saw."""
    address = own_address(runtime)
    if not address:
        return []
    try:
        seen = look(runtime, runtime.resolver, address, domain)
    except DnsTrouble:
        seen = None
    if seen is not None:
        remember(runtime, seen)
    return _records(runtime, address, domain, seen)


def check_all(runtime: Runtime) -> int:
    """Look for every domain here and every other name of one; how many may send over IPv6."""
    address, tx = own_address(runtime), runtime.store.read()
    if not address:
        return 0
    for domain in accounts.domains(tx):
        for name in (domain.name, *accounts.domain_aliases(tx, domain.id)):
            check(runtime, name)
    return routes.count_sources(runtime.store.read(), address)


def remember(runtime: Runtime, seen: Seen) -> None:
    """Keep what was seen, where it is news or the last time is long ago."""
    now, last = runtime.clock.micros(), routes.source(runtime.store.read(), seen.address, seen.domain)
    if last is None or last.why != seen.why or now - last.checked_at > AGAIN:
        one = Source(address=seen.address, domain=seen.domain, why=seen.why, checked_at=now)
        runtime.store.write(lambda tx: routes.put_source(tx, one))


def held_back(runtime: Runtime, sender: str) -> str:
    """Why mail of *sender* ("" is the null path: the server's own name stands for it) does not leave over IPv6 to the Internet; empty when it may."""
    wish = runtime.settings.get("outgoing.ipv6")
    if wish == "always":
        return ""
    if wish == "never":
        return "The settings send no mail over IPv6."
    address = own_address(runtime)
    if not address:
        return "This server has no IPv6 address."
    tx = runtime.store.read()
    found = routes.source(tx, address, sender.rpartition("@")[2].lower()) if sender else routes.any_source(tx, address)
    if found is None:
        return f"The DNS check has not yet seen a name and SPF for the IPv6 address {address}."
    return found.why


def is_near(address: str) -> bool:
    """Whether an IPv6 *address* is of this machine or network."""
    return any(ipaddress.ip_address(address) in network for network in NEAR)


def _records(runtime: Runtime, address: str, domain: str, seen: Seen | None) -> list[Record]:
    published = seen.record if seen is not None and seen.record else dns_records.spf_record(runtime)
    allowing = published if seen is not None and seen.spf == "pass" else f"v=spf1 ip6:{address}{published[len('v=spf1') :]}"
    name_state = "unknown" if seen is None else "right" if seen.confirmed else "optional"
    spf_state = "unknown" if seen is None else "right" if seen.spf == "pass" else "optional"
    names = seen.names if seen is not None else ()
    return [
        Record(
            name=reverse_name(address), rdtype="PTR", value=f"{runtime.hostname}.", is_needed=False, state=name_state, found=names,
            why="The name of this server's IPv6 address; it must lead back there. Until it does, mail leaves over IPv4 only. Your provider sets it.",
        ),
        Record(
            name=domain, rdtype="TXT", value=allowing, is_needed=False, state=spf_state, found=(published,) if seen is not None and seen.record else (),
            why="SPF must allow this server's IPv6 address. Until it does, the domain's mail leaves over IPv4 only.",
        ),
    ]  # fmt: skip


def _short(address: str) -> str:
    try:
        return str(ipaddress.ip_address(address))
    except ValueError:
        return ""
