"""Passwords as argon2id hashes, and a short memory of what was verified, because IMAP programs sign in often.

The memory holds a keyed digest, never the password, in this process only, and forgets when the stored hash changes.
"""

import hashlib
import hmac
import os
import threading
from collections import OrderedDict

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from mailcore.auth import imported
from mailcore.base.errors import MailError, Reason
from mailcore.base.secret import Secret

MIN_CHARACTERS = 8
MAX_BYTES = 1024
"""A longer password is refused before it is hashed: stops the hash from being fed megabytes."""
REMEMBERED = 4096
REMEMBER_SECONDS = 600.0

_hasher = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
_DUMMY = _hasher.hash("no such account")


def check_new(password: Secret) -> None:
    """Refuse a new password that is too short or too long. Raises MailError(SYNTAX)."""
    text = password.reveal()
    if len(text) < MIN_CHARACTERS:
        raise MailError(Reason.SYNTAX, f"A password has at least {MIN_CHARACTERS} characters.")
    if len(text.encode()) > MAX_BYTES:
        raise MailError(Reason.SYNTAX, f"A password has at most {MAX_BYTES} bytes.")


def hash_password(password: Secret) -> str:
    """The argon2id hash to store; about 25 ms and 19 MiB."""
    return _hasher.hash(password.reveal())


def _fits(stored: str, password: str) -> bool:
    """Whether they belong together. Our own hash is computed in each case, so that the time tells nothing."""
    is_foreign = imported.is_imported(stored)
    try:
        is_good = _hasher.verify(_DUMMY if is_foreign else stored or _DUMMY, password) and bool(stored)
    except (VerificationError, InvalidHashError, UnicodeError):
        is_good = False
    return imported.fits(stored, password) if is_foreign else is_good


MARK_DIGITS = 4
"""Of a wrong password's mark: enough to tell ten apart, too few to guess it by."""


class Verifier:
    """Checks passwords and remembers good ones for REMEMBER_SECONDS. Thread-safe. *marking* is the key of wrong ones' marks."""

    def __init__(self, marking: bytes = b"") -> None:
        self._key = os.urandom(32)
        self._marking = marking or self._key
        self._good: OrderedDict[bytes, float] = OrderedDict()
        self._lock = threading.Lock()

    def is_remembered(self, stored: str, password: Secret, now: float) -> bool:
        """Whether this password was verified against *stored* a short while ago: costs microseconds."""
        with self._lock:
            until = self._good.get(self._digest(stored, password))
        return until is not None and until > now

    def verify(self, stored: str, password: Secret, now: float) -> bool:
        """Whether *password* fits *stored*; an empty or unknown hash costs the same time and never fits."""
        if len(password.reveal().encode("utf-8", "surrogatepass")) > MAX_BYTES:
            return False
        if stored and self.is_remembered(stored, password, now):
            return True
        is_good = _fits(stored, password.reveal())
        if is_good:
            self.remember(stored, password, now)
        return is_good

    def remember(self, stored: str, password: Secret, now: float, seconds: float = REMEMBER_SECONDS) -> None:
        """Believe *password* for *stored* without asking again."""
        with self._lock:
            self._good[self._digest(stored, password)] = now + seconds
            while len(self._good) > REMEMBERED:
                self._good.popitem(last=False)

    def fingerprint(self, password: Secret) -> str:
        """A keyed digest by which every process knows the same wrong password again; so short that it gives none away."""
        return hmac.new(self._marking, password.reveal().encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:MARK_DIGITS]

    def _digest(self, stored: str, password: Secret) -> bytes:
        return hmac.new(self._key, stored.encode() + b"\0" + password.reveal().encode("utf-8", "surrogatepass"), hashlib.sha256).digest()
