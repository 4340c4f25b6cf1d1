"""Why something was refused: one Reason enum for every protocol, and the one exception that carries it.

Errors never know the wire. Each protocol maps a Reason by a table of its own (SMTP code and enhanced status, IMAP response
code, POP3 code, HTTP status); `temporary` says whether the same request may succeed later.
"""

from enum import Enum


class Reason(Enum):
    """What went wrong, in the field's terms. The value is the name used in logs and traces."""

    SYNTAX = "syntax"
    BAD_SEQUENCE = "bad_sequence"
    UNKNOWN_USER = "unknown_user"
    UNKNOWN_DOMAIN = "unknown_domain"
    DISABLED = "disabled"
    RELAY_DENIED = "relay_denied"
    AUTH_REQUIRED = "auth_required"
    AUTH_FAILED = "auth_failed"
    TLS_REQUIRED = "tls_required"
    SENDER_DENIED = "sender_denied"
    OVER_QUOTA = "over_quota"
    TOO_BIG = "too_big"
    TOO_MANY_RECIPIENTS = "too_many_recipients"
    TOO_MANY = "too_many"
    BARE_LINE_ENDING = "bare_line_ending"
    LOOP = "loop"
    POLICY = "policy"
    SPAM = "spam"
    VIRUS = "virus"
    BANNED = "banned"
    NOT_FOUND = "not_found"
    ALREADY_EXISTS = "already_exists"
    IN_USE = "in_use"
    NOT_PERMITTED = "not_permitted"
    READ_ONLY = "read_only"
    CONFLICT = "conflict"
    LIMIT = "limit"
    NOT_SUPPORTED = "not_supported"
    STORAGE = "storage"
    NO_SPACE = "no_space"
    DNS = "dns"
    NETWORK = "network"
    REMOTE = "remote"
    EXPIRED = "expired"
    INTERNAL = "internal"


class MailError(Exception):
    """A refusal with a *reason* for programs and a *detail* sentence for people. Storage trouble is always temporary."""

    def __init__(self, reason: Reason, detail: str = "", *, temporary: bool = False) -> None:
        super().__init__(detail or reason.value)
        self.reason = reason
        self.detail = detail or reason.value.replace("_", " ")
        self.temporary = temporary or reason in _ALWAYS_TEMPORARY

    def __repr__(self) -> str:
        kind = "temporary" if self.temporary else "permanent"
        return f"MailError({self.reason.value}, {self.detail!r}, {kind})"


_ALWAYS_TEMPORARY = frozenset({Reason.STORAGE, Reason.NO_SPACE, Reason.DNS, Reason.INTERNAL})
