"""Writers of the server's responses: values in, whole lines out (RFC 3501 §7).

FETCH is the hot path: its pieces come ready from the store and are joined once. Nothing here decides what to send.
"""

from collections.abc import Iterable, Mapping, Sequence

from mailcore.wire.imap.flags import Flag
from mailcore.wire.imap.mutf7 import PLAIN, Spelling, encode
from mailcore.wire.imap.options import StatusItem, Window
from mailcore.wire.imap.sequence import SequenceSet
from mailcore.wire.imap.strings import astring, flag_list, mailbox, nstring, quoted_or_literal, text_line

CRLF = b"\r\n"


def tagged(tag: str, status: str, text: str, code: str | bytes = b"") -> bytes:
    """`a1 OK [CODE] text`. *code* comes without brackets. RFC 3501 §7.1."""
    return _status(tag.encode("ascii"), status, text, code)


def untagged(status: str, text: str, code: str | bytes = b"") -> bytes:
    """`* OK [CODE] text`, also PREAUTH and BYE. RFC 3501 §7.1."""
    return _status(b"*", status, text, code)


def _status(tag: bytes, status: str, text: str, code: str | bytes) -> bytes:
    if code:
        bare = code if isinstance(code, bytes) else text_line(code)
        return b"%b %b [%b] %b\r\n" % (tag, status.encode("ascii"), bare, text_line(text))
    return b"%b %b %b\r\n" % (tag, status.encode("ascii"), text_line(text))


def bye(text: str, code: str | bytes = b"") -> bytes:
    """`* BYE`: the connection ends. RFC 3501 §7.1.5."""
    return untagged("BYE", text, code)


def continuation(text: str = "OK") -> bytes:
    """`+ text`: send the literal, or talk on in IDLE. RFC 3501 §7.5."""
    return b"+ " + text_line(text) + CRLF


def challenge(base64: bytes = b"") -> bytes:
    """`+ base64`: a SASL challenge. RFC 3501 §6.2.2."""
    return b"+ " + base64 + CRLF


def capability(words: Iterable[str]) -> bytes:
    """CAPABILITY. RFC 3501 §7.2.1."""
    return b"* CAPABILITY " + " ".join(words).encode("ascii") + CRLF


def capability_code(words: Iterable[str]) -> bytes:
    """The response code that saves the client a CAPABILITY."""
    return b"CAPABILITY " + " ".join(words).encode("ascii")


def enabled(words: Iterable[str]) -> bytes:
    """ENABLED. RFC 5161 §3.2."""
    return b" ".join([b"* ENABLED", *[word.encode("ascii") for word in words]]) + CRLF


def list_reply(
    attributes: Iterable[str],
    delimiter: str | None,
    name: str,
    *,
    kind: str = "LIST",
    child_info: Sequence[str] = (),
    old_name: str | None = None,
    spelling: Spelling = PLAIN,
) -> bytes:
    """LIST or LSUB, with RFC 5258's CHILDINFO and RFC 9051's OLDNAME. RFC 3501 §7.2.2."""
    line = b"* %b (%b) %b %b" % (
        kind.encode("ascii"),
        " ".join(attributes).encode("ascii"),
        nstring(delimiter),
        mailbox(name, spelling),
    )
    extended: list[bytes] = []
    if child_info:
        extended.append(b'"CHILDINFO" (' + b" ".join([quoted_or_literal(word) for word in child_info]) + b")")
    if old_name is not None:
        extended.append(b'"OLDNAME" (' + mailbox(old_name, spelling) + b")")
    return line + (b" (" + b" ".join(extended) + b")" if extended else b"") + CRLF


def status(name: str, items: Mapping[StatusItem, int | str | None], *, spelling: Spelling = PLAIN) -> bytes:
    """STATUS; a str value is an object id, None is NIL. RFC 3501 §7.2.4, RFC 8474 §4.3."""
    pieces = [item.value + b" " + _status_value(value) for item, value in items.items()]
    return b"* STATUS %b (%b)\r\n" % (mailbox(name, spelling), b" ".join(pieces))


def _status_value(value: int | str | None) -> bytes:
    if value is None:
        return b"NIL"
    return b"%d" % value if isinstance(value, int) else b"(" + value.encode("ascii") + b")"


