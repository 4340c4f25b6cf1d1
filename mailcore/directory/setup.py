"""Finishing set-up, the same for the wizard and the command line: mode, host name, first domain, admin, first account, relay."""

from dataclasses import dataclass

from mailcore.base.clock import Micros
from mailcore.base.errors import MailError, Reason
from mailcore.directory import verbs
from mailcore.directory.actor import Actor
from mailcore.mail.address import Address
from mailcore.settings import values
from mailcore.store import Tx, accounts, records

MODES = ("lan", "internet", "relay")


@dataclass(frozen=True, slots=True, kw_only=True)
class Relay:
    """Where mail goes out when the mode is relay."""

    host: str
    port: int = 587
    security: str = "starttls"
    user: str = ""
    password: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What set-up asks. Passwords come as hashes; `person` is the first account besides the admin, or ""."""

    mode: str
    hostname: str
    admin: str
    admin_hash: str
    admin_name: str = ""
    domain: str = ""
    person: str = ""
    person_hash: str = ""
    person_name: str = ""
    relay: Relay | None = None
    address: str = ""
    """The public one, where it was found out."""


def check_hostname(text: str) -> str:
    """*text* as a host name. Raises MailError(SYNTAX)."""
    name = verbs.domain_name(text)
    if name.startswith("*") or name.replace(".", "").isdigit():
        raise MailError(Reason.SYNTAX, f"{text!r} is not a host name such as mail.example.org.")
    return name


def finish(tx: Tx, actor: Actor, answers: Answers, now: Micros) -> None:
    """Write all answers in one write; running it again changes what is there. Raises MailError with what to mend."""
    if answers.mode not in MODES:
        raise MailError(Reason.SYNTAX, f"The kind of network is one of {', '.join(MODES)}.")
    if answers.mode == "relay" and (answers.relay is None or not answers.relay.host):
        raise MailError(Reason.SYNTAX, "Name the server that mail goes out through.")
    hostname = check_hostname(answers.hostname)
    for name, value in (("server.mode", answers.mode), ("server.hostname", hostname)):
        values.write(tx, name, value, actor=actor.name, ip=actor.ip, now=now)
    if answers.address:
        values.write(tx, "server.address", answers.address, actor=actor.name, ip=actor.ip, now=now)
    if not any(name == "auth.id" for _, name, _ in records.setting_values(tx)):
        # Set once: what was written under it must still be known as ours after the server got another name (RFC 8601 §2.5).
        values.write(tx, "auth.id", hostname, actor=actor.name, ip=actor.ip, now=now)
    if answers.relay is not None and answers.relay.host:
        for name in ("host", "port", "security", "user", "password"):
            values.write(tx, f"relay.{name}", getattr(answers.relay, name), actor=actor.name, ip=actor.ip, now=now)
    admin = Address.parse(answers.admin.strip())
    for domain in dict.fromkeys(d for d in (answers.domain.strip(), admin.domain, answers.person.rpartition("@")[2]) if d):
        if accounts.domain(tx, verbs.domain_name(domain)) is None:
            verbs.add_domain(tx, actor, domain, now)
    _put_account(tx, actor, answers.admin, answers.admin_hash, answers.admin_name, "server-admin", now)
    if answers.person.strip():
        _put_account(tx, actor, answers.person, answers.person_hash, answers.person_name, "user", now)
    values.write(tx, "server.setup_done", True, actor=actor.name, ip=actor.ip, now=now)


def _put_account(tx: Tx, actor: Actor, address: str, password_hash: str, name: str, role: str, now: Micros) -> None:
    existing = accounts.account_by_address(tx, Address.parse(address.strip()).key)
    if existing is None:
        verbs.add_account(tx, actor, address, now, password_hash=password_hash, display_name=name, role=role)
        return
    if password_hash:
        verbs.set_password(tx, actor, existing.id, password_hash, now)
    if role != existing.role and role == "server-admin":
        verbs.set_account(tx, actor, existing.id, {"role": role}, now)
