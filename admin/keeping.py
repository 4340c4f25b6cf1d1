"""Backups: what there is, one now with its progress, and where they go."""

from pathlib import Path
from typing import Any

import flask
from flask_babel import gettext as _

from admin import presenters
from admin import values as p
from admin.blueprints import admin, beside, toast
from mailcore.base.errors import MailError, Reason
from mailcore.directory import flow_verbs
from mailcore.store import jobs, keeping
from web import words
from web.drawing import page
from web.signed_in import require
from web.site import actor, site

RUNNING = frozenset({"waiting", "running"})


@admin.route("/backup", methods=["GET", "POST"])
@require("server-admin")
def backup() -> Any:
    errors = {}
    if flask.request.method == "POST":
        try:
            return change(flask.request.form)
        except MailError as error:
            if flask.request.form.get("op") != "restore":
                raise
            errors = {"what": beside(error)}
    folder = str(site().runtime.settings.get("backup.folder"))
    found = keeping.found(Path(folder)) if folder else []
    rows = tuple(
        p.BackupRow(name=one.name, when=words.long(one.at), messages=words.number(one.messages), copied=words.size(one.copied_bytes)) for one in found
    )  # fmt: skip
    recent = jobs.recent(site().read(), limit=200)
    latest, bringing = (next((j for j in recent if j.kind == kind), None) for kind in ("backup", "restore"))
    value = p.BackupPage(
        folder=folder, every=str(site().runtime.settings.get("backup.every") // 3600), rows=rows, job=job_of(latest), bringing=job_of(bringing, has_ended=True)
    )
    summary = _("The newest is of %(when)s.", when=rows[0].when) if rows else _("There is no backup yet.")
    choices = tuple(presenters.Choice(value=row.name, label=row.when) for row in rows)
    return page("admin/backup.html", area="backup", summary=summary, page=value, choices=choices, typed=flask.request.form, errors=errors), 422 if errors else 200


def job_of(job: jobs.Job | None, *, has_ended: bool = False) -> p.JobLine | None:
    """Work that runs, or how the last one ended badly, or in any way for *has_ended*."""
    if job is None or (job.state not in RUNNING and job.state != "failed" and not has_ended):
        return None
    percent = job.done * 100 // job.total if job.total else 0
    return p.JobLine(id=job.id, is_running=job.state in RUNNING, percent=percent, text=told(job), is_failed=job.state == "failed")


def told(job: jobs.Job) -> str:
    """What the work does now, or what it did."""
    report = job.payload.get("report")
    if report is None:
        return words.stated(job.note) or _("Waiting to begin")
    counts = _("%(what)s: %(put)s messages put back, %(here)s were here already.", what=job.payload["what"], put=words.number(report['put']), here=words.number(report['here']))
    again = " " + _("Made again: %(names)s", names=", ".join(report["made"][:20])) if report["made"] else ""
    more = " " + _("Rights in mailboxes: %(rights)s. Accounts elsewhere: %(fetched)s.", rights=report.get("rights", 0), fetched=report.get("fetched", 0))
    return counts + again + (more if report.get("rights") or report.get("fetched") else "")


def change(form: Any) -> Any:
    """Back up now, cancel, or say where. Raises MailError."""
    runtime, now = site().runtime, site().now()
    if form.get("op") == "now":
        if not runtime.settings.get("backup.folder"):
            raise MailError(Reason.SYNTAX, _("Say first where backups go."))
        site().write(lambda tx: flow_verbs.ask_backup(tx, actor(), now))
        toast(_("The backup has begun."))
    elif form.get("op") == "restore":
        site().write(lambda tx: flow_verbs.ask_restore(tx, actor(), form.get("backup", ""), form.get("what", ""), form.get("mailbox", ""), now))
        toast(_("It comes back. What is here stays as it is."))
    elif form.get("op") == "cancel" and form.get("id", "").isdigit():
        site().write(lambda tx: flow_verbs.cancel_job(tx, actor(), int(form["id"]), now))
        toast(_("Cancelled"))
    else:
        hours = form.get("every", "")
        site().write(lambda tx: flow_verbs.set_backup(tx, actor(), form.get("folder", "").strip(), int(hours) if hours.isdigit() else 24, now))
        runtime.settings.refresh()
        toast(_("Saved"))
    return flask.redirect(flask.url_for("admin.backup"), 303)
