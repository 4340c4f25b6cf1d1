"""Distribution lists and their members."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from mailcore.store.models.base import Base, Big, Flag, Id, OnFlag, OptBig, Ref, Small, Str


class List(Base):
    """A distribution list. `mode`: public, members, announcement (only `owner` writes), domain (everyone of the domain, without rows)."""

    __tablename__ = "lists"
    id: Mapped[Id]
    domain_id: Mapped[Ref]
    address: Mapped[Str]
    name: Mapped[Str]
    mode: Mapped[Str]
    owner: Mapped[Str]
    reply_to: Mapped[Str]
    needs_sign_in: Mapped[Flag]
    is_enabled: Mapped[OnFlag]
    created_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("address"), Index(None, "domain_id", "address"))


class ListMember(Base):
    """One address on a list. `bounces` are counted since `bounces_since`, `bounced` says when each was; `paused_at` is when they became too many."""

    __tablename__ = "list_members"
    id: Mapped[Id]
    list_id: Mapped[Ref]
    address: Mapped[Str]
    bounces: Mapped[Small]
    bounces_since: Mapped[OptBig]
    bounced: Mapped[Str]
    paused_at: Mapped[OptBig]
    joined_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("list_id", "address"), Index(None, "address"))
