"""Where the shared test data lies; tests that need it are skipped, with a message, when it is not there."""

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3].parent / "shared" / "corpora"


def corpus(name: str) -> Path:
    path = ROOT / name
    if not path.exists():
        pytest.skip(f"test data {name} is not in ../shared/corpora")
    return path
