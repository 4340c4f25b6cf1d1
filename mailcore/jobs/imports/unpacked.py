"""A zip of a backup, laid out in a folder: only files that stay inside it, not too many, and not more bytes than are allowed."""

import shutil
import zipfile
from collections.abc import Callable
from pathlib import Path

from mailcore.base.errors import MailError, Reason

ENTRIES = 2_000_000
"""Files of one zip. Stops an archive that fills the disk's directories."""
UNPACKED_BYTES = 100 * 1024**3
"""Bytes of one zip when it is unpacked. Stops a bomb."""
PIECE = 1024 * 1024
TELL_EVERY = 500


def unpack(source: Path, target: Path, tell: Callable[[int, int], None], *, reserve: int = 0) -> None:
    """Lay *source* out in *target*; *tell* hears how many files of how many. *reserve* bytes of the disk stay free. Raises MailError in words."""
    try:
        with zipfile.ZipFile(source) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            size = sum(one.file_size for one in files)
            if len(files) > ENTRIES or size > UNPACKED_BYTES:
                raise MailError(Reason.TOO_BIG, f"The zip holds {len(files)} files and {size // 1024**2} MB; {ENTRIES} files and {UNPACKED_BYTES // 1024**3} GB are taken at most.")
            target.mkdir(parents=True, exist_ok=True)
            if shutil.disk_usage(target).free - reserve < size:
                raise MailError(Reason.NO_SPACE, f"There is no room to unpack {size // 1024**2} MB. Free some disk space, or name a folder instead.")
            for number, one in enumerate(files):
                _write(archive, one, target, size)
                if number % TELL_EVERY == 0:
                    tell(number, len(files))
    except (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise MailError(Reason.SYNTAX, f"This is no zip that can be read: {error}. A 7z file is unpacked first, then its folder is made a zip or named here.") from error


def _write(archive: zipfile.ZipFile, one: zipfile.ZipInfo, target: Path, limit: int) -> None:
    parts = [part for part in one.filename.replace("\\", "/").split("/") if part not in ("", ".")]
    if not parts or ".." in parts or ":" in parts[0]:
        raise MailError(Reason.SYNTAX, f"{one.filename[:200]!r} would lie outside of the folder; nothing of this zip is taken.")
    place = target.joinpath(*parts)
    place.parent.mkdir(parents=True, exist_ok=True)
    done = 0
    with archive.open(one) as data, place.open("wb") as file:
        while piece := data.read(PIECE):
            done += len(piece)
            if done > limit:  # the zip's own list said less
                raise MailError(Reason.TOO_BIG, "The zip holds more than it says.")
            file.write(piece)
