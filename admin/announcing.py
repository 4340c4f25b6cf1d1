"""Writing to everybody: a form, and how far the last one is."""

from typing import Any

import flask
from flask_babel import gettext as _

from admin import values as p
from admin.blueprints import admin, beside, is_server, own_domains, toast
from admin.keeping import job_of
from mailcore.base.errors import MailError
from mailcore.directory import announcing, flow_verbs
from mailcore.store import jobs
from web.drawing import page
from web.signed_in import account, require
from web.site import actor, site


@admin.route("/announcement", methods=["GET", "POST"])
@require("domain-admin")
def announcement() -> Any:
    form, error = flask.request.form, ""
    if flask.request.method == "POST":
        try:
            return send(form)
        except MailError as refused:
            error = beside(refused)
    pattern = "*" if is_server() else f"*@{own_domains()[0].name}"
    latest = next((j for j in jobs.recent(site().read(), limit=200) if j.kind == "announce" and (is_server() or j.payload.get("domain_id") == account().domain_id)), None)
    made = p.AnnouncementPage(
        to=form.get("to", pattern), sender=form.get("sender", account().address), name=form.get("name", account().display_name), subject=form.get("subject", ""),
        text=form.get("text", ""), error=error, job=job_of(latest), last=latest.note if latest is not None and latest.state == "done" else "",
    )  # fmt: skip
    return page("admin/announcement.html", area="announcement", page=made), 422 if error else 200


def send(form: Any) -> Any:
    """Begin, or cancel. Raises MailError."""
    if form.get("op") == "cancel" and form.get("id", "").isdigit():
        site().write(lambda tx: flow_verbs.cancel_job(tx, actor(), int(form["id"]), site().now()))
        toast(_("Cancelled. Who has it already keeps it."))
    else:
        words = {name: form.get(name, "") for name in ("to", "sender", "name", "subject", "text")}
        site().write(lambda tx: announcing.ask(tx, actor(), now=site().now(), **words))
        toast(_("It is on its way"))
    return flask.redirect(flask.url_for("admin.announcement"), 303)
