"""Asks an outside address whether it wants an account's mail, and takes the code that was sent there. POLICY, Forwarding.

The code goes to the address itself; the person types it on the settings page (a POST), so that nothing is confirmed by a scanner
that follows links. The owner finds a notice in INBOX when a target has been added.
"""

import hashlib
import hmac
from collections.abc import Iterable

from mailcore.base.clock import HOUR
from mailcore.base.errors import MailError, Reason
from mailcore.delivery import notices
from mailcore.directory import letters, resolve, verbs
from mailcore.directory.actor import Actor
from mailcore.mail.address import Address
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, filters, records
from mailcore.store.accounts import Account

CODE_DIGITS = 8
GOOD_FOR = 48 * HOUR
MAX_TRIES = 5
"""Wrong codes before a new one must be sent. Stops guessing."""
AGAIN_AFTER = HOUR // 12
"""How soon another code may be sent to the same address. Stops its use for pestering."""


def ask(runtime: Runtime, account: Account, address: str) -> None:
    """Send a code to *address*. Raises MailError(LIMIT) when one went out just now."""
    now, to = runtime.clock.micros(), Address.parse(address)
    present = filters.target(runtime.store.read(), account.id, to.key)
    if present is not None and present.confirmed_at is None and now - present.created_at < AGAIN_AFTER:
        raise MailError(Reason.LIMIT, f"A code went to {to} a moment ago. Look there, also in Junk.")
    code = str(int.from_bytes(runtime.random.bytes(8), "big") % 10**CODE_DIGITS).zfill(CODE_DIGITS)
    language = _language(runtime, account)
    owner = f"{account.display_name or account.address} ({account.address})"
    words = letters.written(runtime, runtime.store.read(), "forward.ask", language, Owner=owner, Address=account.address, Target=str(to), Code=code)
    letter = notices.prepare(runtime, notices.letter(runtime, to, Address.parse(account.address).domain, *words), to, "notice")
    target = filters.ForwardTarget(
        account_id=account.id, address=to.key, code_hash=_hash(code), tries=0, created_at=now, confirmed_at=None, confirmed_by=""
    )  # fmt: skip

    def write(tx: Tx) -> None:
        filters.put_target(tx, target)
        notices.put(tx, runtime, letter, now)

    runtime.store.write(write)


def take(runtime: Runtime, actor: Actor, account: Account, address: str, code: str) -> None:
    """Confirm *address* with its code. Raises MailError(SYNTAX) for a wrong one, EXPIRED for an old one."""
    now, key = runtime.clock.micros(), Address.parse(address).key
    present = filters.target(runtime.store.read(), account.id, key)
    if present is None or now - present.created_at > GOOD_FOR or present.tries >= MAX_TRIES:
        raise MailError(Reason.EXPIRED, "This code is no longer good. Send a new one.")
    is_right = hmac.compare_digest(present.code_hash, _hash("".join(code.split())))
    letter = told(runtime, account, key) if is_right else None

    def write(tx: Tx) -> None:
        if not is_right:
            tx.run("UPDATE forward_targets SET tries = tries + 1 WHERE account_id = :a AND address = :m", {"a": account.id, "m": key})
            return
        confirm(tx, actor, account, key, now)
        if letter is not None:
            notices.put(tx, runtime, letter, now)

    runtime.store.write(write)
    if not is_right:
        raise MailError(Reason.SYNTAX, "This is not the code that was sent. Look at it again.")


def confirm(tx: Tx, actor: Actor, account: Account, address: str, now: int) -> None:
    """Note that *address* may get this account's mail, by its code or by an admin's word."""
    filters.put_target(
        tx, filters.ForwardTarget(account_id=account.id, address=address, code_hash="", tries=0, created_at=now, confirmed_at=now, confirmed_by=actor.name)
    )
    records.audit(
        tx, "account:forward_target_confirmed", account.address, actor=actor.name, ip=actor.ip, now=now, new={"target": address}, domain_id=account.domain_id
    )


def answer_for(runtime: Runtime, actor: Actor, account: Account, targets: Iterable[str]) -> None:
    """An admin answers for the addresses elsewhere among *targets*; the owner is told of each. Raises MailError."""
    tx, now = runtime.store.read(), runtime.clock.micros()
    known = {one.address for one in filters.targets(tx, account.id) if one.confirmed_at is not None}
    outside = [key for key in dict.fromkeys(targets) if key not in known and resolve.local_domain(tx, key.rpartition("@")[2]) is None]
    letters_for = {key: told(runtime, account, key) for key in outside}

    def write(tx: Tx) -> None:
        verbs.manageable(tx, actor, account.id)
        for key, letter in letters_for.items():
            confirm(tx, actor, account, key, now)
            notices.put(tx, runtime, letter, now)

    if letters_for:
        runtime.store.write(write)


def told(runtime: Runtime, account: Account, address: str) -> notices.Notice:
    """What an owner reads of an address elsewhere that gets their mail from now on."""
    own = Address.parse(account.address)
    words = letters.written(runtime, runtime.store.read(), "forward.added", _language(runtime, account), Address=account.address, Target=address)
    return notices.prepare(runtime, notices.letter(runtime, own, own.domain, *words), own, "notice")


def _language(runtime: Runtime, account: Account) -> str:
    """The owner's language; who is asked from outside reads the same, for nobody knows theirs."""
    return letters.language_for(runtime, runtime.store.read(), Address.parse(account.address))


def _hash(code: str) -> str:
    return hashlib.sha256(code.encode()).hexdigest()
