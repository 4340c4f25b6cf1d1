"""What a worker does beside its connections goes on, whatever goes wrong in it."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest

from mailcore.serve import worker


def test_work_that_a_fault_of_ours_ends_is_told_and_begun_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker without its clock, its jobs or its fetching looked alive until somebody missed them."""
    told: list[dict[str, str]] = []
    runtime: Any = SimpleNamespace(log=SimpleNamespace(error=lambda _text, **fields: told.append(fields)))
    begun = 0

    async def work() -> None:
        nonlocal begun
        begun += 1
        if begun < 3:
            raise KeyError("gone")
        await asyncio.Event().wait()

    async def life() -> None:
        task = asyncio.create_task(worker.kept_up(runtime, "clock", work))
        while begun < 3:
            await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    monkeypatch.setattr(worker, "AGAIN_SECONDS", 0)
    asyncio.run(life())
    assert told == [{"work": "clock", "error": "KeyError: 'gone'"}] * 2
