"""What checks look at and what they answer with. No check keeps state between messages; what it learns it writes as facts.

`is_near` is real loopback (127.0.0.1, ::1): no reputation check, greylisting, rate limit or ban applies there.
"""

from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any

from mailcore.auth.login import is_loopback
from mailcore.base.errors import MailError
from mailcore.directory.resolve import Recipient
from mailcore.mail.address import Address, ReversePath
from mailcore.store.accounts import Account


@dataclass(slots=True, kw_only=True)
class Client:
    """One connection, as far as it is known."""

    ip: str
    listener: str = "smtp"
    helo: str = ""
    is_extended: bool = False
    is_tls: bool = False
    tls_text: str = ""
    account: Account | None = None

    @property
    def is_near(self) -> bool:
        """Whether the peer is real loopback."""
        return is_loopback(self.ip)

    @property
    def protocol(self) -> str:
        """SMTP, ESMTP, ESMTPS, ESMTPA, ESMTPSA. RFC 3848."""
        if not self.is_extended:
            return "SMTP"
        return "ESMTP" + ("S" if self.is_tls else "") + ("A" if self.account is not None else "")


class Level(IntEnum):
    """How bad a finding is; the worst of a moment stands."""

    ACCEPT = 0
    JUNK = 1
    DEFER = 2
    REFUSE = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One check's answer. *error* says what to tell the other side when the level is DEFER or REFUSE."""

    check: str
    level: Level
    error: MailError | None = None
    facts: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accepted:
    """A recipient that was taken, or put off until the message has come: *refusal* then says why it will not get it."""

    path: str
    address: Address
    recipient: Recipient | None
    notify: str = ""
    orcpt: str = ""
    refusal: MailError | None = None


@dataclass(slots=True, kw_only=True)
class Mail:
    """One transaction: sender, recipients so far, and what the client announced. Sizes in bytes."""

    client: Client
    sender: ReversePath
    size: int = 0
    body_kind: str = ""
    is_utf8: bool = False
    envid: str = ""
    ret: str = ""
    recipients: list[Accepted] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    lines: bytes = b""
    """Header lines of ours that say what was found, with CRLF; they stand under Return-Path in every copy kept here."""
    home: str = ""
    """The mailbox it goes to where no filter says otherwise; "" is INBOX."""
    sent_before: int = 0
    """Recipients that the account has written to in the last hour, by programs and in the webmail."""
    until: float = 0.0
    """On the monotonic clock, when checks and filters must be done with the message; 0 is no limit."""
    is_fetched: bool = False
    """Brought from an account elsewhere or by a server in front of this one: nobody waits for a refusal, and the worst it meets is Junk."""
    is_held: bool = False
    """In quarantine: queued until an admin releases or deletes it."""
    is_dropped: bool = False
    """Taken and thrown away, as an admin wants it for viruses."""

    @property
    def domain_ids(self) -> set[int]:
        """The domains here that its recipients are of."""
        return {one.recipient.domain_id for one in self.recipients if one.recipient is not None and one.recipient.domain_id is not None}

    @property
    def is_junk(self) -> bool:
        """Whether any check wants it in Junk."""
        return any(finding.level is Level.JUNK for finding in self.findings)

    @property
    def is_infected(self) -> bool:
        """Whether a virus was found in it, whatever was done about that."""
        return any(finding.check == "virus" and finding.facts.get("kind") == "virus" for finding in self.findings)

    @property
    def is_forged(self) -> bool:
        """Whether DMARC says that somebody else wrote it."""
        return any(finding.check == "dmarc" and finding.facts.get("result") == "fail" for finding in self.findings)

    @property
    def is_proved(self) -> bool:
        """Whether the envelope's domain surely sent this: signed in, real loopback, or SPF passed, or DMARC did for a From of that domain."""
        if self.client.account is not None or self.client.is_near:
            return True
        passed = {finding.check: str(finding.facts.get("domain", "")) for finding in self.findings if finding.facts.get("result") == "pass"}
        domain = self.sender.address.key.rpartition("@")[2] if self.sender.address is not None else ""
        author = passed.get("dmarc", "")
        return "spf" in passed or (author != "" and (domain == author or domain.endswith(f".{author}")))

    @property
    def spam_percent(self) -> int | None:
        """0..100, 50 at the mark threshold and 100 at the refuse threshold; None where nothing was scored."""
        found = [int(f.facts["percent"]) for f in self.findings if "percent" in f.facts]
        return max(found) if found else None
