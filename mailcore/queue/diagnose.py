"""Real dialogues for an admin who asks why: where a domain's mail goes, and what its servers say to a message that is not sent.

The dialogue goes as far as RCPT and then takes everything back (RSET), so the other side delivers nothing.
"""

import ipaddress
import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from mailcore.base.errors import MailError, Reason
from mailcore.base.resolver import DnsTrouble
from mailcore.directory import dns_records
from mailcore.mail.address import Address, Domain
from mailcore.net.dns import BudgetResolver
from mailcore.policy import sources
from mailcore.queue import attempt, route, sts
from mailcore.queue.route import Hop
from mailcore.runtime.runtime import Runtime
from mailcore.store import routes
from mailcore.wire.smtp.replies import Reply

SECONDS = 30.0
"""A whole diagnosis; a person waits for it."""
HOSTS = 3
"""Servers that are spoken with."""
WELL_KNOWN = ("gmail-smtp-in.l.google.com", "outlook-com.olc.protection.outlook.com", "mx1.mail.icloud.com")
"""Mail servers that answer anybody; some say in their greeting whom they see."""
WELL_KNOWN_SECONDS = 3.0
_SEEN = re.compile(r"\[(?:IPv6:)?([0-9A-Fa-f:.]{3,45})\]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Outward:
    """What a look outside found: how many of the WELL_KNOWN answer on port 25, and the address they see this server at ("" when none says)."""

    reached: int
    address: str


@dataclass(slots=True)
class Step:
    """One thing that was done and what came of it. *said* are lines of a dialogue: "> " ours, "< " theirs."""

    title: str
    is_good: bool = True
    text: str = ""
    said: list[str] = field(default_factory=list)


class Recorded(attempt.Conversation):
    """A conversation that is written down; a password never is."""

    def __init__(self, hop: Hop, address: str, own_name: str, deadline: float, said: list[str]) -> None:
        super().__init__(hop, address, own_name, deadline, is_plain=False)
        self.said = said

    def write(self, data: bytes) -> None:
        text = data.decode("utf-8", "replace").strip()
        self.said.append("> " + ("AUTH ***" if text.startswith("AUTH ") or (self.hop.user and not text[:4].isupper()) else text[:500]))
        super().write(data)

    def reply(self, seconds: float) -> Reply:
        found = super().reply(min(seconds, SECONDS))
        self.said += ["< " + line for line in str(found).splitlines()[:40]]
        return found

    def start_tls(self) -> None:
        super().start_tls()
        self.said.append(f"  ({self.tls})")

    def probe(self, sender: str, recipient: str) -> str:
        """Greeting to RCPT and back, or to the sign-in where there is no *recipient*; "" when all was taken, else why not. Raises Gone."""
        try:
            self.connection = socket.create_connection((self.address, self.hop.port), timeout=attempt.CONNECT_SECONDS / 3, source_address=route.source(self.hop, self.address))
            refusal = self.greet() or self.sign_in()
            for line in (f"MAIL FROM:<{sender}>", f"RCPT TO:<{recipient}>") if refusal is None and recipient else ():
                answer = self.ask(line.encode() + b"\r\n")
                if answer.code // 100 != 2:
                    refusal = answer
                    break
            self.write(b"RSET\r\n")
            self.reply(5.0)
            self.quit()
        except (OSError, MailError) as error:
            raise attempt.Gone(attempt.words(error) if isinstance(error, OSError) else error.detail) from error
        finally:
            if self.connection is not None:
                self.connection.close()
        return "" if refusal is None else str(refusal)


def dialogue(runtime: Runtime, recipient: str, sender: str = "") -> list[Step]:
    """Everything from the address to the other side's word on it. Raises MailError(SYNTAX) for what is no address."""
    address = Address.parse(recipient.strip())
    sender = str(Address.parse(sender.strip())) if sender.strip() else ""
    if not address.domain:
        raise MailError(Reason.SYNTAX, "Write a whole address, such as someone@example.org.")
    deadline = time.monotonic() + SECONDS
    domain = address.key.rpartition("@")[2]
    resolver = BudgetResolver(runtime.resolver, runtime.clock, seconds=SECONDS / 3)
    steps = [way(runtime, domain)]
    try:
        hops = route.hops(runtime, resolver, domain, sender=sender)
    except DnsTrouble as error:
        return [*steps, Step("Look-up", False, f"DNS does not answer: {error.detail}")]
    except MailError as error:
        return [*steps, Step("Look-up", False, error.detail)]
    steps.append(Step("Look-up", True, "", [f"{h.host}:{h.port}  {', '.join(h.addresses)}  {h.security}" for h in hops]))
    if not any(h.is_relay for h in hops):
        policy = sts.policy_of(runtime, resolver, domain) if runtime.settings.get("outgoing.mta_sts") else None
        steps.append(Step("MTA-STS", True, f"The domain's policy says {policy.mode} for {', '.join(policy.mx)}." if policy else "The domain has no policy."))
    for hop in hops[:HOSTS]:
        said: list[str] = []
        step = Step(f"{hop.host} [{hop.addresses[0]}]", said=said)
        steps.append(step)
        try:
            why = Recorded(hop, hop.addresses[0], runtime.hostname, deadline, said).probe(sender, str(address))
            step.is_good, step.text = not why, "It takes mail for this address." if not why else "It refuses this address."
            if not why:
                break
        except attempt.Gone as error:
            step.is_good, step.text = False, f"It cannot be spoken with: {error}."
        if time.monotonic() > deadline:
            break
    return steps


def outward(runtime: Runtime) -> Outward:
    """Speak with the WELL_KNOWN, all at once; a person waits for it."""
    with ThreadPoolExecutor(len(WELL_KNOWN)) as pool:
        said = list(pool.map(lambda host: _greeting(runtime, host), WELL_KNOWN))
    seen = (one for text in said for one in _SEEN.findall(text))
    return Outward(reached=sum(map(bool, said)), address=next((one for one in seen if is_public(one)), ""))


def is_public(address: str) -> bool:
    """Whether others may reach *address*: it is none of a network of its own."""
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    return not (dns_records.is_inside(address) if found.version == 4 else sources.is_near(address))


def _greeting(runtime: Runtime, host: str) -> str:
    """What a server answers to EHLO; "" when it is no mail server, or none can be reached."""
    deadline = time.monotonic() + WELL_KNOWN_SECONDS
    try:
        hop = Hop(host=host, addresses=(), port=int(runtime.settings.get("outgoing.port")))
        address = next(iter(route.addresses_of(runtime.resolver, host, False)), "")
        talk = attempt.Conversation(hop, address, runtime.hostname, deadline, is_plain=True)
        talk.connection = socket.create_connection((address, hop.port), timeout=WELL_KNOWN_SECONDS)
        with talk.connection:
            greeting = talk.reply(WELL_KNOWN_SECONDS)
            answer = talk.ask(f"EHLO {runtime.hostname}\r\n".encode())
            talk.write(b"QUIT\r\n")
            return str(answer) if greeting.code == 220 else ""
    except (OSError, MailError, attempt.Gone):
        return ""


def why_no_relay(runtime: Runtime, hop: Hop) -> str:
    """Greet and sign in at a relay, and leave; why it would not send for us, "" when it would."""
    said: list[str] = []
    try:
        address = next(iter(route.addresses_of(BudgetResolver(runtime.resolver, runtime.clock, seconds=SECONDS / 3), hop.host, False)), "")
        if not address:
            return f"{hop.host} has no address in DNS."
        return Recorded(hop, address, runtime.hostname, time.monotonic() + SECONDS, said).probe("", "")
    except DnsTrouble as error:
        return error.detail
    except attempt.Gone as error:
        return str(error)


def way(runtime: Runtime, domain: str) -> Step:
    """Which of the three ways mail for *domain* goes."""
    found = routes.match(runtime.store.read(), domain)
    if found is not None:
        return Step("Way", True, f"The route {found.pattern} sends it to {found.host}:{found.port}.")
    relay = str(runtime.settings.get("relay.host"))
    return Step("Way", True, f"The relay {relay} takes it." if relay else "It goes straight to the domain's mail servers.")


def mx(runtime: Runtime, domain: str) -> list[Step]:
    """The mail servers of *domain* with their addresses. Raises MailError(SYNTAX)."""
    name = Domain.parse(domain.strip().rstrip(".")).ascii
    resolver = BudgetResolver(runtime.resolver, runtime.clock, seconds=SECONDS / 3)
    try:
        hosts = route.mx_hosts(resolver, name)
        lines = [f"{n + 1}. {host}  {', '.join(route.addresses_of(resolver, host, False)) or 'no address'}" for n, host in enumerate(hosts[: route.MAX_HOSTS])]
    except DnsTrouble as error:
        return [Step("MX", False, f"DNS does not answer: {error.detail}")]
    except MailError as error:
        return [Step("MX", False, error.detail)]
    return [Step("MX", True, f"{name} takes mail at:", lines)]
