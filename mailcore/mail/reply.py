"""Whom a reply goes to, what it is called, and how it quotes. RFC 5322 §3.6.2, §3.6.3, §3.6.4.

Bcc is never read: a reply to all must not tell who was hidden. The person's own addresses leave the lists, unless nobody else is
left. Choosing the identity a reply is sent from is the caller's.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from html import escape

from mailcore.mail.address import NamedAddress, mailboxes
from mailcore.mail.headers import Headers, message_ids

MAX_REFERENCES = 20
"""Message-ids that References grows to: the first and the nearest. Stops long threads from outgrowing a header line."""
MAX_REPLY_ADDRESSES = 1000
"""Mailboxes a reply to all is filled with."""

_REPLY = re.compile(r"\s*(?:re|aw|antw|sv|vs|odp|r|ré|ref|回复|答复|返信|ответ|отв)\s*(?:\[\d+\]|\(\d+\)|\^\d+)?\s*[:：]", re.IGNORECASE)
_FORWARD = re.compile(r"\s*(?:fwd?|wg|tr|enc|rv|doorst|vb|转发|転送|пересл)\s*(?:\[\d+\]|\(\d+\))?\s*[:：]", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """The fields of an answer, to fill a draft with."""

    to: tuple[NamedAddress, ...]
    cc: tuple[NamedAddress, ...]
    subject: str
    in_reply_to: str
    references: tuple[str, ...]


def reply_subject(subject: str) -> str:
    """The subject with "Re:" once."""
    return subject if _REPLY.match(subject) else f"Re: {subject}".rstrip()


def forward_subject(subject: str) -> str:
    """The subject with "Fwd:" once."""
    return subject if _FORWARD.match(subject) else f"Fwd: {subject}".rstrip()


def is_forward(subject: str) -> bool:
    """Whether a subject says that somebody else's words follow."""
    return _FORWARD.match(subject) is not None


def _boxes(headers: Headers, *names: bytes) -> list[NamedAddress]:
    found: dict[str, NamedAddress] = {}
    for name in names:
        for value in headers.all(name):
            for box in mailboxes(value)[:MAX_REPLY_ADDRESSES]:
                if box.address is not None:
                    found.setdefault(box.address.key, box)
    return list(found.values())[:MAX_REPLY_ADDRESSES]


def _chain(headers: Headers) -> tuple[str, tuple[str, ...]]:
    """In-Reply-To and References of an answer: the original's references, or its In-Reply-To, and its own id. RFC 5322 §3.6.4."""
    own = message_ids(headers.raw(b"message-id"), 1)
    before = message_ids(headers.raw(b"references")) or message_ids(headers.raw(b"in-reply-to"), 1)
    chain = tuple(dict.fromkeys(before + own))
    if len(chain) > MAX_REFERENCES:
        chain = chain[:1] + chain[-(MAX_REFERENCES - 1) :]
    return (own[0] if own else ""), chain


def _targets(headers: Headers, own: Collection[str]) -> list[NamedAddress]:
    """Reply-To, else From; for a message of one's own, whom it went to."""
    senders = _boxes(headers, b"from")
    if senders and all(box.address is not None and box.address.key in own for box in senders):
        return _boxes(headers, b"to") or senders
    return _boxes(headers, b"reply-to") or senders or _boxes(headers, b"sender")


def _answer(headers: Headers, to: list[NamedAddress], cc: list[NamedAddress]) -> Reply:
    parent, chain = _chain(headers)
    return Reply(to=tuple(to), cc=tuple(cc), subject=reply_subject(headers.text(b"subject")), in_reply_to=parent, references=chain)


def reply_to(headers: Headers, own: Collection[str] = ()) -> Reply:
    """A reply to the author; *own* are the keys of the person's addresses."""
    return _answer(headers, _targets(headers, own), [])


def reply_all(headers: Headers, own: Collection[str] = ()) -> Reply:
    """A reply to the author and all named in To and Cc, without one's own addresses."""
    to = _targets(headers, own)
    others = [box for box in to if box.address is not None and box.address.key not in own]
    taken = {box.address.key for box in to if box.address is not None} | set(own)
    cc = [box for box in _boxes(headers, b"to", b"cc") if box.address is not None and box.address.key not in taken]
    return _answer(headers, others or to, cc)


def quote_text(text: str, attribution: str = "") -> str:
    """*text* with ">" before each line, under the *attribution* line ("On Monday Jane wrote:")."""
    lines = text.replace("\r\n", "\n").rstrip("\n").split("\n")
    quoted = "\n".join((">" if line.startswith(">") else "> " if line else ">") + line for line in lines)
    return f"{attribution}\n{quoted}\n" if attribution else f"{quoted}\n"


def quote_html(safe_html: str, attribution: str = "") -> str:
    """HTML that `html.sanitise` has made safe, as a cited blockquote under the escaped *attribution*."""
    head = f"<p>{escape(attribution)}</p>" if attribution else ""
    return f'{head}<blockquote type="cite">{safe_html}</blockquote>'
