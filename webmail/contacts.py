"""The address book: people and groups, search, changes that can be taken back, files in and out, duplicates, people from one's mail."""

import re
from dataclasses import replace
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.errors import MailError, Reason
from mailcore.directory import contacts as verbs
from mailcore.mail import vcard
from mailcore.mail.vcard import Card
from mailcore.store import contacts as store
from mailcore.store.contacts import Contact
from web import tokens
from web.drawing import page, wants_json
from web.signed_in import account, require
from web.site import site
from web.words import said
from webmail import presenters as p
from webmail.blueprints import contacts

SHOWN = 500
"""People on one page; a search finds the others."""


@contacts.get("")
@require("user")
def people() -> Any:
    text, group = flask.request.args.get("q", "").strip(), flask.request.args.get("group", "")
    everyone = store.of_account(site().read(), account().id)
    found = [one for one in everyone if matches(one.card, text) and (not group or group in one.card.groups)]
    groups = store.groups(site().read(), account().id)
    to = ", ".join(one.card.addresses[0] for one in found) if group else ""
    return page("webmail/contacts/people.html", people=[line(one) for one in found[:SHOWN]], total=len(everyone), found=len(found), groups=groups, q=text, group=group, to=to)


def matches(card: Card, text: str) -> bool:
    """Whether every word stands somewhere in the card."""
    held = " ".join([card.name, *card.addresses, *card.phones, card.organization, card.note, *card.groups]).casefold()
    return all(word in held for word in text.casefold().split())


def line(one: Contact) -> dict[str, Any]:
    """A person as the list shows them."""
    return {"id": one.id, "person": p.Person(name=one.card.name, address=one.card.addresses[0]), "card": one.card}


def contact_of(contact_id: int) -> Contact:
    """A person of the signed-in account. Raises MailError(NOT_FOUND)."""
    found = store.find(site().read(), account().id, contact_id)
    if found is None:
        raise MailError(Reason.NOT_FOUND, _("This contact is no longer here."))
    return found


@contacts.route("/new", methods=["GET", "POST"])
@require("user")
def new() -> Any:
    args = flask.request.args
    start = Card(name=args.get("name", "")[:200], addresses=(args.get("address", "")[:320],), groups=(args["group"],) if args.get("group") else ())
    return changed(0, start)


@contacts.route("/<int:contact_id>", methods=["GET", "POST"])
@require("user")
def contact(contact_id: int) -> Any:
    return changed(contact_id, contact_of(contact_id).card)


def changed(contact_id: int, card: Card) -> Any:
    """The form of a person, or what a sent form did."""
    errors: dict[str, str] = {}
    if flask.request.method == "POST":
        card = card_of_form(card)
        try:
            made = site().write(lambda tx: verbs.save(tx, account(), card, contact_id))
            undo = {"revert": made} if contact_id else {"remove": [made]}
            return told(_("Contact saved") if contact_id else _("Contact added"), undo)
        except MailError as error:
            errors = {"photo" if "photo" in error.detail.lower() else "addresses": said(error)}
    groups = tuple(store.groups(site().read(), account().id))
    return page("webmail/contacts/contact.html", id=contact_id, card=card, person=p.Person(name=card.name, address=(*card.addresses, "")[0]), groups=groups, errors=errors), 422 if errors else 200


def card_of_form(old: Card) -> Card:
    """What was typed; the photo stays unless another is sent or it is taken off."""
    form, photo = flask.request.form, flask.request.files.get("photo")
    data = photo.read(vcard.MAX_PHOTO_BYTES + 1) if photo is not None and photo.filename else b""
    return Card(
        name=form.get("name", ""), addresses=lines(form.get("addresses", "")), phones=lines(form.get("phones", "")), organization=form.get("organization", ""),
        note=form.get("note", "").replace("\r\n", "\n"), groups=lines(form.get("groups", "")), photo=data or (b"" if "no_photo" in form else old.photo),
    )  # fmt: skip


def lines(text: str) -> tuple[str, ...]:
    """What stands on lines, or between commas."""
    return tuple(x.strip() for x in re.split(r"[\r\n,]+", text) if x.strip())


def told(text: str, undo: dict[str, Any] | None, next_url: str = "") -> Any:
    """The answer to a change, with what takes it back."""
    token = tokens.make("undo", {"contacts": undo}) if undo else None
    if wants_json():
        return flask.jsonify(message=text, undo=token, next=next_url or flask.url_for("contacts.people"))
    flask.session["toast"] = {"text": text, "undo": token}
    return flask.redirect(next_url or flask.url_for("contacts.people"), 303)


