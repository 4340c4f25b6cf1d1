"""Header edits of a filter, made on a copy of the bytes: the stored blob never changes (RFC 5293 §4 and §5)."""

from collections.abc import Sequence

from mailcore.mail.encode import encode_text, fold
from mailcore.mail.headers import header_end
from mailcore.sieve.actions import AddHeader, DeleteHeader, HeaderEdit


def apply(data: bytes, edits: Sequence[HeaderEdit]) -> bytes:
    """*data* with its header changed by *edits*, in order. The body is untouched."""
    end = header_end(data, 0, len(data))
    fields = _fields(bytes(data[:end]))
    blank = fields.pop() if fields and not fields[-1].strip() else b""
    for edit in edits:
        match edit:
            case AddHeader():
                line = fold(edit.name, encode_text(edit.value))
                fields.insert(len(fields) if edit.is_last else 0, line)
            case DeleteHeader():
                _delete(fields, edit)
    return b"".join(fields) + blank + bytes(data[end:])


def _delete(fields: list[bytes], edit: DeleteHeader) -> None:
    wanted = edit.name.lower().encode()
    seen = 0
    for number, line in enumerate(fields):
        if line.partition(b":")[0].strip().lower() == wanted:
            seen += 1
            if seen == edit.nth:
                del fields[number]
                return


def _fields(head: bytes) -> list[bytes]:
    made: list[bytes] = []
    for line in head.splitlines(keepends=True):
        if line[:1] in (b" ", b"\t") and made:
            made[-1] += line
        else:
            made.append(line)
    return made
