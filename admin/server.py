"""The server: settings from the catalogue, the audit log, sessions."""

import json
from functools import partial
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import presenters as p
from admin.blueprints import PAGE, admin, scope, toast
from mailcore.base.errors import MailError
from mailcore.directory import flow_verbs
from mailcore.settings import values
from mailcore.settings.catalogue import BY_NAME, CATALOGUE, GROUPS, Setting
from mailcore.store import access, accounts, records
from web import words
from web.drawing import done, page
from web.signed_in import require, safe_next, visitor
from web.site import actor, site
from web.words import said, stated

CONTROLS = {"bool": "switch", "int": "number", "size": "size", "seconds": "size", "text": "text", "ips": "text", "lines": "lines", "choice": "select", "zone": "select", "secret": "secret"}


def spoken(setting: Setting, value: Any) -> str:
    """A value in the words of the page."""
    text = values.show(setting, value)
    return stated(setting.choices[text]) if text in setting.choices else text


def setting_row(setting: Setting, before: values.Previous | None, error: str = "", typed: str | None = None) -> p.SettingRow:
    """One setting as a form; *before* is what an undo would bring back."""
    current = site().runtime.settings.current
    value = current.get(setting.name)
    shown = ("1" if value else "") if setting.kind == "bool" else "" if setting.kind == "secret" else values.show(setting, value) if value != 0 or setting.kind == "int" else "0"
    return p.SettingRow(
        name=setting.name, label=stated(setting.label), help=stated(setting.help), control=CONTROLS[setting.kind], value=typed if typed is not None else shown,
        default_text=spoken(setting, setting.default) or _("empty"), is_default=not current.is_set(setting.name),
        choices=words.zones("UTC") if setting.kind == "zone" else tuple(p.Choice(value=value, label=stated(text)) for value, text in setting.choices.items()), applies=setting.applies, error=error, was=setting.was,
        undo_text=None if before is None else spoken(setting, setting.default if before.value is None else before.value)[:80],
        changed_text="" if before is None else _("changed by %(who)s, %(when)s", who=before.actor, when=words.short(before.at)),
    )  # fmt: skip


@admin.route("/settings", methods=["GET", "POST"])
@require("server-admin")
def settings() -> Any:
    if flask.request.method == "POST":
        return save(flask.request.form)
    q, current = flask.request.args.get("q", "").strip(), flask.request.args.get("group", "server")
    is_changed_only = flask.request.args.get("show") == "changed"
    by_group: dict[str, list[Setting]] = {}
    for setting in CATALOGUE:
        if is_changed_only and not site().runtime.settings.current.is_set(setting.name):
            continue
        hay = f"{setting.name} {setting.label} {setting.help} {setting.was} {stated(setting.label)} {stated(setting.help)}".lower()
        if (q and q.lower() in hay) or (not q and (is_changed_only or setting.group == current)):
            by_group.setdefault(setting.group, []).append(setting)
    groups = tuple(p.SettingGroup(key=k, label=stated(v)) for k, v in GROUPS.items())
    before = values.previous(site().read(), [s.name for found in by_group.values() for s in found])
    shown = tuple(p.SettingGroup(key=k, label=stated(GROUPS[k]), rows=tuple(setting_row(s, before.get(s.name)) for s in found)) for k, found in by_group.items())
    return page("admin/settings.html", area="settings", q=q, groups=groups, current=current, shown=shown, is_changed_only=is_changed_only)


def save(form: Any) -> Any:
    """Set one setting, set it back to the default, or undo its last change."""
    setting = BY_NAME.get(form.get("name", ""))
    if setting is None:
        flask.abort(404)
    error, typed, op = "", form.get("value", ""), form.get("op")
    if not (setting.kind == "secret" and not typed and op not in ("reset", "undo")):
        value = None if op == "reset" else typed if setting.kind != "bool" else ("value" in form)
        verb = values.undo if op == "undo" else partial(values.write, value=value)
        try:
            site().write(lambda tx: verb(tx, setting.name, actor=actor().name, ip=actor().ip, now=site().now()))
        except MailError as refused:
            error = said(refused)
    site().runtime.settings.refresh()
    if "HX-Request" in flask.request.headers:
        return flask.render_template("admin/_setting.html", row=setting_row(setting, values.previous(site().read(), [setting.name]).get(setting.name), error, typed if error else None))
    if error:
        toast(error)
    return done(flask.url_for("admin.settings", group=setting.group))


