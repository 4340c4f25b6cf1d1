"""Distribution lists: the table, one list with its form and its members, add, change, delete."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import presenters as p
from admin.blueprints import PAGE, admin, beside, chosen_domain, domain_choices, domain_of, require_typed, scope, toast
from admin.list_rows import ListPage, ListRow, MemberRow
from mailcore.base.errors import MailError
from mailcore.directory import list_verbs, verbs
from mailcore.store import lists as store
from web import words
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site


def who_text(row: store.MailingList) -> str:
    """Who may write to a list, in words."""
    said = {"public": _("everyone"), "members": _("members"), "announcement": row.owner, "domain": _("people of %(domain)s", domain=row.domain)}[row.mode]
    return _("%(who)s, signed in", who=said) if row.needs_sign_in else said


def list_row(row: store.MailingList, counts: tuple[int, int]) -> ListRow:
    """One line; *counts* are its members and how many of them are paused."""
    members = _("the whole domain") if row.mode == "domain" else words.number(counts[0])
    return ListRow(address=row.address, name=row.name, who_text=who_text(row), members_text=members, paused=counts[1], is_disabled=not row.is_enabled)


def member_row(row: store.Member) -> MemberRow:
    """One member's line."""
    return MemberRow(
        address=row.address, joined_text=words.short(row.joined_at), paused_text=words.short(row.paused_at) if row.paused_at is not None else "",
        bounces_text=ngettext("one message came back", "%(num)d messages came back", row.bounces) if row.bounces else "",
    )  # fmt: skip


@admin.get("/lists")
@require("domain-admin")
def lists() -> Any:
    args, tx = flask.request.args, site().read()
    q = args.get("q", "").strip()
    domain_id = domain_of(args["domain"]).id if args.get("domain") else scope()
    found = store.lists(tx, domain_id, after=args.get("cursor", ""), limit=PAGE, contains=q)
    total = store.count(tx, domain_id)
    older = flask.url_for("admin.lists", q=q, domain=args.get("domain", ""), cursor=found[-1].address) if len(found) == PAGE else None
    paging = p.Paging(shown=len(found), total=total, older=older, is_filtered=bool(q), state="ready" if found else "empty")
    counts = store.counts(tx, [a.id for a in found])
    summary = ngettext("One address that many people share.", "%(num)d addresses that many people share.", total)
    domains = (p.Choice(value="", label=_("All domains")), *domain_choices())
    return page("admin/lists.html", area="aliases", summary=summary, q=q, domain=args.get("domain", ""), domains=domains, rows=tuple(list_row(a, counts.get(a.id, (0, 0))) for a in found), paging=paging)


def fields_of(form: Any) -> dict[str, Any]:
    """A list's columns from its form."""
    texts = {name: form.get(name, "").strip() for name in ("name", "mode", "owner", "reply_to")}
    return texts | {"needs_sign_in": "needs_sign_in" in form, "is_enabled": "enabled" in form}


def typed(form: Any, errors: dict[str, str]) -> dict[str, Any]:
    """What was typed, for a form that comes back."""
    fields = fields_of(form)
    return {"is_disabled": not fields.pop("is_enabled"), **fields, "pasted": form.get("members", ""), "errors": errors}


def field_of(error: MailError) -> str:
    """Which field an error is about."""
    text = error.detail
    return "members" if "no address" in text or "members" in text else "owner" if "announcement" in text else "name" if "name is" in text else "localpart"


@admin.route("/lists/new", methods=["GET", "POST"])
@require("domain-admin")
def list_new() -> Any:
    form = flask.request.form
    name = chosen_domain()
    made = ListPage(is_new=True, address=f"@{name}", domains=domain_choices())
    if flask.request.method == "POST":
        try:
            address = make(form)
            toast(_("%(address)s is made", address=address))
            return done(flask.url_for("admin.one_list", address=address))
        except MailError as error:
            made = ListPage(is_new=True, address=f"{form.get('localpart', '')}@{name}", domains=domain_choices(), **typed(form, {field_of(error): beside(error)}))
    return page("admin/list.html", area="aliases", page=made, paging=p.Paging(), q=""), 422 if made.errors else 200


