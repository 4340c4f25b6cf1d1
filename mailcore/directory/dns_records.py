"""The DNS records a domain wants, what is published, and what is wrong with it, each with the text to copy."""

import hashlib
import ipaddress
from dataclasses import dataclass, replace

from mailcore.base.resolver import DnsTrouble
from mailcore.directory import programs
from mailcore.net.dns import BudgetResolver, reverse_name
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts

INSIDE = tuple(map(ipaddress.ip_network, ("10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.168.0.0/16")))
"""IPv4 networks whose addresses have no name outside."""
MAX_ADDRESSES = 4
STATES = ("right", "missing", "wrong", "unknown", "optional")


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One record: *name* and *value* to copy; *found* is what DNS shows now; *why* says what it is for."""

    name: str
    rdtype: str
    value: str
    why: str
    is_needed: bool = True
    state: str = "unknown"
    found: tuple[str, ...] = ()


def wanted(runtime: Runtime, tx: Tx, domain: accounts.Domain) -> list[Record]:
    """Every record of *domain*, most needed first."""
    host = runtime.hostname
    name = domain.name
    records = [
        Record(name=name, rdtype="MX", value=f"10 {host}.", why="Says which server takes mail for the domain."),
        Record(name=name, rdtype="TXT", value=spf_record(runtime), why="Says which servers may send in the domain's name (SPF)."),
        Record(name=f"_dmarc.{name}", rdtype="TXT", value=f"v=DMARC1; p=none; rua=mailto:postmaster@{name}", why="Says what others do with forged mail (DMARC)."),
    ]
    for selector, algorithm, public in tx.all(
        "SELECT selector, algorithm, public_b64 FROM dkim_keys WHERE domain_id = :d AND state <> 'retired' ORDER BY id", {"d": domain.id}
    ):
        kind = "ed25519" if algorithm == "ed25519" else "rsa"
        records.append(
            Record(name=f"{selector}._domainkey.{name}", rdtype="TXT", value=f"v=DKIM1; k={kind}; p={public}", why="Lets others check our signature (DKIM).")
        )
    policy = programs.mta_sts(runtime, domain.id)
    if policy is not None:
        # Another id makes others read the policy again (RFC 8461 §3.1).
        number = hashlib.sha256(policy.encode()).hexdigest()[:20]
        records += [
            Record(name=f"_mta-sts.{name}", rdtype="TXT", value=f"v=STSv1; id={number};", why="Says that the domain has an MTA-STS policy, and when it has changed (RFC 8461)."),
            Record(name=f"mta-sts.{name}", rdtype="CNAME", value=f"{host}.", why="Others read the MTA-STS policy there."),
        ]
    value = f"v=TLSRPTv1; rua=mailto:postmaster@{name}"
    records.append(Record(name=f"_smtp._tls.{name}", rdtype="TXT", value=value, why="Has others report how their TLS to us went (TLS-RPT, RFC 8460).", is_needed=False))
    records += [
        Record(name=f"_{programs.IMPLICIT[one.kind]}._tcp.{name}", rdtype="SRV", value=f"0 1 {one.port} {host}.", why="Lets mail programs find the server (RFC 6186).", is_needed=False)
        for one in programs.services(runtime)
        if one.is_implicit
    ]
    for helper, program in (("autoconfig", "Thunderbird"), ("autodiscover", "Outlook")):
        records.append(Record(name=f"{helper}.{name}", rdtype="CNAME", value=f"{host}.", why=f"Lets {program} set itself up.", is_needed=False))
    return records


UNKNOWN_ADDRESS = "the public address of this server"
"""Stands where only the admin knows the value."""


def of_server(runtime: Runtime) -> list[Record]:
    """The server's own name and the names of its IPv4 addresses, with what DNS shows; most servers refuse mail from an address without a name."""
    host, is_needed = runtime.hostname, not runtime.settings.get("relay.host")
    known = f"{runtime.settings.get('server.address')} {runtime.settings.get('outgoing.bind')}".split()
    own = next((one for one in known if ":" not in one), UNKNOWN_ADDRESS)
    name = Record(name=host, rdtype="A", value=own, why="Where the server is.")
    try:
        found = runtime.resolver.query(host, "A").values
    except DnsTrouble:
        return [name]
    if not found:
        has_new = _values(runtime, host, "AAAA")
        return [replace(name, state="optional" if has_new else "missing", is_needed=not has_new)]
    records = [replace(name, value=", ".join(found), state="right", found=found)]
    for address in [one for one in found if not is_inside(one)][:MAX_ADDRESSES]:
        record = Record(
            name=reverse_name(address), rdtype="PTR", value=f"{host}.", is_needed=is_needed,
            why="The name of this server's address; it must lead back there. Your provider sets it. Most servers refuse mail from an address without one.",
        )  # fmt: skip
        try:
            names = runtime.resolver.query(record.name, "PTR").values
            is_right = any(address in runtime.resolver.query(one.rstrip("."), "A").values for one in names[:MAX_ADDRESSES])
        except DnsTrouble:
            records.append(record)
            continue
        records.append(replace(record, state="right" if is_right else ("wrong" if names else "missing") if is_needed else "optional", found=names))
    return records


