"""A mailbox's list and an open message: paged by cursor, a conversation across mailboxes with one's own replies in place."""

from dataclasses import replace
from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.mail import texts
from mailcore.mail.address import mailboxes as addresses
from mailcore.mail.headers import scan_headers
from mailcore.mail.part import load_parts
from mailcore.net import fetch
from mailcore.sessions import webmail
from mailcore.store import conversations, listing, mailboxes, messages
from mailcore.store.listing import ListRow, Stored
from mailcore.store.mailboxes import Mailbox
from web import tokens, words
from web.drawing import done, page
from web.signed_in import account, require
from web.site import site
from webmail import files, invitations, merging, reach, unsubscribing, warnings
from webmail import presenters as p
from webmail.arrivals import arrivals_of
from webmail.blueprints import ROWS_ALONE, full_name, mail, nav, owner_name, role_name, setting, shared, targets
from webmail.contacts import photo_url
from webmail.reach import INBOXES, box_of, message_of, offers
from webmail.rows import groups_of, labels_of, row_of
from webmail.trust import loads_images, trust_of

HEADER_BYTES = 256 * 1024
EXPANDED = 3
"""Unread messages of a conversation that are open beside the chosen one."""
OPEN_AT_MOST = 50
THREAD_SHOWN = 40
"""Messages of a conversation on the page until one asks for the earlier ones."""
SHOWN = 200
"""Rows of a list whose state is told anew when something changed."""
AHEAD_CHARACTERS = 200_000
"""A longer text is not laid out before it is asked for."""
LONG = 300
"""Messages of a mailbox whose list is a window on all of them, and not a page that grows."""
COUNTED = 20_000
"""In a longer mailbox the place of a message is not counted."""


def cursor_of(text: str) -> tuple[int, int] | None:
    """(date, id) of a cursor, which may be a message's number alone, or None for one that is not ours."""
    date, dot, number = text.lstrip("a").partition(".")
    if not dot and date.isdigit():
        return next((place_in_time(row) for row in reach.rows_of([int(date)])), None)
    return (int(date), int(number)) if date.lstrip("-").isdigit() and number.isdigit() else None


@mail.get("/mail")
@mail.get("/")
@require("user")
def home() -> Any:
    inbox = mailboxes.by_name(site().read(), account().id, "INBOX")
    return flask.redirect(flask.url_for("mail.mailbox", mailbox_id=inbox.id if inbox else 0))


@mail.get("/mail/<mailbox_id>")
@require("user")
def mailbox(mailbox_id: str) -> Any:
    if flask.request.args.get("since"):
        return fresh(mailbox_id, flask.request.args["since"])
    around = {} if flask.request.headers.get("HX-Target") in ROWS_ALONE else {"nav": nav(mailbox_id)}
    return page("webmail/mailbox.html", page=list_page(mailbox_id), reader=None, **around)


def boxes_of(mailbox_id: str) -> list[Mailbox]:
    """The mailboxes of a list: one, or for all inboxes several. Raises MailError(NOT_FOUND)."""
    return reach.inboxes() if mailbox_id == INBOXES else [box_of(mailbox_id)]


def is_whole(box: Mailbox) -> bool:
    """Whether a mailbox's list shows conversations."""
    return box.role != "drafts" and bool(setting("web.conversations"))


def rows_of(some: list[Mailbox], *, limit: int = listing.PAGE, after: tuple[int, int] | None = None, before: tuple[int, int] | None = None) -> list[ListRow]:
    """A page of the list, newest first: conversations, or messages where the person wants those; of several mailboxes in one order."""
    found = [row for box in some for row in (conversations.page if is_whole(box) else listing.page)(site().read(), box.id, limit=limit, after=after, before=before)]
    if len(some) > 1:
        found.sort(key=place_in_time, reverse=True)
    return found[-limit:] if after is not None else found[:limit]


def place_in_time(row: ListRow) -> tuple[int, int]:
    """What a list is ordered by."""
    return row.internal_date, row.message_id


