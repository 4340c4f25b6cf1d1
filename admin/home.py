"""Home: what needs doing first, then the day. And the search field at the top."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import presenters as p
from admin import sight, traffic
from admin.blueprints import admin, is_server, own_domains, scope
from admin.domains import domain_row
from admin.flow import trace_page
from mailcore.directory import overview
from mailcore.settings.catalogue import CATALOGUE
from mailcore.store import accounts, lists, records, tallies
from web import words
from web.drawing import page
from web.signed_in import account, require
from web.site import site
from web.words import stated


@admin.get("")
@require("domain-admin")
def home() -> Any:
    tx, now = site().read(), site().now()
    todo = tuple(need(n) for n in (overview.needs(site().runtime, tx, now) if is_server() else overview.needs_of(site().runtime, tx, account().domain_id, now)))
    graph = traffic.graph(lambda key: flask.url_for("admin.home", range=key, _anchor=None), scope() or tallies.SERVER)
    hour = words.local(now).hour
    greeting = _("Good morning") if hour < 12 else _("Good afternoon") if hour < 18 else _("Good evening")
    summary = ngettext("One thing wants your attention. Everything else is running.", "%(num)d things want your attention. Everything else is running.", len(todo)) if todo else _("Nothing needs doing. Everything is running.")
    newest = records.find_traces(tx, limit=1, domains=sight.own_names())
    rows = tuple(domain_row(d) for d in own_domains()[:50])
    return page("admin/home.html", area="home", greeting=greeting, summary=summary, todo=todo, graph=graph, latest=trace_page(newest[0]) if newest else None, domains=rows)


def need(item: overview.Need) -> p.NeedsDoing:
    """A need with its button."""
    labels = {"dns": _("Show record"), "queue": _("Open queue"), "settings": _("Open settings"), "accounts": _("Show accounts"), "account": _("Show the account"), "domains": _("Add a domain"), "sessions": _("Show bans"), "list": _("Show the list"), "status": _("Show the state"), "rules": _("Show the rules"), "range": _("Show the range")}
    urls = {
        "dns": lambda: flask.url_for("admin.dns", domain=item.target), "queue": lambda: flask.url_for("admin.queue", q=item.target),
        "settings": lambda: flask.url_for("admin.settings", group=item.target), "accounts": lambda: flask.url_for("admin.accounts", state=item.target or "full"),
        "account": lambda: flask.url_for("admin.account", address=item.target), "domains": lambda: flask.url_for("admin.domain_new"), "sessions": lambda: flask.url_for("admin.bans"),
        "list": lambda: flask.url_for("admin.one_list", address=item.target), "status": lambda: flask.url_for("admin.status"), "range": lambda: flask.url_for("admin.range", name=item.target),
        "rules": lambda: flask.url_for("admin.domain_rules", domain=item.target) if item.target else flask.url_for("admin.rules"),
    }  # fmt: skip
    return p.NeedsDoing(level=item.level, title=stated(item.title), text=stated(item.text), action_label=labels[item.place], action_url=urls[item.place]())


@admin.get("/find")
@require("domain-admin")
def find() -> Any:
    q = flask.request.args.get("q", "").strip()
    tx, hits = site().read(), []
    if q:
        hits += [(_("Domain"), "globe", d.name, "", flask.url_for("admin.domain", domain=d.name)) for d in own_domains() if q.lower() in d.name][:5]
        hits += [(_("Account"), "user", a.display_name or a.address, a.address, flask.url_for("admin.account", address=a.address)) for a in accounts.accounts(tx, scope(), contains=q, limit=8)]
        hits += [(_("List"), "users", a.name or a.address, a.address, flask.url_for("admin.one_list", address=a.address)) for a in lists.lists(tx, scope(), contains=q, limit=5)]
        if is_server():
            hits += [(_("Message"), "timeline", h.subject or h.trace_id, f"{h.sender} → {h.recipients}", flask.url_for("admin.trace", trace_id=h.trace_id)) for h in records.find_traces(tx, contains=q, limit=5)]
            hits += [(_("Setting"), "gear", stated(s.label), s.name, flask.url_for("admin.settings", q=s.name)) for s in CATALOGUE if q.lower() in (s.label + stated(s.label) + s.name + s.was).lower()][:8]
    return page("admin/find.html", area="", q=q, hits=tuple(hits))
