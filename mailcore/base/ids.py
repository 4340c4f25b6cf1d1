"""Opaque identifiers: sortable by time, short enough to read aloud, safe in URLs and headers.

Randomness is an argument (`Random`), so that tests can repeat themselves; the real one is in `runtime`.
"""

from typing import NewType, Protocol

AccountId = NewType("AccountId", int)
DomainId = NewType("DomainId", int)
MailboxId = NewType("MailboxId", int)
MessageId = NewType("MessageId", int)
"""A row in a mailbox; the Message-ID header is `msgid` everywhere."""
BlobId = NewType("BlobId", int)
EmailId = NewType("EmailId", int)
ThreadId = NewType("ThreadId", int)
Uid = NewType("Uid", int)
UidValidity = NewType("UidValidity", int)
ModSeq = NewType("ModSeq", int)
SeqNum = NewType("SeqNum", int)
QueueItemId = NewType("QueueItemId", int)

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Random(Protocol):
    """Source of randomness fit for secrets."""

    def bytes(self, count: int) -> bytes:
        """*count* random bytes."""
        ...


def base32(value: int, length: int) -> str:
    """*value* in Crockford's base 32, lower case, left-padded to *length* characters."""
    out = []
    for _ in range(length):
        out.append(_ALPHABET[value & 31])
        value >>= 5
    return "".join(reversed(out))


def trace_id(micros: int, random: Random) -> str:
    """The public id of one message's way through the server: 9 characters of time, 7 of chance."""
    return base32(micros // 1000, 9) + base32(int.from_bytes(random.bytes(5), "big"), 7)