def items_of(some: list[Mailbox], rows: list[ListRow], opened: ListRow | None = None) -> list[p.ListRow]:
    """The rows, worded; each with what its conversation says."""
    tx, me, by_id, said = site().read(), account().address, {box.id: box for box in some}, dict[int, conversations.Thread]()
    for box in some:
        here = [r.thread_id for r in rows if r.mailbox_id == box.id]
        if here and is_whole(box):
            said |= conversations.threads(tx, box.id, here, reach.unseen_here(box))
    return [
        row_of(
            r, by_id.get(r.mailbox_id), me, thread=said.get(r.thread_id), mailbox_name=home_name(r.mailbox_id) if len(some) > 1 else "",
            is_open=opened is not None and (r.thread_id == opened.thread_id if said else r.message_id == opened.message_id),
        )
        for r in rows
    ]  # fmt: skip


def home_name(mailbox_id: int) -> str:
    """In a list of several: whose a shared mailbox is; "" for one's own."""
    return next((owner_name(place) for place in shared() if place.box.id == mailbox_id), "")


def fresh(mailbox_id: str, since: str) -> Any:
    """Rows newer than the one named, and how those that are shown stand now; 204 when there are none."""
    some = boxes_of(mailbox_id)
    here = {box.id for box in some}
    shown = [int(i) for i in flask.request.args.get("shown", "").split(".")[:SHOWN] if i.isdigit()]
    known = reach.rows_of([int(since)]) if since.isdigit() else []
    rows = rows_of(some, after=place_in_time(known[0])) if known else rows_of(some) if since == "none" else []
    rows += [r for r in reach.rows_of(shown) if r.mailbox_id in here and r.message_id not in {x.message_id for x in rows}]
    if not rows and not shown:
        return "", 204
    made = p.ListPage(mailbox_id=mailbox_id, title="", groups=groups_of(rows, items_of(some, rows)), list_query=query_of(mailbox_id))
    return page("webmail/mailbox.html", page=made)


def query_of(list_id: str) -> dict[str, str]:
    """What links to messages keep of a list that is no mailbox itself."""
    return {"list": list_id} if list_id == INBOXES else {}


def list_page(mailbox_id: str, opened: ListRow | None = None) -> p.ListPage:
    """The middle pane: what is pinned stands above its first page."""
    args, size, some = flask.request.args, int(setting("web.page_size")), boxes_of(mailbox_id)
    box = some[0]
    is_oldest, is_up = args.get("sort") == "oldest", args.get("cursor", "").startswith("a")
    cursor = cursor_of(args["cursor"]) if "cursor" in args else place_of(some, args["place"], size, is_oldest=is_oldest) if "place" in args else None
    if is_oldest != is_up:
        rows = rows_of(some, after=cursor or (-(2**62), 0), limit=size)
    else:
        rows = rows_of(some, before=cursor, limit=size)
    rows = rows[::-1] if is_oldest else rows
    pinned = [row for one in some for row in conversations.pinned(site().read(), one.id, whole=is_whole(one))]
    up = {r.message_id for r in pinned}
    plain = [r for r in rows if r.message_id not in up]
    continued = words.day_key(cursor[0]) if cursor and flask.request.headers.get("HX-Target") == "more" else ""
    groups = groups_of(plain, items_of(some, plain, opened), continued)
    if pinned and cursor is None:
        groups = (p.DayGroup(key="pinned", label=_("Pinned"), rows=tuple(items_of(some, pinned, opened))), *groups)
    return p.ListPage(
        mailbox_id=mailbox_id, title=title_of(mailbox_id), groups=groups, unread=sum(b.unseen_count for b in some), total=sum(b.message_count for b in some),
        is_long=cursor is None and sum(b.message_count for b in some) > LONG, is_whole=is_whole(box), modseq=sum(b.modseq for b in some), state="ready" if groups else "empty", role=box.role if len(some) == 1 else "inbox",
        size=size, older=mark(rows[-1]) if len(rows) == size else None, newer="a" + mark(rows[0]) if rows and cursor else None, move_targets=targets(box.id),
        list_query=({"sort": "oldest"} if is_oldest else {}) | query_of(mailbox_id), offers=offers(mailbox_id), marked=box.deleted_count if len(some) == 1 else 0, merge=merging.offers(box) if cursor is None else (),
        share_url=flask.url_for("mail.share", mailbox_id=mailbox_id) if mailbox_id != INBOXES and reach.place_of(mailbox_id).may("a") else "",
    )  # fmt: skip


