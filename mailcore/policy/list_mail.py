"""What lists ask: at RCPT that the sender may write, at the message that it is no automatic mail and has not come round."""

from dataclasses import replace

from mailcore.base.clock import DAY
from mailcore.base.errors import MailError, Reason
from mailcore.directory import lists as directory
from mailcore.directory import resolve
from mailcore.mail import list_letter, list_token
from mailcore.mail.address import Address
from mailcore.mail.headers import Headers
from mailcore.mail.list_letter import Heading
from mailcore.policy.facts import Accepted, Mail
from mailcore.runtime.runtime import Runtime
from mailcore.store import Tx, lists
from mailcore.store.lists import MailingList


def heading_of(runtime: Runtime, found: MailingList) -> Heading:
    """What a list says of itself in the mail it sends on."""
    return Heading(
        name=found.name, address=Address.parse(found.address), list_id=found.list_id, mark=list_token.mark(found.id, key=runtime.key("lists")),
        replies_to_list=found.reply_to == "list",
    )  # fmt: skip


def check_writer(tx: Tx, mail: Mail, recipient: resolve.Recipient) -> None:
    """Raises MailError(POLICY) unless the sender may write to every list behind a recipient."""
    if recipient.lists:
        directory.check_writer(tx, recipient.lists, mail.sender.address, is_signed_in=mail.client.account is not None)


def returned(runtime: Runtime, tx: Tx, mail: Mail, address: Address) -> resolve.Recipient:
    """The member whose list mail comes back; for the null path only. Raises MailError(UNKNOWN_USER, EXPIRED)."""
    if mail.sender.address is not None:
        raise MailError(Reason.UNKNOWN_USER, f"{address} takes only reports about mail from lists.")
    domain = resolve.local_domain(tx, address.key.rpartition("@")[2])
    assert domain is not None
    member_id = list_token.member_of(address.local, address.key.rpartition("@")[2], key=runtime.key("lists"), day=runtime.clock.micros() // DAY)
    return resolve.Recipient(original=str(address), domain_id=domain.id, bounced_member=member_id)


def check_message(runtime: Runtime, mail: Mail, headers: Headers) -> None:
    """Take lists off the recipients where the message is none for them. Raises MailError(POLICY) when nobody else gets it."""
    why = ""
    for number, one in enumerate(mail.recipients):
        if one.recipient is None or not one.recipient.lists:
            continue
        found = _why_not(runtime, one.recipient.lists, headers)
        if found:
            why = found
            mail.recipients[number] = _without_lists(one, found)
    if why and all(one.refusal is not None for one in mail.recipients):
        raise MailError(Reason.POLICY, f"{why}.")


def _why_not(runtime: Runtime, list_ids: list[int], headers: Headers) -> str:
    tx = runtime.store.read()
    for list_id in list_ids:
        found = lists.by_id(tx, list_id)
        if found is None:
            continue
        why = list_letter.has_come_round(headers, heading_of(runtime, found)) or ("" if directory.is_role(found) else list_letter.automatic(headers))
        if why:
            return f"{found.address}: {why}"
    return ""


def _without_lists(one: Accepted, why: str) -> Accepted:
    assert one.recipient is not None
    if one.recipient.local or one.recipient.remote:
        return replace(one, recipient=replace(one.recipient, lists=[]))
    return replace(one, refusal=MailError(Reason.POLICY, why))
