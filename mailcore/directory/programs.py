"""What a mail program must know to connect: services with host, port and encryption, and the documents programs ask for.

Thunderbird's autoconfig, Outlook's autodiscover (POX and its JSON pointer), Apple's profile. The ports are those really bound.
"""

import json
import plistlib
import re
import uuid
from dataclasses import dataclass
from xml.sax.saxutils import escape

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from mailcore.base.errors import MailError, Reason
from mailcore.config.environment import STANDARD_PORTS
from mailcore.directory.resolve import local_domain
from mailcore.mail.address import Address
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, certificates

IMPLICIT = {"imap": "imaps", "pop3": "pop3s", "smtp": "submissions"}
STARTTLS = {"imap": "imap", "pop3": "pop3", "smtp": "submission"}
REQUEST_BYTES = 64 * 1024
"""How much of Outlook's request is looked at."""
_ADDRESS = re.compile(r"<EMailAddress>\s*([^<\s]{3,320})\s*</EMailAddress>", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One way in. *kind*: imap, pop3, smtp, sieve; *is_implicit*: TLS from the first byte, else STARTTLS."""

    kind: str
    host: str
    port: int
    is_implicit: bool


def services(runtime: Runtime) -> list[Service]:
    """What this server offers, the better way first: IMAP, POP3, sending; TLS from the first byte before STARTTLS."""
    ports = bound_ports(runtime)
    found = []
    for kind in ("imap", "pop3", "smtp"):
        for listener, is_implicit in ((IMPLICIT[kind], True), (STARTTLS[kind], False)):
            if listener in ports:
                found.append(Service(kind=kind, host=runtime.hostname, port=ports[listener], is_implicit=is_implicit))
    return found


def filters(runtime: Runtime) -> list[Service]:
    """Where programs that write filters connect; none of the documents for mail programs knows a word for it."""
    return [Service(kind="sieve", host=runtime.hostname, port=port, is_implicit=False) for name, port in bound_ports(runtime).items() if name == "sieve"]


def bound_ports(runtime: Runtime) -> dict[str, int]:
    """Listener names and their ports, as `up` bound them; the standard ones where that is not known."""
    try:
        told = json.loads((runtime.run_dir / "status.json").read_text())["addresses"]
        return {name: int(places[0].rpartition(":")[2]) for name, places in told.items() if places}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return dict(STANDARD_PORTS)


def authority(runtime: Runtime) -> bytes | None:
    """The certificate of Roost's own authority in DER, or None where there is none."""
    try:
        pem = (runtime.config.data_dir / "tls" / "ca.pem").read_bytes()
    except OSError:
        return None
    return x509.load_pem_x509_certificate(pem).public_bytes(Encoding.DER)


def needed_authority(runtime: Runtime) -> bytes | None:
    """The authority that a device installs to trust this server's name; None where another one has signed that name."""
    names = {name for one in certificates.served(runtime.store.read()) for name in one.names}
    is_signed_elsewhere = runtime.hostname in names or f"*.{runtime.hostname.partition('.')[2]}" in names
    return None if is_signed_elsewhere else authority(runtime)


def domain_of(tx: Tx, address: str) -> str:
    """The domain served here that *address* belongs to. Raises MailError(NOT_FOUND)."""
    try:
        name = Address.parse(address).key.rpartition("@")[2]
    except MailError as error:
        raise MailError(Reason.NOT_FOUND, "This is no address.") from error
    if local_domain(tx, name) is None:
        raise MailError(Reason.NOT_FOUND, f"{name} is not served here.")
    return name


def autoconfig(runtime: Runtime, domain: str) -> str:
    """Thunderbird's clientConfig, version 1.1."""
    lines = [
        '<?xml version="1.0" encoding="UTF-8"?>', '<clientConfig version="1.1">', f'<emailProvider id="{escape(domain)}">',
        f"<domain>{escape(domain)}</domain>", f"<displayName>{escape(domain)}</displayName>", f"<displayShortName>{escape(domain)}</displayShortName>",
    ]  # fmt: skip
    for one in services(runtime):
        tag = "outgoingServer" if one.kind == "smtp" else "incomingServer"
        lines.append(
            f'<{tag} type="{one.kind}"><hostname>{escape(one.host)}</hostname><port>{one.port}</port>'
            f"<socketType>{'SSL' if one.is_implicit else 'STARTTLS'}</socketType><username>%EMAILADDRESS%</username>"
            f"<authentication>password-cleartext</authentication></{tag}>"
        )
    return "\n".join([*lines, "</emailProvider>", "</clientConfig>", ""])


def address_in(request: bytes) -> str:
    """The address in Outlook's POX request; "" when there is none. No XML parser sees what a stranger sent."""
    found = _ADDRESS.search(request[:REQUEST_BYTES].decode("utf-8", "replace"))
    return found[1] if found else ""


def autodiscover(runtime: Runtime, address: str) -> str:
    """Outlook's POX answer ([MS-OXDSCLI] §2.2.4)."""
    protocols = [
        f"<Protocol><Type>{one.kind.upper()}</Type><Server>{escape(one.host)}</Server><Port>{one.port}</Port>"
        f"<DomainRequired>off</DomainRequired><LoginName>{escape(address)}</LoginName><SPA>off</SPA>"
        f"<SSL>{'on' if one.is_implicit else 'off'}</SSL><Encryption>{'SSL' if one.is_implicit else 'TLS'}</Encryption><AuthRequired>on</AuthRequired>"
        + ("<UsePOPAuth>off</UsePOPAuth><SMTPLast>off</SMTPLast>" if one.kind == "smtp" else "")
        + "</Protocol>"
        for one in best(runtime)
    ]
    base = "http://schemas.microsoft.com/exchange/autodiscover"
    return (
        f'<?xml version="1.0" encoding="utf-8"?>\n<Autodiscover xmlns="{base}/responseschema/2006">'
        f'<Response xmlns="{base}/outlook/responseschema/2006a"><User><DisplayName>{escape(address)}</DisplayName></User>'
        f"<Account><AccountType>email</AccountType><Action>settings</Action>{''.join(protocols)}</Account></Response></Autodiscover>\n"
    )


def best(runtime: Runtime) -> list[Service]:
    """One service of each kind."""
    chosen: dict[str, Service] = {}
    for one in services(runtime):
        chosen.setdefault(one.kind, one)
    return list(chosen.values())


def for_profile(runtime: Runtime) -> tuple[Service, Service] | None:
    """Reading and sending as Apple's profile names them, or None where one of them is not offered at present."""
    by_kind = {one.kind: one for one in best(runtime)}
    reading, sending = by_kind.get("imap") or by_kind.get("pop3"), by_kind.get("smtp")
    return (reading, sending) if reading and sending else None


def apple_profile(runtime: Runtime, address: str, name: str) -> bytes:
    """A configuration profile for Apple's devices: the account, and Roost's own CA where the server's certificate is its. Raises MailError(NOT_SUPPORTED)."""
    ca_der = needed_authority(runtime)
    ways = for_profile(runtime)
    if ways is None:
        raise MailError(Reason.NOT_SUPPORTED, "This server offers no IMAP or no sending at present.")
    reading, sending = ways
    identity = uuid.uuid5(uuid.NAMESPACE_DNS, f"{address}.{runtime.hostname}")

    def part(kind: str, label: str, **more: object) -> dict[str, object]:
        own = uuid.uuid5(identity, kind)
        return {"PayloadType": kind, "PayloadVersion": 1, "PayloadIdentifier": f"{runtime.hostname}.{kind}", "PayloadUUID": str(own), "PayloadDisplayName": label, **more}

    mail = part(
        "com.apple.mail.managed", address, EmailAccountDescription=address, EmailAccountName=name or address, EmailAddress=address,
        EmailAccountType="EmailTypeIMAP" if reading.kind == "imap" else "EmailTypePOP",
        IncomingMailServerAuthentication="EmailAuthPassword", IncomingMailServerHostName=reading.host, IncomingMailServerPortNumber=reading.port,
        IncomingMailServerUseSSL=True, IncomingMailServerUsername=address,
        OutgoingMailServerAuthentication="EmailAuthPassword", OutgoingMailServerHostName=sending.host, OutgoingMailServerPortNumber=sending.port,
        OutgoingMailServerUseSSL=True, OutgoingMailServerUsername=address, OutgoingPasswordSameAsIncomingPassword=True,
    )  # fmt: skip
    parts = [mail] if ca_der is None else [part("com.apple.security.root", f"CA of {runtime.hostname}", PayloadContent=ca_der), mail]
    whole = part("Configuration", f"Mail for {address}", PayloadContent=parts, PayloadDescription=f"Sets up {address} on {runtime.hostname}.")
    return plistlib.dumps(whole)


def mta_sts(runtime: Runtime, domain_id: int) -> str | None:
    """The domain's MTA-STS policy (RFC 8461 §3.2), or None where it has none."""
    mode = str(runtime.settings.get("mta_sts.mode", domain_id=domain_id))
    if mode == "none":
        return None
    days = int(runtime.settings.get("mta_sts.max_age", domain_id=domain_id))
    return f"version: STSv1\r\nmode: {mode}\r\nmx: {runtime.hostname}\r\nmax_age: {days}\r\n"
