"""Everything sender authentication says about one message, gathered once and told once: as values, and as our Authentication-Results.

The parts share one resolver with the message's budget. Only what passed is handed to DMARC; ARC stands beside it as a hint.
"""

from dataclasses import dataclass

from mailcore.base.resolver import Resolver
from mailcore.mail.address import mailboxes
from mailcore.mail.authres import AuthResults, MethodResult
from mailcore.mail.headers import Headers
from mailcore.senderauth import arc, dkim, dmarc, spf
from mailcore.senderauth.arc import ArcResult
from mailcore.senderauth.dkim import DkimResult
from mailcore.senderauth.dmarc import DmarcResult
from mailcore.senderauth.spf import SpfResult


@dataclass(frozen=True, slots=True, kw_only=True)
class Evidence:
    """What was found. *author* is the domain of From, "" when there is not exactly one."""

    spf: SpfResult
    dkim: tuple[DkimResult, ...]
    dmarc: DmarcResult
    arc: ArcResult
    author: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Arrival:
    """How the message came: the peer's address ("" where nobody knows), its HELO name, the envelope's sender ("" for the null path)."""

    ip: str
    helo: str
    sender: str


def author_domain(headers: Headers) -> str:
    """The one domain of From as a key; "" when From is missing, stands twice, or names several domains. RFC 9989 §4.4."""
    values = headers.all(b"from")
    if len(values) != 1:
        return ""
    domains = {one.address.key.rpartition("@")[2] if one.address is not None else "" for one in mailboxes(values[0])}
    return domains.pop() if len(domains) == 1 else ""


def gather(resolver: Resolver, arrival: Arrival, data: bytes, headers: Headers, now_seconds: int) -> Evidence:
    """All four checks. Never raises."""
    sent = spf.check(resolver, arrival.ip, arrival.helo, arrival.sender) if arrival.ip else SpfResult(result="temperror", domain=arrival.sender.rpartition("@")[2], reason="Nobody knows where it came from.")
    message = dkim.message_of(data, headers)
    signed = tuple(dkim.verify(resolver, message, now_seconds))
    author = author_domain(headers)
    spoken = dmarc.check(
        resolver, author, spf_domain=sent.domain if sent.result == "pass" else "", dkim_domains=[one.domain for one in signed if one.result == "pass"]
    )
    if spoken.result == "fail" and _is_undecided(sent, signed):
        spoken = DmarcResult(result="temperror", domain=spoken.domain, policy=spoken.policy, reason="SPF or DKIM gave no answer, so it cannot be said.")
    return Evidence(spf=sent, dkim=signed, dmarc=spoken, arc=arc.verify(resolver, message), author=author)


def _is_undecided(sent: SpfResult, signed: tuple[DkimResult, ...]) -> bool:
    """Whether an answer that did not come could have made DMARC pass: then it must not count as failed."""
    return sent.result == "temperror" or any(one.result == "temperror" for one in signed)


def auth_results(evidence: Evidence, arrival: Arrival, authserv_id: str) -> AuthResults:
    """The one field we write. RFC 8601."""
    name = ("smtp.mailfrom", arrival.sender) if evidence.spf.identity == "mailfrom" else ("smtp.helo", arrival.helo)
    results = [MethodResult(method="spf", result=evidence.spf.result, properties=(name,))]
    results += [_dkim(one) for one in evidence.dkim] or [MethodResult(method="dkim", result="none")]
    results.append(
        MethodResult(method="dmarc", result=evidence.dmarc.result, properties=(("header.from", evidence.author), ("policy.dmarc", evidence.dmarc.policy)))
    )
    if evidence.arc.result != "none":
        result = "fail" if evidence.arc.result == "temperror" else evidence.arc.result  # RFC 8617 §4.4 knows no other word
        results.append(MethodResult(method="arc", result=result, reason=evidence.arc.reason))
    return AuthResults(authserv_id=authserv_id, results=tuple(results))


def _dkim(one: DkimResult) -> MethodResult:
    reason = one.reason or ("only part of the body is signed" if one.has_length else "")
    properties = (("header.d", one.domain), ("header.s", one.selector), ("header.a", one.algorithm), ("header.b", one.head))
    return MethodResult(method="dkim", result=one.result, reason=reason, properties=properties)
