"""Groups of people, and mailboxes that more than one person sees: public ones, and people's own that they share."""

from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from admin import presenters as p
from admin.blueprints import PAGE, admin, beside, domain_choices, is_server, require_typed, scope, toast
from mailcore.base.errors import MailError, Reason
from mailcore.directory import resolve, sharing_verbs
from mailcore.store import groups as group_rows
from mailcore.store import sharing
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site

RIGHTS = {"read": _l("read"), "mark": _l("read and mark"), "write": _l("read and file"), "all": _l("everything, sharing too")}
"""The presets in words: what a person may do in the mailbox."""
MOST_SHARED = 200
"""Shared mailboxes that the page of a group names."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """A group as it is listed."""

    address: str
    name: str
    members_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HolderRow:
    """Who may do what in a mailbox. *preset* is "" for rights of another kind."""

    name: str
    label: str
    rights_text: str
    preset: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedRow:
    """A mailbox that others see, as it is listed."""

    id: int
    name: str
    owner: str
    is_public: bool
    messages: int
    who_text: str


def place() -> int:
    """Where the page of a list begins, by its address."""
    cursor = flask.request.args.get("cursor", "")
    return int(cursor) if cursor.isdigit() and len(cursor) < 9 else 0


def paged(shown: int, total: int, key: str, endpoint: str, **kept: str) -> p.Paging:
    """The paging of *shown* rows of *total* from `place` on."""
    older = flask.url_for(endpoint, cursor=place() + PAGE, **kept) if place() + PAGE < total else None
    newer = flask.url_for(endpoint, cursor=place() - PAGE, **kept) if place() >= PAGE else None
    return p.Paging(shown=shown, total=total, older=older, newer=newer, is_filtered=bool(key), state="ready" if shown else "empty")


@admin.route("/groups", methods=["GET", "POST"])
@require("domain-admin")
def groups() -> Any:
    tx, errors, form = site().read(), {}, flask.request.form
    if flask.request.method == "POST":
        address = f"{form.get('localpart', '').strip().lower()}@{form.get('domain', '')}"
        try:
            site().write(lambda tx: sharing_verbs.add_group(tx, actor(), address, site().now(), name=form.get("name", "")))
            toast(_("%(address)s is made", address=address))
            return done(flask.url_for("admin.group", address=address))
        except MailError as error:
            errors["localpart"] = beside(error)
    q = flask.request.args.get("q", "").strip()
    found = [g for g in group_rows.groups(tx, scope()) if q.lower() in f"{g.address} {g.name}".lower()]
    some = found[place() : place() + PAGE]
    paging = paged(len(some), len(found), q, "admin.groups", q=q)
    counts = group_rows.member_counts(tx)
    rows = tuple(GroupRow(address=g.address, name=g.name, members_text=count_text(counts.get(g.id, 0))) for g in some)
    return page("admin/groups.html", area="aliases", q=q, rows=rows, paging=paging, domains=domain_choices(), typed=form, errors=errors), 422 if errors else 200


def count_text(count: int) -> str:
    """How many belong to a group."""
    return ngettext("One member", "%(num)d members", count) if count else _("nobody yet")


@admin.route("/groups/<address>", methods=["GET", "POST"])
@require("domain-admin")
def group(address: str) -> Any:
    tx, errors, form = site().read(), {}, flask.request.form
    found = sharing_verbs.find_group(tx, actor(), address)
    if flask.request.method == "POST":
        try:
            return change_group(found, form)
        except MailError as error:
            errors["confirm" if form.get("op") == "delete" else "members"] = beside(error)
    q, everyone = flask.request.args.get("q", "").strip(), group_rows.count_members(tx, found.id)
    members = group_rows.members(tx, found.id, contains=q, limit=PAGE, offset=place())
    total = group_rows.count_members(tx, found.id, contains=q) if q else everyone
    paging = paged(len(members), total, q, "admin.group", address=found.address, q=q)
    seen = shared_rows(sharing.given(tx, scope(), limit=MOST_SHARED, group_id=found.id)[0])
    values = {"found": found, "members": tuple(members), "seen": tuple(seen), "typed": form.get("members", ""), "count_text": count_text(everyone)}
    return page("admin/group.html", area="aliases", q=q, paging=paging, errors=errors, **values), 422 if errors else 200


def change_group(found: group_rows.Group, form: Any) -> Any:
    """Members in or out, or the group's end. Raises MailError."""
    op, now = form.get("op", ""), site().now()
    if op == "delete":
        require_typed(form, found.address)
        site().write(lambda tx: sharing_verbs.remove_group(tx, actor(), found.address, now))
        toast(_("%(address)s is removed, and every right it held", address=found.address))
        return done(flask.url_for("admin.groups"))
    if op == "leave":
        site().write(lambda tx: sharing_verbs.leave_group(tx, actor(), found.address, form.get("which", ""), now))
    elif op == "join":
        wanted = form.get("members", "").replace(",", " ").replace(";", " ").split()
        own = [word for word in wanted if is_server() or _is_of(found.domain_id, word)]
        if len(own) != len(wanted):
            raise MailError(Reason.NOT_FOUND, _("There is no account %(address)s.", address=next(w for w in wanted if w not in own)))

        def join(tx: Any) -> None:
            for word in wanted:
                sharing_verbs.join_group(tx, actor(), found.address, word, now)

        site().write(join)
    else:
        flask.abort(400)
    toast(_("Saved"))
    return done(flask.url_for("admin.group", address=found.address))


