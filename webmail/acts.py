"""Acting on messages, and taking it back; counts for pages that poll."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.sessions import webmail, webmail_held
from mailcore.store import conversations, listing, mailboxes, messages
from web import tokens
from web.drawing import done, wants_json
from web.signed_in import account, require, safe_next
from web.site import site
from webmail.blueprints import boxes, mail
from webmail.contacts import take_back as address_book

MAX_IDS = 5000


def ids_of_form() -> list[int]:
    """The messages a form names."""
    return [int(i) for i in flask.request.form.getlist("ids")[:MAX_IDS] if i.isdigit()]


def counts() -> dict[str, int]:
    """Unread by mailbox, as the navigation shows it."""
    from webmail.blueprints import link

    flask.g.pop("boxes", None)
    return {str(b.id): link(b).count for b in boxes()}


@mail.post("/mail/act")
@require("user")
def act() -> Any:
    form, runtime, mine = flask.request.form, site().runtime, account()
    op, ids = form.get("op", ""), ids_of_form()
    if form.get("star", "").isdigit():
        ids, op = [int(form["star"])], "turn-star"
    if form.get("whole") and form.get("mailbox", "").isdigit():
        ids = conversations.whole(site().read(), mine.id, int(form["mailbox"]), ids)[:MAX_IDS]
    if op == "turn-star":
        op = "unstar" if any(r.flags & messages.FLAGGED for r in listing.rows(site().read(), mine.id, ids)) else "star"
    back = safe_next(form.get("next"), flask.url_for("mail.home"))
    names = [name for name in form.getlist("label") if name.strip()]
    if op in ("", "label") and (names or form.get("unlabel")):
        is_on = bool(names)
        told = webmail.label(runtime, mine, ids, names[0] if is_on else form["unlabel"], is_on=is_on)
        message = ngettext("%(num)d message labelled", "%(num)d messages labelled", told.count) if is_on else _("Label taken off")
        return answer(message, tokens.make("undo", told.undo.to_data()) if told.count else None, back)
    if form.get("move", "").isdigit():
        told = webmail.move(runtime, mine, ids, int(form["move"]))
    elif op == "show-images":
        return done(back + ("&" if "?" in back else "?") + "images=1")
    elif op == "read-all":
        told = webmail.read_all(runtime, mine, int(form.get("mailbox") or 0))
    elif op == "empty":
        count = webmail.empty(runtime, mine, int(form.get("mailbox") or 0))
        return answer(ngettext("%(num)d message removed", "%(num)d messages removed", count), None, back)
    elif op in webmail.FLAG_OPS:
        told = webmail.flag(runtime, mine, op, ids)
    elif op in webmail.ROLE_OPS:
        told = webmail.move_by_role(runtime, mine, op, ids)
    else:
        flask.abort(400)
    return answer(sentence(op, told), tokens.make("undo", told.undo.to_data()) if told.count and op not in ("star", "unstar", "read") else None, back)


def sentence(op: str, told: webmail.Done) -> str:
    """What happened, in one line; nothing for what shows by itself."""
    if op in ("star", "unstar", "read", "unread") or not told.count:
        return "" if told.count or op in ("star", "unstar", "read") else _("Nothing to do")
    if not told.target:
        return ngettext("%(num)d message removed", "%(num)d messages removed", told.count) if op != "read-all" else _("All marked as read")
    box = mailboxes.by_name(site().read(), account().id, told.target)
    from webmail.blueprints import role_name

    name = role_name(box) if box else told.target
    return ngettext("Moved to %(name)s", "%(num)d messages moved to %(name)s", told.count, name=name)


def answer(message: str, undo: str | None, back: str) -> Any:
    """JSON for a script, a toast on the next page for a form."""
    if wants_json():
        return flask.jsonify(message=message, undo=undo, counts=counts(), next=back)
    if message:
        flask.session["toast"] = {"text": message, "undo": undo}
    return flask.redirect(back, 303)


@mail.post("/mail/undo")
@require("user")
def undo() -> Any:
    data = tokens.read("undo", flask.request.form.get("undo", ""), seconds=tokens.UNDO_SECONDS)
    if isinstance(data, dict) and "contacts" in data:
        address_book(data["contacts"])
        return answer(_("Taken back"), None, flask.url_for("contacts.people"))
    if isinstance(data, dict):
        return unsent(int(data["held"]))
    webmail.take_back(site().runtime, account(), webmail.Undo.from_data(data))
    return answer(_("Taken back"), None, safe_next(flask.request.form.get("next"), flask.url_for("mail.home")))


def unsent(message_id: int) -> Any:
    """Take back a message that has not left yet, and open it again."""
    if not webmail_held.cancel(site().runtime, account(), message_id):
        return answer(_("It has been sent already."), None, flask.url_for("mail.home"))
    draft = flask.url_for("compose.edit", draft_id=str(message_id))
    return flask.jsonify(message=_("Not sent"), open=draft) if wants_json() else flask.redirect(draft, 303)


@mail.get("/mail/poll")
@require("user")
def poll() -> Any:
    return flask.jsonify(counts=counts(), changed=[str(b.id) for b in boxes()])
