"""Blobs in a folder: append-only segment files, each owned by one process and never reopened once closed.

Small blobs share a segment (closed at SEGMENT_BYTES); a blob over SPOOL_MEMORY_BYTES is written as it comes into a segment
of its own. Every record has a header (magic, length, SHA-256), so a segment can be read without the database. A segment
whose write or sync failed is closed for good: what the kernel kept of it is unknown. The lock guards offsets, the dirty and
the syncing list; a sync runs outside it, so a descriptor is closed only by `_close_unused`, never while a sync holds it.
"""

import contextlib
import hashlib
import os
import shutil
import threading
from collections import OrderedDict
from pathlib import Path

from mailcore.base.errors import MailError, Reason
from mailcore.base.ids import Random, base32
from mailcore.config.system import FileLock, pread, sync_data, sync_folder
from mailcore.store.blobs import Locator, Staged

SEGMENT_BYTES = 64 * 1024 * 1024
"""A segment is closed when it has grown to this."""
SPOOL_MEMORY_BYTES = 256 * 1024
"""What one incoming message may hold in memory; the rest goes to a file of its own."""
OPEN_FILES = 64
"""Descriptors kept open for reading."""
MAGIC = b"RstB"
HEADER_BYTES = 4 + 8 + 32
READ_BYTES = 1024 * 1024


class SegmentFile:
    """One append-only file. Not thread-safe: its owner holds the lock."""

    def __init__(self, folder: str, name: str) -> None:
        self.name = name
        self.path = os.path.join(folder, name)
        self.fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
        self.size = 0
        self.is_new = True
        self.is_broken = False
        self.is_closed = False

    def write(self, data: bytes) -> None:
        """Append all of *data*. Raises OSError, also for a short write that does not go on."""
        view = memoryview(data)
        while view:
            done = os.write(self.fd, view)
            if done == 0:
                raise OSError(28, "short write")
            self.size += done
            view = view[done:]


class SegmentStore:
    """A folder of segments: the default home of blobs."""

    def __init__(self, folder: str, random: Random) -> None:
        self._folder = folder
        self._random = random
        self._lock = threading.Lock()
        self._current: SegmentFile | None = None
        self._dirty: list[SegmentFile] = []
        self._syncing: list[SegmentFile] = []
        self._readers: OrderedDict[str, int] = OrderedDict()
        self._sync_lock = threading.Lock()
        self._name_lock = threading.Lock()
        self._owner: FileLock | None = None
        self._owner_name = ""
        self._owner_pid = 0
        self._count = 0
        self._void: set[str] = set()
        os.makedirs(folder, mode=0o700, exist_ok=True)

    def add(self, data: bytes) -> Staged:
        digest = hashlib.sha256(data).digest()
        record = b"".join((MAGIC, len(data).to_bytes(8, "big"), digest, data))
        with self._lock:
            segment = self._writable()
            offset = segment.size + HEADER_BYTES
            try:
                segment.write(record)
            except OSError as error:
                self._retire(segment)
                raise storage_error(error) from error
            if segment not in self._dirty:
                self._dirty.append(segment)
        return Staged(sha256=digest, locator=Locator(segment=segment.name, offset=offset, length=len(data)))

    def is_void(self, segment: str) -> bool:
        return segment in self._void

    def spool(self) -> "SegmentSpool":
        return SegmentSpool(self)

    def sync(self) -> None:
        with self._sync_lock:
            with self._lock:
                taken, self._dirty = self._dirty, []
                self._syncing = taken
            try:
                self._sync_files(taken)
            except OSError as error:
                with self._lock:
                    for segment in taken:
                        self._retire(segment)
                raise storage_error(error) from error
            finally:
                with self._lock:
                    self._syncing = []
                    for segment in taken:
                        self._close_unused(segment)

    def _sync_files(self, taken: list[SegmentFile]) -> None:
        for segment in taken:
            if segment.is_broken:
                raise OSError(5, "an earlier write failed")
            sync_data(segment.fd)
        if any(segment.is_new for segment in taken):
            sync_folder(self._folder)
            for segment in taken:
                segment.is_new = False

    def _close_unused(self, segment: SegmentFile) -> None:
        """Close a segment that takes no more bytes and waits for no sync; once, because a number closed twice is another file's."""
        if segment is self._current or segment in self._dirty or segment in self._syncing or segment.is_closed:
            return
        segment.is_closed = True
        with contextlib.suppress(OSError):
            os.close(segment.fd)

    def read(self, locator: Locator, start: int = 0, length: int | None = None) -> bytes:
        want = max(0, locator.length - start) if length is None else max(0, min(length, locator.length - start))
        if want == 0:
            return b""
        try:
            with self._lock:
                data = pread(self._reader(locator.segment), want, locator.offset + start)
        except OSError as error:
            raise MailError(Reason.STORAGE, f"Segment {locator.segment} cannot be read: {error.strerror}.") from error
        if len(data) != want:
            raise MailError(Reason.STORAGE, f"Segment {locator.segment} is shorter than its index says.")
        return data

    def _reader(self, name: str) -> int:
        fd = self._readers.get(name)
        if fd is not None:
            self._readers.move_to_end(name)
            return fd
        if "/" in name or name.startswith("."):
            raise OSError(22, "not a segment name")
        fd = os.open(os.path.join(self._folder, name), os.O_RDONLY | getattr(os, "O_CLOEXEC", 0))
        self._readers[name] = fd
        if len(self._readers) > OPEN_FILES:
            _, old = self._readers.popitem(last=False)
            os.close(old)
        return fd

    def remove_segment(self, segment: str) -> None:
        with self._lock:
            fd = self._readers.pop(segment, None)
            if fd is not None:
                os.close(fd)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(os.path.join(self._folder, segment))

    def bring(self, segment: str, path: Path) -> None:
        target = os.path.join(self._folder, os.path.basename(segment))
        if os.path.basename(segment) != segment:
            raise MailError(Reason.STORAGE, f"{segment} is no name of a segment.")
        try:
            shutil.copyfile(path, target + ".part")
            with open(target + ".part", "rb+") as file:
                sync_data(file.fileno())
            os.replace(target + ".part", target)
            sync_folder(self._folder)
        except OSError as error:
            raise storage_error(error) from error

    def segments(self) -> dict[str, int]:
        found = {}
        for entry in os.scandir(self._folder):
            if entry.name.endswith(".seg") and not self._is_live(entry.name):
                found[entry.name] = entry.stat().st_size
        return found

    def _is_live(self, name: str) -> bool:
        """True while a process that writes *name* holds its owner's lock."""
        owner = os.path.join(self._folder, name.split("-")[0] + ".owner")
        if self._current is not None and name == self._current.name:
            return True
        if not os.path.exists(owner):
            return False
        lock = FileLock(owner)
        try:
            if not lock.acquire(is_blocking=False):
                return True
            lock.release()
            return False
        finally:
            lock.close()

    def close(self) -> None:
        with contextlib.suppress(MailError):
            self.sync()
        with self._lock:
            last, self._current = self._current, None
            if last is not None:
                self._close_unused(last)
            while self._readers:
                os.close(self._readers.popitem()[1])
            if self._owner is not None and self._owner_pid == os.getpid():
                self._owner.close()
                self._owner = None

    def new_segment(self) -> SegmentFile:
        """A fresh file whose name says which process owns it. Raises OSError."""
        with self._name_lock:
            if self._owner is None or self._owner_pid != os.getpid():
                self._owner_name = base32(int.from_bytes(self._random.bytes(10), "big"), 16)
                self._owner_pid = os.getpid()
                self._owner = FileLock(os.path.join(self._folder, self._owner_name + ".owner"))
                self._owner.acquire()
                self._count = 0
            self._count += 1
            return SegmentFile(self._folder, f"{self._owner_name}-{self._count:06d}.seg")

    def _writable(self) -> SegmentFile:
        if self._current is not None and self._current.size >= SEGMENT_BYTES:
            full, self._current = self._current, None
            self._close_unused(full)
        if self._current is None:
            try:
                self._current = self.new_segment()
            except OSError as error:
                raise storage_error(error) from error
        return self._current

    def _retire(self, segment: SegmentFile) -> None:
        """Never write *segment* again; its bytes on disk are unknown."""
        self._void.add(segment.name)
        segment.is_broken = True
        if self._current is segment:
            self._current = None
        self._close_unused(segment)

    def adopt(self, segment: SegmentFile) -> None:
        """Take a spool's own segment into the next sync."""
        with self._lock:
            self._dirty.append(segment)


