"""Mail itself: mailboxes, messages, the bytes they point at, and the log of every change.

`emails` holds what a message is (written once), `messages` where it stands (mailbox, UID, flags): a flag touches a row of a
few dozen bytes, MOVE keeps the email, COPY shares it.
"""

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from mailcore.store.models.base import Base, Big, Bytes, Flag, Id, Key, OptBig, OptBytes, OptRef, Ref, Small, Str


class Blob(Base):
    """Immutable bytes: where they lie and what they hash to."""

    __tablename__ = "blobs"
    id: Mapped[Id]
    sha256: Mapped[Bytes]
    segment: Mapped[Str]
    offset: Mapped[Big]
    length: Mapped[Big]
    created_at: Mapped[Big]
    doomed_at: Mapped[OptBig]
    __table_args__ = (UniqueConstraint("sha256"), Index(None, "segment"), Index(None, "doomed_at"))


class Mailbox(Base):
    """A mailbox of an account; `name` is the whole path with `/`. Counts are kept under the account's lock."""

    __tablename__ = "mailboxes"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    role: Mapped[Str]
    uidvalidity: Mapped[Big]
    uidnext: Mapped[Big]
    modseq: Mapped[Big]
    message_count: Mapped[Big]
    unseen_count: Mapped[Big]
    deleted_count: Mapped[Big]
    size_bytes: Mapped[Big]
    recent_uid: Mapped[Big]
    is_noselect: Mapped[Flag]
    created_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("account_id", "name"),)


class Subscription(Base):
    """A mailbox name an account wants shown by LSUB; the mailbox need not exist (RFC 3501 §6.3.6)."""

    __tablename__ = "subscriptions"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    __table_args__ = (UniqueConstraint("account_id", "name"),)


class Email(Base):
    """What a message is, parsed once at delivery. Offsets in `parts` count from the blob, after `prefix`."""

    __tablename__ = "emails"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    thread_id: Mapped[Ref]
    blob_id: Mapped[Ref]
    prefix: Mapped[Bytes]
    size: Mapped[Big]
    sent_at: Mapped[OptBig]
    subject: Mapped[Str]
    base_subject: Mapped[Str]
    from_name: Mapped[Str]
    from_addr: Mapped[Str]
    to_display: Mapped[Str]
    preview: Mapped[Str]
    msgid: Mapped[Str]
    in_reply_to: Mapped[Str]
    has_attachments: Mapped[Flag]
    trace_id: Mapped[Str]
    envelope: Mapped[Bytes]
    body: Mapped[Bytes]
    bodystructure: Mapped[Bytes]
    parts: Mapped[Bytes]
    extra: Mapped[Str]
    __table_args__ = (Index(None, "blob_id"), Index(None, "trace_id"))


class Message(Base):
    """An email in a mailbox: UID, flags (bits) and keywords (space separated, sorted)."""

    __tablename__ = "messages"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    mailbox_id: Mapped[Ref]
    uid: Mapped[Big]
    email_id: Mapped[Ref]
    thread_id: Mapped[Ref]
    modseq: Mapped[Big]
    flags: Mapped[Small]
    keywords: Mapped[Str]
    size: Mapped[Big]
    internal_date: Mapped[Big]
    save_date: Mapped[Big]
    __table_args__ = (
        UniqueConstraint("mailbox_id", "uid"),
        Index(None, "mailbox_id", "internal_date", "id"),
        Index(None, "account_id", "internal_date", "id"),
        Index(None, "mailbox_id", "modseq"),
        Index(None, "thread_id", "mailbox_id", "internal_date", "id"),
        Index(None, "email_id"),
        Index("ix_messages_unseen", "mailbox_id", "uid", sqlite_where=text("(flags & 1) = 0"), postgresql_where=text("(flags & 1) = 0")),
        Index("ix_messages_flagged", "account_id", "internal_date", sqlite_where=text("(flags & 4) <> 0"), postgresql_where=text("(flags & 4) <> 0")),
        Index(
            "ix_messages_pinned", "mailbox_id", "internal_date", sqlite_where=text("instr(keywords, '$Pinned') > 0"), postgresql_where=text("strpos(keywords, '$Pinned') > 0")
        ),
    )


