"""Bringing in a whole hMailServer: where its backup is, what would be made, and how far it is."""

from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import values as p
from admin.blueprints import admin, beside, toast
from admin.keeping import RUNNING
from mailcore.base.errors import MailError
from mailcore.directory import flow_verbs, import_verbs
from mailcore.store import jobs
from web import words
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site
from web.words import stated


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """One kind of thing: how many are made, are here already, are left out."""

    kind: str
    made: int
    here: int
    left: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportPage:
    """Where the import stands. *state*: "", running, looked, imported, stopped, failed; *lines* (kind, name, text) want a look."""

    state: str
    where: str
    summary: str
    job: p.JobLine | None = None
    rows: tuple[CountRow, ...] = ()
    lines: tuple[tuple[str, str, str], ...] = ()
    more: int = 0
    error: str = ""
    failed_text: str = ""


@admin.route("/import", methods=["GET", "POST"])
@require("server-admin")
def bring_in() -> Any:
    form, error = flask.request.form, ""
    if flask.request.method == "POST":
        try:
            return change(form)
        except MailError as refused:
            error = beside(refused)
    return page("admin/import.html", area="import", page=import_page(error), typed=form), 422 if error else 200


def change(form: Any) -> Any:
    """Look into a backup, import it, stop, or begin anew. Raises MailError."""
    op, now, runtime = form.get("op"), site().now(), site().runtime
    if op == "look":
        file = flask.request.files.get("file")
        wanted = {"path": form.get("path", "").strip(), "data": form.get("data", "").strip(), "has_settings": "has_settings" in form, "has_mail": "has_mail" in form}
        if file is not None and file.filename:
            wanted = {**wanted, "path": "", "upload": import_verbs.keep_upload(runtime, file.stream)}
        site().write(lambda tx: import_verbs.ask(tx, actor(), wanted, now))
    elif op == "begin":
        site().write(lambda tx: import_verbs.begin(tx, actor(), now))
        toast(_("The import has begun."))
    elif op == "cancel" and form.get("id", "").isdigit():
        site().write(lambda tx: flow_verbs.cancel_job(tx, actor(), int(form["id"]), now))
        toast(_("Stopped. What was brought is here, and is not brought twice."))
    elif op == "anew":
        token = site().write(lambda tx: import_verbs.drop(tx, actor(), now))
        if token:
            import_verbs.forget_upload(runtime, token)
    else:
        flask.abort(400)
    runtime.settings.refresh()
    return done(flask.url_for("admin.bring_in"))


def import_page(error: str) -> ImportPage:
    """Where the newest look or import stands."""
    job = import_verbs.latest(site().read())
    if job is None:
        return ImportPage(state="", where="", summary=_("Domains, people with their passwords, mail, rules and settings of a hMailServer."), error=error)
    where = str(job.payload.get("path") or _("the uploaded zip"))
    if job.state in RUNNING:
        line = p.JobLine(id=job.id, is_running=True, percent=job.done * 100 // job.total if job.total else 0, text=progress(job))
        return ImportPage(state="running", where=where, summary=_("Looking into %(where)s.", where=where) if job.payload["is_dry"] else _("Bringing in %(where)s.", where=where), job=line, error=error)
    if job.state in ("failed", "cancelled"):
        text = _("It was stopped. What was brought is here; begun again, nothing is brought twice.") if job.state == "cancelled" else job.note
        return ImportPage(state="stopped" if job.state == "cancelled" else "failed", where=where, summary=where, failed_text=text, error=error)
    report = job.payload.get("report", {})
    rows = tuple(CountRow(kind=kind, made=n.get("made", 0), here=n.get("here", 0), left=n.get("left out", 0)) for kind, n in report.get("counts", {}).items() if set(n) - {"note"})
    mail, is_dry = report.get("messages", {}), job.payload["is_dry"]
    rows += (CountRow(kind="messages", made=mail.get("found" if is_dry else "brought", 0), here=mail.get("were_here", 0), left=mail.get("left_out", 0)),)
    lines = tuple((line["kind"], line["name"], stated(line["text"])) for line in report.get("lines", []))
    summary = _("This would be made of %(where)s. Nothing was changed yet.", where=where) if is_dry else _("%(where)s is imported.", where=where)
    return ImportPage(state="looked" if is_dry else "imported", where=where, summary=summary, rows=rows, lines=lines, more=report.get("more", 0), error=error)


def progress(job: jobs.Job) -> str:
    """How far a running one is."""
    if job.note == "unpacking":
        return _("Unpacking: %(done)s of %(total)s files", done=words.number(job.done), total=words.number(job.total))
    if not job.done:
        return _("Reading the backup")
    return ngettext("One message so far, now in %(where)s", "%(num)d messages so far, now in %(where)s", job.done, where=job.note)
