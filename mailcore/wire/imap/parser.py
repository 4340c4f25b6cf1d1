"""From a frame to a command: the tag, the name, and a table from name to the grammar behind it.

`parse_command` gives a value or raises ImapSyntaxError and nothing else, whatever the bytes; a property test holds it.
Grammar longer than a line lives in `parse_mailbox`, `parse_fetch` and `parse_search`.
"""

import re
from collections.abc import Callable

from mailcore.base.secret import Secret
from mailcore.wire.imap.commands import (
    Authenticate,
    Capability,
    Check,
    Close,
    Command,
    Compress,
    Copy,
    Delete,
    DeleteAcl,
    Enable,
    Examine,
    Expunge,
    GetAcl,
    GetQuotaRoot,
    Id,
    Idle,
    ListRights,
    Login,
    Logout,
    Move,
    MyRights,
    Namespace,
    Noop,
    Select,
    StartTls,
    Subscribe,
    Unauthenticate,
    Unselect,
    Unsubscribe,
)
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.framing import Frame
from mailcore.wire.imap.lexer import Cursor, as_text
from mailcore.wire.imap.mutf7 import PLAIN, Spelling
from mailcore.wire.imap.parse_fetch import parse_fetch, parse_store
from mailcore.wire.imap.parse_mailbox import (
    mailbox_and_identifier,
    one_mailbox,
    opener,
    parse_append,
    parse_create,
    parse_getquota,
    parse_list,
    parse_lsub,
    parse_rename,
    parse_replace,
    parse_setacl,
    parse_setquota,
    parse_status,
)
from mailcore.wire.imap.parse_notify import parse_notify
from mailcore.wire.imap.parse_search import parse_search, parse_sort, parse_thread

MAX_ID_FIELDS = 30
"""RFC 2971 §3.3; with the next two it stops ID as a way to fill a log."""
MAX_ID_NAME = 30
MAX_ID_VALUE = 1024
MAX_ENABLE = 50
"""Most capabilities in one ENABLE."""

_HEAD = re.compile(rb"([!#$&',-\[\]-z|}~]{1,128}) (?:(UID) )?([A-Z0-9]{1,20})", re.IGNORECASE)
_TAG = re.compile(rb"([!#$&',-\[\]-z|}~]{1,128})(?: |\Z)")
_BASE64 = re.compile(rb"[A-Za-z0-9+/]*={0,2}")


def parse_command(frame: Frame, spelling: Spelling = PLAIN) -> Command:
    """The command in *frame*; *spelling* says how mailbox names are written. Raises ImapSyntaxError with the tag when there is one. RFC 3501 §2.2.1, §9 (command)."""
    cursor = Cursor(frame, spelling)
    head = _HEAD.match(cursor.text)
    if head is None:
        raise _no_command(cursor)
    cursor.tag = tag = head.group(1).decode("ascii")
    cursor.pos = head.end()
    name = head.group(3).upper()
    if head.group(2) is None:
        parse = PARSERS.get(name)
        if parse is not None:
            return parse(cursor, tag)
        numbered = BY_NUMBER.get(name)
        if numbered is not None:
            return numbered(cursor, tag, False)
    else:
        numbered = BY_NUMBER.get(name)
        if numbered is not None:
            return numbered(cursor, tag, True)
        if name == b"EXPUNGE":
            return _parse_uid_expunge(cursor, tag)
    raise cursor.fail("Unknown command.")


def _no_command(cursor: Cursor) -> ImapSyntaxError:
    tag = _TAG.match(cursor.text)
    if tag is None:
        return cursor.fail("Expected a tag and a command.")
    cursor.tag = tag.group(1).decode("ascii")
    return cursor.fail("Expected a command.")


def _plain(kind: type[Command]) -> Callable[[Cursor, str], Command]:
    def parse(cursor: Cursor, tag: str) -> Command:
        cursor.end()
        return kind(tag=tag)

    return parse


# id = "ID" SP ("(" [string SP nstring *(SP string SP nstring)] ")" / nil)
def _parse_id(cursor: Cursor, tag: str) -> Command:
    cursor.space()
    fields: list[tuple[str, str | None]] = []
    if not cursor.skip(b"("):
        if cursor.nstring() is not None:
            raise cursor.fail("Expected a list or NIL.")
    else:
        while not cursor.skip(b")"):
            if fields:
                cursor.space()
            name = as_text(cursor.string()).lower()[:MAX_ID_NAME]
            cursor.space()
            value = cursor.nstring()
            fields.append((name, None if value is None else as_text(value)[:MAX_ID_VALUE]))
            if len(fields) > MAX_ID_FIELDS:
                raise cursor.fail("Too many ID fields.")
    cursor.end()
    return Id(tag=tag, fields=tuple(fields))


