"""A Reason as a POP3 response code (RFC 2449 §8, RFC 3206); most refusals have none, and then it is "".

Clients ask for the password again only on [AUTH]; [SYS/TEMP] tells them to keep it.
"""

from mailcore.base.errors import MailError, Reason

CODES: dict[Reason, str] = {
    **dict.fromkeys(Reason, ""),
    Reason.AUTH_FAILED: "AUTH",
    Reason.EXPIRED: "AUTH",
    Reason.DISABLED: "SYS/PERM",
    Reason.BANNED: "SYS/TEMP",
    Reason.IN_USE: "IN-USE",
    Reason.TOO_MANY: "LOGIN-DELAY",
    Reason.LIMIT: "SYS/TEMP",
    Reason.STORAGE: "SYS/TEMP",
    Reason.NO_SPACE: "SYS/TEMP",
    Reason.DNS: "SYS/TEMP",
    Reason.NETWORK: "SYS/TEMP",
    Reason.REMOTE: "SYS/TEMP",
    Reason.INTERNAL: "SYS/TEMP",
}
"""One row for every Reason."""


def code_for(error: MailError) -> str:
    """The response code of *error*; a temporary failure never says that the password is wrong."""
    code = CODES[error.reason]
    return "SYS/TEMP" if error.temporary and code in ("", "AUTH", "SYS/PERM") else code
