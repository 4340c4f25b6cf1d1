"""What the processes of one machine write down for each other: files in `run/`, small, replaced whole, gone with the next start.

A supervisor writes status.json, each process its open sessions when their number has changed, one worker how scanners and DNS do.
"""

import json
import os
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Health:
    """How a program that Roost asks does. *state*: well, down, off. *took_ms*: its last answer; *well_at*: when it was last well (Micros, 0 never)."""

    name: str
    state: str
    where: str = ""
    version: str = ""
    detail: str = ""
    took_ms: int = 0
    well_at: int = 0


def write(run_dir: Path, name: str, found: Any) -> None:
    """Replace `run/`*name*`.json`."""
    path = run_dir / f"{name}.json"
    temporary = path.with_suffix(f".{os.getpid()}")
    temporary.write_text(json.dumps(found), encoding="utf-8")
    os.replace(temporary, path)


def read(run_dir: Path, name: str) -> Any:
    """What was written; None where nothing was, or nothing that can be read."""
    try:
        return json.loads((run_dir / f"{name}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None


def write_sessions(run_dir: Path, found: Mapping[str, int]) -> None:
    """The open sessions of this process, by listener."""
    write(run_dir, f"sessions-{os.getpid()}", dict(found))


def sessions(run_dir: Path, pids: Iterable[int]) -> dict[str, int]:
    """The open sessions of the processes *pids* together, by listener."""
    found: Counter[str] = Counter()
    for pid in pids:
        found.update(read(run_dir, f"sessions-{pid}") or {})
    return dict(found)


def write_health(run_dir: Path, found: Iterable[Health]) -> None:
    """How everything that is asked does."""
    write(run_dir, "health", [asdict(one) for one in found])


def health(run_dir: Path) -> tuple[Health, ...]:
    """What was seen last; empty until somebody looked."""
    return tuple(Health(**one) for one in read(run_dir, "health") or ())
