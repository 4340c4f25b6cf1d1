"""What protection remembers: greylisted triplets, lists of the good and the bad, ranges of addresses, block lists' health, words seen in spam."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from mailcore.store.models.base import Base, Big, Flag, Id, Key, OnFlag, OptBig, Ref, Small, Str


class Greylisted(Base):
    """A network (/24, /64), sender and recipient that came before: first, last, and since when they pass."""

    __tablename__ = "greylisted"
    id: Mapped[Id]
    network: Mapped[Str]
    sender: Mapped[Str]
    recipient: Mapped[Str]
    first_at: Mapped[Big]
    last_at: Mapped[Big]
    passed_at: Mapped[OptBig]
    __table_args__ = (UniqueConstraint("network", "sender", "recipient"), Index(None, "last_at"))


class SenderRule(Base):
    """Who is let past the spam checks (kind "allow") or refused ("deny"): a network and a sender with * and ?; "" is anyone."""

    __tablename__ = "sender_rules"
    id: Mapped[Id]
    kind: Mapped[Str]
    network: Mapped[Str]
    sender: Mapped[Str]
    note: Mapped[Str]
    created_at: Mapped[Big]


class IpRange(Base):
    """Addresses `lower` to `upper` (32 hex digits, IPv4 as ::ffff:) and what they may do; the highest priority decides."""

    __tablename__ = "ip_ranges"
    id: Mapped[Id]
    name: Mapped[Str]
    priority: Mapped[Small]
    lower: Mapped[Str]
    upper: Mapped[Str]
    protocols: Mapped[Str]
    allowed: Mapped[Str]
    needs_auth: Mapped[Str]
    checks_spam: Mapped[OnFlag]
    checks_virus: Mapped[OnFlag]
    needs_tls: Mapped[Flag]
    expires_at: Mapped[OptBig]
    __table_args__ = (UniqueConstraint("name"),)


class BlockListState(Base):
    """How a DNS block list did at its last probe: "healthy" or "suspended", and why."""

    __tablename__ = "block_list_states"
    host: Mapped[str] = mapped_column(primary_key=True)
    state: Mapped[Str]
    detail: Mapped[Str]
    checked_at: Mapped[Big]


class WordCount(Base):
    """How often a word (its 63-bit hash; 0 counts messages) stood in spam and in good mail, by account; account 0 is everyone."""

    __tablename__ = "word_counts"
    account_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    word: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    spam: Mapped[Big]
    good: Mapped[Big]
    __table_args__ = {"sqlite_with_rowid": False}


class Learned(Base):
    """What an email was last learned as, so that moving it back unlearns and moving it twice counts once."""

    __tablename__ = "learned"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    email_id: Mapped[Ref]
    is_spam: Mapped[Flag]
    at: Mapped[Big]
    __table_args__ = (UniqueConstraint("account_id", "email_id"), Index(None, "at"))