class SegmentSpool:
    """Collects one message: in memory while it is small, then in a segment of its own."""

    def __init__(self, store: SegmentStore) -> None:
        self._store = store
        self._chunks: list[bytes] = []
        self._segment: SegmentFile | None = None
        self._hash = hashlib.sha256()
        self.size = 0

    def write(self, chunk: bytes) -> None:
        self.size += len(chunk)
        if self._segment is None:
            self._chunks.append(chunk)
            if self.size > SPOOL_MEMORY_BYTES:
                self._spill()
            return
        try:
            self._segment.write(chunk)
        except OSError as error:
            self.abort()
            raise storage_error(error) from error
        self._hash.update(chunk)

    def _spill(self) -> None:
        data = b"".join(self._chunks)
        try:
            self._segment = self._store.new_segment()
            self._segment.write(b"\0" * HEADER_BYTES + data)
        except OSError as error:
            self.abort()
            raise storage_error(error) from error
        self._hash.update(data)
        self._chunks.clear()

    def contents(self) -> bytes:
        if self._segment is None:
            return b"".join(self._chunks)
        pieces, position = [], HEADER_BYTES
        while position < self._segment.size:
            piece = pread(self._segment.fd, min(READ_BYTES, self._segment.size - position), position)
            if not piece:
                raise MailError(Reason.STORAGE, "A message that was being received cannot be read back.")
            pieces.append(piece)
            position += len(piece)
        return b"".join(pieces)

    def finish(self) -> Staged:
        if self._segment is None:
            return self._store.add(b"".join(self._chunks))
        digest = self._hash.digest()
        self._store.adopt(self._segment)
        locator = Locator(segment=self._segment.name, offset=HEADER_BYTES, length=self.size)
        return Staged(sha256=digest, locator=locator, is_alone=True)

    def abort(self) -> None:
        self._chunks.clear()
        if self._segment is not None:
            with contextlib.suppress(OSError):
                os.close(self._segment.fd)
            with contextlib.suppress(OSError):
                os.unlink(self._segment.path)
            self._segment.is_broken = True


def storage_error(error: OSError) -> MailError:
    """A disk's error in our terms; always temporary."""
    if error.errno in (28, 122):
        return MailError(Reason.NO_SPACE, "The disk is full.")
    return MailError(Reason.STORAGE, f"The disk refused: {error.strerror or error}.")
