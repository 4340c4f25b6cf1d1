"""A Reason in SMTP's words: basic code, enhanced status and a default text (RFC 5321 §4.2.3, RFC 3463, RFC 7372).

Two tables: what is final, and what is said instead when the same may work later.
"""

from mailcore.base.errors import MailError, Reason
from mailcore.wire.smtp.replies import Reply


def _row(code: int, enhanced: str, text: str) -> Reply:
    return Reply(code, enhanced, (text,))


REPLIES: dict[Reason, Reply] = {
    Reason.SYNTAX: _row(501, "5.5.2", "Syntax error."),
    Reason.BAD_SEQUENCE: _row(503, "5.5.1", "Bad sequence of commands."),
    Reason.UNKNOWN_USER: _row(550, "5.1.1", "No such user here."),
    Reason.UNKNOWN_DOMAIN: _row(550, "5.1.2", "No such domain."),
    Reason.DISABLED: _row(550, "5.2.1", "This mailbox is disabled."),
    Reason.RELAY_DENIED: _row(550, "5.7.1", "Relaying is not permitted."),
    Reason.AUTH_REQUIRED: _row(530, "5.7.0", "Sign in first."),
    Reason.AUTH_FAILED: _row(535, "5.7.8", "The user name or password is wrong."),
    Reason.TLS_REQUIRED: _row(530, "5.7.0", "Start TLS first."),
    Reason.SENDER_DENIED: _row(550, "5.7.1", "You may not send with this address."),
    Reason.OVER_QUOTA: _row(552, "5.2.2", "The mailbox is full."),
    Reason.TOO_BIG: _row(552, "5.3.4", "The message is too big."),
    Reason.TOO_MANY_RECIPIENTS: _row(452, "4.5.3", "Too many recipients; send the rest separately."),
    Reason.TOO_MANY: _row(550, "5.7.1", "Too many messages or connections."),
    Reason.BARE_LINE_ENDING: _row(550, "5.5.2", "The message has a CR or LF that is not part of CRLF."),
    Reason.LOOP: _row(554, "5.4.6", "The message goes round in a loop."),
    Reason.POLICY: _row(550, "5.7.1", "Refused by policy."),
    Reason.SPAM: _row(550, "5.7.1", "The message looks like spam."),
    Reason.VIRUS: _row(550, "5.7.1", "The message holds a virus."),
    Reason.BANNED: _row(554, "5.7.1", "This address is banned for some time."),
    Reason.NOT_FOUND: _row(550, "5.1.1", "Not found."),
    Reason.ALREADY_EXISTS: _row(550, "5.3.0", "It exists already."),
    Reason.IN_USE: _row(450, "4.2.1", "The mailbox is in use."),
    Reason.NOT_PERMITTED: _row(550, "5.7.1", "Not permitted."),
    Reason.READ_ONLY: _row(550, "5.2.1", "The mailbox takes no mail."),
    Reason.CONFLICT: _row(451, "4.3.0", "Changed by someone else; try again."),
    Reason.LIMIT: _row(550, "5.7.1", "A limit is reached."),
    Reason.NOT_SUPPORTED: _row(504, "5.5.4", "Not supported."),
    Reason.STORAGE: _row(451, "4.3.0", "Storage trouble; try again later."),
    Reason.NO_SPACE: _row(452, "4.3.1", "The server is short of space; try again later."),
    Reason.DNS: _row(451, "4.4.3", "A name could not be looked up; try again later."),
    Reason.NETWORK: _row(554, "5.4.1", "The other server could not be reached."),
    Reason.REMOTE: _row(554, "5.3.0", "The other server refused."),
    Reason.EXPIRED: _row(554, "5.4.7", "The time for this is over."),
    Reason.INTERNAL: _row(451, "4.3.0", "Something went wrong here; try again later."),
}
"""One row for every Reason."""

TEMPORARY: dict[Reason, Reply] = {
    Reason.UNKNOWN_USER: _row(450, "4.1.1", "The recipient cannot be looked up now."),
    Reason.UNKNOWN_DOMAIN: _row(451, "4.1.2", "The domain cannot be looked up now."),
    Reason.DISABLED: _row(450, "4.2.1", "This mailbox is disabled for now."),
    Reason.RELAY_DENIED: _row(454, "4.7.1", "Relaying is not permitted now."),
    Reason.AUTH_FAILED: _row(454, "4.7.0", "Signing in is not possible now."),
    Reason.SENDER_DENIED: _row(451, "4.7.1", "The sender cannot be checked now."),
    Reason.OVER_QUOTA: _row(452, "4.2.2", "The mailbox is full."),
    Reason.TOO_BIG: _row(452, "4.3.1", "There is no room for this message now."),
    Reason.TOO_MANY: _row(421, "4.7.0", "Too many messages or connections; try again later."),
    Reason.POLICY: _row(451, "4.7.1", "Try again later."),
    Reason.SPAM: _row(451, "4.7.1", "Try again later."),
    Reason.VIRUS: _row(451, "4.7.1", "The message cannot be scanned now."),
    Reason.BANNED: _row(421, "4.7.1", "This address is banned for some time."),
    Reason.LIMIT: _row(451, "4.7.1", "A limit is reached; try again later."),
    Reason.NETWORK: _row(451, "4.4.1", "The other server could not be reached."),
    Reason.REMOTE: _row(451, "4.3.0", "The other server cannot take it now."),
}
"""What a temporary error says instead; a Reason without a row is `451 4.3.0` unless its row above is 4xx already."""

_LATER = _row(451, "4.3.0", "Try again later.")


def reply_for(error: MailError) -> Reply:
    """How *error* is answered, in its own words where it has some."""
    own = getattr(error, "reply", None)
    if isinstance(own, Reply):
        return own
    row = REPLIES[error.reason]
    if error.temporary and not row.is_temporary:
        row = TEMPORARY.get(error.reason, _LATER)
    if error.detail == error.reason.value.replace("_", " "):
        return row
    return Reply.of(row.code, row.enhanced, error.detail)
