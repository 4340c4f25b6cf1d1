"""The verb behind an announcement: checked, audited, put among the jobs."""

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory.actor import Actor
from mailcore.mail.address import Address
from mailcore.store import Tx, accounts, jobs, records

TEXT_CHARACTERS = 100_000
SUBJECT_CHARACTERS = 300


def ask(tx: Tx, actor: Actor, *, to: str, sender: str, name: str, subject: str, text: str, now: Micros) -> int:
    """Write to everyone whose address fits *to* (* and ?); a domain admin only inside the domain. The job's id. Raises MailError."""
    if actor.role == "user":
        raise MailError(Reason.NOT_PERMITTED, "Only an admin writes to everybody.")
    if not subject.strip() or not text.strip() or len(subject) > SUBJECT_CHARACTERS or len(text) > TEXT_CHARACTERS or any(ord(c) < 32 for c in subject + name):
        raise MailError(Reason.SYNTAX, "Write a subject and a text.")
    address = Address.parse(sender.strip())
    domain = accounts.domain(tx, address.key.rpartition("@")[2])
    if domain is None:
        raise MailError(Reason.SYNTAX, "The sender must be an address of a domain here.")
    actor.require_domain(domain.id)
    domain_id = actor.domain_id if actor.role != "server-admin" else None
    new = {"to": to, "subject": subject}
    records.audit(tx, "announcement:asked", to[:200], actor=actor.name, ip=actor.ip, now=now, domain_id=domain_id, new=new)
    payload = {"to": to.strip().lower() or "*", "from": str(address), "name": name.strip(), "subject": subject.strip(), "text": text, "domain_id": domain_id}
    return jobs.put(tx, "announce", payload, now)
