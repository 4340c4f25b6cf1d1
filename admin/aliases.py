"""Aliases: list, add, change, delete."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import presenters as p
from admin import undoing
from admin.blueprints import PAGE, admin, beside, chosen_domain, domain_choices, domain_of, scope, toast
from mailcore.base.errors import MailError, Reason
from mailcore.directory import verbs
from mailcore.store import accounts as store
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site


def alias_row(row: store.Alias) -> p.AliasRow:
    """One line."""
    return p.AliasRow(address=row.address, kind="alias", targets=row.targets, is_disabled=not row.is_enabled)


@admin.get("/aliases")
@require("domain-admin")
def aliases() -> Any:
    args, tx = flask.request.args, site().read()
    q = args.get("q", "").strip()
    domain_id = domain_of(args["domain"]).id if args.get("domain") else scope()
    found = store.aliases(tx, domain_id, after=args.get("cursor", ""), limit=PAGE, contains=q)
    total = store.count_aliases(tx, domain_id)
    older = flask.url_for("admin.aliases", q=q, domain=args.get("domain", ""), cursor=found[-1].address) if len(found) == PAGE else None
    paging = p.Paging(shown=len(found), total=total, older=older, is_filtered=bool(q), state="ready" if found else "empty")
    summary = ngettext("One address that leads elsewhere.", "%(num)d addresses that lead elsewhere.", total)
    return page(
        "admin/aliases.html", area="aliases", summary=summary, q=q, domain=args.get("domain", ""), domains=(p.Choice(value="", label=_("All domains")), *domain_choices()),
        rows=tuple(alias_row(a) for a in found), paging=paging,
    )  # fmt: skip


def targets_of(form: Any) -> list[str]:
    """The lines of the form."""
    return [line for line in form.get("targets", "").replace(",", "\n").splitlines() if line.strip()]


@admin.route("/aliases/new", methods=["GET", "POST"])
@require("domain-admin")
def alias_new() -> Any:
    form, errors = flask.request.form, {}
    if flask.request.method == "POST":
        try:
            address = f"{form.get('localpart', '').strip()}@{form.get('domain', '')}"
            if form.get("localpart", "").strip() == "*":
                domain, target = domain_of(form.get("domain", "")), (targets_of(form) or [""])[0]
                site().write(lambda tx: verbs.set_domain(tx, actor(), domain.id, {"catch_all": target}, site().now()))
            else:
                site().write(lambda tx: verbs.add_alias(tx, actor(), address, targets_of(form), site().now()))
            toast(_("%(address)s is made", address=address))
            return done(flask.url_for("admin.aliases"))
        except MailError as error:
            errors["targets" if "lead" in error.detail else "localpart"] = beside(error)
    made = p.AliasPage(is_new=True, address=f"{form.get('localpart', '')}@{chosen_domain()}", targets=form.get("targets", ""), domains=domain_choices(), errors=errors)
    return page("admin/alias.html", area="aliases", page=made), 422 if errors else 200


@admin.route("/aliases/<address>", methods=["GET", "POST"])
@require("domain-admin")
def alias(address: str) -> Any:
    found, form, errors = store.alias_by_address(site().read(), address), flask.request.form, {}
    if found is None:
        raise MailError(Reason.NOT_FOUND, _("There is no such alias."))
    actor().require_domain(found.domain_id)
    if flask.request.method == "POST":
        try:
            if form.get("op") == "delete":
                site().write(lambda tx: verbs.remove_alias(tx, actor(), found.id, site().now()))
                toast(_("%(address)s is deleted", address=found.address), undoing.token_of(found))
            else:
                site().write(lambda tx: verbs.set_alias(tx, actor(), found.id, site().now(), targets=targets_of(form), is_enabled="enabled" in form))
                toast(_("Saved"))
            return done(flask.url_for("admin.aliases"))
        except MailError as error:
            errors["targets"] = beside(error)
    made = p.AliasPage(address=found.address, targets=form.get("targets", "\n".join(found.targets)), is_disabled=not found.is_enabled, domains=domain_choices(), errors=errors)
    return page("admin/alias.html", area="aliases", page=made), 422 if errors else 200
