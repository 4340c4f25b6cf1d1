"""Domains: list, add, limits, DNS records, delete."""

from dataclasses import replace
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import presenters as p
from admin import traffic
from admin.blueprints import PAGE, admin, beside, domain_of, own_domains, require_typed, toast
from mailcore.base.errors import MailError, Reason
from mailcore.directory import dkim_keys, dns_records, overview, renaming, verbs
from mailcore.directory import traffic as counted
from mailcore.policy import sources
from mailcore.settings import values
from mailcore.settings.catalogue import BY_NAME
from mailcore.store import accounts
from web import words
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site


def totals() -> dict[int, tuple[int, int]]:
    """Accounts and bytes by domain, read once a request."""
    if not hasattr(flask.g, "totals"):
        flask.g.totals = accounts.domain_totals(site().read())
    return flask.g.totals  # type: ignore[no-any-return]


def movements() -> dict[int, dict[str, int]]:
    """What each domain received and sent in 30 days, read once a request."""
    if not hasattr(flask.g, "movements"):
        flask.g.movements = counted.of_domains(site().read(), site().now())
    return flask.g.movements  # type: ignore[no-any-return]


def domain_row(domain: accounts.Domain) -> p.DomainRow:
    """One line; DNS is told from what is known already, so that a list never waits for it."""
    count, used = totals().get(domain.id, (0, 0))
    moved = movements().get(domain.id, {})
    return p.DomainRow(
        name=domain.name, dns_tone="", dns_text=_("see DNS records"), certificate_text=_("own CA"), accounts=count, storage_text=words.size(used), received=moved.get("received", 0), sent=moved.get("sent", 0),
        is_disabled=not domain.is_enabled,
    )  # fmt: skip


@admin.get("/domains")
@require("domain-admin")
def domains() -> Any:
    q = flask.request.args.get("q", "").strip().lower()
    found = [d for d in own_domains() if q in d.name]
    summary = ngettext("One domain is served here.", "%(num)d domains are served here.", len(own_domains()))
    paging = p.Paging(shown=len(found), total=len(found), is_filtered=bool(q), state="ready" if found else "empty")
    return page("admin/domains.html", area="domains", summary=summary, q=q, rows=tuple(domain_row(d) for d in found), paging=paging)


@admin.route("/domains/new", methods=["GET", "POST"])
@require("server-admin")
def domain_new() -> Any:
    name, errors = flask.request.form.get("name", ""), {}
    if flask.request.method == "POST":
        try:
            quota = quota_of(flask.request.form.get("account_quota", ""))

            def add(tx: Any) -> int:
                domain_id = verbs.add_domain(tx, actor(), name, site().now())
                values.write(tx, "quota.default", quota, scope=f"domain:{domain_id}", actor=actor().name, now=site().now())
                return domain_id

            site().write(add)
            dkim_keys.make_missing(site().runtime)
            site().runtime.settings.refresh()
            toast(_("%(name)s is served now", name=name))
            return done(flask.url_for("admin.dns", domain=verbs.domain_name(name)))
        except MailError as error:
            errors["name"] = beside(error)
    return page("admin/domain_new.html", area="domains", name=name, errors=errors), 422 if errors else 200


def quota_of(text: str) -> int:
    """A size as typed; empty is none. Raises MailError(SYNTAX)."""
    return int(values.parse(BY_NAME["quota.default"], text)) if text.strip() else 0


@admin.route("/domains/<domain>", methods=["GET", "POST"])
@require("domain-admin")
def domain(domain: str) -> Any:
    found, errors = domain_of(domain), {}
    if flask.request.method == "POST":
        try:
            return change(found, flask.request.form)
        except MailError as error:
            errors["plus" if "plus sign" in error.detail else {"limits": "accounts", "addresses": "catch_all", "rename": "new_name", "delete": "confirm"}.get(flask.request.form.get("op", ""), "other")] = beside(error)
    tab = flask.request.args.get("tab", "limits" if errors else "accounts")
    if tab not in ("accounts", "aliases", "names", "limits", "signature", "traffic"):
        flask.abort(404)
    rows, paging = tab_rows(found, tab)
    return page("admin/domain.html", area="domains", page=domain_page(found, tab, errors), rows=rows, paging=paging), 422 if errors else 200


