"""Auto-reply and forwarding."""

from typing import Any

import flask
from flask_babel import gettext as _

from mailcore.base.errors import MailError
from mailcore.delivery import confirm
from mailcore.directory import away
from mailcore.directory.away import Away, Forwarding
from mailcore.store import filters
from web.signed_in import account
from web.site import actor, site
from webmail.settings.values import AwayPage, Errors, TargetRow


def shown(errors: Errors) -> dict[str, Any]:
    """Both forms; the one that was refused stands as it was typed."""
    tx, mine, typed = site().read(), account(), flask.request.form
    reply = _typed_away(typed) if errors and typed.get("op") == "away" else away.away(tx, mine)
    forward = _typed_forwarding(typed) if errors and typed.get("op") == "forward" else away.forwarding(tx, mine)
    stored = {one.address: one for one in filters.targets(tx, mine.id)}
    waiting = away.unconfirmed(tx, mine)
    rows = tuple(TargetRow(address=t, state="waiting" if t in waiting else "confirmed" if t in stored else "local") for t in away.forwarding(tx, mine).targets)
    return {
        "form": AwayPage(
            away=reply, forward_text="\n".join(forward.targets), is_forwarding=forward.is_on, keeps_copy=forward.keeps_copy, targets=rows,
            zone=mine.time_zone or "UTC", own_domain=mine.address.rpartition("@")[2], error=filters.form(tx, away.scope_of(mine), "error"),
        )
    }  # fmt: skip


def _typed_away(form: Any) -> Away:
    days = form.get("days", "")
    return Away(
        is_on="is_on" in form, starts=form.get("starts", ""), ends=form.get("ends", ""), subject=form.get("subject", ""), text=form.get("text", ""),
        inside_text=form.get("inside_text", ""), days=int(days) if days.isdigit() else 7,
    )  # fmt: skip


def _typed_forwarding(form: Any) -> Forwarding:
    words = form.get("targets", "").replace(",", "\n").replace(";", "\n").split("\n")
    return Forwarding(is_on="is_forwarding" in form, targets=tuple(w.strip() for w in words if w.strip()), keeps_copy="keeps_copy" in form)


def save(form: Any) -> str | None:
    """One of: the auto-reply, the forwarding, a code, another code. Raises MailError."""
    op, mine = form.get("op"), account()
    if op == "forward":
        return _forward(form)
    if op == "code":
        confirm.take(site().runtime, actor(), mine, form.get("address", ""), form.get("code", ""))
        return _("Confirmed. Mail goes there from now on.")
    if op == "again":
        confirm.ask(site().runtime, mine, form.get("address", ""))
        return _("A new code is on its way.")
    site().write(lambda tx: away.set_away(tx, actor(), mine, _typed_away(form), site().now()))
    return _("Auto-reply saved")


def _forward(form: Any) -> str:
    mine = account()
    try:
        missing = site().write(lambda tx: away.set_forwarding(tx, actor(), mine, _typed_forwarding(form), site().now()))
    except MailError as error:
        error.field = "targets"  # type: ignore[attr-defined]
        raise
    asked = {one.address for one in filters.targets(site().read(), mine.id)}
    for address in missing:
        if address not in asked:
            confirm.ask(site().runtime, mine, address)
    return _("Saved. We sent a code to the new address.") if missing else _("Forwarding saved")
