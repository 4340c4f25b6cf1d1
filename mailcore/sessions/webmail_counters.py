"""What comes after an invitation: a newer one that takes its place, and another time that somebody proposes, taken or not. RFC 5546 §3.2.7, §3.2.8."""

from mailcore.base.errors import MailError, Reason
from mailcore.delivery.submit import Aftermath, submit_message
from mailcore.mail import invitation
from mailcore.mail.address import Address, NamedAddress
from mailcore.mail.compose import OutgoingMessage, build
from mailcore.mail.invitation import Invitation
from mailcore.runtime.runtime import Runtime
from mailcore.sessions.webmail import Work, change_keyword, write
from mailcore.sessions.webmail_drafts import own_sender
from mailcore.sessions.webmail_invitations import is_own
from mailcore.store import Tx
from mailcore.store.accounts import Account

KEYWORDS = {True: "$Accepted", False: "$Declined"}
LATER = 5_000
"""Later messages of the account among which a newer invitation is looked for."""
CANDIDATES = 20
"""Of them, those by the same sender with a calendar that are opened."""
TOLD = 200
"""People who are told of a new time at once: stops a forged proposal from making a mailing of it."""


def later(tx: Tx, account_id: int, email_id: int, sender: str) -> list[int]:
    """Messages of *sender* with a calendar that came after an email, newest first."""
    rows = tx.all(
        "SELECT m.id, e.bodystructure FROM (SELECT id, from_addr, bodystructure FROM emails WHERE account_id = :a AND id > :e ORDER BY id LIMIT :n) AS e"
        " JOIN messages m ON m.email_id = e.id WHERE lower(e.from_addr) = :s ORDER BY e.id DESC",
        {"a": account_id, "e": email_id, "n": LATER, "s": sender.lower()},
    )
    return [row[0] for row in rows if b"calendar" in bytes(row[1]).lower() or b"/ics" in bytes(row[1]).lower()][:CANDIDATES]


def replaces(newer: Invitation, older: Invitation) -> bool:
    """Whether *newer*, which came later by the same sender, stands in the place of *older*."""
    is_same = bool(older.uid) and newer.uid == older.uid and newer.is_one_of_series == older.is_one_of_series
    return is_same and newer.method in ("REQUEST", "CANCEL") and (newer.sequence > older.sequence or newer.is_cancelled)


def can_decide(tx: Tx, account: Account, proposed: Invitation) -> bool:
    """Whether it is this person's to take another time or not: they are the organizer."""
    return proposed.method == "COUNTER" and bool(proposed.uid) and is_own(tx, account, proposed)


def decide(runtime: Runtime, account: Account, message_id: int, proposed: Invitation, proposer: Address, words: tuple[str, str], *, is_taken: bool, ip: str) -> int:
    """Take the time: everybody is asked anew; or not: the proposer is told. How many were told. Raises MailError(NOT_PERMITTED, LIMIT)."""
    tx = runtime.store.read()
    if not can_decide(tx, account, proposed) or proposed.organizer is None:
        raise MailError(Reason.NOT_PERMITTED, "There is nothing to answer here.")
    sender = own_sender(tx, account, str(proposed.organizer.address))
    assert sender.address is not None
    people = [NamedAddress(g.name, g.address, "") for g in proposed.guests if g.address.key != proposed.organizer.address.key]
    if is_taken and len(people) > TOLD:
        raise MailError(Reason.LIMIT, f"More than {TOLD} people would be told. Change the event in your calendar program instead.")
    to = people if is_taken and people else [NamedAddress("", proposer, "")]
    now = runtime.clock.now()
    events = invitation.request_anew(proposed, proposer=proposer, now=now) if is_taken else invitation.decline_counter(proposed, proposer=proposer, now=now)
    data = build(
        OutgoingMessage(
            from_=(sender,), to=tuple(to), date=now, msgid=f"{runtime.new_trace_id()}@{runtime.hostname}", subject=" ".join(words[0].split()), text=words[1],
            calendar=("REQUEST" if is_taken else "DECLINECOUNTER", events),
        )
    )  # fmt: skip
    submit_message(runtime, account, data, sender.address, [one.address for one in to if one.address is not None], aftermath=Aftermath(answered_message_id=message_id), ip=ip)

    def keep(work: Work) -> str:
        for known, word in KEYWORDS.items():
            change_keyword(work, [message_id], word, is_on=known == is_taken)
        return ""

    write(runtime, account, keep)
    return len(to)
