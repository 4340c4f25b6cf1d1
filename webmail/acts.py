"""Acting on messages, and taking it back; counts for pages that poll."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.sessions import webmail, webmail_held, webmail_later, webmail_rooms
from mailcore.store import mailboxes, messages
from web import tokens, words
from web.drawing import done, wants_json
from web.signed_in import account, require, safe_next
from web.site import site
from webmail import bulk, reach, sharing
from webmail.blueprints import mail, role_name, shared, shared_name
from webmail.contacts import take_back as address_book
from webmail.trust import show_images_of

MAX_IDS = 5000
STAYS = frozenset({"label", "unlabel", "star", "unstar", *webmail.MARKS})  # acts after which the open message stays open


def ids_of_form() -> list[int]:
    """The messages a form names."""
    return [int(i) for i in flask.request.form.getlist("ids")[:MAX_IDS] if i.isdigit()]


def number_of(text: str) -> int:
    """A mailbox's number in a form; 0 for what is none."""
    return int(text) if text.isdigit() else 0


def counts() -> dict[str, int]:
    """Unread by mailbox, as the navigation shows it."""
    return {key: room.count for key, room in webmail_rooms.rooms(site().read(), account().id).by_id.items()}


@mail.post("/mail/act")
@require("user")
def act() -> Any:
    form, op = flask.request.form, flask.request.form.get("op", "")
    back = safe_next(form.get("next"), flask.url_for("mail.home"))
    if form.get("scope") == "all" and not form.get("star", "").isdigit():  # the star of a row is that row's
        return bulk.everything(form, op, back)
    op, ids = meant(form, op)
    if op == "trust-images":
        for one in reach.rows_of(ids):
            show_images_of(one.from_addr)
    if op in ("show-images", "trust-images"):
        return done(back + ("&" if "?" in back else "?") + "images=1")
    if op == "empty":
        count = webmail.empty(site().runtime, account(), number_of(form.get("mailbox", "")))
        return answer(ngettext("%(num)d message removed", "%(num)d messages removed", count), None, back)
    if op in STAYS:
        back = safe_next(form.get("here"), back)
    told = performed(form, op, ids)
    has_undo = bool(told.undo.steps) and op not in ("star", "unstar", "read")
    return answer(sentence(op, told), tokens.make("undo", told.undo.to_data()) if has_undo else None, back)


def meant(form: Any, op: str) -> tuple[str, list[int]]:
    """What is to be done, and to which messages: all of a conversation where the list shows those."""
    ids, names = ids_of_form(), [name for name in form.getlist("label") if name.strip()]
    if form.get("star", "").isdigit():
        ids, op = [int(form["star"])], "turn-star"
    if form.get("whole"):
        ids = reach.whole(ids)[:MAX_IDS] or ids
    if op == "turn-star":
        op = "unstar" if any(r.flags & messages.FLAGGED for r in reach.rows_of(ids)) else "star"
    if op in ("", "label"):
        op = "label" if names else "unlabel" if form.get("unlabel") else "move" if form.get("move", "").isdigit() else "snooze" if form.get("snooze") or form.get("snooze_at") else ""
    return op, ids


def performed(form: Any, op: str, ids: list[int]) -> webmail.Done:
    """Do it. Raises MailError."""
    runtime, mine = site().runtime, account()
    if op in ("label", "unlabel"):
        name = next((n for n in form.getlist("label") if n.strip()), "") if op == "label" else form["unlabel"]
        return webmail.label(runtime, mine, ids, name, is_on=op == "label")
    if op == "move":
        return webmail.move(runtime, mine, ids, int(form["move"]))
    if op == "remove-now":
        return webmail.remove(runtime, mine, ids)
    if op == "remove-marked":
        return webmail.remove_marked(runtime, mine, number_of(form.get("mailbox", "")))
    if op == "read-all":
        return read_all(form.get("mailbox", ""))
    if op == "snooze":
        return webmail_later.snooze(runtime, mine, ids, words.moment_of(form.get("snooze") or form.get("snooze_at", "")))
    for known, verb in ((webmail.MARKS, webmail.mark), (webmail.FLAG_OPS, webmail.flag), (webmail.ROLE_OPS, webmail.move_by_role)):
        if op in known:
            return verb(runtime, mine, op, ids)
    if op:
        flask.abort(400)
    return webmail.Done()


def read_all(mailbox_id: str) -> webmail.Done:
    """Mark all of a list as read. Raises MailError."""
    some = reach.inboxes() if mailbox_id == reach.INBOXES else [reach.box_of(mailbox_id)]
    done = [webmail.read_all(site().runtime, account(), box.id) for box in some if reach.place_of(str(box.id)).may("s") or len(some) == 1]
    return webmail.Done(count=sum(one.count for one in done), undo=webmail.Undo(steps=tuple(step for one in done for step in one.undo.steps)))


def sentence(op: str, told: webmail.Done) -> str:
    """What happened, in one line; nothing for what shows by itself."""
    if not op:
        return ""
    if op in ("star", "unstar", "read", "unread") or not told.count:
        return "" if told.count or op in ("star", "unstar", "read") else _("Nothing to do")
    if op == "label":
        return ngettext("%(num)d message labelled", "%(num)d messages labelled", told.count)
    if op == "unlabel":
        return _("Label taken off")
    if op == "keep":
        return _("Kept")
    if op in webmail.MARKS:
        return {"pin": _("Pinned"), "unpin": _("No longer pinned"), "mute": _("Muted: later mail of it goes past the inbox"), "unmute": _("No longer muted")}[op]
    if not told.target:
        return ngettext("%(num)d message removed", "%(num)d messages removed", told.count) if op != "read-all" else _("All marked as read")
    box = mailboxes.by_name(site().read(), account().id, told.target)
    theirs = next((place for place in shared() if place.box.name == told.target), None)
    name = role_name(box) if box else shared_name(theirs) if theirs else told.target
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
    if isinstance(data, dict) and "share" in data:
        sharing.take_back(data["share"])
        return answer(_("Taken back"), None, flask.url_for("mail.share", mailbox_id=data["share"][0][0]))
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
    found = counts()
    return flask.jsonify(counts=found, changed=list(found))
