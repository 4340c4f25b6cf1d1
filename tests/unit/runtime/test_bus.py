"""Waiting for a hint."""

import asyncio

import pytest

from mailcore.events.bus import woken


def test_who_waits_is_woken_or_goes_on_when_the_time_is_over() -> None:
    async def wait() -> None:
        wake = asyncio.Event()
        waiting = asyncio.ensure_future(woken(wake, 3600))
        await asyncio.sleep(0)
        assert not waiting.done()
        wake.set()
        await waiting
        await woken(asyncio.Event(), 0.001)

    asyncio.run(wait())


@pytest.mark.parametrize("turns", range(4))
def test_a_stop_that_comes_with_a_hint_is_not_lost(turns: int) -> None:
    async def work() -> None:
        wake = asyncio.Event()

        async def forever() -> None:
            while True:
                wake.clear()
                await woken(wake, 3600)

        working = asyncio.ensure_future(forever())
        await asyncio.sleep(0)
        wake.set()
        for _ in range(turns):
            await asyncio.sleep(0)
        working.cancel()
        assert await asyncio.wait({working}, timeout=5) == ({working}, set())

    asyncio.run(work())
