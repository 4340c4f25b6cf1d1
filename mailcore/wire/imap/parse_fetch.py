"""The grammar of FETCH and STORE (RFC 3501 §9 with RFC 3516, 7162, 8474, 8514, 8970)."""

import re

from mailcore.base.ids import ModSeq
from mailcore.wire.imap.commands import Command, Fetch, Store
from mailcore.wire.imap.fetch import (
    MACROS,
    BinarySection,
    BinarySize,
    BodySection,
    FetchAttribute,
    FetchItem,
    LazyPreview,
    Partial,
    Section,
    SectionText,
)
from mailcore.wire.imap.flags import MAX_FLAGS, Flag, parse_flag
from mailcore.wire.imap.lexer import FLAG, Cursor
from mailcore.wire.imap.options import FlagChange
from mailcore.wire.imap.parse_search import parse_window

MAX_ITEMS = 200
"""Most items in one FETCH; stops an answer that names a message's parts a million times."""
MAX_FIELDS = 100
"""Most field names in one section."""
MAX_PART_DEPTH = 100
"""Deepest part number; messages are not parsed deeper."""

_PLAIN: dict[bytes, FetchItem] = {item.value: item for item in FetchAttribute}
_PLAIN_LIST = re.compile(rb"\(([A-Za-z0-9. ]+)\)")
_NAME = re.compile(rb"[A-Za-z0-9.]+")
_PART = re.compile(rb"[1-9][0-9]{0,9}(?:\.[1-9][0-9]{0,9})*")
_SECTION_TEXT = re.compile(rb"HEADER\.FIELDS\.NOT|HEADER\.FIELDS|HEADER|TEXT|MIME", re.IGNORECASE)
_PARTIAL = re.compile(rb"<([0-9]{1,10})\.([0-9]{1,10})>")
_SIGN = re.compile(rb"[+-]?")


# fetch = "FETCH" SP sequence-set SP ("ALL" / "FULL" / "FAST" / fetch-att / "(" fetch-att *(SP fetch-att) ")") [fetch-modifiers]
def parse_fetch(cursor: Cursor, tag: str, is_uid: bool) -> Command:
    """FETCH after its name. RFC 3501 §6.4.5, RFC 7162 §3.1.4.1, RFC 9394 §3.3."""
    cursor.space()
    messages = cursor.sequence_set()
    cursor.space()
    items = parse_items(cursor)
    changed_since: ModSeq | None = None
    has_vanished = False
    window = None
    if cursor.skip(b" ("):
        while True:
            word = cursor.keyword()
            if word == b"CHANGEDSINCE":
                cursor.space()
                changed_since = ModSeq(cursor.number64())
            elif word == b"PARTIAL" and window is None:
                cursor.space()
                window = parse_window(cursor)
            elif word == b"VANISHED" and is_uid:
                has_vanished = True
            else:
                raise cursor.fail("Unknown FETCH modifier.")
            if not cursor.skip(b" "):
                break
        cursor.expect(b")")
        if has_vanished and changed_since is None:
            raise cursor.fail("VANISHED needs CHANGEDSINCE.")
    cursor.end()
    return Fetch(
        tag=tag, is_uid=is_uid, messages=messages, items=items, changed_since=changed_since, has_vanished=has_vanished, window=window
    )


def parse_items(cursor: Cursor) -> tuple[FetchItem, ...]:
    """One item, a macro, or several in parentheses."""
    found = cursor.match(_PLAIN_LIST)
    if found is not None:
        names = found.group(1).upper().split(b" ")
        try:
            return _unique(cursor, [_PLAIN[name] for name in names])
        except KeyError:
            raise cursor.fail("Unknown FETCH item.") from None
    if not cursor.skip(b"("):
        start = cursor.pos
        word = cursor.match(_NAME)
        if word is not None and word.group().upper() in MACROS:
            return MACROS[word.group().upper()]
        cursor.pos = start
        return (_parse_item(cursor),)
    items = [_parse_item(cursor)]
    while cursor.skip(b" "):
        items.append(_parse_item(cursor))
    cursor.expect(b")")
    return _unique(cursor, items)


def _unique(cursor: Cursor, items: list[FetchItem]) -> tuple[FetchItem, ...]:
    unique = tuple(dict.fromkeys(items))
    if len(unique) > MAX_ITEMS:
        raise cursor.fail("Too many FETCH items.")
    return unique


