"""The grammar of the commands about mailboxes: SELECT, LIST, STATUS, APPEND, ACL, QUOTA and their like.

RFC 3501 §9 with RFC 3502, 4314, 5258, 5819, 6154, 7162, 8438, 8440, 9208.
"""

import re
from collections.abc import Callable

from mailcore.base.errors import MailError
from mailcore.base.ids import ModSeq, UidValidity
from mailcore.wire.imap.commands import (
    Append,
    AppendMessage,
    Command,
    Create,
    Delete,
    DeleteAcl,
    Examine,
    GetAcl,
    GetQuota,
    GetQuotaRoot,
    List,
    ListRights,
    Lsub,
    MyRights,
    Rename,
    Replace,
    Select,
    SetAcl,
    SetQuota,
    Status,
    Subscribe,
    Unsubscribe,
)
from mailcore.wire.imap.flags import Flag
from mailcore.wire.imap.lexer import FLAG, LIST_MAILBOX, Cursor
from mailcore.wire.imap.mutf7 import MAX_NAME_BYTES
from mailcore.wire.imap.options import ListReturn, ListSelect, QresyncParam, RightsChange, StatusItem
from mailcore.wire.imap.parse_fetch import parse_flag_list

MAX_PATTERNS = 20
"""Most patterns in one LIST; each is matched against every mailbox."""
MAX_APPEND_MESSAGES = 1000
"""Most messages in one MULTIAPPEND."""

RIGHTS = frozenset("lrswipkxteacd")
"""The letters of RFC 4314 §2.1, with `c` and `d` of the older standard (§2.1.1)."""

_RETURN_WORDS = {option.value: option for option in ListReturn}
_SELECT_WORDS = {option.value: option for option in ListSelect}
_STATUS_WORDS = {item.value: item for item in StatusItem}
_SIGN = re.compile(rb"[+-]?")

_OneMailbox = type[Delete] | type[Subscribe] | type[Unsubscribe] | type[GetAcl] | type[MyRights] | type[GetQuotaRoot]


def one_mailbox(kind: _OneMailbox) -> Callable[[Cursor, str], Command]:
    """The parser of a command that takes exactly one mailbox name."""

    def parse(cursor: Cursor, tag: str) -> Command:
        cursor.space()
        mailbox = cursor.mailbox()
        cursor.end()
        return kind(tag=tag, mailbox=mailbox)

    return parse


# select = "SELECT" SP mailbox [SP "(" select-param *(SP select-param) ")"]
def opener(kind: type[Select] | type[Examine]) -> Callable[[Cursor, str], Command]:
    """The parser of SELECT or EXAMINE. RFC 3501 §6.3.1, RFC 7162 §3.2.5."""

    def parse(cursor: Cursor, tag: str) -> Command:
        cursor.space()
        mailbox = cursor.mailbox()
        has_condstore, qresync = False, None
        if cursor.skip(b" ("):
            while True:
                word = cursor.keyword()
                if word == b"CONDSTORE":
                    has_condstore = True
                elif word == b"QRESYNC":
                    qresync = _parse_qresync(cursor)
                else:
                    raise cursor.fail("Unknown parameter.")
                if not cursor.skip(b" "):
                    break
            cursor.expect(b")")
        cursor.end()
        return kind(tag=tag, mailbox=mailbox, has_condstore=has_condstore, qresync=qresync)

    return parse


# "QRESYNC" SP "(" uidvalidity SP mod-sequence-value [SP known-uids] [SP "(" known-sequence-set SP known-uid-set ")"] ")"
def _parse_qresync(cursor: Cursor) -> QresyncParam:
    cursor.expect(b" (")
    uidvalidity = UidValidity(cursor.number())
    cursor.space()
    modseq = ModSeq(cursor.number64())
    known_uids, match = None, None
    if cursor.skip(b" "):
        if cursor.peek() != 0x28:
            known_uids = cursor.sequence_set()
        if known_uids is None or cursor.skip(b" "):
            cursor.expect(b"(")
            numbers = cursor.sequence_set()
            cursor.space()
            match = (numbers, cursor.sequence_set())
            cursor.expect(b")")
    cursor.expect(b")")
    return QresyncParam(uidvalidity=uidvalidity, modseq=modseq, known_uids=known_uids, match=match)


