"""Lists of senders kept here: "allow" goes past every spam check, "deny" is refused. The more exact word is "deny"."""

from mailcore.base.errors import MailError, Reason
from mailcore.policy.facts import Finding, Level
from mailcore.policy.look import Look, is_like, is_within
from mailcore.store import protection
from mailcore.store.protection import SenderRule


def fits(rule: SenderRule, ip: str, sender: str) -> bool:
    """Whether a rule speaks of this sender: its network holds the address and its pattern fits; what is "" or * fits all."""
    return (not rule.network or is_within(ip, rule.network)) and is_like(sender, rule.sender)


def check(look: Look) -> list[Finding]:
    """At most one finding: "allowed" or "denied"."""
    kinds = {rule.kind: rule for rule in protection.sender_rules(look.runtime.store.read()) if fits(rule, look.ip, look.sender)}
    if "deny" in kinds:
        error = MailError(Reason.SENDER_DENIED, "The administrator here takes no mail from this sender.")
        return [Finding(check="denied", level=Level.REFUSE, error=error, facts={"rule": kinds["deny"].id})]
    return [Finding(check="allowed", level=Level.ACCEPT, facts={"rule": kinds["allow"].id})] if "allow" in kinds else []