def place_of(some: list[Mailbox], place: str, size: int, *, is_oldest: bool) -> tuple[int, int] | None:
    """The cursor before the message at *place*, counted from the list's top; of what lies behind its end, the last page's."""
    total = sum(box.message_count for box in some)
    number = min(int(place) if place.isdigit() else 0, max(0, total - size))
    found = listing.place(site().read(), [box.id for box in some], total - 1 - number if is_oldest else number)
    return (found[0], found[1] + (-1 if is_oldest else 1)) if found is not None else None


def title_of(mailbox_id: str) -> str:
    """The name above a list; a shared one's with its owner's."""
    if mailbox_id == INBOXES:
        return _("All inboxes")
    place = reach.place_of(mailbox_id)
    return role_name(place.box) if place.is_own else full_name(place)


def mark(row: ListRow) -> str:
    """A row as a cursor."""
    return f"{row.internal_date}.{row.message_id}"


@mail.get("/mail/<mailbox_id>/<int:message_id>")
@require("user")
def message(mailbox_id: str, message_id: int) -> Any:
    box = box_of(mailbox_id)
    stored = message_of(message_id)
    if box.account_id != reach.owner_of(message_id):
        box = box_of(str(stored.row.mailbox_id))
    list_id = INBOXES if flask.request.args.get("list") == INBOXES else mailbox_id
    if (is_ahead := "X-Ahead" in flask.request.headers) and loads_images(stored.row.from_addr, None):  # nobody is told of what was not looked at
        return "", 204
    reader, unread = reader_page(box, stored, list_id)
    reader = kept_unread(reader, unread) if is_ahead else mark_read(reader, unread)
    if flask.request.headers.get("HX-Target", "").rstrip("0123456789") in ("reader", "m"):
        return page("webmail/mailbox.html", page=p.ListPage(mailbox_id=list_id, title=role_name(box)), reader=reader)
    if "q" in flask.request.args:
        from webmail.search import found_page

        return page("webmail/mailbox.html", page=found_page(flask.request.args["q"], stored.row), reader=reader, nav=nav())
    return page("webmail/mailbox.html", page=list_page(list_id, stored.row), reader=reader, nav=nav(list_id))


def mark_read(reader: p.ReaderPage, unread: list[int]) -> p.ReaderPage:
    """What is opened has been read."""
    if unread and "read" in reader.offers:
        webmail.flag(site().runtime, account(), "read", unread)
        flask.g.pop("boxes", None)
        flask.g.pop("shared", None)
    return reader


def kept_unread(reader: p.ReaderPage, unread: list[int]) -> p.ReaderPage:
    """A page that a browser fetches ahead marks nothing: it says what is to be marked once it is shown."""
    return replace(reader, unread=tuple(str(i) for i in unread) if "read" in reader.offers else ())


@mail.get("/mail/<mailbox_id>/<int:message_id>/print")
@require("user")
def printed(mailbox_id: str, message_id: int) -> Any:
    stored = message_of(message_id)
    return page("webmail/print.html", reader=reader_page(box_of(str(stored.row.mailbox_id)), stored, mailbox_id)[0])


def conversation_of(box: Mailbox, row: ListRow) -> list[ListRow]:
    """The messages of a conversation that are shown beside the chosen one, oldest first, each email once, and once what one wrote to oneself; only that one in a plain list."""
    if not is_whole(box):
        return [row]
    once: dict[int, ListRow] = {row.email_id: row}
    hidden = set(reach.unseen_here(box))
    for one in listing.thread(site().read(), box.account_id, row.thread_id):
        is_shown = one.message_id == row.message_id or one.mailbox_id == box.id or one.mailbox_id not in hidden
        if is_shown and (one.email_id not in once or box.id == one.mailbox_id and once[one.email_id].message_id != row.message_id):
            once[one.email_id] = one
    there = {one.message_id for one in once.values()}
    doubles = {mine if came in there and row.message_id != mine else came for mine, came in conversations.sent_and_back(site().read(), box.account_id, row.thread_id) if mine in there}
    return sorted((one for one in once.values() if one.message_id not in doubles or one.message_id == row.message_id), key=place_in_time)


