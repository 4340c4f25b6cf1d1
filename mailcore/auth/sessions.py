"""Browser sessions: an opaque random token in a cookie, its hash in a row, ended from anywhere by removing the row."""

import base64
import hashlib
import re

from mailcore.base.clock import MINUTE, SECOND
from mailcore.runtime.runtime import Runtime
from mailcore.store import access

TOKEN_BYTES = 32
TOUCH_EVERY = 5 * MINUTE
SLOTS = 8
"""Accounts that one browser may hold open at once: bounds the cookies that come with every request."""
_PLACE = re.compile(rf"/u/([1-{SLOTS - 1}])(/.*)?")
PENDING = 10 * MINUTE
"""How long the second step of a sign-in may take."""


def slot_of(path: str) -> tuple[int, str]:
    """Which of a browser's accounts a path belongs to, 0 for the first, and the path without that."""
    found = _PLACE.fullmatch(path)
    return (int(found[1]), found[2] or "/") if found else (0, path)


def cookie_name(slot: int, *, is_tls: bool) -> str:
    """The session cookie of a browser's account: one a scheme, as a Secure one is never sent over plain http."""
    return ("__Host-roost" if is_tls else "roost") + (f"-{slot}" if slot else "")


def token_hash(token: str) -> str:
    """What is stored of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin(runtime: Runtime, account_id: int, *, ip: str, agent: str, is_pending_totp: bool = False) -> str:
    """A new session; its token for the cookie."""
    token = base64.urlsafe_b64encode(runtime.random.bytes(TOKEN_BYTES)).decode().rstrip("=")
    csrf = base64.urlsafe_b64encode(runtime.random.bytes(TOKEN_BYTES)).decode().rstrip("=")
    now = runtime.clock.micros()
    expires = now + (PENDING if is_pending_totp else runtime.settings.get("signin.session") * SECOND)
    runtime.store.write(
        lambda tx: access.add_session(
            tx, token_hash=token_hash(token), account_id=account_id, csrf_secret=csrf, ip=ip, agent=agent, now=now, expires_at=expires,
            is_pending_totp=is_pending_totp,
        )
    )  # fmt: skip
    return token


def find(runtime: Runtime, token: str) -> access.Session | None:
    """The live session of *token*; keeps it alive when it was last seen a while ago."""
    if not 20 <= len(token) <= 100:
        return None
    now = runtime.clock.micros()
    session = access.session(runtime.store.read(), token_hash(token), now)
    if session is not None and not session.is_pending_totp and now - session.seen_at > TOUCH_EVERY:
        expires = now + runtime.settings.get("signin.session") * SECOND
        runtime.store.submit(lambda tx: access.touch_session(tx, session.id, now, expires))
    return session


def end(runtime: Runtime, session_id: int) -> None:
    """Sign one browser out."""
    runtime.store.write(lambda tx: access.end_session(tx, session_id))
