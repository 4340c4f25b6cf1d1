"""DNS as an argument: the questions Roost asks, and the three ways an answer can be missing.

`NotFound` (the name or type does not exist) is an answer; `DnsTrouble` is the absence of one and is always temporary.
The real resolver is `net.dns`; tests use a table.
"""

from dataclasses import dataclass
from typing import Protocol

from mailcore.base.errors import MailError, Reason


class DnsTrouble(MailError):
    """No answer in time, SERVFAIL, or no resolver at all. Never refuses, scores or delays by itself."""

    def __init__(self, detail: str) -> None:
        super().__init__(Reason.DNS, detail, temporary=True)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Text forms of one RRset's values and whether a validating resolver vouched for them (AD)."""

    values: tuple[str, ...]
    is_authentic: bool = False


class Resolver(Protocol):
    """Asks *name* for records of *rdtype* ("A", "AAAA", "MX", "TXT", "PTR", "TLSA", "CNAME", ...).

    Values are in presentation form, TXT joined and unquoted, MX as "10 mx.example." Empty when the name or type does not exist.
    Raises DnsTrouble when there is no answer.
    """

    def query(self, name: str, rdtype: str) -> Answer: ...