def opened_of(thread: list[ListRow], row: ListRow) -> set[int]:
    """Which messages are open: those the URL names, else the chosen one and the newest unread ones."""
    named = flask.request.args.get("open", "")
    if named:
        return {int(i) for i in named.split(".")[:OPEN_AT_MOST] if i.isdigit()}
    unread = [r.message_id for r in thread if not r.flags & messages.SEEN]
    return {row.message_id, *unread[-EXPANDED:]}


def reader_page(box: Mailbox, stored: Stored, list_id: str) -> tuple[p.ReaderPage, list[int]]:
    """The right pane, the whole conversation in the order it was written; and which of its open messages were unread."""
    tx, row = site().read(), stored.row
    thread = conversation_of(box, row)
    opened = opened_of(thread, row)
    hidden = [] if "earlier" in flask.request.args else [r for r in thread[:-THREAD_SHOWN] if r.message_id not in opened]
    thread = [r for r in thread if r not in hidden]
    shown = [reader_message(r, stored if r.message_id == row.message_id else None, is_expanded=r.message_id in opened) for r in thread]
    cursor = place_in_time(max((r for r in thread if r.mailbox_id == box.id), key=place_in_time, default=row))
    newer, older = rows_of(boxes_of(list_id), after=cursor, limit=1), rows_of(boxes_of(list_id), before=cursor, limit=1)
    position = 0
    if not is_whole(box) and box.message_count <= COUNTED:
        position = int(tx.value("SELECT count(*) FROM messages WHERE mailbox_id = :b AND (internal_date, id) >= (:d, :i)", {"b": box.id, "d": cursor[0], "i": cursor[1]}))
    made = p.ReaderPage(
        mailbox_id=str(box.id), mailbox_name=title_of(str(box.id)), subject=row.subject or _("(no subject)"), messages=tuple(shown), position=position,
        total=box.message_count if position else 0, newer=str(newer[0].message_id) if newer else None, older=str(older[0].message_id) if older else None,
        in_junk=box.role == "junk", in_trash=box.role == "trash", move_targets=targets(box.id), labels=labels_of(row), chosen=str(row.message_id), thread=str(row.thread_id) if is_whole(box) else "",
        is_pinned="$Pinned" in row.keywords.split(), is_muted="$Muted" in row.keywords.split(),
        earlier=len(hidden), offers=offers(str(box.id)), list_id=list_id if list_id != str(box.id) else "",
    )  # fmt: skip
    return made, [r.message_id for r in thread if r.message_id in opened and not r.flags & messages.SEEN]


def people(value: str) -> tuple[p.Person, ...]:
    """The people in a header's value."""
    me = account().address
    return tuple(p.Person(name=a.name, address=str(a.address or a.raw), is_me=bool(a.address) and str(a.address).lower() == me) for a in addresses(value)[:500])


