"""What stands outside: routes to single servers, MTA-STS policies that were read, accounts elsewhere that are fetched."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailcore.store.models.base import Base, Big, Flag, Id, OnFlag, OptBig, Ref, Small, Str


class Route(Base):
    """Where mail for a domain or `*.pattern` goes instead of its MX; `addresses`, if any, are all that exist there."""

    __tablename__ = "routes"
    id: Mapped[Id]
    pattern: Mapped[Str]
    note: Mapped[Str]
    host: Mapped[Str]
    port: Mapped[Small]
    security: Mapped[Str]
    username: Mapped[Str]
    password: Mapped[Str]
    addresses: Mapped[Str]
    is_inbound: Mapped[Flag]
    is_enabled: Mapped[OnFlag]
    lifetime_seconds: Mapped[Big]
    retry_seconds: Mapped[Big]
    __table_args__ = (UniqueConstraint("pattern"),)


class StsPolicy(Base):
    """What a domain's MTA-STS policy said: `mode` none, testing, enforce; `mx` its patterns, with spaces between."""

    __tablename__ = "sts_policies"
    domain: Mapped[str] = mapped_column(primary_key=True)
    policy_id: Mapped[Str]
    mode: Mapped[Str]
    mx: Mapped[Str]
    expires_at: Mapped[Big]


class Source(Base):
    """What the DNS check saw of an `address` that mail of `domain` leaves from: `why` it is not good, or empty."""

    __tablename__ = "sources"
    address: Mapped[str] = mapped_column(primary_key=True)
    domain: Mapped[str] = mapped_column(primary_key=True)
    why: Mapped[Str]
    checked_at: Mapped[Big]


class FetchedAccount(Base):
    """An account elsewhere whose mail comes here. `keep_days`: -1 leaves it there, 0 deletes it there at once."""

    __tablename__ = "fetched_accounts"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    protocol: Mapped[Str]
    host: Mapped[Str]
    port: Mapped[Small]
    security: Mapped[Str]
    username: Mapped[Str]
    password: Mapped[Str]
    mailbox: Mapped[Str]
    every_seconds: Mapped[Big]
    keep_days: Mapped[Small]
    is_enabled: Mapped[OnFlag]
    next_at: Mapped[Big]
    last_at: Mapped[OptBig]
    brought: Mapped[Big]
    trouble: Mapped[Str]
    __table_args__ = (Index(None, "account_id"), Index(None, "next_at"))


class FetchedMessage(Base):
    """A message that was brought already, by the other server's name for it, so that it never comes twice."""

    __tablename__ = "fetched_messages"
    id: Mapped[Id]
    fetched_id: Mapped[Ref]
    uid: Mapped[Str]
    at: Mapped[Big]
    __table_args__ = (UniqueConstraint("fetched_id", "uid"),)
