"""Ranges of addresses and what they may do: protocols, directions, where a sign-in is needed, checks, TLS for passwords.

The range of highest priority that holds an address decides; where none was made, DEFAULT does. Whatever a range says, nothing is
relayed outward without a sign-in but for senders of domains here, from a range that an admin made and that asks for none.
"""

import ipaddress
import time

from mailcore.base.errors import MailError, Reason
from mailcore.base.ip import key
from mailcore.directory.guard_verbs import DIRECTIONS, PROTOCOLS
from mailcore.runtime.runtime import Runtime
from mailcore.store import protection
from mailcore.store.protection import IpRange

LOOKED_SECONDS = 2.0
"""How long the rows are believed."""
DEFAULT = IpRange(
    name="Everyone", priority=0, lower="0" * 32, upper="f" * 32, protocols=" ".join(PROTOCOLS), allowed=" ".join(DIRECTIONS),
    needs_auth="local-external external-external", needs_tls=True,
)  # fmt: skip
"""What holds without any range: strangers deliver here, and only signed-in people send outward."""
_known: dict[str, tuple[float, list[IpRange]]] = {}


def of(runtime: Runtime, ip: str) -> IpRange:
    """The range that decides for *ip*."""
    folder, now = str(runtime.config.data_dir), time.monotonic()
    looked, rows = _known.get(folder, (-LOOKED_SECONDS, []))
    if now - looked >= LOOKED_SECONDS:
        rows = protection.ranges(runtime.store.read(), runtime.clock.micros())
        _known[folder] = (now, rows)
    if not rows:
        return DEFAULT
    try:
        wanted = key(ip)
    except MailError:
        return DEFAULT
    return next((one for one in rows if one.lower <= wanted <= one.upper), DEFAULT)


def refusal(runtime: Runtime, protocol: str, ip: str) -> str | None:
    """Why *ip* may not connect by *protocol*, or None; what ranges do not name (ManageSieve) goes with IMAP."""
    wanted = protocol if protocol in PROTOCOLS else "imap"
    return None if wanted in of(runtime, ip).protocols.split() else "Connections from your address are not taken here."


def check_direction(runtime: Runtime, ip: str, *, is_signed_in: bool, from_here: bool, to_here: bool) -> None:
    """Raises MailError(RELAY_DENIED, AUTH_REQUIRED) when the range forbids the direction, or wants a sign-in for it."""
    found = of(runtime, ip)
    direction = f"{'local' if from_here else 'external'}-{'local' if to_here else 'external'}"
    if direction not in found.allowed.split():
        raise MailError(Reason.RELAY_DENIED, f"Mail from {direction.replace('-', ' to ')} addresses is not taken from your address.")
    if is_signed_in:
        return
    if to_here:
        if direction in found.needs_auth.split():
            raise MailError(Reason.AUTH_REQUIRED, "Sign in first: mail of this domain is taken from your address only after a sign-in.")
    elif found.id == 0 or not from_here or direction in found.needs_auth.split():
        raise MailError(Reason.RELAY_DENIED, "Relaying needs a sign-in.")


def may_show_password(runtime: Runtime, ip: str) -> bool:
    """Whether a password may come without TLS from *ip*: only in a private range that was opened for old devices, until it expires."""
    found = of(runtime, ip)
    return found.id != 0 and not found.needs_tls and found.expires_at is not None and ipaddress.ip_address(ip).is_private