def reader_message(row: ListRow, stored: Stored | None, *, is_expanded: bool) -> p.ReaderMessage:
    """One message, *stored* where it is at hand; folded ones cost no read of their own."""
    sender = p.Person(name=row.from_name, address=row.from_addr, is_me=row.from_addr.lower() == account().address, photo_url=photo_url(row.from_addr))
    common: dict[str, Any] = {
        "id": str(row.message_id), "mailbox_id": str(row.mailbox_id), "sender": sender, "time_text": words.short(row.internal_date),
        "time_iso": words.iso(row.internal_date), "time_long": words.long(row.internal_date), "preview": row.preview, "size_text": words.size(row.size),
        "is_unread": not row.flags & messages.SEEN, "is_starred": bool(row.flags & messages.FLAGGED), "is_deleted": bool(row.flags & messages.DELETED), "is_expanded": is_expanded,
    }  # fmt: skip
    if not is_expanded:
        return p.ReaderMessage(to=(), **common)
    stored = stored or message_of(row.message_id)
    parts = load_parts(stored.parts)
    headers = scan_headers(site().store.blobs.read(stored.locator, 0, min(parts.body_start, HEADER_BYTES)))
    to, cc = people(headers.text(b"to")), people(headers.text(b"cc"))
    replies = people(headers.text(b"reply-to"))
    trust = trust_of(stored.prefix, row.from_name, row.from_addr)
    way = unsubscribing.way_out(headers, is_proved=trust is not None and trust.kind == "verified")
    shows_images = flask.request.args.get("images") == "1" or loads_images(row.from_addr, trust)
    body = files.body_of(stored, shows_images=shows_images)
    attached = texts.files(parts, body.pictures)
    reply_to = replies[0] if replies and replies[0].address != sender.address else None
    is_list, is_own = bool(unsubscribing.list_of(headers) or way), reach.place_of(str(row.mailbox_id)).is_own
    return p.ReaderMessage(
        warnings=() if sender.is_me else warnings.warnings_of(row, reply_to, body.html, is_list=is_list),
        to=to, cc=cc, invite=invitations.invite_of(stored, parts) if is_own else None, bcc=people(headers.text(b"bcc")), reply_to=reply_to,
        trust=None if sender.is_me else trust, arrivals=arrivals_of(stored) if sender.is_me else (), unsubscribe=way if is_own and not sender.is_me else "", list_id=unsubscribing.list_of(headers),
        to_text=to_line(to, cc), body_url=flask.url_for("mail.body", token=tokens.make("body", [row.message_id, shows_images]), **looks_of()),
        body_lines=max(3, min(200, body.text.count("\n") + len(body.text) // 90 + 2)), remote_images=0 if shows_images else body.remote_count,
        attachments=tuple(files.unpacked(stored, attached)), receipt_to=receipt_to(stored) if is_own and not sender.is_me and b"disposition-notification-to" in headers else "",
        has_own_colours=body.has_own_colours, is_long=len(body.html) > AHEAD_CHARACTERS,
        files_left=max(0, len(attached) - files.FILES_SHOWN),
        all_parts_url=flask.url_for("mail.all_parts", token=tokens.make("zip", row.message_id)) if len(attached) > 1 else None, **common,
    )  # fmt: skip


def looks_of() -> dict[str, str]:
    """How a body is to be shown: with the words of a search marked, or as it was sent."""
    args = flask.request.args
    return {name: args[given] for name, given in (("mark", "q"), ("sent", "sent")) if args.get(given)}


def receipt_to(stored: Stored) -> str:
    """Who asks for a receipt."""
    from webmail import receipts

    return receipts.asked(stored)


@mail.post("/mail/<int:message_id>/unsubscribe")
@require("user")
def unsubscribe(message_id: int) -> Any:
    stored = listing.get(site().read(), account().id, message_id)
    parts = load_parts(stored.parts)
    headers = scan_headers(site().store.blobs.read(stored.locator, 0, min(parts.body_start, HEADER_BYTES)))
    trust = trust_of(stored.prefix, stored.row.from_name, stored.row.from_addr)
    if unsubscribing.way_out(headers, is_proved=trust is not None and trust.kind == "verified") != "post":
        raise MailError(Reason.NOT_PERMITTED, _("Nothing proves who sent this, so Roost does not answer for you."))
    told, is_error = _("You are off the list."), False
    try:
        fetch.one_click(site().runtime.resolver, unsubscribing.target_of(headers))
    except MailError as error:
        told, is_error = _("You are not off the list yet. %(why)s Try again later, or follow the link in the message.", why=words.said(error)), True
    flask.session["toast"] = {"text": told, "undo": None, "is_error": is_error}
    return done(flask.url_for("mail.message", mailbox_id=stored.row.mailbox_id, message_id=message_id))


def to_line(to: tuple[p.Person, ...], cc: tuple[p.Person, ...]) -> str:
    """The recipients in one line."""
    names = [_("me") if one.is_me else one.label for one in to[:3]]
    line = _("to %(people)s", people=", ".join(names)) if names else _("to nobody by name")
    if len(to) > 3:
        line += _(" and %(count)d more", count=len(to) - 3)
    if cc:
        line += _(", cc %(people)s", people=", ".join(_("me") if c.is_me else c.label for c in cc[:2]))
    return line
