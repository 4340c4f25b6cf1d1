"""What a draft starts from: nothing, or a message that is answered or passed on, with its quote, its files and the right sender.

A draft that was never saved carries its origin in its id ("n…-r12-reply"), so that a first save of a quick reply needs no earlier
write. Pictures of the text stand in the editor by addresses of this server and in the message by Content-ID or their own address.
"""

import re
from dataclasses import replace
from html import escape, unescape
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import flask
from flask_babel import gettext as _

from mailcore.directory import identities, resolve
from mailcore.mail import texts
from mailcore.mail.address import mailboxes
from mailcore.mail.body import decode_body
from mailcore.mail.compose import Attachment, forward_subject, quote_html, quote_text, reply_all, reply_to, strip_bcc
from mailcore.mail.headers import Headers, scan_headers
from mailcore.mail.html import html_to_text, sanitise, text_to_html
from mailcore.mail.part import Part, load_parts
from mailcore.sessions import webmail_drafts as drafts
from mailcore.store import listing
from mailcore.store.contacts import Contact
from web import words
from web.signed_in import account
from web.site import site
from webmail import files
from webmail.reach import message_of

_PICTURE = re.compile(r'(<img\b[^>]*?\bsrc=")([^"]*)(")', re.IGNORECASE)
QUOTE_CHARS = 200_000
"""Of a text that is quoted; an editor with megabytes in it takes no keys. A reply says what it leaves out, a forward goes as one file."""
FILES_PASSED_ON = 200
"""Files that a forward takes over one by one; with more it goes as one file."""
FACT_CHARS = 2000
"""Of a field that heads a forward."""
_ORIGIN = re.compile(r"r(\d{1,18})-(reply|all|forward|attached)")


def signature_block(address: str = "", *, is_reply: bool = False) -> str:
    """The signature for mail from *address* under the usual separator (RFC 3676 §4.3), with room to write above; "" without one."""
    own = identities.signature_for(site().read(), account(), address or account().address, is_reply=is_reply)
    return f"\n\n-- \n{own.text}" if own is not None and own.text.strip() else ""


def signature_html(address: str = "", *, is_reply: bool = False) -> str:
    """The same as HTML."""
    own = identities.signature_for(site().read(), account(), address or account().address, is_reply=is_reply)
    if own is None or not (own.text.strip() or own.html):
        return ""
    return f'<div class="signature">-- <br>{own.html or text_to_html(own.text)}</div>'


def key_of(draft_id: str) -> str:
    """The draft's own key; a reply's id also says what it answers, for its first save."""
    return draft_id.partition("-r")[0]


def origin_of(draft_id: str) -> drafts.Draft | None:
    """What a draft that was never saved starts from: the message it answers, or nothing. None for an id that is not ours to give."""
    key, dash, origin = draft_id.partition("-r")
    if not re.fullmatch(r"n[A-Za-z0-9]{1,40}", key):
        return None
    return replace(start_of("r" + origin), key=key) if dash else drafts.Draft(key=key, typed=blank())


def blank() -> drafts.Typed:
    """An empty message with the account's signature."""
    own = signature_html()
    return drafts.Typed(sender=account().address, text=signature_block(), html="<div><br></div><div><br></div>" + own if own else "")


def start_of(origin: str) -> drafts.Draft:
    """A reply or forward of a message ("r12-reply"): recipients, subject, quote, references, files. Raises MailError(NOT_FOUND)."""
    found = _ORIGIN.fullmatch(origin)
    if found is None:
        flask.abort(404)
    number, kind = int(found[1]), found[2]
    tx, mine = site().read(), account()
    stored = message_of(number)
    data = site().store.blobs.read(stored.locator)
    headers, parts = scan_headers(data), load_parts(stored.parts)
    if kind == "forward" and is_too_much(parts):
        kind = "attached"
    own = set(resolve.addresses_of(tx, mine))
    is_forward, is_enclosed = kind in ("forward", "attached"), kind == "attached"
    answer = reply_all(headers, own) if kind == "all" else reply_to(headers, own)
    sender = reached(headers, own, mine.address)
    text, html = ("", "") if is_enclosed else quoted(stored, data, headers, parts, is_forward=is_forward)
    taken = (enclosed(stored),) if is_enclosed else kept_files(data, parts, with_files=is_forward)
    typed = drafts.Typed(
        sender=sender, to="" if is_forward else joined(answer.to), cc="" if is_forward else joined(answer.cc),
        subject=forward_subject(stored.row.subject) if is_forward else answer.subject, text=signature_block(sender, is_reply=True) + "\n\n" + text,
        html="<div><br></div>" + signature_html(sender, is_reply=True) + html,
    )  # fmt: skip
    return drafts.Draft(
        key=drafts.new_key(site().runtime), typed=typed, answers=("forward" if is_forward else "reply", stored.row.message_id), in_reply_to=answer.in_reply_to,
        references=answer.references, files=taken,
    )  # fmt: skip


