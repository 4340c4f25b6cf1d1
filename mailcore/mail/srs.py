"""Sender rewriting for mail that is redirected elsewhere, so that its envelope passes SPF as ours and bounces find their way back.

`SRS0=hash=tt=domain=local@ours`: the hash is an HMAC over what follows, tt the day modulo 1024 in two base-32 letters. Accepted
back for DAYS days and only from the null path. There is no RFC; this is the common scheme of the SRS draft (Mengwong, 2004).
"""

import base64
import hashlib
import hmac

from mailcore.base.errors import MailError, Reason

DAYS = 7
"""How long a bounce may take to come back."""
HASH_LETTERS = 8
_TAG = "srs0="
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_LOCAL_OCTETS = 300
"""Longest rewritten localpart we read or make; what would be longer is sent with the null path."""


def _stamp(day: int) -> str:
    return _ALPHABET[(day >> 5) & 31] + _ALPHABET[day & 31]


def _digest(key: bytes, rest: str) -> str:
    made = hmac.new(key, rest.lower().encode(), hashlib.sha256).digest()
    return base64.b32encode(made).decode().lower()[:HASH_LETTERS]


def rewrite(sender: str, domain: str, *, key: bytes, day: int) -> str:
    """*sender* ("a@b.test") as an address of *domain*, made on *day* (days since 1970); "" when it would grow too long."""
    local, _, other = sender.rpartition("@")
    rest = f"{_stamp(day % 1024)}={other}={local}"
    made = f"SRS0={_digest(key, rest)}={rest}"
    return f"{made}@{domain}" if len(made) <= _LOCAL_OCTETS else ""


def is_rewritten(local: str) -> bool:
    """Whether a localpart looks like ours."""
    return local.lower().startswith(_TAG)


def restore(local: str, *, key: bytes, day: int) -> str:
    """The sender behind a rewritten localpart. Raises MailError(UNKNOWN_USER) for a wrong hash, EXPIRED for an old one."""
    parts = local[len(_TAG) :].split("=", 3)
    if len(local) > _LOCAL_OCTETS or len(parts) != 4 or len(parts[1]) != 2:
        raise MailError(Reason.UNKNOWN_USER, "This is no address of a forwarded message.")
    given, stamp, other, original = parts
    if not hmac.compare_digest(given.lower(), _digest(key, f"{stamp}={other}={original}")):
        raise MailError(Reason.UNKNOWN_USER, "This address was not made here.")
    try:
        made = _ALPHABET.index(stamp[0].lower()) * 32 + _ALPHABET.index(stamp[1].lower())
    except ValueError as error:
        raise MailError(Reason.UNKNOWN_USER, "This is no address of a forwarded message.") from error
    if (day - made) % 1024 > DAYS:
        raise MailError(Reason.EXPIRED, f"This address was good for {DAYS} days and is over.")
    return f"{original}@{other}"
