"""Who there is: domains, accounts, aliases, and what proves that a person is who they say."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from mailcore.store.models.base import Base, Big, Flag, Id, OnFlag, OptBig, OptRef, Ref, Small, Str


class Domain(Base):
    """A mail domain served here. `name` is the A-label key."""

    __tablename__ = "domains"
    id: Mapped[Id]
    name: Mapped[Str]
    is_enabled: Mapped[OnFlag]
    catch_all: Mapped[Str]
    plus_separator: Mapped[Str]
    max_accounts: Mapped[Big]
    max_aliases: Mapped[Big]
    max_lists: Mapped[Big]
    max_size_bytes: Mapped[Big]
    max_message_bytes: Mapped[Big]
    max_account_bytes: Mapped[Big]
    created_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("name"),)


class DomainAlias(Base):
    """Another name whose addresses are those of *domain_id*."""

    __tablename__ = "domain_aliases"
    id: Mapped[Id]
    name: Mapped[Str]
    domain_id: Mapped[Ref]
    __table_args__ = (UniqueConstraint("name"), Index(None, "domain_id"))


class Account(Base):
    """Owns mailboxes. The row is the one lock of everything the account has: `modseq` is taken from it by an update."""

    __tablename__ = "accounts"
    id: Mapped[Id]
    domain_id: Mapped[Ref]
    address: Mapped[Str]
    display_name: Mapped[Str]
    kind: Mapped[Str]
    role: Mapped[Str]
    is_enabled: Mapped[OnFlag]
    password_hash: Mapped[Str]
    password_changed_at: Mapped[Big]
    quota_bytes: Mapped[Big]
    used_bytes: Mapped[Big]
    used_count: Mapped[Big]
    over_quota_since: Mapped[OptBig]
    modseq: Mapped[Big]
    uidvalidity: Mapped[Big]
    locale: Mapped[Str]
    time_zone: Mapped[Str]
    totp_secret: Mapped[Str]
    totp_last_step: Mapped[Big]
    created_at: Mapped[Big]
    last_sign_in_at: Mapped[OptBig]
    deleted_at: Mapped[OptBig]
    filters_version: Mapped[Big]
    """0: nothing filters this account's mail; else it changes with every change of its filters or scripts."""
    is_device: Mapped[Flag]
    """A printer or program that may send as any address of its domain."""
    keeps_submitted: Mapped[Flag]
    """Whether the server files what this account's programs send into Sent."""
    quota_warned: Mapped[Big]
    """The fullness in percent that the owner was last told of; 0 for none since it was below."""
    __table_args__ = (UniqueConstraint("address"), Index(None, "domain_id", "address"))


class AddressRow(Base):
    """One name space for all local addresses: what `address` (a key) leads to. kind: account, alias, list."""

    __tablename__ = "addresses"
    id: Mapped[Id]
    address: Mapped[Str]
    domain_id: Mapped[Ref]
    kind: Mapped[Str]
    target_id: Mapped[Ref]
    __table_args__ = (UniqueConstraint("address"), Index(None, "kind", "target_id"))


class Alias(Base):
    """An address that leads to other addresses, one a line in `targets`."""

    __tablename__ = "aliases"
    id: Mapped[Id]
    domain_id: Mapped[Ref]
    address: Mapped[Str]
    targets: Mapped[Str]
    is_enabled: Mapped[OnFlag]
    created_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("address"), Index(None, "domain_id", "address"))


class WebSession(Base):
    """A signed-in browser. `token_hash` is SHA-256 of the cookie, which itself is never stored."""

    __tablename__ = "sessions"
    id: Mapped[Id]
    token_hash: Mapped[Str]
    account_id: Mapped[Ref]
    csrf_secret: Mapped[Str]
    ip: Mapped[Str]
    agent: Mapped[Str]
    created_at: Mapped[Big]
    seen_at: Mapped[Big]
    expires_at: Mapped[Big]
    is_pending_totp: Mapped[Flag]
    data: Mapped[Str]
    __table_args__ = (UniqueConstraint("token_hash"), Index(None, "account_id"))


class AppPassword(Base):
    """A password for one program, good for the protocols in `scopes` (space separated)."""

    __tablename__ = "app_passwords"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    scopes: Mapped[Str]
    password_hash: Mapped[Str]
    created_at: Mapped[Big]
    used_at: Mapped[OptBig]
    used_from: Mapped[Str]
    expires_at: Mapped[OptBig]
    __table_args__ = (Index(None, "account_id"),)


class SignIn(Base):
    """One sign-in that was tried: the throttle, the ban and the person's own list read it."""

    __tablename__ = "sign_ins"
    id: Mapped[Id]
    at: Mapped[Big]
    account_id: Mapped[OptRef]
    login: Mapped[Str]
    protocol: Mapped[Str]
    ip: Mapped[Str]
    agent: Mapped[Str]
    is_good: Mapped[Flag]
    is_tls: Mapped[Flag]
    secret_hash: Mapped[Str]
    __table_args__ = (Index(None, "ip", "at"), Index(None, "account_id", "at"))


class Ban(Base):
    """An address (IPv4) or /64 (IPv6) that may not sign in until `until`."""

    __tablename__ = "bans"
    id: Mapped[Id]
    network: Mapped[Str]
    reason: Mapped[Str]
    created_at: Mapped[Big]
    until: Mapped[Big]
    __table_args__ = (UniqueConstraint("network"),)


class RecoveryCode(Base):
    """A single-use way past a lost TOTP device, kept as a hash."""

    __tablename__ = "recovery_codes"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    code_hash: Mapped[Str]
    used_at: Mapped[OptBig]
    __table_args__ = (Index(None, "account_id"),)


class Identity(Base):
    """A sender a person may choose, and which signature stands under its mail: NULL means the one of the person's own address, 0 none."""

    __tablename__ = "identities"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    address: Mapped[Str]
    name: Mapped[Str]
    reply_to: Mapped[Str]
    new_signature_id: Mapped[OptRef]
    reply_signature_id: Mapped[OptRef]
    position: Mapped[Small]
    __table_args__ = (UniqueConstraint("account_id", "address"),)


class Signature(Base):
    """Words a person puts under their mail, as text and as HTML."""

    __tablename__ = "signatures"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    text: Mapped[Str]
    html: Mapped[Str]
    __table_args__ = (UniqueConstraint("account_id", "name"),)


class Contact(Base):
    """A person one writes to: typed in, or gathered from sent mail (`uses` counts)."""

    __tablename__ = "contacts"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    address: Mapped[Str]
    uses: Mapped[Big]
    used_at: Mapped[Big]
    is_saved: Mapped[Flag]
    data: Mapped[Str]
    __table_args__ = (UniqueConstraint("account_id", "address"),)
