"""Every command of IMAP4rev1 and the extensions Roost offers, as frozen values.

A value holds what the client meant, in our types; spelling, order of options and case are gone. Which command may come
when is `states`, what it does is `sessions/imap`.
"""

from dataclasses import dataclass
from datetime import datetime

from mailcore.base.ids import ModSeq
from mailcore.base.secret import Secret
from mailcore.wire.imap.fetch import FetchItem
from mailcore.wire.imap.flags import Flag
from mailcore.wire.imap.framing import Literal, StreamedLiteral
from mailcore.wire.imap.mutf7 import MailboxName
from mailcore.wire.imap.options import (
    FlagChange,
    ListReturn,
    ListSelect,
    MailboxFilter,
    NotifyEvent,
    QresyncParam,
    RightsChange,
    SearchReturn,
    SortKey,
    StatusItem,
    Window,
)
from mailcore.wire.imap.search import SearchKey
from mailcore.wire.imap.sequence import SequenceSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """What every command has: the tag its answer bears."""

    tag: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Capability(Command):
    """CAPABILITY (RFC 3501 §6.1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Noop(Command):
    """NOOP (RFC 3501 §6.1.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Logout(Command):
    """LOGOUT (RFC 3501 §6.1.3)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Id(Command):
    """ID (RFC 2971): what the client says it is; names are lower case."""

    fields: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class StartTls(Command):
    """STARTTLS (RFC 3501 §6.2.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Authenticate(Command):
    """AUTHENTICATE (RFC 3501 §6.2.2); *initial* is SASL-IR's base64, undecoded (RFC 4959)."""

    mechanism: str
    initial: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Login(Command):
    """LOGIN (RFC 3501 §6.2.3)."""

    user: str
    password: Secret


@dataclass(frozen=True, slots=True, kw_only=True)
class Enable(Command):
    """ENABLE (RFC 5161); upper case."""

    capabilities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Select(Command):
    """SELECT (RFC 3501 §6.3.1), with RFC 7162's CONDSTORE and QRESYNC parameters."""

    mailbox: MailboxName
    has_condstore: bool = False
    qresync: QresyncParam | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Examine(Command):
    """EXAMINE: SELECT that changes nothing (RFC 3501 §6.3.2)."""

    mailbox: MailboxName
    has_condstore: bool = False
    qresync: QresyncParam | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Create(Command):
    """CREATE (RFC 3501 §6.3.3); *special_use* is the attributes of RFC 6154 §3, as `\\Sent`."""

    mailbox: MailboxName
    special_use: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Delete(Command):
    """DELETE (RFC 3501 §6.3.4)."""

    mailbox: MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class Rename(Command):
    """RENAME (RFC 3501 §6.3.5)."""

    mailbox: MailboxName
    target: MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe(Command):
    """SUBSCRIBE (RFC 3501 §6.3.6)."""

    mailbox: MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class Unsubscribe(Command):
    """UNSUBSCRIBE (RFC 3501 §6.3.7)."""

    mailbox: MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class List(Command):
    """LIST (RFC 3501 §6.3.8), LIST-EXTENDED (RFC 5258), LIST-STATUS (RFC 5819). Patterns are Unicode with `*` and `%`."""

    reference: str
    patterns: tuple[str, ...]
    select: frozenset[ListSelect] = frozenset()
    returns: frozenset[ListReturn] = frozenset()
    status: tuple[StatusItem, ...] = ()
    is_extended: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Lsub(Command):
    """LSUB (RFC 3501 §6.3.9)."""

    reference: str
    pattern: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace(Command):
    """NAMESPACE (RFC 2342)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Status(Command):
    """STATUS (RFC 3501 §6.3.10)."""

    mailbox: MailboxName
    items: tuple[StatusItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AppendMessage:
    """One message of an APPEND; *flags* that nobody may set are left out."""

    flags: tuple[Flag, ...] = ()
    date: datetime | None = None
    content: Literal | StreamedLiteral
    is_utf8: bool = False
    """Whether it came as `UTF8 (~{…})`, and a parenthesis stands behind it (RFC 9755 §4)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Append(Command):
    """APPEND (RFC 3501 §6.3.11), one message or more (MULTIAPPEND, RFC 3502)."""

    mailbox: MailboxName
    messages: tuple[AppendMessage, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Replace(Append):
    """REPLACE and UID REPLACE (RFC 8508): one message comes, and the one it stands for goes."""

    is_uid: bool
    old: SequenceSet


@dataclass(frozen=True, slots=True, kw_only=True)
class Idle(Command):
    """IDLE (RFC 2177), ended by a DONE line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GetQuota(Command):
    """GETQUOTA (RFC 9208 §4.1.1)."""

    root: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetQuotaRoot(Command):
    """GETQUOTAROOT (RFC 9208 §4.1.2)."""

    mailbox: MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class SetQuota(Command):
    """SETQUOTA (RFC 9208 §4.1.3); resource names are upper case."""

    root: str
    limits: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAcl(Command):
    """SETACL (RFC 4314 §3.1)."""

    mailbox: MailboxName
    identifier: str
    change: RightsChange
    rights: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteAcl(Command):
    """DELETEACL (RFC 4314 §3.2)."""

    mailbox: MailboxName
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class GetAcl(Command):
    """GETACL (RFC 4314 §3.3)."""

    mailbox: MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class ListRights(Command):
    """LISTRIGHTS (RFC 4314 §3.4)."""

    mailbox: MailboxName
    identifier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class MyRights(Command):
    """MYRIGHTS (RFC 4314 §3.5)."""

    mailbox: MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class Compress(Command):
    """COMPRESS DEFLATE (RFC 4978)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EventGroup:
    """Events of some mailboxes; *names* for SUBTREE and MAILBOXES, *fetch* for new messages of the open one."""

    mailboxes: MailboxFilter
    names: tuple[str, ...] = ()
    events: frozenset[NotifyEvent] = frozenset()
    fetch: tuple[FetchItem, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Notify(Command):
    """NOTIFY (RFC 5465); no groups is NONE."""

    groups: tuple[EventGroup, ...] = ()
    wants_status: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Unauthenticate(Command):
    """UNAUTHENTICATE (RFC 8437)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Check(Command):
    """CHECK (RFC 3501 §6.4.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Close(Command):
    """CLOSE: expunge silently and leave (RFC 3501 §6.4.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unselect(Command):
    """UNSELECT: leave without expunging (RFC 3691)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Expunge(Command):
    """EXPUNGE (RFC 3501 §6.4.3); with *uids* it is UID EXPUNGE (RFC 4315 §2.1)."""

    uids: SequenceSet | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search(Command):
    """SEARCH and UID SEARCH (RFC 3501 §6.4.4); *returns* None is the old answer, else ESEARCH's (RFC 4731)."""

    is_uid: bool
    key: SearchKey
    returns: frozenset[SearchReturn] | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sort(Command):
    """SORT and UID SORT (RFC 5256 §3), with ESORT's *returns* (RFC 5267 §3)."""

    is_uid: bool
    keys: tuple[SortKey, ...]
    key: SearchKey
    returns: frozenset[SearchReturn] | None = None
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Thread(Command):
    """THREAD and UID THREAD (RFC 5256 §3); *algorithm* is upper case."""

    is_uid: bool
    algorithm: str
    key: SearchKey


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetch(Command):
    """FETCH and UID FETCH (RFC 3501 §6.4.5); *changed_since* and *has_vanished* are RFC 7162's, *window* RFC 9394's."""

    is_uid: bool
    messages: SequenceSet
    items: tuple[FetchItem, ...]
    changed_since: ModSeq | None = None
    has_vanished: bool = False
    window: Window | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Store(Command):
    """STORE and UID STORE (RFC 3501 §6.4.6); *unchanged_since* is RFC 7162 §3.1.3's."""

    is_uid: bool
    messages: SequenceSet
    change: FlagChange
    flags: tuple[Flag, ...]
    is_silent: bool = False
    unchanged_since: ModSeq | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy(Command):
    """COPY and UID COPY (RFC 3501 §6.4.7)."""

    is_uid: bool
    messages: SequenceSet
    mailbox: MailboxName


@dataclass(frozen=True, slots=True, kw_only=True)
class Move(Command):
    """MOVE and UID MOVE (RFC 6851)."""

    is_uid: bool
    messages: SequenceSet
    mailbox: MailboxName
