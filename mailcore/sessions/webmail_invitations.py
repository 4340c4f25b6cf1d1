"""Answering an invitation from the webmail: a REPLY to its organizer, and the answer kept on the message as a keyword."""

from mailcore.base.errors import MailError, Reason
from mailcore.delivery.submit import Aftermath, submit_message
from mailcore.directory import resolve
from mailcore.mail import invitation
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.compose import OutgoingMessage, build
from mailcore.mail.invitation import Invitation
from mailcore.runtime.runtime import Runtime
from mailcore.sessions.webmail import Work, change_keyword, write
from mailcore.sessions.webmail_drafts import own_sender
from mailcore.store import Tx
from mailcore.store.accounts import Account

KEYWORDS = {"ACCEPTED": "$Accepted", "TENTATIVE": "$Tentative", "DECLINED": "$Declined"}
"""What the message keeps of one's answer."""


def invited_as(tx: Tx, account: Account, asked: Invitation) -> Address | None:
    """Which of one's own addresses the invitation names, or None."""
    own = {Address.parse(a).key for a in resolve.addresses_of(tx, account)}
    return next((guest.address for guest in asked.guests if guest.address.key in own), None)


def is_own(tx: Tx, account: Account, asked: Invitation) -> bool:
    """Whether the person is the organizer."""
    own = {Address.parse(a).key for a in resolve.addresses_of(tx, account)}
    return asked.organizer is not None and asked.organizer.address.key in own


def can_answer(tx: Tx, account: Account, asked: Invitation) -> bool:
    """Whether there is somebody to answer: a request by another person that still stands."""
    return asked.method == "REQUEST" and not asked.is_cancelled and bool(asked.uid) and asked.organizer is not None and not is_own(tx, account, asked)


def answer(runtime: Runtime, account: Account, message_id: int, asked: Invitation, status: str, words: tuple[str, str], *, ip: str) -> None:
    """Send one of invitation.ANSWERS to the organizer, with subject and text *words*. Raises MailError. RFC 6047 §2."""
    tx = runtime.store.read()
    if status not in invitation.ANSWERS or asked.organizer is None or not can_answer(tx, account, asked):
        raise MailError(Reason.NOT_PERMITTED, "There is nothing to answer here.")
    invited = invited_as(tx, account, asked)
    sender = own_sender(tx, account, str(invited) if invited is not None else "")
    assert sender.address is not None
    now, to = runtime.clock.now(), NamedAddress(asked.organizer.name, asked.organizer.address, "")
    events = invitation.answer(asked, address=invited or sender.address, name=sender.name, status=status, now=now)
    data = build(
        OutgoingMessage(
            from_=(sender,), to=(to,), date=now, msgid=f"{runtime.new_trace_id()}@{runtime.hostname}", subject=" ".join(words[0].split()), text=words[1],
            calendar=("REPLY", events),
        )
    )  # fmt: skip
    submit_message(runtime, account, data, sender.address, [asked.organizer.address], aftermath=Aftermath(answered_message_id=message_id), ip=ip)

    def keep(work: Work) -> str:
        for known, word in KEYWORDS.items():
            change_keyword(work, [message_id], word, is_on=known == status)
        return ""

    write(runtime, account, keep)