def make(form: Any) -> str:
    """A new list from its form; its address. Raises MailError."""
    domain = verbs.find_domain(site().read(), form.get("domain", ""))
    actor().require_domain(domain.id)
    address = f"{form.get('localpart', '').strip().lower()}@{domain.name}"
    limit = int(site().runtime.settings.get("lists.members", domain_id=domain.id))
    members = [] if form.get("mode") == "domain" else lines_of(form)
    site().write(lambda tx: list_verbs.add(tx, actor(), address, site().now(), members=members, limit=limit, **fields_of(form)))
    return address


def lines_of(form: Any) -> list[str]:
    """Pasted members: one a line, or with commas or semicolons between."""
    return [line for line in form.get("members", "").replace(",", "\n").replace(";", "\n").splitlines() if line.strip()]


@admin.route("/lists/<address>", methods=["GET", "POST"])
@require("domain-admin")
def one_list(address: str) -> Any:
    found = list_verbs.find(site().read(), address)
    actor().require_domain(found.domain_id)
    extra: dict[str, Any] = {}
    if flask.request.method == "POST":
        try:
            return change(found, flask.request.form)
        except MailError as error:
            errors = {"confirm" if flask.request.form.get("op") == "delete" else field_of(error): beside(error)}
            extra = typed(flask.request.form, errors) if flask.request.form.get("op") == "save" else {"errors": errors, "pasted": flask.request.form.get("members", "")}
    made, paging = list_page(found, extra)
    return page("admin/list.html", area="aliases", page=made, paging=paging, q=flask.request.args.get("q", "")), 422 if extra else 200


def list_page(found: store.MailingList, extra: dict[str, Any]) -> tuple[ListPage, p.Paging]:
    """A list's page and its members' paging; *extra* is what was typed and wrong."""
    args, tx = flask.request.args, site().read()
    q = args.get("q", "").strip()
    some = store.members(tx, found.id, after=args.get("cursor", ""), limit=PAGE, contains=q) if found.mode != "domain" else []
    total = store.count_members(tx, found.id)
    older = flask.url_for("admin.one_list", address=found.address, q=q, cursor=some[-1].address) if len(some) == PAGE else None
    paging = p.Paging(shown=len(some), total=total, older=older, is_filtered=bool(q), state="ready" if some else "empty")
    count = _("Everyone in %(domain)s gets its mail.", domain=found.domain) if found.mode == "domain" else ngettext("One member.", "%(num)d members.", total)
    summary = _("%(count)s Who may write: %(who)s.", count=count, who=who_text(found))
    values = {
        "name": found.name, "mode": found.mode, "owner": found.owner, "reply_to": found.reply_to, "is_disabled": not found.is_enabled,
        "needs_sign_in": found.needs_sign_in,
    }  # fmt: skip
    return ListPage(address=found.address, summary=summary, members=tuple(member_row(m) for m in some), **(values | extra)), paging


def change(found: store.MailingList, form: Any) -> Any:
    """Save, delete, or a change of the members. Raises MailError."""
    op, now, who = form.get("op", ""), site().now(), form.get("which", "")
    if op == "delete":
        require_typed(form, found.address)
        site().write(lambda tx: list_verbs.remove(tx, actor(), found.id, now))
        toast(_("%(address)s is removed", address=found.address))
        return done(flask.url_for("admin.lists"))
    if op == "join":
        limit = int(site().runtime.settings.get("lists.members", domain_id=found.domain_id))
        count = site().write(lambda tx: list_verbs.add_members(tx, actor(), found.id, lines_of(form), now, limit=limit))
        toast(ngettext("One address joined", "%(num)d addresses joined", count))
    elif op == "remove":
        site().write(lambda tx: list_verbs.remove_member(tx, actor(), found.id, who, now))
        toast(_("%(who)s is off the list", who=who))
    elif op == "resume":
        site().write(lambda tx: list_verbs.resume(tx, actor(), found.id, who, now))
        toast(_("%(who)s gets mail again", who=who))
    else:
        site().write(lambda tx: list_verbs.change(tx, actor(), found.id, fields_of(form), now))
        toast(_("Saved"))
    return done(flask.url_for("admin.one_list", address=found.address))
