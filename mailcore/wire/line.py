"""What the line protocols (SMTP, POP3, ManageSieve) have in common: a command that is its verb, unless it says more."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Command:
    """One command as a value; its bytes are what a client writes."""

    def __bytes__(self) -> bytes:
        return type(self).__name__.upper().encode("ascii") + b"\r\n"
