"""Signed names of a list's member: the envelope sender that its bounces come back to, and the word in its unsubscribe link.

`list-bounces+hash.tt.member@ours`: the hash is an HMAC over what follows, tt the day modulo 1024 in two base-32 letters, as in `srs`; good for
DAYS days and only from the null path. The link's word does not expire, because people leave lists by old mail too. Member 0 is nobody.
"""

import base64
import hashlib
import hmac
import re

from mailcore.base.errors import MailError, Reason

DAYS = 7
"""How long a bounce may take to come back."""
PREFIX = "list-bounces"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_LOCAL = re.compile(r"list-bounces\+([a-z2-7]{12})\.([a-z2-7]{2})\.(\d{1,18})", re.ASCII)
_WORD = re.compile(r"(\d{1,18})-([a-z2-7]{24})", re.ASCII)


def _digest(key: bytes, rest: str, letters: int) -> str:
    return base64.b32encode(hmac.new(key, rest.encode(), hashlib.sha256).digest()).decode().lower()[:letters]


def bounce_address(member_id: int, domain: str, *, key: bytes, day: int) -> str:
    """The envelope sender of mail to a member, made on *day* (days since 1970)."""
    rest = f"{_ALPHABET[(day >> 5) & 31]}{_ALPHABET[day & 31]}.{member_id}"
    return f"{PREFIX}+{_digest(key, f'{rest}@{domain}', 12)}.{rest}@{domain}"


def is_bounce_address(local: str) -> bool:
    """Whether a localpart is of this kind, ours or not."""
    return local.lower().partition("+")[0] == PREFIX


def member_of(local: str, domain: str, *, key: bytes, day: int) -> int:
    """The member behind a bounce address. Raises MailError(UNKNOWN_USER) for a wrong hash, EXPIRED for an old one."""
    found = _LOCAL.fullmatch(local.lower())
    if found is None or not hmac.compare_digest(found[1], _digest(key, f"{found[2]}.{found[3]}@{domain}", 12)):
        raise MailError(Reason.UNKNOWN_USER, "This address was not made here.")
    made = _ALPHABET.index(found[2][0]) * 32 + _ALPHABET.index(found[2][1])
    if (day - made) % 1024 > DAYS:
        raise MailError(Reason.EXPIRED, f"This address was good for {DAYS} days and is over.")
    return int(found[3])


def leave_word(member_id: int, address: str, *, key: bytes) -> str:
    """What stands in a member's unsubscribe link."""
    return f"{member_id}-{_digest(key, f'{member_id} {address}', 24)}"


def leaving_member(word: str) -> int:
    """The member a link's word names, not yet believed; 0 for none."""
    found = _WORD.fullmatch(word)
    return int(found[1]) if found else 0


def is_leave_word(word: str, address: str, *, key: bytes) -> bool:
    """Whether a link's word was made here for the member at *address*."""
    return hmac.compare_digest(word, leave_word(leaving_member(word), address, key=key))


def mark(list_id: int, *, key: bytes) -> str:
    """What a message carries that has been through a list; it tells outsiders nothing."""
    return _digest(key, f"list {list_id}", 20)
