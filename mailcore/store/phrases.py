"""What the full-text index takes and what it is asked for, as plain values."""

from collections.abc import Sequence
from dataclasses import dataclass

FIELDS = ("subject", "sender", "rcpt", "body")


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """One email for the index: its fields as plain text."""

    email_id: int
    account_id: int
    subject: str
    sender: str
    rcpt: str
    body: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Phrase:
    """Words one after another, in *field* or anywhere (""). The last may be the beginning of a word unless *is_whole*."""

    words: tuple[str, ...]
    field: str = ""
    is_whole: bool = False


Clause = Sequence[Phrase]
"""Phrases of which one is enough."""
