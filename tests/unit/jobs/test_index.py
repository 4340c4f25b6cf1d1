"""The indexer gives way while mail comes in."""

from pathlib import Path
from types import SimpleNamespace
from typing import Any

from mailcore.jobs.index import BUSY, Indexer


def test_a_burst_of_mail_makes_it_rest_and_a_trickle_does_not(tmp_path: Path) -> None:
    runtime: Any = SimpleNamespace(config=SimpleNamespace(data_dir=tmp_path))
    indexer = Indexer(runtime)
    seen = []
    for newest in (BUSY + 1, 2 * BUSY + 2, 3 * BUSY + 2, 3 * BUSY + 3):
        indexer.look(newest)
        seen.append(indexer.is_busy)
    assert seen == [True, True, False, False]
