"""BINARY and BINARY.SIZE: a part with its transfer encoding taken off. RFC 3516 §4.2, §4.3.

A message is kept as it came; what a client asks for is decoded when it asks, a large part in the CPU pool. No part is larger than a
message may be, so what is held is bounded by `smtp.message_size`.
"""

from typing import TYPE_CHECKING

from mailcore.mail.body import decode_transfer, is_transfer_known
from mailcore.sessions.imap.steps import Asking, Compute
from mailcore.wire.imap import responses as r
from mailcore.wire.imap.errors import ImapSyntaxError
from mailcore.wire.imap.fetch import BinarySection, BinarySize

if TYPE_CHECKING:
    from mailcore.sessions.imap.fetch import Source

LARGE_BYTES = 256 * 1024
"""More than this is read and decoded away from the loop."""


def piece(item: BinarySection | BinarySize, source: "Source", tag: str) -> Asking[bytes]:
    """Label and value; NIL (size 0) for no such part. Raises NO [UNKNOWN-CTE] for an encoding that nobody knows. RFC 3516 §4.2."""
    if item.part:
        found = source.parts.find(".".join(map(str, item.part)))
        if found is None:
            return item.label + (b" 0" if isinstance(item, BinarySize) else b" NIL")
        start, length, encoding = len(source.prefix) + found.start, found.end - found.start, found.part.encoding
    else:
        start, length, encoding = 0, source.size, "binary"
    if not is_transfer_known(encoding):
        raise ImapSyntaxError(tag, f"The encoding of that part is unknown: {encoding}.", status="NO", code="UNKNOWN-CTE")

    def decoded() -> bytes:
        return decode_transfer(source.read(start, length), encoding)

    data: bytes = (yield Compute(decoded)) if length > LARGE_BYTES else decoded()
    if isinstance(item, BinarySize):
        return b"%b %d" % (item.label, len(data))
    if item.partial is not None:
        data = data[item.partial.start : item.partial.start + item.partial.length]
    return r.body_piece(item.label, data, is_binary=True)
