"""Reads the log files for the panel and the command line: newest lines first, filtered, a bounded part of a file at a time."""

import re
from datetime import timedelta
from pathlib import Path

from mailcore.base.errors import MailError, Reason
from mailcore.runtime.runtime import Runtime

READ_BYTES = 16 * 1024 * 1024
"""Most of a file that is looked through from its end."""
LINES = 500
_NAME = re.compile(r"roost-(\d{4}-\d{2}-\d{2})\.log")
LEVELS = ("error", "warning", "info", "debug")


def folder_of(runtime: Runtime) -> Path:
    """Where the files stand."""
    return runtime.config.data_dir / "logs"


def days(runtime: Runtime) -> list[str]:
    """The days there is a file of, newest first."""
    folder = folder_of(runtime)
    found = [_NAME.fullmatch(p.name) for p in folder.iterdir()] if folder.is_dir() else []
    return sorted((m.group(1) for m in found if m), reverse=True)


def path_of(runtime: Runtime, day: str) -> Path:
    """The file of *day*. Raises MailError(NOT_FOUND)."""
    if day not in days(runtime):
        raise MailError(Reason.NOT_FOUND, f"There is no log of {day[:20]}.")
    return folder_of(runtime) / f"roost-{day}.log"


def tail(runtime: Runtime, day: str, *, contains: str = "", level: str = "", limit: int = LINES) -> list[str]:
    """The newest lines of *day* that hold *contains* and are at least as grave as *level*, newest first. Raises MailError(NOT_FOUND)."""
    path = path_of(runtime, day)
    with open(path, "rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - READ_BYTES))
        lines = file.read(READ_BYTES).decode("utf-8", "replace").splitlines()[1 if size > READ_BYTES else 0 :]
    grave = LEVELS[: LEVELS.index(level) + 1] if level in LEVELS else LEVELS
    wanted, found = contains.lower(), []
    for line in reversed(lines):
        if line.partition(" ")[2].partition(" ")[0] in grave and wanted in line.lower():
            found.append(line)
            if len(found) >= limit:
                break
    return found


def forget(runtime: Runtime, kept_days: int) -> int:
    """Remove files older than *kept_days*; how many."""
    before, count = (runtime.clock.now() - timedelta(days=kept_days)).strftime("%Y-%m-%d"), 0
    for day in days(runtime):
        if day < before:
            path_of(runtime, day).unlink(missing_ok=True)
            count += 1
    return count
