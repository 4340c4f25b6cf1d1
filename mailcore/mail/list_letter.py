"""A message as a list sends it on: marks of other lists off, its own on, and From rewritten where it must be. The body is untouched.

RFC 2919 (List-Id), RFC 2369 (List-Post, List-Unsubscribe), RFC 8058 (one click). What is asked back from the author's own
programs (receipts) is taken off, because a list's members owe none.
"""

from dataclasses import dataclass

from mailcore.mail.address import Address, NamedAddress, format_address
from mailcore.mail.address import mailboxes as header_addresses
from mailcore.mail.authres import without
from mailcore.mail.encode import encode_phrase, fold
from mailcore.mail.headers import Headers, scan_headers

MARK = "X-Roost-List"
TAKEN_OFF = frozenset(
    {
        b"list-id", b"list-post", b"list-help", b"list-unsubscribe", b"list-unsubscribe-post", b"list-subscribe", b"list-owner", b"list-archive",
        b"precedence", b"return-path", b"errors-to", b"disposition-notification-to", b"return-receipt-to", b"x-confirm-reading-to",
    }
)  # fmt: skip
AUTOMATIC = frozenset({"bulk", "junk", "auto_reply"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Heading:
    """What a list says of itself: *list_id* is List-Id's, *mark* ends loops; *replies_to_list*: answers go to all."""

    name: str
    address: Address
    list_id: str
    mark: str
    replies_to_list: bool = False


def has_come_round(headers: Headers, heading: Heading) -> str:
    """Why a list does not take its own mail again; "" for other mail."""
    if any(heading.mark.encode() == value.strip() for value in headers.all(MARK.lower().encode())):
        return "the message has been through this list already"
    if any(f"<{heading.list_id}>".encode() in value.lower() for value in headers.all(b"list-id")):
        return "the message has been through this list already"
    return ""


def automatic(headers: Headers) -> str:
    """Why a list does not pass on mail that no person wrote; "" for other mail. RFC 3834 §5."""
    if (headers.get(b"auto-submitted") or b"no").partition(b";")[0].strip().lower() != b"no":
        return "automatic replies and notices are not passed on to a list"
    if (headers.get(b"precedence") or b"").strip().lower().decode("ascii", "replace") in AUTOMATIC:
        return "automatic and bulk mail is not passed on to a list"
    if b"x-autoreply" in headers or b"x-autorespond" in headers:
        return "automatic replies and notices are not passed on to a list"
    return ""


def author_of(headers: Headers) -> NamedAddress | None:
    """The first author with an address; None when From names nobody."""
    return next((one for one in header_addresses(headers.raw(b"from") or b"") if one.address is not None), None)


def letter(data: bytes, heading: Heading, *, rewrites: bool) -> bytes:
    """*data* as the list's own: with *rewrites*, From is the list's address and the author stands in Reply-To."""
    headers = scan_headers(data)
    off = set(TAKEN_OFF)
    author = author_of(headers)
    had_reply_to = headers.raw(b"reply-to") is not None
    lines = [
        fold("List-Id", _phrase(heading.name) + f"<{heading.list_id}>"), fold("List-Post", f"<mailto:{heading.address}>"),
        b"Precedence: list\r\n", f"{MARK}: {heading.mark}\r\n".encode(),
    ]  # fmt: skip
    answers: list[str] = []
    if heading.replies_to_list:
        answers.append(format_address(heading.name, heading.address))
        off.add(b"reply-to")
    if rewrites:
        off |= {b"from", b"sender", b"dkim-signature"}
        lines.append(fold("From", format_address(_via(author, heading), heading.address)))
        if author is not None and author.address is not None and (heading.replies_to_list or not had_reply_to):
            answers.append(format_address(_line(author.name), author.address))
    if answers:
        lines.append(fold("Reply-To", ", ".join(answers)))
    return b"".join(lines) + without(data, [(one.start, one.end) for one in headers if one.name.lower() in off])


def _via(author: NamedAddress | None, heading: Heading) -> str:
    who = "" if author is None or author.address is None else _line(author.name) or author.address.local
    name = heading.name.strip() or heading.address.local
    return f"{who} via {name}" if who else name


def _line(name: str) -> str:
    """A stranger's name as one line without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in name).split())[:200]


def _phrase(name: str) -> str:
    return encode_phrase(name) + " " if name.strip() else ""


def unsubscribe_lines(link: str) -> bytes:
    """The lines of one member's copy: leaving by one click. RFC 8058 §3.1."""
    return f"List-Unsubscribe: <{link}>\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n".encode() if link else b""
