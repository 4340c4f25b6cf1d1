"""The grammar of SEARCH, SORT and THREAD (RFC 3501 §9, 4731, 5032, 5182, 5256, 5957, 7162, 8474, 8514).

Keys are parsed by a table from name to function; nesting and number are bounded by the cursor and MAX_KEYS.
"""

import codecs
import re
from collections.abc import Callable

from mailcore.base.ids import ModSeq
from mailcore.wire.imap.commands import Command, Search, Sort, Thread
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.flags import SystemFlag, parse_flag
from mailcore.wire.imap.lexer import FLAG, Cursor
from mailcore.wire.imap.options import SearchReturn, SortField, SortKey, Window
from mailcore.wire.imap.search import (
    MAX_KEYS,
    And,
    ChangedSince,
    DateOf,
    EmailIdIs,
    Everything,
    HasFlag,
    InBody,
    InHeader,
    InSequence,
    InText,
    InUids,
    Larger,
    Not,
    Older,
    OnDay,
    Or,
    SaveDateSupported,
    SearchKey,
    Smaller,
    ThreadIdIs,
    When,
    Younger,
)

CHARSETS = ("US-ASCII", "UTF-8", "ISO-8859-1", "ISO-8859-15", "WINDOWS-1252", "KOI8-R", "ISO-2022-JP", "SHIFT_JIS", "GB18030", "BIG5")
"""What a search text may be in. BADCHARSET names these; a closed list, so that no odd codec meets a stranger's bytes."""

THREAD_ALGORITHMS = frozenset({"ORDEREDSUBJECT", "REFERENCES"})
"""RFC 5256 §3."""

_SEARCH_NAME = re.compile(rb"[A-Za-z0-9]+")
_SEQUENCE_START = frozenset(b"0123456789*$")


class _Keys:
    """One search program being read: the cursor, its charset and how many keys there were."""

    __slots__ = ("cursor", "charset", "count")

    def __init__(self, cursor: Cursor, charset: str) -> None:
        self.cursor = cursor
        self.charset = charset
        self.count = 0

    def text(self) -> str:
        """An astring in the search's charset."""
        data = self.cursor.astring()
        try:
            return data.decode(self.charset)
        except (UnicodeDecodeError, LookupError):
            raise self.cursor.fail("The search text is not in the charset it claims.") from None

    def program(self) -> SearchKey:
        """Keys with spaces between, up to the end or a parenthesis."""
        keys = [self.key()]
        while self.cursor.peek() == 0x20 and not self._is_last_space():
            self.cursor.space()
            keys.append(self.key())
        return keys[0] if len(keys) == 1 else And(tuple(keys))

    def _is_last_space(self) -> bool:
        cursor = self.cursor
        cursor.pos += 1
        is_last = cursor.is_at_end
        cursor.pos -= 1
        return is_last

    # search-key = "ALL" / ... / sequence-set / "(" search-key *(SP search-key) ")"
    def key(self) -> SearchKey:
        """One search key."""
        cursor = self.cursor
        self.count += 1
        if self.count > MAX_KEYS:
            raise cursor.fail("Too many search keys.")
        if cursor.skip(b"("):
            cursor.enter()
            inner = self.program()
            cursor.expect(b")")
            cursor.leave()
            return inner
        if cursor.peek() in _SEQUENCE_START:
            return InSequence(cursor.sequence_set())
        name = cursor.need(_SEARCH_NAME, "a search key").upper()
        parse = _KEYS.get(name)
        if parse is None:
            raise cursor.fail("Unknown search key.")
        cursor.enter()
        found = parse(self)
        cursor.leave()
        return found


_KeyParser = Callable[[_Keys], SearchKey]


def _constant(value: SearchKey) -> _KeyParser:
    return lambda keys: value


def _header(name: str) -> _KeyParser:
    def parse(keys: _Keys) -> SearchKey:
        keys.cursor.space()
        return InHeader(name, keys.text())

    return parse


def _any_header(keys: _Keys) -> SearchKey:
    keys.cursor.space()
    name = keys.cursor.text_string().lower()
    keys.cursor.space()
    return InHeader(name, keys.text())


def _text(node: type[InBody] | type[InText]) -> _KeyParser:
    def parse(keys: _Keys) -> SearchKey:
        keys.cursor.space()
        return node(keys.text())

    return parse


