"""A Reason in IMAP's words: NO or BAD and a response code (RFC 5530, RFC 3501 §7.1, RFC 9208, RFC 4469)."""

from dataclasses import dataclass

from mailcore.base.errors import MailError, Reason
from mailcore.wire.imap.errors import ImapSyntaxError


@dataclass(frozen=True, slots=True)
class Refusal:
    """The status word and the response code (empty for none) of a tagged answer."""

    status: str
    code: str = ""


CODES: dict[Reason, Refusal] = {
    Reason.SYNTAX: Refusal("BAD"),
    Reason.BAD_SEQUENCE: Refusal("BAD", "CLIENTBUG"),
    Reason.UNKNOWN_USER: Refusal("NO", "NONEXISTENT"),
    Reason.UNKNOWN_DOMAIN: Refusal("NO", "NONEXISTENT"),
    Reason.DISABLED: Refusal("NO", "CONTACTADMIN"),
    Reason.RELAY_DENIED: Refusal("NO", "NOPERM"),
    Reason.AUTH_REQUIRED: Refusal("NO", "NOPERM"),
    Reason.AUTH_FAILED: Refusal("NO", "AUTHENTICATIONFAILED"),
    Reason.TLS_REQUIRED: Refusal("NO", "PRIVACYREQUIRED"),
    Reason.SENDER_DENIED: Refusal("NO", "NOPERM"),
    Reason.OVER_QUOTA: Refusal("NO", "OVERQUOTA"),
    Reason.TOO_BIG: Refusal("NO", "TOOBIG"),
    Reason.TOO_MANY_RECIPIENTS: Refusal("NO", "LIMIT"),
    Reason.TOO_MANY: Refusal("NO", "LIMIT"),
    Reason.BARE_LINE_ENDING: Refusal("NO", "CANNOT"),
    Reason.LOOP: Refusal("NO", "CANNOT"),
    Reason.POLICY: Refusal("NO", "NOPERM"),
    Reason.SPAM: Refusal("NO", "NOPERM"),
    Reason.VIRUS: Refusal("NO", "NOPERM"),
    Reason.BANNED: Refusal("NO", "UNAVAILABLE"),
    Reason.NOT_FOUND: Refusal("NO", "NONEXISTENT"),
    Reason.ALREADY_EXISTS: Refusal("NO", "ALREADYEXISTS"),
    Reason.IN_USE: Refusal("NO", "INUSE"),
    Reason.NOT_PERMITTED: Refusal("NO", "NOPERM"),
    Reason.READ_ONLY: Refusal("NO", "READ-ONLY"),
    Reason.CONFLICT: Refusal("NO", "CANNOT"),
    Reason.LIMIT: Refusal("NO", "LIMIT"),
    Reason.NOT_SUPPORTED: Refusal("NO", "CANNOT"),
    Reason.STORAGE: Refusal("NO", "UNAVAILABLE"),
    Reason.NO_SPACE: Refusal("NO", "UNAVAILABLE"),
    Reason.DNS: Refusal("NO", "UNAVAILABLE"),
    Reason.NETWORK: Refusal("NO", "UNAVAILABLE"),
    Reason.REMOTE: Refusal("NO", "UNAVAILABLE"),
    Reason.EXPIRED: Refusal("NO", "EXPIRED"),
    Reason.INTERNAL: Refusal("NO", "SERVERBUG"),
}
"""One row for every Reason."""


def refusal_for(error: MailError) -> Refusal:
    """How *error* is answered; a syntax error brings its own."""
    if isinstance(error, ImapSyntaxError):
        return Refusal(error.status, error.code)
    if error.temporary and error.reason in (Reason.AUTH_FAILED, Reason.NOT_FOUND):
        return Refusal("NO", "UNAVAILABLE")
    return CODES[error.reason]
