"""Backups: what there is, one now with its progress, and where they go."""

from pathlib import Path
from typing import Any

import flask
from flask_babel import gettext as _

from admin import values as p
from admin.blueprints import admin, toast
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
    if flask.request.method == "POST":
        return change(flask.request.form)
    folder = str(site().runtime.settings.get("backup.folder"))
    found = keeping.found(Path(folder)) if folder else []
    rows = tuple(
        p.BackupRow(name=one.name, when=words.long(one.at), messages=f"{one.messages:,}", copied=words.size(one.copied_bytes)) for one in found
    )  # fmt: skip
    latest = next((j for j in jobs.recent(site().read(), limit=200) if j.kind == "backup"), None)
    value = p.BackupPage(folder=folder, every=str(site().runtime.settings.get("backup.every") // 3600), rows=rows, job=job_of(latest))
    summary = _("The newest is of %(when)s.", when=rows[0].when) if rows else _("There is no backup yet.")
    return page("admin/backup.html", area="backup", summary=summary, page=value)


def job_of(job: jobs.Job | None) -> p.JobLine | None:
    """A backup that runs, or how the last one ended badly."""
    if job is None or (job.state not in RUNNING and job.state != "failed"):
        return None
    percent = job.done * 100 // job.total if job.total else 0
    return p.JobLine(id=job.id, is_running=job.state in RUNNING, percent=percent, text=job.note or _("Waiting to begin"))


def change(form: Any) -> Any:
    """Back up now, cancel, or say where. Raises MailError."""
    runtime, now = site().runtime, site().now()
    if form.get("op") == "now":
        if not runtime.settings.get("backup.folder"):
            raise MailError(Reason.SYNTAX, _("Say first where backups go."))
        site().write(lambda tx: flow_verbs.ask_backup(tx, actor(), now))
        toast(_("The backup has begun."))
    elif form.get("op") == "cancel" and form.get("id", "").isdigit():
        site().write(lambda tx: flow_verbs.cancel_job(tx, actor(), int(form["id"]), now))
        toast(_("Cancelled. Backups made before are whole."))
    else:
        hours = form.get("every", "")
        site().write(lambda tx: flow_verbs.set_backup(tx, actor(), form.get("folder", "").strip(), int(hours) if hours.isdigit() else 24, now))
        runtime.settings.refresh()
        toast(_("Saved"))
    return flask.redirect(flask.url_for("admin.backup"), 303)
