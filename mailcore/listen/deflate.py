"""Compression of a connection, both ways, from one reply on (RFC 4978)."""

import zlib

OUT_BITS, OUT_MEMORY = 12, 5
"""A small window and table: 32 KiB a connection instead of 256, and a few per cent larger."""
RAW = -1
"""zlib's sign for deflate without a header."""


class Deflate:
    """Packs what is sent; unpacks what comes, never more at once than asked for, so that a few bytes cannot become many."""

    def __init__(self) -> None:
        self._out = zlib.compressobj(wbits=RAW * OUT_BITS, memLevel=OUT_MEMORY)
        self._in = zlib.decompressobj(wbits=RAW * zlib.MAX_WBITS)
        self.has_more = False
        """Whether something may have come that `unpack` had no room for."""

    def pack(self, data: bytes) -> bytes:
        """*data* as it goes out, complete: the other side can read all of it."""
        return self._out.compress(data) + self._out.flush(zlib.Z_SYNC_FLUSH)

    def unpack(self, data: bytes, room: int) -> bytes:
        """At most *room* bytes of what came. Raises zlib.error."""
        found = self._in.decompress(self._in.unconsumed_tail + data, max(room, 1))
        self.has_more = bool(self._in.unconsumed_tail) or len(found) >= room
        return found