def tab_rows(found: accounts.Domain, tab: str) -> tuple[tuple[Any, ...], p.Paging]:
    """Rows and paging of a domain's tab."""
    from admin.accounts import account_row
    from admin.aliases import alias_row

    cursor = flask.request.args.get("cursor", "")
    tx = site().read()
    if tab == "aliases":
        some = accounts.aliases(tx, found.id, after=cursor, limit=PAGE)
        rows, total = tuple(alias_row(a) for a in some), accounts.count_aliases(tx, found.id)
    else:
        people = accounts.accounts(tx, found.id, after=cursor, limit=PAGE) if tab == "accounts" else []
        rows, total, some = tuple(account_row(a) for a in people), accounts.count_accounts(tx, found.id), people  # type: ignore[assignment,misc]
    older = flask.url_for("admin.domain", domain=found.name, tab=tab, cursor=some[-1].address) if len(some) == PAGE else None
    return rows, p.Paging(shown=len(rows), total=total, older=older, state="ready" if rows else "empty")


def domain_page(found: accounts.Domain, tab: str, errors: dict[str, str] | None = None) -> p.DomainPage:
    """A domain with its tabs."""
    count, used = totals().get(found.id, (0, 0))
    limits = p.DomainLimits(
        accounts=str(found.max_accounts or ""), aliases=str(found.max_aliases or ""), lists=str(found.max_lists or ""), storage=shown(found.max_size_bytes), account_size=shown(found.max_account_bytes), account_quota=shown(int(site().runtime.settings.get("quota.default", domain_id=found.id))),
        message_size=shown(int(site().runtime.settings.get("smtp.message_size", domain_id=found.id))),
        zone=str(site().runtime.settings.get("server.time_zone", domain_id=found.id)), zones=words.zones(str(site().runtime.settings.get("server.time_zone")) or "UTC"),
    )  # fmt: skip
    summary = ngettext("One account, %(used)s of mail.", "%(num)d accounts, %(used)s of mail.", count, used=words.size(used))
    return p.DomainPage(name=found.name, summary=summary, tab=tab, is_disabled=not found.is_enabled, limits=limits, catch_all=flask.request.form.get("catch_all", found.catch_all), plus=flask.request.form.get("plus", found.plus_separator), names=tuple(accounts.domain_aliases(site().read(), found.id)), signature=signature_of(found) if tab == "signature" else {}, errors=errors or {},
        graph=traffic.graph(lambda key: flask.url_for("admin.domain", domain=found.name, tab="traffic", range=key), found.id) if tab == "traffic" else None)


def shown(size: int) -> str:
    """A size as it is typed; "" for none."""
    return values.show(BY_NAME["quota.default"], size) if size else ""


def change(found: accounts.Domain, form: Any) -> Any:
    """Names, the switch, limits, or delete. Raises MailError."""
    if form.get("op") in ("rename", "add-name", "remove-name", "enable", "disable"):
        return change_names(found, form)
    if form.get("op") == "signature":
        return change_signature(found, form)
    if form.get("op") == "addresses":
        wanted_words = {"catch_all": form.get("catch_all", "").strip(), "plus_separator": form.get("plus", "").strip()}
        site().write(lambda tx: verbs.set_domain(tx, actor(), found.id, wanted_words, site().now()))
        toast(_("Saved"))
        return done(flask.url_for("admin.domain", domain=found.name, tab="aliases"))
    if form.get("op") == "delete":
        require_typed(form, found.name)
        site().write(lambda tx: verbs.remove_domain(tx, actor(), found.id, site().now()))
        toast(_("%(name)s is no longer served", name=found.name))
        return done(flask.url_for("admin.domains"))
    wanted = {
        "max_accounts": count_of(form.get("accounts", "")), "max_aliases": count_of(form.get("aliases", "")), "max_lists": count_of(form.get("lists", "")),
        "max_size_bytes": quota_of(form.get("storage", "")), "max_account_bytes": quota_of(form.get("account_size", "")),
    }  # fmt: skip
    quota, size = quota_of(form.get("account_quota", "")), form.get("message_size", "").strip() or None

    def write(tx: Any) -> None:
        verbs.set_domain(tx, actor(), found.id, wanted, site().now())
        values.write(tx, "quota.default", quota, scope=f"domain:{found.id}", actor=actor().name, now=site().now())
        if "time_zone" in form:
            values.write(tx, "server.time_zone", form["time_zone"] or None, scope=f"domain:{found.id}", actor=actor().name, now=site().now())
        values.write(tx, "smtp.message_size", size, scope=f"domain:{found.id}", actor=actor().name, now=site().now())

    site().write(write)
    site().runtime.settings.refresh()
    toast(_("Saved"))
    return done(flask.url_for("admin.domain", domain=found.name, tab="limits"))


SIGNATURE = ("signature.mode", "signature.text", "signature.html", "signature.replies", "signature.local")


def change_signature(found: accounts.Domain, form: Any) -> Any:
    """The domain's signature. Raises MailError."""

    def write(tx: Any) -> None:
        actor().require_domain(found.id)
        for name in SIGNATURE:
            key = name.partition(".")[2]
            value = (key in form) if BY_NAME[name].kind == "bool" else form.get(key, "")
            values.write(tx, name, value, scope=f"domain:{found.id}", actor=actor().name, ip=actor().ip, now=site().now())

    site().write(write)
    site().runtime.settings.refresh()
    toast(_("Saved"))
    return done(flask.url_for("admin.domain", domain=found.name, tab="signature"))