# authenticate = "AUTHENTICATE" SP auth-type [SP (base64 / "=")]
def _parse_authenticate(cursor: Cursor, tag: str) -> Command:
    cursor.space()
    mechanism = cursor.atom().upper()
    initial = None
    if cursor.skip(b" "):
        initial = cursor.need(_BASE64, "base64")
    cursor.end()
    return Authenticate(tag=tag, mechanism=mechanism, initial=initial)


def _parse_login(cursor: Cursor, tag: str) -> Command:
    cursor.space()
    user = cursor.text_string()
    cursor.space()
    password = Secret(cursor.text_string())
    cursor.end()
    return Login(tag=tag, user=user, password=password)


def _parse_enable(cursor: Cursor, tag: str) -> Command:
    names: list[str] = []
    while not names or not cursor.is_at_end:
        cursor.space()
        names.append(cursor.atom().upper())
        if len(names) > MAX_ENABLE:
            raise cursor.fail("Too many capabilities.")
    return Enable(tag=tag, capabilities=tuple(names))


def _parse_compress(cursor: Cursor, tag: str) -> Command:
    cursor.space()
    if cursor.keyword() != b"DEFLATE":
        raise cursor.fail("DEFLATE is the only way to compress.")
    cursor.end()
    return Compress(tag=tag)


def _parse_expunge(cursor: Cursor, tag: str) -> Command:
    cursor.end()
    return Expunge(tag=tag)


def _parse_uid_expunge(cursor: Cursor, tag: str) -> Command:
    cursor.space()
    uids = cursor.sequence_set()
    cursor.end()
    return Expunge(tag=tag, uids=uids)


def _transfer(kind: type[Copy] | type[Move]) -> Callable[[Cursor, str, bool], Command]:
    def parse(cursor: Cursor, tag: str, is_uid: bool) -> Command:
        cursor.space()
        messages = cursor.sequence_set()
        cursor.space()
        mailbox = cursor.mailbox()
        cursor.end()
        return kind(tag=tag, is_uid=is_uid, messages=messages, mailbox=mailbox)

    return parse


PARSERS: dict[bytes, Callable[[Cursor, str], Command]] = {
    b"APPEND": parse_append,
    b"AUTHENTICATE": _parse_authenticate,
    b"CAPABILITY": _plain(Capability),
    b"CHECK": _plain(Check),
    b"CLOSE": _plain(Close),
    b"COMPRESS": _parse_compress,
    b"CREATE": parse_create,
    b"DELETE": one_mailbox(Delete),
    b"DELETEACL": mailbox_and_identifier(DeleteAcl),
    b"ENABLE": _parse_enable,
    b"EXAMINE": opener(Examine),
    b"EXPUNGE": _parse_expunge,
    b"GETACL": one_mailbox(GetAcl),
    b"GETQUOTA": parse_getquota,
    b"GETQUOTAROOT": one_mailbox(GetQuotaRoot),
    b"ID": _parse_id,
    b"IDLE": _plain(Idle),
    b"LIST": parse_list,
    b"LISTRIGHTS": mailbox_and_identifier(ListRights),
    b"LOGIN": _parse_login,
    b"LOGOUT": _plain(Logout),
    b"LSUB": parse_lsub,
    b"MYRIGHTS": one_mailbox(MyRights),
    b"NAMESPACE": _plain(Namespace),
    b"NOOP": _plain(Noop),
    b"NOTIFY": parse_notify,
    b"RENAME": parse_rename,
    b"SELECT": opener(Select),
    b"SETACL": parse_setacl,
    b"SETQUOTA": parse_setquota,
    b"STARTTLS": _plain(StartTls),
    b"STATUS": parse_status,
    b"SUBSCRIBE": one_mailbox(Subscribe),
    b"UNAUTHENTICATE": _plain(Unauthenticate),
    b"UNSELECT": _plain(Unselect),
    b"UNSUBSCRIBE": one_mailbox(Unsubscribe),
}
"""Commands without a UID form."""

BY_NUMBER: dict[bytes, Callable[[Cursor, str, bool], Command]] = {
    b"COPY": _transfer(Copy),
    b"FETCH": parse_fetch,
    b"MOVE": _transfer(Move),
    b"REPLACE": parse_replace,
    b"SEARCH": parse_search,
    b"SORT": parse_sort,
    b"STORE": parse_store,
    b"THREAD": parse_thread,
}
"""Commands that come with sequence numbers, or with UIDs behind the word UID (RFC 3501 §6.4.8)."""
