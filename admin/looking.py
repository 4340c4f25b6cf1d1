"""What an admin looks with: logs, dialogues with other servers, who is kept out and who signs in without TLS."""

from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import values as p
from admin.blueprints import admin, toast
from mailcore.auth.login import network_of
from mailcore.base.clock import DAY, HOUR
from mailcore.base.errors import MailError
from mailcore.directory import guard_verbs, logs
from mailcore.queue import diagnose
from mailcore.store import access
from web import words
from web.drawing import done, page
from web.signed_in import require
from web.site import actor, site
from web.values import Choice
from web.words import said

TLS_DAYS = 30


@admin.get("/logs")
@require("server-admin")
def log_lines() -> Any:
    args, days = flask.request.args, logs.days(site().runtime)
    day, level, q = args.get("day", "") or (days[0] if days else ""), args.get("level", ""), args.get("q", "").strip()
    if args.get("download") and day:
        return flask.send_file(logs.path_of(site().runtime, day), as_attachment=True, mimetype="text/plain")
    lines = logs.tail(site().runtime, day, contains=q, level=level) if day else []
    rows = tuple(log_row(line) for line in lines)
    levels = (Choice(value="", label=_("All")), Choice(value="error", label=_("Errors")), Choice(value="warning", label=_("Warnings and worse")), Choice(value="info", label=_("Ordinary and worse")))
    return page("admin/logs.html", area="logs", rows=rows, days=tuple(Choice(value=d, label=d) for d in days), day=day, level=level, levels=levels, q=q, most=logs.LINES)


def log_row(line: str) -> p.LogRow:
    """A line taken apart: when, how grave, who, what."""
    moment, _s, rest = line.partition(" ")
    level, _s, rest = rest.partition(" ")
    name, _s, text = rest.partition(": ")
    return p.LogRow(time_text=moment[11:19], level=level, name=name, text=text)


@admin.route("/diagnostics", methods=["GET", "POST"])
@require("server-admin")
def diagnostics() -> Any:
    form, steps, error = flask.request.form, [], ""
    if flask.request.method == "POST":
        try:
            if form.get("op") == "mx":
                steps = diagnose.mx(site().runtime, form.get("domain", ""))
            else:
                steps = diagnose.dialogue(site().runtime, form.get("address", ""), form.get("sender", "").strip())
        except MailError as refused:
            error = said(refused)
    return page("admin/diagnostics.html", area="diagnostics", steps=steps, error=error, address=form.get("address", ""), sender=form.get("sender", ""), domain=form.get("domain", "")), 422 if error else 200


@admin.route("/bans", methods=["GET", "POST"])
@require("server-admin")
def bans() -> Any:
    error = ""
    if flask.request.method == "POST":
        try:
            return change_ban(flask.request.form)
        except MailError as refused:
            error = said(refused)
    tx, now = site().read(), site().now()
    rows = tuple(p.BanRow(network=n, reason=r, since_text=words.short(s), until_text=words.long(u)) for n, r, s, u in access.bans(tx, now))
    plain = tuple(p.PlainRow(address=a, protocol=proto.upper(), ip=ip, program=agent, seen_text=words.short(at)) for a, proto, ip, agent, at in access.without_tls(tx, now - TLS_DAYS * DAY))
    summary = ngettext("One address may not sign in. Mail from it still arrives.", "%(num)d addresses may not sign in. Mail from them still arrives.", len(rows)) if rows else _("Nobody is kept out.")
    return page("admin/bans.html", area="bans", summary=summary, rows=rows, plain=plain, error=error, typed=flask.request.form.get("address", "")), 422 if error else 200


def change_ban(form: Any) -> Any:
    """Lift a ban, or set one. Raises MailError."""
    now = site().now()
    if form.get("op") == "lift":
        site().write(lambda tx: guard_verbs.lift_ban(tx, actor(), form.get("network", ""), now))
        toast(_("%(who)s may sign in again", who=form.get("network", "")))
    elif form.get("op") == "preset":
        site().write(lambda tx: guard_verbs.ban_as_hmailserver(tx, actor(), now))
        site().runtime.settings.refresh()
        toast(_("Three wrong passwords in half an hour keep an address out for an hour"))
    else:
        hours = form.get("hours", "")
        until = now + (int(hours) if hours.isascii() and hours.isdigit() and 0 < int(hours) < 100_000 else 24) * HOUR
        network = network_of(form.get("address", "").strip())
        site().write(lambda tx: guard_verbs.ban(tx, actor(), form.get("address", ""), network, until, now))
        toast(_("%(who)s may not sign in", who=network))
    return done(flask.url_for("admin.bans"))