def is_inside(address: str) -> bool:
    """Whether an IPv4 address is of a network of its own."""
    return any(ipaddress.ip_address(address) in network for network in INSIDE)


def _values(runtime: Runtime, name: str, rdtype: str) -> tuple[str, ...]:
    try:
        return runtime.resolver.query(name, rdtype).values
    except DnsTrouble:
        return ()


def spf_record(runtime: Runtime) -> str:
    """The SPF record that a domain of this server wants."""
    relay = str(runtime.settings.get("relay.host"))
    return f"v=spf1 mx a:{relay} ~all" if relay else "v=spf1 mx ~all"


def check(runtime: Runtime, tx: Tx, domain: accounts.Domain) -> list[Record]:
    """The wanted records with what DNS shows; "unknown" where it gives no answer, or has been waited for too long."""
    patient = replace(runtime, resolver=BudgetResolver(runtime.resolver, runtime.clock))
    return [_checked(patient, record) for record in wanted(runtime, tx, domain)]


def _checked(runtime: Runtime, record: Record) -> Record:
    try:
        found = runtime.resolver.query(record.name, record.rdtype).values
    except DnsTrouble:
        return replace(record, state="unknown")
    relevant = found
    if record.rdtype == "TXT":
        start = record.value.split(";")[0].split(" ")[0].lower()
        relevant = tuple(v for v in found if v.lower().startswith(start))
    if any(_same(v, record) for v in relevant):
        return replace(record, state="right", found=relevant)
    if record.rdtype == "CNAME" and (here := _leads_here(runtime, record.name)):
        return replace(record, state="right", found=here)
    if relevant:
        return replace(record, state="wrong", found=relevant)
    return replace(record, state="missing" if record.is_needed else "optional", found=())


def _leads_here(runtime: Runtime, name: str) -> tuple[str, ...]:
    """The addresses of *name*, where one is the server's: as good as an alias."""
    found = (*_values(runtime, name, "A"), *_values(runtime, name, "AAAA"))
    own = {*_values(runtime, runtime.hostname, "A"), *_values(runtime, runtime.hostname, "AAAA")}
    return found if own.intersection(found) else ()


def _same(found: str, record: Record) -> bool:
    squeezed = " ".join(found.lower().split()).rstrip(".")
    if record.rdtype == "TXT" and record.name.startswith("_dmarc."):
        return squeezed.startswith("v=dmarc1")
    if record.rdtype == "TXT" and record.value.startswith("v=spf1"):
        return squeezed.startswith("v=spf1") and (" mx" in squeezed or " a" in squeezed or " ip4:" in squeezed or " ip6:" in squeezed)
    if record.rdtype == "MX":
        return squeezed.split(" ")[-1].rstrip(".") == record.value.split(" ")[-1].rstrip(".").lower()
    return squeezed.replace(" ", "") == record.value.lower().rstrip(".").replace(" ", "")