def _is_of(domain_id: int, word: str) -> bool:
    """Whether an address or $group lies in this domain, so that a domain admin learns nothing of others."""
    domain = resolve.local_domain(site().read(), word.rpartition("@")[2].lower())
    return domain is not None and domain.id == domain_id


def holder_rows(mailbox_id: int) -> tuple[HolderRow, ...]:
    """Who may do what in a mailbox."""
    return worded(sharing.entries(site().read(), mailbox_id))


def worded(entries: list[sharing.Entry]) -> tuple[HolderRow, ...]:
    """Rights in words."""
    found = []
    for entry in entries:
        preset = next((k for k, letters in sharing_verbs.PRESETS.items() if sharing.ordered(letters) == entry.rights), "")
        label = _("everyone") if entry.kind == "anyone" else entry.name.lstrip("$")
        text = str(RIGHTS[preset]) if preset else _("by letters: %(letters)s", letters=entry.rights)
        found.append(HolderRow(name=entry.name, label=label, rights_text=text, preset=preset))
    return tuple(found)


def shared_rows(found: list[sharing.Given]) -> list[SharedRow]:
    """Mailboxes that the admin looks after, in words."""
    rows, holders = [], sharing.entries_of(site().read(), [one.mailbox_id for one in found])
    for one in found:
        who = ", ".join(f"{h.label} ({h.rights_text})" for h in worded(holders.get(one.mailbox_id, [])[:4])) or _("nobody yet")
        owner = one.owner if not one.is_public else one.owner.partition("@")[2] or _("the server")
        rows.append(SharedRow(id=one.mailbox_id, name=one.name, owner=owner, is_public=one.is_public, messages=one.message_count, who_text=who))
    return rows


@admin.route("/shared", methods=["GET", "POST"])
@require("domain-admin")
def shared() -> Any:
    errors, form = {}, flask.request.form
    if flask.request.method == "POST":
        try:
            box_id = site().write(lambda tx: sharing_verbs.add_public(tx, actor(), form.get("domain", ""), form.get("name", "").strip(), site().now()))
            toast(_("%(name)s is made; say who may see it", name=form.get("name", "").strip()))
            return done(flask.url_for("admin.shared_one", number=box_id))
        except MailError as error:
            errors["name"] = beside(error)
    q = flask.request.args.get("q", "").strip()
    found, total = sharing.given(site().read(), scope(), limit=PAGE, offset=place(), contains=q)
    some = shared_rows(found)
    paging = paged(len(some), total, q, "admin.shared", q=q)
    choices = ((p.Choice(value="", label=_("the whole server")),) if is_server() else ()) + domain_choices()
    return page("admin/shared.html", area="aliases", q=q, rows=tuple(some), paging=paging, domains=choices, typed=form, errors=errors), 422 if errors else 200


@admin.route("/shared/<int:number>", methods=["GET", "POST"])
@require("domain-admin")
def shared_one(number: int) -> Any:
    tx, errors, form = site().read(), {}, flask.request.form
    box, owner = sharing_verbs.find_given(tx, actor(), number)
    if flask.request.method == "POST":
        try:
            return change_shared(box, owner, form)
        except MailError as error:
            errors["confirm" if form.get("op") == "delete" else "holder"] = beside(error)
    is_public = owner.kind == "public"
    name = sharing.prefix_of(owner.address, owner.kind) + box.name
    people = [p.Choice(value=f"${g.address}", label=g.address) for g in group_rows.groups(tx, owner.domain_id or None)]
    values = {"box_id": number, "name": box.name, "path": name, "is_public": is_public, "owner": owner.address, "holders": holder_rows(number), "groups": people}
    presets = tuple(p.Choice(value=k, label=str(v)) for k, v in RIGHTS.items())
    return page("admin/shared_one.html", area="aliases", presets=presets, typed=form, errors=errors, messages=box.message_count, **values), 422 if errors else 200


def change_shared(box: Any, owner: Any, form: Any) -> Any:
    """Rights given or taken, or a public mailbox's end. Raises MailError."""
    op, now, word = form.get("op", ""), site().now(), form.get("holder", "").strip()
    if op == "delete" and owner.kind == "public":
        require_typed(form, box.name)
        keeps = int(site().runtime.settings.get("undelete.days")) > 0
        site().write(lambda tx: sharing_verbs.remove_public(tx, actor(), owner.address.partition("@")[2], box.name, now, keeps_mail=keeps))
        toast(_("%(name)s is removed", name=box.name))
        return done(flask.url_for("admin.shared"))
    if op not in ("give", "take"):
        flask.abort(400)
    if not is_server() and word.lower() != "anyone" and not _is_of(owner.domain_id, word):
        raise MailError(Reason.NOT_FOUND, _("There is no account %(address)s.", address=word))
    rights = sharing_verbs.rights_of(form.get("rights", "read")) if op == "give" else ""
    site().write(lambda tx: sharing_verbs.share(tx, actor(), box, sharing_verbs.holder(tx, None, box, word), rights, now))
    toast(_("Saved"))
    left = owner.kind == "public" or holder_rows(box.id)
    return done(flask.url_for("admin.shared_one", number=box.id) if left else flask.url_for("admin.shared"))
