"""Programs that rules of the server may run: executable files in `programs` of the data directory, which the machine's owner puts there.

Nothing of Roost writes into that folder, and what others than its owner could change is not run.
"""

import os
import stat
from pathlib import Path

from mailcore.base.errors import MailError, Reason

FOLDER = "programs"
OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def names(data_dir: Path) -> list[str]:
    """The programs that could be run, by name."""
    try:
        found = sorted(entry.name for entry in os.scandir(data_dir / FOLDER))
    except OSError:
        return []
    return [name for name in found if not why_not(data_dir, name)]


def why_not(data_dir: Path, name: str) -> str:
    """Why the program is not run; "" when it may be."""
    folder, path = data_dir / FOLDER, data_dir / FOLDER / name
    try:
        outer, inner = folder.lstat(), path.lstat()
    except OSError:
        return f"There is no file {name} in {folder}."
    if not stat.S_ISDIR(outer.st_mode) or not stat.S_ISREG(inner.st_mode):
        return f"{path} is not a file in a folder; links are not followed."
    if (outer.st_mode | inner.st_mode) & OTHERS_WRITE:
        return f"Others than its owner may write to {path} or its folder."
    return "" if os.access(path, os.X_OK) else f"Roost may not execute {path}."


def path_of(data_dir: Path, name: str) -> Path:
    """The file to run. Raises MailError(NOT_PERMITTED) with the reason."""
    reason = why_not(data_dir, name)
    if reason or "/" in name or name.startswith("."):
        raise MailError(Reason.NOT_PERMITTED, reason or f"{name} is no name of a program.")
    return data_dir / FOLDER / name