def quoted(stored: listing.Stored, data: bytes, headers: Headers, parts: Part, *, is_forward: bool) -> tuple[str, str]:
    """The message as a quote, in text and in HTML; a forward is headed by whom it was from and to instead."""
    written = texts.texts(data, parts, QUOTE_CHARS * 4)
    shown = written.pieces if any(one.text.strip() for one in written.pieces) else (texts.Text(False, files.body_of(stored, shows_images=False).text),)
    pieces, left = [], QUOTE_CHARS
    for one in shown:
        pieces.append(texts.Text(one.is_html, one.text[:left]))
        left -= len(pieces[-1].text)
    text = "\n\n".join(html_to_text(one.text) if one.is_html else one.text for one in pieces)
    safe = "".join(sanitise(one.text, cid_url=lambda cid: f"cid:{cid}", remote_url=lambda url: url).html if one.is_html else text_to_html(one.text) for one in pieces)
    if is_too_long(parts):
        left_out = _("The rest of this message is left out here.")
        text, safe = f"{text}\n\n[{left_out}]", f"{safe}<p>[{escape(left_out)}]</p>"
    if not is_forward:
        line = _("On %(when)s %(who)s wrote:", when=words.long(stored.row.internal_date), who=stored.row.from_name or stored.row.from_addr)
        return quote_text(text, line), quote_html(safe, line)
    facts = [(_("From"), headers.text(b"from")), (_("Date"), words.long(stored.row.internal_date)), (_("Subject"), headers.text(b"subject")), (_("To"), headers.text(b"to")), (_("Cc"), headers.text(b"cc"))]
    head = [_("Forwarded message:"), *(f"{name}: {cut(' '.join(value.split()))}" for name, value in facts if value.strip())]
    return "\n".join(head) + "\n\n" + text, "<p>" + "<br>".join(escape(line) for line in head) + "</p>" + safe


def is_too_much(parts: Part) -> bool:
    """Whether a message is too big to be passed on inside another."""
    return len(texts.files(parts, ())) > FILES_PASSED_ON or is_too_long(parts)


def is_too_long(parts: Part) -> bool:
    """Whether a message's text is longer than what is quoted."""
    return sum(map(files.decoded_size, texts.shown_parts(parts))) > QUOTE_CHARS


def cut(value: str) -> str:
    """A field's value of a length that people read."""
    return value if len(value) <= FACT_CHARS else value[:FACT_CHARS].rpartition(",")[0] + ", \u2026"


def kept_files(data: bytes, parts: Part, *, with_files: bool) -> tuple[Attachment, ...]:
    """The pictures the quote shows, and for a forward every file."""
    shown = texts.pictures(parts, texts.texts(data, parts, QUOTE_CHARS * 4).markup)
    wanted = texts.files(parts, shown) if with_files else []
    if with_files and not any(x.subtype in ("calendar", "ics") for x in wanted):
        wanted += [x for x in parts.walk() if x.type == "text" and x.subtype == "calendar"][:1]
    pictures = [x for x in parts.walk() if x.type == "image" and x.content_id in shown and not x.children]
    return tuple(Attachment(name=files.safe_name(x), type=x.mime_type, content=decode_body(data, x), content_id=x.content_id if x in pictures else "") for x in (*wanted, *pictures))


def enclosed(stored: listing.Stored) -> Attachment:
    """The whole message as a file, without its Bcc."""
    name = "".join(c for c in stored.row.subject if c.isprintable() and c not in '<>:"|?*/\\').strip(". ")[:80] or "message"
    return Attachment(name=f"{name}.eml", type="message/rfc822", content=strip_bcc(listing.content(site().store.blobs, stored)))


def reached(headers: Headers, own: set[str], default: str) -> str:
    """The person's address that the message came to, a plus address as it stood; *default* when it names none."""
    found = [a.address for name in (b"to", b"cc", b"delivered-to", b"x-original-to") for value in headers.all(name) for a in mailboxes(value)]
    for address in found:
        if address is not None and (address.key in own or resolve.may_send_as(site().read(), account(), address)):
            return str(address)
    return default


def joined(people: Any) -> str:
    """Addresses for the To field, as people type them."""
    return ", ".join(f"{a.name} <{a.address}>" if a.name and not set(a.name) & set(',;<>"@') else str(a.address) for a in people if a.address is not None)


def typed_list(members: list[Contact]) -> str:
    """The people of a group as a To field holds them."""
    return ", ".join(f'"{c.card.name}" <{c.card.addresses[0]}>' if c.card.name and not set(c.card.name) & set('"\\\\') else c.card.addresses[0] for c in members)


def on_screen(html: str, draft: drafts.Draft) -> str:
    """Safe HTML for the editor: pictures of the message by this server's address, those of others and missing ones as a grey stand-in."""
    there = {file.content_id for file in draft.files if file.content_id}

    def picture(cid: str) -> str:
        return flask.url_for("compose.picture", draft_id=draft.key, cid=cid) if cid in there else flask.url_for("compose.stand_in", url=f"cid:{cid}")

    return sanitise(
        html, cid_url=picture, remote_url=lambda url: flask.url_for("compose.stand_in", url=url)
    ).html  # fmt: skip


def from_screen(html: str) -> str:
    """The editor's HTML with its pictures named as the message names them again."""

    def back(found: re.Match[str]) -> str:
        url = urlsplit(unescape(found[2]))
        parts = url.path.split("/")
        if url.path.endswith(flask.url_for("compose.stand_in")):
            return found[1] + escape(parse_qs(url.query).get("url", [""])[0]) + found[3]
        if len(parts) > 3 and parts[-2] == "picture" and parts[-4] == "compose":
            return found[1] + escape(f"cid:{unquote(parts[-1])}") + found[3]
        return found[0]

    return _PICTURE.sub(back, html)
