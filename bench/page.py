"""Puts what a bench measured into docs/performance.md, between the marks of that bench."""

import datetime
import os
import platform
import subprocess
from pathlib import Path

HOME = Path(__file__).resolve().parents[1]
PAGE = HOME / "docs" / "performance.md"


def publish(name: str, text: str) -> None:
    """Replace the part of the page called *name*."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = PAGE.read_text()
    before, after = page.split(begin)[0], page.split(end)[1]
    PAGE.write_text(f"{before}{begin}\n{text}\n{end}{after}")


def commit() -> str:
    """The commit that is measured."""
    done = subprocess.run(["git", "-C", str(HOME), "rev-parse", "--short", "HEAD"], capture_output=True, text=True, check=False)
    return done.stdout.strip() or "unknown"


def machine() -> str:
    """When and on what."""
    today = datetime.datetime.now(datetime.UTC).date()
    return f"Measured {today} on {os.cpu_count()} shared cores ({platform.system()}, Python {platform.python_version()}), Roost at commit {commit()}"
