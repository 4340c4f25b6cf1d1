"""Acting on all that match: asks for the job, and shows how far it is, with Cancel and Undo. Works without JavaScript."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.clock import SECOND
from mailcore.sessions import webmail_bulk
from mailcore.store import jobs
from mailcore.store.sharing import Place
from web import words
from web.drawing import done, page
from web.signed_in import account, require, safe_next
from web.site import site
from webmail.blueprints import boxes, full_name, mail, role_name

REFRESH_SECONDS = "1"
SETTLED = 3 * SECOND


def boxes_by_name() -> dict[str, list[int]]:
    """The mailboxes as `in:` names them: by name, role and the word shown."""
    names: dict[str, list[int]] = {}
    for box in boxes():
        for name in {box.name.lower(), box.role, role_name(box).lower()} - {""}:
            names.setdefault(name, []).append(box.id)
    return names


def names_of(places: list[Place]) -> dict[str, list[int]]:
    """Others' mailboxes as `in:` names them: by the name they have in programs, and as the pages say it."""
    names: dict[str, list[int]] = {}
    for place in places:
        for name in {place.box.name.lower(), full_name(place).lower()}:
            names.setdefault(name, []).append(place.box.id)
    return names


def hidden_boxes() -> tuple[int, ...]:
    """What a search leaves out unless it is named."""
    return tuple(b.id for b in boxes() if b.role in ("trash", "junk"))


def everything(form: Any, op: str, back: str) -> Any:
    """Do the form's act to the whole mailbox, or to all that its search finds."""
    label = next((n for n in form.getlist("label") if n.strip()), "")
    payload: dict[str, Any] = {"op": "move" if form.get("move") else "label" if label and op in ("", "label") else op, "back": back}
    payload |= {"target": int(form["move"])} if form.get("move", "").isdigit() else {"label": label} if label else {}
    if form.get("q"):
        payload |= {"query": form["q"], "boxes": boxes_by_name(), "hidden": hidden_boxes(), "now": site().now()}
    else:
        payload |= {"mailbox": int(form["mailbox"]) if form.get("mailbox", "").isdigit() else 0}
    job_id = webmail_bulk.ask(site().runtime, account(), payload)
    return done(flask.url_for("mail.work", job_id=job_id))


@mail.get("/mail/work/<int:job_id>")
@require("user")
def work(job_id: int) -> Any:
    job = webmail_bulk.own(site().read(), account().id, job_id)
    is_over = job.state in ("done", "failed", "cancelled")
    count = webmail_bulk.count(job)
    shown = words.number(count)
    told = ngettext("%(count)s message done", "%(count)s messages done", count, count=shown) if job.state == "done" else _("Stopped after %(count)s", count=shown) if is_over else _("At work")
    drawn = page("webmail/work.html", job=job, told=told, is_over=is_over, can_undo=is_over and bool(job.payload.get("steps")), back=safe_next(job.payload.get("back"), flask.url_for("mail.home")))
    if not is_over or site().now() - (job.finished_at or 0) < SETTLED:  # the step that a Cancel came into still ends
        drawn.headers["Refresh"] = REFRESH_SECONDS
    return drawn


@mail.post("/mail/work/<int:job_id>")
@require("user")
def work_act(job_id: int) -> Any:
    job = webmail_bulk.own(site().read(), account().id, job_id)
    if flask.request.form.get("op") == "undo":
        job_id = webmail_bulk.ask(site().runtime, account(), {"op": "undo", "job": job.id, "back": job.payload.get("back", "/")})
    else:
        site().write(lambda tx: jobs.cancel(tx, job.id, site().now()))
    return done(flask.url_for("mail.work", job_id=job_id))
