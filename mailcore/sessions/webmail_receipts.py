"""Answering a message that asks for a read receipt, once and by hand; `$MDNSent` keeps that it was answered, for every program (RFC 3503)."""

from mailcore.base.errors import MailError, Reason
from mailcore.delivery.submit import RECEIPTED, Aftermath, submit_message
from mailcore.mail.address import Address
from mailcore.mail.headers import Headers
from mailcore.mail.receipt import Receipt, asked_by, build_receipt
from mailcore.runtime.runtime import Runtime
from mailcore.sessions.webmail import Work, change_keyword, write
from mailcore.sessions.webmail_drafts import own_sender
from mailcore.store.accounts import Account

QUIET_ROLES = frozenset({"junk", "trash", "sent", "drafts"})
"""Where nothing asks: mail one has thrown away or wrote oneself."""


def asks(account: Account, headers: Headers, role: str, keywords: str) -> Address | None:
    """Who asks for a receipt that was not answered yet; None when nobody does, or nobody who may."""
    if role in QUIET_ROLES or RECEIPTED.lower() in keywords.lower().split():
        return None
    found = asked_by(headers)
    return None if found is None or found.key == account.address else found


def answer(runtime: Runtime, account: Account, message_id: int, headers: Headers, original: bytes, reached: str, words: tuple[str, str], *, to: Address, ip: str) -> None:
    """Send the receipt, with subject and text *words*, from the null path. Raises MailError."""
    sender = own_sender(runtime.store.read(), account, reached)
    if sender.address is None:
        raise MailError(Reason.NOT_PERMITTED, "There is nothing to answer here.")
    data = build_receipt(
        Receipt(
            reporting=runtime.hostname, from_=sender, to=to, final=sender.address, subject=" ".join(words[0].split()), text=words[1], date=runtime.clock.now(),
            msgid=f"{runtime.new_trace_id()}@{runtime.hostname}", original=original, original_msgid=headers.text(b"message-id"),
        )
    )  # fmt: skip
    submit_message(runtime, account, data, None, [to], aftermath=Aftermath(files_sent=False, receipted_message_id=message_id), ip=ip)


def settle(runtime: Runtime, account: Account, message_id: int) -> None:
    """It is never going to be answered: it asks no more."""

    def keep(work: Work) -> str:
        change_keyword(work, [message_id], RECEIPTED, is_on=True)
        return ""

    write(runtime, account, keep)
