"""`kill -9` at any moment: what was acknowledged is there and whole, and the next start writes on."""

import os
import random
import signal
import time
from pathlib import Path

import pytest

from tests.unit.store import workload


def one_life(folder: str, seed: int, seconds: float) -> list[str]:
    """Fork a process that lives in the store, kill it after *seconds*, and return what it had said."""
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        os.close(reader)
        try:
            workload.live(folder, seed, lambda text: os.write(writer, (text + "\n").encode()))
        finally:
            os._exit(1)
    os.close(writer)
    time.sleep(seconds)
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    with os.fdopen(reader) as pipe:
        text = pipe.read()
    return text.splitlines()


def crash_many(folder: Path, times: int) -> int:
    rng = random.Random(times)
    workload.prepare(str(folder))
    checked = 0
    lines: list[str] = []
    for number in range(times):
        lines += [line for line in one_life(str(folder), number, rng.uniform(0.005, 0.09)) if line]
        if number % 10 == 9:
            checked += workload.check(str(folder), lines)
            lines = []
    return checked


def test_nothing_acknowledged_is_lost_by_a_hundred_kills(tmp_path: Path) -> None:
    assert crash_many(tmp_path, 100) > 100


@pytest.mark.long
@pytest.mark.timeout(1200)
def test_nothing_acknowledged_is_lost_by_two_thousand_kills(tmp_path: Path) -> None:
    checked = 0
    for part in range(20):
        folder = tmp_path / str(part)
        folder.mkdir()
        checked += crash_many(folder, 100)
    assert checked > 2000