def take_back(undo: dict[str, Any]) -> None:
    """Undo one change of the address book."""
    mine = account().id

    def write(tx: Any) -> None:
        store.mark(tx, mine, undo.get("remove", []), store.GONE)
        store.mark(tx, mine, undo.get("bring", []), store.SAVED)
        if "revert" in undo:
            store.revert(tx, mine, undo["revert"])

    site().write(write)


@contacts.post("/act")
@require("user")
def act() -> Any:
    form, mine = flask.request.form, account()
    ids = [int(i) for i in form.getlist("ids") if i.isdigit()][:SHOWN]
    if form.get("op") == "remove" and ids:
        site().write(lambda tx: store.mark(tx, mine.id, ids, store.GONE))
        return told(ngettext("Contact deleted", "%(num)d contacts deleted", len(ids)), {"bring": ids})
    if form.get("op") == "merge":
        stays, gone = site().write(lambda tx: verbs.merge(tx, mine, ids))
        return told(_("Made into one contact"), {"bring": gone, "revert": stays}, flask.url_for("contacts.doubles") if "doubles" in form else "")
    if form.get("op") == "group" and form.get("group", "").strip():
        return grouped(ids, " ".join(form["group"].split()))
    return told(_("Nothing to do"), None)


def grouped(ids: list[int], group: str) -> Any:
    """Put people into a group."""

    def write(tx: Any) -> None:
        for one in (contact_of(i) for i in ids):
            verbs.save(tx, account(), replace(one.card, groups=(*one.card.groups, group)), one.id)

    site().write(write)
    return told(_("Now in %(group)s", group=group), None, flask.url_for("contacts.people", group=group))


def photo_url(address: str) -> str:
    """Where the photo of *address* is, if the address book has one."""
    found = store.with_photo(site().read(), account().id, address)
    return flask.url_for("contacts.photo", contact_id=found) if found is not None else ""


@contacts.get("/<int:contact_id>/photo")
@require("user")
def photo(contact_id: int) -> Any:
    data = contact_of(contact_id).card.photo
    if not data:
        flask.abort(404)
    return flask.Response(data, content_type=vcard.photo_type(data), headers={"Content-Security-Policy": "default-src 'none'; sandbox"})


@contacts.get("/export/<kind>")
@require("user")
def export(kind: str) -> Any:
    cards = [one.card for one in store.of_account(site().read(), account().id)]
    made = {"4.vcf": lambda: "".join(map(vcard.vcard, cards)), "3.vcf": lambda: "".join(vcard.vcard(c, "3.0") for c in cards), "csv": lambda: "\ufeff" + vcard.to_csv(cards)}.get(kind)
    if made is None:
        flask.abort(404)
    name, mime = ("contacts.csv", "text/csv") if kind == "csv" else ("contacts.vcf", "text/vcard")
    return flask.Response(made(), content_type=f"{mime}; charset=utf-8", headers={"Content-Disposition": f'attachment; filename="{name}"'})


@contacts.route("/import", methods=["GET", "POST"])
@require("user")
def take_in() -> Any:
    """First the file, then what it would change, then the change itself; the file travels in the form between them."""
    form, sent, errors = flask.request.form, flask.request.files.get("file"), {}
    text, changes = form.get("text", ""), []
    try:
        if sent is not None and sent.filename:
            text = vcard.decoded(sent.read(vcard.MAX_FILE_BYTES + 1))
        if flask.request.method == "POST":
            cards = vcard.read(text.encode())
            if form.get("op") == "take":
                made = site().write(lambda tx: verbs.take_in(tx, account(), cards))
                return told(ngettext("One new contact", "%(num)d new contacts", len(made)), {"remove": made})
            changes = verbs.plan(site().read(), account(), cards)
    except MailError as error:
        errors["file"] = said(error)
    return page("webmail/contacts/import.html", changes=changes, text=text if changes else "", errors=errors), 422 if errors else 200


@contacts.get("/doubles")
@require("user")
def doubles() -> Any:
    return page("webmail/contacts/doubles.html", sets=[[line(one) for one in found] for found in verbs.duplicates(site().read(), account())])


@contacts.route("/gather", methods=["GET", "POST"])
@require("user")
def gather() -> Any:
    offered = verbs.offered(site().read(), account())
    if flask.request.method == "POST":
        chosen = set(flask.request.form.getlist("address"))
        cards = [Card(name=name, addresses=(address,)) for name, address, _count in offered if address in chosen]
        made = site().write(lambda tx: verbs.take_in(tx, account(), cards))
        return told(ngettext("One new contact", "%(num)d new contacts", len(made)), {"remove": made})
    return page("webmail/contacts/gather.html", offered=[{"person": p.Person(name=n, address=a), "count": c} for n, a, c in offered])
