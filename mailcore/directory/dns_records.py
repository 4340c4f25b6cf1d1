"""The DNS records a domain wants, what is published, and what is wrong with it, each with the text to copy."""

from dataclasses import dataclass

from mailcore.base.resolver import DnsTrouble
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, accounts

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
    value = f"v=TLSRPTv1; rua=mailto:postmaster@{name}"
    records.append(Record(name=f"_smtp._tls.{name}", rdtype="TXT", value=value, why="Has others report how their TLS to us went (TLS-RPT, RFC 8460).", is_needed=False))
    services = (("_imaps", 993), ("_submissions", 465), ("_pop3s", 995))
    records += [
        Record(name=f"{service}._tcp.{name}", rdtype="SRV", value=f"0 1 {port} {host}.", why="Lets mail programs find the server (RFC 6186).", is_needed=False)
        for service, port in services
    ]
    records.append(Record(name=f"autoconfig.{name}", rdtype="CNAME", value=f"{host}.", why="Lets Thunderbird set itself up.", is_needed=False))
    return records


def spf_record(runtime: Runtime) -> str:
    """The SPF record that a domain of this server wants."""
    relay = str(runtime.settings.get("relay.host"))
    return f"v=spf1 mx a:{relay} ~all" if relay else "v=spf1 mx ~all"


def check(runtime: Runtime, tx: Tx, domain: accounts.Domain) -> list[Record]:
    """The wanted records with what DNS shows; "unknown" where it gives no answer."""
    return [_checked(runtime, record) for record in wanted(runtime, tx, domain)]


def _checked(runtime: Runtime, record: Record) -> Record:
    from dataclasses import replace

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
    if relevant:
        return replace(record, state="wrong", found=relevant)
    return replace(record, state="missing" if record.is_needed else "optional", found=())


def _same(found: str, record: Record) -> bool:
    squeezed = " ".join(found.lower().split()).rstrip(".")
    if record.rdtype == "TXT" and record.name.startswith("_dmarc."):
        return squeezed.startswith("v=dmarc1")
    if record.rdtype == "TXT" and record.value.startswith("v=spf1"):
        return squeezed.startswith("v=spf1") and (" mx" in squeezed or " a" in squeezed or " ip4:" in squeezed or " ip6:" in squeezed)
    if record.rdtype == "MX":
        return squeezed.split(" ")[-1].rstrip(".") == record.value.split(" ")[-1].rstrip(".").lower()
    return squeezed.replace(" ", "") == record.value.lower().rstrip(".").replace(" ", "")
