"""The few calls that differ between operating systems, so that no other layer imports a POSIX-only module.

On Windows the locks are whole-file locks of msvcrt and directories cannot be synced; one worker is the only mode there.
"""

import contextlib
import os
from typing import Any

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


class FileLock:
    """A machine-wide lock on a file that stays. Not for threads of one process: one owner calls acquire and release."""

    def __init__(self, path: str) -> None:
        self._fd = os.open(path, os.O_RDWR | os.O_CREAT | getattr(os, "O_CLOEXEC", 0), 0o600)

    def acquire(self, *, is_blocking: bool = True) -> bool:
        """Take the lock; False only when not blocking and another process has it."""
        if fcntl is None:
            return _windows_lock(self._fd, is_blocking)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | (0 if is_blocking else fcntl.LOCK_NB))
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Give the lock back."""
        if fcntl is not None:
            fcntl.flock(self._fd, fcntl.LOCK_UN)
        else:
            _windows_unlock(self._fd)

    def close(self) -> None:
        """Give the lock back and forget the file."""
        with contextlib.suppress(OSError):
            os.close(self._fd)


def _windows_lock(fd: int, is_blocking: bool) -> bool:
    import msvcrt

    module: Any = msvcrt
    try:
        module.locking(fd, module.LK_LOCK if is_blocking else module.LK_NBLCK, 1)
    except OSError:
        return False
    return True


def _windows_unlock(fd: int) -> None:
    import msvcrt

    module: Any = msvcrt
    os.lseek(fd, 0, os.SEEK_SET)
    module.locking(fd, module.LK_UNLCK, 1)


def sync_data(fd: int) -> None:
    """What was written to *fd* is on disk when this returns. Raises OSError."""
    getattr(os, "fdatasync", os.fsync)(fd)


def sync_folder(path: str) -> None:
    """New names in folder *path* are on disk when this returns. Raises OSError; does nothing where folders cannot be opened."""
    if os.name == "nt":
        return
    fd = os.open(path, os.O_RDONLY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def pread(fd: int, length: int, offset: int) -> bytes:
    """Up to *length* bytes of *fd* at *offset*, without moving its position where the system can."""
    if hasattr(os, "pread"):
        return os.pread(fd, length, offset)
    os.lseek(fd, offset, os.SEEK_SET)
    return os.read(fd, length)