def _day(of: DateOf, when: When) -> _KeyParser:
    def parse(keys: _Keys) -> SearchKey:
        keys.cursor.space()
        return OnDay(of, when, keys.cursor.day())

    return parse


def _number(node: type[Larger] | type[Smaller] | type[Younger] | type[Older]) -> _KeyParser:
    def parse(keys: _Keys) -> SearchKey:
        keys.cursor.space()
        return node(keys.cursor.number64())

    return parse


def _objectid(node: type[EmailIdIs] | type[ThreadIdIs]) -> _KeyParser:
    def parse(keys: _Keys) -> SearchKey:
        keys.cursor.space()
        return node(keys.cursor.text_string())

    return parse


def _has_keyword(keys: _Keys) -> SearchKey:
    keys.cursor.space()
    flag = parse_flag(keys.cursor.need(FLAG, "a keyword"))
    if flag is None:
        raise keys.cursor.fail("This is no keyword.")
    return HasFlag(flag)


def _lacks_keyword(keys: _Keys) -> SearchKey:
    return Not(_has_keyword(keys))


def _not(keys: _Keys) -> SearchKey:
    keys.cursor.space()
    return Not(keys.key())


def _or(keys: _Keys) -> SearchKey:
    keys.cursor.space()
    left = keys.key()
    keys.cursor.space()
    return Or(left, keys.key())


def _uid(keys: _Keys) -> SearchKey:
    keys.cursor.space()
    return InUids(keys.cursor.sequence_set())


# search-modsequence = "MODSEQ" [search-modseq-ext] SP mod-sequence-valzer
def _modseq(keys: _Keys) -> SearchKey:
    cursor = keys.cursor
    cursor.space()
    if cursor.peek() == 0x22:
        cursor.string()
        cursor.space()
        if cursor.keyword() not in (b"PRIV", b"SHARED", b"ALL"):
            raise cursor.fail("Expected priv, shared or all.")
        cursor.space()
    return ChangedSince(ModSeq(cursor.number64()))


def _flag_keys() -> dict[bytes, _KeyParser]:
    table: dict[bytes, _KeyParser] = {}
    for flag in SystemFlag:
        name = flag.value[1:].upper().encode("ascii")
        table[name] = _constant(HasFlag(flag.value))
        table[b"UN" + name] = _constant(Not(HasFlag(flag.value)))
    del table[b"UNRECENT"]
    recent, seen = HasFlag(SystemFlag.RECENT.value), HasFlag(SystemFlag.SEEN.value)
    table[b"OLD"] = _constant(Not(recent))
    table[b"NEW"] = _constant(And((recent, Not(seen))))
    return table


def _date_keys() -> dict[bytes, _KeyParser]:
    prefixes = {b"": DateOf.INTERNAL, b"SENT": DateOf.SENT, b"SAVED": DateOf.SAVED}
    return {prefix + when.name.encode("ascii"): _day(of, when) for prefix, of in prefixes.items() for when in When}


_KEYS: dict[bytes, _KeyParser] = {
    **_flag_keys(),
    **_date_keys(),
    **{name.upper().encode("ascii"): _header(name) for name in ("bcc", "cc", "from", "subject", "to")},
    b"ALL": _constant(Everything()),
    b"HEADER": _any_header,
    b"BODY": _text(InBody),
    b"TEXT": _text(InText),
    b"KEYWORD": _has_keyword,
    b"UNKEYWORD": _lacks_keyword,
    b"LARGER": _number(Larger),
    b"SMALLER": _number(Smaller),
    b"YOUNGER": _number(Younger),
    b"OLDER": _number(Older),
    b"NOT": _not,
    b"OR": _or,
    b"UID": _uid,
    b"MODSEQ": _modseq,
    b"EMAILID": _objectid(EmailIdIs),
    b"THREADID": _objectid(ThreadIdIs),
    b"SAVEDATESUPPORTED": _constant(SaveDateSupported()),
}


def _charset(cursor: Cursor) -> str:
    name = cursor.text_string().upper()
    if name not in CHARSETS:
        code = f"BADCHARSET ({' '.join(CHARSETS)})"
        raise ImapSyntaxError(cursor.tag, "The charset is not known here.", status="NO", code=code)
    # ASCII searches from old clients hold UTF-8 all the same, and UTF-8 holds ASCII.
    return "utf-8" if name == "US-ASCII" else codecs.lookup(name).name


