"""Who may do what in whose mailboxes: rights, groups and their members."""

from sqlalchemy import Index, UniqueConstraint
from sqlalchemy.orm import Mapped

from mailcore.store.models.base import Base, Big, Id, Ref, Str


class MailboxRight(Base):
    """The rights (RFC 4314's letters) of one holder in a mailbox. `holder_kind`: user, group, anyone (`holder_id` 0)."""

    __tablename__ = "mailbox_rights"
    id: Mapped[Id]
    mailbox_id: Mapped[Ref]
    holder_kind: Mapped[Str]
    holder_id: Mapped[Ref]
    rights: Mapped[Str]
    __table_args__ = (UniqueConstraint("mailbox_id", "holder_kind", "holder_id"), Index(None, "holder_kind", "holder_id"))


class MemberGroup(Base):
    """A group of a domain's people, named like an address (`sales@x.test`), though no mail goes to it."""

    __tablename__ = "member_groups"
    id: Mapped[Id]
    domain_id: Mapped[Ref]
    address: Mapped[Str]
    name: Mapped[Str]
    created_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("address"), Index(None, "domain_id", "address"))


class GroupMember(Base):
    """An account in a group."""

    __tablename__ = "group_members"
    id: Mapped[Id]
    group_id: Mapped[Ref]
    account_id: Mapped[Ref]
    __table_args__ = (UniqueConstraint("group_id", "account_id"), Index(None, "account_id"))
