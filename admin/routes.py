"""Routes: domains whose mail goes to a server of their own, and what is taken for them from strangers."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import undoing
from admin import values as p
from admin.blueprints import admin, toast
from mailcore.base.errors import MailError, Reason
from mailcore.directory import route_verbs
from mailcore.store import routes as store
from mailcore.store.routes import Route
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site
from web.values import Choice
from web.words import said


@admin.get("/routes")
@require("server-admin")
def routes() -> Any:
    found = store.routes(site().read())
    summary = ngettext("One domain goes its own way.", "%(num)d domains go their own way.", len(found)) if found else _("All mail goes by DNS, or through the relay.")
    return page("admin/routes.html", area="routes", summary=summary, rows=found, labels=security_labels())


@admin.route("/routes/new", methods=["GET", "POST"])
@require("server-admin")
def route_new() -> Any:
    if flask.request.method == "POST":
        return put(None)
    return page("admin/route.html", area="routes", page=form_of(Route(pattern="", host="")))


@admin.route("/routes/<int:route_id>", methods=["GET", "POST"])
@require("server-admin")
def route(route_id: int) -> Any:
    found = next((r for r in store.routes(site().read()) if r.id == route_id), None)
    if found is None:
        raise MailError(Reason.NOT_FOUND, _("There is no such route."))
    if flask.request.method == "POST":
        return remove(found) if flask.request.form.get("op") == "delete" else put(found)
    return page("admin/route.html", area="routes", page=form_of(found))


def remove(found: Route) -> Any:
    """Its mail goes by DNS again."""
    site().write(lambda tx: route_verbs.remove(tx, actor(), found.id, site().now()))
    toast(_("%(name)s goes by DNS again", name=found.pattern), undoing.token_of(found))
    return done(flask.url_for("admin.routes"))


def security_labels() -> dict[str, str]:
    """The four kinds of encryption in words."""
    return {
        "starttls-optional": _("TLS where it is offered"), "starttls": _("TLS, or the mail waits"), "tls": _("TLS from the first byte"), "none": _("no TLS"),
    }  # fmt: skip


def form_of(one: Route, *, error: str = "", typed: Any = None) -> p.RoutePage:
    """The form of *one*, or what was typed into it. The password is never shown."""
    said = typed or {}
    minutes, hours = one.retry_seconds // 60, one.lifetime_seconds // 3600
    return p.RoutePage(
        id=one.id, pattern=said.get("pattern", one.pattern), note=said.get("note", one.note), host=said.get("host", one.host), port=said.get("port", str(one.port)),
        security=said.get("security", one.security), securities=tuple(Choice(value=k, label=v) for k, v in security_labels().items()),
        username=said.get("username", one.username), has_password=bool(one.password), addresses=said.get("addresses", "\n".join(one.addresses)),
        is_inbound="is_inbound" in typed if typed else one.is_inbound, is_enabled="is_enabled" in typed if typed else one.is_enabled,
        retry=said.get("retry", str(minutes)), lifetime=said.get("lifetime", str(hours)), error=error,
    )  # fmt: skip


def typed_route(form: Any, old: Route | None) -> Route:
    """The route that a form says. Raises MailError(SYNTAX)."""
    numbers = {}
    for name, label in (("port", _("The port")), ("retry", _("The minutes between tries")), ("lifetime", _("The hours"))):
        text = form.get(name, "").strip() or "0"
        if not text.isascii() or not text.isdigit() or len(text) > 9:
            raise MailError(Reason.SYNTAX, _("%(what)s must be a number.", what=label))
        numbers[name] = int(text)
    return Route(
        pattern=old.pattern if old else form.get("pattern", ""), note=form.get("note", ""), host=form.get("host", ""), port=numbers["port"], security=form.get("security", ""),
        username=form.get("username", "").strip(), password=form.get("password", ""), addresses=tuple(form.get("addresses", "").split()), is_inbound="is_inbound" in form,
        is_enabled="is_enabled" in form, retry_seconds=numbers["retry"] * 60, lifetime_seconds=numbers["lifetime"] * 3600,
    )  # fmt: skip


def put(old: Route | None) -> Any:
    """Store what was typed, or show it again with what is wrong."""
    form = flask.request.form
    try:
        made = typed_route(form, old)
        if old is None and any(r.pattern == made.pattern.strip().lower() for r in store.routes(site().read())):
            raise MailError(Reason.IN_USE, _("This domain has a route already."))
        site().write(lambda tx: route_verbs.put(tx, actor(), made, site().now()))
    except MailError as error:
        return page("admin/route.html", area="routes", page=form_of(old or Route(pattern="", host=""), error=said(error), typed=form)), 422
    toast(_("%(name)s is saved and holds for the next try", name=made.pattern))
    return done(flask.url_for("admin.routes"))
