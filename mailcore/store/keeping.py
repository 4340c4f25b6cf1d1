"""What stands in a folder of backups, read from their manifests."""

import json
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from mailcore.base.clock import Micros, to_micros


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """A whole backup: when it was made, how many messages it names, how many octets its run copied."""

    name: str
    at: Micros
    messages: int
    copied_bytes: int


def folders(folder: Path) -> list[Path]:
    """The whole backups in *folder*, newest first; a run that was cut off has no manifest and is none."""
    return sorted((p.parent for p in folder.glob("*/manifest.json")), reverse=True) if folder.is_dir() else []


def found(folder: Path) -> list[Backup]:
    """What there is, newest first."""
    made = []
    for one in folders(folder):
        try:
            told = json.loads((one / "manifest.json").read_text())
            at = to_micros(datetime.fromisoformat(told["at"]))
            made.append(Backup(name=one.name, at=at, messages=int(told["rows"]["messages"]), copied_bytes=int(told["copied_bytes"])))
        except (OSError, ValueError, KeyError):
            continue
    return made
