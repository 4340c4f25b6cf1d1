"""Runs the checks of each moment in order and merges what they find; the first refusal at RCPT is that recipient's alone.

Families beside `intake` (sender authentication, lists, greylisting, scanners) stand in the tables of `examine`. What must ask a network runs in the message moment only, in the network pool.
"""

from mailcore.base.errors import MailError, Reason
from mailcore.directory import resolve
from mailcore.mail.address import Address
from mailcore.mail.authres import strip_own
from mailcore.mail.headers import Headers
from mailcore.mail.received import count_received
from mailcore.policy import intake, list_mail, sender
from mailcore.policy.examine import examine as examine
from mailcore.policy.examine import is_examined as is_examined
from mailcore.policy.facts import Accepted, Mail
from mailcore.runtime.runtime import Runtime
from mailcore.store.accounts import Account

DEFERRED_REASONS = frozenset({Reason.OVER_QUOTA})


def at_sender(runtime: Runtime, mail: Mail) -> None:
    """MAIL FROM: size announced, disk, and whether a signed-in client may use this address. Raises MailError."""
    mail.is_fetched = intake.is_by_relay(runtime, mail.client)
    intake.check_size(runtime, mail, mail.size)
    intake.check_disk(runtime)
    account = mail.client.account
    if account is None or mail.sender.address is None:
        return
    if not may_send_as(runtime, account, mail.sender.address):
        raise denied(account, str(mail.sender.address))


def may_send_as(runtime: Runtime, account: Account, address: Address) -> bool:
    """Whether *address* is the account's own, or any of its domain for a device."""
    tx = runtime.store.read()
    if resolve.may_send_as(tx, account, address):
        return True
    domain = resolve.local_domain(tx, address.key.rpartition("@")[2])
    return domain is not None and domain.id == account.domain_id and bool(runtime.settings.get("signin.device", account_id=account.id, domain_id=account.domain_id))


def denied(account: Account, what: str) -> MailError:
    """Who may not send as *what*, and what would allow it."""
    return MailError(Reason.SENDER_DENIED, f"{account.address} may not send as {what}. An alias, or the settings signin.also_as and signin.device of the account, allow it.")


def at_recipient(runtime: Runtime, mail: Mail, address: Address, *, notify: str = "", orcpt: str = "") -> Accepted:
    """RCPT TO: the recipient, taken. Raises MailError for this recipient only."""
    limit = runtime.settings.get("smtp.max_recipients")
    if len(mail.recipients) >= limit:
        raise MailError(Reason.TOO_MANY_RECIPIENTS, f"At most {limit} recipients at once; send the rest separately.", temporary=True)
    tx = runtime.store.read()
    if not mail.recipients:
        mail.sent_before = intake.sent_before(runtime, tx, mail)
    intake.check_rate(runtime, mail, len(mail.recipients) + 1)
    recipient = intake.find_recipient(runtime, tx, mail, address)
    if recipient is not None:
        trouble = intake.check_room(runtime, tx, recipient, mail.size, runtime.clock.micros())
        if trouble is not None:
            raise trouble
    return Accepted(path=str(address), address=address, recipient=recipient, notify=notify, orcpt=orcpt)


def at_message(runtime: Runtime, mail: Mail, size: int, headers: Headers) -> None:
    """The whole message has come: size, loops, and what lists ask. Raises MailError for every recipient."""
    intake.check_size(runtime, mail, size)
    mail.sent_before = intake.sent_before(runtime, runtime.store.read(), mail)
    intake.check_rate(runtime, mail, len(mail.recipients))  # again: other connections of the account may have sent since RCPT
    intake.check_loops(runtime, count_received(headers))
    list_mail.check_message(runtime, mail, headers)


def cleaned(runtime: Runtime, mail: Mail, data: bytes) -> bytes:
    """*data* without the result lines that a stranger wrote in our name; the same object when there are none. RFC 8601 §5.

    Taken off before the bytes are staged, because a blob never changes; signatures are checked over what is left.
    """
    if mail.client.account is not None or mail.client.is_near:
        return data
    return strip_own(data, sender.own_id(str(runtime.settings.get("auth.id")), runtime.hostname))
