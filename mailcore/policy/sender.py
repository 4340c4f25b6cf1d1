"""SPF, DKIM, DMARC and ARC as findings. They are evidence: only DMARC's word moves a message by itself, and that to Junk.

A failed `p=reject` is refused only where nothing hints at a list or a forwarder (no DKIM signature, no List-Id, no known forwarder),
or where the admin wants it strictly. A believed sealer's whole ARC chain that saw DMARC pass stands for it.
"""

from mailcore.base.errors import MailError, Reason
from mailcore.mail.authres import AuthResults
from mailcore.policy.facts import Finding, Level
from mailcore.policy.look import Look, is_within, scored
from mailcore.senderauth import evidence
from mailcore.senderauth.evidence import Arrival, Evidence
from mailcore.wire.smtp.replies import Reply


class DmarcRefusal(MailError):
    """A refusal with the status that RFC 7372 §3.2 keeps for it."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.POLICY, detail)
        self.reply = Reply.of(550, "5.7.26", detail)


def authserv_id(look: Look) -> str:
    """The name in our results: the setting, which outlives host names, else the host name."""
    return own_id(str(look.get("auth.id")), look.runtime.hostname)


def own_id(setting: str, hostname: str) -> str:
    """See `authserv_id`."""
    return setting or hostname


def check(look: Look) -> list[Finding]:
    """What the evidence says; the Authentication-Results goes into `look.facts`."""
    arrival = Arrival(ip=look.ip, helo=look.helo, sender=look.sender)
    now = look.runtime.clock.micros() // 1_000_000
    found = evidence.gather(look.resolver, arrival, look.data, look.headers, now)
    look.facts["results"] = bytes(evidence.auth_results(found, arrival, authserv_id(look)))
    return [_spf(look, found), _dkim(look, found), _dmarc(look, found), *_arc(look, found)]


def _spf(look: Look, found: Evidence) -> Finding:
    score = look.get("spam.spf") if found.spf.result == "fail" else 0
    return scored("spf", score, "SPF says that this server may not send for the domain.", result=found.spf.result, domain=found.spf.domain)


def _dkim(look: Look, found: Evidence) -> Finding:
    results = [one.result for one in found.dkim]
    result = "pass" if "pass" in results else results[0] if results else "none"
    score = look.get("spam.dkim") if results and set(results) <= {"fail", "permerror"} else 0
    domains = [one.domain for one in found.dkim if one.result == "pass"]
    return scored("dkim", score, "The DKIM signature does not fit.", result=result, domains=domains, reason=found.dkim[0].reason if found.dkim else "")


def _dmarc(look: Look, found: Evidence) -> Finding:
    spoken = found.dmarc
    facts = {"result": spoken.result, "domain": spoken.domain, "policy": spoken.policy, "reason": spoken.reason}
    if spoken.result != "fail" or spoken.policy == "none" or _is_vouched_for(look, found):
        if spoken.result == "fail" and spoken.policy != "none":
            facts["result"], facts["reason"] = "pass", "A believed sealer saw it pass (ARC)."
        return Finding(check="dmarc", level=Level.ACCEPT, facts=facts)
    if spoken.policy == "reject" and not look.is_fetched and (look.get("auth.strict_reject") or not _may_be_forwarded(look)):
        text = f"{spoken.domain} has mail refused that is not from it (DMARC), and neither SPF nor DKIM says that this is."
        return Finding(check="dmarc", level=Level.REFUSE, error=DmarcRefusal(text), facts=facts)
    return Finding(check="dmarc", level=Level.JUNK, facts=facts | {"text": f"DMARC of {spoken.domain} failed."})


def _may_be_forwarded(look: Look) -> bool:
    """Whether anything hints at a list or a forwarder, which break what they pass on."""
    has_mark = b"dkim-signature" in look.headers or b"list-id" in look.headers
    return has_mark or is_within(look.ip, look.get("auth.forwarders"))


def _is_vouched_for(look: Look, found: Evidence) -> bool:
    """Whether believed sealers alone passed it on, and the first of them saw DMARC pass. RFC 8617 §7.2."""
    believed = set(str(look.get("auth.arc_sealers")).lower().replace(",", " ").split())
    if not believed or found.arc.result != "pass" or not set(found.arc.sealers) <= believed:
        return False
    return _has_dmarc_pass(found.arc.first)


def _has_dmarc_pass(results: AuthResults | None) -> bool:
    return results is not None and any(one.method == "dmarc" and one.result == "pass" for one in results.results)


def _arc(look: Look, found: Evidence) -> list[Finding]:
    if found.arc.result == "none":
        return []
    return [Finding(check="arc", level=Level.ACCEPT, facts={"result": found.arc.result, "sealers": list(found.arc.sealers), "reason": found.arc.reason})]
