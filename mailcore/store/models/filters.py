"""What people and admins have mail filtered by, and what that filtering remembers.

`filters` keeps the forms as JSON and the Sieve made from them; delivery reads only the Sieve.
"""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from mailcore.store.models.base import Base, Big, Flag, Id, OptBig, Ref, Str


class Filter(Base):
    """One form of one scope ("system", "domain:7", "account:9"). kind: rules, forward, away (forms), away-program, rules-program (Sieve), error."""

    __tablename__ = "filters"
    id: Mapped[Id]
    scope: Mapped[Str]
    kind: Mapped[Str]
    data: Mapped[Str]
    changed_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("scope", "kind"),)


class ForwardTarget(Base):
    """An address elsewhere that an account may redirect to, once `confirmed_at` is set. `code_hash` is SHA-256 of what was mailed there."""

    __tablename__ = "forward_targets"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    address: Mapped[Str]
    code_hash: Mapped[Str]
    tries: Mapped[Big]
    created_at: Mapped[Big]
    confirmed_at: Mapped[OptBig]
    confirmed_by: Mapped[Str]
    __table_args__ = (UniqueConstraint("account_id", "address"),)


class Replied(Base):
    """When an auto-reply (of *handle*) last went to *address*. RFC 5230 §4.2."""

    __tablename__ = "replied"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    handle: Mapped[Str]
    address: Mapped[Str]
    at: Mapped[Big]
    __table_args__ = (UniqueConstraint("account_id", "handle", "address"), Index(None, "at"))


class SeenMark(Base):
    """A message that Sieve's duplicate test has seen, until its time is over. RFC 7352."""

    __tablename__ = "seen_marks"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    mark: Mapped[Str]
    until: Mapped[Big]
    __table_args__ = (UniqueConstraint("account_id", "mark"), Index(None, "until"))


class SieveScript(Base):
    """A script that a person keeps here, from ManageSieve or the webmail; at most one of an account is active. RFC 5804."""

    __tablename__ = "sieve_scripts"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    content: Mapped[Str]
    is_active: Mapped[Flag]
    changed_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("account_id", "name"),)
