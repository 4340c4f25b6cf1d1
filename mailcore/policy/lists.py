"""Lists that are asked by DNS: of addresses (RFC 5782), and of domains in links.

An answer counts only where the settings expect it. 127.255.255.0/24 is a list's way to say that it will not answer us: the list
is suspended until a probe finds it well. A list is asked only once a probe has found it well; probes run hourly (`probe`).
"""

import re
from functools import lru_cache

from publicsuffixlist import PublicSuffixList

from mailcore.base.resolver import DnsTrouble, Resolver
from mailcore.net.dns import reverse_name
from mailcore.policy.facts import Finding
from mailcore.policy.look import Look, NamedList, named_lists, scored
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, protection
from mailcore.store.protection import BlockListState

MAX_DOMAINS = 15
"""Domains of one message that are asked about, hMailServer's number. Stops a message of links from asking all day."""
SCANNED_BYTES = 512 * 1024
"""How far into a message links are looked for."""
ERRORS = "127.255.255."
"""RFC 5782 leaves it open; the large lists answer in this range for "you may not ask"."""

_LINK = re.compile(rb"(?i)https?://(?:[^\s/@<>\"']{0,64}@)?([a-z0-9.-]{4,253})")


def question(ip: str, host: str) -> str:
    """The name to ask a list about an address, IPv6 by nibbles. RFC 5782 §2.1, §2.4."""
    return reverse_name(ip).removesuffix(".in-addr.arpa").removesuffix(".ip6.arpa") + "." + host


def healthy(look: Look, setting: str) -> list[NamedList]:
    """The lists of a setting that the last probe found well."""
    states = protection.block_list_states(look.runtime.store.read())
    return [one for one in named_lists(look.get(setting)) if one.host in states and states[one.host].state == "healthy"]


def check_addresses(look: Look) -> list[Finding]:
    """Block lists that name the peer."""
    return [found for one in healthy(look, "spam.dnsbl") if (found := _asked(look, one, question(look.ip, one.host), look.ip)) is not None]


def check_links(look: Look) -> list[Finding]:
    """Lists that name a domain in a link."""
    chosen = healthy(look, "spam.uribl")
    if not chosen or len(look.data) > look.get("spam.max_size"):
        return []
    found: list[Finding] = []
    for one in chosen:
        for domain in domains_in(look.data):
            hit = _asked(look, one, f"{domain}.{one.host}", domain)
            if hit is not None:
                found.append(hit)
                break
    return found


def _asked(look: Look, one: NamedList, name: str, subject: str) -> Finding | None:
    try:
        answers = look.resolver.query(name, "A").values
    except DnsTrouble:
        return None
    if any(answer.startswith(ERRORS) for answer in answers):
        suspend(look.runtime, one.host, f"It answers {answers[0]}: it will not be asked by this server's resolver.")
        return None
    if not any(one.counts(answer) for answer in answers):
        return None
    return scored("list", one.score, f"{subject} is on {one.host}.", list=one.host, answers=list(answers)[:5])


def domains_in(data: bytes) -> list[str]:
    """The domains of links in a message, their registered part, each once."""
    seen: dict[str, None] = {}
    for match in _LINK.finditer(data, 0, SCANNED_BYTES):
        host = match.group(1).decode("ascii").strip(".-").lower()
        if "." in host and not host.replace(".", "").isdigit():
            seen[_registered(host)] = None
        if len(seen) >= MAX_DOMAINS:
            break
    return list(seen)


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    """The bundled list of public suffixes, read when the first link is looked at."""
    return PublicSuffixList()


def _registered(host: str) -> str:
    return str(_suffixes().privatesuffix(host) or host)


def suspend(runtime: Runtime, host: str, why: str) -> None:
    """Ask a list no more until a probe finds it well."""
    made = BlockListState(host=host, state="suspended", detail=why, checked_at=runtime.clock.micros())
    runtime.store.submit(lambda tx: protection.put_block_list_state(tx, made))


def probed(resolver: Resolver, one: NamedList, *, is_of_domains: bool) -> tuple[str, str]:
    """A list's state and why: it must name its test point and not name what is never listed. RFC 5782 §5."""
    listed, free = ("test", "invalid") if is_of_domains else ("2.0.0.127", "1.0.0.127")
    try:
        is_listed = any(one.counts(a) for a in resolver.query(f"{listed}.{one.host}", "A").values)
        free_answers = resolver.query(f"{free}.{one.host}", "A").values
    except DnsTrouble as error:
        return "suspended", error.detail
    if any(a.startswith(ERRORS) for a in free_answers):
        return "suspended", "It will not be asked by this server's resolver."
    if free_answers:
        return "suspended", "It lists everything."
    return ("healthy", "") if is_listed else ("suspended", "It does not list its own test entry.")


def probe(runtime: Runtime) -> None:
    """Probe every list of the settings, and remember how each did."""
    now = runtime.clock.micros()
    states = []
    for setting, is_of_domains in (("spam.dnsbl", False), ("spam.uribl", True)):
        for one in named_lists(str(runtime.settings.get(setting))):
            state, detail = probed(runtime.resolver, one, is_of_domains=is_of_domains)
            states.append(BlockListState(host=one.host, state=state, detail=detail, checked_at=now))

    def write(tx: Tx) -> None:
        for state in states:
            protection.put_block_list_state(tx, state)

    if states:
        runtime.store.write(write)

