"""Redirects: whether one may go, where it leads, and with which sender. POLICY, Forwarding.

Junk and viruses are never redirected; an outside target must be confirmed for the account, whatever made the redirect; a
message that this account has redirected once carries a token and is not redirected again, so that loops end after one round.
"""

import base64
import hashlib
import hmac
from dataclasses import dataclass

from mailcore.base.clock import DAY
from mailcore.base.errors import MailError
from mailcore.delivery.decision import Decision
from mailcore.directory import resolve
from mailcore.mail import srs
from mailcore.mail.address import Address
from mailcore.mail.headers import Headers
from mailcore.policy.facts import Accepted, Mail
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, filters

KIND, WITHHELD = "forward", "withheld"
"""Kinds of queue items that pass mail on: at once, or when an admin lets it go. What nobody lets go is swept with old junk."""
TOKEN_FIELD = "X-Roost-Redirected"
MAX_DEPTH = 5
"""Redirects inside this server that are followed: hMailServer's rule loop limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Forward:
    """A copy that leaves: *sender* is the rewritten envelope's, *prefix* the line that marks it."""

    address: str
    sender: str
    account_id: int
    prefix: bytes
    route: str = ""


def token(runtime: Runtime, account_id: int) -> str:
    """What marks a message as redirected by this account; it tells outsiders nothing."""
    made = hmac.new(runtime.key("redirect"), str(account_id).encode(), hashlib.sha256).digest()
    return base64.b32encode(made).decode().lower()[:20]


def unfit(mail: Mail) -> str:
    """Why *mail* is passed on to nobody elsewhere, whoever asks for it; "" when it may be."""
    if mail.is_junk:
        return "junk is never redirected"
    return "what held a virus is never redirected" if mail.is_infected else ""


def why_not(runtime: Runtime, tx: Tx, mail: Mail, headers: Headers, decision: Decision, address: str, *, is_by_admin: bool) -> str:
    """Why *address* gets no copy; "" when it may."""
    if reason := unfit(mail):
        return reason
    mark = token(runtime, decision.target.account_id).encode()
    if any(v.strip() == mark for v in headers.all(TOKEN_FIELD.lower().encode())):
        return "it was redirected from here before: a loop"
    try:
        parsed = Address.parse(address)
    except MailError as error:
        return error.detail
    if parsed.key == decision.target.address:
        return "it leads back to the same account"
    if is_by_admin or resolve.local_domain(tx, parsed.key.rpartition("@")[2]) is not None:
        return ""
    found = filters.target(tx, decision.target.account_id, parsed.key)
    return "" if found is not None and found.confirmed_at is not None else f"{address} has not confirmed that it wants this mail"


def outside(runtime: Runtime, tx: Tx, mail: Mail, decision: Decision, address: str) -> Forward:
    """The forward to an address elsewhere."""
    account_id = decision.target.account_id
    return Forward(
        address=address, sender=sender_for(runtime, tx, mail, decision.target.address), account_id=account_id, route=decision.route,
        prefix=f"{TOKEN_FIELD}: {token(runtime, account_id)}\r\n".encode(),
    )  # fmt: skip


def by_sender(runtime: Runtime, tx: Tx, mail: Mail, people: dict[str, Accepted]) -> dict[str, dict[str, Accepted]]:
    """The addresses elsewhere that aliases here lead to, by the envelope sender their copies leave with; the mirror's copy comes from nobody."""
    found: dict[str, dict[str, Accepted]] = {}
    for address, one in people.items():
        is_own = resolve.local_domain(tx, one.address.key.rpartition("@")[2]) is not None
        found.setdefault(sender_for(runtime, tx, mail, str(one.address)) if is_own else "", {})[address] = one
    return found


def sender_for(runtime: Runtime, tx: Tx, mail: Mail, own: str) -> str:
    """The envelope sender of mail that *own* passes on: rewritten unless it is ours or null."""
    sender = mail.sender.address
    if sender is None:
        return ""
    if resolve.local_domain(tx, sender.key.rpartition("@")[2]) is not None:
        return str(sender)
    day = runtime.clock.micros() // DAY
    return srs.rewrite(str(sender), own.rpartition("@")[2], key=runtime.key("srs"), day=day)
