"""The power goes at 500 moments of a recorded life: every acknowledged message is there, none is torn, names included."""

import random
import shutil
from pathlib import Path

import pytest

from tests.unit.store import replay, workload

POINTS = 500


@pytest.mark.timeout(600)
def test_what_was_acknowledged_survives_a_power_cut_at_any_of_500_moments(tmp_path: Path) -> None:
    if shutil.which("strace") is None:
        pytest.skip("strace, which records the disk's calls, is not installed")
    folder, before = tmp_path / "data", tmp_path / "before"
    folder.mkdir()
    workload.prepare(str(folder))
    shutil.copytree(folder, before)
    log = tmp_path / "calls"
    replay.record(folder, 7, 60, log)
    ops = replay.parse(log, str(folder))
    assert sum(op.kind == "say" for op in ops) > 50
    assert sum(op.kind == "sync" for op in ops) > 50
    rng = random.Random(11)
    moments = sorted(rng.sample(range(1, len(ops) + 1), min(POINTS, len(ops))))
    checked = 0
    for number, moment in enumerate(moments):
        into = tmp_path / "after"
        said = replay.cut_at(ops, moment, before, str(folder), into, rng, keep=(0.0, 0.0, 0.5, 0.9)[number % 4])
        checked += workload.check(str(into), [line for line in said if len(line.split()) in (2, 3, 7)])
    assert len(moments) >= min(POINTS, len(ops)) and checked > 1000


def test_the_replay_notices_a_store_that_does_not_sync(tmp_path: Path) -> None:
    """The test of the test: without the recorded syncs of segments, acknowledged messages are missed."""
    if shutil.which("strace") is None:
        pytest.skip("strace, which records the disk's calls, is not installed")
    folder, before = tmp_path / "data", tmp_path / "before"
    folder.mkdir()
    workload.prepare(str(folder))
    shutil.copytree(folder, before)
    log = tmp_path / "calls"
    replay.record(folder, 3, 10, log)
    ops = [op for op in replay.parse(log, str(folder)) if not (op.kind == "sync" and op.path.endswith(".seg"))]
    said = replay.cut_at(ops, len(ops), before, str(folder), tmp_path / "after", random.Random(1), keep=0.0)
    with pytest.raises(Exception, match=r".+"):
        workload.check(str(tmp_path / "after"), said)