def namespace(personal: Sequence[tuple[str, str]], others: Sequence[tuple[str, str]] = (), shared: Sequence[tuple[str, str]] = ()) -> bytes:
    """NAMESPACE: for each kind its (prefix, delimiter) pairs. RFC 2342 §5."""
    return b"* NAMESPACE %b %b %b\r\n" % (_namespaces(personal), _namespaces(others), _namespaces(shared))


def _namespaces(pairs: Sequence[tuple[str, str]]) -> bytes:
    if not pairs:
        return b"NIL"
    return b"(" + b"".join([b"(" + quoted_or_literal(encode(prefix)) + b" " + nstring(sep) + b")" for prefix, sep in pairs]) + b")"


def identity(fields: Mapping[str, str | None] | None) -> bytes:
    """ID. RFC 2971 §3.2."""
    if not fields:
        return b"* ID NIL\r\n"
    return b"* ID (" + b" ".join([quoted_or_literal(name) + b" " + nstring(value) for name, value in fields.items()]) + b")\r\n"


def flags(names: Iterable[Flag]) -> bytes:
    """FLAGS. RFC 3501 §7.2.6."""
    return b"* FLAGS " + flag_list(names) + CRLF


def exists(count: int) -> bytes:
    """EXISTS. RFC 3501 §7.3.1."""
    return b"* %d EXISTS\r\n" % count


def recent(count: int) -> bytes:
    """RECENT. RFC 3501 §7.3.2."""
    return b"* %d RECENT\r\n" % count


def expunge(number: int) -> bytes:
    """EXPUNGE. RFC 3501 §7.4.1."""
    return b"* %d EXPUNGE\r\n" % number


def vanished(uids: SequenceSet, *, is_earlier: bool = False) -> bytes:
    """VANISHED, in place of EXPUNGE once QRESYNC is on. RFC 7162 §3.2.10."""
    return (b"* VANISHED (EARLIER) " if is_earlier else b"* VANISHED ") + bytes(uids) + CRLF


def fetch(number: int, pieces: Iterable[bytes]) -> bytes:
    """FETCH from *pieces* that each hold a label and its value. RFC 3501 §7.4.2."""
    return b"* %d FETCH (%b)\r\n" % (number, b" ".join(pieces))


def fetch_flags(number: int, flags: Iterable[Flag], *, uid: int | None = None, modseq: int | None = None) -> bytes:
    """The FETCH that reports changed flags. RFC 7162 §3.1.4 for MODSEQ."""
    piece = b"FLAGS (" + " ".join(flags).encode("ascii") + b")"
    if modseq is not None:
        piece = b"MODSEQ (%d) %b" % (modseq, piece)
    if uid is not None:
        piece = b"UID %d %b" % (uid, piece)
    return b"* %d FETCH (%b)\r\n" % (number, piece)


def body_piece(label: bytes, data: bytes | None, *, is_binary: bool = False) -> bytes:
    """A section's label and content for `fetch`; NIL when the part is not there. RFC 3501 §7.4.2, RFC 3516 §4.2."""
    if data is None:
        return label + b" NIL"
    if is_binary and b"\0" in data:
        return b"%b ~{%d}\r\n%b" % (label, len(data), data)
    return b"%b {%d}\r\n%b" % (label, len(data), data)


def search(numbers: Sequence[int], *, modseq: int | None = None, kind: str = "SEARCH") -> bytes:
    """SEARCH or SORT with plain numbers. RFC 3501 §7.2.5, RFC 7162 §3.1.5."""
    line = b"* " + kind.encode("ascii")
    if numbers:
        line += b" " + " ".join(map(str, numbers)).encode("ascii")
    if modseq is not None and numbers:
        line += b" (MODSEQ %d)" % modseq
    return line + CRLF


def esearch(tag: str, *, is_uid: bool, results: Mapping[str, int | bytes | SequenceSet]) -> bytes:
    """ESEARCH; *results* in order, as MIN, MAX, COUNT, ALL (a set, or SORT's ordered numbers as bytes), MODSEQ. RFC 4731 §3.1."""
    line = b"* ESEARCH (TAG %b)" % quoted_or_literal(tag)
    if is_uid:
        line += b" UID"
    for name, value in results.items():
        line += b" %b %b" % (name.encode("ascii"), b"%d" % value if isinstance(value, int) else bytes(value))
    return line + CRLF


