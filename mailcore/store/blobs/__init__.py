"""Immutable bytes: a Blob is written once, named by a locator, and read by range.

Two homes with one interface: append-only segments in a folder (`segments`) and one object a batch on S3 (`objects`). Rows
that name a blob are claimed inside a write (`rows`), which is also where equal bytes become one blob.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True, kw_only=True)
class Locator:
    """Where bytes lie: *length* bytes at *offset* of *segment*."""

    segment: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """Bytes that are written but perhaps not yet on disk, and named by no row. `is_alone`: nothing else is in its segment."""

    sha256: bytes
    locator: Locator
    is_alone: bool = False


class Spool(Protocol):
    """Takes one blob's bytes as they come in, without holding a large one in memory."""

    size: int

    def write(self, chunk: bytes) -> None:
        """Add *chunk*. Raises MailError(STORAGE or NO_SPACE)."""
        ...

    def contents(self) -> bytes:
        """All bytes so far, for parsing (a large one comes from its file)."""
        ...

    def finish(self) -> Staged:
        """No more bytes: hand them to the store. The next commit of this process makes them durable."""
        ...

    def abort(self) -> None:
        """Forget them."""
        ...


class BlobStore(Protocol):
    """Where blobs live. Thread-safe."""

    def add(self, data: bytes) -> Staged:
        """Write *data*; durable after the next `sync`. Raises MailError(STORAGE or NO_SPACE)."""
        ...

    def spool(self) -> Spool:
        """A place for a blob whose size is not known yet."""
        ...

    def sync(self) -> None:
        """Everything added before this call is on disk when it returns. Raises MailError; those bytes are then void."""
        ...

    def is_void(self, segment: str) -> bool:
        """True when a write or sync of *segment* failed in this process: what was added to it must not be named by a row."""
        ...

    def read(self, locator: Locator, start: int = 0, length: int | None = None) -> bytes:
        """*length* bytes from *start* of the blob (to its end when None). Raises MailError(STORAGE) when they are missing."""
        ...

    def remove_segment(self, segment: str) -> None:
        """Delete a segment that no row names any more. A missing one is no error."""
        ...

    def bring(self, segment: str, path: Path) -> None:
        """Take a whole segment from a backup's file under its own name. Raises MailError(STORAGE or NO_SPACE)."""
        ...

    def segments(self) -> dict[str, int]:
        """Every closed segment here with its size in bytes; the ones this or another live process writes are left out."""
        ...

    def close(self) -> None:
        """Sync and close what this process writes."""
        ...
