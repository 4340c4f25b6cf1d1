"""Domains, accounts and aliases."""

from dataclasses import dataclass, field
from typing import Any

from web.values import Choice


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainRow:
    """One domain in a table. *dns* and *certificate*: tone (green, red, amber, or empty) and words."""

    name: str
    dns_tone: str
    dns_text: str
    certificate_text: str
    accounts: int
    storage_text: str
    received: int
    """Messages in the last 30 days, likewise *sent*."""
    sent: int
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class DnsRecord:
    """One record a domain wants. *status*: right, missing, wrong, optional, unchecked. *value* is to be published, *found* is there."""

    kind: str
    name: str
    type: str
    value: str
    status: str
    text: str
    found: str = ""
    can_copy: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainLimits:
    """Limits of one domain as typed in the form; empty means no limit. Sizes with a unit ("10 GB")."""

    accounts: str = ""
    aliases: str = ""
    lists: str = ""
    storage: str = ""
    account_size: str = ""
    account_quota: str = ""
    message_size: str = ""
    zone: str = ""
    """Of its people who have chosen none; *zones* are what there is."""
    zones: tuple[Choice, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DomainPage:
    """A domain with its tabs. *tab*: accounts, aliases, names, limits, dns; *names* are its other names."""

    name: str
    summary: str
    tab: str
    is_disabled: bool = False
    limits: DomainLimits = field(default_factory=DomainLimits)
    names: tuple[str, ...] = ()
    catch_all: str = ""
    plus: str = ""
    records: tuple[DnsRecord, ...] = ()
    checked_text: str = ""
    signature: dict[str, Any] = field(default_factory=dict)
    errors: dict[str, str] = field(default_factory=dict)
    graph: Any = None
    """The Graph of the traffic tab."""

    @property
    def to_fix(self) -> int:
        """Records that are missing or wrong."""
        return sum(record.status in ("missing", "wrong") for record in self.records)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountRow:
    """One account in a table. *percent* of the quota 0..100, None without one; *role*: user, domain-admin, server-admin."""

    address: str
    name: str
    initials: str
    tint: int
    role: str
    used_text: str
    quota_text: str
    percent: int | None
    seen_text: str
    """When anybody last signed in, worded; "never" included."""
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AccountPage:
    """One account's form and facts; *is_new* for creating, when *address* is what was typed so far."""

    address: str = ""
    name: str = ""
    initials: str = ""
    tint: int = 1
    role: str = "user"
    quota: str = ""
    language: str = "en"
    zone: str = "UTC"
    languages: tuple[Choice, ...] = ()
    zones: tuple[Choice, ...] = ()
    used_text: str = ""
    percent: int | None = None
    aliases: tuple[str, ...] = ()
    created_text: str = ""
    seen_text: str = ""
    messages: int = 0
    is_new: bool = False
    is_disabled: bool = False
    offers: tuple[tuple[str, str, int], ...] = ()
    """(mailbox, ours of the same role, messages) that could be put together."""
    directory_state: str = ""
    """"on": the LDAP server knows the password; "off": it could; "": there is none."""
    is_me: bool = False
    also_as: str = ""
    """Addresses of its domain that it may write as beside its own."""
    is_device: bool = False
    """May send as any address of its domain."""
    """An admin can neither disable nor delete the own account."""
    domains: tuple[Choice, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasRow:
    """One alias. *kind*: alias, list, domain, catch-all. *targets* are addresses, shown up to three."""

    address: str
    kind: str
    targets: tuple[str, ...]
    changed_text: str = ""
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class AliasPage:
    """The form of one alias; *targets* as typed, one address a line."""

    address: str = ""
    targets: str = ""
    is_new: bool = False
    is_disabled: bool = False
    domains: tuple[Choice, ...] = ()
    errors: dict[str, str] = field(default_factory=dict)
