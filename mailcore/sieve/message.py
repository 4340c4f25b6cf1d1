"""What a script looks at: the mail it filters and what is around it, all given as arguments.

`Mail` reads a blob lazily: fields at once, MIME parts and texts only where a test asks. `Surroundings` carries what only the
store or the listener knows, as plain values and callables; the interpreter itself has no clock, no network and no store.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, tzinfo
from functools import cached_property
from mmap import mmap
from typing import TYPE_CHECKING, NamedTuple

from mailcore.mail.headers import scan_headers
from mailcore.mail.mime import parse
from mailcore.mail.part import Part

if TYPE_CHECKING:
    from mailcore.sieve.script import Script


class Field(NamedTuple):
    """A header field: its name as written and its raw value, folds and all."""

    name: str
    raw: bytes


class Mail:
    """A message as bytes. *prefix* is the header lines that we put before the blob; *root* spares a parse already done."""

    def __init__(self, data: bytes | mmap, *, prefix: bytes = b"", root: Part | None = None) -> None:
        self.data = data
        self._prefix = prefix
        self._root = root
        self.size = len(prefix) + len(data)

    @cached_property
    def root(self) -> Part:
        """The MIME tree; its offsets count from the blob."""
        return self._root or parse(self.data)

    @cached_property
    def fields(self) -> tuple[Field, ...]:
        """The fields of the message's header in order, the prefix's first."""
        return fields_of(self._prefix) + fields_of(self.data, 0, self.root.body_start if self._root else None)


def fields_of(data: bytes | mmap, start: int = 0, stop: int | None = None) -> tuple[Field, ...]:
    """The fields of the header block at *start*."""
    headers = scan_headers(data, start, stop)
    raw_values = (raw for _, raw in headers.items())
    return tuple(Field(found.name.decode("latin-1"), raw) for found, raw in zip(headers, raw_values, strict=True))


def _nothing(*_: object) -> bool:
    return False


def _no_script(*_: object) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What surrounds one delivery.

    `sender` and `recipient` are the envelope's ("" is the null path). `spam_percent` is None where nothing was tested, 50 at the
    mark threshold, 100 at the refuse threshold; `virus` is RFC 5235 §3.3's 0..5. `has_mailbox(name)`, `has_special_use(mailbox or
    None, "\\\\Sent")`, `is_seen(mark)` and `find_script(name, is_global)` look into the account. `now` is aware; `zone` is the account's.
    """

    sender: str = ""
    recipient: str = ""
    original_recipient: str = ""
    signed_in_as: str = ""
    spam_percent: int | None = None
    virus: int = 0
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)
    zone: tzinfo = UTC
    environment: Mapping[str, str] = field(default_factory=dict)
    has_mailbox: Callable[[str], bool] = _nothing
    has_special_use: Callable[[str | None, str], bool] = _nothing
    is_seen: Callable[[str], bool] = _nothing
    find_script: Callable[[str, bool], "Script | None"] = _no_script
