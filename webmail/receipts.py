"""Read receipts in the reader: a line that says who asks, and the answer, which is the person's and never sent by itself."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.mail.headers import Headers, scan_headers
from mailcore.mail.part import load_parts
from mailcore.sessions import webmail_receipts
from mailcore.store import listing
from mailcore.store.listing import Stored
from web import words
from web.drawing import done
from web.signed_in import account, require
from web.site import site
from webmail.blueprints import boxes, mail, setting
from webmail.starting import reached

HEADER_BYTES = 256 * 1024


def headers_of(stored: Stored) -> tuple[Headers, bytes]:
    """All of a message's headers, ours with them, and the bytes that came."""
    came = site().store.blobs.read(stored.locator, 0, min(load_parts(stored.parts).body_start, HEADER_BYTES))
    return scan_headers(stored.prefix + came), came


def asked(stored: Stored) -> str:
    """The address that asks for a receipt; "" where the person wants to hear of none, or none may be given."""
    if setting("web.receipts") == "never":
        return ""
    role = next((box.role for box in boxes() if box.id == stored.row.mailbox_id), "junk")
    found = webmail_receipts.asks(account(), headers_of(stored)[0], role, stored.row.keywords)
    return "" if found is None else str(found)


@mail.post("/mail/<int:message_id>/receipt")
@require("user")
def receipt(message_id: int) -> Any:
    mine = account()
    stored = listing.get(site().read(), mine.id, message_id)
    headers, came = headers_of(stored)
    role = next((box.role for box in boxes() if box.id == stored.row.mailbox_id), "junk")
    to = webmail_receipts.asks(mine, headers, role, stored.row.keywords)
    if to is None:
        raise MailError(Reason.NOT_PERMITTED, _("Nobody asks for a receipt here."))
    back = flask.url_for("mail.message", mailbox_id=stored.row.mailbox_id, message_id=message_id)
    if flask.request.form.get("op") != "send":
        webmail_receipts.settle(site().runtime, mine, message_id)
        told = _("No receipt is sent.")
    else:
        own = {mine.address}
        letter = (
            _("Read: %(subject)s", subject=stored.row.subject or _("(no subject)")),
            _("Your message of %(when)s to %(who)s was opened on %(now)s. That says nothing of whether it was understood.", when=words.long(stored.row.internal_date), who=mine.display_name or mine.address, now=words.long(site().now())),
        )  # fmt: skip
        webmail_receipts.answer(site().runtime, mine, message_id, headers, came, reached(headers, own, mine.address), letter, to=to, ip=flask.request.remote_addr or "")
        told = _("The receipt is sent to %(address)s.", address=str(to))
    flask.session["toast"] = {"text": told, "undo": None}
    return done(back, message=told, undo=None)