class Expunged(Base):
    """A message that left a mailbox: answers QRESYNC's VANISHED and, while `email_id` is set, undelete."""

    __tablename__ = "expunged"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    mailbox_id: Mapped[Ref]
    uid: Mapped[Big]
    modseq: Mapped[Big]
    email_id: Mapped[OptRef]
    flags: Mapped[Small]
    keywords: Mapped[Str]
    internal_date: Mapped[Big]
    at: Mapped[Big]
    actor: Mapped[Str]
    mailbox_name: Mapped[Str]
    __table_args__ = (Index(None, "mailbox_id", "modseq"), Index(None, "account_id", "at"), Index(None, "email_id"))


class ThreadRef(Base):
    """Which thread a Message-ID (as a 63-bit hash) belongs to, in one account, seen or only referred to."""

    __tablename__ = "thread_refs"
    account_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    msgid_hash: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    thread_id: Mapped[Ref]
    __table_args__ = {"sqlite_with_rowid": False}


class Change(Base):
    """The event bus: one row a change, read by IDLE, NOTIFY, QRESYNC, the webmail's live list and the indexer."""

    __tablename__ = "changes"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    modseq: Mapped[Big]
    type: Mapped[Str]
    container: Mapped[Big]
    kind: Mapped[Str]
    ids: Mapped[Str]
    actor: Mapped[Str]
    at: Mapped[Big]
    __table_args__ = (Index(None, "account_id", "modseq"),)


class Pop3Lock(Base):
    """The one POP3 session of an account; a lease, so that a killed worker's lock ends by itself."""

    __tablename__ = "pop3_locks"
    account_id: Mapped[int] = mapped_column(Key, primary_key=True, autoincrement=False)
    owner: Mapped[Str]
    until: Mapped[Big]


class Upload(Base):
    """An attachment of a draft that is being written."""

    __tablename__ = "uploads"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    draft_id: Mapped[OptRef]
    token: Mapped[Str]
    filename: Mapped[Str]
    content_type: Mapped[Str]
    content_id: Mapped[Str]
    size: Mapped[Big]
    blob_id: Mapped[OptRef]
    content: Mapped[OptBytes]
    created_at: Mapped[Big]
    __table_args__ = (Index(None, "account_id", "draft_id"), UniqueConstraint("token"))


class SavedSearchRow(Base):
    """A search a person keeps in the navigation."""

    __tablename__ = "saved_searches"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    query: Mapped[Str]
    __table_args__ = (UniqueConstraint("account_id", "name"),)


class AnswerTemplate(Base):
    """What a person writes again and again."""

    __tablename__ = "answer_templates"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    subject: Mapped[Str]
    text: Mapped[Str]
    html: Mapped[Str]
    __table_args__ = (UniqueConstraint("account_id", "name"),)


class FileLinkRow(Base):
    """A file too large for a message, kept behind a link (`file_links.FileLink`)."""

    __tablename__ = "file_links"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    token: Mapped[Str]
    name: Mapped[Str]
    size: Mapped[Big]
    blob_id: Mapped[Ref]
    password_hash: Mapped[Str]
    created_at: Mapped[Big]
    expires_at: Mapped[Big]
    downloads: Mapped[Big]
    last_at: Mapped[OptBig]
    wrong: Mapped[Small]
    wrong_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("token"), Index(None, "account_id"), Index(None, "blob_id"), Index(None, "expires_at"))


class LabelRow(Base):
    """A keyword that a person uses as a label, with its colour. The keyword itself stands on the messages, for every program."""

    __tablename__ = "labels"
    id: Mapped[Id]
    account_id: Mapped[Ref]
    name: Mapped[Str]
    tone: Mapped[Str]
    __table_args__ = (UniqueConstraint("account_id", "name"),)
