"""Bringing in mail from elsewhere: files, or an account on another server; how far it is, and what came of it."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from mailcore.base.errors import MailError, Reason
from mailcore.directory import fetching, mail_import
from mailcore.store import mailboxes
from mailcore.store.fetched import Fetched
from web import words
from web.signed_in import account
from web.site import actor, site
from web.values import Choice
from web.words import said
from webmail.blueprints import role_name
from webmail.settings.values import Errors, ImportPage, wrong

REFRESH_SECONDS = "2"


def shown(errors: Errors) -> dict[str, Any]:
    """The form, and the import that is at work or was the last."""
    tx, mine, typed = site().read(), account(), flask.request.form
    boxes = (Choice(value="", label=_("As it was there")), *(Choice(value=b.name, label=role_name(b) if b.role else b.name) for b in mailboxes.list_all(tx, mine.id) if not b.is_noselect))
    job = mail_import.latest(tx, mine.id)
    is_running = job is not None and job.state in ("waiting", "running")
    if is_running:
        flask.after_this_request(refreshed)
    report = job.payload.get("report", {}) if job is not None else {}
    return {
        "form": ImportPage(
            boxes=boxes, host=typed.get("host", ""), port=typed.get("port", ""), username=typed.get("username", ""), security=typed.get("security", "tls"),
            securities=(Choice(value="tls", label=_("TLS")), Choice(value="starttls", label=_("STARTTLS")), Choice(value="none", label=_("No encryption"))),
            limit_text=words.size(mail_import.UPLOAD_BYTES), is_running=is_running, state=job.state if job is not None else "",
            count_text=ngettext("One message looked at", "%(count)s messages looked at", job.done, count=words.number(job.done)) if job is not None and is_running else "",
            where=job.note if job is not None and is_running else "", told=told(job.state, job.note, report) if job is not None and not is_running else "",
            left_out=tuple(report.get("left_out_first", ())), by_mailbox=tuple(sorted((name, int(n)) for name, n in report.get("by_mailbox", {}).items())),
        )
    }  # fmt: skip


def refreshed(response: flask.Response) -> flask.Response:
    """The page looks again by itself, with and without scripts."""
    response.headers["Refresh"] = REFRESH_SECONDS
    return response


def told(state: str, note: str, report: dict[str, Any]) -> str:
    """What came of the last import, in a sentence or two."""
    if state == "failed":
        return said(MailError(Reason.STORAGE, note))
    brought, known, left = (int(report.get(key, 0)) for key in ("brought", "were_here", "left_out"))
    parts = [ngettext("One message was brought.", "%(count)s messages were brought.", brought, count=words.number(brought))]
    if known:
        parts.append(ngettext("One was here already.", "%(count)s were here already.", known, count=words.number(known)))
    if left:
        parts.append(ngettext("One was left out.", "%(count)s were left out.", left, count=words.number(left)))
    return " ".join([_("Stopped."), *parts] if state == "cancelled" else parts)


def save(form: Any) -> str:
    """Begin, or stop. Raises MailError."""
    mine, now, op = account(), site().now(), form.get("op")
    if op == "stop":
        site().write(lambda tx: mail_import.stop(tx, mine.id, now))
        return _("Stopped. What was brought stays.")
    wanted = files_of(form) if op == "files" else account_of(form)
    site().write(lambda tx: mail_import.ask(tx, actor(), mine, wanted, now))
    return _("The import has begun. It goes on when you leave this page.")


def files_of(form: Any) -> dict[str, Any]:
    """The uploaded files, kept until they are read. Raises MailError."""
    sent = [one for one in flask.request.files.getlist("files") if one.filename][: mail_import.FILES]
    if not sent:
        raise wrong("files", _("Choose a file first."))
    uploads, room = [], mail_import.UPLOAD_BYTES
    for one in sent:
        try:
            token, size = mail_import.keep_file(site().runtime, one.stream, room)
        except MailError as error:
            error.field = "files"  # type: ignore[attr-defined]
            raise
        room -= size
        uploads.append([token, (one.filename or "")[-200:]])
    return {"uploads": uploads, "into": form.get("into", "")}


def account_of(form: Any) -> dict[str, Any]:
    """The account elsewhere, tried. Raises MailError."""
    security, port = form.get("security", "tls"), form.get("port", "").strip()
    if port and not (port.isascii() and port.isdigit() and 0 < int(port[:6]) < 65_536):
        raise wrong("port", _("The port is a number."))
    wanted = {
        "host": form.get("host", "").strip().lower().rstrip(".")[:255], "port": int(port) if port else fetching.PORTS.get(("imap", security), 993), "security": security if ("imap", security) in fetching.PORTS else "tls",
        "username": form.get("username", "").strip()[:320], "password": form.get("password", "")[:400],
    }  # fmt: skip
    one = Fetched(account_id=0, protocol="imap", **wanted)
    try:
        mail_import.try_account(site().runtime, one)
    except MailError as error:
        error.field = "password" if error.reason is Reason.AUTH_FAILED else "host"  # type: ignore[attr-defined]
        raise
    return wanted | {"into": form.get("into", "")}