@admin.get("/audit")
@require("domain-admin")
def audit() -> Any:
    args, tx = flask.request.args, site().read()
    q, action = args.get("q", "").strip(), args.get("action", "")
    before = int(args["cursor"]) if args.get("cursor", "").isdigit() else None
    found = records.audit_rows(tx, before_id=before, domain_id=scope(), contains=q or action, limit=PAGE)
    rows = tuple(audit_row(r) for r in found)
    actions = (p.Choice(value="", label=_("All")), *(p.Choice(value=a, label=a) for a in ("domain", "account", "alias", "list", "setting", "queue", "session")))
    older = flask.url_for("admin.audit", q=q, action=action, cursor=found[-1].id) if len(found) == PAGE else None
    paging = p.Paging(shown=len(rows), total=len(rows), older=older, is_filtered=bool(q or action), state="ready" if rows else "empty")
    return page("admin/audit.html", area="audit", summary=_("Who changed what."), q=q, action=action, actions=actions, rows=rows, paging=paging)


def audit_row(row: records.AuditRow) -> p.AuditRow:
    """One change in words."""
    noun, _colon, verb = row.name.partition(":")
    return p.AuditRow(
        time_text=words.long(row.at), time_iso=words.iso(row.at), actor=row.actor, action=f"{noun} {verb.replace('_', ' ')}", name=row.name, target=row.target, address=row.ip,
        before=facts(row.old), after=facts(row.new),
    )  # fmt: skip


def facts(text: str) -> str:
    """A JSON object as `name value, …`."""
    found = json.loads(text or "{}")
    return ", ".join(f"{k.replace('_', ' ')} {plain(v)}" for k, v in found.items())[:300]


def plain(value: Any) -> str:
    """A value of the audit as people read it."""
    if isinstance(value, list):
        return " ".join(str(one) for one in value)
    return "–" if value is None or value == "" else _("on") if value is True else _("off") if value is False else str(value)


@admin.route("/sessions", methods=["GET", "POST"])
@require("server-admin")
def sessions() -> Any:
    if flask.request.method == "POST":
        for session_id in flask.request.form.getlist("ids")[:500]:
            if session_id.isdigit():
                site().write(lambda tx, i=int(session_id): flow_verbs.end_session(tx, actor(), i, site().now()))  # type: ignore[misc]
        toast(_("Ended"))
        return done(safe_next(flask.request.form.get("next"), flask.url_for("admin.sessions")))
    tx, q = site().read(), flask.request.args.get("q", "").strip().lower()
    rows = []
    for one in access.sessions(tx, None, site().now()):
        found = accounts.account(tx, one.account_id)
        if found is not None and q in f"{found.address} {one.ip} {one.agent}".lower():
            rows.append(
                p.SessionRow(
                    id=str(one.id), account=found.address, kind="web", program=one.agent[:80], address=one.ip, since_text=words.short(one.created_at),
                    seen_text=words.short(one.seen_at), is_this=one.id == visitor().session.id,
                )
            )  # fmt: skip
    paging = p.Paging(shown=len(rows), total=len(rows), is_filtered=bool(q), state="ready" if rows else "empty")
    kinds = (p.Choice(value="", label=_("Browsers")),)
    return page("admin/sessions.html", area="sessions", summary=ngettext("One browser is signed in.", "%(num)d browsers are signed in.", len(rows)), q=q, kind="", kinds=kinds, rows=tuple(rows), paging=paging)
