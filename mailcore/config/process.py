"""The operating system's side of being a server: another user, a parent's death, one start a data directory."""

import contextlib
import ctypes
import os
import signal
import subprocess
from pathlib import Path

from mailcore.base.errors import MailError, Reason

PR_SET_PDEATHSIG = 1


def is_root() -> bool:
    """Whether this process may bind low ports and become another user."""
    return hasattr(os, "geteuid") and os.geteuid() == 0


def end_with_parent(parent: int, by: signal.Signals = signal.SIGTERM) -> None:
    """Let the kernel end this process when its parent (the thread that began it) dies; ends it now if that has happened already. Linux only."""
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, by, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)


def ensure_user(name: str) -> tuple[int, int]:
    """The uid and gid of *name*, made as a system user if missing. Raises MailError(NOT_FOUND)."""
    import pwd

    try:
        found = pwd.getpwnam(name)
    except KeyError:
        done = subprocess.run(
            ["useradd", "--system", "--user-group", "--no-create-home", "--shell", "/usr/sbin/nologin", name], capture_output=True, check=False
        )
        if done.returncode != 0:
            raise MailError(Reason.NOT_FOUND, f"There is no user {name} and it could not be made. Make it, or name another with ROOST_USER.") from None
        found = pwd.getpwnam(name)
    return found.pw_uid, found.pw_gid


def shut_out_at(folder: Path, uid: int, gid: int) -> Path | None:
    """The first parent of *folder* that user may not pass through, or None."""
    for parent in reversed(folder.absolute().parents):
        try:
            status = parent.stat()
        except OSError:
            return parent
        may_pass = (
            status.st_mode & 0o001
            or (status.st_uid == uid and status.st_mode & 0o100)
            or (status.st_gid == gid and status.st_mode & 0o010)
        )
        if not may_pass:
            return parent
    return None


def give(folder: Path, uid: int, gid: int, *, but: str = "") -> None:
    """Make *folder* and all in it belong to that user, except the folder *but* in it."""
    os.chown(folder, uid, gid)
    for root, folders, files in os.walk(folder):
        if but in folders and Path(root) == folder:
            folders.remove(but)
        for name in (*folders, *files):
            with contextlib.suppress(FileNotFoundError):
                os.chown(os.path.join(root, name), uid, gid, follow_symlinks=False)


def become(uid: int, gid: int) -> None:
    """Be that user for good."""
    os.setgroups([])
    os.setgid(gid)
    os.setuid(uid)


def began_at(pid: int) -> float:
    """When a process began, in seconds since 1970; 0 where the system does not tell or it is gone."""
    try:
        return os.stat(f"/proc/{pid}").st_mtime
    except OSError:
        return 0.0


def pss_bytes(pid: int) -> int:
    """Proportional memory of a process: its own pages and its share of the common ones; 0 where the system does not tell."""
    try:
        for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return 0
