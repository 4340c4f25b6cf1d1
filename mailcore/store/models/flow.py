"""Mail on its way and work to be done: the queue, jobs, the trace of each message, the audit of each change."""

from sqlalchemy import Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from mailcore.store.models.base import Base, Big, Bytes, Flag, Id, OptBig, OptRef, Ref, Small, Str


class QueueItem(Base):
    """A message that waits to leave. `state`: waiting, held, done. Leased by the worker named in `lease_owner`."""

    __tablename__ = "queue_items"
    id: Mapped[Id]
    trace_id: Mapped[Str]
    account_id: Mapped[OptRef]
    email_id: Mapped[OptRef]
    sender: Mapped[Str]
    blob_id: Mapped[Ref]
    prefix: Mapped[Bytes]
    size: Mapped[Big]
    kind: Mapped[Str]
    envid: Mapped[Str]
    ret: Mapped[Str]
    body_kind: Mapped[Str]
    is_utf8: Mapped[Flag]
    subject: Mapped[Str]
    state: Mapped[Str]
    created_at: Mapped[Big]
    next_at: Mapped[Big]
    expires_at: Mapped[Big]
    attempts: Mapped[Small]
    warned_at: Mapped[OptBig]
    lease_owner: Mapped[Str]
    lease_until: Mapped[Big]
    route: Mapped[Str]
    __table_args__ = (Index(None, "state", "next_at"), Index(None, "trace_id"), Index(None, "blob_id"))


class QueueRecipient(Base):
    """One recipient of a queue item. `state`: waiting, delivered, relayed, failed."""

    __tablename__ = "queue_recipients"
    id: Mapped[Id]
    item_id: Mapped[Ref]
    address: Mapped[Str]
    domain: Mapped[Str]
    orcpt: Mapped[Str]
    notify: Mapped[Str]
    state: Mapped[Str]
    attempts: Mapped[Small]
    next_at: Mapped[Big]
    code: Mapped[Small]
    enhanced: Mapped[Str]
    detail: Mapped[Str]
    remote: Mapped[Str]
    changed_at: Mapped[Big]
    __table_args__ = (Index(None, "item_id"), Index(None, "domain"))


class Job(Base):
    """Long work: index, import, backup, bulk. `state`: waiting, running, done, failed, cancelled. *blob_id*: bytes it needs until it has ended."""

    __tablename__ = "jobs"
    id: Mapped[Id]
    kind: Mapped[Str]
    account_id: Mapped[OptRef]
    payload: Mapped[Str]
    state: Mapped[Str]
    done: Mapped[Big]
    total: Mapped[Big]
    note: Mapped[Str]
    created_at: Mapped[Big]
    next_at: Mapped[Big]
    finished_at: Mapped[OptBig]
    lease_owner: Mapped[Str]
    lease_until: Mapped[Big]
    blob_id: Mapped[OptRef]
    __table_args__ = (Index(None, "state", "next_at"), Index(None, "blob_id"))


class Trace(Base):
    """One message's way through the server, findable by who, what and when. The events are `trace_events`."""

    __tablename__ = "traces"
    trace_id: Mapped[str] = mapped_column(primary_key=True)
    at: Mapped[Big]
    direction: Mapped[Str]
    sender: Mapped[Str]
    recipients: Mapped[Str]
    subject: Mapped[Str]
    msgid: Mapped[Str]
    ip: Mapped[Str]
    size: Mapped[Big]
    account_id: Mapped[OptRef]
    outcome: Mapped[Str]
    __table_args__ = (Index(None, "at"), Index(None, "msgid"), Index(None, "account_id", "at", sqlite_where=text("account_id IS NOT NULL"), postgresql_where=text("account_id IS NOT NULL")))


class TraceEvent(Base):
    """One decision about a message: accepted, a check, a rule, delivered, an attempt, a bounce. `data` is JSON."""

    __tablename__ = "trace_events"
    id: Mapped[Id]
    trace_id: Mapped[Str]
    at: Mapped[Big]
    kind: Mapped[Str]
    address: Mapped[Str]
    data: Mapped[Str]
    __table_args__ = (Index(None, "trace_id"),)


class Audit(Base):
    """Who changed what, chained by hash so that a removed row shows."""

    __tablename__ = "audit"
    id: Mapped[Id]
    at: Mapped[Big]
    actor: Mapped[Str]
    ip: Mapped[Str]
    name: Mapped[Str]
    target: Mapped[Str]
    domain_id: Mapped[OptRef]
    old: Mapped[Str]
    new: Mapped[Str]
    hash: Mapped[Str]
    __table_args__ = (Index(None, "at"), Index(None, "name", "target"))


class SettingValue(Base):
    """A setting that differs from its default. scope: "system", "domain:7", "account:9"; value is JSON."""

    __tablename__ = "settings"
    id: Mapped[Id]
    scope: Mapped[Str]
    name: Mapped[Str]
    value: Mapped[Str]
    changed_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("scope", "name"),)


class Tally(Base):
    """Totals for the admin's graphs. *span*: "hour" (*at* counts hours since 1970) or "day" (days); *domain_id* 0 is the whole server."""

    __tablename__ = "tallies"
    id: Mapped[Id]
    span: Mapped[Str]
    at: Mapped[Big]
    domain_id: Mapped[Ref]
    name: Mapped[Str]
    value: Mapped[Big]
    __table_args__ = (UniqueConstraint("span", "at", "domain_id", "name"),)


class ServerMessage(Base):
    """The words of one of the server's own messages in one language, where an admin has changed them."""

    __tablename__ = "server_messages"
    id: Mapped[Id]
    name: Mapped[Str]
    language: Mapped[Str]
    subject: Mapped[Str]
    text: Mapped[Str]
    changed_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("name", "language"),)


class Certificate(Base):
    """A certificate chain and its key for one or more names. `source`: own, acme, uploaded."""

    __tablename__ = "certificates"
    id: Mapped[Id]
    names: Mapped[Str]
    source: Mapped[Str]
    chain_pem: Mapped[Str]
    key_pem: Mapped[Str]
    not_after: Mapped[Big]
    created_at: Mapped[Big]


class DkimKey(Base):
    """A signing key of a domain. `state`: waiting for DNS, active, retired."""

    __tablename__ = "dkim_keys"
    id: Mapped[Id]
    domain_id: Mapped[Ref]
    selector: Mapped[Str]
    algorithm: Mapped[Str]
    private_pem: Mapped[Str]
    public_b64: Mapped[Str]
    state: Mapped[Str]
    created_at: Mapped[Big]
    __table_args__ = (UniqueConstraint("domain_id", "selector"),)
