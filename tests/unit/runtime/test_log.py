"""The files of the log, a day each, written by every thread of a process."""

import os
import threading
from pathlib import Path

import pytest

from mailcore.runtime import log


def test_no_line_is_lost_where_the_day_changes_under_another_thread(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The other wrote to a file that was closed, or to whatever the system had opened under its number meanwhile."""
    files, others = log.DayFiles(tmp_path), []

    def close(descriptor: int) -> None:
        os_close(descriptor)
        others.append(threading.Thread(target=files.write, args=("2026-01-01", "late\n")))
        others[0].start()
        others[0].join(0.2)  # it waits for us where it must

    files.write("2026-01-01", "first\n")
    os_close = os.close
    monkeypatch.setattr(log.os, "close", close)
    files.write("2026-01-02", "second\n")
    monkeypatch.setattr(log.os, "close", os_close)
    others[0].join()
    assert [(tmp_path / f"roost-2026-01-0{day}.log").read_text() for day in (1, 2)] == ["first\nlate\n", "second\n"]


def test_a_full_disk_leaves_no_file_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each line that found no room used to keep one."""
    files, opened, closed = log.DayFiles(tmp_path), [], []
    os_open, os_close = os.open, os.close

    def full(_descriptor: int, _data: bytes) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(log.os, "open", lambda *given: opened.append(os_open(*given)) or opened[-1])
    monkeypatch.setattr(log.os, "close", lambda descriptor: closed.append(descriptor) or os_close(descriptor))
    monkeypatch.setattr(log.os, "write", full)
    for _ in range(3):
        files.write("2026-01-01", "line\n")
    assert len(opened) == 3 and closed == opened
