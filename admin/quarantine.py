"""Mail that is held because of what was found in it: why, for whom, and its release or end."""

from dataclasses import dataclass
from typing import Any

import flask
from flask_babel import gettext as _
from flask_babel import ngettext

from admin import presenters as p
from admin.blueprints import PAGE, admin, toast
from admin.flow import gone_text
from mailcore.base.errors import MailError, Reason
from mailcore.directory import flow_verbs
from mailcore.store import outbox, records
from web import words
from web.drawing import done, page
from web.signed_in import require, safe_next
from web.site import actor, site


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldRow:
    """One message in quarantine. *why* names what was found; *kind* is virus, attachment or ""."""

    id: str
    trace_id: str
    sender: str
    recipients: str
    subject: str
    kind: str
    why: str
    when: str
    size_text: str


def held_row(item: outbox.Item) -> HeldRow:
    """One item in words."""
    tx = site().read()
    people = [r.address for r in outbox.recipients(tx, item.id)]
    found: dict[str, Any] = next((e.data for e in records.trace_of(tx, item.trace_id) if e.kind == "check" and e.data.get("action") == "quarantine"), {})
    return HeldRow(
        id=str(item.id), trace_id=item.trace_id, sender=item.sender, recipients=", ".join(people[:3]) + (f" +{len(people) - 3}" if len(people) > 3 else ""), subject=item.subject,
        kind=str(found.get("kind", "")), why=str(found.get("name", "")), when=words.short(item.created_at), size_text=words.size(item.size),
    )  # fmt: skip


@admin.route("/quarantine", methods=["GET", "POST"])
@require("server-admin")
def quarantine() -> Any:
    if flask.request.method == "POST":
        return act(flask.request.form)
    args, tx = flask.request.args, site().read()
    q, cursor = args.get("q", "").strip(), int(args["cursor"]) if args.get("cursor", "").isdigit() else 0
    found = outbox.listing(tx, contains=q, after_id=cursor, limit=PAGE, is_quarantined=True)
    total = outbox.count(tx, is_quarantined=True)
    older = flask.url_for("admin.quarantine", q=q, cursor=found[-1].id) if len(found) == PAGE else None
    paging = p.Paging(shown=len(found), total=total, older=older, is_filtered=bool(q), state="ready" if found else "empty")
    summary = ngettext("One message is held. Nobody was told.", "%(num)d messages are held. Nobody was told.", total) if total else _("Nothing is held.")
    get = site().runtime.settings.get
    is_on = "quarantine" in (get("virus.action"), get("virus.blocked_action"))
    return page("admin/quarantine.html", area="quarantine", summary=summary, q=q, rows=tuple(held_row(i) for i in found), paging=paging, is_on=is_on)


def act(form: Any) -> Any:
    """Release or delete what is ticked. Raises MailError."""
    op, tx = form.get("op", ""), site().read()
    if op not in ("release", "delete"):
        flask.abort(400)
    ids = [int(i) for i in form.getlist("ids")[:1000] if i.isdigit()]
    held = [i for i in ids if (item := outbox.get(tx, i)) is not None and item.state == "held"]
    if not held:
        raise MailError(Reason.NOT_FOUND, _("This message is no longer in quarantine."))
    count = site().write(lambda tx: flow_verbs.change_each(tx, actor(), held, op, site().now()))
    if op == "release":
        told = ngettext("Released; it is delivered now", "%(num)d released; they are delivered now", count)
    else:
        told = ngettext("Deleted; nobody is told", "%(num)d deleted; nobody is told", count)
    toast(" · ".join(text for text in (told, gone_text(len(ids) - count)) if text))
    return done(safe_next(form.get("next"), flask.url_for("admin.quarantine")))
