"""The real resolver: dnspython with a cache and a budget. Answers are cached by their TTL, absence by the SOA's or a minute, silence for
half a minute.

`ROOST_DNS=none` makes every question DnsTrouble, which by rule never refuses, scores or delays. All questions of one message
share a BudgetResolver.
"""

import threading
from collections import OrderedDict
from typing import Any

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.rdatatype
import dns.resolver
import dns.reversename

from mailcore.base.clock import Clock
from mailcore.base.resolver import Answer, DnsTrouble, Resolver

CACHE_ENTRIES = 20_000
"""Most answers kept: stops a stranger's names from filling memory."""
MAX_TTL_SECONDS = 3600
MIN_TTL_SECONDS = 5
NEGATIVE_TTL_SECONDS = 60
SILENCE_SECONDS = 30
"""How long a question without an answer is not asked again (RFC 9520 §3.2): stops a resolver that is away from holding up everybody each time."""
QUERY_SECONDS = 4.0
LIFETIME_SECONDS = 8.0
VALUES_AN_ANSWER = 200
"""Records of one answer that are looked at."""


class DnsResolver:
    """Asks one resolver (host, port) or the system's. Thread-safe."""

    def __init__(self, where: str, clock: Clock) -> None:
        self._clock = clock
        self._cache: OrderedDict[tuple[str, str], tuple[float, Answer | DnsTrouble]] = OrderedDict()
        self._lock = threading.Lock()
        self._is_off = where == "none"
        self._resolver = dns.resolver.Resolver(configure=not where)
        if where and not self._is_off:
            host, _, port = where.rpartition(":")
            self._resolver.nameservers = [host.strip("[]")]
            self._resolver.port = int(port)
        self._resolver.timeout = QUERY_SECONDS
        self._resolver.lifetime = LIFETIME_SECONDS
        self._resolver.flags = dns.flags.RD | dns.flags.AD

    def query(self, name: str, rdtype: str) -> Answer:
        """See Resolver.query."""
        key = (name.rstrip(".").lower(), rdtype)
        now = self._clock.monotonic()
        with self._lock:
            found = self._cache.get(key)
        if found is not None and found[0] > now:
            return _told(found[1])
        if self._is_off:
            raise DnsTrouble("DNS is switched off.")
        answer: Answer | DnsTrouble
        try:
            answer, ttl = self._ask(key[0], rdtype)
        except Silence as silence:
            answer, ttl = silence, SILENCE_SECONDS
        with self._lock:
            self._cache[key] = (now + ttl, answer)
            while len(self._cache) > CACHE_ENTRIES:
                self._cache.popitem(last=False)
        return _told(answer)

    @property
    def where(self) -> str:
        """Whom it asks."""
        return ", ".join(str(one) for one in self._resolver.nameservers)

    def query_anew(self, name: str, rdtype: str) -> Answer:
        """See Resolver.query; past the cache."""
        return self._ask(name, rdtype)[0]

    def _ask(self, name: str, rdtype: str) -> tuple[Answer, float]:
        try:
            result = self._resolver.resolve(dns.name.from_text(name), rdtype, search=False)
        except (dns.resolver.NXDOMAIN, dns.resolver.NoAnswer):
            return Answer(values=()), NEGATIVE_TTL_SECONDS
        except (dns.name.LabelTooLong, dns.name.EmptyLabel, dns.name.NameTooLong, dns.name.BadEscape, UnicodeError):
            return Answer(values=()), NEGATIVE_TTL_SECONDS
        except dns.resolver.LifetimeTimeout as error:
            raise Silence(f"No answer from DNS for {name} {rdtype} in {LIFETIME_SECONDS:.0f} seconds.") from error
        except dns.exception.DNSException as error:
            raise DnsTrouble(f"No answer from DNS for {name} {rdtype}: {type(error).__name__}.") from error
        except OSError as error:
            raise DnsTrouble(f"The DNS server cannot be reached: {error.strerror}.") from error
        rrset = result.rrset
        ttl = min(MAX_TTL_SECONDS, max(MIN_TTL_SECONDS, rrset.ttl if rrset is not None else 0))
        values = tuple(_text(rdata) for rdata in list(result)[:VALUES_AN_ANSWER])
        return Answer(values=values, is_authentic=bool(result.response.flags & dns.flags.AD)), ttl

    def forget(self) -> None:
        """Empty the cache (the DNS page asks afresh)."""
        with self._lock:
            self._cache.clear()


class Silence(DnsTrouble):
    """Nobody answered in time."""


def _told(known: Answer | DnsTrouble) -> Answer:
    if isinstance(known, DnsTrouble):
        raise DnsTrouble(known.detail)
    return known


def _text(rdata: Any) -> str:
    if rdata.rdtype == dns.rdatatype.TXT:
        return b"".join(rdata.strings).decode("utf-8", "surrogateescape")
    return str(rdata.to_text())


class BudgetResolver:
    """Lets at most *seconds* of waiting and *questions* through, for everything one message asks."""

    def __init__(self, inner: Resolver, clock: Clock, *, seconds: float = 10.0, questions: int = 200) -> None:
        self._inner = inner
        self._clock = clock
        self._left = seconds
        self._questions = questions

    def query(self, name: str, rdtype: str) -> Answer:
        """See Resolver.query; DnsTrouble once the budget is spent."""
        if self._left <= 0 or self._questions <= 0:
            raise DnsTrouble("The time for DNS of this message is used up.")
        self._questions -= 1
        start = self._clock.monotonic()
        try:
            return self._inner.query(name, rdtype)
        finally:
            self._left -= self._clock.monotonic() - start


def reverse_name(ip: str) -> str:
    """The in-addr.arpa or ip6.arpa name of *ip*."""
    return dns.reversename.from_address(ip).to_text(omit_final_dot=True)
