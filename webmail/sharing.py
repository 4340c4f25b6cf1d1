"""Saying who else may use a mailbox: people, groups, everyone of the domain, in plain words. The wire's ACL is the same rows."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from mailcore.base.errors import MailError, Reason
from mailcore.directory import sharing_verbs as verbs
from mailcore.store import Tx, accounts, groups, mailboxes
from mailcore.store import sharing as store
from mailcore.store.sharing import Entry, Place
from web import tokens
from web.drawing import done, page, wants_json
from web.signed_in import account, require
from web.site import actor, site
from web.words import said
from webmail import presenters as p
from webmail.blueprints import mail, role_name, shared_name
from webmail.reach import place_of

WORDS = {
    "read": _l("read"), "mark": _l("read, star and label"), "write": _l("read, mark, move, delete and put in"), "all": _l("everything, and share it with others"),
}  # fmt: skip
"""The rights in words, from the least to the most."""


@mail.route("/mail/<mailbox_id>/share", methods=["GET", "POST"])
@require("user")
def share(mailbox_id: str) -> Any:
    place = place_of(mailbox_id)
    if not place.may("a"):
        raise MailError(Reason.NOT_PERMITTED, _("Only its owner, or who has every right in it, says who may use a mailbox."))
    errors: dict[str, str] = {}
    form = flask.request.form
    if flask.request.method == "POST":
        try:
            return changed(place, form)
        except MailError as error:
            if wants_json():
                raise
            errors["person"] = said(error)
    return page("webmail/share.html", sharing=page_of(place, form.get("person", "")), errors=errors), 422 if errors else 200


def page_of(place: Place, typed: str) -> p.SharePage:
    """What the page shows."""
    tx, mine = site().read(), account()
    return p.SharePage(
        mailbox_id=str(place.box.id), name=role_name(place.box) if place.is_own else shared_name(place), typed=typed, domain=mine.address.rpartition("@")[2], inner=len(inner(tx, place)),
        holders=tuple(line_of(tx, entry) for entry in store.entries(tx, place.box.id)), presets=tuple(p.Choice(value=k, label=str(v)) for k, v in WORDS.items()),
        groups=(
            p.Choice(value="", label=_("No group")), p.Choice(value="anyone", label=_("Everyone of %(domain)s", domain=mine.address.rpartition("@")[2])),
            *(p.Choice(value=f"${g.address}", label=f"{g.name} ({g.address})" if g.name else g.address) for g in groups.groups(tx, mine.domain_id)),
        ),
    )  # fmt: skip


def line_of(tx: Tx, entry: Entry) -> p.HolderLine:
    """One who may use the mailbox."""
    preset = next((k for k in WORDS if store.ordered(verbs.PRESETS[k]) == entry.rights), "")
    person = accounts.account_by_address(tx, entry.name) if entry.kind == "user" else None
    group = groups.by_address(tx, entry.name[1:]) if entry.kind == "group" else None
    name = {"anyone": _("Everyone"), "group": group.name if group else "", "user": person.display_name if person else ""}[entry.kind]
    address = "" if entry.kind == "anyone" else entry.name.lstrip("$")
    return p.HolderLine(holder=entry.name, kind=entry.kind, name=name or address, detail=address if name and name != address else "", rights=preset, letters=entry.rights)


def inner(tx: Tx, place: Place) -> list[mailboxes.Mailbox]:
    """The mailboxes inside this one, of the same owner."""
    return [box for box in mailboxes.list_all(tx, place.box.account_id) if box.name.startswith(place.own_name + "/") and not box.is_noselect]


def changed(place: Place, form: Any) -> Any:
    """One change; what it was before can be taken back. Raises MailError."""
    holder = form.get("holder", "") or form.get("person", "").strip() or form.get("group", "")
    if not holder:
        raise MailError(Reason.SYNTAX, _("Who should see it? Add a person or choose a group."))
    letters = "" if form.get("op") == "stop" else verbs.rights_of(form.get("rights", "read"))
    before = give(place, holder, letters, with_inner="inner" in form and place.is_own)
    name = holder.lstrip("$") if holder != "anyone" else _("Everyone")
    told = _("No longer shared with %(name)s", name=name) if not letters else _("Shared with %(name)s", name=name)
    undo = tokens.make("undo", {"share": before})
    back = flask.url_for("mail.share", mailbox_id=place.box.id)
    if not wants_json():
        flask.session["toast"] = {"text": told, "undo": undo}
    return done(back, message=told, undo=undo)


def give(place: Place, name: str, letters: str, *, with_inner: bool) -> list[list[Any]]:
    """Give *name* exactly these rights; what they were, as (mailbox, holder, rights)."""
    now = site().now()

    def write(tx: Tx) -> list[list[Any]]:
        now_place = store.place(tx, account(), place.box.id)
        if now_place is None or not now_place.may("a"):
            raise MailError(Reason.NOT_PERMITTED, "Only its owner, or who has every right in it, says who may use a mailbox.")
        some, before = [now_place.box, *(inner(tx, now_place) if with_inner else [])], []
        for box in some:
            to = verbs.holder(tx, account(), box, name)
            before.append([box.id, to.name, next((e.rights for e in store.entries(tx, box.id) if (e.kind, e.holder_id) == (to.kind, to.id)), "")])
            verbs.share(tx, actor(), box, to, letters, now)
        return before

    return site().write(write)


def take_back(before: list[list[Any]]) -> None:
    """The rights as they were. Raises MailError."""
    for mailbox_id, name, letters in before:
        give(place_of(str(mailbox_id)), name, letters, with_inner=False)


def told_of(mailbox_id: int) -> str:
    """With whom a mailbox is shared, in a word or two; "" for nobody."""
    count = len(store.entries(site().read(), mailbox_id))
    return ngettext("shared with one", "shared with %(num)d", count) if count else ""
