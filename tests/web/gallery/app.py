"""The gallery: a Flask app that draws every page with sample values, under the product's strict content policy.

Decision: it uses the real endpoint names and URLs, so that links, HTMX blocks and forms can be tried before the views exist, and a
template that names a wrong endpoint fails here. It answers POST with what the views promise and stores nothing. Run it with
`python -m tests.web.gallery.app`.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flask
from flask_babel import Babel

import admin
import webmail
from admin import presenters as adm
from admin.list_rows import ListPage
from tests.web.gallery import samples
from web import drawing, policy
from webmail import presenters as web
from webmail.lines import draw_marked, draw_rows
from webmail.looks import Look

ROOT = Path(__file__).resolve().parents[3]
BODY_POLICY = "default-src 'none'; img-src 'self'; style-src 'unsafe-inline'; form-action 'none'; base-uri 'none'"
BLOCKS = {"panes": "panes", "reader": "reader", "more": "rows", "results": "results", "records": "tab"}
"""HX-Target of a request → the block of the template that answers it."""

View = Callable[..., Any]


def theme() -> str:
    """The theme of the cookie, or of `?theme=` for pictures."""
    return flask.request.args.get("theme") or flask.request.cookies.get("theme", "auto")


def page(template: str, **values: object) -> Any:
    """The whole page, or the one block HTMX asks for."""
    app = flask.current_app
    target = flask.request.headers.get("HX-Target", "")
    shell = samples.admin_shell(theme()) if template.startswith("admin/") else samples.shell(theme())
    values = {"shell": shell, "nav": samples.nav(), "reader": None, **values}
    if "HX-Request" not in flask.request.headers or "HX-History-Restore-Request" in flask.request.headers or target not in BLOCKS:
        return flask.render_template(template, **values)
    app.update_template_context(values)
    found = app.jinja_env.get_template(template)
    return "".join(found.blocks[BLOCKS[target]](found.new_context(values)))


def _answer(**more: object) -> Any:
    """What a view gives a POST: JSON to a script, 303 to a form."""
    if "json" in flask.request.headers.get("Accept", ""):
        return flask.jsonify(message="Done", undo="token", counts={"1": 11}, **more)
    return flask.redirect(flask.request.form.get("next") or "/mail/1", 303)


def _mailbox(mailbox_id: str) -> Any:
    args = flask.request.args
    if args.get("since"):
        return "", 204
    if args.get("cursor"):
        groups = samples.rows(prefix="older")
        return page("webmail/mailbox.html", page=samples.list_page(groups=groups, older=None, newer="c1"), nav=samples.nav(mailbox_id))
    state = args.get("state", "ready")
    title = next((box.name for box in (*samples.BOXES, *samples.OWN) if box.id == mailbox_id), "Inbox")
    return page("webmail/mailbox.html", page=samples.list_page(state=state, mailbox_id=mailbox_id, title=title), nav=samples.nav(mailbox_id))


def _message(mailbox_id: str, message_id: str) -> Any:
    found = samples.suspicious() if message_id == "m2" else samples.reader(message_id)
    return page("webmail/mailbox.html", page=samples.list_page(message_id), reader=found, nav=samples.nav(mailbox_id))


def _body(token: str) -> Any:
    from markupsafe import Markup

    html = "<p>Hello,</p><p>Perfect, then we go with <b>240 crates</b> and the earlier truck. I attached the packing list and the delivery note for the border; please check the weight on page two before Wednesday.</p><p>If the weather holds we load on Thursday at six.</p><p>Best wishes<br>Mira</p>"
    body: object = "Dear customer,\n\nplease confirm your account at https://bank-secure.example today.\n\nYour bank" if token == "plain" else Markup(html)
    text = flask.render_template("webmail/body.html", body=body, is_text=token == "plain", theme=theme(), title="Message", language="en")
    return flask.Response(text, headers={"Content-Security-Policy": BODY_POLICY})


def _search() -> Any:
    text = flask.request.args.get("q", "")
    chips = (web.SearchChip(label="from: Mira", without="has:attachment"), web.SearchChip(label="with attachment", without="from:mira"))
    query = web.SearchQuery(text=text or "from:mira has:attachment", chips=chips, left=2310)
    empty = text == "nothing"
    return page("webmail/mailbox.html", page=samples.list_page(state="empty" if empty else "ready", title="Search", query=query, total=0 if empty else 214, list_query={"q": text}, older=None))


def _compose(**_ids: str) -> Any:
    template = "webmail/_compose.html" if flask.request.headers.get("HX-Target") == "compose-slot" else "webmail/compose.html"
    errors = {"to": "Who should get it? Add an address."} if flask.request.args.get("wrong") else {}
    more = {"errors": errors, "to": "", "saved_text": ""} if errors else {}
    return page(template, form=samples.compose(**more))


def _mail_routes(app: flask.Flask) -> None:
    rules: tuple[tuple[str, str, View, list[str]], ...] = (
        ("mail.home", "/", lambda: flask.redirect("/mail/1"), ["GET"]),
        ("mail.mailbox", "/mail/<mailbox_id>", _mailbox, ["GET"]),
        ("mail.message", "/mail/<mailbox_id>/<message_id>", _message, ["GET"]),
        ("mail.printed", "/mail/<mailbox_id>/<message_id>/print", lambda mailbox_id, message_id: page("webmail/print.html", reader=samples.reader()), ["GET"]),
        ("mail.source", "/mail/<mailbox_id>/<message_id>/source", lambda mailbox_id, message_id: page("webmail/source.html", source=samples.source(flask.request.args.get("view", "source"))), ["GET"]),
        ("mail.body", "/mail/body/<token>", _body, ["GET"]),
        ("mail.part", "/mail/part/<token>/<name>", lambda token, name: "", ["GET"]),
        ("mail.act", "/mail/act", lambda: _answer(), ["POST"]),
        ("mail.undo", "/mail/undo", lambda: _answer(), ["POST"]),
        ("mail.search", "/mail/search", _search, ["GET"]),
        ("mail.poll", "/mail/poll", lambda: flask.jsonify(counts={"1": 12}), ["GET"]),
        ("mail.mailboxes", "/mail/mailboxes", lambda: page("webmail/mailboxes.html", boxes=samples.mailbox_rows(), roles=(web.Choice(value="sent", label="Sent"),), parents=(web.Choice(value="", label="The top"), web.Choice(value="10", label="Suppliers")), homes=(web.Choice(value="", label="The top"), web.Choice(value="10", label="Suppliers"), web.Choice(value="40", label="Ben Okafor: Plans")), merges=(web.MergeOffer(id="12", name="Sent Items", home="Sent", text="41 messages, to go into Sent"),), errors={}), ["GET", "POST"]),
        ("contacts.people", "/contacts", lambda: flask.redirect("/"), ["GET"]),
        ("compose.new", "/compose", _compose, ["GET"]),
        ("compose.people", "/compose/people", lambda: flask.jsonify(people=[{"name": p.name, "address": p.address} for p in samples.PEOPLE[:4]]), ["GET"]),
        ("compose.token", "/compose/token", lambda: flask.jsonify(token="", account=""), ["GET"]),
        ("compose.reply", "/compose/reply/<message_id>", _compose, ["GET"]),
        ("compose.edit", "/compose/<draft_id>", _compose, ["GET"]),
        ("compose.save", "/compose/<draft_id>/draft", lambda draft_id: flask.jsonify(saved_text="Draft saved", revision=4), ["POST"]),
        ("compose.attach", "/compose/<draft_id>/files", lambda draft_id: flask.render_template("webmail/_attachments.html", form=samples.compose()), ["POST"]),
        ("compose.send", "/compose/<draft_id>/send", lambda draft_id: _answer(next="/mail/1"), ["POST"]),
        ("compose.discard", "/compose/<draft_id>/discard", lambda draft_id: _answer(next="/mail/1"), ["POST"]),
        ("settings.page", "/settings/<section>", lambda section: page(f"webmail/settings/{section}.html", **samples.settings(section)), ["GET", "POST"]),
        ("session.sign_in", "/sign-in", lambda: page("session/sign_in.html", form=web.SignInForm(host="mail.sailmakers.test", address=flask.request.args.get("a", ""), error="That address and password do not go together." if "a" in flask.request.args else "")), ["GET", "POST"]),
        ("session.totp", "/sign-in/code", lambda: page("session/totp.html", form=web.SignInForm(address="sara@sailmakers.test")), ["GET", "POST"]),
        ("session.sign_out", "/sign-out", lambda: _answer(), ["POST"]),
        ("session.theme", "/theme", lambda: _answer(), ["POST"]),
        ("live", "/events", lambda: ("", 204), ["GET"]),
        ("error", "/error/<kind>", lambda kind: page("errors/error.html", kind=kind, detail="There is no such route." if kind == "missing" else "", reference="01JD4BX1" if kind == "failed" else ""), ["GET"]),
    )
    for endpoint, rule, view, methods in rules:
        app.add_url_rule(rule, endpoint, view, methods=methods)


def _table(template: str, rows: tuple[object, ...], summary: str, **more: object) -> View:
    """A list page that is empty with `?q=none` and in another state with `?state=`."""

    def view() -> Any:
        query = flask.request.args.get("q", "")
        state = flask.request.args.get("picture", "ready")
        shown = () if query == "none" or state != "ready" else rows
        failure = adm.Failure(title="The list did not load", text="The store is catching up. Try again in a moment.", retry_url="?")
        paging = adm.Paging(shown=len(shown), total=214, older="?cursor=2", state=state, is_filtered=bool(query), failure=failure)
        base = {"q": query, "state": "", "states": samples.STATE_CHOICES, "domain": "", "domains": samples.DOMAIN_CHOICES, "kind": "", "kinds": samples.STATE_CHOICES, "action": "", "actions": samples.STATE_CHOICES}
        return page(template, **{**base, "summary": summary, "rows": shown, "paging": paging, **more})

    return view


def _domain(domain: str) -> Any:
    tab = flask.request.args.get("tab", "accounts")
    rows = samples.ACCOUNTS if tab == "accounts" else samples.ALIASES
    return page("admin/domain.html", area="domains", page=samples.domain(tab), rows=rows, paging=samples.PAGING)


def _dns(domain: str | None = None) -> Any:
    if domain is None:
        fine = adm.DomainPage(name="sailmakers.test", summary="All nine records are right since 4 October.", tab="dns", records=samples.RECORDS[:2])
        return page("admin/dns.html", area="dns", summary="Two records want attention, both of harbour.test.", pages=(samples.domain("dns"), fine))
    return page("admin/domain.html", area="domains", page=samples.domain("dns"), rows=(), paging=samples.PAGING)


def _account(address: str | None = None) -> Any:
    choices = samples.DOMAIN_CHOICES[1:]
    if address is None:
        return page("admin/account.html", area="accounts", page=adm.AccountPage(is_new=True, quota="10 GB", address="@harbour.test", domains=choices, errors={"name": "Give a name."} if flask.request.args.get("wrong") else {}))
    row = samples.ACCOUNTS[2]
    return page("admin/account.html", area="accounts", page=adm.AccountPage(address=row.address, name=row.name, role="user", quota="10 GB", used_text=row.used_text, percent=row.percent, aliases=("crew@harbour.test",), created_text="4 March 2024", seen_text="yesterday", messages=18204))


def _list(address: str | None = None) -> Any:
    made = samples.LIST if address else ListPage(is_new=True, address="@harbour.test", domains=samples.DOMAIN_CHOICES[1:])
    return page("admin/list.html", area="aliases", page=made, paging=adm.Paging(shown=len(made.members), total=42), q="")


def _alias(address: str | None = None) -> Any:
    new = address is None
    return page("admin/alias.html", area="aliases", page=adm.AliasPage(is_new=new, address="@harbour.test" if new else "crew@harbour.test", targets="" if new else "ravi@harbour.test\nana@cardoso.test", domains=samples.DOMAIN_CHOICES[1:]))


def _settings() -> Any:
    query = flask.request.args.get("q", "")
    current = flask.request.args.get("group", "smtp")
    shown = samples.SETTING_GROUPS[:2] if not query else ()
    return page("admin/settings.html", area="settings", q=query, groups=samples.SETTING_GROUPS, current=current, shown=shown, is_changed_only=False)


def _admin_routes(app: flask.Flask) -> None:
    both = ["GET", "POST"]
    home = {"area": "home", "greeting": "Good morning", "summary": "Three things want your attention. Everything else is running.", "graph": samples.GRAPH, "latest": samples.TRACE, "domains": samples.DOMAINS}
    rules: tuple[tuple[str, str, View, list[str]], ...] = (
        ("admin.home", "/admin", lambda: page("admin/home.html", todo=() if flask.request.args.get("calm") else samples.TODO, **home), ["GET"]),
        ("admin.domains", "/admin/domains", _table("admin/domains.html", samples.DOMAINS, "Three domains, one with something to mend.", area="domains"), ["GET"]),
        ("admin.domain_new", "/admin/domains/new", lambda: page("admin/domain_new.html", area="domains", name="", errors={}), both),
        ("admin.domain", "/admin/domains/<domain>", _domain, both),
        ("admin.accounts", "/admin/accounts", _table("admin/accounts.html", samples.ACCOUNTS, "214 accounts in three domains, 303 GB in all.", area="accounts"), both),
        ("admin.account_new", "/admin/accounts/new", _account, both),
        ("admin.account", "/admin/accounts/<address>", _account, both),
        ("admin.aliases", "/admin/aliases", _table("admin/aliases.html", samples.ALIASES, "Three addresses that lead elsewhere.", area="aliases"), ["GET"]),
        ("admin.alias_new", "/admin/aliases/new", _alias, both),
        ("admin.alias", "/admin/aliases/<address>", _alias, both),
        ("admin.lists", "/admin/lists", _table("admin/lists.html", samples.LISTS, "Three addresses that many people share.", area="aliases"), ["GET"]),
        ("admin.list_new", "/admin/lists/new", _list, both),
        ("admin.one_list", "/admin/lists/<address>", _list, both),
        ("admin.queue", "/admin/queue", _table("admin/queue.html", samples.QUEUE, "17 messages wait; most of them for orchard.test, which answers “try later”.", area="queue"), both),
        ("admin.queue_item", "/admin/queue/<item_id>", lambda item_id: page("admin/queue_item.html", area="queue", page=samples.QUEUE_ITEM), both),
        ("admin.timeline", "/admin/messages", _table("admin/timeline.html", samples.TRACES, "Every message of the last 30 days, and what became of it.", area="timeline", day=""), ["GET"]),
        ("admin.trace", "/admin/messages/<trace_id>", lambda trace_id: page("admin/trace.html", area="timeline", page=samples.TRACE), ["GET"]),
        ("admin.settings", "/admin/settings", _settings, both),
        ("admin.audit", "/admin/audit", _table("admin/audit.html", samples.AUDIT, "Who changed what, kept for a year.", area="audit"), ["GET"]),
        ("admin.sessions", "/admin/sessions", _table("admin/sessions.html", samples.SESSIONS, "58 people are signed in, 41 of them in a mail program.", area="sessions"), both),
        ("admin.find", "/admin/find", lambda: page("admin/find.html", area="", q=flask.request.args.get("q", ""), hits=(("Domain", "globe", "harbour.test", "61 accounts", "/admin/domains/harbour.test"), ("Account", "user", "Ravi Shah", "ravi@harbour.test", "/admin/accounts/ravi@harbour.test"))), ["GET"]),
        ("admin.undo", "/admin/undo", lambda: _answer(), ["POST"]),
        ("setup.start", "/setup", lambda: flask.redirect("/setup/welcome"), ["GET"]),
        ("setup.done", "/setup/done", lambda: page("setup/done.html", done=samples.SETUP_DONE), ["GET"]),
        ("setup.step", "/setup/<step>", lambda step: page("setup/step.html", form=adm.SetupForm(step=step, number={"welcome": 1, "domain": 2, "relay": 2}.get(step, 3), port_25_text="Port 25 is open from here: two of three well-known servers answered." if step == "domain" else "", is_blocked=step == "relay", errors={"host_name": "Give a full name, with a dot."} if step == "domain" else {})), both),
        ("not_ready", "/not-ready", lambda: page("setup/not_ready.html", command="roost setup --admin ada@harbour.test --password-stdin --hostname mail.harbour.test"), ["GET"]),
    )
    for endpoint, rule, view, methods in rules:
        app.add_url_rule(rule, endpoint, view, methods=methods)
    app.add_url_rule("/admin/dns", "admin.dns", _dns)
    app.add_url_rule("/admin/domains/<domain>/dns", "admin.dns", _dns, methods=both)


def _policy(response: flask.Response) -> flask.Response:
    response.headers.setdefault("Content-Security-Policy", policy.page_policy())
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response


def create_gallery() -> flask.Flask:
    """The gallery, with static/vendor/ filled from node_modules."""
    sys.path.insert(0, str(ROOT / "static"))
    from collect import collect  # type: ignore[import-not-found]

    collect(ROOT / "static", ROOT / "node_modules")
    app = flask.Flask("gallery", root_path=str(ROOT))
    app.secret_key = "gallery"
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.undefined = __import__("jinja2").StrictUndefined
    Babel(app)
    app.jinja_env.globals.update(asset=lambda path: flask.url_for("static", filename=path), draw_icon=drawing.icon, csrf_token=lambda: "token", nonce=policy.nonce, page_language=lambda: "en", page_direction=lambda: "ltr", number=lambda count: f"{count:,}", draw_rows=draw_rows, draw_marked=draw_marked, device_look=Look, open_accounts=list, add_account_url=lambda: "/u/1/sign-in")
    app.after_request(_policy)
    _mail_routes(app)
    _admin_routes(app)
    _the_rest(app)
    return app


def _the_rest(app: flask.Flask) -> None:
    """Every address of the real site that the samples have no page for: links lead there, and the layouts name many."""
    real = flask.Flask("real")
    for blueprint in (*admin.BLUEPRINTS, *webmail.BLUEPRINTS):
        real.register_blueprint(blueprint)
    for rule in real.url_map.iter_rules():
        if rule.endpoint not in app.view_functions and rule.endpoint != "static":
            app.add_url_rule(rule.rule, rule.endpoint, lambda **_: flask.Response("", mimetype="text/javascript" if flask.request.path.endswith(".js") else "text/html"), methods=[m for m in rule.methods or () if m in ("GET", "POST")])


PAGES = (
    "/mail/1", "/mail/1?state=empty", "/mail/1?state=loading", "/mail/1?state=failed", "/mail/1?state=forbidden", "/mail/1/m1", "/mail/1/m2", "/mail/1/m1/source", "/mail/1/m1/source?view=headers", "/mail/1/m1/print",
    "/mail/search?q=from:mira", "/mail/search?q=nothing", "/mail/mailboxes", "/compose", "/compose?wrong=1", "/settings/profile", "/settings/signatures", "/settings/display", "/settings/sign-in",
    "/sign-in", "/sign-in?a=sara@sailmakers.test", "/sign-in/code", "/error/missing", "/error/forbidden", "/error/failed", "/error/expired", "/error/busy",
    "/admin", "/admin?calm=1", "/admin/domains", "/admin/domains/new", "/admin/domains/harbour.test", "/admin/domains/harbour.test?tab=aliases", "/admin/domains/harbour.test?tab=limits", "/admin/domains/harbour.test?tab=traffic", "/admin/domains/harbour.test/dns", "/admin/dns",
    "/admin/accounts", "/admin/accounts?q=none", "/admin/accounts?picture=failed", "/admin/accounts?picture=forbidden", "/admin/accounts/new", "/admin/accounts/ravi@harbour.test", "/admin/aliases", "/admin/aliases/new", "/admin/aliases/crew@harbour.test", "/admin/lists", "/admin/lists/new", "/admin/lists/choir@harbour.test",
    "/admin/queue", "/admin/queue?picture=empty", "/admin/queue/q1", "/admin/messages", "/admin/messages/01JD1", "/admin/settings", "/admin/settings?q=zzz", "/admin/audit", "/admin/sessions", "/admin/find?q=har",
    "/setup/welcome", "/setup/domain", "/setup/relay", "/setup/admin", "/setup/done", "/not-ready",
)
"""Every page and state, for walks and pictures."""


if __name__ == "__main__":
    create_gallery().run(port=int(sys.argv[1]) if len(sys.argv) > 1 else 5001, threaded=True)