def _skip_word(cursor: Cursor, word: bytes) -> bool:
    if cursor.text[cursor.pos : cursor.pos + len(word)].upper() == word:
        cursor.pos += len(word)
        return True
    return False


# search-return-opts = SP "RETURN" SP "(" [search-return-opt *(SP search-return-opt)] ")"
def _parse_returns(cursor: Cursor) -> tuple[frozenset[SearchReturn] | None, Window | None]:
    if not _skip_word(cursor, b"RETURN ("):
        return None, None
    found: set[SearchReturn] = set()
    window = None
    while not cursor.skip(b")"):
        if found:
            cursor.space()
        word = cursor.keyword()
        try:
            option = SearchReturn(word)
        except ValueError:
            raise cursor.fail("Unknown result option.") from None
        if option is SearchReturn.PARTIAL:
            if window is not None:
                raise cursor.fail("One page is asked for at a time.")
            cursor.space()
            window = parse_window(cursor)
        found.add(option)
    if {SearchReturn.PARTIAL, SearchReturn.ALL} <= found:
        raise cursor.fail("PARTIAL and ALL exclude each other.")
    cursor.space()
    return frozenset(found) or frozenset({SearchReturn.ALL}), window


_WINDOW = re.compile(rb"(-?[1-9][0-9]{0,9}):(-?[1-9][0-9]{0,9})(?![0-9])")


# partial-range = nz-number ":" nz-number / "-" nz-number ":" "-" nz-number
def parse_window(cursor: Cursor) -> Window:
    """The page of PARTIAL. RFC 9394 §4."""
    found = cursor.match(_WINDOW)
    if found is None or found[1].startswith(b"-") != found[2].startswith(b"-"):
        raise cursor.fail("A page is such as 1:100, or -1:-100 from the end.")
    return Window(first=int(found[1]), last=int(found[2]))


# search = "SEARCH" [search-return-opts] [SP "CHARSET" SP astring] 1*(SP search-key)
def parse_search(cursor: Cursor, tag: str, is_uid: bool) -> Command:
    """SEARCH after its name. RFC 3501 §6.4.4, RFC 4731 §3.1."""
    cursor.space()
    returns, window = _parse_returns(cursor)
    charset = "utf-8"
    if _skip_word(cursor, b"CHARSET "):
        charset = _charset(cursor)
        cursor.space()
    key = _Keys(cursor, charset).program()
    cursor.end()
    return Search(tag=tag, is_uid=is_uid, key=key, returns=returns, window=window)


# sort = "SORT" [search-return-opts] SP "(" sort-criterion *(SP sort-criterion) ")" SP charset 1*(SP search-key)
def parse_sort(cursor: Cursor, tag: str, is_uid: bool) -> Command:
    """SORT after its name. RFC 5256 §5, RFC 5267 §3."""
    cursor.space()
    returns, window = _parse_returns(cursor)
    cursor.expect(b"(")
    keys: list[SortKey] = []
    while True:
        word = cursor.keyword()
        is_reverse = word == b"REVERSE"
        if is_reverse:
            cursor.space()
            word = cursor.keyword()
        try:
            keys.append(SortKey(field=SortField(word), is_reverse=is_reverse))
        except ValueError:
            raise cursor.fail("Unknown sort criterion.") from None
        if not cursor.skip(b" "):
            break
    cursor.expect(b") ")
    charset = _charset(cursor)
    cursor.space()
    key = _Keys(cursor, charset).program()
    cursor.end()
    return Sort(tag=tag, is_uid=is_uid, keys=tuple(dict.fromkeys(keys)), key=key, returns=returns, window=window)


# thread = "THREAD" SP thread-alg SP charset 1*(SP search-key)
def parse_thread(cursor: Cursor, tag: str, is_uid: bool) -> Command:
    """THREAD after its name. RFC 5256 §5."""
    cursor.space()
    algorithm = cursor.atom().upper()
    if algorithm not in THREAD_ALGORITHMS:
        raise cursor.fail("Unknown threading algorithm.")
    cursor.space()
    charset = _charset(cursor)
    cursor.space()
    key = _Keys(cursor, charset).program()
    cursor.end()
    return Thread(tag=tag, is_uid=is_uid, algorithm=algorithm, key=key)
