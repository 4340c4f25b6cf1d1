"""The power goes at any moment while letters are taken, filed, queued and sent on: every promise made until then is kept."""

import random
import shutil
from pathlib import Path

import pytest

from tests.scenario import letters
from tests.unit.store import replay

POINTS = 300


@pytest.mark.timeout(600)
def test_every_promise_about_a_letter_survives_a_power_cut_at_any_of_300_moments(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace, which records the disk's calls, is not installed")
    folder, before, log = tmp_path / "data", tmp_path / "before", tmp_path / "calls"
    folder.mkdir()
    letters.prepare(str(folder))
    shutil.copytree(folder, before)
    replay.record(folder, 5, 60, log, "tests.scenario.letters")
    ops = replay.parse(log, str(folder))
    said = [op.data.decode().partition(" ")[0] for op in ops if op.kind == "say"]
    assert min(said.count(kind) for kind in ("local", "outside", "taken")) >= 10
    rng, checked = random.Random(13), 0
    moments = sorted(rng.sample(range(1, len(ops) + 1), min(POINTS, len(ops))))
    for number, moment in enumerate(moments):
        lines = replay.cut_at(ops, moment, before, str(folder), tmp_path / "after", rng, keep=(0.0, 0.0, 0.5, 0.9)[number % 4])
        checked += letters.check(str(tmp_path / "after"), lines)
    assert len(moments) >= min(POINTS, len(ops)) and checked > 1000
