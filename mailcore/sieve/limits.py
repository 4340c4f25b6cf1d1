"""What one run may do. Each limit ends the run as a keep with its name in the error; each stops one way to hold a worker or misuse it."""

from dataclasses import dataclass

MAX_STEPS = 50_000
"""Commands and tests of one run. Stops loops over parts and includes from holding a worker."""
MAX_REDIRECTS = 5
"""Unless `sieve.max_redirects` says another number. Stops one message from becoming a flood."""
MAX_ACTIONS = 50
"""Stops one message from filling a mailbox many times."""
MAX_INCLUDES, MAX_INCLUDE_DEPTH = 50, 10
"""Stops scripts that include each other. RFC 6609 §3.1."""
MAX_EDITS = 200
"""Header fields added and deleted. Stops a script from growing a message, and a search for the nth field from costing a square."""
MAX_HEADER_CHARACTERS = 4096
"""One added field's value."""
MAX_LOOKED_CHARACTERS = 64 * 1024 * 1024
"""Characters that all tests together compare. Stops long lists of keys on a long body."""
MAX_TRACE = 100
"""Lines of the trace; what comes after is run and not told."""
MAX_VACATION_SECONDS = 365 * 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """The limits that a setting can change."""

    redirects: int = MAX_REDIRECTS