def signature_of(found: accounts.Domain) -> dict[str, Any]:
    """The domain's signature by the names of its form."""
    return {name.partition(".")[2]: site().runtime.settings.get(name, domain_id=found.id) for name in SIGNATURE}


def count_of(text: str) -> int:
    """A number as typed; empty is none. Raises MailError(SYNTAX)."""
    if text.strip() and not (text.strip().isascii() and text.strip().isdigit() and len(text.strip()) < 10):
        raise MailError(Reason.SYNTAX, _("How many: a number, or empty for no limit."))
    return int(text.strip() or 0)


def change_names(found: accounts.Domain, form: Any) -> Any:
    """The name, other names, and the switch. Raises MailError."""
    op, name, now = form["op"], found.name, site().now()
    if op == "rename":
        new, keeps = form.get("new_name", ""), "keep" in form
        name = site().write(lambda tx: renaming.rename_domain(tx, actor(), found.id, new, now, keeps_old=keeps))
    elif op == "add-name":
        site().write(lambda tx: renaming.add_name(tx, actor(), found.id, form.get("other", ""), now))
    elif op == "remove-name":
        site().write(lambda tx: renaming.remove_name(tx, actor(), found.id, form.get("which", ""), now))
    else:
        site().write(lambda tx: verbs.set_domain(tx, actor(), found.id, {"is_enabled": op == "enable"}, now))
    site().runtime.settings.refresh()
    toast(_("Saved"))
    return done(flask.url_for("admin.domain", domain=name, tab="names"))


def dns_all() -> Any:
    """The records of every domain, worst first."""
    pages = tuple(sorted((dns_page(d) for d in own_domains()[:20]), key=lambda x: -x.to_fix))
    count = sum(x.to_fix for x in pages)
    summary = ngettext("One record wants attention.", "%(num)d records want attention.", count) if count else _("Every record we could ask for is right.")
    return page("admin/dns.html", area="dns", summary=summary, pages=pages)


@admin.get("/dns", defaults={"domain": None})
@admin.route("/domains/<domain>/dns", methods=["GET", "POST"])
@require("domain-admin")
def dns(domain: str | None) -> Any:
    if domain is None:
        return dns_all()
    found = domain_of(domain)
    if flask.request.form.get("op") == "key":
        return add_key(found)
    if flask.request.method == "POST":
        forget = getattr(site().runtime.resolver, "forget", None)
        if forget is not None:
            forget()
        if "HX-Request" in flask.request.headers:
            return flask.render_template("admin/_records.html", page=dns_page(found))
        return done(flask.url_for("admin.dns", domain=found.name))
    return page("admin/domain.html", area="domains", page=dns_page(found), rows=(), paging=p.Paging())


def add_key(found: accounts.Domain) -> Any:
    """Sign with a key of another server, or with a new one under a selector of the admin's choice."""
    form, file = flask.request.form, flask.request.files.get("file")
    try:
        made = dkim_keys.key_of(file.read(dkim_keys.PEM_BYTES + 1)) if file is not None and file.filename else dkim_keys.new_key("ed25519" if form.get("algorithm") == "ed25519" else "rsa")
        site().write(lambda tx: dkim_keys.add_named(tx, actor(), found.id, form.get("selector", ""), made, site().now()))
    except MailError as error:
        errors = {"selector" if "elector" in error.detail else "file": beside(error)}
        return page("admin/domain.html", area="domains", page=replace(dns_page(found), errors=errors), rows=(), paging=p.Paging()), 422
    toast(_("It signs as soon as DNS shows it"))
    return done(flask.url_for("admin.dns", domain=found.name))


STATUS = {"right": "right", "missing": "missing", "wrong": "wrong", "optional": "optional", "unknown": "unchecked"}


def dns_page(found: accounts.Domain) -> p.DomainPage:
    """The records of a domain, as published now."""
    rows = tuple(
        p.DnsRecord(kind=overview.kind_of(r), name=r.name, type=r.rdtype, value=r.value, status=STATUS[r.state], text=words.stated(r.why), found="; ".join(r.found)[:500],
            can_copy=r.value != dns_records.UNKNOWN_ADDRESS,
        )  # fmt: skip
        for r in sources.all_records(site().runtime, site().read(), found)
    )
    made = domain_page(found, "dns")
    return p.DomainPage(name=found.name, summary=made.summary, tab="dns", is_disabled=made.is_disabled, records=rows, checked_text=_("asked just now"))