# create = "CREATE" SP mailbox [SP "(" "USE" SP "(" [use-attr *(SP use-attr)] ")" ")"]
def parse_create(cursor: Cursor, tag: str) -> Command:
    """CREATE after its name. RFC 3501 §6.3.3, RFC 6154 §3."""
    cursor.space()
    mailbox = cursor.mailbox()
    uses: list[str] = []
    if cursor.skip(b" ("):
        if cursor.keyword() != b"USE":
            raise cursor.fail("Unknown parameter.")
        cursor.expect(b" (")
        while not cursor.skip(b")"):
            if uses:
                cursor.space()
            use = cursor.need(FLAG, "a special use").decode("ascii")
            if use[0] != "\\":
                raise cursor.fail("A special use begins with a backslash.")
            uses.append("\\" + use[1:].capitalize())
        cursor.expect(b")")
    cursor.end()
    return Create(tag=tag, mailbox=mailbox, special_use=tuple(dict.fromkeys(uses)))


def parse_rename(cursor: Cursor, tag: str) -> Command:
    """RENAME after its name. RFC 3501 §6.3.5."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    target = cursor.mailbox()
    cursor.end()
    return Rename(tag=tag, mailbox=mailbox, target=target)


# list-mailbox = 1*list-char / string
def _parse_pattern(cursor: Cursor) -> str:
    found = cursor.match(LIST_MAILBOX)
    data = found.group() if found is not None else cursor.string()
    if len(data) > MAX_NAME_BYTES:
        raise cursor.fail("The pattern is too long.")
    return _name(cursor, data)


def _parse_reference(cursor: Cursor) -> str:
    return _name(cursor, cursor.astring())


def _name(cursor: Cursor, data: bytes) -> str:
    try:
        return cursor.spelling.read(data)
    except MailError as error:
        raise cursor.fail(error.detail) from None


# list = "LIST" [SP list-select-opts] SP mailbox SP mbox-or-pat [SP list-return-opts]
def parse_list(cursor: Cursor, tag: str) -> Command:
    """LIST after its name. RFC 3501 §6.3.8, RFC 5258 §6."""
    cursor.space()
    select: frozenset[ListSelect] = frozenset()
    is_extended = cursor.peek() == 0x28
    if is_extended:
        select = _parse_list_select(cursor)
        cursor.space()
    reference = _parse_reference(cursor)
    cursor.space()
    if cursor.skip(b"("):
        is_extended = True
        patterns = [_parse_pattern(cursor)]
        while cursor.skip(b" "):
            patterns.append(_parse_pattern(cursor))
        cursor.expect(b")")
        if len(patterns) > MAX_PATTERNS:
            raise cursor.fail("Too many patterns.")
    else:
        patterns = [_parse_pattern(cursor)]
    returns: frozenset[ListReturn] = frozenset()
    status: tuple[StatusItem, ...] = ()
    if cursor.peek() == 0x20 and cursor.text[cursor.pos : cursor.pos + 9].upper() == b" RETURN (":
        cursor.pos += 9
        is_extended = True
        returns, status = _parse_list_return(cursor)
    cursor.end()
    return List(
        tag=tag,
        reference=reference,
        patterns=tuple(patterns),
        select=select,
        returns=returns,
        status=status,
        is_extended=is_extended,
    )


def _parse_list_select(cursor: Cursor) -> frozenset[ListSelect]:
    cursor.expect(b"(")
    found: set[ListSelect] = set()
    while not cursor.skip(b")"):
        if found:
            cursor.space()
        option = _SELECT_WORDS.get(cursor.keyword())
        if option is None:
            raise cursor.fail("Unknown selection option.")
        found.add(option)
    if ListSelect.RECURSIVEMATCH in found and not found & {ListSelect.SUBSCRIBED, ListSelect.SPECIAL_USE}:
        raise cursor.fail("RECURSIVEMATCH needs a criterion to match.")
    return frozenset(found)


def _parse_list_return(cursor: Cursor) -> tuple[frozenset[ListReturn], tuple[StatusItem, ...]]:
    found: set[ListReturn] = set()
    status: tuple[StatusItem, ...] = ()
    is_first = True
    while not cursor.skip(b")"):
        if not is_first:
            cursor.space()
        is_first = False
        word = cursor.keyword()
        if word == b"STATUS":
            cursor.space()
            status = _parse_status_items(cursor)
            continue
        option = _RETURN_WORDS.get(word)
        if option is None:
            raise cursor.fail("Unknown return option.")
        found.add(option)
    return frozenset(found), status


def parse_lsub(cursor: Cursor, tag: str) -> Command:
    """LSUB after its name. RFC 3501 §6.3.9."""
    cursor.space()
    reference = _parse_reference(cursor)
    cursor.space()
    pattern = _parse_pattern(cursor)
    cursor.end()
    return Lsub(tag=tag, reference=reference, pattern=pattern)


# status = "STATUS" SP mailbox SP "(" status-att *(SP status-att) ")"
def parse_status(cursor: Cursor, tag: str) -> Command:
    """STATUS after its name. RFC 3501 §6.3.10."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    items = _parse_status_items(cursor)
    cursor.end()
    return Status(tag=tag, mailbox=mailbox, items=items)


