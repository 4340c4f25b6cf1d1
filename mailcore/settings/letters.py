"""The messages that the server writes itself: what each is for, and the variables its words may hold.

A variable stands as %Name% in subject or text, in any case of letters, and is filled in when the message is written. The words Roost comes with are in
`letter_texts`; an admin's own stand in the store, for one language each. Who is told what, and when, is left to those who write.
"""

import re
from dataclasses import dataclass, field

LANGUAGES = ("en", "de", "ar")
"""Languages that every message has words for."""
VARIABLE = re.compile(r"%([A-Za-z]{2,30})%")


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """One message. *variables*: name → (what it stands for, an example); *must* hold the ones it would be useless without; *was* is hMailServer's name."""

    name: str
    label: str
    help: str
    variables: dict[str, tuple[str, str]] = field(default_factory=dict)
    must: tuple[str, ...] = ()
    has_subject: bool = True
    was: str = ""


_SUBJECT = ("the subject of the message it is about", "Lunch on Friday")
_RECIPIENTS = ("each recipient, with what the other server said", "  ann@example.org\n   mx.example.org answered: 550 5.1.1 No such user")
_SERVER = ("the name of this server", "mail.example.com")
_SENDER = ("who sent the message it is about", "you@example.com")
_REPORT = {"Subject": _SUBJECT, "Recipients": _RECIPIENTS, "Sender": _SENDER, "Server": _SERVER}
_OWNER = ("the name and address of the person here", "Ann Smith (ann@example.com)")
_ADDRESS = ("the person's address here", "ann@example.com")
_TARGET = ("the address elsewhere", "ann@example.org")

LETTERS: tuple[Letter, ...] = (
    Letter(
        name="bounce.failed", label="Not delivered", help="To the sender, when a message could not be delivered for good.", must=("Recipients",),
        variables=_REPORT | {"Advice": ("what to do about it, by the reason", "Look whether the address is spelt right, and send the message again to the right one.")},
        was="SEND_FAILED_NOTIFICATION, MESSAGE_UNDELIVERABLE",
    ),
    Letter(
        name="bounce.delayed", label="Still trying", help="To the sender, when a message has waited for the time in the setting queue.delay_notice.", must=("Recipients",),
        variables=_REPORT | {"Until": ("when Roost gives up", "2027-01-31, 14:00 UTC")},
    ),
    Letter(name="bounce.delivered", label="Delivered", help="To a sender whose program asked to be told.", must=("Recipients",), variables=_REPORT),
    Letter(name="bounce.relayed", label="Handed on", help="To a sender who asked to be told, when the next server tells no more.", must=("Recipients",), variables=_REPORT),
    Letter(
        name="bounce.refused", label="Refused by the recipient", help="To the sender, when one recipient's filter refuses the message and others take it.", must=("Reason",),
        variables={"Subject": _SUBJECT, "Recipient": ("who refuses", "bob@example.com"), "Reason": ("what the filter says", "I take no newsletters."), "Sender": _SENDER, "Server": _SERVER},
    ),
    Letter(
        name="forward.ask", label="Do you want forwarded mail?", help="To an address elsewhere that a person wants their mail forwarded to.", must=("Code",),
        variables={"Owner": _OWNER, "Address": _ADDRESS, "Target": _TARGET, "Code": ("the code that confirms it", "12345678"), "Server": _SERVER},
    ),
    Letter(
        name="forward.added", label="Your mail can now go elsewhere", help="To the owner, when an address elsewhere has been confirmed.", must=("Target",),
        variables={"Address": _ADDRESS, "Target": _TARGET, "Server": _SERVER},
    ),
    Letter(
        name="held.failed", label="Not sent", help="To the owner, when a message that waited for its time could not be sent then.", must=("Reason",),
        variables={"Subject": _SUBJECT, "Reason": ("why", "Your account is switched off."), "Address": _ADDRESS, "Server": _SERVER},
    ),
    Letter(
        name="filter.failed", label="Your filters stumbled", help="To the owner, the first time after a change that a rule or script of theirs cannot be carried out.", must=("Reason",),
        variables={"Reason": ("what went wrong", "There are more than 5 redirects."), "Address": _ADDRESS, "Server": _SERVER},
    ),
    Letter(
        name="quota.warning", label="Your mailbox is nearly full", help="To the owner, once at 80 and once at 95 percent of the space.", must=("Percent",),
        variables={"Percent": ("how full it is", "80"), "Used": ("the space used", "4.1 GB"), "Quota": ("the space there is", "5.0 GB"), "Address": _ADDRESS, "Server": _SERVER},
    ),
    Letter(
        name="deleted.many", label="A program deleted many messages", help="To the owner, when a mail program has deleted many messages at once.", must=("Program", "Count"),
        variables={
            "Program": ("the program", "Outlook (IMAP)"), "Count": ("how many messages", "3,214"), "Mailbox": ("the mailbox they were in", "INBOX"),
            "Days": ("how many days they can be put back", "14"), "Address": _ADDRESS, "Server": _SERVER,
        },
    ),
    Letter(
        name="attachment.removed", label="Attachment taken off", help="In the place of an attachment that was taken off a message.", has_subject=False, must=("File",),
        variables={"File": ("the attachment's name", "invoice.exe"), "Reason": ("why", "attachments of this kind are not taken here")},
        was="ATTACHMENT_REMOVED, VIRUS_ATTACHMENT_REMOVED",
    ),
    Letter(
        name="reply.subject", label="Subject of an auto-reply", help="Where a person's auto-reply has no subject of its own: the subject line of the answer.", must=("Subject",),
        variables={"Subject": _SUBJECT, "Address": _ADDRESS},
    ),
)  # fmt: skip

BY_NAME = {one.name: one for one in LETTERS}


def filled(text: str, values: dict[str, str]) -> str:
    """*text* with each %Name% of *values* in its place; others stay as they are. Values are never looked through again."""
    folded = {name.lower(): value for name, value in values.items()}
    return VARIABLE.sub(lambda found: folded.get(found[1].lower(), found[0]), text)
