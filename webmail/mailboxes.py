"""Mailbox management: create, rename, move into another, delete, subscribe, take a role."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError, Reason
from mailcore.directory import role_names
from mailcore.sessions import webmail
from mailcore.store import mailboxes as store
from mailcore.store import sharing as sharing_store
from web import words
from web.drawing import done, page
from web.signed_in import account, require
from web.site import actor as of_session
from web.site import site
from web.words import said
from webmail import merging, sharing
from webmail import presenters as p
from webmail.blueprints import ICONS, boxes, full_name, mail, role_name, shared
from webmail.reach import own_box, place_of


@mail.route("/mail/mailboxes", methods=["GET", "POST"])
@require("user")
def mailboxes() -> Any:
    errors: dict[str, str] = {}
    if flask.request.method == "POST":
        try:
            change(flask.request.form)
            return done(flask.url_for("mail.mailboxes"))
        except MailError as error:
            errors["name"] = said(error)
            flask.g.pop("boxes", None)
    parents = (p.Choice(value="", label=_("The top")), *(p.Choice(value=str(b.id), label=role_name(b)) for b in boxes() if b.role not in ("drafts", "trash", "junk")))
    homes = (*parents, *(p.Choice(value=str(o.box.id), label=full_name(o)) for o in shared() if o.may("k") and not o.own_role))  # below a shared inbox nothing is shared
    roles = tuple(p.Choice(value=role, label=words.role_names()[role]) for role in role_names.GIVEN)
    return page("webmail/mailboxes.html", boxes=rows(), roles=roles, parents=parents, homes=homes, merges=merging.offers(), errors=errors), 422 if errors else 200


def change(form: Any) -> None:
    """One change. Raises MailError."""
    mine, now, actor = account(), site().now(), webmail.actor_of(account())
    op = form.get("op", "")
    if op == "create":
        place, name = place_of(form["parent"]) if form.get("parent") else None, form.get("name", "").strip().replace("/", "-")
        if place is not None and not place.is_own:
            site().write(lambda tx: sharing_store.create_inside(tx, mine, place.box.name + "/" + name, actor=actor, now=now))
            flask.g.pop("shared", None)
            return
        site().write(lambda tx: store.create(tx, mine.id, (place.box.name + "/" if place else "") + name, actor=actor, now=now, is_subscribed=True))
        return
    box = own_box(form.get("mailbox", ""))
    if op == "rename":
        head = box.name.rpartition("/")[0]
        new = (head + "/" if head else "") + form.get("name", "").strip().replace("/", "-")
        site().write(lambda tx: store.rename(tx, mine.id, box.name, new, actor=actor, now=now))
    elif op == "into":
        target = own_box(form["parent"]) if form.get("parent") else None
        if target is not None and (target.id == box.id or target.name.startswith(box.name + "/")):
            raise MailError(Reason.CONFLICT, "A mailbox cannot stand inside itself.")
        new = (target.name + "/" if target else "") + box.name.rpartition("/")[2]
        if new != box.name:
            site().write(lambda tx: store.rename(tx, mine.id, box.name, new, actor=actor, now=now))
    elif op == "delete":
        webmail.delete_mailbox(site().runtime, mine, box)
    elif op == "role":
        site().write(lambda tx: role_names.give_role(tx, of_session(), mine.id, box.name, form.get("role", ""), now))
        flask.g.pop("boxes", None)
    elif op == "subscribe":
        is_on = form.get("on") == "1"
        site().write(lambda tx: store.subscribe(tx, mine.id, box.name) if is_on else store.unsubscribe(tx, mine.id, box.name))


def rows() -> tuple[p.MailboxRow, ...]:
    """Every mailbox as a line."""
    subscribed = set(store.subscriptions(site().read(), account().id))
    names = [b.name for b in boxes()]
    return tuple(
        p.MailboxRow(
            id=str(b.id), name=role_name(b), path=b.name, total=b.message_count, unread=b.unseen_count, size_text=words.size(b.size_bytes), depth=b.name.count("/"),
            icon=ICONS.get(b.role, "folder"), is_locked=bool(b.role) or b.name == "INBOX", is_subscribed=b.name in subscribed,
            has_children=any(n.startswith(b.name + "/") for n in names), shared=sharing.told_of(b.id),
        )
        for b in boxes()
    )  # fmt: skip