def _parse_status_items(cursor: Cursor) -> tuple[StatusItem, ...]:
    cursor.expect(b"(")
    items: list[StatusItem] = []
    while True:
        item = _STATUS_WORDS.get(cursor.keyword())
        if item is None:
            raise cursor.fail("Unknown STATUS item.")
        items.append(item)
        if not cursor.skip(b" "):
            break
    cursor.expect(b")")
    return tuple(dict.fromkeys(items))


# append = "APPEND" SP mailbox 1*([SP flag-list] [SP date-time] SP (literal / literal8))
# append-data =/ "UTF8" SP "(" literal8 ")"
_UTF8 = re.compile(rb"UTF8 \(", re.IGNORECASE)


def parse_append(cursor: Cursor, tag: str) -> Append:
    """APPEND after its name; also the frame of a LiteralWanted, whose last message is the one announced. RFC 3501 §6.3.11, RFC 9755 §4."""
    cursor.space()
    mailbox = cursor.mailbox()
    messages: list[AppendMessage] = []
    while True:
        cursor.space()
        flags: tuple[Flag, ...] = ()
        if cursor.peek() == 0x28:
            flags = parse_flag_list(cursor)
            cursor.space()
        date = None
        if cursor.peek() == 0x22:
            date = cursor.date_time()
            cursor.space()
        is_utf8 = cursor.match(_UTF8) is not None
        content = cursor.literal()
        if content is None:
            raise cursor.fail("Expected the message as a literal.")
        messages.append(AppendMessage(flags=flags, date=date, content=content, is_utf8=is_utf8))
        if is_utf8 and not cursor.is_at_end:  # of a literal that is only announced, nothing stands behind it yet
            cursor.expect(b")")
        if cursor.is_at_end:
            return Append(tag=tag, mailbox=mailbox, messages=tuple(messages))
        if len(messages) >= MAX_APPEND_MESSAGES:
            raise cursor.fail("Too many messages in one APPEND.")


def parse_replace(cursor: Cursor, tag: str, is_uid: bool) -> Command:
    """REPLACE after its name; also the frame of a LiteralWanted. RFC 8508 §3.3."""
    cursor.space()
    old = cursor.sequence_set()
    if old.is_saved or len(old.ranges) != 1 or old.ranges[0][0] != old.ranges[0][1]:
        raise cursor.fail("One message replaces one.")
    new = parse_append(cursor, tag)
    if len(new.messages) != 1:
        raise cursor.fail("One message replaces one.")
    return Replace(tag=tag, is_uid=is_uid, old=old, mailbox=new.mailbox, messages=new.messages)


def parse_getquota(cursor: Cursor, tag: str) -> Command:
    """GETQUOTA after its name. RFC 9208 §4.1.1."""
    cursor.space()
    root = cursor.text_string()
    cursor.end()
    return GetQuota(tag=tag, root=root)


# setquota = "SETQUOTA" SP astring SP "(" [setquota-resource *(SP setquota-resource)] ")"
def parse_setquota(cursor: Cursor, tag: str) -> Command:
    """SETQUOTA after its name. RFC 9208 §4.1.3."""
    cursor.space()
    root = cursor.text_string()
    cursor.expect(b" (")
    limits: list[tuple[str, int]] = []
    while not cursor.skip(b")"):
        if limits:
            cursor.space()
        name = cursor.atom().upper()
        cursor.space()
        limits.append((name, cursor.number64()))
    cursor.end()
    return SetQuota(tag=tag, root=root, limits=tuple(limits))


# setacl = "SETACL" SP mailbox SP identifier SP mod-rights
def parse_setacl(cursor: Cursor, tag: str) -> Command:
    """SETACL after its name. RFC 4314 §3.1."""
    cursor.space()
    mailbox = cursor.mailbox()
    cursor.space()
    identifier = cursor.text_string()
    cursor.space()
    rights = cursor.text_string()
    cursor.end()
    change = RightsChange.REPLACE
    if rights[:1] in ("+", "-"):
        change, rights = RightsChange(rights[0]), rights[1:]
    if not RIGHTS.issuperset(rights):
        raise cursor.fail("Unknown right.")
    return SetAcl(tag=tag, mailbox=mailbox, identifier=identifier, change=change, rights=rights)


def mailbox_and_identifier(kind: type[DeleteAcl] | type[ListRights]) -> Callable[[Cursor, str], Command]:
    """The parser of DELETEACL or LISTRIGHTS. RFC 4314 §3.2, §3.4."""

    def parse(cursor: Cursor, tag: str) -> Command:
        cursor.space()
        mailbox = cursor.mailbox()
        cursor.space()
        identifier = cursor.text_string()
        cursor.end()
        return kind(tag=tag, mailbox=mailbox, identifier=identifier)

    return parse