# fetch-att = "ENVELOPE" / ... / "BODY" ["STRUCTURE"] / "BODY" [".PEEK"] section ["<" number "." nz-number ">"]
def _parse_item(cursor: Cursor) -> FetchItem:
    name = cursor.need(_NAME, "a FETCH item").upper()
    if cursor.skip(b"["):
        if name in (b"BODY", b"BODY.PEEK"):
            section = _parse_section(cursor)
            cursor.expect(b"]")
            return BodySection(section=section, is_peek=name != b"BODY", partial=_parse_partial(cursor))
        if name in (b"BINARY", b"BINARY.PEEK", b"BINARY.SIZE"):
            part = _parse_part(cursor)
            cursor.expect(b"]")
            if name == b"BINARY.SIZE":
                return BinarySize(part=part)
            return BinarySection(part=part, is_peek=name != b"BINARY", partial=_parse_partial(cursor))
    elif name == b"PREVIEW" and cursor.skip(b" ("):
        if cursor.keyword() != b"LAZY":
            raise cursor.fail("Unknown PREVIEW modifier.")
        cursor.expect(b")")
        return LazyPreview()
    elif name in _PLAIN:
        return _PLAIN[name]
    raise cursor.fail("Unknown FETCH item.")


def _parse_part(cursor: Cursor) -> tuple[int, ...]:
    found = cursor.match(_PART)
    if found is None:
        return ()
    part = tuple([int(number) for number in found.group().split(b".", MAX_PART_DEPTH)[:MAX_PART_DEPTH]])
    if found.group().count(b".") >= MAX_PART_DEPTH or max(part) > 0xFFFFFFFF:
        raise cursor.fail("The part number is out of range.")
    return part


# section-spec = section-msgtext / (section-part ["." section-text])
def _parse_section(cursor: Cursor) -> Section:
    part = _parse_part(cursor)
    if part and not cursor.skip(b"."):
        return Section(part=part)
    found = cursor.match(_SECTION_TEXT)
    if found is None:
        if part:
            raise cursor.fail("Expected HEADER, TEXT or MIME after the part number.")
        return Section()
    text = SectionText(found.group().upper())
    if text is SectionText.MIME and not part:
        raise cursor.fail("MIME needs a part number.")
    if text not in (SectionText.HEADER_FIELDS, SectionText.HEADER_FIELDS_NOT):
        return Section(part=part, text=text)
    cursor.expect(b" (")
    fields = [cursor.astring().upper()]
    while cursor.skip(b" "):
        fields.append(cursor.astring().upper())
    cursor.expect(b")")
    if len(fields) > MAX_FIELDS or any(not name or not name.isascii() for name in fields):
        raise cursor.fail("The list of header fields is too long or holds a name that cannot be one.")
    return Section(part=part, text=text, fields=tuple(fields))


def _parse_partial(cursor: Cursor) -> Partial | None:
    found = cursor.match(_PARTIAL)
    if found is None:
        return None
    length = int(found.group(2))
    if not length:
        raise cursor.fail("A partial length of zero asks for nothing.")
    return Partial(start=int(found.group(1)), length=length)


# store = "STORE" SP sequence-set [store-modifiers] SP ["+" / "-"] "FLAGS" [".SILENT"] SP (flag-list / (flag *(SP flag)))
def parse_store(cursor: Cursor, tag: str, is_uid: bool) -> Command:
    """STORE after its name. RFC 3501 §6.4.6, RFC 7162 §3.1.3."""
    cursor.space()
    messages = cursor.sequence_set()
    cursor.space()
    unchanged_since: ModSeq | None = None
    if cursor.skip(b"("):
        if cursor.keyword() != b"UNCHANGEDSINCE":
            raise cursor.fail("Unknown STORE modifier.")
        cursor.space()
        unchanged_since = ModSeq(cursor.number64())
        cursor.expect(b") ")
    change = FlagChange(cursor.need(_SIGN, "a sign"))
    word = cursor.keyword()
    if word not in (b"FLAGS", b"FLAGS.SILENT"):
        raise cursor.fail("Expected FLAGS.")
    cursor.space()
    flags = parse_flag_list(cursor) if cursor.peek() == 0x28 else _parse_bare_flags(cursor)
    cursor.end()
    return Store(
        tag=tag,
        is_uid=is_uid,
        messages=messages,
        change=change,
        flags=flags,
        is_silent=word == b"FLAGS.SILENT",
        unchanged_since=unchanged_since,
    )


# flag-list = "(" [flag *(SP flag)] ")"
def parse_flag_list(cursor: Cursor) -> tuple[Flag, ...]:
    """A parenthesised list of flags, without those nobody may set."""
    cursor.expect(b"(")
    if cursor.skip(b")"):
        return ()
    flags = _parse_bare_flags(cursor)
    cursor.expect(b")")
    return flags


def _parse_bare_flags(cursor: Cursor) -> tuple[Flag, ...]:
    """Flags with spaces between. Unknown `\\` flags and \\Recent are passed over: Outlook and old phones write them in APPEND."""
    flags: dict[Flag, None] = {}
    count = 0
    while True:
        flag = parse_flag(cursor.need(FLAG, "a flag"))
        count += 1
        if count > MAX_FLAGS:
            raise cursor.fail("Too many flags.")
        if flag is not None and flag != "\\Recent":
            flags[flag] = None
        if not cursor.skip(b" "):
            return tuple(flags)
