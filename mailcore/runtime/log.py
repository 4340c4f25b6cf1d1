"""Logs are events with fields: constant lower-case text, then name=value. One line each, to standard error and to a file a day.

Values are shortened and made printable, so that nothing a stranger sends can forge a line; a Secret prints as ***.
"""

import contextlib
import os
import sys
import threading
import time
from pathlib import Path
from typing import Any, TextIO

LEVELS = {"error": 0, "warning": 1, "info": 2, "debug": 3}
VALUE_CHARACTERS = 300


class DayFiles:
    """A file a day in *folder*, appended to by every process: a line is one write, so lines never mix. Trouble with the disk is not ours to tell."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._day = ""
        self._fd = -1
        self._lock = threading.Lock()

    def write(self, day: str, line: str) -> None:
        """Append *line* to the file of *day* (YYYY-MM-DD)."""
        with self._lock:  # nobody writes to a file that another closes
            try:
                if day != self._day:
                    self._close()
                    self.folder.mkdir(mode=0o700, exist_ok=True)
                    self._fd = os.open(self.folder / f"roost-{day}.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND | getattr(os, "O_CLOEXEC", 0), 0o600)
                    self._day = day
                os.write(self._fd, line.encode("utf-8", "replace"))
            except OSError:
                self._close()

    def _close(self) -> None:
        descriptor, self._day, self._fd = self._fd, "", -1
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                os.close(descriptor)


class Log:
    """A named source of events."""

    __slots__ = ("_fields", "_files", "_level", "_name", "_stream")

    def __init__(self, name: str, level: list[str] | None = None, stream: TextIO | None = None, fields: str = "", files: DayFiles | None = None) -> None:
        self._name = name
        self._files = files
        self._level = level if level is not None else ["info"]
        self._stream = stream
        self._fields = fields

    def named(self, name: str) -> "Log":
        """The same log under another name."""
        return Log(name, self._level, self._stream, self._fields, self._files)


    def set_level(self, level: str) -> None:
        """Change the level of every log made from the same root."""
        self._level[0] = level

    def error(self, text: str, **fields: Any) -> None:
        """Something failed that a person should look at."""
        self._write("error", text, fields)

    def warning(self, text: str, **fields: Any) -> None:
        """Something is off, and went on."""
        self._write("warning", text, fields)

    def info(self, text: str, **fields: Any) -> None:
        """A step worth keeping."""
        self._write("info", text, fields)

    def debug(self, text: str, **fields: Any) -> None:
        """A step worth seeing while looking for a fault."""
        self._write("debug", text, fields)


    def _write(self, level: str, text: str, fields: dict[str, Any]) -> None:
        if LEVELS[level] > LEVELS[self._level[0]]:
            return
        moment = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        stream = self._stream or sys.stderr
        line = f"{moment} {level} {self._name}: {text}{self._fields}{_fields(fields)}\n"
        if self._files is not None:
            self._files.write(moment[:10], line)
        try:
            stream.write(line)
            stream.flush()
        except (OSError, ValueError):
            return


def _fields(fields: dict[str, Any]) -> str:
    return "".join(f" {name}={_printable(value)}" for name, value in fields.items())


def _printable(value: Any) -> str:
    text = str(value)
    if len(text) > VALUE_CHARACTERS:
        text = text[:VALUE_CHARACTERS] + "…"
    if text.isprintable() and " " not in text and text:
        return text
    return '"' + "".join(c if c.isprintable() and c != '"' else f"\\x{ord(c):02x}" for c in text) + '"'