def page(window: Window, found: SequenceSet | bytes) -> bytes:
    """The value of ESEARCH's PARTIAL: the page as it was asked for, and what is on it. RFC 9394 §4."""
    return b"(%b %b)" % (bytes(window), bytes(found) or b"NIL")


ThreadNode = tuple[int, Sequence["ThreadNode"]]
"""A message's number and what answers it."""


def thread(roots: Iterable[ThreadNode]) -> bytes:
    """THREAD; a root numbered 0 stands for a missing parent. RFC 5256 §4."""
    told = b"".join([_thread(root) for root in roots])
    return b"* THREAD" + (b" " + told if told else b"") + CRLF


def _thread(root: ThreadNode) -> bytes:
    """One thread in parentheses, written with a stack: reply chains are thousands deep."""
    pieces: list[bytes] = []
    todo: list[ThreadNode | bytes] = [b")", root, b"("]
    while todo:
        node = todo.pop()
        if isinstance(node, bytes):
            pieces.append(node)
            continue
        number, answers = node
        if number:
            needs_space = bool(pieces) and pieces[-1] != b"("
            pieces.append(b" %d" % number if needs_space else b"%d" % number)
        if len(answers) == 1 and number:
            todo.append(answers[0])
            continue
        if number and answers:
            pieces.append(b" ")
        for answer in reversed(answers):
            todo += [b")", answer, b"("]
    return b"".join(pieces)


def quota(root: str, resources: Iterable[tuple[str, int, int]]) -> bytes:
    """QUOTA: (name, used, limit), storage in units of 1024 octets. RFC 9208 §4.2.1."""
    return b"* QUOTA %b (%b)\r\n" % (
        astring(root) if root else b'""',
        b" ".join([b"%b %d %d" % (name.encode("ascii"), used, limit) for name, used, limit in resources]),
    )


def quotaroot(name: str, roots: Iterable[str], *, spelling: Spelling = PLAIN) -> bytes:
    """QUOTAROOT. RFC 9208 §4.2.2."""
    return b" ".join([b"* QUOTAROOT", mailbox(name, spelling), *[astring(root) if root else b'""' for root in roots]]) + CRLF


def acl(name: str, entries: Iterable[tuple[str, str]], *, spelling: Spelling = PLAIN) -> bytes:
    """ACL: identifier and rights. RFC 4314 §3.6."""
    return b" ".join([b"* ACL", mailbox(name, spelling), *[astring(who) + b" " + _rights(rights) for who, rights in entries]]) + CRLF


def listrights(name: str, identifier: str, always: str, optional: Iterable[str], *, spelling: Spelling = PLAIN) -> bytes:
    """LISTRIGHTS. RFC 4314 §3.7."""
    return b" ".join([b"* LISTRIGHTS", mailbox(name, spelling), astring(identifier), *map(_rights, [always, *optional])]) + CRLF


def myrights(name: str, rights: str, *, spelling: Spelling = PLAIN) -> bytes:
    """MYRIGHTS. RFC 4314 §3.8."""
    return b"* MYRIGHTS %b %b\r\n" % (mailbox(name, spelling), _rights(rights))


def _rights(rights: str) -> bytes:
    return rights.encode("ascii") or b'""'


def appenduid(uidvalidity: int, uids: SequenceSet) -> bytes:
    """The APPENDUID code. RFC 4315 §3, RFC 3502 §6."""
    return b"APPENDUID %d %b" % (uidvalidity, bytes(uids))


def copyuid(uidvalidity: int, source: SequenceSet, target: SequenceSet) -> bytes:
    """The COPYUID code. RFC 4315 §3."""
    return b"COPYUID %d %b %b" % (uidvalidity, bytes(source), bytes(target))


def modified(numbers: SequenceSet) -> bytes:
    """The MODIFIED code: what STORE's UNCHANGEDSINCE passed over. RFC 7162 §3.1.3."""
    return b"MODIFIED " + bytes(numbers)
