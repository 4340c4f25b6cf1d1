"""Flags: the six of RFC 3501 §2.3.2 by name, everything else a keyword (RFC 5788 for the registered ones).

Flags compare without regard to case, so system flags get their one spelling here and a keyword keeps the one it was sent
with; whether two keywords of different case are one is the store's to see to.
"""

from enum import StrEnum

MAX_FLAGS = 100
"""Most flags in one list; stops a STORE that makes thousands of keywords."""
MAX_KEYWORD_BYTES = 100
"""Longest keyword; stops keywords used as storage."""


class SystemFlag(StrEnum):
    """The flags that begin with a backslash."""

    SEEN = "\\Seen"
    ANSWERED = "\\Answered"
    FLAGGED = "\\Flagged"
    DELETED = "\\Deleted"
    DRAFT = "\\Draft"
    RECENT = "\\Recent"


Flag = str
"""A SystemFlag's value or a keyword, in the spelling to store."""

_BY_UPPER = {flag.value.upper().encode("ascii"): flag.value for flag in SystemFlag}


def parse_flag(data: bytes) -> Flag | None:
    """The flag *data* spells; None for a flag with a backslash that nobody may set."""
    if data[:1] == b"\\":
        return _BY_UPPER.get(data.upper())
    return data.decode("ascii") if len(data) <= MAX_KEYWORD_BYTES else None
