"""Accounts: list with filters, add, change, password, switch off, delete."""

from dataclasses import replace
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import presenters as p
from admin.blueprints import PAGE, admin, beside, chosen_domain, domain_choices, domain_of, own_domains, require_typed, scope, toast
from admin.domains import quota_of, shown
from mailcore.auth import ldap
from mailcore.base.errors import MailError
from mailcore.directory import personal, renaming, resolve, role_names, verbs
from mailcore.store import Tx
from mailcore.store import accounts as store
from web import words
from web.drawing import done, page
from web.signed_in import account as mine
from web.signed_in import require, safe_next
from web.site import actor, site


def initials_of(text: str) -> str:
    """One or two capitals."""
    found = [w for w in text.replace("@", " ").replace(".", " ").split() if w[0].isalnum()] or ["?"]
    return (found[0][0] + (found[1][0] if len(found) > 1 else "")).upper()


def account_row(row: store.Account) -> p.AccountRow:
    """One line."""
    percent = min(100, row.used_bytes * 100 // row.quota_bytes) if row.quota_bytes else None
    return p.AccountRow(
        address=row.address, name=row.display_name, initials=initials_of(row.display_name or row.address), tint=sum(row.address.encode()) % 5 + 1, role=row.role,
        used_text=words.size(max(0, row.used_bytes)), quota_text=words.size(row.quota_bytes) if row.quota_bytes else _("no limit"), percent=percent,
        seen_text=words.short(row.last_sign_in_at) if row.last_sign_in_at else _("never"), is_disabled=not row.is_enabled,
    )  # fmt: skip


@admin.route("/accounts", methods=["GET", "POST"])
@require("domain-admin")
def accounts() -> Any:
    if flask.request.method == "POST":
        return bulk(flask.request.form)
    args, tx = flask.request.args, site().read()
    q, state, sort = args.get("q", "").strip(), args.get("state", ""), args.get("sort", "")
    state, sort = state if state in store.STATES else "", sort if sort in store.ORDERS else ""
    domain_id = domain_of(args["domain"]).id if args.get("domain") else scope()
    start = int(args["cursor"]) if args.get("cursor", "").isdigit() and len(args["cursor"]) < 9 else 0
    found = store.accounts(tx, domain_id, limit=PAGE, contains=q, state=state, order=sort, offset=start)
    everyone = store.count_accounts(tx, domain_id)
    total = store.count_accounts(tx, domain_id, contains=q, state=state) if q or state else everyone
    kept = {"q": q, "domain": args.get("domain", ""), "state": state, "sort": sort}
    older = flask.url_for("admin.accounts", **kept, cursor=start + PAGE) if start + PAGE < total else None
    newer = flask.url_for("admin.accounts", **kept, cursor=start - PAGE) if start >= PAGE else None
    states = (p.Choice(value="", label=_("All")), p.Choice(value="on", label=_("Switched on")), p.Choice(value="off", label=_("Switched off")), p.Choice(value="full", label=_("Nearly full")), p.Choice(value="filling", label=_("Filling up")))
    sorts = (p.Choice(value="", label=_("By address")), p.Choice(value="name", label=_("By name")), p.Choice(value="used", label=_("By space used")), p.Choice(value="seen", label=_("By last sign-in")))
    paging = p.Paging(shown=len(found), total=total, older=older, newer=newer, is_filtered=bool(q or state), state="ready" if found else "empty")
    summary = ngettext("One account.", "%(num)d accounts.", everyone) if len(own_domains()) < 2 else _("%(num)d accounts in %(domains)d domains.", num=everyone, domains=len(own_domains()))
    return page(
        "admin/accounts.html", area="accounts", summary=summary, q=q, domain=args.get("domain", ""), domains=(p.Choice(value="", label=_("All domains")), *domain_choices()),
        state=state, states=states, sort=sort, sorts=sorts, rows=tuple(account_row(a) for a in found), paging=paging,
    )  # fmt: skip


def bulk(form: Any) -> Any:
    """Switch several accounts on or off."""
    is_on, count = form.get("op") == "enable", 0
    chosen = [verbs.find_account(site().read(), address) for address in form.getlist("ids")[:1000]]
    for found in chosen:
        actor().require_domain(found.domain_id)
    if form.get("op") not in ("enable", "disable"):
        flask.abort(400)
    for found in chosen:
        site().write(lambda tx, a=found: verbs.set_account(tx, actor(), a.id, {"is_enabled": is_on}, site().now()))  # type: ignore[misc]
        count += 1
    toast(ngettext("One account changed", "%(num)d accounts changed", count))
    return done(safe_next(form.get("next"), flask.url_for("admin.accounts")))


@admin.route("/accounts/new", methods=["GET", "POST"])
@require("domain-admin")
def account_new() -> Any:
    form, errors = flask.request.form, {}
    if flask.request.method == "POST":
        try:
            address = f"{form.get('localpart', '').strip()}@{form.get('domain', '')}"
            hashed, quota = verbs.checked_hash(form.get("password", "")), quota_of(form.get("quota", ""))
            site().write(
                lambda tx: verbs.add_account(tx, actor(), address, site().now(), password_hash=hashed, display_name=form.get("name", ""), quota_bytes=quota, role=form.get("role", "user"))
            )
            toast(_("%(address)s is made", address=address))
            return done(flask.url_for("admin.accounts"))
        except MailError as error:
            errors["password" if "assword" in error.detail else "quota" if "Quota" in error.detail or "quota" in error.detail else "localpart"] = beside(error)
    made = p.AccountPage(
        is_new=True, address=f"{form.get('localpart', '')}@{chosen_domain()}", name=form.get("name", ""), quota=form.get("quota", ""), role=form.get("role", "user"),
        domains=domain_choices(), errors=errors,
    )  # fmt: skip
    return page("admin/account.html", area="accounts", page=made), 422 if errors else 200


@admin.route("/accounts/<address>", methods=["GET", "POST"])
@require("domain-admin")
def account(address: str) -> Any:
    found, errors = verbs.find_account(site().read(), address), {}
    actor().require_domain(found.domain_id)
    if flask.request.method == "POST":
        try:
            return change(found, flask.request.form)
        except MailError as error:
            errors["also_as" if isinstance(error, verbs.Foreign) else {"password": "password", "delete": "confirm", "rename": "new_address"}.get(flask.request.form.get("op", ""), "quota")] = beside(error)
    return page("admin/account.html", area="accounts", page=account_page(found, errors)), 422 if errors else 200


def directory_state(found: store.Account) -> str:
    """"on" for who signs in by the domain's directory, "off" for who could, "" where there is none."""
    if ldap.of_domain(site().runtime, found.domain_id) is None:
        return ""
    return "on" if found.password_hash == ldap.STORED else "off"


def account_page(found: store.Account, errors: dict[str, str]) -> p.AccountPage:
    """One account."""
    row = account_row(found)
    others = tuple(a for a in resolve.addresses_of(site().read(), found) if a != found.address)
    return p.AccountPage(
        address=found.address, name=found.display_name, initials=row.initials, tint=row.tint, role=found.role, quota=shown(found.quota_bytes), language=found.locale or "en", zone=found.time_zone, languages=words.LANGUAGE_NAMES, zones=words.zones(personal.zone_name(site().runtime, replace(found, time_zone=""))), used_text=row.used_text,
        percent=row.percent, aliases=others, created_text=words.long(found.created_at), seen_text=row.seen_text, messages=found.used_count,
        is_disabled=not found.is_enabled, directory_state=directory_state(found), offers=tuple((o.box.name, o.home.name, o.box.message_count) for o in role_names.offers(site().read(), found.id)), is_me=found.id == mine().id, is_device=site().runtime.settings.get("signin.device", account_id=found.id), also_as=also_as_of(found), domains=domain_choices(), errors=errors,
    )  # fmt: skip


def also_as_of(found: store.Account) -> str:
    """The addresses that were granted to an account."""
    return str(site().runtime.settings.get("signin.also_as", account_id=found.id))


def save(tx: Tx, found: store.Account, wanted: dict[str, Any], *, is_device: bool, also_as: str) -> None:
    """What the first form says, in one write."""
    verbs.set_account(tx, actor(), found.id, wanted, site().now())
    if is_device != bool(site().runtime.settings.get("signin.device", account_id=found.id)):
        verbs.set_device(tx, actor(), found.id, is_device, site().now())
    if also_as.split() != also_as_of(found).split():
        verbs.set_also_as(tx, actor(), found.id, also_as, site().now())


def change(found: store.Account, form: Any) -> Any:
    """One change of one account. Raises MailError."""
    op, here = form.get("op", ""), flask.url_for("admin.account", address=found.address)
    if op == "save":
        wanted = {"display_name": form.get("name", ""), "quota_bytes": quota_of(form.get("quota", ""))}
        wanted |= {name: form[name] for name in ("locale", "time_zone") if name in form}
        if found.id != mine().id:
            wanted["role"] = form.get("role", found.role)
        site().write(lambda tx: save(tx, found, wanted, is_device="device" in form, also_as=form.get("also_as", also_as_of(found))))
    elif op == "rename":
        new, keeps = form.get("new_address", ""), "keep" in form
        key = site().write(lambda tx: renaming.rename_account(tx, actor(), found.id, new, site().now(), keeps_old=keeps))
        here = flask.url_for("admin.account", address=key)
    elif op == "password":
        hashed = verbs.checked_hash(form.get("password", ""))
        site().write(lambda tx: verbs.set_password(tx, actor(), found.id, hashed, site().now()))
    elif op == "ldap":
        site().write(lambda tx: verbs.sign_in_by_directory(tx, actor(), found.id, site().now()))
    elif op in ("enable", "disable"):
        site().write(lambda tx: verbs.set_account(tx, actor(), found.id, {"is_enabled": op == "enable"}, site().now()))
    elif op in ("merge", "apart"):
        verb = role_names.merge if op == "merge" else role_names.keep_apart
        site().write(lambda tx: verb(tx, actor(), found.id, form.get("mailbox", ""), site().now()))
    elif op == "delete":
        require_typed(form, found.address)
        site().write(lambda tx: verbs.remove_account(tx, actor(), found.id, site().now()))
        here = flask.url_for("admin.accounts")
    else:
        flask.abort(400)
    toast(_("Saved") if op != "delete" else _("%(address)s is deleted", address=found.address))
    return done(here)
