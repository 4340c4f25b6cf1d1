"""Greylisting (RFC 6647): a stranger's first try for a recipient is put off, the one after the delay is taken.

Asked after DATA, where SPF is known, so that who passes SPF is never put off. A triplet is a /24 or /64, the envelope's sender
and a recipient. Off by default, by domain. That postmaster and abuse are never put off is `examine`'s.
"""

import ipaddress

from mailcore.base.clock import SECOND, Micros
from mailcore.base.errors import MailError, Reason
from mailcore.policy.facts import Accepted, Finding, Level
from mailcore.policy.look import Look
from mailcore.store import Tx, accounts, protection
from mailcore.store.protection import Triplet

PREFIXES = {4: 24, 6: 64}
"""Senders retry from a neighbour as often as not."""


def network_of(ip: str) -> str:
    """The /24 or /64 of an address."""
    address = ipaddress.ip_address(ip)
    return str(ipaddress.ip_network((ip, PREFIXES[address.version]), strict=False))


def decided(found: Triplet | None, now: Micros, delay: Micros, unused: Micros) -> Triplet:
    """What to remember of a triplet that comes *now*; it may pass when `passed_at` is set."""
    if found is None or (found.passed_at is None and now - found.first_at > unused):
        return Triplet(first_at=now, last_at=now, passed_at=now if delay == 0 else None)
    is_over = found.passed_at is not None or now - found.first_at >= delay
    return Triplet(first_at=found.first_at, last_at=now, passed_at=(found.passed_at or now) if is_over else None)


def check(look: Look, *, has_spf_pass: bool) -> list[Finding]:
    """DEFER when a recipient's triplet is too young. Waits for its write, so that the next try finds it."""
    settings = look.runtime.settings
    if (has_spf_pass and settings.get("spam.grey_spf")) or look.is_fetched:
        return []
    tx = look.runtime.store.read()
    people = [one.address.key for one in look.mail.recipients if _is_asked(look, tx, one)]
    if not people:
        return []
    now, network, sender = look.runtime.clock.micros(), network_of(look.ip), look.sender.lower()
    delay, unused = settings.get("spam.grey_delay") * SECOND, settings.get("spam.grey_unused") * SECOND

    def write(tx: Tx) -> bool:
        made = {one: decided(protection.triplet(tx, network, sender, one), now, delay, unused) for one in people}
        for one, triplet in made.items():
            protection.put_triplet(tx, network, sender, one, triplet)
        return all(triplet.passed_at is not None for triplet in made.values())

    if look.runtime.store.write(write):
        return []
    error = MailError(Reason.POLICY, "We do not know this sender yet: please try again in a while.", temporary=True)
    return [Finding(check="greylist", level=Level.DEFER, error=error, facts={"network": network, "delay": settings.get("spam.grey_delay")})]


def _is_asked(look: Look, tx: Tx, one: Accepted) -> bool:
    domain = accounts.domain(tx, one.address.key.rpartition("@")[2])
    return bool(look.runtime.settings.get("spam.greylisting", domain_id=domain.id if domain is not None else None))

